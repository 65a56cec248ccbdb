/*
 * Starting a program: what it finds open, whom it becomes, and nothing of ours besides. Between
 * fork and exec no memory is allocated and nothing is logged.
 */
#ifndef OS_SPAWN_H
#define OS_SPAWN_H

#include <stdbool.h>
#include <stddef.h>

#include "os/privs.h"

#define SPAWN_FDS_MAX 8
#define SPAWN_NULL (-1) /* /dev/null */
#define SPAWN_KEEP (-2) /* the one of ours with this number */

struct spawn {
	const char *path;       /* absolute; argv[0] is its last part */
	const char *argument;   /* or NULL */
	const char *const *env; /* NULL-terminated; at most 8 */
	const int
	    *fds; /* what it finds at 0, 1 ..., blocking or not as they are; the rest is closed */
	size_t fd_count;         /* 3 to SPAWN_FDS_MAX */
	const struct privs *who; /* whom it becomes before its program runs; NULL: as we are */
	bool session;            /* leads a session of its own */
	size_t fd_limit;         /* 0: as ours */
};

/*
 * 0 with *pid, or -errno (the program cannot be executed, no process to be had). Signals have their
 * defaults, the umask is 077. What goes wrong after the fork is an end with status 71
 * (descriptors), 72 (exec) or 77 (identity).
 */
int spawn_program(const struct spawn *s, long *pid);

#endif
