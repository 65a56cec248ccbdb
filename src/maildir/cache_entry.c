/*
 * Cache entries, written and read.
 */
#include "base/crc32c.h"
#include "base/num.h"
#include "maildir/cache_int.h"

#define PART_HEAD_BYTES 5

bool
cache_entry_put(struct buf *out, struct slice base, const struct cache_entry *entry)
{
	size_t n = 1 + base.n, start = out->n;
	unsigned char head[PART_HEAD_BYTES];

	for (unsigned i = 0; i < CACHE_PARTS; i++)
		if (entry->parts[i].p)
			n += PART_HEAD_BYTES + entry->parts[i].n;
	if (base.n == 0 || base.n > 255 || n + CACHE_FRAME_BYTES > CACHE_ENTRY_MAX_BYTES)
		return false;
	num_put_be32(head, (uint32_t)n);
	buf_put(out, sl_mem(head, 4));
	buf_put_byte(out, (unsigned char)base.n);
	buf_put(out, base);
	for (unsigned i = 0; i < CACHE_PARTS; i++) {
		if (!entry->parts[i].p)
			continue;
		head[0] = (unsigned char)i;
		num_put_be32(head + 1, (uint32_t)entry->parts[i].n);
		buf_put(out, sl_mem(head, PART_HEAD_BYTES));
		buf_put(out, entry->parts[i]);
	}
	num_put_be32(head, crc32c(0, sl_skip(buf_slice(out), start)));
	buf_put(out, sl_mem(head, 4));
	return buf_ok(out);
}

static bool
read_parts(struct slice in, struct cache_entry *entry)
{
	while (in.n) {
		size_t n;

		if (in.n < PART_HEAD_BYTES || in.p[0] >= CACHE_PARTS || entry->parts[in.p[0]].p)
			return false;
		n = num_get_be32(in.p + 1);
		if (n > in.n - PART_HEAD_BYTES)
			return false;
		entry->parts[in.p[0]] = sl_sub(in, PART_HEAD_BYTES, PART_HEAD_BYTES + n);
		in = sl_skip(in, PART_HEAD_BYTES + n);
	}
	return true;
}

enum st
cache_entry_next(struct slice *rest, bool check, struct slice *base, struct cache_entry *entry)
{
	struct slice in = *rest;
	size_t n;

	if (in.n < 5)
		return ST_AGAIN;
	n = num_get_be32(in.p);
	if (n < 2 || n + CACHE_FRAME_BYTES > CACHE_ENTRY_MAX_BYTES || in.p[4] == 0 || in.p[4] >= n)
		return ST_SYNTAX;
	if (in.n < n + CACHE_FRAME_BYTES)
		return ST_AGAIN;
	*base = sl_sub(in, 5, 5 + (size_t)in.p[4]);
	*rest = sl_skip(in, n + CACHE_FRAME_BYTES);
	if (!check)
		return ST_OK;
	*entry = (struct cache_entry){.parts = {{0}}};
	if (num_get_be32(in.p + 4 + n) != crc32c(0, sl_sub(in, 0, 4 + n)) ||
	    !read_parts(sl_sub(in, 5 + (size_t)in.p[4], 4 + n), entry)) {
		*rest = in;
		return ST_SYNTAX;
	}
	return ST_OK;
}
