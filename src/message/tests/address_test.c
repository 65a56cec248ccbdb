/* Address lists: understood, written, read back. */
#include "base/check.h"
#include "message/address.h"

#define OUT_MAX 65536

static void
show(struct buf *out, const struct address_list *list)
{
	for (const struct address *ad = list->first; ad; ad = ad->next) {
		if (ad->kind == ADDRESS_GROUP_END)
			buf_put_str(out, "}");
		else if (ad->kind == ADDRESS_GROUP_BEGIN)
			buf_fmt(out, "{%.*s:", SL_FMT(ad->name));
		else
			buf_fmt(out, "[%.*s|%.*s|%.*s|%.*s]", SL_FMT(ad->name), SL_FMT(ad->route),
			    SL_FMT(ad->local), SL_FMT(ad->domain));
		if (ad->is_defect)
			buf_put_str(out, "!");
	}
}

static void
address_case(const char *in, const char *want)
{
	struct arena *a = arena_new("test", 1 << 20);
	struct address_list list, again;
	struct buf out, text, back;

	buf_init(&out, OUT_MAX);
	buf_init(&text, OUT_MAX);
	buf_init(&back, OUT_MAX);
	address_list_parse(a, sl_str(in), 100, &list);
	show(&out, &list);
	CHECK_SL(buf_slice(&out), sl_str(want));
	if (!list.defects) { /* reads back the same, but for routes: R5322-4-b */
		for (struct address *ad = list.first; ad; ad = ad->next)
			ad->route = SL_NONE;
		buf_clear(&out);
		show(&out, &list);
		address_list_put(&text, &list, 4);
		address_list_parse(a, buf_slice(&text), 100, &again);
		show(&back, &again);
		CHECK_SL(buf_slice(&back), buf_slice(&out));
	}
	buf_fini(&out);
	buf_fini(&text);
	buf_fini(&back);
	arena_free(a);
}

/* R5322-3.4-a, R5322-3.4-b, R5322-3.4.1-b, R5322-3.2.2-a, R5322-3.2.4-a */
static void
test_good(void)
{
	address_case("a@b.example", "[||a|b.example]");
	address_case("A B <a@b>, \"x, y\" <c@d>", "[A B||a|b][x, y||c|d]");
	address_case("a@b (Full Name)", "[Full Name||a|b]");
	address_case("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	    "[Pete||pete|silly.test]");
	address_case("A Group:Ed Jones <joe@where.test>,jdoe@one.test,;",
	    "{A Group:[Ed Jones||joe|where.test][||jdoe|one.test]}");
	address_case("Undisclosed recipients:;", "{Undisclosed recipients:}");
	address_case("g: a@b; , c@d", "{g:[||a|b]}[||c|d]");
	address_case("g: a@b", "{g:[||a|b]}");
	address_case("\"a b\"@c, \"\\\"\"@[127.0.0.1], x@[IPv6:::1]",
	    "[||a b|c][||\"|[127.0.0.1]][||x|[IPv6:::1]]");
	address_case("J\xc3\xb6rg <j@x>", "[J\xc3\xb6rg||j|x]");
	address_case("=?utf-8?q?J=C3=B6rg?= <j@x>", "[=?utf-8?q?J=C3=B6rg?=||j|x]");
	address_case("\"a\r\n b\\\"c\" <d@e>", "[a b\"c||d|e]");
	address_case("<>", "[|||]");
	address_case(",, ,", "");
	address_case("", "");
}

/* R5322-4.1-a, R5322-4.4-a */
static void
test_obsolete(void)
{
	address_case("A\x01 B. C <a@b>", "[A B. C||a|b]");
	address_case("(c1) A (c2) . B. <a . b @ c (c3) . d>", "[A. B.||a.b|c.d]");
	address_case("<@a,@b:c@d>", "[|@a,@b|c|d]");
	address_case("a@b,,c@d", "[||a|b][||c|d]");
}

static void
test_bad(void)
{
	address_case("user", "[||user|]!");
	address_case("a b@c", "[||ab|c]!");
	address_case("a@b c@d", "[||a|b]!");
	address_case("a@b junk, c@d", "[||a|b]![||c|d]");
	address_case("<a@b", "[||a|b]!");
	address_case("\"open <a@b>, c@d", "[||open <a@b>, c@d|]!");
	address_case("a@b>, ]x, c@d", "[||a|b]![||c|d]");
	address_case("g: h: i@j; k@l", "{g:[||h|]![||i|j]}[||k|l]");
	address_case("a@(b)", "[b||a|]!");
}

static void
fill(struct buf *in, const char *text, size_t n)
{
	while (in->n < n)
		buf_put_str(in, text);
}

static void
test_big(void)
{
	struct arena *a = arena_new("test", 8 << 20);
	struct address_list list;
	struct buf in;

	buf_init(&in, 1 << 20);
	fill(&in, ",", 100000);
	address_list_parse(a, buf_slice(&in), 1000, &list);
	CHECK_EQ(list.count, 0);
	fill(&in, "((((", 200000);
	fill(&in, "a@b,", 400000);
	address_list_parse(a, buf_slice(&in), 1000, &list);
	CHECK_EQ(list.count, 0);
	buf_clear(&in);
	fill(&in, "a@b,", 400000);
	address_list_parse(a, buf_slice(&in), 1000, &list);
	CHECK(list.count == 1000 && list.truncated);
	buf_fini(&in);
	arena_free(a);
}

/* R5322-2.1.1-b, R5322-3.2.2-b */
static void
test_fold(void)
{
	struct arena *a = arena_new("test", 1 << 20);
	struct address_list list;
	struct slice rest, line;
	struct buf out;

	buf_init(&out, OUT_MAX);
	address_list_parse(a,
	    SL("aaaaaaaaaaaaaaaa@bbbbbbbbbbbbb.example, Some Body <cccccccccccc@ddddddddd.example>,"
	       "e@f, g: h@i, jjjjjjjjjjjjjjjjjjjjjjjjjjjj@kkkkkkkkkkkkkkk.example;,"
	       "lllllllllllllll@mmmmmmmmmmmm.example"),
	    100, &list);
	address_list_put(&out, &list, 4);
	for (rest = buf_slice(&out); sl_cut(&rest, '\n', &line);)
		CHECK(line.n <= 79 && line.n > 2);
	CHECK(sl_starts(buf_slice(&out), SL("aaaaaaaaaaaaaaaa@bbbbbbbbbbbbb.example,\r\n Some")));
	buf_fini(&out);
	arena_free(a);
}

/* A missing domain is told apart from everything else that may be wrong. */
static void
test_local(void)
{
	static const struct {
		const char *value;
		bool is_local;
	} rows[] = {
	    {"user", true},
	    {"user.name (a comment)", true},
	    {"\"a b\"", true},
	    {"Name <user>", true},
	    {"a@b", false},
	    {"a b", false},
	    {"a..b", false},
	    {"a@", false},
	    {"@b", false},
	    {"<>", false},
	    {"Name <user", false},
	    {"Name <a b>", false},
	    {"Name [x] <user>", false},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new("test", 65536);
		struct address_list list;

		address_list_parse(a, sl_str(rows[i].value), 2, &list);
		if (CHECK(list.first))
			CHECK_EQ(list.first->is_local, rows[i].is_local);
		CHECK(!list.first || !list.first->is_local || list.first->is_defect);
		arena_free(a);
	}
}

/* R2047-5-a */
static void
test_encoded(void)
{
	struct address ad = {.local = SL("a"), .domain = SL("b")};
	struct buf out;

	buf_init(&out, OUT_MAX);
	address_put_encoded(&out, &ad, 6);
	CHECK_SL(buf_slice(&out), SL("a@b"));
	buf_clear(&out);
	ad.name = SL("N. A");
	address_put_encoded(&out, &ad, 6);
	CHECK_SL(buf_slice(&out), SL("\"N. A\" <a@b>"));
	buf_clear(&out);
	ad.name = SL("\xc3\xa9");
	address_put_encoded(&out, &ad, 6);
	CHECK_SL(buf_slice(&out), SL("=?utf-8?b?w6k=?= <a@b>"));
	buf_fini(&out);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"good", test_good},
		{"obsolete", test_obsolete},
		{"bad", test_bad},
		{"big", test_big},
		{"fold", test_fold},
		{"local", test_local},
		{"encoded", test_encoded},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
