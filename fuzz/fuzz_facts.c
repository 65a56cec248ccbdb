/*
 * Facts: whatever the bytes, records are read in order and written again they are the same; what
 * is read does not depend on what follows.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "maildir/facts.h"

static void
put(struct buf *out, const struct facts_record *r)
{
	static struct facts_flags flags[FACTS_LIST_MAX];
	static uint32_t uids[FACTS_LIST_MAX];

	for (uint32_t i = 0; r->kind == FACTS_FLAGS && i < r->count; i++)
		flags[i] = facts_flags_at(r, i);
	for (uint32_t i = 0; (r->kind == FACTS_EXPUNGED || r->kind == FACTS_GONE) && i < r->count;
	     i++)
		uids[i] = facts_uid_at(r, i);
	switch (r->kind) {
	case FACTS_BEGIN:
		facts_put_begin(out, r->uidvalidity, r->uidnext, r->modseq);
		break;
	case FACTS_ADDED:
		facts_put_added(out, r->uid, r->modseq, r->saved_sec, r->object_id.p, r->name);
		break;
	case FACTS_KEYWORD:
		facts_put_keyword(out, r->number, r->name);
		break;
	case FACTS_FLAGS:
		facts_put_flags(out, r->modseq, flags, r->count);
		break;
	case FACTS_EXPUNGED:
	case FACTS_GONE:
		facts_put_uids(out, r->kind, r->modseq, uids, r->count);
		break;
	case FACTS_HIGHEST:
		facts_put_highest(out, r->modseq, r->uidnext);
		break;
	case FACTS_TOGETHER:
		facts_put_together(out, r->count);
		break;
	case FACTS_POP3_ID:
		facts_put_pop3_id(out, r->uid, r->name);
		break;
	}
}

static void
check(struct slice in)
{
	struct slice rest = in;
	struct facts_record r;
	struct buf again;
	enum st st;

	buf_init(&again, 1 << 24);
	while ((st = facts_next(&rest, &r)) == ST_OK) {
		FUZZ_CHECK(r.kind != FACTS_ADDED || (r.uid != 0 && r.name.n > 0));
		put(&again, &r);
	}
	FUZZ_CHECK(st == ST_EOF || st == ST_AGAIN || st == ST_SYNTAX);
	FUZZ_SAME(buf_slice(&again), sl_sub(in, 0, (size_t)(rest.p - in.p)));
	buf_fini(&again);
}

/* The input as content of one record of each kind, with a right sum: beyond what chance finds. */
static void
check_payloads(struct slice in)
{
	static const char kinds[] = "VAKFXGNBU";
	struct buf out;

	for (const char *k = kinds; *k && in.n < FACTS_PAYLOAD_MAX; k++) {
		buf_init(&out, 1 << 20);
		facts_put_raw(&out, (enum facts_kind)*k, in);
		check(buf_slice(&out));
		buf_fini(&out);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);

	check(in);
	check(sl_skip(in, FACTS_HEADER_BYTES));
	check_payloads(in);
	return 0;
}
