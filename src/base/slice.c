#include "base/slice.h"

#include "base/ascii.h"

bool
sl_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
sl_ieq(struct slice a, struct slice b)
{
	return a.n == b.n && sl_icmp(a, b) == 0;
}

/* Which is longer, once the common length is equal. */
static int
length_order(struct slice a, struct slice b)
{
	return (a.n > b.n) - (a.n < b.n);
}

int
sl_cmp(struct slice a, struct slice b)
{
	size_t common = a.n < b.n ? a.n : b.n;
	int order = common == 0 ? 0 : memcmp(a.p, b.p, common);

	return order != 0 ? order : length_order(a, b);
}

int
sl_icmp(struct slice a, struct slice b)
{
	size_t common = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < common; i++) {
		int order = ascii_lower(a.p[i]) - ascii_lower(b.p[i]);

		if (order != 0)
			return order;
	}
	return length_order(a, b);
}

bool
sl_starts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && sl_eq(sl_sub(s, 0, prefix.n), prefix);
}

bool
sl_istarts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && sl_ieq(sl_sub(s, 0, prefix.n), prefix);
}

bool
sl_ends(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n && sl_eq(sl_skip(s, s.n - suffix.n), suffix);
}

bool
sl_iends(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n && sl_ieq(sl_skip(s, s.n - suffix.n), suffix);
}

struct slice
sl_sub(struct slice s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return sl_mem(s.n == 0 ? s.p : s.p + from, to - from);
}

struct slice
sl_skip(struct slice s, size_t n)
{
	return sl_sub(s, n, s.n);
}

size_t
sl_find(struct slice s, unsigned char c)
{
	const unsigned char *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);

	return at ? (size_t)(at - s.p) : s.n;
}

size_t
sl_rfind(struct slice s, unsigned char c)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == c)
			return i - 1;
	return s.n;
}

size_t
sl_search(struct slice s, struct slice needle)
{
	size_t at = 0;

	if (needle.n == 0)
		return 0;
	while (s.n - at >= needle.n) {
		at += sl_find(sl_sub(s, at, s.n - needle.n + 1), needle.p[0]);
		if (s.n - at < needle.n)
			break;
		if (memcmp(s.p + at, needle.p, needle.n) == 0)
			return at;
		at++;
	}
	return s.n;
}

bool
sl_cut(struct slice *rest, unsigned char sep, struct slice *head)
{
	size_t at = sl_find(*rest, sep);
	bool found = at < rest->n;

	*head = sl_sub(*rest, 0, at);
	*rest = sl_skip(*rest, at + (found ? 1 : 0));
	return found;
}

struct slice
sl_trim(struct slice s)
{
	size_t from = 0, to = s.n;

	while (from < to && ascii_is_space(s.p[from]))
		from++;
	while (to > from && ascii_is_space(s.p[to - 1]))
		to--;
	return sl_sub(s, from, to);
}
