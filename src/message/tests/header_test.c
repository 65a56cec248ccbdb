/* Header sections, additions, trace fields. */
#include "base/check.h"
#include "base/date.h"
#include "message/edit.h"
#include "message/header.h"
#include "message/trace.h"

#define OUT_MAX 65536

static const size_t chunks[] = {0, 1, 2, 3, 7};

static void
show_field(void *arg, const struct header_field *f)
{
	struct buf *out = arg;

	buf_fmt(out, "[%.*s|%.*s|%llu+%llu]", SL_FMT(f->name), SL_FMT(f->value),
	    (unsigned long long)f->at, (unsigned long long)f->length);
}

/* R5322-2.1-a: fields, then the body, however the input is cut. */
static void
header_case(const char *in, const char *want, const char *body)
{
	for (size_t i = 0; i < COUNT_OF(chunks); i++) {
		struct slice rest = sl_str(in);
		struct header_parser p;
		struct buf out;
		size_t used;
		enum st st = ST_AGAIN;

		buf_init(&out, OUT_MAX);
		header_parser_init(&p, show_field, &out);
		while (rest.n && st == ST_AGAIN) {
			size_t n = chunks[i] && chunks[i] < rest.n ? chunks[i] : rest.n;

			st = header_parser_feed(&p, sl_sub(rest, 0, n), &used);
			rest = sl_skip(rest, used);
		}
		header_parser_end(&p);
		CHECK_SL(buf_slice(&out), sl_str(want));
		buf_clear(&out);
		buf_put(&out, header_parser_rest(&p));
		buf_put(&out, rest);
		CHECK_SL(buf_slice(&out), sl_str(body));
		CHECK_EQ(p.consumed + strlen(body), strlen(in));
		header_parser_fini(&p);
		buf_fini(&out);
	}
}

/* R5322-2.2-a, R5322-4.2-a, R5322-4.5-a */
static void
test_header(void)
{
	header_case("A: 1\r\nB: 2\r\n\r\nbody", "[A| 1|0+6][B| 2|6+6]", "body");
	header_case("A: 1\nB : x\n y\n\tz\n\nbody\n", "[A| 1|0+5][B| x\n y\n\tz|5+12]", "body\n");
	header_case("A: 1\r\nno field\r\n\r\nbody", "[A| 1|0+6]", "no field\r\n\r\nbody");
	header_case("\r\nbody", "", "body");
	header_case("\rbody", "", "\rbody");
	header_case(": x\r\n\r\n", "", ": x\r\n\r\n");
	header_case("From me@x Mon\nA: 1\n\n", "[A| 1|14+5]", "");
	header_case("A: 1\nFrom me\n\n", "[A| 1|0+5]", "From me\n\n");
	header_case("A: 1", "[A| 1|0+4]", "");
	header_case("A:\r\n \r\n\r\nx", "[A|\r\n |0+7]", "x");
	header_case("A: 1\r\nB", "[A| 1|0+6]", "B");
	header_case("", "", "");
}

/* R5322-2.2.3-a */
static void
test_unfold(void)
{
	struct buf out;

	buf_init(&out, 100);
	header_unfold(&out, SL(" a\r\n  b\n\tc d \r\n"));
	CHECK_SL(buf_slice(&out), SL("a  b\tc d"));
	buf_fini(&out);
}

static void
test_header_limit(void)
{
	struct header_parser p;
	struct buf big, out;
	size_t used;

	buf_init(&big, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_put_str(&big, "A: ");
	while (big.n < 2 * HEADER_FIELD_MAX)
		buf_put_str(&big, "0123456789");
	buf_put_str(&big, "\r\nB: 1\r\n\r\n");
	header_parser_init(&p, show_field, &out);
	CHECK_EQ(header_parser_feed(&p, buf_slice(&big), &used), ST_OK);
	CHECK_EQ(used, big.n);
	CHECK(out.n < HEADER_FIELD_MAX + 100);
	CHECK(sl_ends(buf_slice(&out), SL("[B| 1|131075+6]")));
	header_parser_fini(&p);
	buf_fini(&big);
	buf_fini(&out);
}

/* R6409-8.2-a, R6409-8.3-a */
static void
test_edit(void)
{
	struct census c = {.total = 0};
	struct edit_missing m = {
		.from = SL("a b@x.example"), .host = SL("mx.example"), .unique = {0x1a, 2}};
	struct slice refs = SL("<a@b> (c) <c@d>\r\n <no id> word <e@f>"), id;
	struct header_parser p;
	struct buf out;
	size_t used;

	buf_init(&out, OUT_MAX);
	edit_put_missing(&out, &c, &m);
	CHECK_SL(buf_slice(&out), SL("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
				     "From: \"a b\"@x.example\r\n"
				     "Message-ID: <1a.2@mx.example>\r\n"));
	header_parser_init(&p, census_field, &c);
	CHECK_EQ(header_parser_feed(&p,
		     SL("date: x\r\nFROM: y\r\nresent-from: z\r\nResent-To: z\r\n\r\n"), &used),
	    ST_OK);
	header_parser_fini(&p);
	CHECK(c.total == 4 && c.count[CENSUS_DATE] == 1 && c.count[CENSUS_FROM] == 1);
	CHECK_EQ(c.count[CENSUS_RESENT], 2);
	buf_clear(&out);
	edit_put_missing(&out, &c, &m);
	CHECK_SL(buf_slice(&out), SL("Message-ID: <1a.2@mx.example>\r\n"));
	buf_fini(&out);
	CHECK(edit_message_id_next(&refs, &id) && sl_eq(id, SL("<a@b>")));
	CHECK(edit_message_id_next(&refs, &id) && sl_eq(id, SL("<c@d>")));
	CHECK(edit_message_id_next(&refs, &id) && sl_eq(id, SL("<e@f>")));
	CHECK(!edit_message_id_next(&refs, &id));
}

/* R5321-4.4-a, R5321-4.4-b, R5321-4.4-g */
static void
test_trace(void)
{
	struct trace_received r = {.helo = SL("client.example"),
		.client_name = SL("host.example"),
		.client_ip = SL("192.0.2.1"),
		.auth = SL("user)1\r\n"),
		.by = SL("mx.example"),
		.with = "ESMTPSA",
		.tls = SL("TLSv1.3 X 256"),
		.cipher = SL("TLS_X"),
		.id = SL("id-1"),
		.for_one = SL("a@b.example")};
	struct slice value, line;
	struct buf out;
	struct date d;

	buf_init(&out, OUT_MAX);
	trace_put_received(&out, &r);
	value = buf_slice(&out);
	CHECK(sl_starts(value, SL("Received: from client.example (host.example [192.0.2.1]")));
	CHECK(sl_search(value, SL("user?1??")) < value.n);
	CHECK(sl_search(value, SL("with ESMTPSA")) < value.n);
	CHECK(sl_search(value, SL("\r\n  tls TLS_X; ")) < value.n);
	CHECK(sl_search(value, SL("for <a@b.example>")) < value.n);
	value = sl_skip(value, sl_rfind(value, ';') + 1);
	CHECK(date_parse_rfc5322(sl_trim(value), &d) && d.year == 1970);
	for (value = buf_slice(&out); value.n;) {
		CHECK(sl_cut(&value, '\n', &line) && sl_find(line, '\r') == line.n - 1);
		CHECK(!value.n || value.p[0] == ' ');
	}
	buf_clear(&out);
	trace_put_return_path(&out, SL_NONE, "\n");
	trace_put_delivered_to(&out, SL("a@b"), "\r\n");
	CHECK_SL(buf_slice(&out), SL("Return-Path: <>\nDelivered-To: a@b\r\n"));
	buf_clear(&out);
	/* R8098-2.3-a, R8098-2.3-b: only what ORCPT gave, and on one line. */
	trace_put_original_recipient(&out, SL(";a@b"), "\r\n");
	trace_put_original_recipient(&out, SL("a@b"), "\r\n");
	trace_put_original_recipient(&out, SL("rfc822;"), "\r\n");
	CHECK_EQ(out.n, 0);
	trace_put_original_recipient(&out, SL("rfc822;a b\r\nX: @b\xff"), "\n");
	CHECK_SL(buf_slice(&out), SL("Original-Recipient: rfc822; a b??X: @b?\n"));
	buf_fini(&out);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"header", test_header},
		{"unfold", test_unfold},
		{"header_limit", test_header_limit},
		{"edit", test_edit},
		{"trace", test_trace},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
