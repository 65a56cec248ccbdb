/* The grammar of commands, piece by piece; and names of mailboxes, both ways. */
#include "base/check.h"
#include "base/mutf7.h"
#include "imap/lexer.h"
#include "imap/reply/reply.h"
#include "imap/server_cmd.h"
#include "imap/tests/world.h"

/* Takes one thing off text; what is left, or NULL and words. */
struct taken {
	bool ok;
	struct slice value;
	struct imap_lexer lx;
	struct arena *a;
};

static struct taken
take(bool (*fn)(struct imap_lexer *lx, struct slice *out), const char *text)
{
	struct taken t = {.a = arena_new("lexer", 65536)};

	imap_lex_init(&t.lx, sl_str(text), t.a);
	t.ok = fn(&t.lx, &t.value);
	return t;
}

static void
expect(bool (*fn)(struct imap_lexer *lx, struct slice *out), const char *text, const char *value,
    const char *left)
{
	struct taken t = take(fn, text);

	if (CHECK(t.ok == (value != NULL)) && t.ok) {
		CHECK_SL(t.value, sl_str(value));
		CHECK_SL(t.lx.in, sl_str(left));
		CHECK(t.lx.error == NULL);
	} else if (!t.ok) {
		CHECK(t.lx.error != NULL);
		CHECK_SL(t.lx.in, sl_str(text));
	}
	arena_free(t.a);
}

/* R3501-9-e, R3501-4.3-b */
static void
test_words(void)
{
	expect(imap_lex_atom, "abc def", "abc", " def");
	expect(imap_lex_atom, "a[b]c", "a[b", "]c");
	expect(imap_lex_atom, "a{b", "a", "{b");
	expect(imap_lex_atom, "(", NULL, NULL);
	expect(imap_lex_atom, "", NULL, NULL);
	expect(imap_lex_atom, "\x7f", NULL, NULL);
	expect(imap_lex_atom, "\xc3\xa4", NULL, NULL);
	expect(imap_lex_name, "BODY.PEEK[", "BODY.PEEK", "[");
	expect(imap_lex_tag, "a1+", "a1", "+");
	expect(imap_lex_tag, "]x y", "]x", " y");
	expect(imap_lex_tag, "+", NULL, NULL);
	expect(imap_lex_astring, "a]b c", "a]b", " c");
	expect(imap_lex_astring, "a%", "a", "%");
	expect(imap_lex_list_mailbox, "a%*b c", "a%*b", " c");
	expect(imap_lex_list_mailbox, "\"a b\" c", "a b", " c");
	expect(imap_lex_string, "abc", NULL, NULL);
}

/* R3501-9-b, R3501-9-e, R3501-4.3-a, R3501-4.3-b */
static void
test_strings(void)
{
	struct imap_lexer lx;
	struct arena *a = arena_new("lexer", 65536);
	struct slice out;

	expect(imap_lex_string, "\"\" x", "", " x");
	expect(imap_lex_string, "\"a\\\"b\\\\\"", "a\"b\\", "");
	expect(imap_lex_string, "\"a\\b\"", NULL, NULL);
	expect(imap_lex_string, "\"a", NULL, NULL);
	expect(imap_lex_string, "\"a\\\"", NULL, NULL);
	expect(imap_lex_string, "\"a\r\nb\"", NULL, NULL);
	expect(imap_lex_string, "{3}\r\nabcd", "abc", "d");
	expect(imap_lex_string, "{3+}\r\na\"\n x", "a\"\n", " x");
	expect(imap_lex_string, "{0}\r\n", "", "");
	expect(imap_lex_string, "{4}\r\nabc", NULL, NULL);
	expect(imap_lex_string, "{}\r\nabc", NULL, NULL);
	expect(imap_lex_string, "{3} \r\nabc", NULL, NULL);
	imap_lex_init(&lx, SL("{3}\r\na\0b"), a);
	CHECK(!imap_lex_string(&lx, &out));
	arena_free(a);
}

static void
test_nstring(void)
{
	static const struct {
		const char *text;
		bool ok, is_nil;
		const char *value;
	} rows[] = {
	    {"NIL x", true, true, ""}, {"nil", true, true, ""}, {"\"NIL\"", true, false, "NIL"},
	    {"NILX", false, false, NULL}, {"x", false, false, NULL},
	    {"{1}\r\nx", true, false, "x"},
	};
	struct arena *a = arena_new("lexer", 65536);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct imap_lexer lx;
		struct slice out;
		bool is_nil;

		imap_lex_init(&lx, sl_str(rows[i].text), a);
		if (!CHECK_EQ(imap_lex_nstring(&lx, &out, &is_nil), rows[i].ok) || !rows[i].ok)
			continue;
		CHECK_EQ(is_nil, rows[i].is_nil);
		CHECK_SL(out, sl_str(rows[i].value));
	}
	arena_free(a);
}

/* R7888-3-a */
static void
test_literal_head(void)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t n;
		bool is_sync;
	} rows[] = {
	    {"a LOGIN {5}", true, 5, true}, {"a LOGIN {5+}", true, 5, false},
	    {"a {0}", true, 0, true}, {"a {5} ", false, 0, false}, {"a {-5}", false, 0, false},
	    {"a {}", false, 0, false}, {"a {+}", false, 0, false}, {"a 5}", false, 0, false},
	    {"a \"{5}", false, 0, false}, {"a \"\\\"{5}", false, 0, false},
	    {"a \"x\" {5}", true, 5, true}, {"a {99999999999999999999}", true, UINT64_MAX, true},
	    {"", false, 0, false},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t n;
		bool is_sync;

		if (!CHECK_EQ(imap_lex_literal_head(sl_str(rows[i].text), &n, &is_sync),
			rows[i].ok))
			continue;
		if (rows[i].ok) {
			CHECK(n == rows[i].n);
			CHECK_EQ(is_sync, rows[i].is_sync);
		}
	}
}

/* R3501-9-c, R3501-9-d */
static void
test_sets(void)
{
	static const struct {
		const char *text;
		bool is_uid;
		uint32_t exists;
		const char *want; /* NULL: refused */
	} rows[] = {
	    {"1", false, 3, "1:1"}, {"1,3:2", false, 3, "1:1,2:3"}, {"4", false, 3, NULL},
	    {"1:4", false, 3, NULL}, {"4", true, 3, "4:4"}, {"0", true, 3, NULL},
	    {"*", false, 3, "*:*"}, {"2:*", false, 3, "2:*"}, {"*:2", false, 3, "2:*"},
	    {"1:*", false, 0, "*:*"}, {"*", false, 0, "*:*"}, {"1", false, 0, NULL},
	    {"9:*", true, 0, "9:*"}, {"4:*", false, 3, NULL}, {"1,", false, 3, NULL},
	    {",1", false, 3, NULL}, {"1:", false, 3, NULL}, {"4294967296", true, 3, NULL},
	    {"x", true, 3, NULL},
	};
	struct arena *a = arena_new("lexer", 65536);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct imap_lexer lx;
		struct imap_set set;
		struct buf got;

		imap_lex_init(&lx, sl_str(rows[i].text), a);
		if (!CHECK_EQ(imap_lex_set(&lx, rows[i].is_uid, rows[i].exists, &set),
			rows[i].want != NULL) ||
		    !rows[i].want)
			continue;
		buf_init(&got, 256);
		for (size_t k = 0; k < set.count; k++) {
			const struct imap_range *r = &set.ranges[k];

			buf_put_str(&got, k ? "," : "");
			buf_fmt(&got, r->from == UINT32_MAX ? "*" : "%u", r->from);
			buf_fmt(&got, r->to == UINT32_MAX ? ":*" : ":%u", r->to);
		}
		CHECK_SL(buf_slice(&got), sl_str(rows[i].want));
		buf_fini(&got);
	}
	arena_free(a);
}

static void
test_flags(void)
{
	struct arena *a = arena_new("lexer", 65536);
	struct imap_lex_flags f;
	struct imap_lexer lx;

	imap_lex_init(&lx, SL("(\\seen $a B $A \\Draft) x"), a);
	CHECK(imap_lex_flags(&lx, false, &f));
	CHECK_EQ(f.flags, IMAP_SEEN | IMAP_DRAFT);
	CHECK_EQ(f.keyword_count, 2);
	CHECK_SL(f.keywords[1], SL("B"));
	CHECK_SL(lx.in, SL(" x"));
	imap_lex_init(&lx, SL("() x"), a);
	CHECK(imap_lex_flags(&lx, false, &f) && f.flags == 0 && f.keyword_count == 0);
	imap_lex_init(&lx, SL("\\Seen x"), a);
	CHECK(!imap_lex_flags(&lx, false, &f));
	imap_lex_init(&lx, SL("\\Seen x"), a);
	CHECK(imap_lex_flags(&lx, true, &f) && f.keyword_count == 1);
	arena_free(a);
}

static void
test_dates(void)
{
	static const struct {
		const char *text;
		bool is_time;
		int64_t want; /* -1: refused */
	} rows[] = {
	    {"\"21-Nov-2026 19:05:00 +0000\"", true, 1795287900},
	    {"\"21-nov-2026 19:05:00 +0100\"", true, 1795284300},
	    {"\" 1-Jan-1970 00:00:10 -0001\"", true, 70},
	    {"\"1-Jan-1970 00:00:00 +0000\"", true, -1},
	    {"\"32-Jan-1970 00:00:00 +0000\"", true, -1},
	    {"\"01-Foo-1970 00:00:00 +0000\"", true, -1},
	    {"\"01-Jan-1970 00:00:00\"", true, -1},
	    {"\"01-Jan-1970 00:00:00 +0060\"", true, -1},
	    {"01-Jan-1970 00:00:00 +0000", true, -1},
	    {"21-Nov-2026", false, 1795219200}, {"1-Jan-1970", false, 0},
	    {"\"01-Jan-1970\"", false, 0}, {"\"01-Jan-1970", false, -1},
	    {"30-Feb-2026", false, -1}, {"Jan-1970", false, -1},
	};
	struct arena *a = arena_new("lexer", 65536);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct imap_lexer lx;
		int64_t sec = -1;
		bool ok;

		imap_lex_init(&lx, sl_str(rows[i].text), a);
		ok = rows[i].is_time ? imap_lex_date_time(&lx, &sec) : imap_lex_date(&lx, &sec);
		CHECK_EQ(ok ? sec : -1, rows[i].want);
	}
	arena_free(a);
}

/* R3501-5.1-a, R3501-5.1-b, R3501-5.1.3-a, R3501-5.1.3-b, R3501-5.1.3-c, R3501-5.1.3-d */
static void
test_names(void)
{
	static const struct {
		const char *wire, *utf8; /* utf8 NULL: refused */
	} rows[] = {
	    {"INBOX", "INBOX"}, {"inbox.Sent", "INBOX.Sent"}, {"inboxes", "inboxes"},
	    {"a&-b", "a&b"}, {"&AOQ-", "\xc3\xa4"}, {"&AOQA9g-x", "\xc3\xa4\xc3\xb6x"},
	    {"&2D3eAA-", "\xf0\x9f\x98\x80"},
	    {"~peter/mail/&U,BTFw-", "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97"},
	    {"&AGE-", NULL}, {"&AOQ", NULL}, {"&AOQ-&AOQ-", NULL}, {"&2D0-", NULL},
	    {"&AOR-", NULL}, {"&A-", NULL}, {"&!-", NULL}, {"&AAA-", NULL}, {"\xc3\xa4", NULL},
	    {"a\tb", NULL}, {"&", NULL},
	};
	struct arena *a = arena_new("lexer", 65536);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice utf8;
		struct buf wire;

		if (!CHECK_EQ(imap_name_from_wire(a, sl_str(rows[i].wire), &utf8),
			rows[i].utf8 != NULL) ||
		    !rows[i].utf8)
			continue;
		CHECK_SL(utf8, sl_str(rows[i].utf8));
		buf_init(&wire, 256);
		mutf7_encode(utf8, &wire);
		CHECK(sl_ieq(buf_slice(&wire), sl_str(rows[i].wire)));
		buf_fini(&wire);
	}
	arena_free(a);
}

/* R7888-3-c, R3501-9-e */
static void
test_said(void)
{
	struct buf out;

	buf_init(&out, 65536);
	imap_put_string(&out, SL("a\"b\\"));
	imap_put_string(&out, SL("\xc3\xa4"));
	imap_put_string(&out, SL("x\r\n"));
	imap_put_number(&out, SL(" "), 0, SL("."));
	imap_put_number(&out, SL_NONE, UINT64_MAX, SL_NONE);
	CHECK_SL(buf_slice(&out),
	    SL("\"a\\\"b\\\\\"{2}\r\n\xc3\xa4{3}\r\nx\r\n 0.18446744073709551615"));
	buf_fini(&out);
}

/* What a pattern means, taken literally: name[n..] matches pattern[p..]. */
static bool
means(struct slice pattern, struct slice name)
{
	if (pattern.n == 0)
		return name.n == 0;
	if (pattern.p[0] == '*' || pattern.p[0] == '%') {
		for (size_t n = 0; n <= name.n; n++) {
			if (means(sl_skip(pattern, 1), sl_skip(name, n)))
				return true;
			if (n < name.n && pattern.p[0] == '%' && name.p[n] == '.')
				return false;
		}
		return false;
	}
	return name.n && name.p[0] == pattern.p[0] && means(sl_skip(pattern, 1), sl_skip(name, 1));
}

/* R3501-6.3.8-c, R3501-6.3.8-d, R3501-6.3.8-e */
static void
test_list_match(void)
{
	static const char letters[] = "ab.%*";
	unsigned char pattern[8], name[10];
	uint64_t random = 1;
	unsigned yes = 0;

	for (unsigned i = 0; i < 200000; i++) {
		struct slice p = sl_mem(pattern, check_below(&random, sizeof(pattern)));
		struct slice n = sl_mem(name, check_below(&random, sizeof(name)));

		for (size_t k = 0; k < p.n; k++)
			pattern[k] = (unsigned char)letters[check_below(&random, 5)];
		for (size_t k = 0; k < n.n; k++)
			name[k] = (unsigned char)letters[check_below(&random, 3)];
		if (!CHECK_EQ(imap_list_match(p, n), means(p, n)))
			return;
		yes += means(p, n);
	}
	CHECK(yes > 10000);
	CHECK(imap_list_match(SL("inB%"), SL("INBOX")));
	CHECK(imap_list_match(SL("inbox.%"), SL("INBOX.a")));
	CHECK(!imap_list_match(SL("inbox.A"), SL("INBOX.a")));
	CHECK(!imap_list_match(SL("inboxes"), SL("INBOXES")));
}

static void
no_tag(struct imap_server_opts *o)
{
	o->first_tag = SL_NONE;
}

/* R3501-7.1.4-a */
static void
test_preauth(void)
{
	struct imap_world w;
	struct drive_conn *c;

	imap_world_init(&w);
	w.tune = no_tag;
	c = imap_world_enter(&w, 1);
	CHECK(sl_starts(buf_slice(&c->out), SL("* PREAUTH [CAPABILITY IMAP4rev1 ")));
	imap_world_fini(&w);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"words", test_words},
		{"strings", test_strings},
		{"nstring", test_nstring},
		{"literal_head", test_literal_head},
		{"sets", test_sets},
		{"flags", test_flags},
		{"dates", test_dates},
		{"names", test_names},
		{"said", test_said},
		{"list_match", test_list_match},
		{"preauth", test_preauth},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
