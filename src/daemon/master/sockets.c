/*
 * Folders and sockets: made and bound by root, handed to those who use them.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/bound.h"

/* Makes one folder, or puts right the one there; owner NULL: ours. */
static enum st
folder(const char *path, unsigned mode, const struct privs *owner, struct fault *f)
{
	struct stat st;

	if ((mkdir(path, (mode_t)mode) != 0 && errno != EEXIST) || lstat(path, &st) != 0)
		return fault_sys(f, ST_IO, "", errno, "%s", path);
	if (!S_ISDIR(st.st_mode))
		return fault_set(f, ST_PERM, "", "%s: found a file, expected a folder", path);
	if (owner && (st.st_uid != owner->uid || st.st_gid != owner->gid) &&
	    chown(path, owner->uid, owner->gid) != 0)
		return fault_sys(f, ST_IO, "", errno, "%s: chown", path);
	if ((st.st_mode & 07777) != mode && chmod(path, (mode_t)mode) != 0)
		return fault_sys(f, ST_IO, "", errno, "%s: chmod", path);
	return ST_OK;
}

enum st
folders_make(struct master *m, struct fault *f)
{
	const struct privs mail_group = {.uid = 0, .gid = m->mail.gid};
	const struct paths *p = &m->paths;
	char smtp[PATHS_MAX + 16], auth[PATHS_MAX + 16], control[PATHS_MAX + 16];
	const struct {
		const char *path;
		unsigned mode;
		const struct privs *owner;
	} want[] = {
	    {p->state_dir, 0755, NULL}, {p->run_dir, 0755, NULL}, {smtp, 0755, NULL},
	    {control, 0755, NULL}, {auth, 0750, &mail_group}, {p->empty_dir, 0555, NULL},
	    {p->queue_dir, 0700, &m->mail}, {p->log_dir, 0750, &m->who[0]}, /* logd's */
	};
	enum st st = ST_OK;

	snprintf(smtp, sizeof(smtp), "%s/smtp", p->run_dir);
	snprintf(auth, sizeof(auth), "%s/auth", p->run_dir);
	snprintf(control, sizeof(control), "%s/control", p->run_dir);
	for (size_t i = 0; i < COUNT_OF(want) && st == ST_OK; i++)
		st = folder(want[i].path, want[i].mode, m->root ? want[i].owner : NULL, f);
	return st;
}

static enum st
bind_row(struct master *m, const struct role_socket *row, const struct conf *c, struct fault *f)
{
	const struct conf_ports *port;
	const char *address;
	char path[PATHS_MAX + 64];
	enum st st = ST_OK;

	if (row->path) {
		snprintf(path, sizeof(path), "%s/%s", m->paths.run_dir, row->path);
		return bound_path(&m->sockets, row, path, row->mode, f);
	}
	if (!role_socket_listens(row, c, &port, &address))
		return ST_OK;
	for (size_t i = 0; i < port->count && st == ST_OK; i++) {
		const struct conf_port *p = &port->items[i];

		st = bound_ip(
		    &m->sockets, row, row->service, p->ip[0] ? p->ip : address, p->port, f);
	}
	return st;
}

enum st
sockets_bind(struct master *m, const struct conf *c, struct fault *f)
{
	enum st st = ST_OK;

	bound_begin(&m->sockets);
	for (size_t i = 0; i < role_socket_count && st == ST_OK; i++)
		st = bind_row(m, &role_sockets[i], c, f);
	return st;
}

void
sockets_give(struct child *c)
{
	LIST_EACH (&c->m->sockets.list, n) {
		const struct bound *b = CONTAINER_OF(n, struct bound, node);
		const struct role_socket *row = b->tag;
		int fd = -1;

		if (strcmp(row->role, c->role->name) == 0)
			fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 5);
		if (fd >= 0)
			channel_note(c->control, IPC_listen,
			    &(struct ipc_listen){.service = sl_str(row->service)}, fd);
	}
}
