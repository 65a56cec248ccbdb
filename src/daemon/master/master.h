/*
 * The inside of master, shared by its files. Master binds, forks, becomes users against tickets; it
 * reads a checked snapshot of the configuration and frames of fixed small size from processes it
 * started, nothing else.
 */
#ifndef DAEMON_MASTER_MASTER_H
#define DAEMON_MASTER_MASTER_H

#include <sys/types.h>

#include "base/list.h"
#include "conf/conf.h"
#include "conf/paths.h"
#include "daemon/roles/roles.h"
#include "ipc/channel.h"
#include "net/bound.h"
#include "net/loop.h"
#include "os/spawn.h"

enum child_stage { CHILD_WAITING, CHILD_STARTING, CHILD_READY, CHILD_DRAINING };

/* A place of the table and the process in it, or a worker. */
struct child {
	struct list_node node;
	struct master *m;
	const struct role *role;
	uint32_t index;      /* of the process; never used twice for a role */
	uint32_t generation; /* serial of its configuration */
	long pid;            /* 0: there is none, or its end was seen */
	struct channel *control;
	enum child_stage stage;
	bool told; /* it was, and has not said that it is ready with that */
	int64_t started_ms, backoff_ms;
	char sandbox[64];
	char failed[160]; /* why it cannot start, in its own words */
	char key[512];    /* of a worker: who may share it */
	int64_t idle_ms;  /* a worker: since when it has nothing to do; 0: it has */
	struct timer due; /* WAITING: it is started; else: it is ended */
	struct channel_call status;
};

struct master {
	struct loop *loop;
	struct listener *commands;         /* of courier(8) */
	struct conf *conf;
	struct paths paths;
	bool root, foreground;
	bool ready;                        /* all processes were, once */
	bool stopping, failed;             /* failed: the start did */
	bool over;                         /* nothing is left to do */
	bool last_good;                    /* the configuration in force is not that of the files */
	uint32_t process_uids;             /* --process-uids: the first one; 0: passwd names */
	struct privs who[ROLES_MAX], mail; /* by place in roles[] */
	uint32_t serial;                   /* of the configuration */
	unsigned paused;                   /* bits of the frame pause */
	int snapshot_fd, log_fds[2];
	struct bound_set sockets;
	struct list children, tickets, alone; /* alone: keys whose worker died by a signal */
	size_t ticket_count;
	uint32_t next_index[ROLES_MAX];
	uint32_t next_join; /* number of the next channel given to a worker */
	int64_t stop_at_ms;
};

/* The children in turn, NULL behind the last; none may go meanwhile. */
struct child *child_first(struct master *m);
struct child *child_next(struct child *c);
#define EACH_CHILD(m, c) for (struct child *c = child_first(m); c; c = child_next(c))

/* main.c: ends the loop; says why the start has not succeeded, once, and stops what runs. */
void master_over(struct master *m);
void master_failed(struct master *m, const char *what, const char *why);
/* Starts a program of daemon_dir with our environment; the fds of s and what it becomes are the
 * caller's. */
int master_spawn(const struct master *m, const char *program, struct spawn *s, long *pid);

/* --- children.c ----------------------------------------------------------------------------- */

/* All processes of the table; their places are filled again whenever one ends. */
void children_start(struct master *m);
/* A process outside the table's places, as an account or not; NULL (logged) when it cannot be now.
 */
struct child *child_worker(
    struct master *m, const struct role *role, const struct ipc_account *account, const char *key);
void child_drain(struct child *c, int64_t within_ms);
/* A process of ours has ended. */
void child_ended(struct master *m, long pid, int status);
/* A new configuration is in force: told to those who read it in place, the others are replaced. */
void children_reload(struct master *m);
/* Is every place filled with a process that serves? */
bool children_are_ready(struct master *m);
/* Ends everything, those first who need the others. */
void children_stop(struct master *m, uint32_t within_ms);
/* It said what its row forbids. */
void child_forbidden(struct child *c, const char *what);

/* --- workers.c: tickets, and processes that run as accounts ---------------------------------- */

/* Handlers of the frames ticket_issue and redeem. */
void workers_issue(struct channel *ch, uint32_t sequence, const void *message, int fd);
void workers_redeem(struct channel *ch, uint32_t sequence, const void *message, int fd);
/* Handlers of busy and revoke_account. */
void workers_busy(struct channel *ch, uint32_t sequence, const void *message, int fd);
void workers_revoke(struct channel *ch, uint32_t sequence, const void *message, int fd);
/* It died by a signal: what it served is served one session in one process for some time. */
void workers_died(struct master *m, const struct child *c);

/* --- sockets.c ------------------------------------------------------------------------------ */

enum st folders_make(struct master *m, struct fault *f);
/* Binds what c wants; bound_end decides what stays. */
enum st sockets_bind(struct master *m, const struct conf *c, struct fault *f);
/* Gives a new process the sockets of its role. */
void sockets_give(struct child *c);

/* --- config.c ------------------------------------------------------------------------------- */

typedef void config_fn(struct master *m, bool ok, struct slice report);
/*
 * Has the files checked by the mail user; fn later, with m->conf and m->snapshot_fd those in force.
 * False: a check is under way already.
 */
bool config_check(struct master *m, config_fn *fn);
/* Handles confcheck's frame; it has ended. */
void config_checked(struct channel *ch, uint32_t sequence, const void *message, int fd);
void config_unchecked(const struct child *c);
/* Takes the last good copy. */
enum st config_last_good(struct master *m, struct fault *f);

/* --- command.c ------------------------------------------------------------------------------ */

enum st commands_open(struct master *m, struct fault *f);
/* SIGHUP. */
void command_hangup(struct master *m);
/* Handler of the frame told. */
void command_told(struct channel *ch, uint32_t sequence, const void *message, int fd);
/* Every place is filled: whoever waits for that is told. */
void command_settled(struct master *m);

#endif
