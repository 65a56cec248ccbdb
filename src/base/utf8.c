#include "base/utf8.h"

/* First byte to length, smallest code point of that length, and its payload bits. */
static const struct {
	unsigned char mask, lead, length;
	uint32_t smallest;
} forms[] = {
	{0x80, 0x00, 1, 0},
	{0xe0, 0xc0, 2, 0x80},
	{0xf0, 0xe0, 3, 0x800},
	{0xf8, 0xf0, 4, 0x10000},
};

static bool
is_scalar(uint32_t cp)
{
	return cp <= 0x10ffff && !(cp >= 0xd800 && cp <= 0xdfff);
}

size_t
utf8_next(struct slice s, uint32_t *code_point)
{
	for (size_t f = 0; s.n > 0 && f < COUNT_OF(forms); f++) {
		uint32_t cp = s.p[0] & (unsigned char)~forms[f].mask;
		size_t length = forms[f].length;

		if ((s.p[0] & forms[f].mask) != forms[f].lead)
			continue;
		if (s.n < length)
			return 0;
		for (size_t i = 1; i < length; i++) {
			if ((s.p[i] & 0xc0) != 0x80)
				return 0;
			cp = cp << 6 | (s.p[i] & 0x3fu);
		}
		if (cp < forms[f].smallest || !is_scalar(cp))
			return 0;
		*code_point = cp;
		return length;
	}
	return 0;
}

bool
utf8_valid(struct slice s)
{
	uint32_t cp;

	while (s.n > 0) {
		size_t n = s.p[0] < 0x80 ? 1 : utf8_next(s, &cp);

		if (n == 0)
			return false;
		s = sl_mem(s.p + n, s.n - n);
	}
	return true;
}

bool
utf8_has_8bit(struct slice s)
{
	size_t i = 0;
	uint64_t eight;

	/* whole messages pass through here */
	for (; i + sizeof(eight) <= s.n; i += sizeof(eight)) {
		memcpy(&eight, s.p + i, sizeof(eight));
		if (eight & UINT64_C(0x8080808080808080))
			return true;
	}
	for (; i < s.n; i++)
		if (s.p[i] >= 0x80)
			return true;
	return false;
}

void
utf8_put(struct buf *out, uint32_t code_point)
{
	uint32_t cp = is_scalar(code_point) ? code_point : 0xfffd;
	unsigned char bytes[4];
	size_t f = COUNT_OF(forms) - 1, length;

	while (cp < forms[f].smallest)
		f--;
	length = forms[f].length;
	for (size_t i = length; i-- > 1; cp >>= 6)
		bytes[i] = (unsigned char)(0x80 | (cp & 0x3f));
	bytes[0] = (unsigned char)(forms[f].lead | cp);
	buf_put(out, sl_mem(bytes, length));
}
