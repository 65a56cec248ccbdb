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

#include "ports/poller_slots.h"

/* Rows of one epoll_wait; the caller simply waits again for more. */
#define EPOLL_ROWS 256

struct poller {
	int ep;
	struct poller_always always;
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
	poller_always_fini(&p->always);
	free(p);
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
	if (poller_always_has(&p->always, fd))
		return poller_always_set(&p->always, fd, want, tag);
	memset(&ev, 0, sizeof(ev));
	if (want & POLLER_READ)
		ev.events |= EPOLLIN;
	if (want & POLLER_WRITE)
		ev.events |= EPOLLOUT;
	ev.data.ptr = tag;
	if (epoll_ctl(p->ep, op, fd, &ev) == 0)
		return 0;
	if (errno == EPERM && want != 0)
		return poller_always_set(&p->always, fd, want, tag);
	return -errno;
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

	if (p->always.count > 0) {
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
	return got + poller_always_fill(&p->always, out + got, max - got);
}

const struct poller_ops poller_epoll_ops = {
	.name = "epoll",
	.open = epoll_open,
	.set = epoll_set,
	.wait = epoll_wait_rows,
	.close = epoll_close,
};
