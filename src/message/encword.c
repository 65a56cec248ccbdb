/*
 * Encoded words of RFC 2047, read and written.
 */
#include "message/encword.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/utf8.h"

#define WORD_MAX 1024       /* a longer word is none; real ones have 75 characters */
#define LINE_MAX_COLUMNS 76 /* R2047-2-c */

/* One encoded word: charset, encoding letter, text. */
struct word {
	struct slice charset, text;
	unsigned char encoding;
};

/* --- reading -------------------------------------------------------------------------------- */

/*
 * Takes an encoded word off the front of *s; R2047-2-a, R2047-5-a: what is glued to a letter or
 * digit is text. Careless writers glue words to punctuation.
 */
static bool
word_take(struct slice *s, struct word *w)
{
	struct slice rest = *s, part;

	if (!sl_starts(rest, SL("=?")))
		return false;
	rest = sl_skip(rest, 2);
	part = sl_sub(rest, 0, WORD_MAX);
	if (!sl_cut(&part, '?', &w->charset) || w->charset.n == 0)
		return false;
	w->charset = sl_sub(w->charset, 0, sl_find(w->charset, '*')); /* RFC 2231: language */
	if (part.n < 2 || part.p[1] != '?')
		return false;
	w->encoding = ascii_upper(part.p[0]); /* R2047-2-d */
	part = sl_skip(part, 2);
	w->text = sl_sub(part, 0, sl_search(part, SL("?=")));
	if (w->text.n == part.n || (w->encoding != 'Q' && w->encoding != 'B'))
		return false;
	for (const unsigned char *p = rest.p; p < w->text.p + w->text.n; p++)
		if (*p <= ' ' || *p == 127)
			return false;
	rest = sl_skip(*s, (size_t)(w->text.p + w->text.n + 2 - s->p));
	if (rest.n && ascii_is_alnum(rest.p[0]))
		return false;
	*s = rest;
	return true;
}

/* R2047-4.2-a; malformed sequences stay as they are. */
static void
q_decode(struct slice in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		int hi = i + 2 < in.n ? ascii_hex_value(in.p[i + 1]) : -1;
		int lo = i + 2 < in.n ? ascii_hex_value(in.p[i + 2]) : -1;

		if (in.p[i] == '=' && hi >= 0 && lo >= 0) {
			buf_put_byte(out, (unsigned char)(hi * 16 + lo));
			i += 2;
		} else {
			buf_put_byte(out, in.p[i] == '_' ? ' ' : in.p[i]);
		}
	}
}

static void
word_octets(const struct word *w, struct buf *out)
{
	struct base64_dec d = {.n = 0};

	if (w->encoding == 'B')
		base64_dec_feed(&d, w->text, out); /* R2047-4.1-a */
	else
		q_decode(w->text, out);
}

/* Text that is no encoded word. */
static void
put_plain(struct buf *out, struct slice s)
{
	charset_builtin.to_utf8(NULL, SL("utf-8"), s, out);
}

static struct slice
blanks_take(struct slice *s)
{
	struct slice blanks;
	size_t n = 0;

	while (n < s->n && ascii_is_space(s->p[n]))
		n++;
	blanks = sl_sub(*s, 0, n);
	*s = sl_skip(*s, n);
	return blanks;
}

/*
 * A run of encoded words at the front of *s: neighbours in one charset are converted together,
 * since careless writers cut characters in two. False when there is none that can be shown.
 * R2047-6.2-b.
 */
static bool
run_decode(struct slice *s, const struct charset_ops *cs, struct buf *out)
{
	struct slice rest = *s, next, charset;
	struct buf octets;
	struct word w;
	bool known;

	if (!word_take(&rest, &w))
		return false;
	charset = w.charset;
	buf_init(&octets, s->n);
	word_octets(&w, &octets);
	for (next = rest;; rest = next) {
		blanks_take(&next);
		if (!word_take(&next, &w) || !sl_ieq(w.charset, charset))
			break;
		word_octets(&w, &octets);
	}
	known = cs->to_utf8(cs->arg, charset, buf_slice(&octets), out);
	buf_fini(&octets);
	if (known)
		*s = rest;
	return known;
}

/* White space as it is, without line ends. */
static void
put_blanks(struct buf *out, struct slice blanks)
{
	for (size_t i = 0; i < blanks.n; i++)
		if (ascii_is_wsp(blanks.p[i]))
			buf_put_byte(out, blanks.p[i]);
}

/* Length of the plain text at the front: up to a blank, or to where an encoded word may begin. */
static size_t
plain_length(struct slice s)
{
	size_t n = 1;

	while (n < s.n && !ascii_is_space(s.p[n]) &&
	       !(s.p[n] == '=' && n + 1 < s.n && s.p[n + 1] == '?'))
		n++;
	return n;
}

/* R2047-6.1-a, R2231-5-a */
void
encword_decode(struct buf *out, struct slice value, const struct charset_ops *cs)
{
	bool after_word = false, glued = false;
	struct slice blanks;
	size_t n;

	if (!cs)
		cs = &charset_builtin;
	while (value.n) {
		blanks = blanks_take(&value);
		if (!after_word)
			put_blanks(out, blanks);
		/* R2047-6.2-a: blanks between two are not shown */
		if (!(glued && !blanks.n) && run_decode(&value, cs, out)) {
			after_word = true;
			continue;
		}
		if (after_word)
			put_blanks(out, blanks);
		after_word = false;
		if (!value.n)
			break;
		n = plain_length(value);
		put_plain(out, sl_sub(value, 0, n)); /* R2047-6.3-a: what is no word is text */
		glued = ascii_is_alnum(value.p[n - 1]);
		value = sl_skip(value, n);
	}
}

/* --- writing -------------------------------------------------------------------------------- */

static bool
needs_words(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((text.p[i] < 32 && text.p[i] != '\t') || text.p[i] > 126)
			return true;
	return sl_search(text, SL("=?")) < text.n; /* R2047-7-a */
}

/*
 * May c stand for itself in encoding Q? R2047-5-d for phrases; the narrow set is used everywhere.
 */
static bool
is_q_safe(unsigned char c)
{
	return ascii_is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

static size_t
q_length(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += is_q_safe(s.p[i]) || s.p[i] == ' ' ? 1 : 3;
	return n;
}

static void
q_put(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ')
			buf_put_byte(out, '_');
		else if (is_q_safe(s.p[i]))
			buf_put_byte(out, s.p[i]);
		else
			buf_fmt(out, "=%02X", s.p[i]);
	}
}

/* How much of s fits into room characters of encoded text, in whole characters (R2047-5-c). */
static size_t
fitting(struct slice s, size_t room, bool q)
{
	size_t n = 0, next, cost;
	uint32_t c;

	while (n < s.n) {
		next = utf8_next(sl_skip(s, n), &c);
		next = n + (next ? next : 1);
		cost = q ? q_length(sl_sub(s, 0, next)) : (next + 2) / 3 * 4;
		if (cost > room)
			break;
		n = next;
	}
	return n;
}

void
encword_encode(struct buf *out, struct slice text, size_t column)
{
	static const size_t frame = sizeof("=?utf-8?q?" "?=") - 1;
	struct buf clean;
	bool q;

	if (!needs_words(text)) {
		buf_put(out, text);
		return;
	}
	buf_init(&clean, text.n * 3);
	put_plain(&clean, text);
	text = buf_slice(&clean);
	q = q_length(text) <= (text.n + 2) / 3 * 4;
	while (text.n) {
		size_t room = column < LINE_MAX_COLUMNS ? LINE_MAX_COLUMNS - column : 0;
		size_t n = fitting(
		    text, room > frame ? (room < ENCWORD_MAX ? room : ENCWORD_MAX) - frame : 0, q);

		if (n == 0 || (column > 1 && n < text.n &&
				  n < 8)) { /* not worth a stump at the end of the line */
			buf_put(out, SL("\r\n "));
			column = 1;
			continue;
		}
		buf_put_str(out, q ? "=?utf-8?q?" : "=?utf-8?b?");
		if (q)
			q_put(out, sl_sub(text, 0, n));
		else
			base64_put(out, sl_sub(text, 0, n));
		buf_put(out, SL("?="));
		text = sl_skip(text, n);
		column =
		    LINE_MAX_COLUMNS; /* the next word stands on a line of its own: R2047-5-a */
	}
	buf_fini(&clean);
}
