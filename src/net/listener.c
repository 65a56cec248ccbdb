/*
 * Accepting connections. Several processes wait on one socket: somebody else may have been faster,
 * which is no error. A turn accepts few, so that sessions which are being served go on being
 * served.
 */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/log.h"

#define LISTENER_BATCH 16

/* No descriptors or memory: connections wait in the backlog for so long. */
#define LISTENER_REST_MS 250

struct listener {
	struct loop *loop;
	struct watch watch;
	struct timer rest;
	void (*fn)(void *arg, int fd, const struct net_addr *peer);
	void *arg;
	bool paused, resting, tired; /* tired: said so in the log since the last success */
	bool *gone;                  /* set when the callback frees us */
};

static void
listener_wants(struct listener *ls)
{
	loop_want(&ls->watch, ls->paused || ls->resting ? 0 : POLLER_READ);
}

static void
rest_over(struct timer *t)
{
	struct listener *ls = t->arg;

	ls->resting = false;
	listener_wants(ls);
}

/* What accept could not do; true when the next connection may be tried at once. */
static bool
accept_failed(struct listener *ls, int sys)
{
	struct fault f;

	switch (sys) {
	case EAGAIN:
#if EWOULDBLOCK != EAGAIN
	case EWOULDBLOCK:
#endif
		return false;
	case EINTR:
	case ECONNABORTED: /* the peer went away while it waited */
	case EPROTO:
		return true;
	default:
		/*
		 * EMFILE, ENFILE, ENOBUFS, ENOMEM: the socket stays readable, so we look away for a
		 * while.
		 */
		if (!ls->tired) {
			fault_sys(&f, ST_IO, "4.3.2", sys, "accept");
			log_event(LOG_LEVEL_ERROR, "accept", KV_FAULT(&f), KV_END);
		}
		ls->tired = true;
		ls->resting = true;
		loop_timer_at(
		    ls->loop, &ls->rest, loop_now(ls->loop) + LISTENER_REST_MS, rest_over, ls);
		return false;
	}
}

static void
listener_ready(struct watch *w, unsigned ready)
{
	struct listener *ls = w->arg;
	struct net_addr peer;
	bool gone = false;

	(void)ready;
	ls->gone = &gone;
	for (int i = 0; i < LISTENER_BATCH && !ls->paused; i++) {
		int fd = net_accept(w->fd, &peer);

		if (fd < 0) {
			if (!accept_failed(ls, -fd))
				break;
			continue;
		}
		ls->tired = false;
		ls->fn(ls->arg, fd, &peer);
		if (gone)
			return;
	}
	ls->gone = NULL;
	listener_wants(ls);
}

struct listener *
listener_new(
    struct loop *l, int fd, void (*fn)(void *arg, int fd, const struct net_addr *peer), void *arg)
{
	struct listener *ls = mem_get(sizeof(*ls));
	int flags = fcntl(fd, F_GETFL);

	memset(ls, 0, sizeof(*ls));
	ls->loop = l;
	ls->fn = fn;
	ls->arg = arg;
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	loop_watch(l, &ls->watch, fd, POLLER_READ, listener_ready, ls);
	return ls;
}

void
listener_pause(struct listener *ls, bool paused)
{
	ls->paused = paused;
	listener_wants(ls);
}

void
listener_free(struct listener *ls)
{
	int fd;

	if (!ls)
		return;
	fd = ls->watch.fd;
	loop_forget(&ls->watch);
	loop_timer_stop(ls->loop, &ls->rest);
	if (ls->gone)
		*ls->gone = true;
	close(fd);
	mem_free(ls);
}
