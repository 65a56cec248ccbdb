/* Encoded words and parameters: decoded, written, read back. */
#include "base/check.h"
#include "message/content.h"
#include "message/encword.h"

#define OUT_MAX 65536

static void
decode_case(const char *in, const char *want)
{
	struct buf out;

	buf_init(&out, OUT_MAX);
	encword_decode(&out, sl_str(in), NULL);
	CHECK_SL(buf_slice(&out), sl_str(want));
	buf_fini(&out);
}

/* R2047-2-a, R2047-2-d, R2047-4.1-a, R2047-4.2-a, R2047-6.2-a, R2047-6.2-b, R2047-6.3-a */
static void
test_decode(void)
{
	decode_case("plain  text", "plain  text");
	decode_case("a =?ISO-8859-1?Q?J=F6rg_x?= b", "a J\xc3\xb6rg x b");
	decode_case("=?utf-8?B?SsO2?=\r\n =?utf-8?b?cmc=?= x", "J\xc3\xb6rg x");
	decode_case("=?utf-8?q?=C3?= =?utf-8?q?=B6?=", "\xc3\xb6");
	decode_case("=?us-ascii?q?a?= =?utf-8?q?b?=", "ab");
	decode_case("=?utf-8*de?q?a?=", "a");
	decode_case("=?unknown-1?q?a?= b", "=?unknown-1?q?a?= b");
	decode_case("=?utf-8?x?a?= =?utf-8?q?a b?=", "=?utf-8?x?a?= =?utf-8?q?a b?=");
	decode_case("=?utf-8?q =?", "=?utf-8?q =?");
	decode_case("(=?utf-8?q?a?=)", "(a)");
	decode_case("=?utf-8?q?=zz=4?=", "=zz=4");
	decode_case("=?windows-1252?q?=80=81?=", "\xe2\x82\xac\xef\xbf\xbd");
	decode_case("bad \xff octet", "bad \xef\xbf\xbd octet");
	decode_case("folded\r\n text ", "folded text ");
	decode_case("", "");
}

#define HAN "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87"

/* R2047-2-b, R2047-2-c, R2047-5-c, R2047-7-a */
static void
test_encode(void)
{
	static const char *const texts[] = {
		"plain", "J\xc3\xb6rg", "=?utf-8?q?not_one?=", HAN, HAN HAN HAN HAN HAN HAN HAN HAN,
		"a long subject with \xc3\xa4\xc3\xb6\xc3\xbc in it that needs more than one word",
	};
	struct buf out, back;

	buf_init(&out, OUT_MAX);
	buf_init(&back, OUT_MAX);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		for (size_t column = 0; column < 80; column += 9) {
			struct slice rest, line;
			size_t start = column;
			bool more = true;

			buf_clear(&out);
			buf_clear(&back);
			encword_encode(&out, sl_str(texts[i]), column);
			encword_decode(&back, buf_slice(&out), NULL);
			CHECK_SL(sl_trim(buf_slice(&back)), sl_str(texts[i]));
			for (rest = buf_slice(&out); more && i; start = 0) {
				more = sl_cut(&rest, '\n', &line);
				CHECK(sl_trim(line).n == 0 || start + line.n - more <= 76);
			}
		}
	buf_fini(&out);
	buf_fini(&back);
}

static void
content_case(const char *in, const char *want)
{
	struct arena *a = arena_new("test", 1 << 20);
	struct content c;
	struct buf out;

	buf_init(&out, OUT_MAX);
	content_type_parse(a, sl_str(in), NULL, &c);
	buf_fmt(&out, "%.*s/%.*s", SL_FMT(c.type), SL_FMT(c.subtype));
	for (struct content_param *p = c.params; p; p = p->next)
		buf_fmt(&out, ";%.*s=%.*s", SL_FMT(p->name), SL_FMT(p->value));
	if (c.is_defect)
		buf_put_str(&out, "!");
	CHECK_SL(buf_slice(&out), sl_str(want));
	buf_fini(&out);
	arena_free(a);
}

/* R2045-3-a, R2045-5.1-a, R2045-5.1-b, R2045-5.2-b */
static void
test_content(void)
{
	content_case("text/plain; charset=us-ascii (Plain text)", "text/plain;charset=us-ascii");
	content_case(
	    " Multipart/Mixed;\r\n Boundary=\"gc0p 4Jq\"", "multipart/mixed;boundary=gc0p 4Jq");
	content_case("text", "text/plain!");
	content_case("text/html foo", "text/plain!");
	content_case("text/html; x", "text/html!");
	content_case("text/html;; a=1; a=2;", "text/html;a=1");
	content_case("a/b; name=x y.txt; z=1", "a/b;name=x y.txt;z=1!");
	content_case("a/b; n=\"a\\\"b\"", "a/b;n=a\"b");
	content_case("", "text/plain!");
}

/* RFC 2231 */
static void
test_continued(void)
{
	content_case("a/b; t*0=\"ftp://\"; t*1=\"x.y/z\"", "a/b;t=ftp://x.y/z");
	content_case("a/b; t*1=b; t*0=a; t*3=d", "a/b;t=ab");
	content_case("a/b; t*=us-ascii'en-us'This%20is%20%2A%2A", "a/b;t=This is **");
	content_case("a/b; t*0*=iso-8859-1'en'%E4; t*1*=%F6; t*2=\"c%20\"",
	    "a/b;t=\xc3\xa4\xc3\xb6"
	    "c%20");
	content_case("a/b; f=plain; f*=utf-8''%C3%A4", "a/b;f=\xc3\xa4");
	content_case("a/b; f*=none''%C3%A4", "a/b;f=\xc3\xa4");
}

static void
test_put(void)
{
	static const char *const values[] = {"x", "a b", "a\"b\\c", "\xc3\xa4.txt", "",
	    "100% 'sure'*",
	    "a very long file name with blanks in it that does not fit on a line by itself.txt",
	    HAN HAN HAN HAN HAN};
	struct arena *a = arena_new("test", 1 << 20);
	struct content c;
	struct buf out;

	buf_init(&out, OUT_MAX);
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		buf_clear(&out);
		buf_put_str(&out, "a/b");
		content_put_param(&out, "filename", sl_str(values[i]));
		content_type_parse(a, buf_slice(&out), NULL, &c);
		CHECK(!c.is_defect);
		CHECK_SL(content_param_get(&c, "filename"), sl_str(values[i]));
	}
	buf_fini(&out);
	arena_free(a);
}

static void
test_charsets(void)
{
	static const struct {
		const char *charset, *in, *want;
	} rows[] = {
		{"ISO-8859-15", "a\xa4", "a\xe2\x82\xac"},
		{"iso-8859-2", "\xb1z", "\xc4\x85z"},
		{"latin2", "\xb1", "\xc4\x85"},
		{"Windows-1251", "\xcf\xf0", "\xd0\x9f\xd1\x80"},
		{"cp1252", "\x80\x81", "\xe2\x82\xac\xef\xbf\xbd"},
		{"KOI8-R", "\xf0\xd2x", "\xd0\x9f\xd1\x80x"},
		{"koi8-u", "\xa4", "\xd1\x94"},
		{"iso-8859-1", "\xe4-\xf6", "\xc3\xa4-\xc3\xb6"},
		{"utf-8", "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd"},
		{"us-ascii", "a\xe4", "a\xef\xbf\xbd"},
	};
	struct buf out;

	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&out);
		CHECK(charset_builtin.to_utf8(
		    NULL, sl_str(rows[i].charset), sl_str(rows[i].in), &out));
		CHECK_SL(buf_slice(&out), sl_str(rows[i].want));
	}
	CHECK(!charset_builtin.to_utf8(NULL, SL("iso-8859-12"), SL("x"), &out));
	buf_fini(&out);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"charsets", test_charsets},
		{"decode", test_decode},
		{"encode", test_encode},
		{"content", test_content},
		{"continued", test_continued},
		{"put", test_put},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
