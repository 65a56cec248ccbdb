/*
 * The lines that say what became of messages: docs/QUEUE.md, "Segments".
 */
#include <string.h>

#include "base/num.h"
#include "queue/queue_int.h"

/* ---- writing ---- */

void
line_result(struct buf *out, const struct message *m, uint32_t number, char kind)
{
	const struct queue_rcpt *r = &m->pub.rcpts[number];
	struct slice peer = queue_note_peer(r->note);

	buf_fmt(out, "R %s %lu %c %lld %u.%u.%u ", m->pub.id, (unsigned long)number, kind,
	    (long long)r->last_sec, r->esc[0], r->esc[1], r->esc[2]);
	text_put(out, peer.n ? peer : SL("-"), true);
	buf_put_byte(out, ' ');
	text_put(out, queue_note_text(r->note), false);
	buf_put_byte(out, '\n');
}

void
line_schedule(struct buf *out, const struct message *m)
{
	buf_fmt(out, "N %s %lld %lu\n", m->pub.id, (long long)m->pub.next_sec,
	    (unsigned long)m->pub.attempts);
}

void
line_reported(struct buf *out, const char *id, const char *report_id, const struct message *m,
    const uint32_t *rcpts, uint32_t count)
{
	buf_fmt(out, "B %s %s ", id, report_id);
	for (uint32_t i = 0, said = 0; i < count; i++)
		if (rcpts[i] < m->pub.rcpt_count)
			buf_fmt(out, "%s%lu", said++ ? "," : "", (unsigned long)rcpts[i]);
	buf_put_byte(out, '\n');
}

void
line_word(struct buf *out, char kind, const char *id)
{
	buf_fmt(out, "%c %s\n", kind, id);
}

void
line_cancel(struct buf *out, const struct message *m, uint32_t uid, struct slice reason)
{
	buf_fmt(out, "X %s %lu ", m->pub.id, (unsigned long)uid);
	text_put(out, reason, false);
	buf_put_byte(out, '\n');
}

static char
result_kind(const struct queue_rcpt *r)
{
	return r->state == QUEUE_SENT ? 'S' : r->state == QUEUE_FAILED ? 'F' : 'D';
}

void
lines_compact(struct buf *out, const struct message *m)
{
	for (uint32_t i = 0; i < m->pub.rcpt_count; i++) {
		const struct queue_rcpt *r = &m->pub.rcpts[i];

		/* A warning was about one still owed, so it stands before the final result. */
		if (r->warned)
			line_reported(out, m->pub.id, "-", m, &i, 1);
		if (r->last_sec || r->state != QUEUE_OWED)
			line_result(out, m, i, result_kind(r));
		if (r->reported)
			line_reported(out, m->pub.id, "-", m, &i, 1);
	}
	if (m->pub.attempts || m->pub.next_sec)
		line_schedule(out, m);
	if (m->pub.cancelled)
		line_cancel(out, m, 0, queue_note_text(m->pub.cancel_reason));
}

/* Where a line about m goes; *from is where it will begin. */
struct buf *
lines_begin(struct message *m, size_t *from)
{
	struct buf *b = &m->pub.queue->lines;

	*from = b->n;
	return b;
}

/*
 * The lines from `from` on speak of m. While m stands in the log they belong there; once it moves
 * they (also) belong to .env, which is what a start reads.
 */
void
lines_changed(struct message *m, size_t from)
{
	struct queue *q = m->pub.queue;
	struct slice fresh = sl_skip(buf_slice(&q->lines), from);

	if (m->place == PLACE_MSGS || m->busy) {
		if (!m->lines) {
			m->lines = mem_get(sizeof(*m->lines));
			buf_init(m->lines, 64u << 20);
		}
		buf_put(m->lines, fresh);
		if (!list_is_linked(&m->dirty))
			list_append(&q->dirty, &m->dirty);
		appender_look(q, false);
	}
	if (m->place == PLACE_MSGS)
		buf_cut(&q->lines, from);
	else
		commit_kick(q);
}

/* ---- reading ---- */

static bool
cut_number(struct slice *rest, uint64_t max, uint64_t *v)
{
	struct slice word;

	sl_cut(rest, ' ', &word);
	return num_u64(word, max, v);
}

bool
line_cut(struct slice line, char *kind, struct queue_id *id, struct slice *rest)
{
	struct slice word;

	if (line.n < 3 || line.p[1] != ' ')
		return false;
	*kind = (char)line.p[0];
	*rest = sl_skip(line, 2);
	sl_cut(rest, ' ', &word);
	return queue_id_parse(word, id) == ST_OK && sl_find(SL("RNBVCX"), line.p[0]) < 6;
}

static bool
get_code(struct slice word, uint8_t esc[3])
{
	struct slice part;
	uint64_t v;

	for (int i = 0; i < 3; i++) {
		sl_cut(&word, '.', &part);
		if (!num_u64(part, 255, &v))
			return false;
		esc[i] = (uint8_t)v;
	}
	return word.n == 0;
}

static bool
apply_result(struct arena *a, struct message *m, struct slice rest)
{
	struct slice kind, code, peer, text;
	uint64_t number, sec;
	uint8_t esc[3];
	struct queue_rcpt *r;

	if (!cut_number(&rest, UINT32_MAX, &number) || number >= m->pub.rcpt_count)
		return false;
	sl_cut(&rest, ' ', &kind);
	if (kind.n != 1 || !cut_number(&rest, INT64_MAX, &sec))
		return false;
	sl_cut(&rest, ' ', &code);
	sl_cut(&rest, ' ', &peer);
	if (!get_code(code, esc) || !text_get(a, peer, &peer) || !text_get(a, rest, &text))
		return false;
	r = &m->pub.rcpts[number];
	if (kind.p[0] != 'D' && r->state == QUEUE_OWED) {
		r->state = kind.p[0] == 'S' ? QUEUE_SENT : QUEUE_FAILED;
		m->pub.owed_count--;
	}
	r->last_sec = (int64_t)sec;
	memcpy(r->esc, esc, sizeof(r->esc));
	note_drop(m->pub.queue, r->note);
	r->note = note_get(m->pub.queue, sl_eq(peer, SL("-")) ? SL_NONE : peer, text);
	return true;
}

static bool
apply_reported(struct message *m, struct slice rest)
{
	struct slice report, word;
	uint64_t number;

	sl_cut(&rest, ' ', &report);
	while (rest.n) {
		sl_cut(&rest, ',', &word);
		if (!num_u64(word, UINT32_MAX, &number) || number >= m->pub.rcpt_count)
			return false;
		struct queue_rcpt *r = &m->pub.rcpts[number];
		if (r->state == QUEUE_OWED)
			r->warned = true;
		else
			r->reported = true;
	}
	return true;
}

static bool
apply_cancel(struct arena *a, struct message *m, struct slice rest)
{
	struct slice reason;
	uint64_t uid;

	if (!cut_number(&rest, UINT32_MAX, &uid) || !text_get(a, rest, &reason))
		return false;
	m->pub.cancelled = true;
	note_drop(m->pub.queue, m->pub.cancel_reason);
	m->pub.cancel_reason = note_get(m->pub.queue, SL_NONE, reason);
	return true;
}

bool
line_apply(struct arena *a, struct message *m, char kind, struct slice rest)
{
	uint64_t next, attempts;

	switch (kind) {
	case 'R':
		return apply_result(a, m, rest);
	case 'B':
		return apply_reported(m, rest);
	case 'N':
		if (!cut_number(&rest, INT64_MAX, &next) || !num_u64(rest, UINT32_MAX, &attempts))
			return false;
		m->pub.next_sec = (int64_t)next;
		m->pub.attempts = (uint32_t)attempts;
		return true;
	case 'X':
		return apply_cancel(a, m, rest);
	}
	return false;
}
