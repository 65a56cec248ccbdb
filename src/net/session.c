/*
 * The driver of all engines (docs/ENGINE.md). session_run is the turn of that page: everything that
 * changes an engine leads there, and it never runs inside itself or inside an owner's call.
 *
 * Input is read into one buffer of the process and fed from there; only what an engine would not
 * take is copied to the session. Output of many pieces is gathered in a second such buffer and
 * leaves in one write. So an idle session owns this struct and nothing else.
 */
#include "net/session.h"

#include "base/arena.h"
#include "net/session_priv.h"

/* Room for both directions; also the most unread input a session keeps. */
#define SESSION_ROOM 65536
static unsigned char read_room[SESSION_ROOM];
static unsigned char write_room[SESSION_ROOM];

/* A turn reads and writes so much at most; then other sessions have their turn. */
#define TURN_READS 4
#define TURN_WRITES 4

#define PIECES 16

/*
 * The least that is gathered for a peer that takes little at a time: what is read again is wasted.
 */
#define WINDOW_MIN 16384

struct turn {
	struct slice in; /* input not yet taken: in read_room or in s->kept */
	bool readable;
	bool fed_deadline;
	unsigned reads, writes;
};

static int64_t
session_now(const struct session *s)
{
	return loop_now(s->loop);
}

static enum engine_phase
session_phase(const struct session *s)
{
	return s->engine->ops->state(s->engine).phase;
}

/* Something that may let the engine go on has happened to it. */
static void
session_touched(struct session *s)
{
	s->offer = true;
	s->moved = true;
}

void
session_over(struct session *s, enum engine_why why)
{
	if (s->over)
		return;
	s->over = true;
	s->why = why;
}

static void
session_failed(struct session *s, const struct fault *f)
{
	if (s->fault)
		return;
	s->fault = mem_get(sizeof(*s->fault));
	*s->fault = *f;
}

/* --- input ------------------------------------------------------------------------------- */

static bool
session_may_read(const struct session *s, size_t held)
{
	return !s->over && !s->eof && !s->handed && !s->body_waits && held < SESSION_ROOM &&
	       session_phase(s) == ENGINE_OPEN;
}

/* Makes s->kept hold exactly `in` at its front, with room for more; in may lie in either buffer. */
static void
session_keep(struct session *s, struct slice in, size_t room)
{
	bool inside = s->kept && in.p >= s->kept && in.p <= s->kept + s->kept_cap;

	if (in.n + room == 0) {
		mem_free(s->kept);
		s->kept = NULL;
		s->kept_n = s->kept_cap = 0;
		return;
	}
	if (inside && in.p != s->kept)
		memmove(s->kept, in.p, in.n);
	if (in.n + room > s->kept_cap) {
		s->kept = mem_resize(s->kept, in.n + room);
		s->kept_cap = (uint32_t)(in.n + room);
	}
	if (!inside && in.n > 0)
		memcpy(s->kept, in.p, in.n);
	s->kept_n = (uint32_t)in.n;
}

/* Reads once, behind what is held. */
static void
step_read(struct session *s, struct turn *t)
{
	unsigned char *p = read_room;
	size_t max = sizeof(read_room), n = 0;
	struct fault f = FAULT_NONE;
	enum st st;

	if (!t->readable || t->reads >= TURN_READS || !session_may_read(s, t->in.n))
		return;
	if (t->in.n > 0) {
		max = SESSION_ROOM - t->in.n;
		if (max > WINDOW_MIN)
			max = WINDOW_MIN;
		session_keep(s, t->in, max);
		t->in.p = s->kept;
		p = s->kept + t->in.n;
	}
	t->reads++;
	st = s->stream->ops->read(s->stream, p, max, &n, &f);
	t->readable = st == ST_OK && (n == max || s->stream->ops->pending(s->stream));
	switch (st) {
	case ST_OK:
		s->received += n;
		s->heard_ms = session_now(s);
		t->in = t->in.n > 0 ? sl_mem(s->kept, t->in.n + n) : sl_mem(p, n);
		session_touched(s);
		break;
	case ST_AGAIN:
		break;
	default:
		/* A reset is an end as well: the engine takes back what it had begun. */
		if (st != ST_EOF)
			session_failed(s, &f);
		s->eof = s->eof_due = true;
		session_touched(s);
		break;
	}
}

static void
step_feed(struct session *s, struct turn *t)
{
	const struct engine_ops *ops = s->engine->ops;
	size_t n;

	if (s->due) {
		s->due = false;
		t->fed_deadline = true;
		(void)ops->feed(s->engine, SL_NONE, false, session_now(s));
		session_touched(s);
	}
	if (s->shaking || !s->offer || (t->in.n == 0 && !s->eof_due) ||
	    session_phase(s) != ENGINE_OPEN)
		return;
	s->offer = false;
	n = ops->feed(s->engine, t->in, s->eof, session_now(s));
	if (n > 0 || s->eof_due)
		s->moved = true;
	/* What took some may take more; what took nothing waits for a change. */
	if (n > 0)
		s->offer = true;
	t->in = sl_skip(t->in, n);
	if (t->in.n == 0)
		s->eof_due = false;
}

/* --- questions and content --------------------------------------------------------------- */

static void
step_questions(struct session *s)
{
	const struct engine_ops *ops = s->engine->ops;
	struct engine_ask ask;
	uint32_t number;

	while (!s->over && ops->cancelled(s->engine, &number)) {
		s->moved = true;
		if (s->ops->cancelled)
			s->ops->cancelled(s, number);
	}
	while (!s->over && ops->ask(s->engine, &ask)) {
		s->moved = true;
		s->ops->ask(s, &ask);
	}
}

static void
step_body(struct session *s)
{
	const struct engine_ops *ops = s->engine->ops;
	struct slice chunk;
	size_t took;

	while (!s->over && !s->body_waits && (chunk = ops->body(s->engine)).n > 0) {
		/* Set first: the owner may say that it goes on before it has returned. */
		s->body_waits = true;
		took = s->ops->body ? s->ops->body(s, chunk) : chunk.n;
		if (took >= chunk.n) {
			took = chunk.n;
			s->body_waits = false;
		}
		if (took > 0 && !s->released) {
			ops->body_taken(s->engine, took, session_now(s));
			session_touched(s);
		}
	}
}

/* --- output ------------------------------------------------------------------------------ */

/* One slice to write, made of as many pieces as fit. Empty: the owner could not give its bytes. */
static struct slice
session_gather(struct session *s, const struct engine_piece *pieces, size_t count)
{
	size_t room = s->window, used = 0, n;

	if (pieces[0].handle == 0 && (count == 1 || pieces[0].bytes.n >= room))
		return pieces[0].bytes;
	for (size_t i = 0; i < count && used < room; i++) {
		const struct engine_piece *p = &pieces[i];

		if (p->handle == 0) {
			n = p->bytes.n < room - used ? p->bytes.n : room - used;
			memcpy(write_room + used, p->bytes.p, n);
			used += n;
			continue;
		}
		uint64_t want = p->length < room - used ? p->length : room - used;
		n = 0;
		if (want == 0)
			continue;
		if (!s->ops->piece ||
		    s->ops->piece(s, p, write_room + used, (size_t)want, &n) != ST_OK || n == 0)
			return SL_NONE;
		used += n;
		if (n < want)
			break; /* the rest of this piece goes before the next one */
	}
	return sl_mem(write_room, used);
}

/* How much the peer took tells how much to gather next time. */
static void
session_window(struct session *s, size_t tried, size_t took)
{
	size_t window = took < tried ? took * 2 : tried >= s->window ? s->window * 2u : s->window;

	if (window < WINDOW_MIN)
		window = WINDOW_MIN;
	s->window = (uint32_t)(window > SESSION_ROOM ? SESSION_ROOM : window);
}

static bool
piece_is_empty(const struct engine_piece *p)
{
	return p->handle ? p->length == 0 : p->bytes.n == 0;
}

static void
step_output(struct session *s, struct turn *t)
{
	struct engine_piece pieces[PIECES];
	struct fault f = FAULT_NONE;
	struct slice out;
	size_t count, n = 0;
	enum st st;

	if (s->over || s->shaking || s->blocked)
		return;
	count = s->engine->ops->output(s->engine, pieces, PIECES);
	while (count > 0 && piece_is_empty(&pieces[count - 1]))
		count--;
	s->drained = count == 0;
	if (s->drained)
		return;
	/* Others first: the descriptor is reported writable again in the next turn. */
	if (t->writes++ >= TURN_WRITES) {
		s->blocked = true;
		return;
	}
	out = session_gather(s, pieces, count);
	if (s->over)
		return;
	if (out.n == 0) {
		session_over(s, ENGINE_WHY_TROUBLE);
		return;
	}
	st = s->stream->ops->write(s->stream, out, &n, &f);
	if (st == ST_OK) {
		session_window(s, out.n, n);
		s->sent += n;
		s->engine->ops->output_taken(s->engine, n, session_now(s));
		s->cut_at = ENGINE_NEVER;
		session_touched(s);
	} else if (st == ST_AGAIN) {
		session_window(s, out.n, 0);
		s->blocked = true;
	} else {
		session_failed(s, &f);
		session_over(s, ENGINE_WHY_EOF);
	}
}

/* --- TLS --------------------------------------------------------------------------------- */

/*
 * One more step of the handshake; it runs inside read. What comes with its end is the first input.
 */
static void
step_handshake(struct session *s, struct turn *t)
{
	struct engine_event ev = {.kind = ENGINE_TLS_ON};
	struct engine_tls facts;
	struct fault f = FAULT_NONE;
	size_t n = 0;
	enum st st;

	if (s->over || !s->shaking)
		return;
	if (session_phase(s) == ENGINE_CLOSING) {
		session_over(s, s->engine->ops->state(s->engine).why);
		return;
	}
	st = s->stream->ops->read(s->stream, read_room, sizeof(read_room), &n, &f);
	if (st == ST_EOF || st == ST_IO) {
		if (st == ST_IO)
			session_failed(s, &f);
		session_over(s, st == ST_EOF ? ENGINE_WHY_EOF : ENGINE_WHY_PROTOCOL);
		return;
	}
	if (st != ST_OK && st != ST_AGAIN) {
		session_failed(s, &f);
		session_over(s, ENGINE_WHY_PROTOCOL);
		return;
	}
	if (!s->ops->secure->facts(s->stream, &facts))
		return;
	s->shaking = false;
	s->cut_at = ENGINE_NEVER;
	t->in = sl_mem(read_room, n);
	s->received += n;
	ev.detail = &facts;
	s->engine->ops->event(s->engine, &ev, session_now(s));
	session_touched(s);
}

void
session_start_tls(struct session *s, struct tls_context *ctx)
{
	const char *name = s->ops->tls_name ? s->ops->tls_name(s) : NULL;
	/* A transcript shows what is said, so TLS goes below it. */
	struct stream **at = s->stream->below ? &s->stream->below : &s->stream;

	*at = s->ops->tls_name ? s->ops->secure->client(ctx, *at, name)
			       : s->ops->secure->server(ctx, *at);
	s->shaking = true;
	s->cut_at = session_now(s) + SESSION_HANDSHAKE_MS;
	session_poke(s);
}

static void
session_upgrade(struct session *s, struct turn *t)
{
	struct tls_context *ctx = s->ops->tls ? s->ops->tls(s) : NULL;

	if (s->over)
		return;
	if (!ctx || !s->ops->secure) {
		session_over(s, ENGINE_WHY_TROUBLE);
		return;
	}
	/* RFC 3207 section 4.2: what came before the handshake is not read after it. */
	t->in = SL_NONE;
	s->eof_due = false;
	session_start_tls(s, ctx);
	s->moved = true;
}

/* --- the turn ---------------------------------------------------------------------------- */

/* The engine is not open and its output has left: what now? */
static void
step_phase(struct session *s, struct turn *t)
{
	struct engine_state state;

	if (s->over || s->shaking)
		return;
	state = s->engine->ops->state(s->engine);
	if (state.phase == ENGINE_CLOSING)
		t->in = SL_NONE;
	if (state.phase != ENGINE_WANTS_HANDOFF && s->handed) {
		s->handed = false; /* nobody took it, and the engine goes on */
		session_watch(s);
	}
	if (state.phase == ENGINE_OPEN || !s->drained)
		return;
	switch (state.phase) {
	case ENGINE_WANTS_TLS:
		session_upgrade(s, t);
		break;
	case ENGINE_WANTS_HANDOFF:
		if (!s->handed) {
			s->handed = true;
			loop_forget(&s->watch); /* before the descriptor is sent to anybody */
			s->ops->handoff(s, t->in);
		}
		break;
	default:
		s->said_all = true;
		session_over(s, state.why);
		break;
	}
}

/* What to wait for: descriptor, deadline. */
static void
session_settle(struct session *s, const struct turn *t)
{
	const struct stream_ops *ops = s->stream->ops;
	int64_t now = session_now(s), at = s->engine->ops->deadline(s->engine);
	unsigned want = s->blocked ? POLLER_WRITE : 0;
	bool reads = s->shaking || session_may_read(s, s->kept_n);

	if (reads)
		want |= POLLER_READ;
	if (!s->handed)
		loop_want(&s->watch, ops->want(s->stream, want));
	if (reads && t->readable && ops->pending(s->stream))
		session_poke(s);
	if (s->blocked && s->cut_at == ENGINE_NEVER && session_phase(s) != ENGINE_OPEN)
		s->cut_at = now + SESSION_FLUSH_MS;
	/* An engine that does not move its deadline must not spin. */
	if (t->fed_deadline && at <= now)
		at = now + SESSION_RETRY_MS;
	if (s->cut_at < at)
		at = s->cut_at;
	/*
	 * Most deadlines move away all the time: the timer is only moved when it would ring too
	 * late.
	 */
	if (at != ENGINE_NEVER && (!heap_has(&s->timer.node) || at < s->timer.node.key))
		loop_timer_at(s->loop, &s->timer, at, session_ring, s);
}

void
session_run(struct session *s, unsigned ready)
{
	struct turn t = {.in = sl_mem(s->kept, s->kept_n)};

	if (ready & (POLLER_WRITE | POLLER_HUP))
		s->blocked = false;
	t.readable = (ready & (POLLER_READ | POLLER_HUP)) != 0 ||
		     (!s->over && s->stream->ops->pending(s->stream));
	s->running = true;
	s->moved = !s->over;
	while (s->moved && !s->over) {
		s->moved = false;
		step_handshake(s, &t);
		if (!s->over)
			step_feed(s, &t);
		step_questions(s);
		step_body(s);
		/* Output last: what one packet of commands brings forth leaves in one write. */
		if (!s->moved)
			step_output(s, &t);
		if (!s->moved)
			step_phase(s, &t);
		if (!s->moved && !s->shaking)
			step_read(s, &t);
	}
	s->running = false;
	if (s->over) {
		session_end(s);
		return;
	}
	session_keep(s, t.in, 0);
	session_settle(s, &t);
}
