/*
 * epoll, level triggered. Two of its habits are hidden here: descriptors which it refuses because
 * they are always ready (regular files, /dev/null) are kept in a list of our own; and it goes on
 * reporting a description that lives in another process, which is why the contract wants "forget"
 * first.
 */
#include "ports/poller_ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Rows of one epoll_wait; the caller simply waits again for more. */
#define EPOLL_ROWS 256

struct epoll_always {
	int fd;
	unsigned want;
	void *tag;
};

struct poller {
	int ep;
	struct epoll_always *always;
	size_t always_count, always_cap, always_start;
};

static int
epoll_open(struct poller **out, unsigned fd_hint)
{
	struct poller *p = calloc(1, sizeof(*p));

	(void)fd_hint;
	if (!p)
		return -ENOMEM;
	p->ep = epoll_create1(EPOLL_CLOEXEC);
	if (p->ep < 0) {
		int rc = -errno;

		free(p);
		return rc;
	}
	*out = p;
	return 0;
}

static void
epoll_close(struct poller *p)
{
	if (!p)
		return;
	close(p->ep);
	free(p->always);
	free(p);
}

static struct epoll_always *
always_find(struct poller *p, int fd)
{
	size_t i;

	for (i = 0; i < p->always_count; i++)
		if (p->always[i].fd == fd)
			return &p->always[i];
	return NULL;
}

static int
always_set(struct poller *p, int fd, unsigned want, void *tag)
{
	struct epoll_always *a = always_find(p, fd);

	if (want == 0) {
		if (a)
			*a = p->always[--p->always_count];
		return 0;
	}
	if (!a) {
		if (p->always_count == p->always_cap) {
			size_t cap = p->always_cap ? p->always_cap * 2 : 4;
			struct epoll_always *grown = realloc(p->always, cap * sizeof(*grown));

			if (!grown)
				return -ENOMEM;
			p->always = grown;
			p->always_cap = cap;
		}
		a = &p->always[p->always_count++];
	}
	*a = (struct epoll_always){fd, want, tag};
	return 0;
}

static int
epoll_set(struct poller *p, int fd, unsigned was, unsigned want, void *tag)
{
	struct epoll_event ev;
	int op = want == 0 ? EPOLL_CTL_DEL : was == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	if (fd < 0)
		return -EBADF;
	if (was == 0 && want == 0)
		return 0;
	if (p->always_count > 0 && always_find(p, fd))
		return always_set(p, fd, want, tag);
	memset(&ev, 0, sizeof(ev));
	if (want & POLLER_READ)
		ev.events |= EPOLLIN;
	if (want & POLLER_WRITE)
		ev.events |= EPOLLOUT;
	ev.data.ptr = tag;
	if (epoll_ctl(p->ep, op, fd, &ev) == 0)
		return 0;
	if (errno == EPERM && want != 0)
		return always_set(p, fd, want, tag);
	return -errno;
}

/* The always ready ones, in turn. */
static int
always_fill(struct poller *p, struct poller_ready *out, int max)
{
	size_t i;
	int filled = 0;

	for (i = 0; i < p->always_count && filled < max; i++) {
		if (p->always_start >= p->always_count)
			p->always_start = 0;
		out[filled].tag = p->always[p->always_start].tag;
		out[filled].what = p->always[p->always_start].want;
		filled++;
		p->always_start++;
	}
	return filled;
}

static unsigned
epoll_what(uint32_t events)
{
	unsigned what = 0;

	if (events & EPOLLIN)
		what |= POLLER_READ;
	if (events & EPOLLOUT)
		what |= POLLER_WRITE;
	if (events & (EPOLLERR | EPOLLHUP))
		what |= POLLER_HUP;
	return what;
}

static int
epoll_wait_rows(struct poller *p, struct poller_ready *out, int max, int timeout_ms)
{
	struct epoll_event rows[EPOLL_ROWS];
	int room = max, got, i;

	if (p->always_count > 0) {
		timeout_ms = 0;
		room = max > 1 ? max / 2 : 1; /* neither kind takes the whole answer */
	}
	got = epoll_wait(p->ep, rows, room < EPOLL_ROWS ? room : EPOLL_ROWS, timeout_ms);
	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	for (i = 0; i < got; i++) {
		out[i].tag = rows[i].data.ptr;
		out[i].what = epoll_what(rows[i].events);
	}
	return got + always_fill(p, out + got, max - got);
}

const struct poller_ops poller_epoll_ops = {
	.name = "epoll",
	.open = epoll_open,
	.set = epoll_set,
	.wait = epoll_wait_rows,
	.close = epoll_close,
};
