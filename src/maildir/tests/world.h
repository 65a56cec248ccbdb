/*
 * What the tests of the reading half share: a Maildir in a temporary folder, a store on it whose
 * turns and syncs are driven by hand, messages put there as other programs do.
 */
#ifndef MAILDIR_TESTS_WORLD_H
#define MAILDIR_TESTS_WORLD_H

#include "base/buf.h"
#include "maildir/mailbox.h"
#include "maildir/view.h"

struct world {
	char home[64];
	struct durable *durable;
	struct store_host host;
	struct store *store;
	bool wakes;
	int64_t wake_at_ms; /* INT64_MAX: never */
	int64_t wall_sec;   /* what the store takes for the time; 0: the real one */
	unsigned notes;
	char last_note[200];
};

/* An op and how it ended. */
struct wish {
	struct store_op op;
	struct fault fault;
	int answers;
	uint32_t uid; /* the last of op.uids_to or op.uids */
};

void world_open(struct world *w);   /* with an empty Maildir */
void world_close(struct world *w);  /* and removes it */
void world_start(struct world *w);  /* a store on what is there */
void world_stop(struct world *w);   /* frees the store */
void world_settle(struct world *w); /* until nothing is under way */

struct store_op *wish(struct wish *x);                /* a fresh one */
enum st world_await(struct world *w, struct wish *x); /* its st */

/* Opens a folder, runs until it is open; NULL when it fails. */
struct mailbox *world_mailbox(struct world *w, const char *name);
enum st world_refresh(struct world *w, struct mailbox *m);

/* As other programs do it: path is relative to the Maildir. */
void world_file(struct world *w, const char *path, const char *content);
bool world_has(struct world *w, const char *path);
void world_rename(struct world *w, const char *from, const char *to);
void world_unlink(struct world *w, const char *path);
size_t world_count(struct world *w, const char *dir);
struct slice world_read(struct world *w, const char *path, struct buf *out);
void world_path(const struct world *w, const char *path, char out[512]);

/* The whole message as the protocols see it, or "" with a failed check. */
struct slice world_text(struct mailbox *m, uint32_t uid, struct buf *out);

/* "1:S 2: 5:ST" - UIDs and flags. */
struct slice world_list(struct mailbox *m, struct buf *out);

#endif
