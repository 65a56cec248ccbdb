/*
 * The descriptors and timers of the name server transport.
 */
#include "net/dns_loop.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "ext/dns_cares.h"

#define DNS_TIMEOUT_MS 3000
#define DNS_TRIES 3

/* A descriptor the library has opened. */
struct dns_watch {
	struct list_node node;
	struct watch watch;
	struct dns_loop *d;
};

struct dns_loop {
	struct loop *loop;
	struct dns_link *link;
	struct list watches;
	struct timer timer;
	struct deferred later;
	struct list early; /* answered inside dns_link_ask */
};

/* Lives as long as the library has the question; call is NULL when nobody waits any more. */
struct asked {
	struct list_node node; /* dns_loop.early */
	struct dns_loop *d;
	struct dns_call *call;
	bool inside; /* dns_link_ask has not returned */
	struct fault fault;
	struct buf reply;
};

static void
rearm(struct dns_loop *d)
{
	int64_t wait = dns_link_wait_ms(d->link);

	if (wait < 0)
		loop_timer_stop(d->loop, &d->timer);
	else
		loop_timer_at(d->loop, &d->timer, loop_now(d->loop) + wait, d->timer.fn, d);
}

static void
due(struct timer *t)
{
	struct dns_loop *d = t->arg;

	dns_link_due(d->link);
	rearm(d);
}

static void
ready(struct watch *w, unsigned what)
{
	struct dns_watch *dw = w->arg;
	struct dns_loop *d = dw->d; /* dw may go meanwhile */
	bool write = (what & POLLER_WRITE) != 0;

	dns_link_ready(d->link, w->fd, !write || (what & (POLLER_READ | POLLER_HUP)) != 0, write);
	rearm(d);
}

static void
on_watch(void *arg, int fd, bool read, bool write)
{
	struct dns_loop *d = arg;
	unsigned want = (read ? POLLER_READ : 0u) | (write ? POLLER_WRITE : 0u);
	struct dns_watch *dw = NULL;

	LIST_EACH (&d->watches, n)
		if (CONTAINER_OF(n, struct dns_watch, node)->watch.fd == fd)
			dw = CONTAINER_OF(n, struct dns_watch, node);
	if (dw && want) {
		loop_want(&dw->watch, want);
	} else if (dw) {
		loop_forget(&dw->watch);
		list_remove(&dw->node);
		mem_free(dw);
	} else if (want) {
		dw = mem_get(sizeof(*dw));
		dw->d = d;
		list_node_init(&dw->node);
		list_append(&d->watches, &dw->node);
		loop_watch(d->loop, &dw->watch, fd, want, ready, dw);
	}
}

enum st
dns_loop_new(struct loop *l, const char *servers, struct dns_loop **out, struct fault *f)
{
	struct dns_loop *d = mem_get(sizeof(*d));
	enum st st;

	d->loop = l;
	d->timer.fn = due;
	list_init(&d->watches);
	list_init(&d->early);
	st = dns_link_new(&(struct dns_link_opts){.servers = servers, .timeout_ms = DNS_TIMEOUT_MS,
			      .tries = DNS_TRIES, .watch = on_watch, .arg = d}, &d->link, f);
	if (st != ST_OK) {
		mem_free(d);
		return st;
	}
	*out = d;
	return ST_OK;
}

/* ---- questions ---- */

static void
finish(struct asked *a, struct slice reply, const struct fault *f)
{
	struct dns_call *call = a->call;

	buf_fini(&a->reply);
	mem_free(a);
	if (!call)
		return;
	call->under_way = NULL;
	call->fn(call, reply, f);
}

static void
tell_early(struct deferred *later)
{
	struct dns_loop *d = later->arg;
	struct list_node *n;

	while ((n = list_first(&d->early))) {
		struct asked *a = CONTAINER_OF(n, struct asked, node);
		struct buf reply = a->reply;
		struct fault f = a->fault;

		list_remove(n);
		buf_init(&a->reply, 0);
		finish(a, buf_slice(&reply), &f);
		buf_fini(&reply);
	}
}

void
dns_loop_free(struct dns_loop *d)
{
	if (!d)
		return;
	dns_link_free(d->link);
	d->later.arg = d;
	tell_early(&d->later);
	loop_timer_stop(d->loop, &d->timer);
	loop_defer_stop(&d->later);
	mem_free(d);
}

static void
answered(void *arg, struct slice reply, const struct fault *f)
{
	struct asked *a = arg;

	if (!a->inside) {
		finish(a, reply, f);
		return;
	}
	a->fault = *f;
	buf_put(&a->reply, reply);
	list_append(&a->d->early, &a->node);
	loop_defer(a->d->loop, &a->d->later, tell_early, a->d);
}

void
dns_loop_ask(struct dns_loop *d, struct dns_call *call, struct slice query)
{
	struct asked *a = mem_get(sizeof(*a));

	a->d = d;
	a->call = call;
	a->inside = true;
	list_node_init(&a->node);
	buf_init(&a->reply, 65536);
	call->under_way = a;
	dns_link_ask(d->link, query, answered, a);
	if (!list_is_linked(&a->node))
		a->inside = false;
	rearm(d);
}

void
dns_loop_cancel(struct dns_call *call)
{
	if (call->under_way)
		((struct asked *)call->under_way)->call = NULL;
	call->under_way = NULL;
}
