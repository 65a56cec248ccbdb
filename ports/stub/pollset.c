/*
 * pollset emulated. PS_MOD only adds events, PS_ADD of what is there is refused, and a descriptor
 * that was closed stays in the set and is told as invalid.
 */
#include <errno.h>
#include <sys/pollset.h>
#include <unistd.h>

#include "ports/stub/stub.h"

static struct stub_table table;

pollset_t
pollset_create(int most)
{
	int set = stub_object();

	(void)most;
	if (set >= 0)
		stub_forget_owner(&table, set);
	return set;
}

int
pollset_destroy(pollset_t set)
{
	stub_forget_owner(&table, set);
	return close(set);
}

int
pollset_ctl(pollset_t set, struct poll_ctl *controls, int count)
{
	for (int i = 0; i < count; i++) {
		struct poll_ctl *c = &controls[i];
		struct stub_row *r = stub_find(&table, set, 0, (uintptr_t)c->fd, false);

		if ((c->cmd == PS_ADD) == (r != NULL))
			return errno = r ? EEXIST : ENOENT, i + 1;
		if (c->cmd == PS_DELETE) {
			r->owner = 0;
			continue;
		}
		if (!r)
			r = stub_find(&table, set, 0, (uintptr_t)c->fd, true);
		if (!r)
			return errno = ENOMEM, i + 1;
		r->events = (short)(r->events | c->events);
	}
	return 0;
}

int
pollset_poll(pollset_t set, struct pollfd *rows, int room, int timeout_ms)
{
	static short revents[STUB_ROWS];
	int filled = 0;

	if (stub_poll(&table, set, timeout_ms, revents) < 0)
		return -1;
	for (int i = 0; i < table.used && filled < room; i++)
		if (table.rows[i].owner == set && revents[i])
			rows[filled++] = (struct pollfd){.fd = (int)table.rows[i].id,
			    .events = table.rows[i].events,
			    .revents = revents[i]};
	return filled;
}
