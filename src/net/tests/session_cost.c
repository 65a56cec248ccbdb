/*
 * What the driver costs: processor time for a message of 4 KiB in an SMTP-shaped conversation over
 * a socket pair, and memory of an idle session. Prints figures, judges nothing. Run by hand:
 *
 *     session_cost            time
 *     session_cost N          memory of N idle sessions, plain and TLS (Linux: PSS from
 * smaps_rollup)
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/num.h"
#include "ext/tls.h"
#include "net/session_priv.h"
#include "net/tests/probe.h"
#include "os/clock.h"
#include "os/fdpass.h"

#define MESSAGES 20000

static bool closed;

static void
quick_ask(struct session *s, const struct engine_ask *a)
{
	struct engine_answer yes = {.number = a->number, .fault = FAULT_NONE};

	session_answer(s, &yes);
}

static void
quick_closed(struct session *s, enum engine_why why)
{
	(void)s;
	(void)why;
	closed = true;
}

static struct tls_context *server_context;

static const struct session_ops quick_ops = {
	.ask = quick_ask, .closed = quick_closed, .secure = &stream_tls_layer};

static int64_t
cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

/* Our own processor time only: the peer is another process. */
static void
measure_time(void)
{
	static char message[4096 + 64];
	struct loop *l = loop_new(NULL, NULL, 8);
	struct engine *e = probe_smtp_new(clock_mono_ms());
	char sink[4096];
	int64_t start;
	size_t n;
	int fds[2];

	n = (size_t)snprintf(message, sizeof(message), "RCPT a\r\nDATA a\r\n");
	for (int i = 0; i < 64; i++)
		n += (size_t)snprintf(message + n, sizeof(message) - n, "%062d\r\n", i);
	n += (size_t)snprintf(message + n, sizeof(message) - n, ".\r\n");
	if (fdpass_pair(fds) < 0)
		exit(1);
	if (fork() == 0) {
		close(fds[0]);
		for (int i = 0; i < MESSAGES; i++) {
			size_t at = 0, lines = 0;

			while (at < n) {
				ssize_t r = send(fds[1], message + at, n - at, MSG_NOSIGNAL);

				if (r > 0)
					at += (size_t)r;
			}
			/* Wait for the reply of the commit. */
			while (lines < 1) {
				ssize_t r = recv(fds[1], sink, sizeof(sink), 0);

				for (ssize_t k = 0; k + 3 < r; k++)
					lines += memcmp(sink + k, "comm", 4) == 0;
			}
		}
		_exit(0);
	}
	close(fds[1]);
	start = cpu_us();
	(void)session_new(l, stream_fd_new(fds[0]), e, &quick_ops, NULL);
	while (!closed)
		loop_turn(l, -1);
	(void)printf(
	    "processor time for a message of 4 KiB: %.1f us (%d messages, one connection)\n",
	    (double)(cpu_us() - start) / MESSAGES, MESSAGES);
	probe_free(e);
	loop_free(l);
	(void)wait(NULL);
}

static long
pss_kib(void)
{
	FILE *in = fopen("/proc/self/smaps_rollup", "r");
	char line[200];
	long kib = 0;

	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "Pss: %ld", &kib) == 1)
			break;
	}
	if (in)
		(void)fclose(in);
	return kib;
}

static enum st
raw_read(void *arg, unsigned char *p, size_t max, size_t *n, struct fault *f)
{
	ssize_t r = recv(*(int *)arg, p, max, MSG_DONTWAIT);

	(void)f;
	*n = r > 0 ? (size_t)r : 0;
	return r > 0 ? ST_OK : r == 0 ? ST_EOF : ST_AGAIN;
}

static enum st
raw_write(void *arg, struct slice in, size_t *n, struct fault *f)
{
	ssize_t r = send(*(int *)arg, in.p, in.n, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)f;
	*n = r > 0 ? (size_t)r : 0;
	return r > 0 ? ST_OK : ST_AGAIN;
}

/* The client of one session, gone again in memory once it has said a word. */
static void
client_talk(struct loop *l, struct tls_context *cc, int fd)
{
	struct tls_conn *c =
	    cc ? tls_client_new(cc, &(struct tls_io){raw_read, raw_write, &fd}, "localhost") : NULL;
	unsigned char in[2000];
	struct fault f;
	bool said = false;
	size_t n;

	for (int i = 0; i < 12; i++) {
		loop_turn(l, 0);
		if (!c && !said)
			said = send(fd, "NOOP\r\n", 6, MSG_NOSIGNAL) == 6;
		else if (!said)
			said = tls_write(c, SL("NOOP\r\n"), &n, &f) == ST_OK;
		else if (c)
			(void)tls_read(c, in, sizeof(in), &n, &f);
		else
			(void)recv(fd, in, sizeof(in), MSG_DONTWAIT);
	}
	tls_conn_free(c);
}

static void
measure_memory(unsigned count, bool tls)
{
	struct loop *l = loop_new(NULL, NULL, count);
	struct tls_context *cc = NULL;
	struct tls_opts o = {.cert_fd = -1, .key_fd = -1, .trust_fd = -1};
	struct fault f;
	long before = 0;
	int fds[2];

	if (tls && tls_context_new(&o, &cc, &f) != ST_OK)
		exit(1);
	/* The first ones warm up what all share. */
	for (unsigned i = 0; i < count + 20; i++) {
		struct session *s;

		if (i == 20)
			before = pss_kib();
		if (fdpass_pair(fds) < 0)
			exit(1);
		s = session_new(
		    l, stream_fd_new(fds[0]), probe_smtp_new(clock_mono_ms()), &quick_ops, NULL);
		if (tls)
			session_start_tls(s, server_context);
		client_talk(l, cc, fds[1]);
	}
	(void)printf("%u idle sessions, %s: %.2f KiB each (PSS of this process)\n", count,
	    tls ? "TLS" : "plain", (double)(pss_kib() - before) / count);
}

int
main(int argc, char **argv)
{
	const char *names[] = {"localhost", NULL};
	char path[] = "/tmp/session_cost.XXXXXX";
	struct tls_opts o = {.cert_fd = mkstemp(path), .key_fd = -1, .trust_fd = -1};
	uint64_t count;
	struct fault f;

	(void)printf(
	    "struct session %zu bytes, struct watch %zu, struct timer %zu, struct deferred %zu\n",
	    sizeof(struct session), sizeof(struct watch), sizeof(struct timer),
	    sizeof(struct deferred));
	if (argc < 2) {
		measure_time();
		return 0;
	}
	unlink(path);
	if (!num_u64(sl_str(argv[1]), 100000, &count) ||
	    tls_self_signed(o.cert_fd, names, 2, &f) != ST_OK ||
	    tls_context_new(&o, &server_context, &f) != ST_OK)
		return 1;
	if (fork() == 0) {
		measure_memory((unsigned)count, false);
		return 0;
	}
	(void)wait(NULL);
	measure_memory((unsigned)count, true);
	return 0;
}
