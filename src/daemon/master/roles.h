/*
 * The table of processes and of the channels between them (docs/PROCESSES.md).
 */
#ifndef DAEMON_MASTER_ROLES_H
#define DAEMON_MASTER_ROLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

struct role {
	const char *name;          /* of the program too */
	const char *user;          /* NULL: an account's worker, runs as the account */
	unsigned uid_offset;       /* from --process-uids, where there are no passwd entries */
	bool empty_root;           /* chroot into the empty folder */
	bool by_generation;        /* reload: new processes first, then the old ones drain */
	bool mail_group;           /* also in the mail group (run/auth) */
	unsigned (*count)(const struct conf *c);
	size_t (*fds)(const struct conf *c); /* descriptors it may need */
};

extern const struct role roles[];
extern const size_t role_count;

/* Which role asks which; each asker has a channel to each answerer and spreads its questions itself. */
struct role_link {
	const char *asker, *answerer;
};

extern const struct role_link role_links[];
extern const size_t role_link_count;

/* NULL when there is no such role. */
const struct role *role_find(const char *name);

/* A socket master binds for a role. ports NULL: a UNIX socket at run_dir/path with mode. */
struct role_socket {
	const char *service, *role, *path;
	unsigned mode;
	bool (*wanted)(const struct conf *c);
	const struct conf_esmtpd *(*ports)(const struct conf *c);
};

extern const struct role_socket role_sockets[];
extern const size_t role_socket_count;

#endif
