/*
 * kqueue(2) emulated. READ and WRITE tell again and again (level triggered); VNODE with EV_CLEAR
 * tells once for what happened since; closing a descriptor removes what was asked of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/event.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ports/stub/stub.h"

static struct stub_table table;

int
kqueue(void)
{
	int kq = stub_object();

	if (kq >= 0)
		stub_forget_owner(&table, kq);
	return kq;
}

static int
apply(int kq, const struct kevent *c)
{
	struct stub_row *r = stub_find(&table, kq, c->filter, c->ident, false);
	struct stat st;
	char path[64];

	if (fstat((int)c->ident, &st) != 0)
		return errno = EBADF, -1;
	if (r && stub_is_stale(r)) { /* the close took it away */
		r->owner = 0;
		r = NULL;
	}
	if (c->flags & EV_DELETE) {
		if (!r)
			return errno = ENOENT, -1;
		r->owner = 0;
		if (r->wd >= 0)
			stub_unwatch(&table, kq, r->wd);
		return 0;
	}
	if (c->filter != EVFILT_VNODE && S_ISCHR(st.st_mode))
		return errno = ENODEV, -1; /* as some systems do with devices */
	if (!r)
		r = stub_find(&table, kq, c->filter, c->ident, true);
	if (!r)
		return errno = ENOMEM, -1;
	r->user = c->udata;
	stub_identify(r);
	r->events = c->filter == EVFILT_READ ? POLLIN : c->filter == EVFILT_WRITE ? POLLOUT : 0;
	if (c->filter == EVFILT_VNODE && r->wd < 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)c->ident);
		r->dirfd = (int)c->ident;
		r->wd = stub_watch(kq, path);
		if (r->wd < 0) {
			r->owner = 0;
			return -1;
		}
	}
	return 0;
}

static void
drop_closed(int kq)
{
	for (int i = 0; i < table.used; i++) {
		struct stub_row *r = &table.rows[i];

		if (r->owner != kq || !stub_is_stale(r))
			continue;
		r->owner = 0;
		if (r->wd >= 0)
			stub_unwatch(&table, kq, r->wd);
	}
}

int
kevent(int kq, const struct kevent *changes, int change_count, struct kevent *rows, int room,
    const struct timespec *patience)
{
	static short revents[STUB_ROWS];
	int filled = 0;

	for (int i = 0; i < change_count; i++)
		if (apply(kq, &changes[i]) != 0)
			return -1;
	if (room == 0)
		return 0;
	drop_closed(kq);
	stub_take_changes(&table, kq);
	if (stub_poll(&table, kq, stub_ms(patience), revents) < 0)
		return -1;
	for (int k = 0; k < table.used && filled < room; k++) {
		int i = (table.start + k) % table.used;
		struct stub_row *r = &table.rows[i];

		if (r->owner != kq || (revents[i] == 0 && r->told == 0))
			continue;
		rows[filled] = (struct kevent){.ident = r->id, .filter = (short)r->kind,
		    .udata = r->user,
		    .flags = revents[i] & (POLLHUP | POLLERR) ? EV_EOF : 0, .fflags = r->told};
		filled++;
		r->told = 0;
		if (filled == room)
			table.start = (i + 1) % table.used;
	}
	return filled;
}
