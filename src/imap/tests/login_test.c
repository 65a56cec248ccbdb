/*
 * The door of IMAP: what conformance/imap/login cannot show from outside. R3501-6.2.3-a, R7888-4-a,
 * R7888-3-a, R4959-3-c, R3501-7.1.5-a, R2595-2.2-a, R2595-2.2-b
 */
#include "base/attr.h"
#include "base/check.h"
#include "imap/login.h"
#include "sasl/tests/doorworld.h"

static struct door_world w;

static void
open_with(void (*change)(struct door_opts *o))
{
	struct door_opts o;

	door_world_opts(&o);
	if (change)
		change(&o);
	door_world_open(&w, imap_login_new, &o);
}

static void
test_arguments(void)
{
	static const struct {
		const char *said, *given;
	} rows[] = {
	    {"a LOGIN user1 secret\r\n", "LOGIN user1 secret\n"},
	    {"a login \"user1\" \"secret\"\r\n", "LOGIN user1 secret\n"},
	    {"a LOGIN \"us\\\"er\\\\\" \"\"\r\n", "LOGIN us\"er\\ \n"},
	    {"a LOGIN {5}\r\nuser1 {6+}\r\nsecret\r\n", "LOGIN user1 secret\n"},
	    {"a LOGIN {0+}\r\n {3+}\r\n\"{}\r\n", "LOGIN  \"{}\n"},
	    {"a LOGIN user1 secret\n", "LOGIN user1 secret\n"},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		open_with(NULL);
		door_world_say(&w, rows[i].said);
		CHECK_SL(buf_slice(&w.given), sl_str(rows[i].given));
		door_world_close(&w);
	}
}

static void
test_mistakes(void)
{
	static const char *const rows[] = {"a LOGIN\r\n", "a LOGIN user1\r\n",
	    "a LOGIN user1 secret more\r\n", "a LOGIN  user1 secret\r\n", "a LOGIN (a) b\r\n",
	    "a LOGIN \"user1 secret\r\n", "a NOOP x\r\n", "a LOGIN {1025}\r\n", "a\r\n",
	    "a AUTHENTICATE\r\n", "a ID\r\n", "a ID (\"a\")\r\n", "a SELECT INBOX\r\n"};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		open_with(NULL);
		CHECK(sl_starts(door_world_say(&w, rows[i]), SL("a BAD ")));
		CHECK_EQ(w.asked, 0);
		CHECK(sl_ends(door_world_say(&w, "b NOOP\r\n"), SL("b OK NOOP completed\r\n")));
		door_world_close(&w);
	}
}

static void
test_limits(void)
{
	char line[9000];

	open_with(NULL);
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	CHECK(sl_starts(door_world_say(&w, line), SL("* BYE ")));
	CHECK(w.conn->closed && w.conn->why == ENGINE_WHY_LIMIT);
	door_world_close(&w);
	open_with(NULL);
	CHECK(sl_starts(door_world_say(&w, "a LOGIN {1025+}\r\n"), SL("* BYE ")));
	door_world_close(&w);
	open_with(NULL);
	for (int i = 0; i < 9; i++)
		door_world_say(&w, "a X\r\n");
	CHECK(!w.conn->closed);
	CHECK(sl_ends(door_world_say(&w, "a X\r\n"), SL("* BYE Too many mistakes\r\n")));
	CHECK(w.conn->closed);
	door_world_close(&w);
}

/* Sixty seconds for all of it; an answer that takes longer is waited for. */
static void
test_patience(void)
{
	open_with(NULL);
	door_world_say(&w, "a NO");
	drive_wait(&w.drive, 59000);
	CHECK(!w.conn->closed);
	drive_wait(&w.drive, 2000);
	CHECK(w.conn->closed && w.conn->why == ENGINE_WHY_TIMEOUT);
	door_world_close(&w);
	w.late_ms = 70000;
	open_with(NULL);
	drive_wait(&w.drive, 69000);
	CHECK(!w.conn->closed);
	CHECK_EQ(w.conn->out.n, 0);
	door_world_close(&w);
	w.late_ms = 0;
}

static void
test_failures(void)
{
	open_with(NULL);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(door_world_say(&w, "a LOGIN user1 wrong\r\nb NOOP\r\n").n, 0);
		drive_wait(&w.drive, 4000);
		CHECK_EQ(w.conn->out.n, 0);
		drive_wait(&w.drive, 2000);
		CHECK(sl_starts(buf_slice(&w.conn->out), SL("a NO [AUTHENTICATIONFAILED] ")));
		CHECK(i == 2 || sl_ends(buf_slice(&w.conn->out), SL("b OK NOOP completed\r\n")));
	}
	CHECK(w.conn->closed && w.conn->why == ENGINE_WHY_LIMIT);
	CHECK(sl_ends(buf_slice(&w.conn->out), SL("* BYE Too many logins have failed\r\n")));
	door_world_close(&w);
}

/* What is pipelined behind a login stays unread; a hand-over that is refused leads back. */
static void
test_handoff(void)
{
	struct door_facts facts;

	open_with(NULL);
	CHECK_EQ(door_world_say(&w, "a1 LOGIN user1 secret\r\nb SELECT INBOX\r\n").n, 0);
	CHECK_EQ(w.handed, 1);
	CHECK_SL(buf_slice(&w.unread), SL("b SELECT INBOX\r\n"));
	door_facts(w.door, &facts);
	CHECK_SL(facts.tag, SL("a1"));
	door_world_close(&w);
	open_with(NULL);
	CHECK(sl_eq(door_world_say(&w, "a2 LOGIN user2 secret\r\nb NOOP\r\n"),
	    SL("a2 NO [UNAVAILABLE] come again\r\nb OK NOOP completed\r\n")));
	CHECK_EQ(w.handed, 0);
	door_world_say(&w, "c LOGIN user1 secret\r\n");
	CHECK_EQ(w.handed, 1);
	door_world_close(&w);
}

static void
no_plaintext(struct door_opts *o)
{
	o->plaintext = false;
}

/* Without TLS no password is taken, not even a literal of one; nothing survives the handshake. */
static void
test_tls(void)
{
	open_with(no_plaintext);
	CHECK(sl_search(buf_slice(&w.conn->out), SL("STARTTLS LOGINDISABLED]")) < w.conn->out.n);
	CHECK(sl_starts(door_world_say(&w, "a LOGIN user1 secret\r\n"), SL("a NO ")));
	CHECK(sl_starts(door_world_say(&w, "a LOGIN user1 {6}\r\n"), SL("a BAD ")));
	CHECK(sl_starts(door_world_say(&w, "a AUTHENTICATE PLAIN\r\n"), SL("a NO ")));
	CHECK_EQ(w.asked, 0);
	CHECK(sl_starts(door_world_say(&w, "a STARTTLS\r\n"), SL("a OK ")));
	CHECK(drive_start_tls(w.conn));
	CHECK(sl_search(door_world_say(&w, "b CAPABILITY\r\n"), SL("AUTH=PLAIN AUTH=LOGIN\r\n")) <
	      w.conn->out.n);
	CHECK(sl_search(buf_slice(&w.conn->out), SL("STARTTLS")) == w.conn->out.n);
	CHECK(sl_starts(door_world_say(&w, "c STARTTLS\r\n"), SL("c BAD ")));
	door_world_say(&w, "d LOGIN user1 secret\r\n");
	CHECK_EQ(w.handed, 1);
	door_world_close(&w);
}

static void
test_sasl(void)
{
	open_with(NULL);
	CHECK(sl_eq(door_world_say(&w, "a AUTHENTICATE PLAIN\r\n"), SL("+ \r\n")));
	CHECK(sl_starts(door_world_say(&w, "*\r\n"), SL("a BAD ")));
	CHECK(sl_starts(door_world_say(&w, "b AUTHENTICATE CRAM-MD5\r\n"), SL("b NO ")));
	CHECK(sl_starts(door_world_say(&w, "c AUTHENTICATE PLAIN =\r\n"), SL("c BAD ")));
	CHECK(sl_starts(door_world_say(&w, "d AUTHENTICATE PLAIN a b\r\n"), SL("d BAD ")));
	CHECK(sl_eq(
	    door_world_say(&w, "e AUTHENTICATE LOGIN dXNlcjE=\r\n"), SL("+ UGFzc3dvcmQ6\r\n")));
	door_world_say(&w, "c2VjcmV0\r\nf NOOP\r\n");
	CHECK_SL(buf_slice(&w.given), SL("LOGIN user1 secret\n"));
	CHECK_SL(buf_slice(&w.unread), SL("f NOOP\r\n"));
	door_world_close(&w);
}

static void
test_ends(void)
{
	open_with(NULL);
	buf_clear(&w.conn->out);
	drive_event(w.conn, ENGINE_KICK);
	CHECK(sl_starts(buf_slice(&w.conn->out), SL("* BYE ")));
	CHECK(w.conn->closed);
	door_world_close(&w);
	open_with(NULL);
	door_world_say(&w, "a LOGIN user1 wrong\r\n");
	drive_event(w.conn, ENGINE_DRAIN); /* behind the answer */
	CHECK(!w.conn->closed);
	drive_wait(&w.drive, 6000);
	CHECK(w.conn->closed && w.conn->why == ENGINE_WHY_DRAIN);
	door_world_close(&w);
	w.full = true;
	open_with(NULL);
	CHECK_SL(buf_slice(&w.conn->out), SL("* BYE too many connections\r\n"));
	CHECK(w.conn->closed);
	door_world_close(&w);
	w.full = false;
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"arguments", test_arguments},
	    {"mistakes", test_mistakes},
	    {"limits", test_limits},
	    {"patience", test_patience},
	    {"failures", test_failures},
	    {"handoff", test_handoff},
	    {"tls", test_tls},
	    {"sasl", test_sasl},
	    {"ends", test_ends},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
