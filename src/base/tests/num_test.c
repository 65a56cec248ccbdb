/* Tests of num.h. */
#include "base/attr.h"
#include "base/check.h"
#include "base/num.h"

static void
decimal(void)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
		uint64_t value;
	} rows[] = {
		{"0", 10, true, 0},
		{"10", 10, true, 10},
		{"11", 10, false, 0},
		{"007", 10, true, 7},
		{"", 10, false, 0},
		{"+1", 10, false, 0},
		{"-1", 10, false, 0},
		{" 1", 10, false, 0},
		{"1 ", 10, false, 0},
		{"1a", 10, false, 0},
		{"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, false, 0},
		{"28446744073709551615", UINT64_MAX, false, 0},
		{"99999999999999999999999", UINT64_MAX, false, 0},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t value = 77;

		CHECK_EQ(num_u64(sl_str(rows[i].text), rows[i].max, &value), rows[i].ok);
		CHECK(value == (rows[i].ok ? rows[i].value : 77));
	}
}

static void
signed_decimal(void)
{
	static const struct {
		const char *text;
		int64_t min, max;
		bool ok;
		int64_t value;
	} rows[] = {
		{"5", -10, 10, true, 5},
		{"-5", -10, 10, true, -5},
		{"-0", -10, 10, true, 0},
		{"-11", -10, 10, false, 0},
		{"11", -10, 10, false, 0},
		{"-", -10, 10, false, 0},
		{"--1", -10, 10, false, 0},
		{"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
		{"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
		{"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
		{"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t value = 77;

		CHECK_EQ(
		    num_i64(sl_str(rows[i].text), rows[i].min, rows[i].max, &value), rows[i].ok);
		CHECK_EQ(value, rows[i].ok ? rows[i].value : 77);
	}
}

static void
hexadecimal(void)
{
	uint64_t value;

	CHECK(num_hex(SL("0"), &value) && value == 0);
	CHECK(num_hex(SL("aF9"), &value) && value == 0xaf9);
	CHECK(num_hex(SL("ffffffffffffffff"), &value) && value == UINT64_MAX);
	CHECK(!num_hex(SL("00000000000000000"), &value));
	CHECK(!num_hex(SL(""), &value));
	CHECK(!num_hex(SL("0x1"), &value));
	CHECK(!num_hex(SL("g"), &value));
}

static void
durations(void)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} rows[] = {
		{"300", 300},
		{"0", 0},
		{"4h", 14400},
		{"1w2d", 777600},
		{"1w2d3h4m5s", 604800 + 172800 + 10800 + 240 + 5},
		{"1m1m", 120},
		{"", -1},
		{"h", -1},
		{"1h30", -1},
		{"1 h", -1},
		{"-1h", -1},
		{"-1", -1},
		{"1y", -1},
		{"1H", -1},
		{"9223372036854775807", INT64_MAX},
		{"9223372036854775807s", INT64_MAX},
		{"9223372036854775807s1s", -1},
		{"9223372036854775808", -1},
		{"15250284452471w", 15250284452471 * 604800},
		{"15250284452472w", -1},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t seconds = -1;
		bool ok = num_duration_sec(sl_str(rows[i].text), &seconds);

		CHECK_EQ(ok, rows[i].seconds >= 0);
		if (ok)
			CHECK_EQ(seconds, rows[i].seconds);
	}
}

static void
sizes(void)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t bytes;
	} rows[] = {
		{"0", true, 0},
		{"10", true, 10},
		{"10K", true, 10240},
		{"10k", true, 10240},
		{"3M", true, 3145728},
		{"2G", true, 2147483648},
		{"17179869183G", true, 17179869183ULL << 30},
		{"17179869184G", false, 0},
		{"18446744073709551615", true, UINT64_MAX},
		{"18446744073709551616", false, 0},
		{"", false, 0},
		{"K", false, 0},
		{"1T", false, 0},
		{"1KB", false, 0},
		{"1.5M", false, 0},
		{"-1", false, 0},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t bytes = 0;

		CHECK_EQ(num_size_bytes(sl_str(rows[i].text), &bytes), rows[i].ok);
		CHECK(bytes == rows[i].bytes);
	}
}

static void
overflow(void)
{
	size_t n = 0;

	CHECK(num_add_size(SIZE_MAX - 1, 1, &n) && n == SIZE_MAX);
	CHECK(!num_add_size(SIZE_MAX, 1, &n));
	CHECK(num_mul_size(SIZE_MAX, 1, &n) && n == SIZE_MAX);
	CHECK(num_mul_size(0, SIZE_MAX, &n) && n == 0);
	CHECK(num_mul_size(SIZE_MAX, 0, &n) && n == 0);
	CHECK(!num_mul_size(SIZE_MAX / 2 + 1, 2, &n));
}

static void
big_endian(void)
{
	unsigned char b[9] = {0};

	num_put_be64(b + 1, 0x0102030405060708);
	CHECK_SL(sl_mem(b, 9), SL("\0\1\2\3\4\5\6\7\10"));
	CHECK(num_get_be64(b + 1) == 0x0102030405060708);
	CHECK_EQ(num_get_be32(b + 1), 0x01020304);
	CHECK_EQ(num_get_be16(b + 1), 0x0102);
	num_put_be32(b + 1, 0xfffefdfc);
	CHECK_EQ(num_get_be32(b + 1), 0xfffefdfc);
	num_put_be16(b + 1, 0x8001);
	CHECK_EQ(num_get_be16(b + 1), 0x8001);
	CHECK_EQ(b[0], 0);
}

static const struct check_row rows[] = {
	{"decimal", decimal},
	{"signed_decimal", signed_decimal},
	{"hexadecimal", hexadecimal},
	{"durations", durations},
	{"sizes", sizes},
	{"overflow", overflow},
	{"big_endian", big_endian},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
