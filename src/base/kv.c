#include "base/kv.h"

#include "base/ascii.h"
#include "base/utf8.h"

#define CUT_MARK "..."

/* A line being written: the last bytes of its maximum are kept for the mark of a cut. */
struct line {
	struct buf *out;
	bool cut;
};

/* Appends s as a whole, or ends the line here. */
static void
put(struct line *l, struct slice s)
{
	size_t room = l->out->max - l->out->n;

	if (l->cut || l->out->failed)
		return;
	if (s.n + sizeof(CUT_MARK) - 1 > room) {
		l->cut = true;
		buf_put(l->out, sl_sub(SL(CUT_MARK), 0, room));
		return;
	}
	buf_put(l->out, s);
}

static bool
needs_quotes(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ' ' || s.p[i] == '"' || s.p[i] == ',')
			return true;
	return false;
}

static void
put_hex(struct line *l, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char text[4] = {'\\', 'x'};

	text[2] = (unsigned char)digits[c >> 4];
	text[3] = (unsigned char)digits[c & 15];
	put(l, sl_mem(text, sizeof(text)));
}

/* One character of a value; controls and broken UTF-8 cannot reach a terminal or split a line. */
static size_t
put_char(struct line *l, struct slice s)
{
	uint32_t cp;
	size_t n = utf8_next(s, &cp);

	if (n == 0 || ascii_is_ctl(s.p[0])) {
		put_hex(l, s.p[0]);
		return 1;
	}
	if (cp >= 0x80 && cp < 0xa0) {
		put_hex(l, s.p[0]);
		put_hex(l, s.p[1]);
	} else if (s.p[0] == '"' || s.p[0] == '\\') {
		unsigned char text[2] = {'\\', s.p[0]};

		put(l, sl_mem(text, sizeof(text)));
	} else {
		put(l, sl_sub(s, 0, n));
	}
	return n;
}

/* How much at the beginning stands for itself. */
static size_t
plain(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= ' ' && s.p[n] < 127 && s.p[n] != '"' && s.p[n] != '\\')
		n++;
	return n;
}

static void
put_value(struct line *l, struct slice s, bool quote)
{
	if (quote)
		put(l, SL("\""));
	while (s.n > 0 && !l->cut) {
		size_t n = plain(s);

		/* Near the end of the line each character counts: it is cut where it is full. */
		if (n > 1 && n + sizeof(CUT_MARK) <= l->out->max - l->out->n) {
			put(l, sl_sub(s, 0, n));
			s = sl_skip(s, n);
		} else {
			s = sl_skip(s, put_char(l, s));
		}
	}
	if (quote)
		put(l, SL("\""));
}

static void
put_key(struct line *l, const char *key)
{
	put(l, SL(","));
	put(l, sl_str(key));
	put(l, SL("="));
}

static void
put_pair(struct line *l, const char *key, struct slice value)
{
	put_key(l, key);
	put_value(l, value, needs_quotes(value));
}

/* The decimal digits of u. */
static void
put_number(struct line *l, const char *key, bool minus, uint64_t u)
{
	unsigned char text[24];
	size_t at = sizeof(text);

	do
		text[--at] = (unsigned char)('0' + u % 10);
	while ((u /= 10) > 0);
	if (minus)
		text[--at] = '-';
	put_key(l, key);
	put(l, sl_mem(text + at, sizeof(text) - at));
}

static void
put_fault(struct line *l, const char *key, const struct fault *f)
{
	if (f->esc[0] != 0) {
		struct buf esc;

		buf_init(&esc, 16);
		buf_fmt(&esc, "%u.%u.%u", f->esc[0], f->esc[1], f->esc[2]);
		put_pair(l, "status", buf_slice(&esc));
		buf_fini(&esc);
	}
	put_key(l, key);
	put_value(l, sl_str(f->text), true);
	if (f->req != NULL)
		put_pair(l, "req", sl_str(f->req));
}

void
kv_put(struct buf *out, const char *event, const struct kv *pairs)
{
	struct line l = {.out = out};

	put(&l, sl_str(event));
	for (; pairs != NULL && pairs->type != KV_TYPE_END; pairs++) {
		switch (pairs->type) {
		case KV_TYPE_SLICE:
			put_pair(&l, pairs->key, pairs->s);
			break;
		case KV_TYPE_STR:
			put_pair(&l, pairs->key, sl_str(pairs->str));
			break;
		case KV_TYPE_U64:
			put_number(&l, pairs->key, false, pairs->u);
			break;
		case KV_TYPE_I64:
			put_number(&l, pairs->key, pairs->i < 0,
			    pairs->i < 0 ? (uint64_t)0 - (uint64_t)pairs->i : (uint64_t)pairs->i);
			break;
		case KV_TYPE_FAULT:
			put_fault(&l, pairs->key, pairs->fault);
			break;
		case KV_TYPE_END:
			break;
		}
	}
}
