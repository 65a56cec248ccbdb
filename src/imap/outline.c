/*
 * The outline: where the parts of a message stand. For each part, before those in it: a byte with
 * its depth and kind, then numbers of seven bits a byte, lowest first: where its header begins
 * behind that of the part before, how long header and body are; behind each the growth of
 * (octets - bytes), which is the number of LF without CR on the way.
 */
#include "imap/describe_int.h"

#define DEPTH_MASK 0x3f
#define MULTIPART 0x40
#define MESSAGE 0x80

#define RECORD_MAX (1 + 6 * 10)

/* ---- writing ---- */

static size_t
put_varint(unsigned char *p, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (unsigned char)(0x80 | (v & 0x7f));
	p[n++] = (unsigned char)v;
	return n;
}

/* The way between two places. */
static size_t
put_way(unsigned char *p, struct mime_pos from, struct mime_pos to)
{
	size_t n = put_varint(p, to.bytes - from.bytes);

	return n + put_varint(p + n, (to.octets - from.octets) - (to.bytes - from.bytes));
}

/* The part behind this one when parts stand before those in them. */
static const struct mime_part *
part_after(const struct mime_part *part)
{
	if (part->first)
		return part->first;
	while (part && !part->next)
		part = part->parent;
	return part ? part->next : NULL;
}

void
imap_outline_put(struct buf *out, const struct mime_part *root)
{
	struct mime_pos before = {0};
	unsigned char record[RECORD_MAX];

	for (const struct mime_part *part = root; part; part = part_after(part)) {
		size_t n = 1;

		record[0] = (unsigned char)((part->depth & DEPTH_MASK) |
					    (part->is_multipart ? MULTIPART : 0) |
					    (part->is_message ? MESSAGE : 0));
		n += put_way(record + n, before, part->header);
		n += put_way(record + n, part->header, part->body);
		n += put_way(record + n, part->body, part->end);
		buf_put(out, sl_mem(record, n));
		before = part->header;
	}
}

/* ---- reading ---- */

static bool
take_varint(struct slice *s, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; s->n && shift < 63; shift += 7) {
		unsigned char c = s->p[0];

		*s = sl_skip(*s, 1);
		*v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return true;
	}
	return false;
}

/* A cache may hold anything: what no file can have is refused. */
static bool
take_way(struct slice *s, struct imap_place from, struct imap_place *to)
{
	uint64_t bytes, extra;

	if (!take_varint(s, &bytes) || !take_varint(s, &extra) || (bytes | extra) >> 61)
		return false;
	*to = (struct imap_place){from.bytes + bytes, from.octets + bytes + extra};
	return to->bytes >> 62 == 0 && to->octets >> 62 == 0;
}

bool
imap_outline_next(struct imap_outline_reader *r, struct imap_outline_part *part)
{
	if (!r->rest.n)
		return false;
	part->depth = r->rest.p[0] & DEPTH_MASK;
	part->is_multipart = r->rest.p[0] & MULTIPART;
	part->is_message = r->rest.p[0] & MESSAGE;
	r->rest = sl_skip(r->rest, 1);
	if (!take_way(&r->rest, r->header, &part->header) ||
	    !take_way(&r->rest, part->header, &part->body) ||
	    !take_way(&r->rest, part->body, &part->end)) {
		r->rest = SL_NONE;
		return false;
	}
	r->header = part->header;
	return true;
}
