#include "base/tests/drive.h"

#include "base/arena.h"

#define MUCH ((size_t)1 << 30)

void
drive_init(struct drive *d, const struct drive_ops *ops, void *owner)
{
	*d = (struct drive){.now_ms = 1000, .ops = ops, .owner = owner};
}

void
drive_fini(struct drive *d)
{
	while (d->conns)
		drive_abort(d->conns);
}

/* --- answers -------------------------------------------------------------------------------- */

static void
give(struct drive_conn *c, struct drive_pending *p)
{
	struct drive_pending one = *p;

	p->number = 0;
	c->drive->ops->answer(c, &one);
}

void
drive_pend(
    struct drive_conn *c, const struct engine_ask *ask, const struct fault *f, int64_t after_ms)
{
	for (size_t i = 0; i < DRIVE_OPEN_MAX; i++) {
		struct drive_pending *p = &c->pending[i];

		if (p->number)
			continue;
		*p = (struct drive_pending){
			.number = ask->number,
			.kind = ask->kind,
			.due_ms = c->drive->now_ms + after_ms,
			.fault = *f,
			.detail = ask->detail,
		};
		if (after_ms == 0)
			give(c, p);
		return;
	}
	/* More questions than the contract allows: nothing answers them, the test fails. */
}

void
drive_answer(struct drive_conn *c, const struct drive_pending *p, const void *detail)
{
	struct engine_answer a = {.number = p->number, .fault = p->fault, .detail = detail};

	c->engine->ops->answer(c->engine, &a, c->drive->now_ms);
}

static void
cancelled(struct drive_conn *c, uint32_t number)
{
	for (size_t i = 0; i < DRIVE_OPEN_MAX; i++)
		if (c->pending[i].number == number)
			c->pending[i].number = 0;
}

/* --- the turn ------------------------------------------------------------------------------- */

static bool
take_output(struct drive_conn *c)
{
	struct engine_piece piece;
	bool any = false;

	while (c->engine->ops->output(c->engine, &piece, 1) == 1) {
		uint64_t n = piece.handle ? piece.length : piece.bytes.n;

		if (!piece.handle)
			buf_put(&c->out, piece.bytes);
		else if (!c->drive->ops->piece || !c->drive->ops->piece(c, &piece, &c->out))
			break;
		c->engine->ops->output_taken(c->engine, n, c->drive->now_ms);
		any = true;
	}
	return any;
}

static bool
take_body(struct drive_conn *c)
{
	bool any = false;

	for (;;) {
		struct slice chunk = c->engine->ops->body(c->engine);
		size_t n = chunk.n && c->drive->ops->body ? c->drive->ops->body(c, chunk) : 0;

		if (n == 0)
			return any;
		c->engine->ops->body_taken(c->engine, n, c->drive->now_ms);
		any = true;
	}
}

static bool
take_questions(struct drive_conn *c)
{
	struct engine_ask ask;
	uint32_t number;
	bool any = false;

	while (c->engine->ops->ask(c->engine, &ask)) {
		c->drive->ops->asked(c, &ask);
		any = true;
	}
	while (c->engine->ops->cancelled(c->engine, &number)) {
		cancelled(c, number);
		any = true;
	}
	return any;
}

/* What the state of the engine asks for, once nothing is left to send. */
static bool
follow_state(struct drive_conn *c)
{
	struct engine_state st = c->engine->ops->state(c->engine);
	struct engine *before = c->engine;

	if (st.phase == ENGINE_WANTS_TLS)
		buf_clear(&c->in); /* docs/ENGINE.md: thrown away */
	if (st.phase == ENGINE_WANTS_HANDOFF) {
		if (c->drive->ops->handoff)
			c->drive->ops->handoff(c);
		c->closed = c->engine == before &&
			    c->engine->ops->state(c->engine).phase == ENGINE_WANTS_HANDOFF;
		return !c->closed;
	}
	if (st.phase == ENGINE_CLOSING) {
		c->closed = true;
		c->why = st.why;
	}
	return false;
}

static bool
feed(struct drive_conn *c)
{
	size_t used;

	if (c->closed || c->engine->ops->state(c->engine).phase != ENGINE_OPEN || c->in.n == 0)
		return false;
	used = c->engine->ops->feed(c->engine, buf_slice(&c->in), false, c->drive->now_ms);
	buf_drop(&c->in, used);
	return used > 0;
}

static void
turn(struct drive_conn *c)
{
	bool moved = true;

	while (moved && !c->closed) {
		moved = feed(c);
		moved = take_body(c) || moved;
		moved = take_questions(c) || moved;
		moved = take_output(c) || moved;
		if (!moved)
			moved = follow_state(c);
	}
}

/* --- connections ---------------------------------------------------------------------------- */

struct drive_conn *
drive_connect(struct drive *d, struct engine *e, void *owner)
{
	struct drive_conn *c = mem_get(sizeof(*c));

	memset(c, 0, sizeof(*c));
	c->drive = d;
	c->engine = e;
	c->owner = owner;
	buf_init(&c->in, MUCH);
	buf_init(&c->out, MUCH);
	c->next = d->conns;
	d->conns = c;
	turn(c);
	return c;
}

void
drive_abort(struct drive_conn *c)
{
	struct drive_conn **at = &c->drive->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (c->drive->ops->gone)
		c->drive->ops->gone(c);
	buf_fini(&c->in);
	buf_fini(&c->out);
	mem_free(c);
}

bool
drive_wants_tls(const struct drive_conn *c)
{
	return !c->closed && c->engine->ops->state(c->engine).phase == ENGINE_WANTS_TLS;
}

void
drive_send(struct drive_conn *c, struct slice in, size_t chunk)
{
	if (drive_wants_tls(c) && in.n) {
		c->closed = true;
		c->why = ENGINE_WHY_PROTOCOL;
	}
	while (in.n && !c->closed && !drive_wants_tls(c)) {
		size_t n = chunk && chunk < in.n ? chunk : in.n;

		buf_put(&c->in, sl_sub(in, 0, n));
		in = sl_skip(in, n);
		turn(c);
	}
}

void
drive_shut(struct drive_conn *c)
{
	size_t used;

	if (c->eof || c->closed)
		return;
	c->eof = true;
	used = c->engine->ops->feed(c->engine, buf_slice(&c->in), true, c->drive->now_ms);
	buf_drop(&c->in, used);
	turn(c);
}

bool
drive_start_tls(struct drive_conn *c)
{
	static const struct engine_tls tls = {
	    .version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .bits = 256};
	struct engine_event ev = {.kind = ENGINE_TLS_ON, .detail = &tls};

	if (!drive_wants_tls(c))
		return false;
	c->engine->ops->event(c->engine, &ev, c->drive->now_ms);
	turn(c);
	return true;
}

void
drive_event(struct drive_conn *c, enum engine_event_kind kind)
{
	struct engine_event ev = {.kind = kind};

	if (c->closed)
		return;
	c->engine->ops->event(c->engine, &ev, c->drive->now_ms);
	turn(c);
}

/* --- time ----------------------------------------------------------------------------------- */

/* The earliest delayed answer of c, or NULL. */
static struct drive_pending *
pending_first(struct drive_conn *c)
{
	struct drive_pending *first = NULL;

	for (size_t i = 0; i < DRIVE_OPEN_MAX; i++)
		if (c->pending[i].number && (!first || c->pending[i].due_ms < first->due_ms))
			first = &c->pending[i];
	return first;
}

/* When c next needs us, and what for (NULL: its deadline). */
static int64_t
conn_due(struct drive_conn *c, struct drive_pending **p)
{
	int64_t deadline = c->closed ? ENGINE_NEVER : c->engine->ops->deadline(c->engine);

	*p = c->closed ? NULL : pending_first(c);
	if (*p && (*p)->due_ms <= deadline)
		return (*p)->due_ms;
	*p = NULL;
	return deadline;
}

void
drive_wait(struct drive *d, int64_t ms)
{
	int64_t end = d->now_ms + ms;

	for (;;) {
		struct drive_conn *next = NULL;
		struct drive_pending *p, *next_p = NULL;
		int64_t due = ENGINE_NEVER, t;

		for (struct drive_conn *c = d->conns; c; c = c->next) {
			t = conn_due(c, &p);
			if (t < due) {
				due = t;
				next = c;
				next_p = p;
			}
		}
		if (!next || due > end)
			break;
		if (due > d->now_ms)
			d->now_ms = due;
		if (next_p)
			give(next, next_p);
		else
			next->engine->ops->feed(next->engine, SL_NONE, false, d->now_ms);
		turn(next);
	}
	d->now_ms = end;
}

bool
drive_hurry(struct drive_conn *c)
{
	struct drive_pending *p = c->closed ? NULL : pending_first(c);
	int64_t now_ms = c->drive->now_ms;

	if (!p)
		return false;
	drive_wait(c->drive, p->due_ms > now_ms ? p->due_ms - now_ms : 0);
	return true;
}
