/* Tests of utf8.h, fault.h and kv.h. */
#include <errno.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/kv.h"
#include "base/utf8.h"

/* RFC 3629 sections 3 and 4: which sequences exist. */
static void
utf8_sequences(void)
{
	static const struct {
		const char *text;
		size_t n; /* 0: malformed */
		uint32_t cp;
	} rows[] = {
		{"A", 1, 'A'},
		{"\x7f", 1, 0x7f},
		{"\xc2\x80", 2, 0x80},
		{"\xdf\xbf", 2, 0x7ff},
		{"\xe0\xa0\x80", 3, 0x800},
		{"\xed\x9f\xbf", 3, 0xd7ff},
		{"\xee\x80\x80", 3, 0xe000},
		{"\xef\xbf\xbf", 3, 0xffff},
		{"\xf0\x90\x80\x80", 4, 0x10000},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
		{"\xc0\x80", 0, 0},         /* overlong */
		{"\xc1\xbf", 0, 0},
		{"\xe0\x9f\xbf", 0, 0},
		{"\xf0\x8f\xbf\xbf", 0, 0},
		{"\xed\xa0\x80", 0, 0},     /* surrogates */
		{"\xed\xbf\xbf", 0, 0},
		{"\xf4\x90\x80\x80", 0, 0}, /* above U+10FFFF */
		{"\xf8\x88\x80\x80\x80", 0, 0},
		{"\xff", 0, 0},
		{"\x80", 0, 0},             /* a tail alone */
		{"\xc3", 0, 0},             /* ends too early */
		{"\xe2\x82", 0, 0},
		{"\xf0\x9f\x98", 0, 0},
		{"\xc3(", 0, 0},
		{"\xe2\x28\xa1", 0, 0},
		{"", 0, 0},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint32_t cp = 0;

		CHECK_EQ(utf8_next(sl_str(rows[i].text), &cp), rows[i].n);
		CHECK_EQ(cp, rows[i].cp);
		CHECK_EQ(
		    utf8_valid(sl_str(rows[i].text)), rows[i].n > 0 || rows[i].text[0] == '\0');
	}
	CHECK(utf8_valid(SL("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80")));
	CHECK(!utf8_valid(SL("ok \xc3\xbc then \xc3")));
	CHECK(utf8_has_8bit(SL("a\x80")));
	CHECK(!utf8_has_8bit(SL("a\x7f")));
}

static void
utf8_folding(void)
{
	static const struct {
		uint32_t from, to;
	} rows[] = {
		{'A', 'a'}, {'a', 'a'}, {'[', '['}, {0xc4, 0xe4}, {0xd7, 0xd7}, {0x100, 0x101},
		{0x101, 0x101}, {0x178, 0xff}, {0x3a3, 0x3c3}, {0x3c2, 0x3c3}, {0x416, 0x436},
		{0x1e9e, 0xdf}, {0x10400, 0x10428}, {0x4e00, 0x4e00},
	};
	struct buf out;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK_EQ(utf8_fold(rows[i].from), rows[i].to);
	for (uint32_t c = 0; c < 0x110000; c++)
		if (utf8_fold(utf8_fold(c)) != utf8_fold(c))
			CHECK_EQ(c, 0);
	buf_init(&out, 64);
	CHECK_EQ(utf8_put_folded(&out, SL("aB\xc3\x84\xff\xc3"), false), 5);
	CHECK_SL(buf_slice(&out), SL("ab\xc3\xa4\xef\xbf\xbd"));
	CHECK_EQ(utf8_put_folded(&out, SL("\xc3"), true), 1);
	CHECK_SL(buf_slice(&out), SL("ab\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd"));
	buf_fini(&out);
}

/* Each code point reads back as itself; what is none becomes U+FFFD. */
static void
utf8_all_code_points(void)
{
	struct buf b;

	buf_init(&b, 4);
	for (uint32_t cp = 0; cp < 0x110400; cp++) {
		bool scalar = cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff);
		uint32_t back = 0;

		buf_clear(&b);
		utf8_put(&b, cp);
		if (!CHECK(
			utf8_next(buf_slice(&b), &back) == b.n && back == (scalar ? cp : 0xfffd)))
			break;
	}
	buf_clear(&b);
	utf8_put(&b, UINT32_MAX);
	CHECK_SL(buf_slice(&b), SL("\xef\xbf\xbd"));
	buf_fini(&b);
}

static void
fault_codes(void)
{
	static const struct {
		const char *esc;
		unsigned want[3];
	} rows[] = {
		{"4.3.0", {4, 3, 0}},
		{"5.1.1", {5, 1, 1}},
		{"5.7.255", {5, 7, 255}},
		{"", {0, 0, 0}},
		{"5.1", {0, 0, 0}},
		{"5.1.1.1", {0, 0, 0}},
		{"6.1.1", {0, 0, 0}},
		{"5.1.256", {0, 0, 0}},
		{"a.b.c", {0, 0, 0}},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct fault f;

		CHECK_EQ(fault_set(&f, ST_PERM, rows[i].esc, "text"), ST_PERM);
		for (unsigned k = 0; k < 3; k++)
			CHECK_EQ(f.esc[k], rows[i].want[k]);
	}
	CHECK_EQ(fault_set(NULL, ST_TEMP, "4.3.0", "nobody listens"), ST_TEMP);
}

static void
fault_texts(void)
{
	struct fault f;
	char longer[400];

	fault_set(&f, ST_SYNTAX, "", "found %s, expected %d", "x", 5);
	CHECK_SL(sl_str(f.text), SL("found x, expected 5"));
	CHECK(f.req == NULL && f.sys == 0 && f.st == ST_SYNTAX);
	fault_set(&f, ST_SYNTAX, "", "a\r\nb\tc\x7f\x80 \xc3\xbc");
	CHECK_SL(sl_str(f.text), SL("a??b?c?? \xc3\xbc"));
	fault_set(&f, ST_SYNTAX, "", "\xc2\x85");
	CHECK_SL(sl_str(f.text), SL("??"));
	fault_sys(&f, ST_IO, "4.3.0", ENOENT, "open %s", "x");
	CHECK(sl_starts(sl_str(f.text), SL("open x: ")) && f.sys == ENOENT);
	CHECK(strlen(f.text) > strlen("open x: "));
	fault_req(&f, ST_LIMIT, "5.5.2", "R5321-4.5.3.1.4-a", "line too long");
	CHECK_EQ(strcmp(f.req, "R5321-4.5.3.1.4-a"), 0);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	fault_set(&f, ST_TEMP, "", "%s", longer);
	CHECK_EQ(strlen(f.text), sizeof(f.text) - 1);
	/* Cut between characters: the euro sign does not fit any more. */
	longer[sizeof(f.text) - 2] = '\0';
	fault_set(&f, ST_TEMP, "", "%s\xe2\x82\xac", longer);
	CHECK_EQ(strlen(f.text), sizeof(f.text) - 2);
	longer[sizeof(f.text) - 4] = '\0';
	fault_set(&f, ST_TEMP, "", "%s\xe2\x82\xac", longer);
	CHECK_EQ(strlen(f.text), sizeof(f.text) - 1);
}

static void
fault_temporary(void)
{
	struct fault f;

	for (int st = ST_OK; st <= ST_BUG; st++) {
		bool temporary = st == ST_TEMP || st == ST_IO || st == ST_LIMIT || st == ST_AGAIN;

		fault_set(&f, (enum st)st, "", "x");
		CHECK_EQ(fault_is_temporary(&f), temporary);
		fault_set(&f, (enum st)st, "4.0.0", "x");
		CHECK(fault_is_temporary(&f));
		fault_set(&f, (enum st)st, "5.0.0", "x");
		CHECK(!fault_is_temporary(&f));
		CHECK(strlen(st_name((enum st)st)) > 0);
		for (int other = ST_OK; other < st; other++)
			CHECK(strcmp(st_name((enum st)st), st_name((enum st)other)) != 0);
	}
}

static void
kv_lines(void)
{
	struct fault f, plain;
	struct buf b;

	buf_init(&b, 1000);
	fault_req(&f, ST_PERM, "5.1.1", "R5321-3.3-a", "User \"x\" unknown.");
	fault_set(&plain, ST_TEMP, "", "later");
	kv_put(&b, "started",
	    (struct kv[]){KV_STR("id", "0001.ab"), KV_SL("from", SL("<a@b>")), KV_STR("empty", ""),
		KV_SL("s", SL("two words")), KV_SL("c", SL("a,b")), KV_SL("q", SL("say \"hi\"")),
		KV_SL("b", SL("a\\b")), KV_SL("ctl", SL("a\r\n\0b")),
		KV_SL("bad", SL("\xc3\xbc\xff\xc2\x9b")), KV_U64("u", UINT64_MAX), KV_U64("z", 0),
		KV_I64("i", INT64_MIN), KV_I64("p", 7), KV_FAULT(&f), KV_FAULT(&plain), KV_END});
	CHECK_SL(buf_slice(&b),
	    SL("started,id=0001.ab,from=<a@b>,empty=,s=\"two words\",c=\"a,b\","
	       "q=\"say \\\"hi\\\"\",b=a\\\\b,"
	       "ctl=a\\x0D\\x0A\\x00b,bad=\xc3\xbc\\xFF\\xC2\\x9B,u=18446744073709551615,z=0,"
	       "i=-9223372036854775808,p=7,"
	       "status=5.1.1,reason=\"User \\\"x\\\" unknown.\",req=R5321-3.3-a,reason=\"later\""));
	buf_clear(&b);
	kv_put(&b, "bare", NULL);
	CHECK_SL(buf_slice(&b), SL("bare"));
	buf_fini(&b);
}

/* A line of any maximum never fails, never passes it, and is either whole or ends in the mark. */
static void
kv_maximum(void)
{
	const struct kv pairs[] = {
	    KV_STR("key", "v\xc3\xbc"), KV_SL("x", SL("a b\1")), KV_U64("n", 12345), KV_END};
	const struct slice whole = SL("event,key=v\xc3\xbc,x=\"a b\\x01\",n=12345");

	for (size_t max = 0; max < whole.n + 10; max++) {
		struct buf b;
		struct slice got;

		buf_init(&b, max);
		kv_put(&b, "event", pairs);
		got = buf_slice(&b);
		CHECK(buf_ok(&b) && got.n <= max && utf8_valid(got));
		if (max >= whole.n + 3)
			CHECK_SL(got, whole);
		else
			CHECK(sl_ends(got, sl_sub(SL("..."), 0, max)) &&
			      sl_starts(whole, sl_sub(got, 0, max < 3 ? 0 : got.n - 3)));
		buf_fini(&b);
	}
}

static const struct check_row rows[] = {
	{"utf8_sequences", utf8_sequences},
	{"utf8_folding", utf8_folding},
	{"utf8_all_code_points", utf8_all_code_points},
	{"fault_codes", fault_codes},
	{"fault_texts", fault_texts},
	{"fault_temporary", fault_temporary},
	{"kv_lines", kv_lines},
	{"kv_maximum", kv_maximum},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
