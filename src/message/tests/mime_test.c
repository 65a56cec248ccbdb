/* The structure of messages: the tree as text, the same however the input is cut. */
#include "base/check.h"
#include "message/mime.h"

#define OUT_MAX 65536

static const size_t chunks[] = {0, 1, 2, 3, 7, 61};

/* type/subtype header@ body@+bytes/octets lines, children in brackets. */
static void
show(struct buf *out, const struct mime_part *part)
{
	buf_fmt(out, "(%.*s/%.*s %llu,%llu+%llu/%llu %llu", SL_FMT(part->type.type),
	    SL_FMT(part->type.subtype), (unsigned long long)part->header.bytes,
	    (unsigned long long)part->body.bytes,
	    (unsigned long long)(part->end.bytes - part->body.bytes),
	    (unsigned long long)(part->end.octets - part->body.octets),
	    (unsigned long long)(part->end.lines - part->body.lines));
	for (const struct mime_part *child = part->first; child; child = child->next)
		show(out, child);
	buf_put_byte(out, ')');
}

static void
mime_case(const char *in, const char *want, bool is_truncated, struct mime_limits limits)
{
	for (size_t i = 0; i < COUNT_OF(chunks); i++) {
		struct arena *a = arena_new("test", 1 << 20);
		struct mime_parser *p = mime_parser_new(a, &limits, NULL, NULL, NULL);
		struct slice rest = sl_str(in);
		struct buf out;
		bool truncated;

		buf_init(&out, OUT_MAX);
		while (rest.n) {
			size_t n = chunks[i] ? chunks[i] : rest.n;

			mime_parser_feed(p, sl_sub(rest, 0, n));
			rest = sl_skip(rest, n);
		}
		show(&out, mime_parser_end(p, &truncated));
		CHECK_SL(buf_slice(&out), sl_str(want));
		CHECK_EQ(truncated, is_truncated);
		buf_fini(&out);
		arena_free(a);
	}
}

static void
good(const char *in, const char *want)
{
	mime_case(in, want, false, MIME_LIMITS_DEFAULT);
}

/* R2045-4-b, R2045-5.2-a */
static void
test_simple(void)
{
	good("A: 1\r\n\r\nx\r\ny\r\n", "(text/plain 0,8+6/6 2)");
	good("A: 1\n\nx\ny\n", "(text/plain 0,6+4/6 2)");
	good("A: 1\r\n", "(text/plain 0,6+0/0 0)");
	good("A: 1\r\nnot a field\r\n", "(text/plain 0,6+13/13 1)");
	good("", "(text/plain 0,0+0/0 0)");
	good("Content-Type: text/html\r\nContent-Type: image/png\r\n\r\nx",
	    "(text/html 0,52+1/1 0)");
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n" /* 45 octets */

/* R2046-5.1.1-a, R2046-5.1.1-b, R2046-5.1.1-c, R2046-5.1.1-e, R2046-5.1-a */
static void
test_multipart(void)
{
	good(MIXED
	    "pre\r\n--b\r\n\r\none\r\n--b \t\r\nA: 1\r\n\r\ntwo\r\n\r\n--b--\r\nepilogue\r\n"
	    "--b\r\n",
	    "(multipart/mixed 0,45+61/61 12(text/plain 55,57+3/3 0)(text/plain 69,77+5/5 1))");
	good(MIXED "--b\r\n\r\nnever closed\r\n",
	    "(multipart/mixed 0,45+21/21 3(text/plain 50,52+14/14 1))");
	good(MIXED "--b\r\n--b\r\nA: 1\r\n--b--",
	    "(multipart/mixed 0,45+21/21 3(text/plain 50,50+0/0 0)(text/plain 55,61+0/0 0))");
	good(MIXED "-\r\n--\r\n--c\r\n -b\r\n", "(multipart/mixed 0,45+17/17 4)");
	good("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n",
	    "(multipart/mixed 0,43+13/17 4(text/plain 47,48+1/1 0))");
	good("Content-Type: multipart/odd\r\n\r\n--b\r\n", "(multipart/odd 0,31+5/5 1)");
}

/* R2046-5.1.1-f, R2046-5.1.2-a */
static void
test_nested(void)
{
	good(MIXED
	    "--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\n1\r\n--bb\r\n"
	    "\r\n2\r\n--b\r\n\r\n3\r\n"
	    "--bb--\r\n--b--\r\n",
	    "(multipart/mixed 0,45+98/98 14"
	    "(multipart/mixed 50,96+20/20 5(text/plain 102,104+1/1 0)(text/plain 113,115+1/1 0))"
	    "(text/plain 123,125+1/1 0)(text/plain 136,136+0/0 0))");
}

#define DIGEST "Content-Type: multipart/digest; boundary=b\r\n\r\n" /* 46 octets */

/* R2046-5.1.5-a, R2046-5.2.1-a */
static void
test_message(void)
{
	good(DIGEST "--b\r\n\r\nA: 1\r\n\r\nx\r\n--b--\r\n",
	    "(multipart/digest 0,46+25/25 6(message/rfc822 51,53+9/9 2(text/plain 53,61+1/1 0)))");
	good(
	    "Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\nA: 1\r\n\r\nx",
	    "(message/rfc822 0,32+41/41 4(message/rfc822 32,64+9/9 2(text/plain 64,72+1/1 0)))");
	good(
	    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nA: 1\r\n"
	    "\r\nx",
	    "(message/rfc822 0,67+9/9 2)");
	good("Content-Type: message/rfc822\r\nno field\r\n",
	    "(message/rfc822 0,30+10/10 1(text/plain 30,30+10/10 1))");
	good(MIXED
	    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--b--",
	    "(multipart/mixed 0,45+97/97 8(message/rfc822 50,82+53/53 4"
	    "(multipart/mixed 82,127+8/8 2(text/plain 132,134+1/1 0))))");
}

static void
test_limits(void)
{
	struct mime_limits flat = {.depth_max = 1, .parts_max = 100},
			   few = {.depth_max = 32, .parts_max = 3};

	mime_case(DIGEST "--b\r\n\r\nA: 1\r\n\r\nx\r\n--b--\r\n",
	    "(multipart/digest 0,46+25/25 6(message/rfc822 51,53+9/9 2))", true, flat);
	mime_case(MIXED "--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b\r\n\r\n3\r\n--b--\r\n",
	    "(multipart/mixed 0,45+37/37 10(text/plain 50,52+1/1 0)(text/plain 60,62+1/1 0))", true,
	    few);
}

/* The details of a part. */
static void
test_fields(void)
{
	struct arena *a = arena_new("test", 1 << 20);
	struct mime_limits limits = MIME_LIMITS_DEFAULT;
	struct mime_parser *p = mime_parser_new(a, &limits, NULL, NULL, NULL);
	struct mime_part *part;

	mime_parser_feed(
	    p, SL("content-transfer-encoding: Quoted-Printable\r\nContent-ID: <a@b>\r\n"
		  "Content-Disposition: attachment; filename=\"x y\"\r\n"
		  "Content-Description: two\r\n words\r\n\r\n"));
	part = mime_parser_end(p, NULL);
	CHECK_EQ(part->encoding, MIME_QP); /* R2045-6.1-a */
	CHECK_SL(part->id, SL("<a@b>"));
	CHECK_SL(part->description, SL("two words"));
	CHECK(content_is(&part->disposition, "attachment", NULL));
	CHECK_SL(content_param_get(&part->disposition, "filename"), SL("x y"));
	p = mime_parser_new(a, &limits, NULL, NULL, NULL);
	mime_parser_feed(p, SL("Content-Transfer-Encoding: x-odd\r\n\r\n"));
	CHECK_EQ(mime_parser_end(p, NULL)->encoding, MIME_UNKNOWN); /* R2045-6.4-b */
	arena_free(a);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"simple", test_simple},
		{"multipart", test_multipart},
		{"nested", test_nested},
		{"message", test_message},
		{"limits", test_limits},
		{"fields", test_fields},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
