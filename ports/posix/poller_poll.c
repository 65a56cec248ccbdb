/*
 * The floor of pollers: poll(2) over one array. Every wait costs in proportion to all descriptors.
 */
#include "ports/poller_ops.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct poller {
	struct pollfd *fds;
	void **tags; /* beside fds */
	size_t count, cap;
	size_t *place; /* by descriptor: index in fds + 1, 0 when it is not there */
	size_t place_cap;
	size_t start; /* where the next wait looks first, so that a full answer starves nobody */
};

static void
poll_close(struct poller *p)
{
	if (!p)
		return;
	free(p->fds);
	free(p->tags);
	free(p->place);
	free(p);
}

static int
poll_grow(struct poller *p, size_t cap)
{
	struct pollfd *fds = realloc(p->fds, cap * sizeof(*fds));
	void **tags;

	if (!fds)
		return -ENOMEM;
	p->fds = fds;
	tags = realloc(p->tags, cap * sizeof(*tags));
	if (!tags)
		return -ENOMEM;
	p->tags = tags;
	p->cap = cap;
	return 0;
}

static int
poll_open(struct poller **out, unsigned fd_hint)
{
	struct poller *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	if (poll_grow(p, fd_hint < 16 ? 16 : fd_hint) != 0) {
		poll_close(p);
		return -ENOMEM;
	}
	*out = p;
	return 0;
}

/* The slot of fd in p->place, growing the array to it; NULL when there is no memory. */
static size_t *
poll_place(struct poller *p, int fd)
{
	size_t need = (size_t)fd + 1, cap = p->place_cap ? p->place_cap : 64;
	size_t *place;

	if (need > p->place_cap) {
		while (cap < need)
			cap *= 2;
		place = realloc(p->place, cap * sizeof(*place));
		if (!place)
			return NULL;
		memset(place + p->place_cap, 0, (cap - p->place_cap) * sizeof(*place));
		p->place = place;
		p->place_cap = cap;
	}
	return &p->place[fd];
}

static void
poll_remove(struct poller *p, int fd)
{
	size_t at, last;

	if ((size_t)fd >= p->place_cap || p->place[fd] == 0)
		return;
	at = p->place[fd] - 1;
	last = --p->count;
	p->place[fd] = 0;
	if (at != last) {
		p->fds[at] = p->fds[last];
		p->tags[at] = p->tags[last];
		p->place[p->fds[at].fd] = at + 1;
	}
}

static int
poll_set(struct poller *p, int fd, unsigned was, unsigned want, void *tag)
{
	size_t *place, at;

	(void)was; /* the array knows */
	if (fd < 0)
		return -EBADF;
	if (want == 0) {
		poll_remove(p, fd);
		return 0;
	}
	place = poll_place(p, fd);
	if (!place)
		return -ENOMEM;
	if (*place == 0) {
		if (p->count == p->cap && poll_grow(p, p->cap * 2) != 0)
			return -ENOMEM;
		*place = ++p->count;
	}
	at = *place - 1;
	p->fds[at].fd = fd;
	p->fds[at].events = 0;
	p->fds[at].revents = 0;
	if (want & POLLER_READ)
		p->fds[at].events |= POLLIN;
	if (want & POLLER_WRITE)
		p->fds[at].events |= POLLOUT;
	p->tags[at] = tag;
	return 0;
}

static int
poll_wait(struct poller *p, struct poller_ready *out, int max, int timeout_ms)
{
	int ready, filled = 0;
	size_t i, at;

	ready = poll(p->fds, (nfds_t)p->count, timeout_ms);
	if (ready < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (p->start >= p->count)
		p->start = 0;
	for (i = 0, at = p->start; i < p->count && ready > 0 && filled < max; i++) {
		unsigned what = poller_what(p->fds[at].revents);

		if (what) {
			out[filled].tag = p->tags[at];
			out[filled].what = what;
			filled++;
			ready--;
		}
		if (++at == p->count)
			at = 0;
	}
	p->start = at;
	return filled;
}

const struct poller_ops poller_poll_ops = {
	.name = "poll",
	.open = poll_open,
	.set = poll_set,
	.wait = poll_wait,
	.close = poll_close,
};
