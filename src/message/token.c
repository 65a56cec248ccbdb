/*
 * Tokens of RFC 5322 and RFC 2045.
 */
#include "message/token.h"

#include "base/ascii.h"

static bool
is_one_of(unsigned char c, const char *set, size_t n)
{
	return memchr(set, c, n) != NULL;
}

bool
token_is_atext(unsigned char c)
{
	return ascii_is_alnum(c) || c > 127 || is_one_of(c, "!#$%&'*+-/=?^_`{|}~", 19);
}

bool
token_is_dot_atom(struct slice s)
{
	bool atom = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? !atom : !token_is_atext(s.p[i]))
			return false;
		atom = s.p[i] != '.';
	}
	return atom;
}

bool
token_is_mime(unsigned char c)
{
	return c > 32 && c < 127 && !is_one_of(c, "()<>@,;:\\\"/[]?=", 15);
}

static bool
is_blank(unsigned char c)
{
	return c == ' ' || ascii_is_ctl(c);
}

/* A character of comment text; folding leaves its blanks only. */
static void
put_text(struct buf *out, unsigned char c)
{
	if (out && c != '\r' && c != '\n' && c != '\0')
		buf_put_byte(out, c);
}

/* A comment at the front of *s; R5322-3.2.2-a: they nest. Counting needs no recursion. */
static void
skip_comment(struct slice *s, struct buf *text)
{
	size_t depth = 0, i = 0;

	if (text)
		buf_clear(text);
	for (; i < s->n; i++) {
		unsigned char c = s->p[i];

		if (c == '(' && depth < TOKEN_COMMENT_DEPTH_MAX) {
			if (depth++)
				put_text(text, c);
		} else if (c == ')') {
			if (--depth == 0)
				break;
			put_text(text, c);
		} else {
			if (c == '\\' && i + 1 < s->n)
				c = s->p[++i];
			put_text(text, c);
		}
	}
	*s = sl_skip(*s, i + 1);
}

bool
token_skip(struct slice *s, struct buf *comment)
{
	size_t before = s->n;

	while (s->n) {
		if (is_blank(s->p[0]))
			*s = sl_skip(*s, 1);
		else if (s->p[0] == '(')
			skip_comment(s, comment);
		else
			break;
	}
	return s->n != before;
}

static struct slice
run_of(struct slice *s, bool (*member)(unsigned char c))
{
	struct slice run;
	size_t n = 0;

	while (n < s->n && member(s->p[n]))
		n++;
	run = sl_sub(*s, 0, n);
	*s = sl_skip(*s, n);
	return run;
}

struct slice
token_atom(struct slice *s)
{
	return run_of(s, token_is_atext);
}

struct slice
token_word(struct slice *s)
{
	return run_of(s, token_is_mime);
}

/* R5322-3.2.4-a, R5322-3.2.1-a */
bool
token_quoted(struct slice *s, struct buf *out, bool *open)
{
	size_t i;

	*open = false;
	if (s->n == 0 || s->p[0] != '"')
		return false;
	for (i = 1; i < s->n && s->p[i] != '"'; i++) {
		if (s->p[i] == '\\' && i + 1 < s->n)
			i++;
		put_text(out, s->p[i]);
	}
	*open = i >= s->n;
	*s = sl_skip(*s, i + 1);
	return true;
}

/* R5322-3.4.1-b; brackets and backslashes have no meaning inside and are dropped. */
bool
token_literal(struct slice *s, struct buf *out)
{
	size_t i;

	if (s->n == 0 || s->p[0] != '[')
		return false;
	buf_put_byte(out, '[');
	for (i = 1; i < s->n && s->p[i] != ']'; i++) {
		if (s->p[i] == '\\' && i + 1 < s->n)
			i++;
		if (!is_blank(s->p[i]) && !is_one_of(s->p[i], "[]\\", 3))
			buf_put_byte(out, s->p[i]);
	}
	buf_put_byte(out, ']');
	*s = sl_skip(*s, i + 1);
	return true;
}

void
token_put_quoted(struct buf *out, struct slice text)
{
	buf_put_byte(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = text.p[i];

		if (c == '"' || c == '\\')
			buf_put_byte(out, '\\');
		buf_put_byte(out, c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
	}
	buf_put_byte(out, '"');
}
