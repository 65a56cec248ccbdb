/* Numbers: agreement with the C library where both have an answer, and with each other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/num.h"
#include "fuzz/fuzz.h"

static bool
all_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

static void
plain(struct slice s, const char *text)
{
	uint64_t u = 0, capped;
	int64_t i = 0;
	bool fits, ok = num_u64(s, UINT64_MAX, &u);
	unsigned long long want;

	errno = 0;
	want = strtoull(text, NULL, 10);
	fits = errno == 0;
	FUZZ_CHECK(ok == (all_digits(s) && fits));
	FUZZ_CHECK(!ok || u == want);
	FUZZ_CHECK(num_u64(s, 1000, &capped) == (ok && u <= 1000));
	FUZZ_CHECK(num_i64(s, 0, INT64_MAX, &i) == (ok && u <= INT64_MAX) || s.p[0] == '-');
	if (num_i64(s, INT64_MIN, INT64_MAX, &i))
		FUZZ_CHECK(i == strtoll(text, NULL, 10));
}

static void
hexadecimal(struct slice s)
{
	uint64_t u = 0, again = 0;
	char text[24];

	if (!num_hex(s, &u))
		return;
	snprintf(text, sizeof(text), "%llx", (unsigned long long)u);
	FUZZ_CHECK(num_hex(sl_str(text), &again) && again == u);
}

/* Units only ever make a number larger, and plain digits mean themselves. */
static void
units(struct slice s)
{
	struct slice digits = s;
	uint64_t u = 0, bytes = 0;
	int64_t seconds = 0;

	if (num_u64(s, INT64_MAX, &u)) {
		FUZZ_CHECK(num_duration_sec(s, &seconds) && seconds == (int64_t)u);
		FUZZ_CHECK(num_size_bytes(s, &bytes) && bytes == u);
	}
	if (num_duration_sec(s, &seconds))
		FUZZ_CHECK(seconds >= 0);
	digits.n -= s.n > 0 && ascii_is_alpha(s.p[s.n - 1]);
	if (num_size_bytes(s, &bytes)) {
		FUZZ_CHECK(num_u64(digits, UINT64_MAX, &u) && bytes >= u);
		FUZZ_CHECK(u == 0 || bytes % u == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = sl_mem(data, size);
	char *text = mem_str(s);

	if (s.n > 0)
		plain(s, text);
	hexadecimal(s);
	units(s);
	mem_free(text);
	return 0;
}
