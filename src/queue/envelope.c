/*
 * The envelope as lines, and back: docs/QUEUE.md, "Segments".
 */
#include <string.h>

#include "base/ascii.h"
#include "base/num.h"
#include "queue/queue_int.h"

/* ---- values ---- */

static bool
needs_escape(unsigned char c, bool token)
{
	return ascii_is_ctl(c) || c == '\\' || (token && c == ' ');
}

void
text_put(struct buf *out, struct slice s, bool token)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = s.p[i];

		if (!needs_escape(c, token))
			continue;
		buf_put(out, sl_sub(s, from, i));
		buf_put(out, SL("\\x"));
		buf_put_byte(out, (unsigned char)"0123456789abcdef"[c >> 4]);
		buf_put_byte(out, (unsigned char)"0123456789abcdef"[c & 15]);
		from = i + 1;
	}
	buf_put(out, sl_skip(s, from));
}

bool
text_get(struct arena *a, struct slice in, struct slice *out)
{
	unsigned char *p;
	size_t n = 0;

	*out = in;
	if (sl_find(in, '\\') == in.n)
		return true;
	p = arena_get(a, in.n);
	if (!p)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] != '\\') {
			p[n++] = in.p[i];
			continue;
		}
		if (in.n - i < 4 || in.p[i + 1] != 'x' || ascii_hex_value(in.p[i + 2]) < 0 ||
		    ascii_hex_value(in.p[i + 3]) < 0)
			return false;
		p[n++] = (unsigned char)(ascii_hex_value(in.p[i + 2]) << 4 |
		    ascii_hex_value(in.p[i + 3]));
		i += 3;
	}
	*out = sl_mem(p, n);
	return true;
}

/* ---- writing ---- */

static void
put_line(struct buf *out, char kind, struct slice value)
{
	buf_put_byte(out, (unsigned char)kind);
	text_put(out, value, false);
	buf_put_byte(out, '\n');
}

/* As put_line, nothing for an empty value. */
static void
put_some(struct buf *out, char kind, struct slice value)
{
	if (value.n)
		put_line(out, kind, value);
}

static const char notify_letters[] = "SFDN"; /* by bit of enum queue_notify */

static void
put_rcpt(struct buf *out, const struct queue_message *m, const struct queue_rcpt *r)
{
	put_line(out, 'r', queue_text(m, r->address));
	put_some(out, 'o', queue_text(m, r->module));
	put_some(out, 'H', queue_text(m, r->host));
	put_some(out, 'A', queue_text(m, r->account));
	put_some(out, 'x', queue_text(m, r->extension));
	put_some(out, 'R', queue_text(m, r->original));
	if (!r->notify)
		return;
	buf_put_byte(out, 'N');
	for (unsigned i = 0; i < sizeof(notify_letters) - 1; i++)
		if (r->notify & 1u << i)
			buf_put_byte(out, (unsigned char)notify_letters[i]);
	buf_put_byte(out, '\n');
}

static const struct {
	uint32_t flag;
	char letter;
} flag_lines[] = { { QUEUE_8BIT, '8' }, { QUEUE_SMTPUTF8, 'm' }, { QUEUE_REPORT, 'd' },
    { QUEUE_DOUBLE, 'D' } };

void
envelope_put(struct buf *out, const struct message *in, enum body_place place)
{
	const struct queue_message *m = &in->pub;

	put_line(out, '#', sl_str(m->id));
	put_line(out, 's', queue_text(m, m->sender));
	put_some(out, 'f', queue_text(m, m->from_mta));
	put_some(out, 'e', queue_text(m, m->envid));
	if (m->ret)
		put_line(out, 't', sl_mem(&m->ret, 1));
	put_some(out, 'i', queue_text(m, m->auth));
	put_some(out, 'u', queue_text(m, m->source));
	buf_fmt(out, "a%lld\n", (long long)m->arrived_sec);
	put_some(out, 'p', queue_text(m, m->ip));
	for (size_t i = 0; i < COUNT_OF(flag_lines); i++)
		if (m->flags & flag_lines[i].flag)
			put_line(out, flag_lines[i].letter, SL_NONE);
	buf_fmt(out, "z%llu\nh", (unsigned long long)m->length);
	for (size_t i = 0; i < QUEUE_DIGEST; i++) {
		buf_put_byte(out, (unsigned char)"0123456789abcdef"[m->digest[i] >> 4]);
		buf_put_byte(out, (unsigned char)"0123456789abcdef"[m->digest[i] & 15]);
	}
	buf_put_byte(out, '\n');
	if (place != BODY_INLINE)
		put_line(out, 'F', place == BODY_FILE ? SL("b") : SL("m"));
	for (uint32_t i = 0; i < m->rcpt_count; i++)
		put_rcpt(out, m, &m->rcpts[i]);
	buf_put_byte(out, '\n');
}

/* ---- reading ---- */

struct reader {
	struct arena *arena;
	struct queue_envelope *e;
	/* at: the one whose lines come, NULL before the first */
	struct queue_envelope_rcpt *rcpts, *at;
	enum body_place place;
};

static bool
get_digest(struct reader *r, struct slice hex)
{
	unsigned char *p = arena_get(r->arena, QUEUE_DIGEST);

	if (!p || hex.n != 2 * QUEUE_DIGEST)
		return false;
	for (size_t i = 0; i < QUEUE_DIGEST; i++) {
		int hi = ascii_hex_value(hex.p[2 * i]), lo = ascii_hex_value(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		p[i] = (unsigned char)(hi << 4 | lo);
	}
	r->e->digest = sl_mem(p, QUEUE_DIGEST);
	return true;
}

static bool
get_notify(uint8_t *notify, struct slice letters)
{
	for (size_t i = 0; i < letters.n; i++) {
		size_t bit = sl_find(SL("SFDN"), letters.p[i]);

		if (bit == 4)
			return false;
		*notify = (uint8_t)(*notify | 1u << bit);
	}
	return letters.n > 0;
}

static bool
get_place(struct reader *r, struct slice v)
{
	r->place = sl_eq(v, SL("b")) ? BODY_FILE : BODY_MSGS;
	return r->place == BODY_FILE || sl_eq(v, SL("m"));
}

/* A line of the part before the recipients; the value is unescaped. */
static bool
get_head(struct reader *r, char kind, struct slice v)
{
	struct queue_envelope *e = r->e;

	switch (kind) {
	case '#': e->id = v; return true;
	case 's': e->sender = v; return true;
	case 'f': e->from_mta = v; return true;
	case 'e': e->envid = v; return true;
	case 't': e->ret = v.n == 1 ? v.p[0] : 0; return e->ret == 'F' || e->ret == 'H';
	case 'i': e->auth = v; return true;
	case 'u': e->source = v; return true;
	case 'a': return num_i64(v, 0, INT64_MAX, &e->arrived_sec);
	case 'p': e->ip = v; return true;
	case 'z': return num_u64(v, INT64_MAX, &e->length);
	case 'h': return get_digest(r, v);
	case 'F': return get_place(r, v);
	}
	for (size_t i = 0; i < COUNT_OF(flag_lines); i++)
		if (flag_lines[i].letter == kind) {
			e->flags |= flag_lines[i].flag;
			return v.n == 0;
		}
	return false;
}

static bool
get_rcpt(struct reader *r, char kind, struct slice v)
{
	if (kind == 'r') {
		r->at = &r->rcpts[r->e->rcpt_count++];
		r->at->address = v;
		return v.n > 0;
	}
	if (!r->at)
		return false;
	switch (kind) {
	case 'o': r->at->module = v; return true;
	case 'H': r->at->host = v; return true;
	case 'A': r->at->account = v; return true;
	case 'x': r->at->extension = v; return true;
	case 'R': r->at->original = v; return true;
	case 'N': return get_notify(&r->at->notify, v);
	}
	return false;
}

/* Room for as many recipients as there are lines that begin with r. */
static bool
make_room(struct reader *r, struct slice lines)
{
	size_t count = 0;
	struct slice line;

	while (lines.n) {
		sl_cut(&lines, '\n', &line);
		if (!line.n)
			break;
		count += line.p[0] == 'r';
	}
	if (count > QUEUE_RCPTS_MAX)
		return false;
	r->rcpts = arena_get_array(r->arena, count + 1, sizeof(*r->rcpts));
	return r->rcpts != NULL;
}

enum st
envelope_get(struct arena *a, struct slice payload, struct queue_envelope *e,
    enum body_place *place, struct slice *rest, struct fault *f)
{
	struct reader r = { .arena = a, .e = e, .place = BODY_INLINE };
	struct slice line, value;
	bool ended = false;

	*e = (struct queue_envelope){ .ret = 0 };
	if (!make_room(&r, payload))
		return fault_set(f, ST_LIMIT, "", "the envelope has too many recipients");
	while (sl_cut(&payload, '\n', &line)) {
		if (!line.n) {
			ended = true;
			break;
		}
		if (!text_get(a, sl_skip(line, 1), &value) ||
		    !(r.at || line.p[0] == 'r' ? get_rcpt(&r, (char)line.p[0], value) : get_head(&r,
		    (char)line.p[0], value)))
			return fault_set(f, ST_SYNTAX, "", "envelope line \"%.*s\"", SL_FMT(line));
	}
	if (!ended || !e->rcpt_count || e->digest.n != QUEUE_DIGEST || !e->id.n)
		return fault_set(f, ST_SYNTAX, "", "the envelope is not complete");
	e->rcpts = r.rcpts;
	*place = r.place;
	*rest = payload;
	return ST_OK;
}
