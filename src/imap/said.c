/* See said.h. */
#include "imap/said.h"

#include "base/ascii.h"

bool
imap_said_char(struct slice *s, unsigned char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	*s = sl_skip(*s, 1);
	return true;
}

/* Octets of a quoted string at the front, 0: there is none. */
static size_t
quoted_length(struct slice s)
{
	size_t end = 1 + sl_find(sl_skip(s, 1), '"');

	/* most have no backslash */
	if (end < s.n && !memchr(s.p, '\\', end))
		return end + 1;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return 0;
}

static size_t
literal_length(struct slice s)
{
	size_t i = 1;
	uint64_t n = 0;

	for (; i < s.n && ascii_is_digit(s.p[i]) && n <= s.n; i++)
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	if (i < 2 || !sl_starts(sl_skip(s, i), SL("}\r\n")) || n > s.n - i - 3)
		return 0;
	return i + 3 + (size_t)n;
}

/* Octets of an atom, number or string at the front, 0: there is none. */
static size_t
word_length(struct slice s)
{
	size_t n = 0;

	if (s.n && s.p[0] == '"')
		return quoted_length(s);
	if (s.n && s.p[0] == '{')
		return literal_length(s);
	while (n < s.n && s.p[n] > ' ' && s.p[n] != '(' && s.p[n] != ')' && s.p[n] != '"')
		n++;
	return n;
}

bool
imap_said_value(struct slice *s, struct slice *value)
{
	struct slice rest = *s;
	size_t depth = 0, n;

	do {
		if (imap_said_char(&rest, '(')) {
			depth++;
		} else if (depth && imap_said_char(&rest, ')')) {
			depth--;
		} else if (depth && imap_said_char(&rest, ' ')) {
			continue;
		} else {
			n = word_length(rest);
			if (!n)
				return false;
			rest = sl_skip(rest, n);
		}
	} while (depth);
	*value = sl_sub(*s, 0, s->n - rest.n);
	*s = rest;
	return true;
}

static void
unquote(struct slice s, struct buf *out)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\\')
			continue;
		buf_put(out, sl_sub(s, from, i));
		from = ++i;
	}
	buf_put(out, sl_skip(s, from));
}

bool
imap_said_string(struct slice value, struct buf *out)
{
	if (value.n > 1 && value.p[0] == '"') {
		unquote(sl_sub(value, 1, value.n - 1), out);
		return true;
	}
	if (!value.n || value.p[0] != '{')
		return false;
	buf_put(out, sl_skip(value, sl_find(value, '\n') + 1));
	return true;
}
