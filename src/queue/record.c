/*
 * Records: a head of fixed width in text, so that a person can read a segment and a damaged one
 * cannot lead the reader astray.
 */
#include "queue/record.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/crc32c.h"
#include "base/num.h"

#define SUMMED 30u /* bytes of the head before the sum */
#define RECORD_ALIGN 8u

static void
put_hex(unsigned char *p, uint32_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 4)
		p[i] = (unsigned char)"0123456789abcdef"[v & 15];
}

/* Exactly eight lower-case hex digits. */
static bool
get_hex(const unsigned char *p, uint32_t *v)
{
	*v = 0;
	for (int i = 0; i < 8; i++) {
		if (!ascii_is_digit(p[i]) && (p[i] < 'a' || p[i] > 'f'))
			return false;
		*v = *v << 4 | (uint32_t)ascii_hex_value(p[i]);
	}
	return true;
}

static void
head_put(unsigned char head[RECORD_HEAD], char type, uint32_t serial, uint32_t offset,
    struct slice payload)
{
	uint32_t crc;

	head[0] = '!';
	head[1] = (unsigned char)type;
	head[2] = head[11] = head[20] = head[29] = ' ';
	put_hex(head + 3, serial);
	put_hex(head + 12, offset);
	put_hex(head + 21, (uint32_t)payload.n);
	crc = crc32c(crc32c(0, sl_mem(head, SUMMED)), payload);
	put_hex(head + 30, crc);
	head[38] = '\n';
}

size_t
record_begin(struct buf *out, char type)
{
	unsigned char head[RECORD_HEAD] = {0};
	size_t start = out->n;

	head[1] = (unsigned char)type;
	buf_put(out, sl_mem(head, sizeof(head)));
	return start;
}

void
record_end(struct buf *out, size_t start, uint32_t serial, uint32_t base)
{
	if (!buf_ok(out))
		return;
	head_put(out->p + start, (char)out->p[start + 1], serial, base + (uint32_t)start,
	    sl_mem(out->p + start + RECORD_HEAD, out->n - start - RECORD_HEAD));
	do
		buf_put_byte(out, '\n');
	while (out->n % RECORD_ALIGN);
}

void
record_pad(struct buf *out, uint32_t serial, uint32_t base, size_t limit)
{
	size_t over = out->n % QUEUE_BLOCK, want, start;

	if (over == 0)
		return;
	want = QUEUE_BLOCK - over;
	if (want < RECORD_MIN)
		want += QUEUE_BLOCK;
	if (out->n + want > limit) {
		/* the last bytes of the segment: reading ends there anyway */
		while (out->n < limit)
			buf_put_byte(out, '\n');
		return;
	}
	start = record_begin(out, RECORD_PADDING);
	for (size_t i = RECORD_MIN; i < want; i++)
		buf_put_byte(out, ' ');
	record_end(out, start, serial, base);
}

bool
record_get(struct slice file, uint32_t serial, size_t at, struct record *r)
{
	struct slice head = sl_sub(file, at, at + RECORD_HEAD);
	uint32_t said_serial, said_offset, length, crc;

	if (at % RECORD_ALIGN || head.n < RECORD_HEAD || head.p[0] != '!' || head.p[2] != ' ' ||
	    head.p[11] != ' ' || head.p[20] != ' ' || head.p[29] != ' ' || head.p[38] != '\n')
		return false;
	if (!get_hex(head.p + 3, &said_serial) || !get_hex(head.p + 12, &said_offset) ||
	    !get_hex(head.p + 21, &length) || !get_hex(head.p + 30, &crc))
		return false;
	if (said_serial != serial || said_offset != at || length >= file.n - at - RECORD_HEAD)
		return false;
	r->type = (char)head.p[1];
	r->payload_at = at + RECORD_HEAD;
	r->payload = sl_sub(file, r->payload_at, r->payload_at + length);
	r->end = (r->payload_at + length + 1 + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
	return file.p[r->payload_at + length] == '\n' &&
	    crc32c(crc32c(0, sl_sub(head, 0, SUMMED)), r->payload) == crc;
}

#define MAGIC "couriermail queue 1 serial="

void
segment_head_put(unsigned char head[SEGMENT_HEAD], uint32_t serial, bool clean)
{
	char text[SEGMENT_HEAD + 1];

	snprintf(text, sizeof(text), MAGIC "%08lx state=%-22s", (unsigned long)serial,
	    clean ? "clean" : "used");
	memcpy(head, text, SEGMENT_HEAD - 1);
	head[SEGMENT_HEAD - 1] = '\n';
}

bool
segment_head_get(struct slice head, uint32_t *serial)
{
	unsigned char again[SEGMENT_HEAD];

	if (head.n < SEGMENT_HEAD || !sl_starts(head, SL(MAGIC)) ||
	    !get_hex(head.p + sizeof(MAGIC) - 1, serial))
		return false;
	segment_head_put(again, *serial, *serial == 0);
	return memcmp(again, head.p, SEGMENT_HEAD) == 0;
}
