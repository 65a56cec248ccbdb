/*
 * Case folding of single characters (the simple folding of the Unicode standard).
 */
#include "base/ascii.h"
#include "base/utf8.h"
#include "base/utf8_fold.h"

uint32_t
utf8_fold(uint32_t code_point)
{
	size_t low = 0, high = utf8_fold_row_count;

	if (code_point < 128)
		return ascii_lower((unsigned char)code_point);
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct utf8_fold_row *row = &utf8_fold_rows[middle];

		if (code_point < row->first)
			high = middle;
		else if (code_point > row->last)
			low = middle + 1;
		else if ((code_point - row->first) % row->step)
			return code_point;
		else
			return (uint32_t)((int64_t)code_point + row->distance);
	}
	return code_point;
}

/* Octets of US-ASCII at the front. */
static size_t
ascii_length(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] < 128)
		n++;
	return n;
}

/* May these octets, which are no character, be the beginning of one? */
static bool
is_begun(struct slice s)
{
	unsigned char c = s.p[0];
	size_t length = c < 0xc2 || c > 0xf4 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return s.n < length;
}

size_t
utf8_put_folded(struct buf *out, struct slice text, bool last)
{
	struct slice rest = text;

	while (rest.n) {
		size_t n = ascii_length(rest);
		unsigned char *p = buf_room(out, n);
		uint32_t c;

		if (!p)
			break;
		for (size_t i = 0; i < n; i++)
			p[i] = ascii_lower(rest.p[i]);
		buf_added(out, n);
		rest = sl_skip(rest, n);
		if (!rest.n)
			break;
		n = utf8_next(rest, &c);
		if (!n && !last && is_begun(rest))
			break;
		utf8_put(out, n ? utf8_fold(c) : 0xfffd);
		rest = sl_skip(rest, n ? n : 1);
	}
	return text.n - rest.n;
}
