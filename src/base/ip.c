#include "base/ip.h"

#include "base/ascii.h"
#include "base/num.h"

static bool
parse_v4(struct slice text, unsigned char out[4])
{
	for (int i = 0; i < 4; i++) {
		struct slice part;
		uint64_t value;
		bool dot = sl_cut(&text, '.', &part);

		if (dot != (i < 3) || part.n > 3 || (part.n > 1 && part.p[0] == '0'))
			return false;
		if (!num_u64(part, 255, &value))
			return false;
		out[i] = (unsigned char)value;
	}
	return true;
}

/*
 * Groups of a part of an IPv6 address without "::", the last one possibly a dotted quad. Returns
 * the number of bytes written, at most 16; -1 on bad syntax. An empty part has none.
 */
static int
parse_groups(struct slice text, bool quad_allowed, unsigned char out[16])
{
	int n = 0;
	bool more = text.n > 0;

	while (more) {
		struct slice group;
		uint64_t value;

		more = sl_cut(&text, ':', &group);
		if (!more && quad_allowed && sl_find(group, '.') < group.n) {
			if (n > 12 || !parse_v4(group, out + n))
				return -1;
			return n + 4;
		}
		if (n > 14 || group.n > 4 || !num_hex(group, &value))
			return -1;
		num_put_be16(out + n, (uint16_t)value);
		n += 2;
	}
	return n;
}

static bool
parse_v6(struct slice text, unsigned char out[16])
{
	size_t gap = sl_search(text, SL("::"));
	unsigned char front[16], back[16];
	int front_n, back_n;

	if (gap == text.n)
		return parse_groups(text, true, out) == 16;
	front_n = parse_groups(sl_sub(text, 0, gap), false, front);
	back_n = parse_groups(sl_skip(text, gap + 2), true, back);
	if (front_n < 0 || back_n < 0 || front_n + back_n > 14)
		return false;
	memset(out, 0, 16);
	memcpy(out, front, (size_t)front_n);
	memcpy(out + 16 - back_n, back, (size_t)back_n);
	return true;
}

bool
ip_parse(struct slice text, struct ip *out)
{
	struct ip ip = {0};

	if (text.n > 45)
		return false;
	if (sl_find(text, ':') == text.n) {
		ip.family = 4;
		if (!parse_v4(text, ip.bytes))
			return false;
	} else {
		ip.family = 6;
		if (!parse_v6(text, ip.bytes))
			return false;
	}
	*out = ip;
	return true;
}

/* RFC 5952 section 4.2: the longest run of two or more zero groups, the first among equals. */
static void
longest_gap(const unsigned char bytes[16], int *start, int *length)
{
	int run = 0;

	*start = -1;
	*length = 1;
	for (int i = 0; i < 8; i++) {
		run = num_get_be16(bytes + 2 * i) == 0 ? run + 1 : 0;
		if (run > *length) {
			*length = run;
			*start = i + 1 - run;
		}
	}
}

static void
put_v6(const unsigned char bytes[16], struct buf *out)
{
	int start, length;

	longest_gap(bytes, &start, &length);
	for (int i = 0; i < 8; i++) {
		if (i == start) {
			buf_put(out, SL("::"));
			i += length - 1;
			continue;
		}
		if (i > 0 && i != start + length)
			buf_put_byte(out, ':');
		buf_fmt(out, "%x", num_get_be16(bytes + 2 * i));
	}
}

void
ip_put(const struct ip *ip, struct buf *out)
{
	if (ip->family == 4)
		buf_fmt(out, "%u.%u.%u.%u", ip->bytes[0], ip->bytes[1], ip->bytes[2], ip->bytes[3]);
	else if (ip->family == 6)
		put_v6(ip->bytes, out);
}

void
ip_unmap(struct ip *ip)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (ip->family != 6 || memcmp(ip->bytes, mapped, sizeof(mapped)) != 0)
		return;
	memmove(ip->bytes, ip->bytes + 12, 4);
	memset(ip->bytes + 4, 0, 12);
	ip->family = 4;
}
