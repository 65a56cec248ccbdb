/*
 * The POP3 engine in its small world: each conversation is held in one piece, byte by byte and in
 * odd pieces, with content in pieces of one octet too, and must sound the same.
 */
#include "base/arena.h"
#include "base/check.h"
#include "pop3/reply.h"
#include "pop3/tests/world.h"

#define M1 "Subject: one\r\nTo: x\r\n\r\nfirst\r\nsecond\r\n"
#define M2 "Subject: dots\r\n\r\n.\r\n..\r\n.x\r\nx.\r\n\r\n."
#define M3 "no header end"
#define M4 ""
#define SIZES "1 38\r\n2 35\r\n3 13\r\n4 0\r\n.\r\n"
#define HELLO "+OK Logged in, 4 messages\r\n"
#define BYE "+OK mx.example.test closing\r\n"

struct talk {
	const char *client; /* all at once: pipelined */
	const char *server; /* all of what is heard behind HELLO */
	unsigned left;      /* messages afterwards */
	bool closed;
	enum engine_why why;
};

static const size_t chunks[] = {0, 1, 2, 3, 7, 64};

static void
fill(struct pop3_world *w)
{
	pop3_world_put(w, 1, SL(M1), NULL);
	pop3_world_put(w, 1, SL(M2), "imported.2");
	pop3_world_put(w, 1, SL(M3), "");
	pop3_world_put(w, 1, SL(M4), "has blank");
}

static void
hold(const struct talk *t, const struct pop3_rule *rules, size_t rule_count)
{
	for (size_t i = 0; i < COUNT_OF(chunks) * 2; i++) {
		struct pop3_world w;
		struct drive_conn *c;
		enum engine_why why;

		pop3_world_init(&w);
		fill(&w);
		w.rules = rules;
		w.rule_count = rule_count;
		w.read_step = i < COUNT_OF(chunks) ? 0 : chunks[i - COUNT_OF(chunks)];
		c = pop3_world_enter(&w, 1);
		while (c->out.n == 0 && drive_hurry(c))
			;
		if (CHECK(sl_starts(buf_slice(&c->out), SL(HELLO))))
			buf_drop(&c->out, sizeof(HELLO) - 1);
		drive_send(c, sl_str(t->client), chunks[i % COUNT_OF(chunks)]);
		while (drive_hurry(c))
			;
		CHECK_SL(buf_slice(&c->out), sl_str(t->server));
		CHECK_EQ(c->closed, t->closed);
		why = c->why;
		drive_shut(c);
		CHECK(c->closed);
		CHECK_EQ(why, t->closed ? t->why : ENGINE_WHY_NONE);
		CHECK_EQ(pop3_world_count(&w, 1), t->left);
		pop3_world_fini(&w);
	}
}

static void
talk(const struct talk *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hold(&rows[i], NULL, 0);
}

/* R1939-5-a, R1939-5-b, R1939-5-f, R1939-7-d, R1939-7-e, R1939-7-f, R1939-7-g, R1939-4-d */
static void
test_lists(void)
{
	static const struct talk rows[] = {
	    {"STAT\r\nstat\r\nSTAT \r\nSTAT\n", "+OK 4 86\r\n+OK 4 86\r\n+OK 4 86\r\n+OK 4 86\r\n",
		4, false, 0},
	    {"LIST\r\nLIST 2\r\nlist 4\r\n",
		"+OK 4 messages (86 octets)\r\n" SIZES "+OK 2 35\r\n+OK 4 0\r\n", 4, false, 0},
	    {"UIDL\r\nUIDL 2\r\nUIDL 3\r\n",
		"+OK 4 messages (86 octets)\r\n1 UID1-1234567890\r\n2 imported.2\r\n"
		"3 UID3-1234567890\r\n4 UID4-1234567890\r\n.\r\n"
		"+OK 2 imported.2\r\n+OK 3 UID3-1234567890\r\n",
		4, false, 0},
	    {"LIST 0\r\nLIST 5\r\nLIST 99999999999999999999999\r\nUIDL 0\r\n",
		"-ERR No such message, there are 4\r\n-ERR No such message, there are 4\r\n"
		"-ERR No such message, there are 4\r\n-ERR No such message, there are 4\r\n",
		4, false, 0},
	    {"CAPA\r\n",
		"+OK Capability list follows\r\nTOP\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\n"
		"AUTH-RESP-CODE\r\nUSER\r\nSASL PLAIN LOGIN\r\nEXPIRE NEVER\r\n"
		"IMPLEMENTATION world\r\n.\r\n",
		4, false, 0},
	};

	talk(rows, COUNT_OF(rows));
}

/* R1939-3-g, R1939-3-h, R1939-5-j, R1939-7-a, R1939-7-b, R1939-7-c, R1939-11-b */
static void
test_messages(void)
{
	static const struct talk rows[] = {
	    {"RETR 1\r\nRETR 4\r\nNOOP\r\n",
		"+OK 38 octets\r\n" M1 ".\r\n+OK 0 octets\r\n.\r\n+OK\r\n", 4, false, 0},
	    {"RETR 2\r\nRETR 3\r\n",
		"+OK 35 octets\r\nSubject: dots\r\n\r\n..\r\n...\r\n..x\r\nx.\r\n\r\n..\r\n.\r\n"
		"+OK 13 octets\r\n" M3 "\r\n.\r\n",
		4, false, 0},
	    {"TOP 1 0\r\nTOP 1 1\r\n",
		"+OK Top of message follows\r\nSubject: one\r\nTo: x\r\n\r\n.\r\n"
		"+OK Top of message follows\r\nSubject: one\r\nTo: x\r\n\r\nfirst\r\n.\r\n",
		4, false, 0},
	    {"TOP 1 2\r\nTOP 1 99\r\nTOP 2 1\r\nTOP 3 5\r\nTOP 4 0\r\n",
		"+OK Top of message follows\r\n" M1 ".\r\n+OK Top of message follows\r\n" M1 ".\r\n"
		"+OK Top of message follows\r\nSubject: dots\r\n\r\n..\r\n.\r\n"
		"+OK Top of message follows\r\n" M3 "\r\n.\r\n"
		"+OK Top of message follows\r\n.\r\n",
		4, false, 0},
	};

	talk(rows, COUNT_OF(rows));
}

/* R1939-5-i, R1939-5-k, R1939-5-m, R1939-5-p, R1939-6-a, R1939-6-b, R1939-6-e, R1939-7-j */
static void
test_marks(void)
{
	static const struct talk rows[] = {
	    {"DELE 1\r\nDELE 1\r\nRETR 1\r\nTOP 1 0\r\nLIST 1\r\nUIDL 1\r\nSTAT\r\n",
		"+OK Message 1 deleted\r\n-ERR Message 1 is marked as deleted\r\n"
		"-ERR Message 1 is marked as deleted\r\n-ERR Message 1 is marked as deleted\r\n"
		"-ERR Message 1 is marked as deleted\r\n-ERR Message 1 is marked as deleted\r\n"
		"+OK 3 48\r\n",
		4, false, 0},
	    {"DELE 1\r\nDELE 3\r\nLIST\r\nUIDL\r\n",
		"+OK Message 1 deleted\r\n+OK Message 3 deleted\r\n"
		"+OK 2 messages (35 octets)\r\n2 35\r\n4 0\r\n.\r\n"
		"+OK 2 messages (35 octets)\r\n2 imported.2\r\n4 UID4-1234567890\r\n.\r\n",
		4, false, 0},
	    {"DELE 1\r\nRSET\r\nSTAT\r\nLIST 1\r\nQUIT\r\n",
		"+OK Message 1 deleted\r\n+OK 4 messages (86 octets)\r\n+OK 4 86\r\n+OK 1 38\r\n"
		BYE, 4, true, ENGINE_WHY_QUIT},
	    {"DELE 2\r\nDELE 4\r\nQUIT\r\nNOOP\r\n",
		"+OK Message 2 deleted\r\n+OK Message 4 deleted\r\n"
		"+OK mx.example.test closing, 2 removed\r\n",
		2, true, ENGINE_WHY_QUIT},
	    {"QUIT\r\n", BYE, 4, true, ENGINE_WHY_QUIT},
	};

	talk(rows, COUNT_OF(rows));
}

/* R1939-3-e, R1939-3-f, R1939-5-q, R2595-4-b */
static void
test_wrong(void)
{
	static const struct talk rows[] = {
	    {"XYZZY\r\n\r\nSTAT 1\r\nRETR\r\nRETR 1 2\r\nRETR  1\r\nRETR x\r\nRETR -1\r\n",
		"-ERR Unknown command\r\n-ERR Unknown command\r\n-ERR No argument expected\r\n"
		"-ERR Wrong arguments\r\n-ERR Wrong arguments\r\n-ERR Wrong arguments\r\n"
		"-ERR A message number is expected\r\n-ERR A message number is expected\r\n",
		4, false, 0},
	    {"TOP 1\r\nTOP 1 -1\r\nTOP 1 x\r\nQUIT now\r\nDELE\r\nDELE 1x\r\n",
		"-ERR Wrong arguments\r\n-ERR A number of lines is expected\r\n"
		"-ERR A number of lines is expected\r\n-ERR No argument expected\r\n"
		"-ERR Wrong arguments\r\n-ERR A message number is expected\r\n",
		4, false, 0},
	    {"USER x\r\nPASS a b c\r\nAUTH PLAIN\r\nSTLS\r\nAPOP a b\r\n",
		"-ERR Already logged in\r\n-ERR Already logged in\r\n-ERR Already logged in\r\n"
		"-ERR Already logged in\r\n-ERR Already logged in\r\n",
		4, false, 0},
	    {"NO\001OP\r\nNO\rOP\r\nNOOP\r\n",
		"-ERR A command holds no control characters\r\n"
		"-ERR A command holds no control characters\r\n+OK\r\n",
		4, false, 0},
	};

	talk(rows, COUNT_OF(rows));
}

/* Too many bad commands in a row, too long lines. */
static void
test_limits(void)
{
	struct pop3_world w;
	struct drive_conn *c;
	char line[70002];

	pop3_world_init(&w);
	fill(&w);
	c = pop3_world_enter(&w, 1);
	for (int i = 0; i < 19; i++)
		drive_send(c, SL("X\r\n"), 0);
	drive_send(c, SL("NOOP\r\n"), 0);
	CHECK(!c->closed);
	for (int i = 0; i < 20; i++)
		drive_send(c, SL("X\r\n"), 0);
	CHECK(c->closed);
	CHECK_EQ(c->why, ENGINE_WHY_LIMIT);
	CHECK(sl_ends(buf_slice(&c->out), SL("; too many errors, closing\r\n")));
	c = pop3_world_enter(&w, 1);
	memset(line, ' ', sizeof(line));
	memcpy(line, "NOOP", 4);
	memcpy(line + 253, "\r\n", 2); /* 255 octets: R2449-4-a */
	buf_clear(&c->out);
	drive_send(c, sl_mem(line, 255), 0);
	CHECK_SL(buf_slice(&c->out), SL("+OK\r\n"));
	memcpy(line + 253, " \r\n", 3);
	drive_send(c, sl_mem(line, 256), 5);
	CHECK_SL(buf_slice(&c->out), SL("+OK\r\n-ERR Line too long\r\n"));
	memset(line, 'x', sizeof(line));
	drive_send(c, sl_mem(line, sizeof(line)), 0);
	CHECK(c->closed);
	CHECK_EQ(c->why, ENGINE_WHY_LIMIT);
	pop3_world_fini(&w);
}

/* R1939-3-j, R1939-3-k, R1939-3-l */
static void
test_time(void)
{
	struct pop3_world w;
	struct drive_conn *c;

	pop3_world_init(&w);
	fill(&w);
	c = pop3_world_enter(&w, 1);
	drive_send(c, SL("DELE 1\r\n"), 0);
	drive_wait(&w.drive, 599999);
	drive_send(c, SL("NOOP\r\n"), 0);
	buf_clear(&c->out);
	drive_wait(&w.drive, 599999);
	CHECK(!c->closed);
	drive_wait(&w.drive, 2);
	CHECK(c->closed);
	CHECK_EQ(c->why, ENGINE_WHY_TIMEOUT);
	CHECK_EQ(c->out.n, 0);
	CHECK_EQ(pop3_world_count(&w, 1), 4);
	CHECK_EQ(w.commits, 0);
	pop3_world_fini(&w);
}

/* R1939-4-c, R1939-6-c, R1939-6-d, R3206-4-a, R3206-4-b, R2449-8.1.2-a */
static void
test_refused(void)
{
	static const struct {
		struct pop3_rule rule;
		const char *client, *server;
		unsigned left;
	} rows[] = {
	    {{POP3_ASK_OPEN, 0, 0, {.st = ST_TEMP, .text = "Not now"}}, "",
		"-ERR [SYS/TEMP] Not now\r\n", 4},
	    {{POP3_ASK_OPEN, 0, 0, {.st = ST_AGAIN, .text = "Locked"}}, "",
		"-ERR [IN-USE] Locked\r\n", 4},
	    {{POP3_ASK_OPEN, 0, 5, {.st = ST_PERM}}, "",
		"-ERR [SYS/PERM] The maildrop cannot be opened\r\n", 4},
	    {{POP3_ASK_COMMIT, 0, 9, {.st = ST_TEMP, .text = "[no] code"}}, "DELE 1\r\nQUIT\r\n",
		HELLO "+OK Message 1 deleted\r\n"
		"-ERR [SYS/TEMP] Some deleted messages not removed\r\n",
		4},
	    {{POP3_ASK_READ, 0, 0, {.st = ST_NOENT, .text = "Gone"}}, "RETR 1\r\nQUIT\r\n",
		HELLO "-ERR Gone\r\n" BYE, 4},
	    {{POP3_ASK_READ, 0, 3, {.st = ST_IO, .text = "Disk"}}, "TOP 1 1\r\nQUIT\r\n",
		HELLO "-ERR [SYS/TEMP] Disk\r\n" BYE, 4},
	    /* What was begun is not ended by a dot. */
	    {{POP3_ASK_READ, 3, 0, {.st = ST_IO, .text = "Disk"}}, "RETR 1\r\nQUIT\r\n",
		HELLO "+OK 38 octets\r\nSub", 4},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pop3_world w;
		struct drive_conn *c;

		pop3_world_init(&w);
		fill(&w);
		w.rules = &rows[i].rule;
		w.rule_count = 1;
		w.read_step = 3;
		c = pop3_world_enter(&w, 1);
		drive_send(c, sl_str(rows[i].client), 0);
		while (drive_hurry(c))
			;
		CHECK_SL(buf_slice(&c->out), sl_str(rows[i].server));
		CHECK(c->closed);
		CHECK_EQ(pop3_world_count(&w, 1), rows[i].left);
		pop3_world_fini(&w);
	}
}

/* Drain waits for what is marked; kick does not, but for a commit under way. */
static void
test_events(void)
{
	static const struct pop3_rule slow[] = {
	    {POP3_ASK_COMMIT, 0, 1000, {.st = ST_OK}}, {POP3_ASK_READ, 0, 1000, {.st = ST_OK}}};
	static const struct {
		const char *client;
		enum engine_event_kind event;
		const char *more, *end;
		unsigned left;
	} rows[] = {
	    {"NOOP\r\n", ENGINE_DRAIN, "", "-ERR [SYS/TEMP] Service closing, try again later\r\n",
		4},
	    {"DELE 1\r\n", ENGINE_DRAIN, "QUIT\r\n", "+OK mx.example.test closing, 1 removed\r\n",
		3},
	    {"DELE 1\r\n", ENGINE_DRAIN, "RSET\r\n",
		"-ERR [SYS/TEMP] Service closing, try again later\r\n", 4},
	    {"DELE 1\r\n", ENGINE_KICK, "",
		"-ERR [SYS/TEMP] Service closing, try again later\r\n", 4},
	    {"DELE 1\r\nQUIT\r\n", ENGINE_KICK, "", "+OK mx.example.test closing, 1 removed\r\n",
		3},
	    {"RETR 1\r\n", ENGINE_DRAIN, "",
		"second\r\n.\r\n-ERR [SYS/TEMP] Service closing, try again later\r\n", 4},
	    {"DELE 1\r\n", ENGINE_NOTICE, "QUIT\r\n", "+OK mx.example.test closing, 1 removed\r\n",
		3},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pop3_world w;
		struct drive_conn *c;

		pop3_world_init(&w);
		fill(&w);
		w.rules = slow;
		w.rule_count = COUNT_OF(slow);
		c = pop3_world_enter(&w, 1);
		drive_send(c, sl_str(rows[i].client), 0);
		drive_event(c, rows[i].event);
		drive_send(c, sl_str(rows[i].more), 0);
		while (drive_hurry(c))
			;
		CHECK(sl_ends(buf_slice(&c->out), sl_str(rows[i].end)));
		CHECK(c->closed);
		CHECK_EQ(pop3_world_count(&w, 1), rows[i].left);
		pop3_world_fini(&w);
	}
}

/* A kick within a message cuts it: what follows would be taken for the message. */
static void
test_kick_within(void)
{
	static const struct pop3_rule slow[] = {{POP3_ASK_READ, 3, 1000, {.st = ST_OK}}};
	struct pop3_world w;
	struct drive_conn *c;

	pop3_world_init(&w);
	fill(&w);
	w.rules = slow;
	w.rule_count = 1;
	w.read_step = 3;
	c = pop3_world_enter(&w, 1);
	drive_send(c, SL("RETR 1\r\n"), 0);
	drive_event(c, ENGINE_KICK);
	CHECK(c->closed);
	CHECK(sl_ends(buf_slice(&c->out), SL("octets\r\nSub")));
	pop3_world_fini(&w);
}

/* Octets are counted, and a mailbox of many messages comes in bounded pieces. */
static void
test_many(void)
{
	struct pop3_world w;
	struct drive_conn *c;
	struct pop3_facts f;
	struct arena *a = arena_new("test", (size_t)8 << 20);
	char *big = arena_get(a, (size_t)1 << 20);
	size_t n = 0;

	pop3_world_init(&w);
	for (int i = 0; i < 20000; i++)
		pop3_world_put(&w, 1, SL(M1), NULL);
	memcpy(big, "\r\n", 2);
	for (size_t i = 2; i + 3 <= (size_t)1 << 20; i += 3)
		memcpy(big + i, ".\r\n", 3), n++;
	pop3_world_put(&w, 1, sl_mem(big, 2 + 3 * n), NULL);
	c = pop3_world_enter(&w, 1);
	buf_clear(&c->out);
	drive_send(c, SL("LIST\r\nUIDL\r\nSTAT\r\n"), 0);
	CHECK(sl_search(buf_slice(&c->out), SL("\r\n20000 38\r\n20001 ")) < c->out.n);
	CHECK(sl_search(buf_slice(&c->out),
		  SL("\r\n20001 UID20001-1234567890\r\n.\r\n+OK 20001 ")) < c->out.n);
	buf_clear(&c->out);
	drive_send(c, SL("RETR 20001\r\nTOP 20001 2\r\n"), 0);
	CHECK_EQ(c->out.n, sizeof("+OK 1048574 octets\r\n") - 1 + 2 + 4 * n + 3 +
			       sizeof("+OK Top of message follows\r\n\r\n..\r\n..\r\n.\r\n") - 1);
	pop3_world_facts(c, &f);
	CHECK_EQ(f.retr_octets, 2 + 3 * n);
	CHECK_EQ(f.top_octets, 2 + 6);
	CHECK_EQ(f.commands, 5);
	CHECK_EQ(f.messages, 20001);
	CHECK(w.boxes[0].mails[20000].is_seen);
	CHECK(!w.boxes[0].mails[0].is_seen);
	pop3_world_fini(&w);
	arena_free(a);
}

/* Replies are cut at 512 octets: R2449-4-c. */
static void
test_reply(void)
{
	char text[900];
	struct buf out;
	struct fault f;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	buf_init(&out, 4096);
	pop3_err(&out, "SYS/TEMP", "%s", text);
	CHECK_EQ(out.n, 512);
	CHECK(sl_starts(buf_slice(&out), SL("-ERR [SYS/TEMP] xxx")));
	CHECK(sl_ends(buf_slice(&out), SL("x\r\n")));
	buf_clear(&out);
	fault_set(&f, ST_DENIED, "5.7.8", "No");
	pop3_fault(&out, &f, "x");
	fault_set(&f, ST_DENIED, "5.2.1", "Disabled");
	pop3_fault(&out, &f, "x");
	fault_set(&f, ST_DENIED, "4.7.0", "Later");
	pop3_fault(&out, &f, "x");
	CHECK_SL(buf_slice(&out),
	    SL("-ERR [AUTH] No\r\n-ERR Disabled\r\n-ERR [SYS/TEMP] Later\r\n"));
	buf_fini(&out);
}

static const struct check_row rows[] = {
	{"lists", test_lists},
	{"messages", test_messages},
	{"marks", test_marks},
	{"wrong", test_wrong},
	{"limits", test_limits},
	{"time", test_time},
	{"refused", test_refused},
	{"events", test_events},
	{"kick_within", test_kick_within},
	{"many", test_many},
	{"reply", test_reply},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
