/* See needle.h. */
#include "imap/needle.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/utf8.h"

#define SKIP_MAX 255

/* What text needs at most when it is folded: a malformed octet becomes three. */
static size_t
folded_max(struct slice text)
{
	return text.n * 3 + 16;
}

static void
fall_fill(struct imap_needle *n)
{
	const unsigned char *p = n->text.p;
	uint32_t k = 0;

	for (size_t i = 1; i < n->text.n; i++) {
		while (k && p[i] != p[k])
			k = n->fall[k];
		k += p[i] == p[k];
		n->fall[i + 1] = k;
	}
}

/* Both cases of a letter move the needle as far. */
static void
skip_fill(struct imap_needle *n)
{
	size_t last = n->text.n - 1;

	memset(n->skip, n->text.n < SKIP_MAX ? (int)n->text.n : SKIP_MAX, sizeof(n->skip));
	for (size_t i = 0; i < last; i++) {
		size_t by = last - i < SKIP_MAX ? last - i : SKIP_MAX;

		n->skip[n->text.p[i]] = (unsigned char)by;
		n->skip[ascii_upper(n->text.p[i])] = (unsigned char)by;
	}
	n->skip[n->text.p[last]] = n->skip[ascii_upper(n->text.p[last])] = 0;
}

bool
imap_needle_init(struct imap_needle *n, struct slice text, struct arena *a)
{
	struct buf b;

	buf_init(&b, folded_max(text));
	utf8_put_folded(&b, text, true);
	n->text = arena_copy(a, buf_slice(&b));
	buf_fini(&b);
	n->is_ascii = !utf8_has_8bit(n->text);
	n->fall = arena_get_array(a, n->text.n + 1, sizeof(*n->fall));
	if (!n->text.p || !n->fall)
		return false;
	if (!n->text.n)
		return true;
	fall_fill(n);
	skip_fill(n);
	return true;
}

/* Where in `in` the needle may begin at the earliest, when nothing is matched before it. */
static size_t
jump(const struct imap_needle *n, struct slice in, size_t at)
{
	size_t last = n->text.n - 1;
	unsigned char by;

	while (at + last < in.n) {
		by = n->skip[in.p[at + last]];
		if (!by)
			break;
		at += by;
	}
	return at < in.n ? at : in.n;
}

bool
imap_needle_feed(const struct imap_needle *n, struct imap_needle_place *at, struct slice in)
{
	uint32_t k = at->matched;

	if (at->found || !n->text.n) {
		at->found = true;
		return true;
	}
	for (size_t i = 0; i < in.n; i++) {
		unsigned char c;

		if (!k) {
			i = jump(n, in, i);
			if (i == in.n)
				break;
		}
		c = ascii_lower(in.p[i]); /* R3501-6.4.4-g */
		while (k && c != n->text.p[k])
			k = n->fall[k];
		k += c == n->text.p[k];
		if (k == n->text.n) {
			at->found = true;
			break;
		}
	}
	at->matched = k;
	return at->found;
}

bool
imap_needle_in(const struct imap_needle *n, struct slice text)
{
	struct imap_needle_place at = {0};
	struct buf b;

	if (n->is_ascii)
		return imap_needle_feed(n, &at, text);
	buf_init(&b, folded_max(text));
	utf8_put_folded(&b, text, true);
	imap_needle_feed(n, &at, buf_slice(&b));
	buf_fini(&b);
	return at.found;
}
