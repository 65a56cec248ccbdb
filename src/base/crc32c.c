#include "base/crc32c.h"

#include <stdbool.h>

#define POLYNOMIAL 0x82f63b78u /* 0x1edc6f41 with its bits turned round */

/* tables[k][b]: the sum of byte b followed by k zero bytes; eight bytes are taken at a time. */
static uint32_t tables[8][256];
static bool tables_made;

static void
make_tables(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t v = b;

		for (int bit = 0; bit < 8; bit++)
			v = v & 1 ? v >> 1 ^ POLYNOMIAL : v >> 1;
		tables[0][b] = v;
	}
	for (int k = 1; k < 8; k++)
		for (uint32_t b = 0; b < 256; b++)
			tables[k][b] = tables[k - 1][b] >> 8 ^ tables[0][tables[k - 1][b] & 0xff];
	tables_made = true;
}

static uint32_t
word_le(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t
crc32c(uint32_t crc, struct slice s)
{
	if (!tables_made)
		make_tables();
	crc = ~crc;
	for (; s.n >= 8; s.p += 8, s.n -= 8) {
		uint32_t lo = crc ^ word_le(s.p), hi = word_le(s.p + 4);

		crc = tables[7][lo & 0xff] ^ tables[6][lo >> 8 & 0xff] ^
		    tables[5][lo >> 16 & 0xff] ^ tables[4][lo >> 24] ^
		    tables[3][hi & 0xff] ^ tables[2][hi >> 8 & 0xff] ^
		    tables[1][hi >> 16 & 0xff] ^ tables[0][hi >> 24];
	}
	for (; s.n > 0; s.p++, s.n--)
		crc = crc >> 8 ^ tables[0][(crc ^ *s.p) & 0xff];
	return ~crc;
}
