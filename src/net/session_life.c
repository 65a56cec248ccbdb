/*
 * Birth, the owner's calls, and the end of a session.
 */
#include "base/arena.h"
#include "net/session_priv.h"

static void
session_ready(struct watch *w, unsigned ready)
{
	session_run(w->arg, ready);
}

static void
session_later(struct deferred *d)
{
	session_run(d->arg, 0);
}

void
session_poke(struct session *s)
{
	if (!s->running)
		loop_defer(s->loop, &s->later, session_later, s);
}

void
session_ring(struct timer *t)
{
	struct session *s = t->arg;
	int64_t now = loop_now(s->loop);

	if (s->cut_at <= now)
		session_over(s, ENGINE_WHY_TIMEOUT);
	else if (s->engine->ops->deadline(s->engine) <= now)
		s->due = true;
	session_run(s, 0);
}

void
session_watch(struct session *s)
{
	loop_watch(s->loop, &s->watch, s->stream->fd, 0, session_ready, s);
}

struct session *
session_new(struct loop *l, struct stream *stream, struct engine *engine,
    const struct session_ops *ops, void *owner)
{
	struct session *s = mem_get(sizeof(*s));

	memset(s, 0, sizeof(*s));
	s->loop = l;
	s->stream = stream;
	s->engine = engine;
	s->ops = ops;
	s->owner = owner;
	s->window = 65536;
	s->cut_at = ENGINE_NEVER;
	s->offer = true;
	s->heard_ms = loop_now(l);
	session_watch(s);
	session_poke(s);
	return s;
}

void
session_preload(struct session *s, struct slice unread)
{
	if (unread.n == 0 || s->kept)
		return;
	s->kept = mem_get(unread.n);
	memcpy(s->kept, unread.p, unread.n);
	s->kept_n = s->kept_cap = (uint32_t)unread.n;
	s->received = unread.n;
}

void
session_traffic(const struct session *s, uint64_t *received, uint64_t *sent)
{
	*received = s->received;
	*sent = s->sent;
}

void *
session_owner(const struct session *s)
{
	return s->owner;
}

struct loop *
session_loop(const struct session *s)
{
	return s->loop;
}

struct stream *
session_stream(const struct session *s)
{
	return s->stream;
}

int64_t
session_heard_ms(const struct session *s)
{
	return s->heard_ms;
}

const struct fault *
session_fault(const struct session *s)
{
	return s->fault;
}

/* The engine was called: it may go on now. */
static void
session_called(struct session *s)
{
	s->offer = true;
	s->moved = true;
	session_poke(s);
}

void
session_answer(struct session *s, const struct engine_answer *a)
{
	if (s->over)
		return;
	s->engine->ops->answer(s->engine, a, loop_now(s->loop));
	session_called(s);
}

void
session_resume(struct session *s)
{
	s->body_waits = false;
	if (!s->over)
		session_called(s);
}

void
session_event(struct session *s, const struct engine_event *ev)
{
	if (s->over)
		return;
	s->engine->ops->event(s->engine, ev, loop_now(s->loop));
	session_called(s);
}

void
session_abort(struct session *s)
{
	if (s->over)
		return;
	session_over(s, ENGINE_WHY_TROUBLE);
	session_poke(s);
}

struct stream *
session_release(struct session *s)
{
	struct stream *stream = s->stream;

	if (s->released)
		return NULL;
	loop_forget(&s->watch);
	s->released = true;
	session_over(s, ENGINE_WHY_NONE);
	session_poke(s);
	return stream;
}

/* --- the end ----------------------------------------------------------------------------- */

static void
session_gone(struct deferred *d)
{
	struct session *s = d->arg;

	mem_free(s->kept);
	mem_free(s->fault);
	mem_free(s);
}

static void
session_close(struct session *s)
{
	loop_forget(&s->watch);
	loop_timer_stop(s->loop, &s->timer);
	loop_defer_stop(&s->later);
	if (!s->released)
		s->stream->ops->free(s->stream);
	s->stream = NULL;
	loop_defer(s->loop, &s->later, session_gone, s);
}

static void
linger_over(struct timer *t)
{
	session_close(t->arg);
}

static void
linger_ready(struct watch *w, unsigned ready)
{
	struct session *s = w->arg;
	struct stream *lowest = s->stream;
	unsigned char sink[4096];
	struct fault f;
	size_t n = 0;
	enum st st;

	(void)ready;
	while (lowest->below)
		lowest = lowest->below;
	st = lowest->ops->read(lowest, sink, sizeof(sink), &n, &f);
	if (st == ST_AGAIN)
		return;
	s->lingered += (uint32_t)n;
	if (st != ST_OK || s->lingered > SESSION_LINGER_BYTES)
		session_close(s);
}

/*
 * Closing a TCP socket while the peer still sends answers with a reset, which may overtake our last
 * reply. So after a reply the peer does not expect, we say our end and wait a little for his.
 */
static bool
session_should_linger(const struct session *s)
{
	return s->said_all && !s->eof && s->why != ENGINE_WHY_QUIT && s->why != ENGINE_WHY_EOF &&
	       s->why != ENGINE_WHY_TIMEOUT;
}

void
session_end(struct session *s)
{
	if (s->released) {
		session_close(s);
		return;
	}
	loop_forget(&s->watch);
	loop_timer_stop(s->loop, &s->timer);
	loop_defer_stop(&s->later);
	if (s->said_all)
		(void)s->stream->ops->shut(s->stream);
	s->ops->closed(s, s->why);
	s->engine = NULL;
	if (!session_should_linger(s)) {
		session_close(s);
		return;
	}
	loop_watch(s->loop, &s->watch, s->stream->fd, POLLER_READ, linger_ready, s);
	loop_timer_at(s->loop, &s->timer, loop_now(s->loop) + SESSION_LINGER_MS, linger_over, s);
}
