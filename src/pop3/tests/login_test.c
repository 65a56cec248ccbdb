/*
 * The door of POP3: what conformance/pop3 cannot show from outside. R1939-7-l, R1939-7-m,
 * R5034-4-h, R2449-4-b, R3206-5-a, R3206-4-b
 */
#include "base/attr.h"
#include "base/check.h"
#include "pop3/login.h"
#include "sasl/tests/doorworld.h"

static struct door_world w;

static void
open_door(bool plaintext)
{
	struct door_opts o;

	door_world_opts(&o);
	o.plaintext = plaintext;
	door_world_open(&w, pop3_login_new, &o);
}

static void
test_user(void)
{
	open_door(true);
	CHECK_SL(buf_slice(&w.conn->out), SL("+OK mail.example.test is ready\r\n"));
	CHECK(sl_starts(door_world_say(&w, "PASS secret\r\n"), SL("-ERR ")));
	CHECK(sl_starts(door_world_say(&w, "USER\r\n"), SL("-ERR ")));
	CHECK(sl_starts(door_world_say(&w, "user user1\r\n"), SL("+OK ")));
	door_world_say(&w, "PASS  two  words \r\n");
	CHECK_SL(buf_slice(&w.given), SL("USER user1  two  words \n"));
	drive_wait(&w.drive, 6000);
	CHECK(sl_starts(buf_slice(&w.conn->out), SL("-ERR [AUTH] ")));
	CHECK(sl_starts(door_world_say(&w, "PASS secret\r\n"), SL("-ERR ")));
	door_world_say(&w, "USER user1\r\nPASS secret\r\nSTAT\r\n");
	CHECK_EQ(w.handed, 1);
	CHECK_SL(buf_slice(&w.unread), SL("STAT\r\n"));
	door_world_close(&w);
}

static void
test_refused(void)
{
	open_door(true);
	CHECK(sl_ends(door_world_say(&w, "USER user2\r\nPASS secret\r\n"),
	    SL("-ERR [SYS/TEMP] come again\r\n")));
	CHECK(!w.conn->closed);
	CHECK(sl_starts(door_world_say(&w, "QUIT\r\n"), SL("+OK ")));
	CHECK(w.conn->closed && w.conn->why == ENGINE_WHY_QUIT);
	door_world_close(&w);
}

/* The line of AUTH may be long, others may not. */
static void
test_lines(void)
{
	char line[700];

	open_door(true);
	memset(line, 'A', sizeof(line));
	memcpy(line, "NOOP ", 5);
	memcpy(line + sizeof(line) - 3, "\r\n", 3);
	CHECK(sl_starts(door_world_say(&w, line), SL("-ERR ")));
	memcpy(line, "AUTH PLAIN ", 11);
	CHECK(sl_starts(door_world_say(&w, line), SL("-ERR ")));
	CHECK_EQ(w.asked, 0);
	CHECK(sl_starts(door_world_say(&w, "USER a\tb\r\n"), SL("-ERR ")));
	CHECK(sl_eq(door_world_say(&w, "AUTH PLAIN\r\n"), SL("+ \r\n")));
	door_world_say(&w, "AHVzZXIxAHNlY3JldA==\r\n");
	CHECK_SL(buf_slice(&w.given), SL("PLAIN user1 secret\n"));
	CHECK_EQ(w.handed, 1);
	door_world_close(&w);
}

static void
test_tls(void)
{
	open_door(false);
	CHECK(sl_search(door_world_say(&w, "CAPA\r\n"), SL("\r\nSTLS\r\n")) < w.conn->out.n);
	CHECK(sl_search(buf_slice(&w.conn->out), SL("\r\nUSER\r\n")) == w.conn->out.n);
	CHECK(sl_search(buf_slice(&w.conn->out), SL("SASL")) == w.conn->out.n);
	CHECK(sl_starts(door_world_say(&w, "USER user1\r\n"), SL("-ERR ")));
	CHECK(sl_starts(door_world_say(&w, "AUTH PLAIN\r\n"), SL("-ERR ")));
	CHECK(sl_starts(door_world_say(&w, "STLS\r\n"), SL("+OK ")));
	CHECK(drive_start_tls(w.conn));
	CHECK(
	    sl_search(door_world_say(&w, "CAPA\r\n"), SL("SASL PLAIN LOGIN\r\n")) < w.conn->out.n);
	CHECK(sl_search(buf_slice(&w.conn->out), SL("STLS")) == w.conn->out.n);
	CHECK(sl_starts(door_world_say(&w, "STLS\r\n"), SL("-ERR ")));
	door_world_close(&w);
}

static void
test_ends(void)
{
	w.full = true;
	open_door(true);
	CHECK_SL(buf_slice(&w.conn->out), SL("-ERR [SYS/TEMP] too many connections\r\n"));
	CHECK(w.conn->closed);
	door_world_close(&w);
	w.full = false;
	open_door(true);
	buf_clear(&w.conn->out);
	drive_event(w.conn, ENGINE_DRAIN);
	CHECK(sl_starts(buf_slice(&w.conn->out), SL("-ERR [SYS/TEMP] ")));
	CHECK(w.conn->closed);
	door_world_close(&w);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"user", test_user},
	    {"refused", test_refused},
	    {"lines", test_lines},
	    {"tls", test_tls},
	    {"ends", test_ends},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
