/* Envelope addresses, parameters, and the table from RFC 3463 codes to reply codes. */
#include "base/check.h"
#include "smtp/params.h"
#include "smtp/path.h"
#include "smtp/reply.h"

struct path_row {
	const char *in;   /* with brackets */
	const char *text; /* NULL: refused */
	const char *local, *domain;
	const char *rest;
};

static void
path_rows(const struct path_row *rows, size_t count, bool sender)
{
	struct arena *a = arena_new("test", 1 << 20);

	for (size_t i = 0; i < count; i++) {
		struct slice rest = sl_str(rows[i].in);
		struct smtp_path path;
		struct fault f;
		enum st st = smtp_path_take(a, &rest, sender, !sender, &path, &f);

		if (!CHECK((st == ST_OK) == (rows[i].text != NULL)) || st != ST_OK)
			continue;
		CHECK_SL(path.text, sl_str(rows[i].text));
		CHECK_SL(path.local, sl_str(rows[i].local));
		CHECK_SL(path.domain, sl_str(rows[i].domain));
		CHECK_SL(rest, sl_str(rows[i].rest));
	}
	arena_free(a);
}

/* R5321-4.1.2-a, R5321-4.1.2-b, R5321-4.1.2-e, R5321-4.1.2-g, R5321-2.4-a, R5321-C-a */
static void
test_sender(void)
{
	static const struct path_row rows[] = {
		{"<a@b.example>", "a@b.example", "a", "b.example", ""},
		{"<User+x@B.Example> SIZE=1", "User+x@B.Example", "User+x", "B.Example",
		    " SIZE=1"},
		{"<>", "", "", "", ""},
		{"<@a.example,@b.example:c@d>", "c@d", "c", "d", ""},
		{"<\"a\"@b>", "a@b", "a", "b", ""},
		{"<\"a b\"@c>", "\"a b\"@c", "a b", "c", ""},
		{"<\"a\\\"b>\"@c>", "\"a\\\"b>\"@c", "a\"b>", "c", ""},
		{"<\"\"@c>", "\"\"@c", "", "c", ""},
		{"<\"a.b\"@c>", "a.b@c", "a.b", "c", ""},
		{"<a@b.>", "a@b", "a", "b", ""},
		{"<a_b@c_d.example>", "a_b@c_d.example", "a_b", "c_d.example", ""},
		{"a@b", NULL, NULL, NULL, NULL},
		{"<a@b", NULL, NULL, NULL, NULL},
		{"<a>", NULL, NULL, NULL, NULL},
		{"<a@>", NULL, NULL, NULL, NULL},
		{"<@b>", NULL, NULL, NULL, NULL},
		{"<a@@b>", NULL, NULL, NULL, NULL},
		{"<.a@b>", NULL, NULL, NULL, NULL},
		{"<a.@b>", NULL, NULL, NULL, NULL},
		{"<a..b@c>", NULL, NULL, NULL, NULL},
		{"<a b@c>", NULL, NULL, NULL, NULL},
		{"<\"a@b>", NULL, NULL, NULL, NULL},
		{"<a@-b>", NULL, NULL, NULL, NULL},
		{"<a@b..c>", NULL, NULL, NULL, NULL},
		{"<<a@b>>", NULL, NULL, NULL, NULL},
		{"<@a:b>", NULL, NULL, NULL, NULL},
		{"<@a b@c>", NULL, NULL, NULL, NULL},
		{"<\xc3\xa4@b>", NULL, NULL, NULL, NULL},
		{"<postmaster>", NULL, NULL, NULL, NULL},
	};

	path_rows(rows, COUNT_OF(rows), true);
}

/* R5321-2.3.5-b, R5321-4.1.1.3-b */
static void
test_recipient(void)
{
	static const struct path_row rows[] = {
		{"<PostMaster>", "PostMaster", "PostMaster", "", ""},
		{"<@a:b@c>", "b@c", "b", "c", ""},
		{"<>", NULL, NULL, NULL, NULL},
		{"<user>", NULL, NULL, NULL, NULL},
	};

	path_rows(rows, COUNT_OF(rows), false);
}

/* R5321-4.1.3-a, R5321-4.1.3-b */
static void
test_literal(void)
{
	static const char *const good[] = {"[127.0.0.1]", "[IPv6:::1]", "[IPv6:2001:db8::1]",
	    "[ipv6:::]", "[IPv6:1:2:3:4:5:6:7:8]", "[IPv6:1:2:3:4:5:6:1.2.3.4]",
	    "[IPv6:::ffff:1.2.3.4]", "[IPv6:1::1.2.3.4]"};
	static const char *const bad[] = {"[]", "[1.2.3]", "[1.2.3.4.5]", "[1.2.3.256]",
	    "[1.2.3.0004]", "[IPv6:]", "[IPv6:1:2:3:4:5:6:7]", "[IPv6:1:2:3:4:5:6:7:8:9]",
	    "[IPv6:1::2::3]", "[IPv6:1:2:3:4:5:6:7::8]", "[IPv6:12345::]", "[IPv6:::1.2.3]",
	    "[2001:db8::1]", "[:x]", "[tag:]", "[x-tag:content]", "[1.2.3.4", "1.2.3.4"};

	for (size_t i = 0; i < COUNT_OF(good); i++)
		CHECK(smtp_is_literal(sl_str(good[i])));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		CHECK(!smtp_is_literal(sl_str(bad[i])));
}

/* R5321-4.5.3.1.1-a, R5321-4.5.3.1.2-a, R5321-4.5.3.1.9-a */
static void
test_lengths(void)
{
	static const struct {
		int local, label;
		bool good;
	} rows[] = {{64, 63, true}, {255, 63, true}, {256, 63, false}, {1, 64, false}};
	struct arena *a = arena_new("test", 1 << 20);

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct smtp_path path;
		struct buf in;

		buf_init(&in, 1024);
		for (int k = 0; k < rows[i].local; k++)
			buf_put_byte(&in, 'a');
		buf_put_byte(&in, '@');
		for (int k = 0; k < rows[i].label; k++)
			buf_put_byte(&in, 'b');
		CHECK_EQ(smtp_mailbox_parse(a, buf_slice(&in), &path, NULL) == ST_OK, rows[i].good);
		buf_fini(&in);
	}
	arena_free(a);
}

static void
test_params(void)
{
	struct arena *a = arena_new("test", 1 << 20);
	struct smtp_mail mail = {.has_size = false};
	struct smtp_rcpt rcpt = {.notify = 0};
	unsigned all = SMTP_EXT_DEFAULT | SMTP_EXT_AUTH | SMTP_EXT_DSN;
	static const struct {
		const char *text;
		enum st st;
	} bad[] = {
		{" SIZE=", ST_SYNTAX}, {" SIZE", ST_SYNTAX}, {" SIZE=1 SIZE=1", ST_SYNTAX},
		{" SIZE=-1", ST_SYNTAX},
		{" SIZE=123456789012345678901", ST_SYNTAX}, {" BODY=x", ST_SYNTAX},
		{" =x", ST_SYNTAX},
		{" X=1", ST_NOENT}, {" SMTPUTF8", ST_NOENT}, {" RET=x", ST_SYNTAX},
		{" ENVID=a+zz", ST_SYNTAX},
		{" AUTH=x", ST_SYNTAX}, {"SIZE=1", ST_SYNTAX}, {" SIZE=1=2", ST_SYNTAX},
	};

	CHECK_EQ(
	    smtp_params_mail(a, SL(" size=100  Body=8bitmime RET=hdrs ENVID=a+2Bb AUTH=c+40d "),
		all, &mail, NULL),
	    ST_OK);
	CHECK(mail.has_size && mail.size_bytes == 100 && mail.body == SMTP_BODY_8BITMIME);
	CHECK(mail.ret == SMTP_RET_HDRS && mail.has_auth);
	CHECK_SL(mail.envid, SL("a+b"));
	CHECK_SL(mail.auth, SL("c@d"));
	CHECK_EQ(smtp_params_mail(a, SL(" SIZE=99999999999999999999"), all, &mail, NULL), ST_OK);
	CHECK(mail.size_bytes == UINT64_MAX);
	CHECK_EQ(smtp_params_mail(a, SL(" RET=FULL"), SMTP_EXT_DEFAULT, &mail, NULL), ST_NOENT);
	CHECK_EQ(
	    smtp_params_rcpt(a, SL(" NOTIFY=success,Failure ORCPT=rfc822;a+40b"), all, &rcpt, NULL),
	    ST_OK);
	CHECK_EQ(rcpt.notify, SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_FAILURE);
	CHECK_SL(rcpt.orcpt, SL("a@b"));
	CHECK_EQ(smtp_params_rcpt(a, SL(" NOTIFY=NEVER,DELAY"), all, &rcpt, NULL), ST_SYNTAX);
	CHECK_EQ(smtp_params_rcpt(a, SL(" NOTIFY=DELAY,DELAY"), all, &rcpt, NULL), ST_SYNTAX);
	CHECK_EQ(smtp_params_rcpt(a, SL(" ORCPT=a"), all, &rcpt, NULL), ST_SYNTAX);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		mail = (struct smtp_mail){.has_size = false};
		CHECK_EQ(smtp_params_mail(a, sl_str(bad[i].text), all, &mail, NULL), bad[i].st);
	}
	arena_free(a);
}

/* R2034-4-b: the class of the code is that of the enhanced code, whatever is being answered. */
static void
test_reply_codes(void)
{
	static const struct {
		const char *esc;
		enum reply_to to;
		unsigned code;
	} rows[] = {
		{"4.7.0", REPLY_TO_CONNECT, 421}, {"5.7.1", REPLY_TO_CONNECT, 554},
		{"5.7.8", REPLY_TO_AUTH, 535},
		{"4.3.0", REPLY_TO_AUTH, 454}, {"5.1.1", REPLY_TO_RCPT, 550},
		{"5.7.1", REPLY_TO_RCPT, 550},
		{"4.2.2", REPLY_TO_RCPT, 452}, {"5.2.2", REPLY_TO_RCPT, 552},
		{"4.3.1", REPLY_TO_COMMIT, 452},
		{"5.3.4", REPLY_TO_MAIL, 552}, {"5.6.0", REPLY_TO_COMMIT, 550},
		{"5.4.6", REPLY_TO_COMMIT, 554},
		{"4.3.0", REPLY_TO_COMMIT, 451}, {"5.0.0", REPLY_TO_DATA, 554},
		{"5.1.10", REPLY_TO_RCPT, 556},
	};
	struct fault f;
	struct buf out;

	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		fault_set(&f, ST_PERM, rows[i].esc, "words");
		CHECK_EQ(reply_code(&f, rows[i].to), rows[i].code);
	}
	for (int class = 4; class <= 5; class++)
		for (int subject = 0; subject < 10; subject++)
			for (int detail = 0; detail < 30; detail++)
				for (int to = REPLY_TO_CONNECT; to <= REPLY_TO_COMMIT; to *= 2) {
					f = (struct fault){.st = ST_PERM,
					    .esc = {(uint8_t) class, (uint8_t)subject,
						(uint8_t)detail}};
					CHECK_EQ(reply_code(&f, (enum reply_to)to) / 100, class);
				}
	f = (struct fault){.st = ST_TEMP};
	reply_fault(&out, &f, REPLY_TO_RCPT, true);
	f = (struct fault){.st = ST_DENIED};
	reply_fault(&out, &f, REPLY_TO_RCPT, false);
	CHECK_SL(buf_slice(&out), SL("451 4.0.0 Try again later\r\n550 Refused\r\n"));
	buf_fini(&out);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"sender", test_sender},
		{"recipient", test_recipient},
		{"literal", test_literal},
		{"lengths", test_lengths},
		{"params", test_params},
		{"reply_codes", test_reply_codes},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
