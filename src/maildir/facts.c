/*
 * Records of facts.
 */
#include "maildir/facts.h"

#include "base/attr.h"
#include "base/crc32c.h"
#include "base/num.h"

#define HEAD_BYTES 5
#define FLAGS_BYTES 13
#define ADDED_BYTES (4 + 8 + 8 + FACTS_OBJECT_ID_BYTES)

/* ---- reading ---- */

struct facts_flags
facts_flags_at(const struct facts_record *r, uint32_t i)
{
	const unsigned char *p = r->list.p + (size_t)i * FLAGS_BYTES;

	return (struct facts_flags){
	    .uid = num_get_be32(p), .keywords = num_get_be64(p + 4), .flags = p[12]};
}

uint32_t
facts_uid_at(const struct facts_record *r, uint32_t i)
{
	return num_get_be32(r->list.p + (size_t)i * 4);
}

static bool
read_begin(struct slice in, struct facts_record *r)
{
	if (in.n != 16)
		return false;
	r->uidvalidity = num_get_be32(in.p);
	r->uidnext = num_get_be32(in.p + 4);
	r->modseq = num_get_be64(in.p + 8);
	return r->uidvalidity != 0 && r->uidnext != 0;
}

/* A file name, so no slash and no NUL. */
static bool
is_name(struct slice s)
{
	return s.n > 0 && s.n <= 255 && sl_find(s, '/') == s.n && sl_find(s, '\0') == s.n;
}

static bool
read_added(struct slice in, struct facts_record *r)
{
	if (in.n <= ADDED_BYTES)
		return false;
	r->uid = num_get_be32(in.p);
	r->modseq = num_get_be64(in.p + 4);
	r->saved_sec = (int64_t)num_get_be64(in.p + 12);
	r->object_id = sl_sub(in, 20, 20 + FACTS_OBJECT_ID_BYTES);
	r->name = sl_skip(in, ADDED_BYTES);
	return r->uid != 0 && r->uid != UINT32_MAX && is_name(r->name);
}

static bool
read_keyword(struct slice in, struct facts_record *r)
{
	if (in.n < 2 || in.n > 256)
		return false;
	r->number = in.p[0];
	r->name = sl_skip(in, 1);
	return true;
}

static bool
read_list(struct slice in, size_t each, struct facts_record *r)
{
	if (in.n < 12)
		return false;
	r->modseq = num_get_be64(in.p);
	r->count = num_get_be32(in.p + 8);
	r->list = sl_skip(in, 12);
	return r->count <= FACTS_LIST_MAX && r->list.n == r->count * each;
}

static bool
read_flags(struct slice in, struct facts_record *r)
{
	return read_list(in, FLAGS_BYTES, r);
}

static bool
read_uids(struct slice in, struct facts_record *r)
{
	return read_list(in, 4, r);
}

static bool
read_highest(struct slice in, struct facts_record *r)
{
	if (in.n != 12)
		return false;
	r->modseq = num_get_be64(in.p);
	r->uidnext = num_get_be32(in.p + 8);
	return r->uidnext != 0;
}

static bool
read_together(struct slice in, struct facts_record *r)
{
	if (in.n != 4)
		return false;
	r->count = num_get_be32(in.p);
	return true;
}

static bool
read_pop3_id(struct slice in, struct facts_record *r)
{
	if (in.n < 5 || in.n > 4 + 255)
		return false;
	r->uid = num_get_be32(in.p);
	r->name = sl_skip(in, 4);
	return true;
}

static const struct {
	enum facts_kind kind;
	bool (*read)(struct slice in, struct facts_record *r);
} kinds[] = {
    {FACTS_ADDED, read_added},
    {FACTS_FLAGS, read_flags},
    {FACTS_EXPUNGED, read_uids},
    {FACTS_GONE, read_uids},
    {FACTS_KEYWORD, read_keyword},
    {FACTS_BEGIN, read_begin},
    {FACTS_HIGHEST, read_highest},
    {FACTS_TOGETHER, read_together},
    {FACTS_POP3_ID, read_pop3_id},
};

static bool
read_payload(unsigned char kind, struct slice in, struct facts_record *r)
{
	*r = (struct facts_record){.kind = (enum facts_kind)kind};
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].kind == r->kind)
			return kinds[i].read(in, r);
	return false;
}

static bool
is_zero(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i])
			return false;
	return true;
}

enum st
facts_next(struct slice *rest, struct facts_record *r)
{
	struct slice in = *rest;
	uint32_t n;

	if (is_zero(sl_sub(in, 0, HEAD_BYTES)))
		return ST_EOF;
	if (in.n < HEAD_BYTES)
		return ST_AGAIN;
	n = num_get_be32(in.p);
	if (n > FACTS_PAYLOAD_MAX)
		return ST_SYNTAX;
	if (in.n < FACTS_FRAME_BYTES + n)
		return ST_AGAIN;
	if (num_get_be32(in.p + HEAD_BYTES + n) != crc32c(0, sl_sub(in, 0, HEAD_BYTES + n)))
		return ST_SYNTAX;
	if (!read_payload(in.p[4], sl_sub(in, HEAD_BYTES, HEAD_BYTES + n), r))
		return ST_SYNTAX;
	*rest = sl_skip(in, FACTS_FRAME_BYTES + n);
	return ST_OK;
}

/* ---- writing ---- */

/* Room for a record with n bytes of content: the content's place. */
static unsigned char *
start(struct buf *out, enum facts_kind kind, size_t n)
{
	unsigned char *p = buf_room(out, FACTS_FRAME_BYTES + n);

	if (!p)
		return NULL;
	num_put_be32(p, (uint32_t)n);
	p[4] = (unsigned char)kind;
	return p + HEAD_BYTES;
}

/* The content at p is whole. */
static void
finish(struct buf *out, unsigned char *p, size_t n)
{
	unsigned char *head = p - HEAD_BYTES;

	num_put_be32(p + n, crc32c(0, sl_mem(head, HEAD_BYTES + n)));
	buf_added(out, FACTS_FRAME_BYTES + n);
}

static void
put_name(unsigned char *p, struct slice name)
{
	if (name.n)
		memcpy(p, name.p, name.n);
}

void
facts_put_begin(struct buf *out, uint32_t uidvalidity, uint32_t uidnext, uint64_t modseq)
{
	unsigned char *p = start(out, FACTS_BEGIN, 16);

	if (!p)
		return;
	num_put_be32(p, uidvalidity);
	num_put_be32(p + 4, uidnext);
	num_put_be64(p + 8, modseq);
	finish(out, p, 16);
}

void
facts_put_added(struct buf *out, uint32_t uid, uint64_t modseq, int64_t saved_sec,
    const unsigned char object_id[FACTS_OBJECT_ID_BYTES], struct slice base)
{
	unsigned char *p = start(out, FACTS_ADDED, ADDED_BYTES + base.n);

	if (!p)
		return;
	num_put_be32(p, uid);
	num_put_be64(p + 4, modseq);
	num_put_be64(p + 12, (uint64_t)saved_sec);
	memcpy(p + 20, object_id, FACTS_OBJECT_ID_BYTES);
	put_name(p + ADDED_BYTES, base);
	finish(out, p, ADDED_BYTES + base.n);
}

void
facts_put_keyword(struct buf *out, uint8_t number, struct slice name)
{
	unsigned char *p = start(out, FACTS_KEYWORD, 1 + name.n);

	if (!p)
		return;
	p[0] = number;
	put_name(p + 1, name);
	finish(out, p, 1 + name.n);
}

void
facts_put_flags(struct buf *out, uint64_t modseq, const struct facts_flags *rows, uint32_t count)
{
	size_t n = 12 + (size_t)count * FLAGS_BYTES;
	unsigned char *p = start(out, FACTS_FLAGS, n), *at;

	if (!p)
		return;
	num_put_be64(p, modseq);
	num_put_be32(p + 8, count);
	at = p + 12;
	for (uint32_t i = 0; i < count; i++, at += FLAGS_BYTES) {
		num_put_be32(at, rows[i].uid);
		num_put_be64(at + 4, rows[i].keywords);
		at[12] = rows[i].flags;
	}
	finish(out, p, n);
}

void
facts_put_uids(
    struct buf *out, enum facts_kind kind, uint64_t modseq, const uint32_t *uids, uint32_t count)
{
	size_t n = 12 + (size_t)count * 4;
	unsigned char *p = start(out, kind, n);

	if (!p)
		return;
	num_put_be64(p, modseq);
	num_put_be32(p + 8, count);
	for (uint32_t i = 0; i < count; i++)
		num_put_be32(p + 12 + (size_t)i * 4, uids[i]);
	finish(out, p, n);
}

void
facts_put_highest(struct buf *out, uint64_t modseq, uint32_t uidnext)
{
	unsigned char *p = start(out, FACTS_HIGHEST, 12);

	if (!p)
		return;
	num_put_be64(p, modseq);
	num_put_be32(p + 8, uidnext);
	finish(out, p, 12);
}

void
facts_put_together(struct buf *out, uint32_t records)
{
	unsigned char *p = start(out, FACTS_TOGETHER, 4);

	if (!p)
		return;
	num_put_be32(p, records);
	finish(out, p, 4);
}

void
facts_put_pop3_id(struct buf *out, uint32_t uid, struct slice id)
{
	unsigned char *p = start(out, FACTS_POP3_ID, 4 + id.n);

	if (!p)
		return;
	num_put_be32(p, uid);
	put_name(p + 4, id);
	finish(out, p, 4 + id.n);
}

void
facts_put_raw(struct buf *out, enum facts_kind kind, struct slice payload)
{
	unsigned char *p = start(out, kind, payload.n);

	if (!p)
		return;
	put_name(p, payload);
	finish(out, p, payload.n);
}

uint8_t
facts_flags_pack(uint32_t flags)
{
	static const char letters[] = FACTS_FLAG_LETTERS;
	unsigned bits = 0;

	for (unsigned i = 0; letters[i]; i++)
		if (flags >> (letters[i] - 'A') & 1)
			bits |= 1u << i;
	return (uint8_t)bits;
}

uint32_t
facts_flags_unpack(uint8_t bits)
{
	static const char letters[] = FACTS_FLAG_LETTERS;
	uint32_t flags = 0;

	for (unsigned i = 0; letters[i]; i++)
		if (bits >> i & 1)
			flags |= 1u << (letters[i] - 'A');
	return flags;
}
