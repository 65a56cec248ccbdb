/*
 * The driver without sockets, and an owner that has what it is asked for.
 */
#include "smtp/tests/client_world.h"

#include "smtp/stuff.h"

#define WIRE_MAX ((size_t)64 << 20)

static const struct engine_ops *
ops(const struct cworld *w)
{
	return smtp_client_engine(w->c)->ops;
}

static struct engine *
engine(const struct cworld *w)
{
	return smtp_client_engine(w->c);
}

void
cworld_init(struct cworld *w)
{
	*w = (struct cworld){.now_ms = 1000, .messages = 1};
	w->arena = arena_new("client world", 1 << 20);
	smtp_client_opts_init(&w->opts, SL("client.example"));
	w->message.rcpts = w->rcpts;
	buf_init(&w->wire, WIRE_MAX);
	buf_init(&w->said, WIRE_MAX);
	buf_init(&w->input, WIRE_MAX);
}

void
cworld_fini(struct cworld *w)
{
	if (w->c)
		smtp_client_free(w->c);
	buf_fini(&w->wire);
	buf_fini(&w->said);
	buf_fini(&w->input);
	arena_free(w->arena);
}

/* ---- the owner ---- */

static void
take_results(struct cworld *w, const struct smtp_client_result *r)
{
	for (size_t i = 0; i < r->rcpt_count && i < CWORLD_RCPTS; i++)
		w->results[i] = r->rcpts[i];
	w->untouched = r->untouched;
	w->will_report = r->will_report;
}

static void
give(struct cworld *w, uint32_t number)
{
	struct engine_answer a = {.number = number, .detail = &w->message};

	w->messages--;
	ops(w)->answer(engine(w), &a, w->now_ms);
}

static void
on_ask(struct cworld *w, const struct engine_ask *q)
{
	struct engine_answer a = {.number = q->number};
	struct smtp_client_content converted = w->message.content;

	w->asked++;
	switch (q->kind) {
	case SMTP_CLIENT_ASK_NEXT:
		if (w->messages == 0) {
			w->next = q->number;
			return;
		}
		give(w, q->number);
		return;
	case SMTP_CLIENT_ASK_CONVERT:
		w->converted++;
		if (w->convert == CWORLD_CONVERTS)
			a.detail = &converted;
		else
			fault_set(&a.fault, ST_PERM, "5.6.3", "cannot be made 7 bit");
		break;
	case SMTP_CLIENT_ASK_CHECK:
		w->checked++;
		if (w->is_wrong)
			fault_set(&a.fault, ST_TEMP, "4.3.0", "it is not the message");
		break;
	default:
		w->done++;
		take_results(w, q->detail);
		break;
	}
	ops(w)->answer(engine(w), &a, w->now_ms);
}

static bool
take_output(struct cworld *w)
{
	struct engine_piece pieces[4];
	size_t n = ops(w)->output(engine(w), pieces, 4);
	uint64_t taken = 0;

	for (size_t i = 0; i < n; i++) {
		const struct engine_piece *p = &pieces[i];

		if (p->handle) {
			uint64_t length = w->slow && w->room < p->length ? w->room : p->length;

			buf_put(&w->said, sl_sub(buf_slice(&w->wire), (size_t)p->offset,
					      (size_t)(p->offset + length)));
			taken += length;
			w->room -= w->slow ? length : 0;
			if (length < p->length)
				break;
		} else {
			buf_put(&w->said, p->bytes);
			taken += p->bytes.n;
		}
	}
	if (taken)
		ops(w)->output_taken(engine(w), taken, w->now_ms);
	return taken > 0;
}

static bool
is_open(const struct cworld *w)
{
	return ops(w)->state(engine(w)).phase == ENGINE_OPEN;
}

/* The turn of docs/ENGINE.md. */
static void
turn(struct cworld *w)
{
	struct engine_ask q;
	uint32_t number;
	bool moved = true;

	while (moved) {
		moved = false;
		if (is_open(w) && (w->input.n || w->eof)) {
			size_t n = ops(w)->feed(
			    engine(w), buf_slice(&w->input), w->eof, w->now_ms);

			buf_drop(&w->input, n);
			moved = n > 0;
		}
		while (ops(w)->cancelled(engine(w), &number)) {
			if (number == w->next)
				w->next = 0;
			moved = true;
		}
		while (ops(w)->ask(engine(w), &q)) {
			on_ask(w, &q);
			moved = true;
		}
		if (!moved)
			moved = take_output(w);
		if (!is_open(w))
			buf_clear(&w->input); /* rules for drivers 1 and 3 */
	}
}

/* ---- the driver ---- */

void
cworld_begin(struct cworld *w)
{
	struct smtp_stuff stuff = {.in_line = false};

	smtp_stuff_put(&stuff, w->content, &w->wire);
	smtp_stuff_end(&stuff, &w->wire);
	w->message.content = (struct smtp_client_content){.handle = CWORLD_HANDLE,
	    .size_bytes = w->content.n, .wire_bytes = w->wire.n, .is_checked = !w->checks_itself};
	w->c = smtp_client_new(w->arena, &w->opts, w->now_ms);
	turn(w);
}

void
cworld_hear(struct cworld *w, struct slice in, size_t chunk)
{
	while (in.n) {
		size_t n = chunk && chunk < in.n ? chunk : in.n;

		/* What comes behind the reply to STARTTLS in one piece must be thrown away; what
		 * comes later is the handshake's. */
		if (ops(w)->state(engine(w)).phase == ENGINE_WANTS_TLS)
			return;
		buf_put(&w->input, sl_sub(in, 0, n));
		in = sl_skip(in, n);
		turn(w);
	}
}

void
cworld_shut(struct cworld *w)
{
	w->eof = true;
	turn(w);
}

bool
cworld_start_tls(struct cworld *w)
{
	static const struct engine_tls facts = {
	    .version = "TLSv1.3", .cipher = "test", .bits = 256};
	struct engine_event ev = {.kind = ENGINE_TLS_ON, .detail = &facts};

	if (ops(w)->state(engine(w)).phase != ENGINE_WANTS_TLS)
		return false;
	ops(w)->event(engine(w), &ev, w->now_ms);
	turn(w);
	return true;
}

void
cworld_event(struct cworld *w, enum engine_event_kind kind)
{
	ops(w)->event(engine(w), &(struct engine_event){.kind = kind}, w->now_ms);
	turn(w);
}

void
cworld_take(struct cworld *w, uint64_t n)
{
	w->room += n;
	turn(w);
}

bool
cworld_next(struct cworld *w)
{
	uint32_t number = w->next;

	if (!number)
		return false;
	w->next = 0;
	w->messages++;
	give(w, number);
	turn(w);
	return true;
}

void
cworld_wait(struct cworld *w, int64_t ms)
{
	int64_t end = w->now_ms + ms, at;

	while (is_open(w) && (at = ops(w)->deadline(engine(w))) <= end) {
		w->now_ms = at > w->now_ms ? at : w->now_ms;
		(void)ops(w)->feed(engine(w), SL_NONE, false, w->now_ms);
		turn(w);
		if (is_open(w) && ops(w)->deadline(engine(w)) <= w->now_ms)
			w->now_ms++;
	}
	w->now_ms = end;
}

bool
cworld_is_closed(const struct cworld *w, enum engine_why *why)
{
	struct engine_state s = ops(w)->state(engine(w));

	*why = s.why;
	return s.phase == ENGINE_CLOSING;
}

bool
cworld_cut(struct cworld *w)
{
	struct fault f;
	const struct smtp_client_result *r;

	fault_set(&f, ST_TEMP, "4.4.2", "the connection is gone");
	if (smtp_client_trouble(w->c)->st != ST_OK)
		f = *smtp_client_trouble(w->c);
	r = smtp_client_result(w->c, &f);
	if (r)
		take_results(w, r);
	return r != NULL;
}
