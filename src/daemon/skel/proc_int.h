/*
 * The inside of the daemon frame, shared by its two files.
 */
#ifndef DAEMON_SKEL_PROC_INT_H
#define DAEMON_SKEL_PROC_INT_H

#include "base/list.h"
#include "daemon/skel/proc.h"

enum proc_stage { PROC_WAITS, PROC_STARTED, PROC_SERVES, PROC_DRAINS };

/* Something master gave before we could use it: a bound socket, a key, a peer. */
struct gift {
	struct list_node node;
	int fd;
	uint32_t number;
	char name[PATHS_MAX];
};

/* A channel to another process. */
struct link {
	struct list_node node;
	struct proc *proc;
	const struct proc_peer *row;
	struct channel *channel;
	uint32_t index;
};

struct proc {
	const struct proc_def *def;
	struct loop *loop;
	struct channel *control;
	enum proc_stage stage;
	void *state;
	struct conf *conf;
	struct paths paths;
	char role[32];
	char root_dir[PATHS_MAX];
	uint32_t index, uid, gid, extra_gid;
	bool become, named;
	bool busy, idle; /* idle: master was told so */
	int64_t idle_ms; /* since when it is not busy */
	struct timer quiet;
	unsigned paused;
	const char *sandbox;                    /* what is in force */
	struct list sockets, keys, early_peers; /* struct gift */
	struct list links;
	struct timer deadline;
	int status;
};

/* A frame `peer`: a channel to another process; replaces an older one. fd is taken over. */
void proc_take_peer(struct proc *p, struct slice role, uint32_t index, int fd);

/* Is there a channel for each required row? */
bool proc_has_required(const struct proc *p);

/* The first moment at which everything is there: listen sockets are handed out, serve() is called.
 */
void proc_try_serve(struct proc *p);

#endif
