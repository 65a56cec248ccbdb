/* Tests of slice.h and ascii.h. */
#include "base/ascii.h"
#include "base/check.h"
#include "base/slice.h"

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
comparison(void)
{
	static const struct {
		const char *a, *b;
		int order, iorder;
	} rows[] = {
		{"", "", 0, 0},
		{"", "a", -1, -1},
		{"a", "a", 0, 0},
		{"A", "a", -1, 0},
		{"abc", "ABD", 1, -1},
		{"ab", "abc", -1, -1},
		{"Z", "a", -1, 1},
		{"\xc4", "\xe4", -1, -1}, /* letters outside ASCII are never folded */
		{"[", "{", -1, -1},       /* 0x20 apart, no letters */
		{"\x7f", "\x80", -1, -1},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice a = sl_str(rows[i].a), b = sl_str(rows[i].b);

		CHECK_EQ(sign(sl_cmp(a, b)), rows[i].order);
		CHECK_EQ(sign(sl_cmp(b, a)), -rows[i].order);
		CHECK_EQ(sign(sl_icmp(a, b)), rows[i].iorder);
		CHECK_EQ(sign(sl_icmp(b, a)), -rows[i].iorder);
		CHECK_EQ(sl_eq(a, b), rows[i].order == 0);
		CHECK_EQ(sl_ieq(a, b), rows[i].iorder == 0);
	}
	CHECK(sl_eq(SL_NONE, SL("")));
	CHECK(sl_ieq(SL_NONE, SL("")));
	CHECK_EQ(sl_cmp(SL("a\0b"), SL("a\0b")), 0);
	CHECK(!sl_eq(SL("a\0b"), SL("a\0c")));
	CHECK_EQ(sl_str(NULL).n, 0);
}

static void
prefixes(void)
{
	static const struct {
		const char *s, *part;
		bool starts, istarts, ends, iends;
	} rows[] = {
		{"", "", true, true, true, true},
		{"abc", "", true, true, true, true},
		{"", "a", false, false, false, false},
		{"abc", "ab", true, true, false, false},
		{"abc", "AB", false, true, false, false},
		{"abc", "bc", false, false, true, true},
		{"abc", "BC", false, false, false, true},
		{"abc", "abc", true, true, true, true},
		{"abc", "abcd", false, false, false, false},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice s = sl_str(rows[i].s), part = sl_str(rows[i].part);

		CHECK_EQ(sl_starts(s, part), rows[i].starts);
		CHECK_EQ(sl_istarts(s, part), rows[i].istarts);
		CHECK_EQ(sl_ends(s, part), rows[i].ends);
		CHECK_EQ(sl_iends(s, part), rows[i].iends);
	}
}

static void
parts(void)
{
	struct slice s = SL("abcdef");

	CHECK_SL(sl_sub(s, 1, 3), SL("bc"));
	CHECK_SL(sl_sub(s, 0, 99), s);
	CHECK_SL(sl_sub(s, 4, 2), SL(""));
	CHECK_SL(sl_sub(s, 99, 100), SL(""));
	CHECK_SL(sl_sub(SL_NONE, 0, 1), SL(""));
	CHECK_SL(sl_skip(s, 2), SL("cdef"));
	CHECK_SL(sl_skip(s, 6), SL(""));
	CHECK_SL(sl_skip(s, SIZE_MAX), SL(""));
	CHECK_SL(sl_trim(SL(" \t\r\n a b \r\n")), SL("a b"));
	CHECK_SL(sl_trim(SL(" \r ")), SL(""));
	CHECK_SL(sl_trim(SL("\v")), SL("\v"));
}

static void
finding(void)
{
	struct slice s = SL("a.b.c");

	CHECK_EQ(sl_find(s, '.'), 1);
	CHECK_EQ(sl_rfind(s, '.'), 3);
	CHECK_EQ(sl_find(s, 'x'), 5);
	CHECK_EQ(sl_rfind(s, 'x'), 5);
	CHECK_EQ(sl_find(SL_NONE, 'x'), 0);
	CHECK_EQ(sl_rfind(SL("x"), 'x'), 0);
	CHECK_EQ(sl_search(s, SL("b.c")), 2);
	CHECK_EQ(sl_search(s, SL("b.d")), 5);
	CHECK_EQ(sl_search(s, SL("")), 0);
	CHECK_EQ(sl_search(SL(""), SL("a")), 0);
	CHECK_EQ(sl_search(SL("a"), SL("ab")), 1);
	CHECK_EQ(sl_search(SL("aaab"), SL("aab")), 1);
	CHECK_EQ(sl_search(SL("aaaa"), SL("aaaaa")), 4);
}

/* The search agrees with the obvious way of looking everywhere, on a two-letter alphabet. */
static void
search_property(void)
{
	uint64_t seed = 1;

	for (int round = 0; round < 3000; round++) {
		unsigned char hay[24], needle[4];
		size_t n = check_below(&seed, sizeof(hay) + 1),
		       m = check_below(&seed, sizeof(needle) + 1);
		size_t want = 0;

		for (size_t i = 0; i < n; i++)
			hay[i] = (unsigned char)('a' + check_below(&seed, 2));
		for (size_t i = 0; i < m; i++)
			needle[i] = (unsigned char)('a' + check_below(&seed, 2));
		while (want + m <= n && memcmp(hay + want, needle, m) != 0)
			want++;
		if (want + m > n)
			want = n;
		CHECK_EQ(sl_search(sl_mem(hay, n), sl_mem(needle, m)), want);
	}
}

static void
cutting(void)
{
	struct slice rest = SL("a::b"), head;

	CHECK(sl_cut(&rest, ':', &head));
	CHECK_SL(head, SL("a"));
	CHECK(sl_cut(&rest, ':', &head));
	CHECK_SL(head, SL(""));
	CHECK_SL(rest, SL("b"));
	CHECK(!sl_cut(&rest, ':', &head));
	CHECK_SL(head, SL("b"));
	CHECK_SL(rest, SL(""));
	CHECK(!sl_cut(&rest, ':', &head));
	CHECK_SL(head, SL(""));
	rest = SL("x:");
	CHECK(sl_cut(&rest, ':', &head));
	CHECK_SL(rest, SL(""));
}

static void
ascii_classes(void)
{
	for (int c = 0; c < 256; c++) {
		unsigned char u = (unsigned char)c;
		bool upper = memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", c, 26) != NULL;
		bool lower = memchr("abcdefghijklmnopqrstuvwxyz", c, 26) != NULL;
		bool digit = memchr("0123456789", c, 10) != NULL;

		CHECK_EQ(ascii_is_upper(u), upper);
		CHECK_EQ(ascii_is_lower(u), lower);
		CHECK_EQ(ascii_is_digit(u), digit);
		CHECK_EQ(ascii_is_alnum(u), upper || lower || digit);
		CHECK_EQ(ascii_lower(u), upper ? c + 32 : c);
		CHECK_EQ(ascii_upper(u), lower ? c - 32 : c);
		CHECK_EQ(ascii_is_ctl(u), c < 32 || c == 127);
		CHECK_EQ(ascii_is_space(u), memchr(" \t\r\n", c, 4) != NULL);
	}
	CHECK_EQ(ascii_hex_value('0'), 0);
	CHECK_EQ(ascii_hex_value('a'), 10);
	CHECK_EQ(ascii_hex_value('F'), 15);
	CHECK_EQ(ascii_hex_value('g'), -1);
	CHECK_EQ(ascii_hex_value('@'), -1);
}

static const struct check_row rows[] = {
	{"comparison", comparison},
	{"prefixes", prefixes},
	{"parts", parts},
	{"finding", finding},
	{"search_property", search_property},
	{"cutting", cutting},
	{"ascii_classes", ascii_classes},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
