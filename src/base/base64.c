#include "base/base64.h"

#define NOT_IN_ALPHABET 0xff
#define LINE_LENGTH 76

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Value of a character from blank to DEL, RFC 4648 table 1; NOT_IN_ALPHABET: none. */
static const unsigned char values[96] = {
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 62, 255, 255, 255, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 255, 255, 255, 255, 255, 255,
	255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 255, 255, 255, 255, 255,
	255, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 255, 255, 255, 255, 255,
};

/* R2045-6.8-b */
static unsigned
value_of(unsigned char c)
{
	return c >= 32 && c < 128 ? values[c - 32] : NOT_IN_ALPHABET;
}

/* One group of four characters from n = 1 to 3 bytes. */
static void
put_group(struct buf *out, const unsigned char *in, size_t n)
{
	uint32_t bits =
	    (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0) | (n > 2 ? in[2] : 0);
	unsigned char group[4];

	for (unsigned i = 0; i < 4; i++)
		group[i] = i <= n ? (unsigned char)alphabet[bits >> (18 - 6 * i) & 63] : '=';
	buf_put(out, sl_mem(group, sizeof(group)));
}

void
base64_put(struct buf *out, struct slice in)
{
	for (size_t i = 0; i < in.n; i += 3)
		put_group(out, in.p + i, in.n - i < 3 ? in.n - i : 3);
}

bool
base64_get(struct slice in, struct buf *out)
{
	size_t pad = 0;
	uint32_t bits = 0;

	if (in.n % 4 != 0)
		return false;
	while (pad < 2 && pad < in.n && in.p[in.n - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < in.n - pad; i++) {
		unsigned value = value_of(in.p[i]);

		if (value == NOT_IN_ALPHABET)
			return false;
		bits = bits << 6 | value;
		if (i % 4 != 0)
			buf_put_byte(out, (unsigned char)(bits >> (6 - 2 * (i % 4))));
	}
	/* RFC 4648 section 3.5: bits that encode nothing are zero. */
	return pad == 0 || (bits & (pad == 1 ? 3u : 15u)) == 0;
}

/* A group of an encoded body, behind a line end when the line is full. */
static void
put_in_line(struct base64_enc *e, const unsigned char *in, size_t n, struct buf *out)
{
	if (e->column == LINE_LENGTH) {
		buf_put(out, SL("\r\n"));
		e->column = 0;
	}
	put_group(out, in, n);
	e->column += 4;
}

void
base64_enc_feed(struct base64_enc *e, struct slice in, struct buf *out)
{
	while (in.n > 0 && (e->held_n > 0 || in.n < 3)) {
		e->held[e->held_n++] = in.p[0];
		in = sl_skip(in, 1);
		if (e->held_n == 3) {
			put_in_line(e, e->held, 3, out);
			e->held_n = 0;
		}
	}
	for (; in.n >= 3; in = sl_skip(in, 3))
		put_in_line(e, in.p, 3, out);
	for (; in.n > 0; in = sl_skip(in, 1))
		e->held[e->held_n++] = in.p[0];
}

void
base64_enc_end(struct base64_enc *e, struct buf *out)
{
	if (e->held_n > 0)
		put_in_line(e, e->held, e->held_n, out);
	if (e->column > 0)
		buf_put(out, SL("\r\n"));
	*e = (struct base64_enc){0};
}

/* Each byte leaves as soon as its bits are there, so the end of input needs no call. */
void
base64_dec_feed(struct base64_dec *d, struct slice in, struct buf *out)
{
	unsigned char *p = buf_room(out, in.n / 4 * 3 + 3);
	size_t n = 0;

	for (size_t i = 0; p && i < in.n; i++) {
		unsigned value = value_of(in.p[i]);

		if (value != NOT_IN_ALPHABET) {
			d->bits = (d->bits << 6 | value) & 0xfff;
			if (d->n > 0)
				p[n++] = (unsigned char)(d->bits >> (6 - 2 * d->n));
			d->n = (d->n + 1) % 4;
		} else if (in.p[i] == '=') {
			d->n = 0;
		} else if (in.p[i] != '\r' && in.p[i] != '\n') {
			d->garbage = true;
		}
	}
	buf_added(out, n);
}
