/*
 * Writing parameters: token, quoted string, or RFC 2231.
 */
#include "base/ascii.h"
#include "base/utf8.h"
#include "message/content.h"
#include "message/token.h"

#define SECTION_TEXT 50 /* characters of an encoded section: the line stays below 76 columns */

static bool
is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!token_is_mime(s.p[i]))
			return false;
	return s.n > 0;
}

static bool
is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 32 || s.p[i] > 126)
			return false;
	return true;
}

/* attribute-char of RFC 2231 section 7. */
static bool
is_attribute_char(unsigned char c)
{
	return token_is_mime(c) && c != '*' && c != '\'' && c != '%';
}

static void
put_encoded(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is_attribute_char(s.p[i]))
			buf_put_byte(out, s.p[i]);
		else
			buf_fmt(out, "%%%02X", s.p[i]);
	}
}

/* How much of s fits into a section, in whole characters. */
static size_t
section_length(struct slice s)
{
	size_t n = 0, width = 0, step;
	uint32_t c;

	while (n < s.n) {
		step = utf8_next(sl_skip(s, n), &c);
		if (step == 0)
			step = 1;
		for (size_t i = n; i < n + step; i++)
			width += is_attribute_char(s.p[i]) ? 1 : 3;
		if (width > SECTION_TEXT)
			break;
		n += step;
	}
	return n;
}

void
content_put_param(struct buf *out, const char *name, struct slice value)
{
	unsigned section = 0;
	size_t n;

	if (is_token(value)) {
		buf_fmt(out, "; %s=%.*s", name, SL_FMT(value));
		return;
	}
	if (is_plain(value) && value.n <= SECTION_TEXT) {
		buf_fmt(out, "; %s=", name);
		token_put_quoted(out, value);
		return;
	}
	n = section_length(value);
	if (n == value.n) {
		buf_fmt(out, ";\r\n %s*=utf-8''", name);
		put_encoded(out, value);
		return;
	}
	for (; value.n; value = sl_skip(value, n)) {
		n = section_length(value);
		buf_fmt(out, ";\r\n %s*%u*=%s", name, section, section ? "" : "utf-8''");
		put_encoded(out, sl_sub(value, 0, n));
		section++;
	}
}
