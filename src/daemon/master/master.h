/*
 * The inside of master, shared by its files. Master binds, forks, becomes users against tickets; it
 * reads its own configuration and frames of fixed small size from processes it started, nothing else.
 */
#ifndef DAEMON_MASTER_MASTER_H
#define DAEMON_MASTER_MASTER_H

#include <sys/types.h>

#include "base/list.h"
#include "conf/conf.h"
#include "conf/paths.h"
#include "daemon/master/roles.h"
#include "ipc/channel.h"
#include "net/loop.h"

/* A bound socket, kept open over every generation of its role. */
struct bound {
	struct list_node node;
	const struct role_socket *row;
	char name[128]; /* "127.0.0.1.2525" or a path */
	int fd;
	bool wanted; /* by the configuration being applied */
};

enum child_stage { CHILD_STARTING, CHILD_READY, CHILD_DRAINING };

struct child {
	struct list_node node;
	struct master *m;
	const struct role *role;
	uint32_t index; /* never used twice for a role */
	pid_t pid;
	struct channel *control;
	enum child_stage stage;
	int64_t started_ms;
	char sandbox[64];
	struct ipc_account *account; /* of a worker; owned */
	char key[512];               /* of a worker: who may share it */
	struct timer kill;
};

/* A place of a role that must be filled again. */
struct vacancy {
	struct list_node node;
	struct master *m;
	const struct role *role;
	struct timer timer;
};

struct master {
	struct loop *loop;
	struct conf *conf;
	struct paths paths;
	bool root, foreground, ready, stopping, last_good;
	uint32_t process_uids;            /* --process-uids: first uid, 0 = passwd names */
	uint32_t serial;                  /* of the configuration */
	int snapshot_fd, log_fds[2], ready_fd, lock_fd;
	struct list sockets, children, vacancies, tickets, redeems;
	uint32_t next_index[16];          /* by place in roles[] */
	int64_t backoff_ms[16];
	uint32_t next_join;               /* number of the next channel given to a worker */
	struct timer stop_timer;
	struct listener *commands;
	uint32_t generation;
};

/* children.c */
void children_start_all(struct master *m);
struct child *child_start(struct master *m, const struct role *role, const struct ipc_account *account, const char *key);
void child_drain(struct child *c, uint32_t within_ms);
void children_reap(struct master *m);
void children_reload(struct master *m);
void children_stop(struct master *m, uint32_t within_ms);
bool children_all_ready(const struct master *m);
/* A channel between two children, given out to both. */
void child_join(struct child *asker, struct child *answerer);

/* spawn.c: forks and executes the program of a role; *control is our end of its control channel. 0 or -errno. */
int spawn_process(struct master *m, const struct role *role, const struct ipc_account *account, pid_t *pid, int *control);
enum st spawn_identity(struct master *m, const struct role *role, struct ipc_identity *id, struct fault *f);
/* Are all users of the table known? */
enum st spawn_check_users(struct master *m, struct fault *f);

/* workers.c */
void workers_init(struct master *m);
void workers_take_ticket(struct child *from, const struct ipc_ticket_issue *t);
void workers_redeem(struct child *from, uint32_t sequence, const struct ipc_redeem *r);
void workers_forget(struct master *m, struct child *gone);

/* sockets.c */
enum st sockets_bind(struct master *m, const struct conf *c, struct fault *f);
void sockets_give(struct child *c);
int sockets_unix(const char *path, unsigned mode, struct fault *f);
void sockets_close_all(struct master *m);
enum st folders_make(struct master *m, struct fault *f);

/* config.c */
typedef void config_fn(struct master *m, bool ok, struct slice report);
/* Checks the files as the mail user; fn later, from the loop. On success m->conf and m->snapshot_fd are the new ones. */
void config_check(struct master *m, config_fn *fn);
/* Is pid the checker? Then takes its result. */
bool config_checked(struct master *m, pid_t pid, int status);
/* Takes the last good copy. */
enum st config_last_good(struct master *m, struct fault *f);

/* command.c */
enum st commands_open(struct master *m, struct fault *f);
/* A config_fn: the configuration was checked again; tells who asked, and the children. */
void master_reloaded(struct master *m, bool ok, struct slice report);

#endif
