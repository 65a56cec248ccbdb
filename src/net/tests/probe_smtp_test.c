/*
 * The SMTP-shaped probe on the driver: whatever the timing, the conversation is the same.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "ext/tls.h"
#include "net/tests/probe.h"

#define SEEDS 120

/* A conversation with all there is, pipelined without waiting; the caller frees it. */
static void
script_put(struct buf *b)
{
	buf_init(b, 1u << 20);
	buf_put_str(b,
	    "NOOP\r\nRCPT a\r\nRCPT xb\r\nRCPT c\r\nBOGUS\r\n"
	    "DATA a\r\nSubject: x\r\n\r\n..dot\r\n");
	for (int i = 0; i < 400; i++)
		buf_fmt(b, "line %d of the content\r\n..%d\r\n.x\r\n\rz\r\n\r\n", i, i);
	buf_put_str(b, ".\r\nNOOP\r\n");
	for (int i = 0; i < 150; i++)
		buf_fmt(b, "RCPT %s%d\r\n", i % 7 == 0 ? "x" : "u", i);
	buf_put_str(b, "DATA x\r\nNOOP\r\nDATA a\r\n.\r\nQUIT\r\nNOOP\r\nbehind the end");
}

struct outcome {
	struct buf got, body;
};

static void
outcome_fini(struct outcome *o)
{
	buf_fini(&o->got);
	buf_fini(&o->body);
}

static void
outcome_of(struct probe_world *w, struct outcome *o)
{
	buf_init(&o->got, 1u << 22);
	buf_init(&o->body, 1u << 22);
	buf_put(&o->got, buf_slice(&w->got));
	buf_put(&o->body, buf_slice(&w->body));
}

/* The conversation without hardships. */
static void
reference(struct slice script, struct outcome *o)
{
	struct probe_world w;

	probe_world_start(&w, probe_smtp_new(probe_now), 0, 1);
	probe_world_play(&w, script);
	CHECK_EQ(w.closed, 1);
	CHECK_EQ(w.why, ENGINE_WHY_QUIT);
	CHECK(w.got_end);
	outcome_of(&w, o);
	probe_world_stop(&w);
}

static void
test_same_conversation(void)
{
	struct outcome ref;
	struct buf script;
	size_t fds = probe_fd_count();

	script_put(&script);
	reference(buf_slice(&script), &ref);
	CHECK(sl_starts(buf_slice(&ref.got),
	    SL("220 probe\r\n250 ok\r\n250 rcpt\r\n550 rcpt\r\n250 rcpt\r\n500 what\r\n"
	       "354 data\r\n")));
	CHECK(sl_ends(buf_slice(&ref.got),
	    SL("554 data\r\n250 ok\r\n354 data\r\n250 committed\r\n221 bye\r\n")));
	CHECK(sl_starts(buf_slice(&ref.body),
	    SL("Subject: x\r\n\r\n.dot\r\nline 0 of the content\r\n.0\r\nx\r\n\rz\r\n\r\n")));
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct probe_world w;

		probe_world_start(&w, probe_smtp_new(probe_now), seed % 16, seed);
		probe_world_play(&w, buf_slice(&script));
		CHECK_EQ(w.closed, 1);
		CHECK_EQ(w.why, ENGINE_WHY_QUIT);
		CHECK_SL(buf_slice(&w.got), buf_slice(&ref.got));
		CHECK_SL(buf_slice(&w.body), buf_slice(&ref.body));
		probe_world_stop(&w);
	}
	CHECK_EQ(probe_fd_count(), fds);
	outcome_fini(&ref);
	buf_fini(&script);
}

/* The peer says its end, or is gone, behind each byte. */
static void
test_end_at_each_byte(void)
{
	static const char script[] =
	    "NOOP\r\nRCPT a\r\nRCPT xb\r\nDATA a\r\nhello\r\n..\r\n.\r\nRCPT c\r\nQUIT\r\n";
	struct outcome ref;
	size_t fds = probe_fd_count();

	reference(SL(script), &ref);
	for (uint32_t i = 0; i <= sizeof(script) - 1; i++) {
		for (unsigned mode = 0; mode < 16; mode += 5) {
			struct probe_world w;

			/*
			 * It says its end and goes on to read: all complete commands are answered.
			 */
			probe_world_start(&w, probe_smtp_new(probe_now), mode, i + 1);
			w.end_after_input = true;
			probe_world_play(&w, sl_sub(SL(script), 0, i));
			CHECK_EQ(w.closed, 1);
			CHECK_EQ(w.why, i == sizeof(script) - 1 ? ENGINE_WHY_QUIT : ENGINE_WHY_EOF);
			CHECK(sl_starts(buf_slice(&ref.got), buf_slice(&w.got)));
			CHECK(w.got_end);
			probe_world_stop(&w);

			/* It is gone. */
			probe_world_start(&w, probe_smtp_new(probe_now), mode, i + 1);
			w.input = sl_sub(SL(script), 0, i);
			while (w.sent < i && !w.ended)
				probe_world_step(&w);
			close(w.peer_fd);
			w.peer_fd = -1;
			probe_world_run(&w);
			CHECK_EQ(w.closed, 1);
			probe_world_stop(&w);
		}
	}
	CHECK_EQ(probe_fd_count(), fds);
	outcome_fini(&ref);
}

/* --- our side ends it -------------------------------------------------------------------- */

static void
test_kick_anywhere(void)
{
	struct outcome ref;
	struct buf script;

	script_put(&script);
	reference(buf_slice(&script), &ref);
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		static const struct engine_event kick = {.kind = ENGINE_KICK};
		struct probe_world w;
		struct slice got;
		uint32_t rounds = seed * 3;

		probe_world_start(&w, probe_smtp_new(probe_now), PROBE_HARD, seed);
		w.input = buf_slice(&script);
		while (rounds-- > 0 && !w.closed)
			probe_world_step(&w);
		if (w.session)
			session_event(w.session, &kick);
		probe_world_run(&w);
		CHECK_EQ(w.closed, 1);
		got = buf_slice(&w.got);
		if (w.why == ENGINE_WHY_DRAIN) {
			CHECK(sl_ends(got, SL("421 kicked\r\n")));
			got.n -= strlen("421 kicked\r\n");
		}
		CHECK(sl_starts(buf_slice(&ref.got), got));
		CHECK_EQ(w.open_n, 0);
		probe_world_stop(&w);
	}
	outcome_fini(&ref);
	buf_fini(&script);
}

static void
test_drain(void)
{
	static const struct engine_event drain = {.kind = ENGINE_DRAIN};
	struct probe_world w;

	/* Idle: at once. */
	probe_world_start(&w, probe_smtp_new(probe_now), 0, 1);
	probe_world_play(&w, SL("NOOP\r\n"));
	session_event(w.session, &drain);
	CHECK_EQ(w.closed, 0); /* no owner function from inside a call of the owner */
	probe_world_run(&w);
	CHECK_EQ(w.why, ENGINE_WHY_DRAIN);
	CHECK_SL(buf_slice(&w.got), SL("220 probe\r\n250 ok\r\n421 draining\r\n"));
	probe_world_stop(&w);

	/* In the middle of content: when that is done. */
	probe_world_start(&w, probe_smtp_new(probe_now), 0, 1);
	probe_world_play(&w, SL("DATA a\r\nhel"));
	session_event(w.session, &drain);
	probe_world_run(&w);
	CHECK_EQ(w.closed, 0);
	probe_world_play(&w, SL("lo\r\n.\r\nNOOP\r\n"));
	CHECK_EQ(w.closed, 1);
	CHECK_SL(
	    buf_slice(&w.got), SL("220 probe\r\n354 data\r\n250 committed\r\n421 draining\r\n"));
	probe_world_stop(&w);

	/* Cut off. */
	probe_world_start(&w, probe_smtp_new(probe_now), PROBE_DELAYED, 1);
	probe_world_play(&w, SL("RCPT a\r\n"));
	session_abort(w.session);
	session_abort(w.session);
	CHECK_EQ(w.closed, 0);
	probe_world_run(&w);
	CHECK_EQ(w.closed, 1);
	CHECK_EQ(w.why, ENGINE_WHY_TROUBLE);
	CHECK(w.got_end);
	probe_world_stop(&w);
}

/*
 * What the peer still sends when we have said our last word does not reset the connection under it.
 */
static void
test_linger(void)
{
	static const struct engine_event kick = {.kind = ENGINE_KICK};
	struct probe_world w;
	size_t fds;

	probe_world_start(&w, probe_smtp_new(probe_now), 0, 1);
	probe_world_play(&w, SL("NOOP\r\n"));
	fds = probe_fd_count();
	session_event(w.session, &kick);
	loop_turn(w.loop, 0);
	loop_turn(w.loop, 0);
	CHECK_EQ(w.closed, 1);
	CHECK_EQ(probe_fd_count(), fds);
	CHECK_EQ(send(w.peer_fd, "RCPT late\r\n", 11, MSG_NOSIGNAL), 11);
	probe_world_run(&w);
	CHECK(sl_ends(buf_slice(&w.got), SL("421 kicked\r\n")));
	CHECK(w.got_end);
	CHECK_EQ(probe_fd_count(), fds);
	probe_now += 5000;
	loop_turn(w.loop, 0);
	CHECK_EQ(probe_fd_count(), fds - 1);
	probe_world_stop(&w);
}

/* --- time -------------------------------------------------------------------------------- */

static void
pass(struct probe_world *w, int64_t ms)
{
	probe_now += ms;
	loop_turn(w->loop, 0);
	loop_turn(w->loop, 0);
}

static void
test_deadline(void)
{
	struct probe_world w;

	probe_world_start(&w, probe_smtp_new(probe_now), PROBE_DELAYED, 1);
	probe_world_run(&w);
	pass(&w, PROBE_IDLE_MS - 1);
	CHECK_EQ(w.closed, 0);
	probe_world_play(&w, SL("NOOP\r\n"));
	pass(&w, PROBE_IDLE_MS - 1);
	CHECK_EQ(w.closed, 0);
	/* While the answer is ours to give, the peer has time. */
	w.delayed = false;
	probe_world_play(&w, SL("NOOP\r\n"));
	w.delayed = true;
	w.input = SL("RCPT a\r\n");
	w.sent = 0;
	send(w.peer_fd, "RCPT a\r\n", 8, MSG_NOSIGNAL);
	loop_turn(w.loop, 0);
	CHECK_EQ(w.open_n, 1);
	pass(&w, 10 * PROBE_IDLE_MS);
	CHECK_EQ(w.closed, 0);
	probe_world_answer(&w, 0);
	loop_turn(w.loop, 0);
	pass(&w, PROBE_IDLE_MS - 1);
	CHECK_EQ(w.closed, 0);
	pass(&w, 1);
	CHECK_EQ(w.closed, 1);
	CHECK_EQ(w.why, ENGINE_WHY_TIMEOUT);
	w.ended = true;
	probe_world_run(&w);
	CHECK(sl_ends(buf_slice(&w.got), SL("250 rcpt\r\n421 timeout\r\n")));
	probe_world_stop(&w);
}

/* A last word to a peer that reads nothing is given up after a while. */
static void
test_flush_patience(void)
{
	static const struct engine_event kick = {.kind = ENGINE_KICK};
	struct probe_world w;
	struct buf script;

	buf_init(&script, 1u << 22);
	for (int i = 0; i < 300000; i++)
		buf_put_str(&script, "NOOP\r\n");
	probe_world_start(&w, probe_smtp_new(probe_now), 0, 1);
	w.deaf = true;
	probe_world_play(&w, buf_slice(&script));
	/* The engine's output limit stops it taking input, the driver's stops it reading. */
	CHECK(w.sent < script.n);
	CHECK_EQ(w.closed, 0);
	session_event(w.session, &kick);
	pass(&w, 1000);
	pass(&w, 28000);
	CHECK_EQ(w.closed, 0);
	pass(&w, 2000);
	CHECK_EQ(w.closed, 1);
	CHECK_EQ(w.why, ENGINE_WHY_TIMEOUT);
	probe_world_stop(&w);
	buf_fini(&script);
}

/* --- TLS --------------------------------------------------------------------------------- */

static enum st
raw_read(void *arg, unsigned char *p, size_t max, size_t *n, struct fault *f)
{
	ssize_t r = recv(((struct probe_world *)arg)->peer_fd, p, max, MSG_DONTWAIT);

	(void)f;
	*n = r > 0 ? (size_t)r : 0;
	return r > 0 ? ST_OK : r == 0 ? ST_EOF : ST_AGAIN;
}

static enum st
raw_write(void *arg, struct slice in, size_t *n, struct fault *f)
{
	struct probe_world *w = arg;
	ssize_t r;

	(void)f;
	if (w->chunked)
		in = sl_sub(in, 0, 1 + probe_roll(&w->dice, 90));
	r = send(w->peer_fd, in.p, in.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	*n = r > 0 ? (size_t)r : 0;
	return r > 0 ? ST_OK : ST_AGAIN;
}

static struct tls_context *
tls_pair(struct tls_context **client)
{
	const char *names[] = {"localhost", NULL};
	char path[] = "/tmp/probe_test.XXXXXX";
	struct tls_opts o = {.cert_fd = mkstemp(path), .key_fd = -1, .trust_fd = -1};
	struct tls_context *server = NULL;
	struct fault f;

	unlink(path);
	CHECK_EQ(tls_self_signed(o.cert_fd, names, 2, &f), ST_OK);
	CHECK_EQ(tls_context_new(&o, &server, &f), ST_OK);
	close(o.cert_fd);
	o.cert_fd = -1;
	CHECK_EQ(tls_context_new(&o, client, &f), ST_OK);
	return server;
}

/* The peer's half of a TLS conversation: says script, keeps what it hears. */
static void
tls_talk(struct probe_world *w, struct tls_conn *c, struct slice script)
{
	unsigned char in[300];
	struct fault f;
	size_t n;

	for (int quiet = 0; quiet < 100; quiet++) {
		if (script.n > 0 && tls_write(c, script, &n, &f) == ST_OK) {
			script = sl_skip(script, n);
			quiet = 0;
		}
		while (tls_read(c, in, sizeof(in), &n, &f) == ST_OK) {
			buf_put(&w->got, sl_mem(in, n));
			quiet = 0;
		}
		w->ended = w->got_end = true; /* nothing in the clear any more */
		if (probe_world_step(w))
			quiet = 0;
	}
	CHECK_EQ(script.n, 0);
}

static void
test_starttls(void)
{
	struct tls_context *client, *server = tls_pair(&client);
	struct outcome ref;
	struct buf script;
	size_t fds = probe_fd_count();

	script_put(&script);
	reference(buf_slice(&script), &ref);
	for (uint32_t seed = 0; seed < 32; seed++) {
		struct tls_conn *c;
		struct probe_world w;

		probe_world_start(&w, probe_smtp_new(probe_now), seed % 16, seed);
		w.tls = server;
		/*
		 * RFC 3207 section 4.2: what stands behind STARTTLS in the clear is not heard. (In
		 * pieces it is taken for TLS.)
		 */
		if (w.chunked)
			probe_world_play(&w, SL("NOOP\r\nSTARTTLS\r\n"));
		else
			probe_world_play(&w, SL("NOOP\r\nSTARTTLS\r\nRCPT injected\r\n"));
		CHECK_SL(buf_slice(&w.got), SL("220 probe\r\n250 ok\r\n220 go\r\n"));
		CHECK_EQ(w.asked, 0);
		buf_clear(&w.got);
		buf_put_str(&w.got, "220 probe\r\n");
		c = tls_client_new(client, &(struct tls_io){raw_read, raw_write, &w}, "localhost");
		tls_talk(&w, c, buf_slice(&script));
		CHECK_EQ(w.closed, 1);
		CHECK_EQ(w.why, ENGINE_WHY_QUIT);
		CHECK_SL(buf_slice(&w.got), buf_slice(&ref.got));
		CHECK_SL(buf_slice(&w.body), buf_slice(&ref.body));
		tls_conn_free(c);
		probe_world_stop(&w);
	}
	CHECK_EQ(probe_fd_count(), fds);
	tls_context_free(client);
	tls_context_free(server);
	outcome_fini(&ref);
	buf_fini(&script);
}

static void
test_tls_trouble(void)
{
	struct tls_context *client, *server = tls_pair(&client);
	struct probe_world w;

	/* TLS from the first byte; the greeting waits for the handshake. */
	for (unsigned mode = 0; mode < 2; mode++) {
		struct tls_conn *c;

		probe_world_start(&w, probe_smtp_new(probe_now), mode | PROBE_SHOWN, 3);
		session_start_tls(w.session, server);
		c = tls_client_new(client, &(struct tls_io){raw_read, raw_write, &w}, "localhost");
		tls_talk(&w, c, SL_NONE);
		tls_talk(&w, c, SL("QUIT\r\n"));
		CHECK_SL(buf_slice(&w.got), SL("220 probe\r\n221 bye\r\n"));
		/* A transcript shows what was said, not how it was wrapped. */
		CHECK_SL(buf_slice(&w.shown), SL("S:220 probe\r\nC:QUIT\r\nS:221 bye\r\n"));
		tls_conn_free(c);
		probe_world_stop(&w);
	}

	/* No context: cut. */
	probe_world_start(&w, probe_smtp_new(probe_now), 0, 1);
	probe_world_play(&w, SL("STARTTLS\r\n"));
	CHECK_EQ(w.closed, 1);
	CHECK_EQ(w.why, ENGINE_WHY_TROUBLE);
	probe_world_stop(&w);

	/* Not TLS what comes: no way back. R3207-4-i */
	probe_world_start(&w, probe_smtp_new(probe_now), 0, 1);
	w.tls = server;
	probe_world_play(&w, SL("STARTTLS\r\n"));
	probe_world_play(&w, SL("NOOP\r\nNOOP\r\n"));
	CHECK_EQ(w.closed, 1);
	CHECK_EQ(w.why, ENGINE_WHY_PROTOCOL);
	probe_world_stop(&w);

	/* Nothing comes. */
	probe_world_start(&w, probe_smtp_new(probe_now), 0, 1);
	w.tls = server;
	probe_world_play(&w, SL("STARTTLS\r\n"));
	pass(&w, 59000);
	CHECK_EQ(w.closed, 0);
	pass(&w, 2000);
	CHECK_EQ(w.closed, 1);
	CHECK_EQ(w.why, ENGINE_WHY_TIMEOUT);
	probe_world_stop(&w);
	tls_context_free(client);
	tls_context_free(server);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"same_conversation", test_same_conversation},
		{"end_at_each_byte", test_end_at_each_byte},
		{"kick_anywhere", test_kick_anywhere},
		{"drain", test_drain},
		{"linger", test_linger},
		{"deadline", test_deadline},
		{"flush_patience", test_flush_patience},
		{"starttls", test_starttls},
		{"tls_trouble", test_tls_trouble},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
