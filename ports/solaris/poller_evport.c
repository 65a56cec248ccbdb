/*
 * Event ports of Solaris and illumos. An association ends when its event is fetched, so each one
 * that was told is made again before the next wait; that makes them level triggered. An association
 * also ends when its descriptor is closed.
 */
#include "ports/poller_ops.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <port.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ports/poller_slots.h"

/* Rows of one port_getn(3C); the caller simply waits again for more. */
#define EVPORT_ROWS 256

struct poller {
	int port;
	struct poller_slots slots;
	int due[EVPORT_ROWS]; /* descriptors whose association has ended */
	size_t due_count;
};

static int
evport_open(struct poller **out, unsigned fd_hint)
{
	struct poller *p = calloc(1, sizeof(*p));
	int rc;

	(void)fd_hint;
	if (!p)
		return -ENOMEM;
	p->port = port_create();
	if (p->port >= 0 && fcntl(p->port, F_SETFD, FD_CLOEXEC) == 0) {
		*out = p;
		return 0;
	}
	rc = -errno;
	if (p->port >= 0)
		close(p->port);
	free(p);
	return rc;
}

static void
evport_close(struct poller *p)
{
	if (!p)
		return;
	close(p->port);
	poller_slots_fini(&p->slots);
	free(p);
}

/* Makes the association, or changes it. 0 or -errno. */
static int
evport_associate(struct poller *p, int fd, const struct poller_slot *slot)
{
	int events = 0;

	if (slot->want & POLLER_READ)
		events |= POLLIN;
	if (slot->want & POLLER_WRITE)
		events |= POLLOUT;
	/* The slots know the tag, as they know what has ended. */
	return port_associate(p->port, PORT_SOURCE_FD, (uintptr_t)fd, events, NULL) == 0 ? 0
											  : -errno;
}

static int
evport_set(struct poller *p, int fd, unsigned was, unsigned want, void *tag)
{
	struct poller_slot *slot;
	int rc;

	(void)was; /* the slot knows */
	if (fd < 0)
		return -EBADF;
	slot = poller_slot_get(&p->slots, fd);
	if (!slot)
		return -ENOMEM;
	if (want == 0) {
		/* ENOENT: it ended with its last event, or with a close. */
		if (slot->want && port_dissociate(p->port, PORT_SOURCE_FD, (uintptr_t)fd) != 0 &&
		    errno != ENOENT && errno != EBADFD)
			return -errno;
		*slot = (struct poller_slot){.is_due = slot->is_due};
		return 0;
	}
	slot->want = want;
	slot->tag = tag;
	if (slot->is_due)
		return 0; /* the next wait does it */
	rc = evport_associate(p, fd, slot);
	if (rc != 0)
		slot->want = 0;
	return rc;
}

/* What was told last time is wanted again. One that cannot be is told as a hang-up by the next
 * read: it was closed without being forgotten, or the system has no memory. */
static int
evport_renew(struct poller *p)
{
	for (size_t i = 0; i < p->due_count; i++) {
		int fd = p->due[i], rc = 0;
		struct poller_slot *slot = &p->slots.at[fd];

		slot->is_due = false;
		if (slot->want)
			rc = evport_associate(p, fd, slot);
		if (rc == -ENOMEM || rc == -EAGAIN) {
			slot->is_due = true;
			memmove(p->due, p->due + i, (p->due_count - i) * sizeof(p->due[0]));
			p->due_count -= i;
			return rc;
		}
	}
	p->due_count = 0;
	return 0;
}

static int
evport_wait(struct poller *p, struct poller_ready *out, int max, int timeout_ms)
{
	port_event_t rows[EVPORT_ROWS];
	struct timespec patience;
	uint_t got = 1; /* one is enough; as many as there are come */
	int rc = evport_renew(p), filled = 0;

	if (rc != 0)
		return rc;
	patience.tv_sec = timeout_ms < 0 ? 0 : timeout_ms / 1000;
	patience.tv_nsec = timeout_ms < 0 ? 0 : timeout_ms % 1000 * 1000000L;
	memset(&rows[0], 0, sizeof(rows[0]));
	if (port_getn(p->port, rows, (uint_t)(max < EVPORT_ROWS ? max : EVPORT_ROWS), &got,
		timeout_ms < 0 ? NULL : &patience) != 0) {
		if (errno != ETIME && errno != EINTR)
			return -errno;
		/* The time may be over with events there all the same: the first says so. */
		if (rows[0].portev_source == 0)
			return 0;
	}
	for (uint_t i = 0; i < got; i++) {
		int fd = (int)rows[i].portev_object;
		struct poller_slot *slot = poller_slot_find(&p->slots, fd);

		if (rows[i].portev_source != PORT_SOURCE_FD || !slot)
			continue;
		slot->is_due = true;
		p->due[p->due_count++] = fd;
		out[filled].tag = slot->tag;
		out[filled].what = poller_what(rows[i].portev_events);
		filled++;
	}
	return filled;
}

const struct poller_ops poller_evport_ops = {
	.name = "evport",
	.open = evport_open,
	.set = evport_set,
	.wait = evport_wait,
	.close = evport_close,
};
