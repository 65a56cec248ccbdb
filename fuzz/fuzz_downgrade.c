/* 8 bit content made 7 bit: the result has 7 bits, and does not depend on how it was cut. */
#include "fuzz/fuzz.h"
#include "message/downgrade.h"

static enum st
convert(struct slice in, enum fuzz_cut how, struct buf *out)
{
	struct arena *a = arena_new("fuzz", 8u << 20);
	struct downgrade *d = downgrade_new(a);
	struct downgrade_run run = {.at = 0};
	uint64_t state = 3;
	struct slice rest;
	struct fault f;
	enum st st;

	buf_init(&run.header, DOWNGRADE_HEADER_MAX);
	for (rest = in; rest.n;)
		downgrade_look(d, fuzz_piece(how, &state, &rest));
	st = downgrade_looked(d, &f);
	for (rest = in; rest.n && st == ST_OK;)
		downgrade_scan(d, fuzz_piece(how, &state, &rest));
	if (st == ST_OK)
		st = downgrade_scanned(d, &f);
	for (rest = in; rest.n && st == ST_OK;)
		downgrade_feed(d, &run, fuzz_piece(how, &state, &rest), out);
	if (st == ST_OK)
		downgrade_end(d, &run, out);
	else
		FUZZ_CHECK(f.esc[0] == 5);
	buf_fini(&run.header);
	arena_free(a);
	return st;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct buf whole, other;
	enum st st;

	if (size > 50000)
		return 0;
	buf_init(&whole, 1 << 20);
	st = convert(in, FUZZ_WHOLE, &whole);
	for (size_t i = 0; i < whole.n; i++)
		FUZZ_CHECK(whole.p[i] < 128);
	for (enum fuzz_cut how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
		buf_init(&other, 1 << 20);
		FUZZ_CHECK(convert(in, how, &other) == st);
		FUZZ_SAME(buf_slice(&other), buf_slice(&whole));
		buf_fini(&other);
	}
	buf_fini(&whole);
	return 0;
}
