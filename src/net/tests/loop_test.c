/*
 * The loop, the bare streams, listeners, addresses and the log, each on real descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "net/listener.h"
#include "net/log.h"
#include "net/loop.h"
#include "net/stream.h"
#include "os/fdpass.h"

static int64_t virtual_ms;

static int64_t
virtual_clock(void)
{
	return virtual_ms;
}

static char trail[64];

static void
trail_add(char c)
{
	size_t n = strlen(trail);

	if (n + 1 < sizeof(trail)) {
		trail[n] = c;
		trail[n + 1] = '\0';
	}
}

static void
trail_clear(void)
{
	trail[0] = '\0';
}

static bool
trail_is(const char *want)
{
	return strcmp(trail, want) == 0;
}

/* --- descriptors ------------------------------------------------------------------------- */

struct pair {
	struct watch a, b;
	struct watch *victim;
};

static void
pair_ready(struct watch *w, unsigned ready)
{
	struct pair *p = w->arg;

	(void)ready;
	trail_add(w == &p->a ? 'a' : 'b');
	if (p->victim)
		loop_forget(w == &p->a ? &p->b : &p->a);
}

static void
test_forget_in_batch(void)
{
	for (int i = 0; poller_all[i]; i++) {
		struct loop *l = loop_new(poller_all[i], NULL, 8);
		struct pair p = {.victim = NULL};
		int x[2], y[2];

		trail_clear();
		CHECK_EQ(fdpass_pair(x), 0);
		CHECK_EQ(fdpass_pair(y), 0);
		loop_watch(l, &p.a, x[0], POLLER_READ, pair_ready, &p);
		loop_watch(l, &p.b, y[0], POLLER_READ, pair_ready, &p);
		CHECK_EQ(write(x[1], "x", 1), 1);
		CHECK_EQ(write(y[1], "y", 1), 1);
		loop_turn(l, 1000);
		CHECK(trail_is("ab") || trail_is("ba"));
		/* Both are ready in one batch; the first that runs forgets the other. */
		trail_clear();
		p.victim = &p.a;
		loop_turn(l, 1000);
		CHECK(trail_is("a") || trail_is("b"));
		loop_forget(&p.a);
		loop_forget(&p.a);
		loop_forget(&p.b);
		loop_turn(l, 0);
		CHECK_EQ(strlen(trail), 1);
		for (int k = 0; k < 2; k++) {
			close(x[k]);
			close(y[k]);
		}
		loop_free(l);
	}
}

static void
test_want(void)
{
	struct loop *l = loop_new(NULL, NULL, 8);
	struct pair p = {.victim = NULL};
	int x[2];

	trail_clear();
	CHECK_EQ(fdpass_pair(x), 0);
	loop_watch(l, &p.a, x[0], 0, pair_ready, &p);
	CHECK_EQ(write(x[1], "x", 1), 1);
	close(x[1]);
	loop_turn(l, 0);
	CHECK(trail_is(""));
	loop_want(&p.a, POLLER_READ);
	loop_turn(l, 1000);
	CHECK(trail_is("a"));
	loop_want(&p.a, 0);
	loop_turn(l, 0);
	CHECK(trail_is("a"));
	loop_forget(&p.a);
	loop_want(&p.a, POLLER_READ);
	loop_turn(l, 0);
	CHECK(trail_is("a"));
	close(x[0]);
	loop_free(l);
}

/* --- timers and deferred calls ----------------------------------------------------------- */

struct alarm {
	struct timer t;
	struct loop *l;
	char name;
	int64_t again_at;
};

static void
alarm_fired(struct timer *t)
{
	struct alarm *a = t->arg;

	trail_add(a->name);
	if (a->again_at)
		loop_timer_at(a->l, t, a->again_at, alarm_fired, a);
}

static void
test_timers(void)
{
	struct loop *l;
	struct alarm a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'};

	virtual_ms = 1000;
	trail_clear();
	l = loop_new(NULL, virtual_clock, 8);
	a.l = l;
	CHECK_EQ(loop_now(l), 1000);
	loop_timer_at(l, &a.t, 1020, alarm_fired, &a);
	loop_timer_at(l, &b.t, 1010, alarm_fired, &b);
	loop_timer_at(l, &c.t, 1010, alarm_fired, &c);
	loop_timer_at(l, &c.t, INT64_MAX, alarm_fired, &c);
	loop_turn(l, 0);
	CHECK(trail_is(""));
	virtual_ms = 1009;
	loop_turn(l, 0);
	CHECK(trail_is(""));
	virtual_ms = 1030;
	loop_turn(l, 0);
	CHECK(trail_is("ba"));
	/* A timer that is due again at once runs once a turn, and others run too. */
	trail_clear();
	a.again_at = 1;
	loop_timer_at(l, &a.t, 1, alarm_fired, &a);
	loop_timer_at(l, &b.t, 1030, alarm_fired, &b);
	loop_turn(l, 0);
	CHECK(trail_is("ab") || trail_is("ba"));
	loop_turn(l, 0);
	CHECK_EQ(strlen(trail), 3);
	loop_timer_stop(l, &a.t);
	loop_timer_stop(l, &a.t);
	trail_clear();
	loop_turn(l, 0);
	CHECK(trail_is(""));
	loop_free(l);
}

struct later {
	struct deferred d;
	struct loop *l;
	char name;
	struct deferred *stop;
	bool again;
};

static void
later_run(struct deferred *d)
{
	struct later *x = d->arg;

	trail_add(x->name);
	if (x->stop)
		loop_defer_stop(x->stop);
	if (x->again)
		loop_defer(x->l, d, later_run, x);
}

static void
test_deferred(void)
{
	struct loop *l = loop_new(NULL, virtual_clock, 8);
	struct later a = {.l = l, .name = 'a'}, b = {.l = l, .name = 'b'},
		     c = {.l = l, .name = 'c'};

	trail_clear();
	loop_defer_stop(&a.d);
	loop_defer(l, &a.d, later_run, &a);
	loop_defer(l, &b.d, later_run, &b);
	loop_defer(l, &a.d, later_run, &a);
	loop_turn(l, 1000);
	CHECK(trail_is("ab"));
	/* One that stops a neighbour of its own batch, and one that comes again: next turn. */
	trail_clear();
	a.stop = &b.d;
	a.again = true;
	loop_defer(l, &a.d, later_run, &a);
	loop_defer(l, &b.d, later_run, &b);
	loop_defer(l, &c.d, later_run, &c);
	loop_turn(l, 1000);
	CHECK(trail_is("ac"));
	loop_turn(l, 1000);
	CHECK(trail_is("aca"));
	loop_defer_stop(&a.d);
	loop_turn(l, 0);
	CHECK(trail_is("aca"));
	loop_free(l);
}

/* --- signals, sync ----------------------------------------------------------------------- */

static void
signal_seen(void *arg, int signo)
{
	trail_add(signo == SIGUSR1 ? '1' : '2');
	if (signo == SIGUSR2)
		loop_stop(arg);
}

static void
test_signals(void)
{
	struct loop *l = loop_new(NULL, NULL, 8);

	trail_clear();
	loop_signal(l, SIGUSR1, signal_seen, l);
	loop_signal(l, SIGUSR2, signal_seen, l);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(raise(SIGUSR2), 0);
	CHECK(trail_is(""));
	loop_run(l);
	CHECK(trail_is("12"));
	loop_signal(l, SIGUSR1, NULL, NULL);
	CHECK_EQ(raise(SIGUSR1), 0);
	loop_turn(l, 0);
	CHECK(trail_is("12"));
	CHECK_EQ(raise(SIGPIPE), 0);
	loop_signal(l, SIGUSR2, NULL, NULL);
	loop_free(l);
}

static void
synced(struct durable_group *g)
{
	trail_add(g->items[0].result == 0 ? 's' : 'x');
	loop_stop(g->arg);
}

static void
test_durable(void)
{
	struct loop *l = loop_new(NULL, NULL, 8);
	struct durable_item item = {.kind = DURABLE_DATA};
	struct durable_group g = {.items = &item, .count = 1, .done = synced, .arg = l};
	char path[] = "/tmp/loop_test.XXXXXX";

	trail_clear();
	item.fd = mkstemp(path);
	CHECK(item.fd >= 0);
	CHECK_EQ(write(item.fd, "x", 1), 1);
	CHECK(loop_durable(l, 2) == loop_durable(l, 2));
	durable_submit(loop_durable(l, 2), &g);
	loop_run(l);
	CHECK(trail_is("s"));
	close(item.fd);
	unlink(path);
	loop_free(l);
}

/* --- listener ---------------------------------------------------------------------------- */

struct host {
	struct listener *ls;
	int fds[64];
	int count;
	bool free_in_call;
	unsigned char family;
};

static void
host_accepts(void *arg, int fd, const struct net_addr *peer)
{
	struct host *h = arg;

	h->family = peer->family;
	if (h->count < 64)
		h->fds[h->count++] = fd;
	if (h->free_in_call) {
		listener_free(h->ls);
		h->ls = NULL;
	}
}

static void
host_close(struct host *h)
{
	while (h->count > 0)
		close(h->fds[--h->count]);
}

static void
test_listener(void)
{
	struct loop *l = loop_new(NULL, virtual_clock, 8);
	struct host h = {.count = 0};
	struct net_addr any, at, peer;
	struct fault f;
	int fd, conn[40];

	CHECK_EQ(net_addr_parse(SL("127.0.0.1"), 0, &any), ST_OK);
	if (!CHECK_EQ(net_listen(&any, 0, &fd, &f), ST_OK))
		return;
	net_peer(fd, &peer, &at);
	CHECK_EQ(at.family, 4);
	CHECK(at.port != 0);
	CHECK_EQ(peer.family, 0);
	h.ls = listener_new(l, fd, host_accepts, &h);
	for (int i = 0; i < 40; i++) {
		enum st st = net_connect(&at, &conn[i], &f);

		CHECK(st == ST_OK || st == ST_AGAIN);
	}
	loop_turn(l, 1000);
	CHECK_EQ(h.count, 16);
	listener_pause(h.ls, true);
	loop_turn(l, 0);
	CHECK_EQ(h.count, 16);
	listener_pause(h.ls, false);
	loop_turn(l, 1000);
	CHECK_EQ(h.count, 32);
	h.free_in_call = true;
	loop_turn(l, 1000);
	CHECK_EQ(h.count, 33);
	CHECK(h.ls == NULL);
	CHECK_EQ(h.family, 4);
	host_close(&h);
	for (int i = 0; i < 40; i++)
		close(conn[i]);
	loop_free(l);
}

/* Two processes wait on one socket: each connection is accepted once, and the late one goes on. */
static void
test_listeners_share(void)
{
	struct loop *a = loop_new(NULL, virtual_clock, 8), *b = loop_new(NULL, virtual_clock, 8);
	struct host ha = {.count = 0}, hb = {.count = 0};
	struct net_addr at, peer;
	struct fault f;
	int fd, conn[3];

	CHECK_EQ(net_addr_parse(SL("127.0.0.1"), 0, &at), ST_OK);
	if (!CHECK_EQ(net_listen(&at, 8, &fd, &f), ST_OK))
		return;
	net_peer(fd, &peer, &at);
	ha.ls = listener_new(a, fd, host_accepts, &ha);
	hb.ls = listener_new(b, dup(fd), host_accepts, &hb);
	for (int i = 0; i < 3; i++) {
		CHECK(net_connect(&at, &conn[i], &f) != ST_IO);
		loop_turn(i == 0 ? a : b, 1000);
		loop_turn(a, 0);
		loop_turn(b, 0);
	}
	CHECK_EQ(ha.count, 1);
	CHECK_EQ(hb.count, 2);
	host_close(&ha);
	host_close(&hb);
	listener_free(ha.ls);
	listener_free(hb.ls);
	for (int i = 0; i < 3; i++)
		close(conn[i]);
	loop_free(a);
	loop_free(b);
}

/* No descriptors left: the listener rests, and goes on when some are free. */
static void
test_listener_rests(void)
{
	struct loop *l = loop_new(NULL, virtual_clock, 8);
	struct host h = {.count = 0};
	struct net_addr at, peer;
	struct rlimit old, low;
	struct fault f;
	int fd, conn, top, quiet = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	memset(&at, 0, sizeof(at));
	at.family = 4;
	at.ip[0] = 127;
	at.ip[3] = 1;
	if (!CHECK_EQ(net_listen(&at, 8, &fd, &f), ST_OK))
		return;
	net_peer(fd, &peer, &at);
	h.ls = listener_new(l, fd, host_accepts, &h);
	CHECK(net_connect(&at, &conn, &f) != ST_IO);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	top = dup(fd);
	close(top);
	low = old;
	low.rlim_cur = (rlim_t)top;
	dup2(null, STDERR_FILENO);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
	virtual_ms += 1;
	loop_turn(l, 1000);
	CHECK_EQ(h.count, 0);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	dup2(quiet, STDERR_FILENO);
	/* Readable all the time, but not looked at before the rest is over. */
	loop_turn(l, 0);
	loop_turn(l, 0);
	CHECK_EQ(h.count, 0);
	virtual_ms += 1000;
	loop_turn(l, 0);
	loop_turn(l, 1000);
	CHECK_EQ(h.count, 1);
	host_close(&h);
	listener_free(h.ls);
	close(conn);
	close(quiet);
	close(null);
	loop_free(l);
}

static void
test_unix_listener(void)
{
	struct net_addr at;
	struct fault f;
	char dir[] = "/tmp/loop_test.XXXXXX";
	int a, b, conn;

	if (!CHECK(mkdtemp(dir) != NULL))
		return;
	memset(&at, 0, sizeof(at));
	at.family = 1;
	(void)snprintf(at.path, sizeof(at.path), "%s/s", dir);
	CHECK_EQ(net_listen(&at, 8, &a, &f), ST_OK);
	CHECK_EQ(net_connect(&at, &conn, &f), ST_OK);
	close(conn);
	CHECK_EQ(net_listen(&at, 8, &b, &f), ST_IO);
	CHECK_EQ(f.sys, EADDRINUSE);
	close(a);
	/* The path of a dead process does not stand in the way. */
	CHECK_EQ(net_listen(&at, 8, &b, &f), ST_OK);
	close(b);
	CHECK_EQ(net_connect(&at, &conn, &f), ST_IO);
	memset(at.path, 'x', sizeof(at.path));
	CHECK_EQ(net_listen(&at, 8, &a, &f), ST_SYNTAX);
	(void)snprintf(at.path, sizeof(at.path), "%s/s", dir);
	unlink(at.path);
	rmdir(dir);
}

static void
test_addr(void)
{
	static const struct {
		const char *text;
		unsigned char family;
	} rows[] = {
		{"127.0.0.1", 4},
		{"2001:db8::1", 6},
		{"::1", 6},
		{"", 0},
		{"127.0.0.256", 0},
		{"127.1", 0},
		{"localhost", 0},
		{"1:2:3:4:5:6:7:8:9", 0},
		{"2001:db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001", 0},
	};
	struct net_addr a;
	char text[NET_ADDR_TEXT];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		enum st st = net_addr_parse(sl_str(rows[i].text), 25, &a);

		CHECK_EQ(st, rows[i].family ? ST_OK : ST_SYNTAX);
		CHECK_EQ(a.family, rows[i].family);
		net_addr_ip_text(&a, text);
		CHECK_SL(sl_str(text), rows[i].family ? sl_str(rows[i].text) : SL_NONE);
	}
	CHECK_EQ(net_addr_parse(sl_mem("127.0.0.1\0x", 11), 25, &a), ST_SYNTAX);
}

/* --- streams and log --------------------------------------------------------------------- */

static void
shown(void *arg, char dir, struct slice bytes)
{
	(void)arg;
	trail_add(dir);
	for (size_t i = 0; i < bytes.n; i++)
		trail_add((char)bytes.p[i]);
}

static void
test_streams(void)
{
	unsigned char p[16];
	struct stream *s, *t;
	struct fault f;
	size_t n;
	int fds[2];

	trail_clear();
	CHECK_EQ(fdpass_pair(fds), 0);
	s = stream_fd_new(fds[0]);
	t = stream_transcript_new(s, shown, NULL);
	CHECK_EQ(t->ops->read(t, p, sizeof(p), &n, &f), ST_AGAIN);
	CHECK_EQ(t->ops->write(t, SL("hi"), &n, &f), ST_OK);
	CHECK_EQ(n, 2);
	CHECK_EQ(read(fds[1], p, sizeof(p)), 2);
	CHECK_EQ(write(fds[1], "yo", 2), 2);
	CHECK_EQ(t->ops->read(t, p, sizeof(p), &n, &f), ST_OK);
	CHECK(trail_is("ShiCyo"));
	CHECK_EQ(t->ops->want(t, POLLER_READ), POLLER_READ);
	CHECK(!t->ops->pending(t));
	CHECK_EQ(t->ops->shut(t), ST_OK);
	CHECK_EQ(read(fds[1], p, sizeof(p)), 0);
	close(fds[1]);
	CHECK_EQ(t->ops->read(t, p, sizeof(p), &n, &f), ST_EOF);
	CHECK_EQ(t->ops->write(t, SL("x"), &n, &f), ST_IO);
	CHECK_EQ(f.sys, EPIPE);
	CHECK_EQ(stream_fd_release(t), -1);
	t->ops->free(t);
	CHECK_EQ(fcntl(fds[0], F_GETFD), -1);

	CHECK_EQ(fdpass_pair(fds), 0);
	s = stream_fd_new(fds[0]);
	CHECK_EQ(stream_fd_release(s), fds[0]);
	CHECK(fcntl(fds[0], F_GETFD) >= 0);
	close(fds[0]);
	close(fds[1]);
}

static unsigned long
read_log_lines(int fd)
{
	unsigned char got[16384];
	unsigned long lines = 0;
	ssize_t n;

	while ((n = read(fd, got, sizeof(got))) > 0) {
		lines++;
		for (ssize_t i = 0; i < n; i++)
			lines += got[i] == '\n';
	}
	return lines;
}

static void
test_log(void)
{
	char got[LOG_LINE_MAX + 1], want[128];
	unsigned long sent = 0, came = 0;
	ssize_t n;
	int fds[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	log_open(fds[0], "tester");
	log_event(LOG_LEVEL_DEBUG, "hidden", KV_END);
	log_event(LOG_LEVEL_ERROR, "newmsg", KV_STR("id", "a b"), KV_U64("size", 7), KV_END);
	n = read(fds[1], got, sizeof(got));
	(void)snprintf(
	    want, sizeof(want), "3tester[%ld]: newmsg,id=\"a b\",size=7", (long)getpid());
	CHECK_SL(sl_mem(got, n < 0 ? 0 : (size_t)n), sl_str(want));
	/* Nobody reads: some are kept, the others counted, no call waits. */
	for (sent = 0; sent < 20000; sent++)
		log_event(LOG_LEVEL_INFO, "line", KV_END);
	CHECK(!log_flush());
	do
		came += read_log_lines(fds[1]);
	while (!log_flush());
	came += read_log_lines(fds[1]);
	CHECK(came < sent);
	log_event(LOG_LEVEL_INFO, "line", KV_END);
	n = read(fds[1], got, sizeof(got));
	(void)snprintf(want, sizeof(want), "4tester[%ld]: log,dropped=%lu\n6tester[%ld]: line",
	    (long)getpid(), sent - came, (long)getpid());
	CHECK_SL(sl_mem(got, n < 0 ? 0 : (size_t)n), sl_str(want));
	CHECK(read(fds[1], got, sizeof(got)) < 0);
	/* Several lines of a turn are one datagram; what is wrong does not wait for its end. */
	log_gather(true);
	log_event(LOG_LEVEL_INFO, "a\nb", KV_END);
	log_event(LOG_LEVEL_INFO, "c", KV_END);
	CHECK(read(fds[1], got, sizeof(got)) < 0);
	log_event(LOG_LEVEL_ERROR, "d", KV_END);
	n = read(fds[1], got, sizeof(got));
	(void)snprintf(want, sizeof(want), "6tester[%ld]: a?b\n6tester[%ld]: c\n3tester[%ld]: d",
	    (long)getpid(), (long)getpid(), (long)getpid());
	CHECK_SL(sl_mem(got, n < 0 ? 0 : (size_t)n), sl_str(want));
	log_gather(false);
	/* logd is gone. */
	close(fds[1]);
	log_event(LOG_LEVEL_INFO, "line", KV_END);
	log_open(-1, "");
	close(fds[0]);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"forget_in_batch", test_forget_in_batch},
		{"want", test_want},
		{"timers", test_timers},
		{"deferred", test_deferred},
		{"signals", test_signals},
		{"durable", test_durable},
		{"listener", test_listener},
		{"listeners_share", test_listeners_share},
		{"listener_rests", test_listener_rests},
		{"unix_listener", test_unix_listener},
		{"addr", test_addr},
		{"streams", test_streams},
		{"log", test_log},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
