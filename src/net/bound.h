/*
 * Listening sockets by name, over changes of the configuration: what is still wanted stays open,
 * what is new is bound, what is wanted no more is closed, all or nothing.
 *
 *     bound_begin(s); bound_ip(s, ...); bound_path(s, ...); ... bound_end(s, all went well);
 */
#ifndef NET_BOUND_H
#define NET_BOUND_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/list.h"
#include "net/listener.h"

/* One of them. tag is the caller's: who it is for. */
struct bound {
	struct list_node node;
	const void *tag;
	char name[NET_ADDR_TEXT + 8 + 108]; /* "127.0.0.1.2525" or a path */
	bool is_path, wanted, fresh;
	int fd;
};

struct bound_set {
	struct list list;
};

/* An empty set. */
void bound_init(struct bound_set *s);

/* Nothing is wanted, until it is asked for again. */
void bound_begin(struct bound_set *s);

/*
 * Port of ip, or of every address of the system when ip is "0". ST_OK; ST_SYNTAX, ST_IO with f
 * naming what, the address and the port.
 */
enum st bound_ip(struct bound_set *s, const void *tag, const char *what, const char *ip,
    uint16_t port, struct fault *f);

/* A UNIX socket with this mode; a file in its place is removed: the caller holds the only right to
 * it. */
enum st
bound_path(struct bound_set *s, const void *tag, const char *path, unsigned mode, struct fault *f);

/* good: closes what is not wanted; else what is new. */
void bound_end(struct bound_set *s, bool good);

/* Closes all, and removes their paths. */
void bound_close_all(struct bound_set *s);

#endif
