/*
 * Cache entries: whatever the bytes, an entry that proves itself is written again the same way but
 * for the order of its parts, and nothing is read beyond the end.
 */
#include "fuzz/fuzz.h"
#include "maildir/cache_int.h"

static void
check(struct slice in)
{
	struct slice rest = in, base;
	struct cache_entry e, back;

	while (cache_entry_next(&rest, true, &base, &e) == ST_OK) {
		struct slice again, name;
		struct buf out;

		FUZZ_CHECK(base.n > 0 && base.n <= 255);
		buf_init(&out, CACHE_ENTRY_MAX_BYTES);
		FUZZ_CHECK(cache_entry_put(&out, base, &e));
		again = buf_slice(&out);
		FUZZ_CHECK(cache_entry_next(&again, true, &name, &back) == ST_OK);
		FUZZ_SAME(name, base);
		for (unsigned i = 0; i < CACHE_PARTS; i++) {
			FUZZ_CHECK(!e.parts[i].p == !back.parts[i].p);
			FUZZ_SAME(back.parts[i], e.parts[i]);
		}
		buf_fini(&out);
	}
	rest = in;
	while (cache_entry_next(&rest, false, &base, NULL) == ST_OK)
		FUZZ_CHECK(base.n > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cache_entry e = {.parts = {{0}}};
	struct slice in = sl_mem(data, size);
	struct buf out;

	check(in);
	check(sl_skip(in, CACHE_HEADER_BYTES));
	/* The input as parts of an entry with a right sum. */
	for (unsigned i = 0; i < CACHE_PARTS && size > 16; i++)
		if (data[i] & 1)
			e.parts[i] = sl_sub(in, data[i], size / (i + 1));
	buf_init(&out, 2 * CACHE_ENTRY_MAX_BYTES);
	if (cache_entry_put(&out, sl_sub(in, 0, 40), &e))
		check(buf_slice(&out));
	buf_fini(&out);
	return 0;
}
