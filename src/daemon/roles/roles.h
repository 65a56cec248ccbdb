/*
 * The tables of processes, of the channels between them and of the sockets they serve
 * (docs/PROCESSES.md). Master obeys them; nothing here needs its rights.
 */
#ifndef DAEMON_ROLES_ROLES_H
#define DAEMON_ROLES_ROLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

#define ROLES_MAX 16

struct role {
	const char *name;     /* of the program too */
	const char *user;     /* NULL: a worker, runs as the account of a ticket */
	unsigned uid_offset;  /* from --process-uids, where there are no passwd entries */
	bool empty_root;      /* chroot into the empty folder */
	bool mail_group;      /* also in the mail group (run/auth) */
	bool by_generation;   /* reload: new processes first, then the old ones drain */
	bool is_checker;      /* runs when there is something to check */
	const char *service, *asker; /* a worker: who redeems tickets for what */
	bool ends_with_asker; /* ... and it does not outlive him */
	const char *asks[5];  /* each of these has a channel to it; for workers: of the same key */
	size_t tls[3];        /* places of struct conf_tls in struct conf: it gets these keys */
	size_t secret;        /* place of a path: this file too, when there is one */
	size_t wanted[4];     /* places of bools: without one that is true it does not run */
	size_t number;        /* place in struct conf of how many; 0: one */
	size_t fds;           /* descriptors it may need, and more by what stands in struct conf */
	size_t fds_by[8];
	const char *fds_names; /* what to lower when they are too many */
};

extern const struct role roles[]; /* started in this order, stopped in the other one */
extern const size_t role_count;

/* Has asker a channel to answerer? How many processes of r, and how many descriptors has each? */
bool role_asks(const struct role *asker, const struct role *answerer);
unsigned role_number(const struct role *r, const struct conf *c);
size_t role_fds(const struct role *r, const struct conf *c);

/* A socket master binds for a role: a UNIX socket at run_dir/path, or the ports of a service. */
struct role_socket {
	const char *service, *role;
	const char *path; /* NULL: ports */
	unsigned mode;    /* of path */
	size_t ports;     /* place of the struct conf_esmtpd in struct conf */
	size_t mail_ports; /* or of the struct conf_mailservice */
};
extern const struct role_socket role_sockets[];
extern const size_t role_socket_count;

/* Where a service listens; false: it is not wanted, or it has a path. */
bool role_socket_listens(const struct role_socket *row, const struct conf *c,
    const struct conf_ports **port, const char **address);

#endif
