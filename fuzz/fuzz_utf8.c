/* UTF-8: what is read writes back as the same bytes; validity is what reading to the end says. */
#include "base/utf8.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size), rest = in;
	bool high = false;
	struct buf out;
	uint32_t cp;
	size_t n;

	buf_init(&out, size + 8);
	while ((n = utf8_next(rest, &cp)) > 0) {
		FUZZ_CHECK(n <= rest.n && n <= 4 && cp <= 0x10ffff);
		FUZZ_CHECK(utf8_valid(sl_sub(rest, 0, n)));
		utf8_put(&out, cp);
		high = high || cp >= 0x80;
		rest = sl_skip(rest, n);
	}
	FUZZ_CHECK(buf_ok(&out));
	FUZZ_SAME(buf_slice(&out), sl_sub(in, 0, in.n - rest.n));
	FUZZ_CHECK(utf8_valid(in) == (rest.n == 0));
	FUZZ_CHECK(utf8_has_8bit(in) == (high || utf8_has_8bit(rest)));
	buf_fini(&out);
	return 0;
}
