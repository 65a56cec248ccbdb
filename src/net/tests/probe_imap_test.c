/*
 * The IMAP-shaped probe on the driver: large output by handle, literals, notices, hand-over.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "net/tests/probe.h"

#define SEEDS 120

static void
script_put(struct buf *b)
{
	buf_init(b, 1u << 20);
	buf_put_str(b,
	    "a NOOP\r\nb FETCH 100000\r\nc FETCH x\r\nd FETCH 3\r\ne BOGUS\r\n"
	    "f APPEND {20000}\r\n");
	for (int i = 0; i < 2000; i++)
		buf_fmt(b, "literal%03d", i % 1000);
	buf_put_str(b, "\r\ng APPEND {0}\r\nx\r\nh APPEND {}\r\ni IDLE\r\nDONE\r\n");
	for (int i = 0; i < 200; i++)
		buf_fmt(b, "j%d FETCH %s%d\r\n", i, i % 9 == 0 ? "x" : "", i * 37);
	buf_put_str(b, "k IDLE\r\nwhat\r\nl LOGIN x\r\nm NOOP\r\nn LOGOUT\r\no NOOP\r\n");
}

static void
test_same_conversation(void)
{
	struct buf script, ref;
	struct probe_world w;
	size_t fds = probe_fd_count();

	script_put(&script);
	buf_init(&ref, 1u << 22);
	for (uint32_t seed = 0; seed <= SEEDS; seed++) {
		probe_world_start(&w, probe_imap_new(probe_now), seed % 16, seed);
		probe_world_play(&w, buf_slice(&script));
		CHECK_EQ(w.closed, 1);
		CHECK_EQ(w.why, ENGINE_WHY_QUIT);
		CHECK_EQ(w.body.n, 20000);
		if (seed == 0) {
			buf_put(&ref, buf_slice(&w.got));
			CHECK(sl_starts(buf_slice(&ref),
			    SL("* OK probe\r\na OK\r\n* FETCH {100000}\r\nABCDEFGHIJ")));
			CHECK(
			    sl_ends(buf_slice(&ref), SL("\r\nk NO\r\nl NO\r\nm OK\r\n* BYE\r\n")));
		}
		CHECK_SL(buf_slice(&w.got), buf_slice(&ref));
		probe_world_stop(&w);
	}
	CHECK_EQ(probe_fd_count(), fds);
	buf_fini(&ref);
	buf_fini(&script);
}

static void
test_end_at_each_byte(void)
{
	static const char script[] =
	    "a FETCH 50\r\nb FETCH x\r\nc APPEND {5}\r\nhello\r\n"
	    "d IDLE\r\nDONE\r\ne LOGIN x\r\nf LOGOUT\r\n";
	size_t fds = probe_fd_count();

	for (uint32_t i = 0; i <= sizeof(script) - 1; i++) {
		struct probe_world w;

		probe_world_start(&w, probe_imap_new(probe_now), i % 16, i + 1);
		w.end_after_input = true;
		probe_world_play(&w, sl_sub(SL(script), 0, i));
		CHECK_EQ(w.closed, 1);
		CHECK_EQ(w.why, i == sizeof(script) - 1 ? ENGINE_WHY_QUIT : ENGINE_WHY_EOF);
		CHECK(w.got_end);
		probe_world_stop(&w);
	}
	CHECK_EQ(probe_fd_count(), fds);
}

/* --- large output ------------------------------------------------------------------------ */

#define GIGABYTE 1000000000ull

/* A gigabyte that nobody holds: it comes through whole, and the peer's pace is ours. */
static void
test_gigabyte(void)
{
	static const char head[] = "* OK probe\r\n* FETCH {1000000000}\r\n",
			  tail[] = ")\r\na OK\r\n";
	struct probe_world w;

	probe_world_start(&w, probe_imap_new(probe_now), 0, 1);
	w.keep_max = 60000;
	probe_world_play(&w, SL("a FETCH 1000000000\r\n"));
	CHECK_EQ(w.got_bytes, GIGABYTE + strlen(head) + strlen(tail));
	CHECK(sl_starts(buf_slice(&w.got), SL(head)));
	for (size_t i = strlen(head); i < w.got.n; i += 977)
		CHECK_EQ(w.got.p[i], probe_content_byte(i - strlen(head)));
	probe_world_play(&w, SL("b LOGOUT\r\n"));
	CHECK_EQ(w.closed, 1);
	probe_world_stop(&w);

	/* A peer who stops listening costs a window; one who is gone ends it. */
	probe_world_start(&w, probe_imap_new(probe_now), 0, 1);
	w.deaf = true;
	probe_world_play(&w, SL("a FETCH 1000000000\r\nb FETCH 1000000000\r\nc LOGOUT\r\n"));
	CHECK_EQ(w.closed, 0);
	CHECK_EQ(w.asked, 2);
	close(w.peer_fd);
	w.peer_fd = -1;
	probe_world_run(&w);
	CHECK_EQ(w.closed, 1);
	CHECK_EQ(w.why, ENGINE_WHY_EOF);
	probe_world_stop(&w);
}

/* LOGOUT behind a large answer: closing waits for a peer who reads, and for no other. */
static void
test_closing_waits(void)
{
	struct probe_world w;

	probe_world_start(&w, probe_imap_new(probe_now), 0, 1);
	w.deaf = true;
	probe_world_play(&w, SL("a FETCH 30000000\r\nb LOGOUT\r\n"));
	for (int i = 0; i < 10; i++) {
		/* A little progress each 20 s. */
		w.deaf = false;
		for (int k = 0; k < 8; k++)
			probe_world_step(&w);
		w.deaf = true;
		probe_now += 20000;
		loop_turn(w.loop, 0);
		CHECK_EQ(w.closed, 0);
	}
	probe_now += 20000;
	loop_turn(w.loop, 0);
	CHECK_EQ(w.closed, 1);
	CHECK_EQ(w.why, ENGINE_WHY_TIMEOUT);
	probe_world_stop(&w);
}

/* --- notices ----------------------------------------------------------------------------- */

static void
test_notices(void)
{
	static const struct engine_event notice = {.kind = ENGINE_NOTICE},
					 drain = {.kind = ENGINE_DRAIN};
	struct probe_world w;

	probe_world_start(&w, probe_imap_new(probe_now), PROBE_CHUNKED, 5);
	probe_world_play(&w, SL("a NOOP\r\n"));
	session_event(w.session, &notice);
	probe_world_run(&w);
	CHECK_SL(buf_slice(&w.got), SL("* OK probe\r\na OK\r\n"));
	probe_world_play(&w, SL("b IDLE\r\n"));
	session_event(w.session, &notice);
	session_event(w.session, &notice);
	probe_world_run(&w);
	CHECK_SL(buf_slice(&w.got),
	    SL("* OK probe\r\na OK\r\n+ idling\r\n* EXISTS\r\n* EXISTS\r\n* EXISTS\r\n"));
	/* Notices keep an idle session alive here; without them it ends. */
	probe_now += PROBE_IDLE_MS - 1;
	session_event(w.session, &notice);
	probe_world_run(&w);
	probe_now += PROBE_IDLE_MS - 1;
	probe_world_run(&w);
	CHECK_EQ(w.closed, 0);
	session_event(w.session, &drain);
	probe_world_run(&w);
	CHECK_EQ(w.closed, 1);
	CHECK(sl_ends(buf_slice(&w.got), SL("* BYE draining\r\n")));
	probe_world_stop(&w);
}

/* --- hand-over --------------------------------------------------------------------------- */

static void
test_handoff(void)
{
	static const char script[] =
	    "a NOOP\r\nb LOGIN me\r\nc SELECT INBOX\r\nd APPEND {3}\r\nabc\r\n";
	size_t fds = probe_fd_count();

	for (uint32_t seed = 0; seed < 64; seed++) {
		struct probe_world w;
		struct buf all;
		char in[200];
		ssize_t n;

		probe_world_start(&w, probe_imap_new(probe_now), seed % 16, seed);
		probe_world_play(&w, SL(script));
		CHECK(w.handed_over);
		CHECK_EQ(w.closed, 0);
		CHECK(w.handed_fd >= 0);
		CHECK_SL(buf_slice(&w.got), SL("* OK probe\r\na OK\r\n"));
		/* What was read and what was not make the whole. */
		buf_init(&all, 1000);
		buf_put(&all, buf_slice(&w.handed));
		while ((n = recv(w.handed_fd, in, sizeof(in), MSG_DONTWAIT)) > 0)
			buf_put(&all, sl_mem(in, (size_t)n));
		CHECK_SL(buf_slice(&all), SL("c SELECT INBOX\r\nd APPEND {3}\r\nabc\r\n"));
		buf_fini(&all);
		CHECK_EQ(send(w.handed_fd, "b OK\r\n", 6, MSG_NOSIGNAL), 6);
		w.slow = false;
		probe_world_run(&w);
		CHECK(sl_ends(buf_slice(&w.got), SL("a OK\r\nb OK\r\n")));
		probe_world_stop(&w);
	}
	/* An owner that cannot pass it on ends it. */
	for (int kick = 0; kick < 2; kick++) {
		static const struct engine_event ev = {.kind = ENGINE_KICK};
		struct probe_world w;

		probe_world_start(&w, probe_imap_new(probe_now), 0, 1);
		w.keep_handoff = true;
		probe_world_play(&w, SL(script));
		CHECK(w.handed_over);
		CHECK_EQ(w.closed, 0);
		if (kick)
			session_event(w.session, &ev);
		else
			session_abort(w.session);
		probe_world_run(&w);
		CHECK_EQ(w.closed, 1);
		CHECK_SL(buf_slice(&w.got), kick ? SL("* OK probe\r\na OK\r\n* BYE kicked\r\n")
						 : SL("* OK probe\r\na OK\r\n"));
		probe_world_stop(&w);
	}
	CHECK_EQ(probe_fd_count(), fds);
}

/* What came with a hand-over is read before the stream, wherever the conversation is cut. */
static void
test_preload(void)
{
	struct slice script = SL("a NOOP\r\nb FETCH 3\r\nc APPEND {3}\r\nabc\r\nd LOGOUT\r\n");
	struct buf ref;

	buf_init(&ref, 4096);
	for (size_t cut = 0; cut <= script.n; cut++) {
		struct probe_world w;
		uint64_t received, sent;

		probe_world_start(&w, probe_imap_new(probe_now), 0, 0);
		session_preload(w.session, sl_sub(script, 0, cut));
		session_traffic(w.session, &received, &sent);
		CHECK_EQ(received, cut);
		CHECK_EQ(sent, 0);
		probe_world_play(&w, sl_skip(script, cut));
		CHECK_EQ(w.why, ENGINE_WHY_QUIT);
		CHECK_EQ(w.body.n, 3);
		if (cut == 0)
			buf_put(&ref, buf_slice(&w.got));
		CHECK_SL(buf_slice(&w.got), buf_slice(&ref));
		probe_world_stop(&w);
	}
	buf_fini(&ref);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"same_conversation", test_same_conversation},
		{"end_at_each_byte", test_end_at_each_byte},
		{"gigabyte", test_gigabyte},
		{"closing_waits", test_closing_waits},
		{"notices", test_notices},
		{"handoff", test_handoff},
		{"preload", test_preload},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
