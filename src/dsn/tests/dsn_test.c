/*
 * Reports: written and read back, and what the standards demand of single fields.
 */
#include <stdio.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/check.h"
#include "dsn/dsn.h"
#include "dsn/dsn_int.h"
#include "dsn/parse.h"

#define WHEN INT64_C(1795287900) /* Sat, 21 Nov 2026 19:05:00 +0000 */

static const char original[] = "Received: from a by b; Sat, 21 Nov 2026 18:00:00 +0000\r\n"
			       "From: user2@example.test\r\n"
			       "Subject: the subject\r\n"
			       "\r\n"
			       "the body\r\n"
			       "--=_not-a-boundary\r\n";

static struct dsn_rcpt
failed(void)
{
	return (struct dsn_rcpt){.address = SL("user1-x@example.test"),
	    .original = SL(";User1-x@example.test"),
	    .action = DSN_FAILED,
	    .esc = {5, 1, 1},
	    .text = SL("there is no extension x"),
	    .last_attempt_sec = WHEN};
}

static struct dsn_report
report(const struct dsn_rcpt *rcpts, size_t n)
{
	return (struct dsn_report){.me = SL("mail.example.test"),
	    .from = SL("MAILER-DAEMON@mail.example.test"),
	    .to = SL("user2@example.test"),
	    .from_mta = SL("dns; client.example ([192.0.2.1])"),
	    .arrived_sec = WHEN - 60,
	    .now_sec = WHEN,
	    .offset_minutes = 60,
	    .unique = {7, 9},
	    .length = sizeof(original) - 1,
	    .limit = 32768,
	    .rcpts = rcpts,
	    .rcpt_count = n};
}

/* Writes, and reads what was written. */
struct trip {
	struct arena *a;
	struct buf wire;
	struct dsn_parsed p;
	struct fault f;
	enum st st;
};

static void
trip(struct trip *t, const struct dsn_report *r, struct slice message)
{
	t->a = arena_new("test", (size_t)4 << 20);
	buf_init(&t->wire, (size_t)8 << 20);
	dsn_put(&t->wire, r, message);
	CHECK(buf_ok(&t->wire));
	t->st = dsn_parse(t->a, buf_slice(&t->wire), &t->p, &t->f);
	if (!CHECK_EQ(t->st, ST_OK))
		printf("%s\n%.*s\n", t->f.text, SL_FMT(buf_slice(&t->wire)));
}

static void
trip_fini(struct trip *t)
{
	buf_fini(&t->wire);
	arena_free(t->a);
}

static bool
has(const struct trip *t, const char *text)
{
	return sl_search(buf_slice(&t->wire), sl_str(text)) < t->wire.n;
}

static void
test_failed(void)
{
	struct dsn_rcpt rcpt = failed();
	struct dsn_report r = report(&rcpt, 1);
	struct trip t;

	trip(&t, &r, SL(original));                       /* R3464-2-a R3464-2-b R6522-3-b */
	CHECK(has(&t, "\r\nTo: user2@example.test\r\n")); /* R3464-2-c */
	CHECK(has(&t, "\r\nAuto-Submitted: auto-replied\r\n"));
	CHECK(has(&t, "\r\nMessage-ID: <7.9@mail.example.test>\r\n"));
	CHECK(sl_starts(buf_slice(&t.wire), SL("Date: Sat, 21 Nov 2026 20:05:00 +0100\r\n")));
	CHECK(!has(&t, "Content-Transfer-Encoding")); /* R6522-3-f */
	CHECK_SL(t.p.reporting_mta.type, SL("dns"));  /* R3464-2.2.2-a R3461-6.3-b */
	CHECK_SL(t.p.reporting_mta.value, SL("mail.example.test"));
	CHECK_SL(t.p.from_mta.value, SL("client.example ([192.0.2.1])")); /* R3464-2.2.4-a */
	CHECK_EQ(t.p.arrived_sec, WHEN - 60);                             /* R3464-2.2.5-a */
	CHECK(!t.p.has_envid);                                            /* R3464-2.2.1-b */
	CHECK_EQ(t.p.rcpt_count, 1);
	CHECK_SL(t.p.rcpts[0].final.type, SL("rfc822"));                /* R3464-2.1.2-a */
	CHECK_SL(t.p.rcpts[0].final.value, SL("User1-x@example.test")); /* R3464-2.3.2-b */
	CHECK(!t.p.rcpts[0].original.type.n); /* R3464-2.3.1-a R3464-3-a */
	CHECK_EQ(t.p.rcpts[0].action, DSN_FAILED);
	CHECK_EQ(t.p.rcpts[0].esc[0] * 100 + t.p.rcpts[0].esc[1] * 10 + t.p.rcpts[0].esc[2], 511);
	CHECK(!t.p.rcpts[0].remote_mta.type.n);                                 /* R3464-2.3.5-a */
	CHECK_SL(t.p.rcpts[0].diagnostic.type, SL("x-courier"));
	CHECK_SL(t.p.rcpts[0].diagnostic.value, SL("there is no extension x")); /* R3464-2.3.6-a */
	CHECK_EQ(t.p.rcpts[0].last_attempt_sec, WHEN);
	CHECK_EQ(t.p.rcpts[0].retry_until_sec, 0);
	CHECK(t.p.returned_message); /* R6522-3-e R6522-3-g */
	CHECK_SL(t.p.returned, SL(original));
	CHECK(sl_search(t.p.human, SL("<User1-x@example.test>")) < t.p.human.n); /* R6522-3-c */
	CHECK(sl_search(t.p.human, SL("there is no extension x")) < t.p.human.n);
	trip_fini(&t);
}

static void
test_remote(void)
{
	struct dsn_rcpt rcpts[] = {
	    {.address = SL("a@far.example"),
		.original = SL("rfc822;First@Far.example"),
		.action = DSN_FAILED,
		.esc = {5, 2, 2},
		.text = SL("552 5.2.2 mailbox is full\r\nX: y"),
		.peer = SL("dns; mx.far.example")},
	    {.address = SL("b@far.example"),
		.action = DSN_DELAYED,
		.peer = SL("dns; mx.far.example"),
		.last_attempt_sec = WHEN,
		.give_up_sec = WHEN + 86400},
	    {.address = SL("c@far.example"),
		.action = DSN_RELAYED,
		.esc = {2, 1, 9},
		.give_up_sec = WHEN},
	    {.address = SL("d@example.test"), .action = DSN_EXPANDED, .text = SL("fine")},
	    {.address = SL("e@example.test"), .action = DSN_DELIVERED, .text = SL("fine")},
	};
	struct dsn_report r = report(rcpts, COUNT_OF(rcpts));
	struct trip t;

	r.envid = SL("Env ID\n<x>");
	r.me = SL("localname");
	trip(&t, &r, SL(original));
	CHECK(t.p.has_envid);                  /* R3464-2.2.1-a R3461-6.3-a */
	CHECK_SL(t.p.envid, SL("Env ID <x>")); /* R3464-2.2.1-c */
	CHECK_SL(t.p.reporting_mta.type, SL("x-local-hostname"));
	CHECK_EQ(t.p.rcpt_count, COUNT_OF(rcpts));                      /* R3464-2.1-b */
	CHECK_SL(t.p.rcpts[0].original.value, SL("First@Far.example")); /* R3461-6.3-c */
	CHECK_SL(t.p.rcpts[0].final.value, SL("a@far.example"));
	CHECK_SL(t.p.rcpts[0].remote_mta.value, SL("mx.far.example")); /* R3461-6.3-e */
	CHECK_SL(t.p.rcpts[0].diagnostic.type, SL("smtp"));
	CHECK_SL(t.p.rcpts[0].diagnostic.value, SL("552 5.2.2 mailbox is full  X: y"));
	CHECK_EQ(t.p.rcpts[1].action, DSN_DELAYED);
	CHECK_EQ(t.p.rcpts[1].esc[0], 4);                     /* R3461-6.3-f */
	CHECK_EQ(t.p.rcpts[1].retry_until_sec, WHEN + 86400); /* R3464-2.3.9-b */
	CHECK_SL(t.p.rcpts[1].diagnostic.type, SL("smtp"));
	CHECK_EQ(t.p.rcpts[2].retry_until_sec, 0); /* R3464-2.3.9-a */
	CHECK_EQ(t.p.rcpts[2].esc[2], 9);
	CHECK_EQ(t.p.rcpts[3].action, DSN_EXPANDED);
	CHECK(!t.p.rcpts[3].diagnostic.type.n);
	CHECK_EQ(t.p.rcpts[4].esc[0], 2);
	CHECK(has(&t, "Subject: Mail could not be delivered\r\n"));
	trip_fini(&t);
}

/* R3464-2.4-a: nothing stands there that the standard does not know. */
static void
test_known_fields(void)
{
	static const char *const known[] = {"Original-Envelope-Id", "Reporting-MTA",
	    "Received-From-MTA", "Arrival-Date", "Original-Recipient", "Final-Recipient", "Action",
	    "Status", "Remote-MTA", "Diagnostic-Code", "Last-Attempt-Date", "Will-Retry-Until"};
	struct dsn_rcpt rcpts[] = {{.address = SL("a@far.example"),
	    .original = SL("rfc822;b@far.example"),
	    .action = DSN_DELAYED,
	    .esc = {4, 4, 1},
	    .text = SL("no answer"),
	    .peer = SL("dns; mx.far.example"),
	    .last_attempt_sec = WHEN,
	    .give_up_sec = WHEN + 86400}};
	struct dsn_report r = report(rcpts, 1);
	struct slice rest, line, name;
	struct buf out;
	size_t fields = 0;

	r.envid = SL("QQ314159");
	buf_init(&out, 65536);
	dsn_status_put(&out, &r);
	for (rest = buf_slice(&out); sl_cut(&rest, '\n', &line);) {
		bool found = line.n <= 1 || line.p[0] == ' ' || line.p[0] == '\t';

		sl_cut(&line, ':', &name);
		for (size_t i = 0; i < COUNT_OF(known); i++)
			found = found || sl_eq(name, sl_str(known[i]));
		CHECK(found);
		fields++;
	}
	CHECK(fields >= COUNT_OF(known));
	buf_fini(&out);
}

/* R3461-6.2-a R6522-4-a R6522-4-b: when the header comes back alone. */
static void
test_header_only(void)
{
	const struct slice header =
	    sl_sub(SL(original), 0, sl_search(SL(original), SL("\r\n\r\n")) + 2);
	const struct {
		enum dsn_action action;
		uint8_t ret;
		uint64_t limit;
		bool message;
	} rows[] = {
	    {DSN_FAILED, 0, sizeof(original) - 1, true},
	    {DSN_FAILED, 'F', sizeof(original) - 1, true},
	    {DSN_FAILED, 'H', sizeof(original) - 1, false},
	    {DSN_FAILED, 'F', sizeof(original) - 2, false},
	    {DSN_DELAYED, 'F', sizeof(original), false},
	    {DSN_DELIVERED, 0, sizeof(original), false},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct dsn_rcpt rcpt = failed();
		struct dsn_report r = report(&rcpt, 1);
		struct trip t;

		rcpt.action = rows[i].action;
		r.ret = rows[i].ret;
		r.limit = rows[i].limit;
		trip(&t, &r, SL(original));
		CHECK_EQ(t.p.returned_message, rows[i].message);
		CHECK_SL(t.p.returned, rows[i].message ? SL(original) : header);
		CHECK(has(&t, rows[i].message ? "Type: message/rfc822\r\n"
					      : "Type: text/rfc822-headers\r\n"));
		trip_fini(&t);
	}
}

static void
test_odd_originals(void)
{
	const struct {
		struct slice start, returned;
	} rows[] = {
	    {SL("A: b\r\n c\r\nD: e\r\n"), SL("A: b\r\n c\r\nD: e\r\n")},
	    {SL("A: b\r\n c\r\nD: cut"), SL("A: b\r\n c\r\n")},
	    {SL("no header at all\r\n"), SL("")},
	    {SL("\r\nbody\r\n"), SL("")},
	    {SL(""), SL("")},
	    {SL("Subject: \xc3\xa9\r\n\r\n"), SL("Subject: =C3=A9\r\n")},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct dsn_rcpt rcpt = failed();
		struct dsn_report r = report(&rcpt, 1);
		struct trip t;

		r.ret = 'H';
		r.has_8bit = true;
		trip(&t, &r, rows[i].start);
		CHECK_SL(t.p.returned, rows[i].returned);
		CHECK(!has(&t, "Content-Transfer-Encoding: 8bit")); /* R6522-3-f */
		trip_fini(&t);
	}
}

static void
test_8bit(void)
{
	struct dsn_rcpt rcpt = {.address = SL("p\xc3\xa9+\1\xf0\x9f\x93\xa7x@ex.test"),
	    .action = DSN_FAILED,
	    .text = SL("caf\xc3\xa9 closed")};
	struct dsn_report r = report(&rcpt, 1);
	struct trip t;

	r.has_8bit = true;
	trip(&t, &r, SL("A: b\r\n\r\n\xc3\xa9\r\n")); /* R3464-2.1-a */
	CHECK_SL(t.p.rcpts[0].final.type, SL("utf-8"));
	/* R6533-3-k, R6533-3-d */
	CHECK_SL(
	    t.p.rcpts[0].final.value, SL("p\\x{E9}\\x{2B}\\x{01}\\x{1F4E7}x@ex.test"));
	CHECK_SL(t.p.rcpts[0].diagnostic.value, SL("caf?? closed"));
	CHECK(sl_search(t.p.human, SL("caf=C3=A9 closed")) < t.p.human.n);
	CHECK_SL(t.p.returned, SL("A: b\r\n\r\n\xc3\xa9\r\n"));
	CHECK(has(&t, "Content-Transfer-Encoding: 8bit\r\n\r\nThis"));
	trip_fini(&t);
}

static void
test_texts(void)
{
	static const struct dsn_texts texts = {
	    .header = "at [#ME#] on [#FROMTIME#] from [#FROMMTA#] [#OTHER#] [#",
	    .action = {NULL, "F:\n", "D:\n", "O:\n", "R:\n", "E:\n"},
	    .footer = "end",
	    .subject_failed = "gescheitert: \xc3\xbc",
	    .subject_delayed = "late",
	    .subject_notice = "note",
	};
	struct dsn_rcpt rcpt = failed();
	struct dsn_report r = report(&rcpt, 1);
	struct trip t;

	r.texts = &texts;
	trip(&t, &r, SL(original));
	CHECK_SL(t.p.human,
	    SL("at mail.example.test on Sat, 21 Nov 2026 20:04:00 +0100 from client.example "
	       "([192.0.2.1]) [#OTHER#] [#\r\nF:\r\n\r\n    <User1-x@example.test>\r\n"
	       "        there is no extension x\r\n\r\nend\r\n"));
	CHECK(has(&t, "\r\nSubject: =?utf-8?")); /* R2047-5-a, R3834-3.1.5-b */
	trip_fini(&t);
}

/* R3464-2-d */
static void
test_from(void)
{
	static const struct {
		const char *dsnfrom, *want;
	} rows[] = {
	    {"\"Courier mail server at m.example\" <@>",
		"\"Courier mail server at m.example\" <MAILER-DAEMON@m.example>"},
	    {"Postmaster <postmaster@m.example>", "Postmaster <postmaster@m.example>"},
	    {"postmaster@m.example", "postmaster@m.example"},
	    {"<@>", "MAILER-DAEMON@m.example"},
	    {"nobody in particular", "MAILER-DAEMON@m.example"},
	    {"a@b.example, c@d.example", "MAILER-DAEMON@m.example"},
	    {"", "MAILER-DAEMON@m.example"},
	    {"Caf\xc3\xa9 <@>", "=?utf-8?b?Q2Fmw6k=?= <MAILER-DAEMON@m.example>"},
	};
	struct buf out;

	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&out);
		dsn_put_from(&out, sl_str(rows[i].dsnfrom), SL("m.example"));
		CHECK_SL(buf_slice(&out), sl_str(rows[i].want));
	}
	buf_fini(&out);
}

#define MTA "Reporting-MTA: dns; a\n"
#define RCPT "\nFinal-Recipient: rfc822;b@c\n"
#define FAILED "Action: failed\nStatus: 5.1.1\n"
#define DATE "Sat, 21 Nov 2026 19:05:00 "

/* What the reader refuses, and what not. R3464-2.1.1-a R3464-2.3.2-a R3464-2.3.3-a R3464-2.3.4-a */
static void
test_parse_status(void)
{
	static const struct {
		const char *body;
		enum st st;
	} rows[] = {
	    {MTA RCPT "Action: Failed (why)\nStatus: 5.1.10 (no)\n", ST_OK},
	    {"\n\n" MTA "X-More: y\n\n" RCPT "Action: failed\nStatus: 5.0.0\n\n", ST_OK},
	    {MTA "\nFinal-Recipient:\n rfc822;b@c\nAction: failed\nStatus: 5.0.0\n", ST_OK},
	    {MTA, ST_SYNTAX},
	    {"Arrival-Date: " DATE "+0000\n" RCPT "Action: failed\nStatus: 5.0.0\n", ST_SYNTAX},
	    {"Reporting-MTA: a\n" RCPT "Action: failed\nStatus: 5.0.0\n", ST_SYNTAX},
	    {MTA MTA RCPT "Action: failed\nStatus: 5.0.0\n", ST_SYNTAX},
	    {MTA "\nAction: failed\nStatus: 5.0.0\n", ST_SYNTAX},
	    {MTA RCPT "Status: 5.0.0\n", ST_SYNTAX},
	    {MTA RCPT "Action: failed\n", ST_SYNTAX},
	    {MTA RCPT "Action: lost\nStatus: 5.0.0\n", ST_SYNTAX},
	    {MTA RCPT "Action: failed\nStatus: 5.01.0\n", ST_SYNTAX},
	    {MTA RCPT "Action: failed\nStatus: 5.1\n", ST_SYNTAX},
	    {MTA RCPT "Action: failed\nStatus: 3.1.1\n", ST_SYNTAX},
	    {MTA RCPT FAILED "Will-Retry-Until: " DATE "+0000\n", ST_SYNTAX},
	    {MTA RCPT FAILED "Last-Attempt-Date: " DATE "GMT\n", ST_SYNTAX},
	    {MTA "Action: failed\n" RCPT FAILED, ST_SYNTAX},
	    {MTA "no field\n" RCPT FAILED, ST_SYNTAX},
	    {MTA "X: \xc3\xa9\n" RCPT FAILED, ST_SYNTAX},
	    {"", ST_SYNTAX},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new("test", 1 << 20);
		struct dsn_parsed p = {.rcpt_count = 0};
		struct fault f;

		if (!CHECK_EQ(dsn_parse_status(a, sl_str(rows[i].body), &p, &f), rows[i].st))
			printf("row %zu: %s\n", i, f.text);
		CHECK(rows[i].st != ST_OK || p.rcpt_count == 1);
		CHECK(rows[i].st == ST_OK || f.text[0] != '\0');
		arena_free(a);
	}
}

#define PART "--b\r\n\r\nx\r\n"
#define REPORT "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"

static void
test_parse_other(void)
{
	static const struct {
		const char *message;
		enum st st;
	} rows[] = {
	    {"Subject: x\r\n\r\nbody\r\n", ST_NOENT},
	    {"Content-Type: multipart/mixed; boundary=b\r\n\r\n" PART "--b--\r\n", ST_NOENT},
	    {"Content-Type: multipart/report; boundary=b\r\n\r\n" PART "--b--\r\n", ST_NOENT},
	    {REPORT PART "--b--\r\n", ST_SYNTAX},
	    {REPORT PART PART "--b--\r\n", ST_SYNTAX},
	    {"", ST_NOENT},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new("test", 1 << 20);
		struct dsn_parsed p;
		struct fault f;

		CHECK_EQ(dsn_parse(a, sl_str(rows[i].message), &p, &f), rows[i].st);
		arena_free(a);
	}
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"failed", test_failed},
	    {"remote", test_remote},
	    {"known_fields", test_known_fields},
	    {"header_only", test_header_only},
	    {"odd_originals", test_odd_originals},
	    {"8bit", test_8bit},
	    {"texts", test_texts},
	    {"from", test_from},
	    {"parse_status", test_parse_status},
	    {"parse_other", test_parse_other},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
