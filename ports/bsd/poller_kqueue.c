/*
 * kqueue, level triggered (no EV_CLEAR). Reading and writing are filters of their own, so one
 * descriptor may be told in two rows. What the kernel refuses to watch because it is always ready
 * goes to a list of our own. A kqueue is not inherited by a child: the one who forks makes its own.
 */
#include "ports/poller_ops.h"

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/event.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "ports/poller_slots.h"

/* Rows of one kevent(2); the caller simply waits again for more. */
#define KQUEUE_ROWS 256

struct poller {
	int kq;
	struct poller_always always;
};

/* udata is a pointer, but for NetBSD before 10, where it is a number of the same width. */
#ifdef __NetBSD__
#include <sys/param.h>
#if __NetBSD_Version__ < 999001500
#define KQUEUE_TAG(p) ((intptr_t)(p))
#endif
#endif
#ifndef KQUEUE_TAG
#define KQUEUE_TAG(p) (p)
#endif

static int
kqueue_open(struct poller **out, unsigned fd_hint)
{
	struct poller *p = calloc(1, sizeof(*p));
	int rc;

	(void)fd_hint;
	if (!p)
		return -ENOMEM;
	p->kq = kqueue();
	if (p->kq >= 0 && fcntl(p->kq, F_SETFD, FD_CLOEXEC) == 0) {
		*out = p;
		return 0;
	}
	rc = -errno;
	if (p->kq >= 0)
		close(p->kq);
	free(p);
	return rc;
}

static void
kqueue_close(struct poller *p)
{
	if (!p)
		return;
	close(p->kq);
	poller_always_fini(&p->always);
	free(p);
}

/* One filter from was to want; a filter that is set again takes the new tag. 0 or -errno. */
static int
kqueue_filter(struct poller *p, int fd, short filter, bool was, bool want, void *tag)
{
	struct kevent change;

	if (!was && !want)
		return 0;
	EV_SET(&change, (uintptr_t)fd, filter, want ? EV_ADD | EV_ENABLE : EV_DELETE, 0, 0,
	    KQUEUE_TAG(tag));
	if (kevent(p->kq, &change, 1, NULL, 0, NULL) == 0)
		return 0;
	/* Taking away what a close took away already is no mistake. */
	return !want && (errno == ENOENT || errno == EBADF) ? 0 : -errno;
}

static int
kqueue_set(struct poller *p, int fd, unsigned was, unsigned want, void *tag)
{
	int rc;

	if (fd < 0)
		return -EBADF;
	if (poller_always_has(&p->always, fd))
		return poller_always_set(&p->always, fd, want, tag);
	rc = kqueue_filter(p, fd, EVFILT_READ, was & POLLER_READ, want & POLLER_READ, tag);
	if (rc == 0)
		rc = kqueue_filter(
		    p, fd, EVFILT_WRITE, was & POLLER_WRITE, want & POLLER_WRITE, tag);
	/* The kinds of file that have no such filter differ by system, and so does the word. */
	if (want && (rc == -EPERM || rc == -EINVAL || rc == -ENODEV || rc == -EOPNOTSUPP)) {
		kqueue_filter(p, fd, EVFILT_READ, true, false, NULL);
		kqueue_filter(p, fd, EVFILT_WRITE, true, false, NULL);
		return poller_always_set(&p->always, fd, want, tag);
	}
	return rc;
}

static int
kqueue_wait(struct poller *p, struct poller_ready *out, int max, int timeout_ms)
{
	struct kevent rows[KQUEUE_ROWS];
	struct timespec patience;
	int room = max, got;
	unsigned short most; /* int here, size_t there: this becomes either */

	if (p->always.count > 0) {
		timeout_ms = 0;
		room = max > 1 ? max / 2 : 1; /* neither kind takes the whole answer */
	}
	patience.tv_sec = timeout_ms < 0 ? 0 : timeout_ms / 1000;
	patience.tv_nsec = timeout_ms < 0 ? 0 : timeout_ms % 1000 * 1000000L;
	most = (unsigned short)(room < KQUEUE_ROWS ? room : KQUEUE_ROWS);
	got = kevent(p->kq, NULL, 0, rows, most, timeout_ms < 0 ? NULL : &patience);
	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < got; i++) {
		out[i].tag = (void *)rows[i].udata;
		out[i].what = rows[i].filter == EVFILT_WRITE ? POLLER_WRITE : POLLER_READ;
		if (rows[i].flags & (EV_EOF | EV_ERROR))
			out[i].what |= POLLER_HUP;
	}
	return got + poller_always_fill(&p->always, out + got, max - got);
}

const struct poller_ops poller_kqueue_ops = {
	.name = "kqueue",
	.open = kqueue_open,
	.set = kqueue_set,
	.wait = kqueue_wait,
	.close = kqueue_close,
};
