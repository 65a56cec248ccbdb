/*
 * Sessions by the thousand, ended in every way there is: no descriptor and no memory stays behind.
 * (Memory is the leak checker's business in the build with sanitizers.)
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "ext/tls.h"
#include "net/tests/probe.h"
#include "os/fdpass.h"

#define SESSIONS 10000
#define AT_ONCE 100

struct guest {
	struct session *s;
	struct engine *e;
	int fd; /* the peer's end */
	int *left;
};

static void
guest_asks(struct session *s, const struct engine_ask *a)
{
	(void)s;
	(void)a; /* never answered */
}

static struct tls_context *guest_context;

static struct tls_context *
guest_tls(struct session *s)
{
	(void)s;
	return guest_context;
}

static void
guest_handoff(struct session *s, struct slice unread)
{
	struct guest *g = session_owner(s);
	struct stream *stream = session_release(s);

	CHECK(unread.n > 0);
	close(stream_fd_release(stream));
	probe_free(g->e);
	g->s = NULL;
	(*g->left)--;
}

static void
guest_closed(struct session *s, enum engine_why why)
{
	struct guest *g = session_owner(s);

	CHECK(why != ENGINE_WHY_NONE);
	probe_free(g->e);
	g->s = NULL;
	(*g->left)--;
}

static const struct session_ops guest_ops = {
	.ask = guest_asks,
	.tls = guest_tls,
	.secure = &stream_tls_layer,
	.handoff = guest_handoff,
	.closed = guest_closed,
};

static void
guest_answers(struct guest *g)
{
	struct probe_content none = {0, 0};
	struct engine_answer a = {.number = 1, .fault = FAULT_NONE, .detail = &none};

	if (g->s)
		session_answer(g->s, &a);
}

/* The ways; each row is what the peer says, and what happens then. */
static const struct {
	bool imap;
	const char *says;
	enum { GO, END, ABORT, KICK, ANSWER, AGE } then;
} ways[] = {
	{false, "NOOP\r\nQUIT\r\n", GO},
	{false, "RCPT a\r\nDATA a\r\nx", GO},
	{false, "RCPT a\r\nNOOP", END},
	{false, "DATA a\r\nmore than it takes", ABORT},
	{false, "DATA a\r\nmore than it takes", ANSWER},
	{false, "STARTTLS\r\n", ABORT},
	{false, "", KICK},
	{false, "RCPT a\r\nRCPT b\r\n", KICK},
	{false, "NO", AGE},
	{true, "a LOGIN b\r\nc SELECT\r\n", ANSWER},
	{true, "a IDLE\r\n", KICK},
	{true, "a FETCH 1\r\nb FETCH 2\r\nc APPEND {9}\r\nx", END},
	{true, "a LOGOUT\r\n", GO},
};

static void
play_batch(struct loop *l, uint32_t first)
{
	static const struct engine_event kick = {.kind = ENGINE_KICK};
	struct guest guests[AT_ONCE];
	int left = AT_ONCE, fds[2];

	for (uint32_t i = 0; i < AT_ONCE; i++) {
		size_t way = (first + i) % COUNT_OF(ways);
		struct guest *g = &guests[i];

		CHECK_EQ(fdpass_pair(fds), 0);
		g->e = ways[way].imap ? probe_imap_new(loop_now(l)) : probe_smtp_new(loop_now(l));
		g->fd = fds[1];
		g->left = &left;
		g->s = session_new(l, stream_fd_new(fds[0]), g->e, &guest_ops, g);
		CHECK_EQ(send(g->fd, ways[way].says, strlen(ways[way].says), MSG_NOSIGNAL),
		    (long long)strlen(ways[way].says));
		if (ways[way].then == END)
			shutdown(g->fd, SHUT_WR);
	}
	for (int i = 0; i < 4; i++)
		loop_turn(l, 0);
	for (uint32_t i = 0; i < AT_ONCE; i++) {
		struct guest *g = &guests[i];

		if (!g->s)
			continue;
		switch (ways[(first + i) % COUNT_OF(ways)].then) {
		case ABORT:
			session_abort(g->s);
			break;
		case KICK:
			session_event(g->s, &kick);
			break;
		case ANSWER:
			guest_answers(g);
			break;
		default:
			break;
		}
	}
	for (int i = 0; i < 4; i++)
		loop_turn(l, 0);
	for (uint32_t i = 0; i < AT_ONCE; i++)
		close(guests[i].fd);
	/* Some engines would wait for answers that never come. */
	loop_turn(l, 0);
	for (uint32_t i = 0; i < AT_ONCE; i++) {
		if (guests[i].s)
			session_abort(guests[i].s);
	}
	for (int i = 0; i < 6; i++) {
		probe_now += PROBE_IDLE_MS;
		loop_turn(l, 0);
	}
	CHECK_EQ(left, 0);
}

static int64_t
clock_of_test(void)
{
	return probe_now;
}

static void
test_no_growth(void)
{
	struct loop *l = loop_new(NULL, clock_of_test, AT_ONCE);
	const char *names[] = {"localhost", NULL};
	char path[] = "/tmp/leak_test.XXXXXX";
	struct tls_opts o = {.cert_fd = mkstemp(path), .key_fd = -1, .trust_fd = -1};
	struct fault f;
	size_t fds;

	unlink(path);
	CHECK_EQ(tls_self_signed(o.cert_fd, names, 2, &f), ST_OK);
	CHECK_EQ(tls_context_new(&o, &guest_context, &f), ST_OK);
	close(o.cert_fd);
	fds = probe_fd_count();
	for (uint32_t done = 0; done < SESSIONS; done += AT_ONCE)
		play_batch(l, done);
	loop_turn(l, 0);
	CHECK_EQ(probe_fd_count(), fds);
	tls_context_free(guest_context);
	loop_free(l);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"no_growth", test_no_growth},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
