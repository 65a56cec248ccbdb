/*
 * The queue's log: records (what was written reads back, what was changed does not), envelopes (an
 * accepted one written again says the same), lines (a state written compactly comes back).
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "queue/queue_int.h"

/* Any bytes as a segment: reading ends somewhere, without reading beyond. */
static void
walk(struct slice file)
{
	struct record r;
	size_t at = 0;

	while (record_get(file, 0, at, &r)) {
		FUZZ_CHECK(r.end > at && r.payload_at + r.payload.n < file.n);
		at = r.end;
	}
}

static void
records(struct slice payload)
{
	struct record r;
	struct buf b;

	buf_init(&b, 1u << 20);
	for (int i = 0; i < 2; i++) {
		size_t start = record_begin(&b, RECORD_LINES);

		buf_put(&b, payload);
		record_end(&b, start, 7, 4096);
		FUZZ_CHECK(b.n % 8 == 0);
	}
	record_pad(&b, 7, 4096, 1u << 20);
	if (!buf_ok(&b)) {
		buf_fini(&b);
		return;
	}
	FUZZ_CHECK(b.n % QUEUE_BLOCK == 0);
	/* The base is part of what is summed: at another place the same bytes are no record. */
	FUZZ_CHECK(!record_get(buf_slice(&b), 7, 0, &r));
	unsigned char *whole = mem_get(4096 + b.n);
	memcpy(whole + 4096, b.p, b.n);
	struct slice file = sl_mem(whole, 4096 + b.n);
	FUZZ_CHECK(record_get(file, 7, 4096, &r));
	FUZZ_SAME(r.payload, payload);
	FUZZ_CHECK(record_get(file, 7, r.end, &r));
	FUZZ_SAME(r.payload, payload);
	FUZZ_CHECK(!record_get(file, 8, 4096, &r));
	whole[4096 + RECORD_HEAD + payload.n / 2] ^= 0x40;
	FUZZ_CHECK(!record_get(file, 7, 4096, &r));
	mem_free(whole);
	buf_fini(&b);
}

static void
texts(struct arena *a, struct slice s)
{
	struct slice back;
	struct buf b;

	for (int token = 0; token < 2; token++) {
		buf_init(&b, 4u << 20);
		text_put(&b, s, token);
		FUZZ_CHECK(sl_find(buf_slice(&b), '\n') == b.n);
		FUZZ_CHECK(!token || sl_find(buf_slice(&b), ' ') == b.n);
		FUZZ_CHECK(text_get(a, buf_slice(&b), &back));
		FUZZ_SAME(back, s);
		buf_fini(&b);
	}
	text_get(a, s, &back); /* any bytes as an escaped text */
}

/* Applies the lines of text to m. */
static void
apply(struct arena *a, struct message *m, struct slice text)
{
	struct slice line, rest;
	struct queue_id id;
	char kind;

	while (text.n) {
		sl_cut(&text, '\n', &line);
		if (line_cut(line, &kind, &id, &rest) && queue_id_same(&id, &m->w.key))
			line_apply(a, m, kind, rest);
	}
}

static void
same_state(const struct queue_message *x, const struct queue_message *y)
{
	FUZZ_CHECK(x->owed_count == y->owed_count && x->cancelled == y->cancelled);
	FUZZ_SAME(queue_note_text(x->cancel_reason), queue_note_text(y->cancel_reason));
	FUZZ_CHECK(x->attempts == y->attempts && x->next_sec == y->next_sec);
	for (uint32_t i = 0; i < x->rcpt_count; i++) {
		const struct queue_rcpt *p = &x->rcpts[i], *q = &y->rcpts[i];

		FUZZ_CHECK(p->state == q->state);
		FUZZ_CHECK(p->reported == q->reported && p->warned == q->warned);
		if (p->state == QUEUE_OWED && !p->last_sec)
			continue; /* never tried as far as a reader can tell */
		FUZZ_CHECK(p->last_sec == q->last_sec);
		FUZZ_CHECK(memcmp(p->esc, q->esc, sizeof(p->esc)) == 0);
		FUZZ_SAME(queue_note_text(p->note), queue_note_text(q->note));
		FUZZ_SAME(queue_note_peer(p->note), queue_note_peer(q->note));
	}
}

static void
states(struct queue *q, struct arena *a, const struct queue_id *id, const struct queue_envelope *e,
    struct slice text)
{
	struct fault f;
	struct message *m = message_make(q, id, e, &f), *again = message_make(q, id, e, &f);
	struct buf lines;

	if (!m || !again)
		return;
	apply(a, m, text);
	buf_init(&lines, 16u << 20);
	lines_compact(&lines, m);
	apply(a, again, buf_slice(&lines));
	same_state(&m->pub, &again->pub);
	buf_fini(&lines);
	message_free(m);
	message_free(again);
}

/* An envelope, an empty line, and lines about it. */
static void
envelope(struct queue *q, struct arena *a, struct slice text)
{
	struct queue_envelope e, back;
	enum body_place place, place_back;
	struct slice rest, nothing;
	struct queue_id id;
	struct message *m;
	struct buf b;
	struct fault f;

	if (envelope_get(a, text, &e, &place, &rest, &f) != ST_OK ||
	    queue_id_parse(e.id, &id) != ST_OK)
		return;
	m = message_make(q, &id, &e, &f);
	if (!m)
		return;
	buf_init(&b, 16u << 20);
	envelope_put(&b, m, place);
	FUZZ_CHECK(envelope_get(a, buf_slice(&b), &back, &place_back, &nothing, &f) == ST_OK);
	FUZZ_CHECK(nothing.n == 0 && place == place_back && back.rcpt_count == e.rcpt_count);
	FUZZ_SAME(back.sender, e.sender);
	FUZZ_SAME(back.auth, e.auth);
	FUZZ_SAME(back.digest, e.digest);
	FUZZ_CHECK(back.flags == e.flags && back.length == e.length && back.ret == e.ret);
	for (uint32_t i = 0; i < e.rcpt_count; i++) {
		FUZZ_SAME(back.rcpts[i].address, e.rcpts[i].address);
		FUZZ_SAME(back.rcpts[i].account, e.rcpts[i].account);
		FUZZ_SAME(back.rcpts[i].original, e.rcpts[i].original);
		FUZZ_CHECK(back.rcpts[i].notify == e.rcpts[i].notify);
	}
	buf_fini(&b);
	message_free(m);
	states(q, a, &id, &e, rest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct queue *q;
	struct arena *a = arena_new("fuzz", 64u << 20);
	struct slice s = sl_mem(data, size);

	if (!q)
		q = queue_alloc(NULL, &(struct queue_opts){ .dirfd = -1 });
	walk(s);
	records(s);
	texts(a, s);
	envelope(q, a, s);
	arena_free(a);
	return 0;
}
