#include "base/mutf7.h"

#include "base/utf8.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* Value of a digit of modified BASE64, or -1. */
static int
digit_value(unsigned char c)
{
	const char *at = c ? memchr(digits, c, sizeof(digits) - 1) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Bits that wait for company: UTF-16 units on their way to code points. */
struct units {
	uint32_t bits;
	unsigned count;
	uint32_t high; /* a high surrogate, or 0 */
};

/* One more unit. False when it may not stand here. */
static bool
unit_put(struct units *u, uint32_t unit, struct buf *out)
{
	if (u->high) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return false;
		utf8_put(out, 0x10000 + ((u->high - 0xd800) << 10) + (unit - 0xdc00));
		u->high = 0;
		return true;
	}
	if (unit >= 0xd800 && unit <= 0xdbff) {
		u->high = unit;
		return true;
	}
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return false;
	if (unit >= 0x20 && unit <= 0x7e) /* R3501-5.1.3-b: stands for itself */
		return false;
	if (unit == 0)
		return false;
	utf8_put(out, unit);
	return true;
}

/* Behind "&": up to and with "-". *i is moved behind it. */
static bool
shifted(struct slice in, size_t *i, struct buf *out)
{
	struct units u = {0};

	for (; *i < in.n && in.p[*i] != '-'; (*i)++) {
		int v = digit_value(in.p[*i]);

		if (v < 0)
			return false;
		u.bits = u.bits << 6 | (uint32_t)v;
		u.count += 6;
		if (u.count < 16)
			continue;
		u.count -= 16;
		if (!unit_put(&u, u.bits >> u.count & 0xffff, out))
			return false;
		u.bits &= (1u << u.count) - 1;
	}
	if (*i == in.n || u.high || u.count >= 6 || u.bits)
		return false;
	++*i;
	return true;
}

bool
mutf7_decode(struct slice in, struct buf *out)
{
	bool was_shifted = false;

	for (size_t i = 0; i < in.n;) {
		unsigned char c = in.p[i++];

		if (c < 0x20 || c > 0x7e)
			return false;
		if (c != '&') {
			buf_put_byte(out, c);
			was_shifted = false;
		} else if (i < in.n && in.p[i] == '-') { /* R3501-5.1.3-a */
			buf_put_byte(out, '&');
			was_shifted = false;
			i++;
		} else {
			if (was_shifted) /* R3501-5.1.3-c: no null shift */
				return false;
			if (!shifted(in, &i, out))
				return false;
			was_shifted = true;
		}
	}
	return buf_ok(out);
}

static void
bits_put(struct units *u, uint32_t unit, struct buf *out)
{
	u->bits = u->bits << 16 | unit;
	for (u->count += 16; u->count >= 6; u->count -= 6)
		buf_put_byte(out, (unsigned char)digits[u->bits >> (u->count - 6) & 0x3f]);
	u->bits &= (1u << u->count) - 1;
}

static void
code_point_put(struct units *u, uint32_t cp, struct buf *out)
{
	if (cp < 0x10000) {
		bits_put(u, cp, out);
		return;
	}
	bits_put(u, 0xd800 + ((cp - 0x10000) >> 10), out);
	bits_put(u, 0xdc00 + ((cp - 0x10000) & 0x3ff), out);
}

static void
shift_end(struct units *u, struct buf *out)
{
	if (u->count)
		buf_put_byte(out, (unsigned char)digits[u->bits << (6 - u->count) & 0x3f]);
	buf_put_byte(out, '-');
	*u = (struct units){0};
}

void
mutf7_encode(struct slice in, struct buf *out)
{
	struct units u = {0};
	bool on = false;

	while (in.n) {
		uint32_t cp = 0;
		size_t n = utf8_next(in, &cp);

		if (n == 0) {
			cp = 0xfffd;
			n = 1;
		}
		in = sl_skip(in, n);
		if (cp >= 0x20 && cp <= 0x7e) {
			if (on)
				shift_end(&u, out);
			on = false;
			buf_put_byte(out, (unsigned char)cp);
			if (cp == '&')
				buf_put_byte(out, '-');
			continue;
		}
		if (!on)
			buf_put_byte(out, '&');
		on = true;
		code_point_put(&u, cp, out);
	}
	if (on)
		shift_end(&u, out);
}
