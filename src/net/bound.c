/*
 * Listening sockets that outlive their configuration.
 */
#include "net/bound.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

void
bound_init(struct bound_set *s)
{
	list_init(&s->list);
}

void
bound_begin(struct bound_set *s)
{
	LIST_EACH (&s->list, n) {
		struct bound *b = CONTAINER_OF(n, struct bound, node);

		b->wanted = b->fresh = false;
	}
}

/* Is it there already? From now on it is wanted. */
static bool
bound_have(struct bound_set *s, const void *tag, const char *name)
{
	LIST_EACH (&s->list, n) {
		struct bound *b = CONTAINER_OF(n, struct bound, node);

		if (b->tag == tag && strcmp(b->name, name) == 0)
			return b->wanted = true;
	}
	return false;
}

static void
bound_keep(struct bound_set *s, const void *tag, const char *name, bool is_path, int fd)
{
	struct bound *b = mem_get(sizeof(*b));

	*b =
	    (struct bound){.tag = tag, .is_path = is_path, .fd = fd, .wanted = true, .fresh = true};
	snprintf(b->name, sizeof(b->name), "%s", name);
	list_node_init(&b->node);
	list_append(&s->list, &b->node);
}

static enum st
bound_one(struct bound_set *s, const void *tag, const char *what, const char *ip, uint16_t port,
    struct fault *f)
{
	struct net_addr a;
	struct fault why;
	char name[NET_ADDR_TEXT + 8];
	int fd;

	snprintf(name, sizeof(name), "%.*s.%u", NET_ADDR_TEXT, ip, (unsigned)port);
	if (bound_have(s, tag, name))
		return ST_OK;
	if (net_addr_parse(sl_str(ip), port, &a) != ST_OK)
		return fault_set(
		    f, ST_SYNTAX, "", "%s: found \"%s\", expected an IP address", what, ip);
	if (net_listen(&a, 0, &fd, &why) == ST_OK) {
		bound_keep(s, tag, name, false, fd);
		return ST_OK;
	}
	fault_set(f, ST_IO, "", "%s on %s port %u: %s", what, ip, (unsigned)port, why.text);
	f->sys = why.sys;
	return ST_IO;
}

enum st
bound_ip(struct bound_set *s, const void *tag, const char *what, const char *ip, uint16_t port,
    struct fault *f)
{
	enum st st;

	if (strcmp(ip, "0") != 0)
		return bound_one(s, tag, what, ip, port, f);
	/* One socket for each family; a system without IPv6 has one family. */
	st = bound_one(s, tag, what, "0.0.0.0", port, f);
	if (st == ST_OK)
		st = bound_one(s, tag, what, "::", port, f);
	return st == ST_IO && (f->sys == EAFNOSUPPORT || f->sys == EADDRNOTAVAIL) ? ST_OK : st;
}

enum st
bound_path(struct bound_set *s, const void *tag, const char *path, unsigned mode, struct fault *f)
{
	struct net_addr a = {.family = 1};
	struct fault why;
	int fd;

	if (bound_have(s, tag, path))
		return ST_OK;
	if (strlen(path) >= sizeof(a.path))
		return fault_set(f, ST_LIMIT, "",
		    "%s: found %zu bytes, a socket's path has at most %zu", path, strlen(path),
		    sizeof(a.path) - 1);
	memcpy(a.path, path, strlen(path));
	unlink(path);
	if (net_listen(&a, 0, &fd, &why) != ST_OK)
		return fault_set(f, ST_IO, "", "%s: %s", path, why.text);
	bound_keep(s, tag, path, true, fd);
	return chmod(path, (mode_t)mode) == 0 ? ST_OK : fault_sys(f, ST_IO, "", errno, "%s", path);
}

static void
bound_close(struct bound *b)
{
	if (b->is_path)
		unlink(b->name);
	list_remove(&b->node);
	close(b->fd);
	mem_free(b);
}

void
bound_end(struct bound_set *s, bool good)
{
	LIST_EACH (&s->list, n) {
		struct bound *b = CONTAINER_OF(n, struct bound, node);

		if (good ? !b->wanted : b->fresh)
			bound_close(b);
	}
}

void
bound_close_all(struct bound_set *s)
{
	LIST_EACH (&s->list, n)
		bound_close(CONTAINER_OF(n, struct bound, node));
}
