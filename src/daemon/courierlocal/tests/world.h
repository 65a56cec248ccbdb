/*
 * A worker as it really runs, and around it what master and courierd would do: frames over its
 * control channel, deliveries over another. For the tests and for measuring.
 */
#ifndef DAEMON_COURIERLOCAL_TESTS_WORLD_H
#define DAEMON_COURIERLOCAL_TESTS_WORLD_H

#include <sys/types.h>

#include "ipc/channel.h"
#include "ipc/messages.h"
#include "net/loop.h"

#define WORLD_LINKS 4

struct worker {
	struct world *w;
	pid_t pid;
	struct channel *control;
	struct channel *links[WORLD_LINKS];
	bool lost[WORLD_LINKS]; /* the worker closed it */
	unsigned idle_notes;
	bool is_ready, has_ended;
	int status;
};

struct world {
	struct loop *loop;
	char dir[64];    /* etc/ run/ and a home for each account */
	int snapshot_fd; /* of the configuration in etc/ */
};

/* What was sent, and what came back. */
struct parcel {
	struct channel_call call;
	unsigned answers;
	bool was_lost; /* the channel ended before an answer */
	uint8_t st, esc[3];
	char text[161];
};

/* One delivery to make. */
struct order {
	const char *id, *account, *extension, *sender, *address;
	uint32_t number;
	struct slice text;
	bool is_retry, by_fd, spoil_digest;
};

void world_open(struct world *w);
void world_open_in(struct world *w, const char *parent);
void world_close(struct world *w);

/* Writes a file below dir, 0600; and reads one. */
void world_write(const struct world *w, const char *path, const char *text);
struct slice world_read(const struct world *w, const char *path, struct buf *out);
size_t world_count(const struct world *w, const char *path);

/* Reads etc/ again. */
void world_configure(struct world *w);

/* Starts a worker with one account (home DIR/<name>) and one channel. */
void worker_start(struct world *w, struct worker *k, const char *name);
void worker_add_account(struct worker *k, const char *name, const char *quota);
/* Returns when the worker has taken all that was said on its control channel. */
void worker_settle(struct worker *k);

void worker_add_link(struct worker *k);

/* Closes what is left, waits for its end, and gives its wait status. */
int worker_end(struct worker *k);

void parcel_send(struct worker *k, size_t link, struct parcel *p, const struct order *o);

/* Turns the loop until *count reaches want; false when it did not in a minute. */
bool world_wait(struct world *w, const unsigned *count, unsigned want);
void world_turns(struct world *w, int64_t ms);

/* Is the process gone? Waits for it up to a minute. */
bool world_gone(struct world *w, pid_t pid);

#endif
