/*
 * TLS for a session that is in its worker: bytes both ways between the client's TLS and one end of
 * a socketpair. A direction has a buffer only while bytes wait that the other side does not take;
 * then nothing is read for it. An end is handed on when all before it is: the client's as the end
 * of input, the worker's as close_notify.
 */
#include "daemon/login/login.h"

#include <string.h>

#include "os/poller.h"

#define CHUNK 16384
#define TURN_CHUNKS 4       /* then others have their turn */
#define LAST_WORDS_MS 30000 /* for one side, when the other has ended */
#define GOODBYE_MS 2000     /* for a worker to end a session in its protocol's words */

static unsigned char room[CHUNK];

struct way {
	struct stream *from, *to;
	unsigned char *kept; /* what `to` does not take */
	size_t kept_n, kept_at;
	bool eof;  /* from has ended */
	bool told; /* and to knows */
};

struct relay {
	struct client *c;
	struct stream *client, *worker;
	struct watch watch_client, watch_worker;
	struct timer last;
	struct deferred again;
	struct way in, out; /* from the client; to it */
	int64_t heard_ms;
	bool failed;
};

static void
relay_free(struct relay *r)
{
	struct client *c = r->c;
	struct loop *l = proc_loop(c->l->proc);

	loop_forget(&r->watch_client);
	loop_forget(&r->watch_worker);
	loop_timer_stop(l, &r->last);
	loop_defer_stop(&r->again);
	r->client->ops->free(r->client);
	r->worker->ops->free(r->worker);
	mem_free(r->in.kept);
	mem_free(r->out.kept);
	mem_free(r);
	c->relay = NULL;
	c->l->relays--;
	client_free(c);
}

/* What waits, as far as it goes. */
static void
flush(struct relay *r, struct way *w)
{
	struct fault f;

	while (w->kept) {
		size_t n = 0;
		enum st st = w->to->ops->write(
		    w->to, sl_mem(w->kept + w->kept_at, w->kept_n - w->kept_at), &n, &f);

		if (st == ST_AGAIN)
			return;
		if (st != ST_OK) {
			r->failed = true;
			return;
		}
		w->kept_at += n;
		if (w->kept_at < w->kept_n)
			continue;
		mem_free(w->kept);
		w->kept = NULL;
	}
}

static void
keep(struct way *w, struct slice rest)
{
	w->kept = mem_get(rest.n);
	memcpy(w->kept, rest.p, rest.n);
	w->kept_n = rest.n;
	w->kept_at = 0;
}

/* Moves some; true when there may be more at once. */
static bool
pump(struct relay *r, struct way *w)
{
	struct fault f;

	flush(r, w);
	for (unsigned i = 0; i < TURN_CHUNKS && !w->kept && !w->eof && !r->failed; i++) {
		size_t n = 0, gone = 0;
		enum st st = w->from->ops->read(w->from, room, sizeof(room), &n, &f);

		if (st == ST_AGAIN)
			return false;
		if (st != ST_OK) {
			w->eof = true; /* a reset is an end as well: the other side learns of it */
			break;
		}
		if (w == &r->in)
			r->heard_ms = loop_now(proc_loop(r->c->l->proc));
		st = w->to->ops->write(w->to, sl_mem(room, n), &gone, &f);
		if (st != ST_OK && st != ST_AGAIN)
			r->failed = true;
		else if (gone < n)
			keep(w, sl_mem(room + gone, n - gone));
	}
	if (w->eof && !w->kept && !w->told && !r->failed) {
		w->told = true;
		(void)w->to->ops->shut(w->to);
	}
	return !w->kept && !w->eof && !r->failed;
}

static void relay_run(struct relay *r);

static void
run_again(struct deferred *d)
{
	relay_run(d->arg);
}

static void
last_over(struct timer *t)
{
	relay_free(t->arg);
}

static unsigned
wanted(const struct stream *s, const struct way *from, const struct way *to)
{
	unsigned want = 0;

	if (!from->eof && !from->kept)
		want |= POLLER_READ;
	if (to->kept)
		want |= POLLER_WRITE;
	return s->ops->want(s, want);
}

static void
relay_run(struct relay *r)
{
	struct loop *l = proc_loop(r->c->l->proc);
	bool more = pump(r, &r->in);

	more |= pump(r, &r->out);
	/* The worker has ended and all it said is sent: nothing a client says now is heard. */
	if (r->failed || r->out.told) {
		relay_free(r);
		return;
	}
	if ((r->in.eof || r->out.eof) && !heap_has(&r->last.node))
		loop_timer_at(l, &r->last, loop_now(l) + LAST_WORDS_MS, last_over, r);
	loop_want(&r->watch_client, wanted(r->client, &r->in, &r->out));
	loop_want(&r->watch_worker, wanted(r->worker, &r->out, &r->in));
	if (more)
		loop_defer(l, &r->again, run_again, r);
}

static void
relay_ready(struct watch *w, unsigned ready)
{
	(void)ready;
	relay_run(w->arg);
}

void
relay_begin(struct client *c, struct stream *client, int worker)
{
	struct loop *l = proc_loop(c->l->proc);
	struct relay *r = mem_get(sizeof(*r));

	*r = (struct relay){
	    .c = c, .client = client, .worker = stream_fd_new(worker), .heard_ms = loop_now(l)};
	r->in = (struct way){.from = r->client, .to = r->worker};
	r->out = (struct way){.from = r->worker, .to = r->client};
	c->relay = r;
	c->stage = CLIENT_RELAYED;
	c->l->relays++;
	/* The door is needed no more: an idle relay is small. The session frees itself. */
	loop_watch(l, &r->watch_client, client->fd, 0, relay_ready, r);
	loop_watch(l, &r->watch_worker, r->worker->fd, 0, relay_ready, r);
	loop_defer(l, &r->again, run_again, r);
}

void
relay_end(struct client *c)
{
	struct loop *l = proc_loop(c->l->proc);
	struct relay *r = c->relay;

	loop_timer_at(l, &r->last, loop_now(l) + GOODBYE_MS, last_over, r);
}

int64_t
relay_heard_ms(const struct relay *r)
{
	return r->heard_ms;
}
