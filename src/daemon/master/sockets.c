/*
 * Folders and sockets: made and bound by root, handed to those who use them.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "build_config.h"
#include "net/listener.h"
#include "net/log.h"

/* ---- folders ---- */

/* Makes one folder, or checks the one there; owner_role NULL = ours. */
static enum st
folder(struct master *m, const char *path, unsigned mode, const char *owner_role, struct fault *f)
{
	struct ipc_identity id;
	struct stat st;

	if (mkdir(path, (mode_t)mode) != 0 && errno != EEXIST)
		return fault_sys(f, ST_IO, "", errno, "%s", path);
	if (lstat(path, &st) != 0)
		return fault_sys(f, ST_IO, "", errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return fault_set(f, ST_PERM, "", "%s: found a file, expected a folder", path);
	if (m->root && owner_role) {
		enum st known = spawn_identity(m, role_find(owner_role), &id, f);

		if (known != ST_OK)
			return known;
		if (st.st_uid != id.uid && chown(path, id.uid, id.gid) != 0)
			return fault_sys(f, ST_IO, "", errno, "%s: chown", path);
	}
	if ((st.st_mode & 07777) != mode && chmod(path, (mode_t)mode) != 0)
		return fault_sys(f, ST_IO, "", errno, "%s: chmod", path);
	return ST_OK;
}

/* run/auth is for the mail group alone (COURIER.md's restricted folder). */
static enum st
give_to_mail_group(struct master *m, const char *path, struct fault *f)
{
	struct ipc_identity id;
	enum st st = m->root ? spawn_identity(m, role_find("courierd"), &id, f) : ST_OK;

	if (m->root && st == ST_OK && chown(path, 0, id.gid) != 0)
		return fault_sys(f, ST_IO, "", errno, "%s: chown", path);
	return st;
}

enum st
folders_make(struct master *m, struct fault *f)
{
	char smtp[PATHS_MAX + 16], auth[PATHS_MAX + 16], control[PATHS_MAX + 16];
	enum st st;

	snprintf(smtp, sizeof(smtp), "%s/smtp", m->paths.run_dir);
	snprintf(auth, sizeof(auth), "%s/auth", m->paths.run_dir);
	snprintf(control, sizeof(control), "%s/control", m->paths.run_dir);
	const struct {
		const char *path;
		unsigned mode;
		const char *owner_role;
	} want[] = {
		{ m->paths.state_dir, 0755, NULL }, { m->paths.run_dir, 0755, NULL }, { smtp, 0755, NULL },
		{ auth, 0750, NULL }, { control, 0755, NULL }, { m->paths.empty_dir, 0555, NULL },
		{ m->paths.queue_dir, 0700, "courierd" }, { m->paths.log_dir, 0750, "logd" },
	};
	for (size_t i = 0; i < COUNT_OF(want); i++)
		if ((st = folder(m, want[i].path, want[i].mode, want[i].owner_role, f)) != ST_OK)
			return st;
	return give_to_mail_group(m, auth, f);
}

/* ---- sockets ---- */

int
sockets_unix(const char *path, unsigned mode, struct fault *f)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		fault_set(f, ST_LIMIT, "", "%s: found %zu bytes, a socket's path has at most %zu", path, strlen(path),
		    sizeof(sa.sun_path) - 1);
		return -1;
	}
	memcpy(sa.sun_path, path, strlen(path));
	unlink(path); /* we hold the instance's lock: nobody else uses it */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 || chmod(path, (mode_t)mode) != 0 ||
	    listen(fd, 128) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		fault_sys(f, ST_IO, "", errno, "%s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static struct bound *
bound_find(struct master *m, const struct role_socket *row, const char *name)
{
	LIST_EACH(&m->sockets, n) {
		struct bound *b = CONTAINER_OF(n, struct bound, node);

		if (b->row == row && strcmp(b->name, name) == 0)
			return b;
	}
	return NULL;
}

static void
bound_keep(struct master *m, const struct role_socket *row, const char *name, int fd)
{
	struct bound *b = mem_get(sizeof(*b));

	*b = (struct bound){ .row = row, .fd = fd, .wanted = true };
	snprintf(b->name, sizeof(b->name), "%s", name);
	list_node_init(&b->node);
	list_append(&m->sockets, &b->node);
}

static enum st
bind_port(struct master *m, const struct role_socket *row, const char *ip, uint16_t port, struct fault *f)
{
	struct net_addr a;
	struct bound *b;
	char name[128];
	int fd;
	enum st st;

	snprintf(name, sizeof(name), "%s.%u", ip, (unsigned)port);
	if ((b = bound_find(m, row, name))) {
		b->wanted = true;
		return ST_OK;
	}
	st = net_addr_parse(sl_str(ip), port, &a);
	if (st != ST_OK)
		return fault_set(f, st, "", "%s: found \"%s\", expected an IP address", row->service, ip);
	st = net_listen(&a, 0, &fd, f);
	if (st == ST_OK)
		bound_keep(m, row, name, fd);
	return st;
}

/* ADDRESS 0 is every address: one IPv4 and one IPv6 socket, the latter only where the system has IPv6. */
static enum st
bind_ports(struct master *m, const struct role_socket *row, const struct conf_esmtpd *e, struct fault *f)
{
	enum st st = ST_OK;

	for (size_t i = 0; i < e->port.count && st == ST_OK; i++) {
		const char *ip = e->port.items[i].ip[0] ? e->port.items[i].ip : e->address;

		if (strcmp(ip, "0") != 0) {
			st = bind_port(m, row, ip, e->port.items[i].port, f);
			continue;
		}
		st = bind_port(m, row, "0.0.0.0", e->port.items[i].port, f);
		if (st == ST_OK && bind_port(m, row, "::", e->port.items[i].port, f) != ST_OK)
			log_event(LOG_LEVEL_INFO, "listen", KV_STR("service", row->service), KV_STR("ip", "::"), KV_FAULT(f), KV_END);
	}
	return st;
}

static void
bound_close(struct bound *b)
{
	if (b->row->path)
		unlink(b->name);
	list_remove(&b->node);
	close(b->fd);
	mem_free(b);
}

/* Binds what c wants and is not bound yet; on success closes what it no longer wants. */
enum st
sockets_bind(struct master *m, const struct conf *c, struct fault *f)
{
	char path[PATHS_MAX + 64];
	enum st st = ST_OK;

	LIST_EACH(&m->sockets, n)
		CONTAINER_OF(n, struct bound, node)->wanted = false;
	for (size_t i = 0; i < role_socket_count && st == ST_OK; i++) {
		const struct role_socket *row = &role_sockets[i];
		struct bound *b;

		if (!row->wanted(c))
			continue;
		if (row->ports) {
			st = bind_ports(m, row, row->ports(c), f);
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s", m->paths.run_dir, row->path);
		if ((b = bound_find(m, row, path))) {
			b->wanted = true;
			continue;
		}
		int fd = sockets_unix(path, row->mode, f);
		if (fd < 0)
			st = ST_IO;
		else
			bound_keep(m, row, path, fd);
	}
	if (st != ST_OK)
		return st;
	LIST_EACH(&m->sockets, n)
		if (!CONTAINER_OF(n, struct bound, node)->wanted)
			bound_close(CONTAINER_OF(n, struct bound, node));
	return ST_OK;
}

void
sockets_give(struct child *c)
{
	LIST_EACH(&c->m->sockets, n) {
		struct bound *b = CONTAINER_OF(n, struct bound, node);
		int fd;

		if (strcmp(b->row->role, c->role->name) != 0)
			continue;
		fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 5);
		if (fd >= 0)
			channel_note(c->control, IPC_listen, &(struct ipc_listen){ .service = sl_str(b->row->service) }, fd);
	}
}

void
sockets_close_all(struct master *m)
{
	LIST_EACH(&m->sockets, n)
		bound_close(CONTAINER_OF(n, struct bound, node));
}
