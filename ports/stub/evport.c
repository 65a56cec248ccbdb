/*
 * Event ports emulated. An association is one-shot: it is gone when its event is fetched. A file's
 * association tells at once when the file has changed since the times that it was given. When the
 * time is over ETIME is said, with the rows left alone, and the count as the manual has it.
 */
#include <errno.h>
#include <fcntl.h>
#include <port.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ports/stub/stub.h"

static struct stub_table table;

int
port_create(void)
{
	int port = stub_object();

	if (port >= 0)
		stub_forget_owner(&table, port);
	return port;
}

static int
associate_file(int port, struct stub_row *r)
{
	const struct file_obj *o = (const struct file_obj *)r->id;
	struct stat st;

	if (stat(o->fo_name, &st) != 0) {
		r->owner = 0;
		return -1;
	}
	if (r->wd < 0) {
		r->dirfd = open(o->fo_name, O_RDONLY | O_CLOEXEC);
		r->wd = stub_watch(port, o->fo_name);
	}
	if (st.st_mtim.tv_sec != o->fo_mtime.tv_sec || st.st_mtim.tv_nsec != o->fo_mtime.tv_nsec)
		r->told |= IN_CREATE;
	return 0;
}

int
port_associate(int port, int source, uintptr_t object, int events, void *user)
{
	struct stub_row *r;
	struct stat st;

	if (source == PORT_SOURCE_FD && fstat((int)object, &st) != 0)
		return errno = EBADFD, -1;
	r = stub_find(&table, port, source, object, true);
	if (!r)
		return errno = EAGAIN, -1;
	r->user = user;
	if (source == PORT_SOURCE_FILE)
		return associate_file(port, r);
	r->events = (short)events;
	stub_identify(r);
	return 0;
}

/* The association is over. */
static void
end(int port, struct stub_row *r)
{
	int wd = r->wd;

	r->owner = 0;
	if (r->dirfd >= 0)
		close(r->dirfd);
	if (wd >= 0)
		stub_unwatch(&table, port, wd);
}

int
port_dissociate(int port, int source, uintptr_t object)
{
	struct stub_row *r = stub_find(&table, port, source, object, false);

	if (!r)
		return errno = ENOENT, -1;
	end(port, r);
	return 0;
}

static int
fill(int port, port_event_t *rows, uint_t room, const short *revents)
{
	uint_t filled = 0;

	for (int k = 0; k < table.used && filled < room; k++) {
		int i = (table.start + k) % table.used;
		struct stub_row *r = &table.rows[i];

		if (r->owner != port || (revents[i] == 0 && r->told == 0))
			continue;
		rows[filled++] = (port_event_t){.portev_source = (ushort_t)r->kind,
		    .portev_object = r->id,
		    .portev_user = r->user,
		    .portev_events = r->kind == PORT_SOURCE_FD ? revents[i]
				     : r->told & IN_DELETE_SELF ? FILE_DELETE
				     : r->told & IN_MOVE_SELF   ? FILE_RENAME_FROM
								: FILE_MODIFIED};
		end(port, r);
		if (filled == room)
			table.start = (i + 1) % table.used;
	}
	return (int)filled;
}

int
port_getn(
    int port, port_event_t *rows, uint_t room, uint_t *count, const struct timespec *patience)
{
	static short revents[STUB_ROWS];
	int got;

	for (int i = 0; i < table.used; i++) /* a close ends an association */
		if (table.rows[i].owner == port && table.rows[i].kind == PORT_SOURCE_FD &&
		    stub_is_stale(&table.rows[i]))
			table.rows[i].owner = 0;
	stub_take_changes(&table, port);
	if (stub_poll(&table, port, stub_ms(patience), revents) < 0)
		return -1;
	got = fill(port, rows, room, revents);
	if (got == 0) {
		errno = ETIME; /* *count stays what was asked for: nobody may believe it */
		return -1;
	}
	*count = (uint_t)got;
	/* Fewer than room in the time given: some releases say ETIME all the same. */
	if ((uint_t)got < room && patience && patience->tv_sec == 0 && patience->tv_nsec == 0) {
		errno = ETIME;
		return -1;
	}
	return 0;
}

int
port_get(int port, port_event_t *row, struct timespec *patience)
{
	uint_t one = 1;

	return port_getn(port, row, 1, &one, patience);
}
