/*
 * The server engine in the small world: each conversation is held in one piece, byte by byte and in
 * odd pieces, and must sound the same.
 */
#include "base/check.h"
#include "smtp/tests/world.h"

struct talk {
	enum world_service service;
	const char *client; /* all at once: pipelined */
	const char *server; /* all of what is heard, without the greeting */
	unsigned mails, drops;
	bool closed;
};

#define USER1 (const unsigned char *)"user1@example.test", 18
#define USER3 (const unsigned char *)"user3@example.test", 18
#define ANY (const unsigned char *)"*", 1
#define GREETING "220 mx.example.test ESMTP\r\n"
#define HELO "EHLO client.example\r\n"
#define HELO_SAYS                                                                         \
	"250-mx.example.test Ok\r\n250-STARTTLS\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n" \
	"250-ENHANCEDSTATUSCODES\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
#define MAIL "MAIL FROM:<a@client.example>\r\n"
#define MAIL_OK "250 2.1.0 Sender ok\r\n"
#define RCPT "RCPT TO:<user1@example.test>\r\n"
#define RCPT_OK "250 2.1.5 Recipient ok\r\n"
#define BEGIN HELO MAIL RCPT "DATA\r\n"
#define GO "354 Send the message, end with a dot on a line of its own\r\n"
#define BEGIN_SAYS HELO_SAYS MAIL_OK RCPT_OK GO
#define DONE "250 2.0.0 Ok world-1\r\n"
#define QUIT "QUIT\r\n"
#define BYE "221 2.0.0 mx.example.test closing\r\n"
#define BARE "550 5.6.0 CR, LF or NUL stands alone in the message\r\n"

static const size_t chunks[] = {0, 1, 2, 3, 7, 64};

static void
hold(const struct talk *t, const struct world_rule *rules, size_t rule_count)
{
	for (size_t i = 0; i < COUNT_OF(chunks); i++) {
		struct world w;
		struct world_conn *c;

		world_init(&w, 5);
		w.rules = rules;
		w.rule_count = rule_count;
		w.body_step = chunks[i];
		c = world_connect(&w, t->service);
		if (CHECK(sl_starts(world_heard(c), SL(GREETING))))
			world_heard_drop(c, sizeof(GREETING) - 1);
		world_send(c, sl_str(t->client), chunks[i]);
		while (world_hurry(c))
			;
		CHECK_SL(world_heard(c), sl_str(t->server));
		CHECK_EQ(w.mail_count, t->mails);
		CHECK_EQ(world_is_closed(c, NULL), t->closed);
		world_shut(c);
		CHECK(world_is_closed(c, NULL));
		CHECK_EQ(w.drop_count, t->drops);
		world_fini(&w);
	}
}

static void
talk(const struct talk *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hold(&rows[i], NULL, 0);
}

static void
test_plain(void)
{
	static const struct talk rows[] = {
	    {WORLD_SMTP, HELO QUIT, HELO_SAYS BYE, 0, 0, true},
	    {WORLD_SMTP, "HELO client.example\r\n" QUIT, "250 mx.example.test Ok\r\n" BYE, 0, 0,
		true},
	    {WORLD_SMTP, BEGIN "Subject: x\r\n\r\ntext\r\n.\r\n" QUIT, BEGIN_SAYS DONE BYE, 1, 0,
		true},
	    {WORLD_SMTP, BEGIN ".\r\n", BEGIN_SAYS DONE, 1, 0, false},
	    {WORLD_SMTP, HELO "noop x y\r\nRSET\r\nVRFY user1\r\n",
		HELO_SAYS
		"250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n"
		"252 2.1.5 Cannot verify; send some mail, it will be tried\r\n",
		0, 0, false},
	    {WORLD_SMTP, HELO MAIL "RSET\r\n" MAIL HELO MAIL QUIT,
		HELO_SAYS MAIL_OK "250 2.0.0 Ok\r\n" MAIL_OK HELO_SAYS MAIL_OK BYE, 0, 3, true},
	    {WORLD_SMTP, HELO "MAIL FROM:<>  SIZE=100 BODY=8BITMIME \r\nRCPT TO:<postmaster>\r\n",
		HELO_SAYS MAIL_OK RCPT_OK, 0, 1, false},
	};

	talk(rows, COUNT_OF(rows));
}

static void
test_order(void)
{
	static const struct talk rows[] = {
	    {WORLD_SMTP, MAIL, "503 5.5.1 Send EHLO or HELO first\r\n", 0, 0, false},
	    {WORLD_SMTP, HELO RCPT "DATA\r\n",
		HELO_SAYS "503 5.5.1 Send MAIL first\r\n503 5.5.1 Send MAIL first\r\n", 0, 0,
		false},
	    {WORLD_SMTP, HELO MAIL MAIL "DATA\r\n",
		HELO_SAYS MAIL_OK
		"503 5.5.1 Not inside a mail transaction\r\n503 5.5.1 Send RCPT first\r\n",
		0, 1, false},
	    {WORLD_SMTP,
		HELO MAIL "RCPT TO:<nobody@example.test>\r\nDATA\r\n" RCPT "DATA\r\nx\r\n.\r\n",
		HELO_SAYS MAIL_OK
		"550 5.1.1 No such user here\r\n554 5.5.1 No valid recipients\r\n" RCPT_OK GO DONE,
		1, 0, false},
	    {WORLD_SMTP, HELO MAIL RCPT "RCPT TO:<x@elsewhere.example>\r\nDATA\r\nx\r\n.\r\n",
		HELO_SAYS MAIL_OK RCPT_OK "550 5.7.1 Relaying denied\r\n" GO DONE, 1, 0, false},
	};

	talk(rows, COUNT_OF(rows));
}

static void
test_syntax(void)
{
	static const struct talk rows[] = {
	    {WORLD_SMTP, "FOO\r\n\r\nTURN\r\nEHLO\r\nEHLO a b\r\n",
		"500 5.5.2 Command not recognised\r\n500 5.5.2 Command not recognised\r\n"
		"502 5.5.1 Command not implemented\r\n"
		"501 Domain name or address literal expected\r\n"
		"501 Domain name or address literal expected\r\n",
		0, 0, false},
	    {WORLD_SMTP,
		HELO
		"MAIL FROM:a@b\r\nMAIL TO:<a@b>\r\nMAIL FROM:<a@b> FOO=1\r\n"
		"MAIL FROM:<a@b> SIZE=x\r\n"
		"MAIL FROM:<a@b>SIZE=1\r\nMAIL FROM:<a..b@c>\r\n"
		"MAIL FROM:<a@b> SIZE=99999999999999999999\r\n",
		HELO_SAYS
		"501 5.1.7 Address must stand in <>\r\n501 5.5.4 Syntax: MAIL FROM:<address>\r\n"
		"555 5.5.4 Parameter FOO not recognised\r\n501 5.5.4 Bad value of SIZE\r\n"
		"501 5.5.4 Blank expected behind the address\r\n"
		"501 5.1.7 Bad local part in address\r\n"
		"552 5.3.4 Message size exceeds the limit\r\n",
		0, 0, false},
	    {WORLD_SMTP,
		HELO MAIL
		"RCPT TO:<>\r\nRCPT TO:<user1@example.test> NOTIFY=NEVER\r\nRCPT FROM:<a@b>\r\n",
		HELO_SAYS MAIL_OK
		"501 5.1.3 Address is empty\r\n555 5.5.4 Parameter NOTIFY not recognised\r\n"
		"501 5.5.4 Syntax: RCPT TO:<address>\r\n",
		0, 1, false},
	    {WORLD_SMTP, HELO "QUIT now\r\nDATA x\r\n",
		HELO_SAYS "501 5.5.4 No argument expected\r\n503 5.5.1 Send MAIL first\r\n", 0, 0,
		false},
	    {WORLD_SMTP, HELO "NOOP\nNOOP\r\nNOOP\r\n",
		HELO_SAYS "500 5.5.2 A line holds no CR, LF or NUL\r\n250 2.0.0 Ok\r\n", 0, 0,
		false},
	    {WORLD_SMTP, HELO "NOOP \rx\r\n\nNOOP\r\r\n",
		HELO_SAYS
		"500 5.5.2 A line holds no CR, LF or NUL\r\n"
		"500 5.5.2 A line holds no CR, LF or NUL\r\n",
		0, 0, false},
	    {WORLD_SMTP, HELO " NOOP\r\nNOOP \t\r\n",
		HELO_SAYS "500 5.5.2 Command not recognised\r\n250 2.0.0 Ok\r\n", 0, 0, false},
	    {WORLD_SMTP, "GET / HTTP/1.1\r\nHost: x\r\n",
		"421 4.7.0 mx.example.test This is not HTTP, closing\r\n", 0, 0, true},
	};

	talk(rows, COUNT_OF(rows));
}

static void
test_smuggling(void)
{
	static const char *const ends[] = {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n",
	    "\r\n.\r", "\r\n.\r\r\n", "\r\n.\n\r\n"};
	static const struct talk fine[] = {
		{WORLD_SMTP, BEGIN "a\r\n..\r\n...\r\n.b\r\n"
		".\r\n" QUIT, BEGIN_SAYS DONE BYE, 1, 0, true},
	};
	char client[512];

	talk(fine, COUNT_OF(fine));
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		struct talk t = {WORLD_SMTP, client, BEGIN_SAYS BARE, 0, 1, true};

		snprintf(client, sizeof(client), "%s", BEGIN "Subject: x\r\n\r\ntext");
		snprintf(client + strlen(client), sizeof(client) - strlen(client),
		    "%sMAIL FROM:<evil@x.example>\r\n.\r\n" QUIT, ends[i]);
		hold(&t, NULL, 0);
	}
}

static void
test_content(void)
{
	static const char *const want = "Received: x\r\n\r\n.a\r\n.\r\n\xc3\xa4\r\n";

	for (size_t i = 0; i < COUNT_OF(chunks); i++) {
		struct world w;
		struct world_conn *c;

		world_init(&w, 5);
		w.body_step = chunks[i];
		c = world_connect(&w, WORLD_SMTP);
		world_send(
		    c, SL(BEGIN "Received: x\r\n\r\n..a\r\n..\r\n\xc3\xa4\r\n.\r\n"), chunks[i]);
		if (CHECK(w.mails != NULL)) {
			CHECK_SL(buf_slice(&w.mails->content), sl_str(want));
			CHECK_SL(buf_slice(&w.mails->rcpts), sl_mem("user1@example.test", 19));
		}
		world_fini(&w);
	}
}

static void
limits(struct smtp_server_opts *o)
{
	o->size_max_bytes = 60;
	o->header_max_bytes = 40;
	o->hops_max = 2;
	o->recipients_max = 2;
	o->errors_max = 3;
	o->command_line_max_bytes = 64;
}

/* R5321-4.5.3.1.8-b, R5321-4.5.3.1.9-a, R5321-4.5.3.1.10-a, R5321-6.3-a */
static void
test_limits(void)
{
	static const struct talk rows[] = {
	    {WORLD_SMTP,
		BEGIN
		"a: 1\r\n\r\n0123456789012345678901234567890123456789\r\n0123456789\r\n.\r\n"
		"NOOP\r\n",
		"552 5.3.4 Message size exceeds the limit\r\n250 2.0.0 Ok\r\n", 0, 1, false},
	    {WORLD_SMTP,
		BEGIN "a: 01234567890123456789012345678901234567890123456789\r\n\r\n\r\n.\r\n",
		"552 5.3.4 Header of the message is too big\r\n", 0, 1, false},
	    {WORLD_SMTP, BEGIN "received: 1\r\nRECEIVED: 2\r\n\r\n.\r\n",
		"554 5.4.6 Too many Received fields: a mail loop\r\n", 0, 1, false},
	    {WORLD_SMTP, BEGIN "Received: 1\r\n\r\nReceived: 2\r\n.\r\n", DONE, 1, 0, false},
	    {WORLD_SMTP, HELO MAIL RCPT RCPT RCPT "RSET\r\n",
		RCPT_OK RCPT_OK "452 4.5.3 Too many recipients\r\n250 2.0.0 Ok\r\n", 0, 1, false},
	    {WORLD_SMTP, HELO "X\r\nX\r\nX\r\nX\r\n",
		"500 5.5.2 Command not recognised\r\n500 5.5.2 Command not recognised\r\n"
		"500 5.5.2 Command not recognised\r\n"
		"421 4.7.0 mx.example.test Too many errors, closing\r\n",
		0, 0, true},
	    {WORLD_SMTP,
		HELO
		"NOOP 0123456789012345678901234567890123456789012345678901234567890\r\nNOOP\r\n",
		"500 5.5.2 Line too long\r\n250 2.0.0 Ok\r\n", 0, 0, false},
	    {WORLD_SMTP,
		HELO MAIL
		"RCPT TO:<user1@example.test>0123456789012345678901234567890123456789\r\nNOOP\r\n",
		"500 5.5.2 Line too long\r\n250 2.0.0 Ok\r\n", 0, 1, false},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t k = 0; k < COUNT_OF(chunks); k++) {
			struct world w;
			struct world_conn *c;

			world_init(&w, 5);
			w.tune = limits;
			c = world_connect(&w, WORLD_SMTP);
			world_send(c, sl_str(rows[i].client), chunks[k]);
			CHECK(sl_ends(world_heard(c), sl_str(rows[i].server)));
			CHECK_EQ(w.mail_count, rows[i].mails);
			CHECK_EQ(world_is_closed(c, NULL), rows[i].closed);
			world_shut(c);
			CHECK_EQ(w.drop_count, rows[i].drops);
			world_fini(&w);
		}
}

static void
test_answers(void)
{
	static const struct world_rule late[] = {
		{SMTP_ASK_RCPT, {USER1}, 5000, {.st = ST_OK}},
		{SMTP_ASK_RCPT, {USER3}, 2000, {.st = ST_TEMP, .esc = {4, 2, 1}}},
		{SMTP_ASK_COMMIT, {ANY}, 1000,
		    {.st = ST_TEMP, .esc = {4, 3, 1}, .text = "No room"}},
	};
	static const struct talk t = {WORLD_SMTP,
	    HELO MAIL RCPT
	    "RCPT TO:<user2@example.test>\r\nRCPT TO:<user3@example.test>\r\nRCPT TO:<\r\n"
	    "RCPT\r\nNOOP\r\nDATA\r\nx\r\n.\r\n"
	    "NOOP\r\n",
	    HELO_SAYS MAIL_OK RCPT_OK RCPT_OK
	    "450 4.2.1 Mailbox not available\r\n501 5.1.3 Address lacks its >\r\n"
	    "501 5.5.4 Argument expected\r\n"
	    "250 2.0.0 Ok\r\n" GO "452 4.3.1 No room\r\n250 2.0.0 Ok\r\n",
	    0, 0, false};

	hold(&t, late, COUNT_OF(late));
}

static void
test_many_rcpts(void)
{
	static const struct world_rule late = {
	    SMTP_ASK_RCPT, {ANY}, 100, {.st = ST_OK}};
	struct buf in;
	size_t replies = 0;

	for (size_t i = 0; i < COUNT_OF(chunks); i++) {
		struct world w;
		struct world_conn *c;
		struct slice heard, line;

		buf_init(&in, 1 << 20);
		buf_put_str(&in, HELO MAIL);
		for (int k = 0; k < 150; k++)
			buf_put_str(&in, RCPT);
		buf_put_str(&in, "DATA\r\nx\r\n.\r\n");
		world_init(&w, 5);
		w.rules = &late;
		w.rule_count = 1;
		c = world_connect(&w, WORLD_SMTP);
		world_send(c, buf_slice(&in), chunks[i]);
		while (world_hurry(c))
			;
		heard = world_heard(c);
		for (replies = 0; sl_cut(&heard, '\n', &line);)
			replies += sl_starts(line, SL("250 2.1.5"));
		CHECK_EQ(replies, 100);
		CHECK(sl_ends(world_heard(c), SL("452 4.5.3 Too many recipients\r\n" GO DONE)));
		world_fini(&w);
		buf_fini(&in);
	}
}

#define SUB_EHLO                                                                                  \
	"250-mx.example.test Ok\r\n250-AUTH PLAIN LOGIN\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n" \
	"250-ENHANCEDSTATUSCODES\r\n250-PIPELINING\r\n250 CHUNKING\r\n"

static void
test_auth(void)
{
	static const struct talk rows[] = {
	    {WORLD_SUBMISSION, HELO "AUTH PLAIN\r\nAUTH FOO\r\n" MAIL,
		HELO_SAYS
		"538 5.7.11 Encryption required, send STARTTLS first\r\n"
		"504 5.5.4 Authentication mechanism not recognised\r\n"
		"530 5.7.0 Authentication required\r\n",
		0, 0, false},
	    {WORLD_SMTPS,
		HELO "AUTH PLAIN AHVzZXIxQGV4YW1wbGUudGVzdABzZWNyZXQ=\r\nAUTH LOGIN\r\n" MAIL
		     "RCPT TO:<x@elsewhere.example>\r\n",
		SUB_EHLO
		"235 2.7.0 Authentication succeeded\r\n503 5.5.1 Logged in already\r\n" MAIL_OK
		    RCPT_OK,
		0, 1, false},
	    {WORLD_SMTPS, HELO "AUTH PLAIN\r\nAHVzZXIxQGV4YW1wbGUudGVzdABzZWNyZXQ=\r\n",
		SUB_EHLO "334 \r\n235 2.7.0 Authentication succeeded\r\n", 0, 0, false},
	    {WORLD_SMTPS, HELO "AUTH LOGIN\r\ndXNlcjFAZXhhbXBsZS50ZXN0\r\nc2VjcmV0\r\n",
		SUB_EHLO
		"334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 2.7.0 Authentication succeeded\r\n",
		0, 0, false},
	    {WORLD_SMTPS, HELO "AUTH LOGIN dXNlcjFAZXhhbXBsZS50ZXN0\r\nd3Jvbmc=\r\n",
		SUB_EHLO "334 UGFzc3dvcmQ6\r\n535 5.7.8 Authentication failed\r\n", 0, 0, false},
	    {WORLD_SMTPS,
		HELO "AUTH PLAIN\r\n*\r\nAUTH PLAIN !!!\r\nAUTH PLAIN =\r\nAUTH\r\nNOOP\r\n",
		SUB_EHLO
		"334 \r\n501 5.7.0 Authentication cancelled\r\n501 5.5.2 Not BASE64\r\n"
		"501 5.5.2 Malformed authentication response\r\n501 5.5.4 Argument expected\r\n"
		"250 2.0.0 Ok\r\n",
		0, 0, false},
	    {WORLD_SMTPS,
		HELO
		"AUTH PLAIN AGEAYg==\r\nAUTH PLAIN AGEAYg==\r\nAUTH PLAIN AGEAYg==\r\nNOOP\r\n",
		SUB_EHLO
		"535 5.7.8 Authentication failed\r\n535 5.7.8 Authentication failed\r\n"
		"535 5.7.8 Authentication failed\r\n"
		"421 4.7.0 mx.example.test Too many errors, closing\r\n",
		0, 0, true},
	    {WORLD_SMTP, HELO "AUTH PLAIN AGEAYg==\r\n",
		HELO_SAYS "502 5.5.1 AUTH not available\r\n", 0, 0, false},
	};

	talk(rows, COUNT_OF(rows));
}

static void
test_starttls(void)
{
	for (size_t i = 0; i < COUNT_OF(chunks); i++) {
		struct world w;
		struct world_conn *c;

		world_init(&w, 5);
		c = world_connect(&w, WORLD_SMTP);
		world_send(c, SL(HELO "STARTTLS\r\nNOOP\r\n"), chunks[i]);
		CHECK(sl_ends(
		    world_heard(c),
		    SL("250-PIPELINING\r\n250 CHUNKING\r\n220 2.0.0 Ready to start TLS\r\n")));
		world_heard_drop(c, world_heard(c).n);
		CHECK(world_start_tls(c));
		CHECK_EQ(world_heard(c).n, 0);
		world_send(c, SL(MAIL HELO "STARTTLS\r\n"), chunks[i]);
		CHECK_SL(world_heard(c),
		    SL("503 5.5.1 Send EHLO or HELO first\r\n250-mx.example.test Ok\r\n"
		    "250-SIZE 10485760\r\n"
		       "250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
		       "250-PIPELINING\r\n250 CHUNKING\r\n"
		       "503 5.5.1 TLS is on already\r\n"));
		world_fini(&w);
	}
}

static void
test_time(void)
{
	struct world w;
	struct world_conn *c;
	enum engine_why why;

	world_init(&w, 5);
	c = world_connect(&w, WORLD_SMTP);
	world_send(c, SL(HELO), 0);
	world_wait(&w, 299000);
	world_send(c, SL("NOO"), 0);
	world_wait(&w, 2000);
	CHECK(sl_ends(world_heard(c), SL("421 4.4.2 mx.example.test Timeout, closing\r\n")));
	CHECK(world_is_closed(c, &why) && why == ENGINE_WHY_TIMEOUT);
	c = world_connect(&w, WORLD_SMTP);
	world_send(c, SL(BEGIN), 0);
	for (int i = 0; i < 10; i++) {
		world_wait(&w, 200000);
		world_send(c, SL("x"), 0);
	}
	CHECK(!world_is_closed(c, NULL));
	world_wait(&w, 301000);
	CHECK(world_is_closed(c, &why) && why == ENGINE_WHY_TIMEOUT);
	CHECK_EQ(w.drop_count, 1);
	world_fini(&w);
}

static void
test_events(void)
{
	static const struct world_rule late = {
	    SMTP_ASK_RCPT, {ANY}, 100, {.st = ST_OK}};
	static const char closing[] =
	    "421 4.3.2 mx.example.test Service closing, try again later\r\n";
	struct world w;
	struct world_conn *c;

	world_init(&w, 5);
	c = world_connect(&w, WORLD_SMTP);
	world_send(c, SL(BEGIN), 0);
	world_event(c, ENGINE_DRAIN);
	CHECK(!world_is_closed(c, NULL));
	world_send(c, SL(".\r\n"), 0);
	CHECK(sl_ends(world_heard(c), sl_str(closing)) && world_is_closed(c, NULL));
	CHECK_EQ(w.mail_count, 1);
	w.rules = &late;
	w.rule_count = 1;
	c = world_connect(&w, WORLD_SMTP);
	world_send(c, SL(HELO MAIL RCPT RCPT), 0);
	world_event(c, ENGINE_KICK);
	CHECK(sl_ends(world_heard(c), sl_str(closing)) && world_is_closed(c, NULL));
	CHECK(!world_hurry(c)); /* cancelled() named both */
	CHECK_EQ(w.drop_count, 1);
	world_fini(&w);
}

static void
test_refused(void)
{
	static const struct world_rule no = {SMTP_ASK_CONNECT, {ANY}, 0,
	    {.st = ST_DENIED, .esc = {5, 7, 1}, .text = "Go away"}};
	static const struct world_rule later = {SMTP_ASK_CONNECT, {ANY},
	    0, {.st = ST_TEMP, .esc = {4, 7, 0}, .text = "Too many"}};
	struct world w;
	struct world_conn *c;

	world_init(&w, 5);
	w.rules = &no;
	w.rule_count = 1;
	c = world_connect(&w, WORLD_SMTP);
	world_send(c, SL(HELO QUIT), 0);
	CHECK_SL(world_heard(c),
	    SL("554 mx.example.test Go away\r\n"
	    "503 5.5.1 Bad sequence of commands, only QUIT\r\n" BYE));
	w.rules = &later;
	c = world_connect(&w, WORLD_SMTP);
	CHECK_SL(world_heard(c), SL("421 mx.example.test Too many\r\n"));
	CHECK(world_is_closed(c, NULL));
	world_fini(&w);
}

/* R2920-3.2-b, R2920-3.2-e, R2920-3.2-g: what is said while RCPT has no answer yet, and then. */
static void
test_replies_of_a_group(void)
{
	static const struct world_rule late = {SMTP_ASK_RCPT, {ANY}, 100, {.st = ST_OK}};
	static const struct {
		const char *client, *before, *after;
	} rows[] = {
	    {MAIL RCPT "DATA\r\n", "", MAIL_OK RCPT_OK GO},
	    {"RSET\r\n" MAIL RCPT RCPT "DATA\r\n", "",
		"250 2.0.0 Ok\r\n" MAIL_OK RCPT_OK RCPT_OK GO},
	    {MAIL RCPT, MAIL_OK, RCPT_OK},
	    {MAIL RCPT "DA", MAIL_OK, RCPT_OK},
	    {"NOOP\r\n" MAIL RCPT "DATA\r\n", "250 2.0.0 Ok\r\n", MAIL_OK RCPT_OK GO},
	    {MAIL "WHAT\r\n" RCPT "DATA\r\n", MAIL_OK "500 5.5.2 Command not recognised\r\n",
		RCPT_OK GO},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct world w;
		struct world_conn *c;

		world_init(&w, 5);
		w.rules = &late;
		w.rule_count = 1;
		c = world_connect(&w, WORLD_SMTP);
		world_send(c, SL(HELO), 0);
		world_heard_drop(c, world_heard(c).n);
		world_send(c, sl_str(rows[i].client), 0);
		CHECK_SL(world_heard(c), sl_str(rows[i].before));
		world_heard_drop(c, world_heard(c).n);
		while (world_hurry(c))
			;
		CHECK_SL(world_heard(c), sl_str(rows[i].after));
		world_fini(&w);
	}
}

static void
test_facts(void)
{
	struct world w;
	struct world_conn *c;
	struct smtp_facts f;

	world_init(&w, 5);
	c = world_connect(&w, WORLD_SMTPS);
	world_send(c, SL(HELO "AUTH PLAIN AHVzZXIxQGV4YW1wbGUudGVzdABzZWNyZXQ=\r\n"), 0);
	smtp_server_facts(world_server(c), &f);
	CHECK(f.esmtp && f.tls_on && f.authenticated && !f.in_transaction);
	CHECK_SL(sl_str(f.with), SL("ESMTPSA"));
	CHECK_SL(f.helo, SL("client.example"));
	CHECK_SL(f.identity, SL("user1@example.test"));
	CHECK_SL(f.tls_version, SL("TLSv1.3"));
	world_fini(&w);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"plain", test_plain},
		{"order", test_order},
		{"syntax", test_syntax},
		{"smuggling", test_smuggling},
		{"content", test_content},
		{"limits", test_limits},
		{"answers", test_answers},
		{"many_rcpts", test_many_rcpts},
		{"auth", test_auth},
		{"starttls", test_starttls},
		{"time", test_time},
		{"events", test_events},
		{"refused", test_refused},
		{"replies_of_a_group", test_replies_of_a_group},
		{"facts", test_facts},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
