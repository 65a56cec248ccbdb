/*
 * Delivery instructions: what is read can be written, and reads back as the same instructions. The
 * first line doubles as an extension: none of its file names leaves the home.
 */
#include "deliver/file.h"
#include "deliver/instr.h"
#include "fuzz/fuzz.h"

static void
check_names(struct slice text)
{
	char ext[DELIVER_EXT_MAX + 1];
	struct deliver_file file;
	struct slice line;

	sl_cut(&text, '\n', &line);
	if (!deliver_extension(line, SL("+"), ext))
		return;
	for (unsigned i = 0; deliver_file_name(".courier", ext, i, &file); i++) {
		struct slice name = sl_str(file.name);

		FUZZ_CHECK(i <= DELIVER_EXT_MAX + 1);
		FUZZ_CHECK(name.n == 0 ||
			   (sl_starts(name, SL(".courier")) && sl_find(name, '/') == name.n));
		FUZZ_CHECK(!file.is_default || file.default_at <= line.n);
		FUZZ_CHECK(name.n == 0 || !file.is_default || sl_ends(name, SL("-default")));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", 4 << 20), *b = arena_new("fuzz", 4 << 20);
	struct deliver_plan plan, again;
	struct buf one, two;
	struct fault f;

	buf_init(&one, 4 << 20);
	buf_init(&two, 4 << 20);
	check_names(sl_mem(data, size));
	if (deliver_parse(sl_mem(data, size), a, &plan, &f) == ST_OK) {
		deliver_plan_put(&plan, &one);
		FUZZ_CHECK(buf_ok(&one));
		FUZZ_CHECK(plan.is_empty == (one.n == 0));
		if (one.n <= DELIVER_TEXT_MAX) {
			FUZZ_CHECK(deliver_parse(buf_slice(&one), b, &again, &f) == ST_OK);
			deliver_plan_put(&again, &two);
			FUZZ_SAME(buf_slice(&two), buf_slice(&one));
			FUZZ_CHECK(again.count == plan.count);
		}
	} else {
		FUZZ_CHECK(f.esc[0] == 4 && f.text[0]);
	}
	buf_fini(&one);
	buf_fini(&two);
	arena_free(a);
	arena_free(b);
	return 0;
}
