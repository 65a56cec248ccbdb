/*
 * The libraries at work inside the sandbox profiles of the processes that use them: TLS and digests
 * in NET_IN, DNS over UDP and TCP in NET_IN and NET_OUT, compiled tables in LOOKUP and STORE. Each
 * runs in a child; the parent plays the name server.
 */
#include <ares.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "ext/hash.h"
#include "ext/map.h"
#include "ext/tls.h"
#include "os/sandbox.h"

static char root[] = "/tmp/sandbox_libs_test.XXXXXX";

/* Ports named as DNS, filled before the child starts. */
static uint16_t dns_ports[2];

static bool
enter(enum sandbox_profile profile)
{
	const char *dirs[] = {root, NULL};
	struct sandbox_opts o = {
	    .profile = profile, .write_dirs = dirs, .read_dirs = dirs, .dns_ports = dns_ports};
	struct fault f = FAULT_NONE;
	const char *applied;

	sandbox_warm();
	return sandbox_enter(&o, &applied, &f) == ST_OK;
}

static int
wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* --- TLS and digests --- */

struct wire {
	struct buf *in, *out;
};

static enum st
wire_read(void *arg, unsigned char *p, size_t max, size_t *n, struct fault *f)
{
	struct buf *b = ((struct wire *)arg)->in;

	(void)f;
	*n = b->n < max ? b->n : max;
	if (*n == 0)
		return ST_AGAIN;
	memcpy(p, b->p, *n);
	buf_drop(b, *n);
	return ST_OK;
}

static enum st
wire_write(void *arg, struct slice in, size_t *n, struct fault *f)
{
	(void)f;
	buf_put(((struct wire *)arg)->out, in);
	*n = in.n;
	return ST_OK;
}

static int
child_tls(struct tls_context *server_side, struct tls_context *client_side)
{
	unsigned char got[100], digest[DIGEST_MAX];
	struct fault f = FAULT_NONE;
	struct buf up, down;
	struct wire client_wire = {&down, &up}, server_wire = {&up, &down};
	struct tls_conn *client, *server;
	size_t n = 0, sent = 0;
	int round;

	if (!enter(SANDBOX_NET_IN))
		return 77;
	hash_hmac(&hash_md5, SL("key"), SL("text"), digest);
	hash_once(&hash_sha512, SL("text"), digest);
	buf_init(&up, 1 << 20);
	buf_init(&down, 1 << 20);
	client = tls_client_new(client_side, &(struct tls_io){wire_read, wire_write, &client_wire},
	    "mail.example.test");
	server = tls_server_new(server_side, &(struct tls_io){wire_read, wire_write, &server_wire});
	for (round = 0; round < 20 && n == 0; round++) {
		if (sent == 0 && tls_write(client, SL("EHLO me\r\n"), &sent, &f) != ST_OK)
			sent = 0;
		if (tls_read(server, got, sizeof(got), &n, &f) != ST_OK)
			n = 0;
	}
	tls_conn_free(client);
	tls_conn_free(server);
	buf_fini(&up);
	buf_fini(&down);
	return n == 9 && memcmp(got, "EHLO me\r\n", 9) == 0 ? 0 : 1;
}

static void
tls_and_digests(void)
{
	const char *names[] = {"mail.example.test", NULL};
	struct tls_opts o = {.cert_fd = -1, .key_fd = -1, .trust_fd = -1};
	struct tls_context *server, *client;
	struct fault f = FAULT_NONE;
	char path[] = "/tmp/sandbox_libs_test.pem.XXXXXX";
	int fd = mkstemp(path);
	pid_t pid;

	unlink(path);
	CHECK_EQ(tls_self_signed(fd, names, 30, &f), ST_OK);
	CHECK_EQ(tls_context_new(&o, &client, &f), ST_OK);
	o.cert_fd = fd;
	CHECK_EQ(tls_context_new(&o, &server, &f), ST_OK);
	hash_warm();
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(child_tls(server, client));
	CHECK_EQ(wait_for(pid), 0);
	tls_context_free(server);
	tls_context_free(client);
	close(fd);
}

/* --- DNS --- */

static int dns_udp, dns_tcp;

static void
dns_start(void)
{
	struct sockaddr_in name;
	socklen_t n = sizeof(name);

	memset(&name, 0, sizeof(name));
	name.sin_family = AF_INET;
	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	dns_tcp = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(bind(dns_tcp, (struct sockaddr *)&name, n), 0);
	CHECK_EQ(listen(dns_tcp, 10), 0);
	CHECK_EQ(getsockname(dns_tcp, (struct sockaddr *)&name, &n), 0);
	dns_udp = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_EQ(bind(dns_udp, (struct sockaddr *)&name, n), 0);
	dns_ports[0] = ntohs(name.sin_port);
}

/* The question comes back as "no such name", RFC 1035 section 4.1.1; truncated asks for TCP. */
static void
dns_answer(unsigned char *p, bool truncated)
{
	p[2] = (unsigned char)(p[2] | 0x80 | (truncated ? 2 : 0));
	p[3] = truncated ? 0 : 3;
}

/*
 * Answers by UDP that TCP is needed, and by TCP that there is nothing. Until the child has ended.
 */
static void
dns_serve(pid_t pid)
{
	struct pollfd fds[2] = {
	    {.fd = dns_udp, .events = POLLIN}, {.fd = dns_tcp, .events = POLLIN}};
	unsigned char p[1500];
	struct sockaddr_in from;
	socklen_t from_n;
	siginfo_t info;
	ssize_t n;
	int conn;

	for (;;) {
		memset(&info, 0, sizeof(info));
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
		    info.si_pid == pid)
			return;
		if (poll(fds, 2, 50) <= 0)
			continue;
		if (fds[0].revents) {
			from_n = sizeof(from);
			n = recvfrom(dns_udp, p, sizeof(p), 0, (struct sockaddr *)&from, &from_n);
			dns_answer(p, true);
			CHECK(n > 12 && sendto(dns_udp, p, (size_t)n, 0, (struct sockaddr *)&from,
					    from_n) == n);
		}
		if (fds[1].revents) {
			conn = accept(dns_tcp, NULL, NULL);
			n = recv(conn, p, 2, MSG_WAITALL);
			n = n == 2 ? recv(conn, p + 2, (size_t)(p[0] << 8 | p[1]), MSG_WAITALL)
				   : -1;
			dns_answer(p + 2, false);
			CHECK(n > 12 && send(conn, p, (size_t)n + 2, MSG_NOSIGNAL) == n + 2);
			close(conn);
		}
	}
}

static void
dns_done(void *arg, int status, int timeouts, unsigned char *answer, int n)
{
	(void)timeouts;
	(void)answer;
	(void)n;
	*(int *)arg = status;
}

static int
child_dns(ares_channel channel, enum sandbox_profile profile)
{
	struct timeval limit, *wait;
	fd_set readers, writers;
	int status = -1, n;

	if (!enter(profile))
		return 77;
	ares_query(channel, "absent.example.test", 1, 15, dns_done, &status);
	while (status == -1) {
		FD_ZERO(&readers);
		FD_ZERO(&writers);
		n = ares_fds(channel, &readers, &writers);
		limit = (struct timeval){1, 0};
		wait = ares_timeout(channel, &limit, &limit);
		if (n > 0)
			select(n, &readers, &writers, NULL, wait);
		ares_process(channel, &readers, &writers);
	}
	return status == ARES_ENOTFOUND ? 0 : 100 + status;
}

static void
dns_in(enum sandbox_profile profile)
{
	struct ares_options options;
	ares_channel channel;
	char servers[40];
	pid_t pid;

	dns_start();
	memset(&options, 0, sizeof(options));
	options.timeout = 5000;
	options.tries = 2;
	CHECK_EQ(ares_init_options(&channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES),
	    ARES_SUCCESS);
	snprintf(servers, sizeof(servers), "127.0.0.1:%u", (unsigned)dns_ports[0]);
	CHECK_EQ(ares_set_servers_ports_csv(channel, servers), ARES_SUCCESS);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(child_dns(channel, profile));
	dns_serve(pid);
	CHECK_EQ(wait_for(pid), 0);
	ares_destroy(channel);
	close(dns_udp);
	close(dns_tcp);
}

static void
dns_in_net_in(void)
{
	dns_in(SANDBOX_NET_IN);
}

static void
dns_in_net_out(void)
{
	dns_in(SANDBOX_NET_OUT);
}

/* --- compiled tables --- */

static bool
make_table(int dirfd, const char *value)
{
	struct fault f = FAULT_NONE;
	struct map_writer *w;

	return map_writer_new(dirfd, root, "t.dat", 0644, &w, &f) == ST_OK &&
	       map_writer_put(w, SL("k"), sl_str(value), &f) == ST_OK &&
	       map_writer_commit(w, &f) == ST_OK;
}

static bool
reads(const char *want)
{
	struct arena *a = arena_new("sandbox_libs_test", 1000);
	struct fault f = FAULT_NONE;
	struct slice got = SL_NONE;
	struct dict *d;
	bool ok = map_open(root, "t.dat", &d, &f) == ST_OK;

	if (ok) {
		ok = !map_is_stale(d) && dict_get(d, SL("k"), a, &got, &f) == ST_OK &&
		     sl_eq(got, sl_str(want));
		dict_close(d);
	}
	arena_free(a);
	return ok;
}

/*
 * Tables are opened anew when they change, so opening must work inside; writing only where there is
 * a store.
 */
static int
child_tables(int dirfd, enum sandbox_profile profile)
{
	if (!enter(profile))
		return 77;
	if (!reads("outside"))
		return 1;
	if (make_table(dirfd, "inside") != (profile == SANDBOX_STORE))
		return 2;
	return reads(profile == SANDBOX_STORE ? "inside" : "outside") ? 0 : 3;
}

static void
tables(void)
{
	static const enum sandbox_profile profiles[] = {SANDBOX_LOOKUP, SANDBOX_STORE};
	int dirfd = open(root, O_RDONLY | O_DIRECTORY);
	size_t i;
	pid_t pid;

	for (i = 0; i < COUNT_OF(profiles); i++) {
		CHECK(make_table(dirfd, "outside"));
		fflush(stdout);
		pid = fork();
		if (pid == 0)
			_exit(child_tables(dirfd, profiles[i]));
		CHECK_EQ(wait_for(pid), 0);
	}
	CHECK_EQ(unlinkat(dirfd, "t.dat", 0), 0);
	close(dirfd);
}

static const struct check_row rows[] = {
	{"tls_and_digests", tls_and_digests},
	{"dns_in_net_in", dns_in_net_in},
	{"dns_in_net_out", dns_in_net_out},
	{"tables", tables},
};

int
main(int argc, char **argv)
{
	pid_t pid = fork();
	int rc;

	if (pid == 0)
		_exit(enter(SANDBOX_PURE) ? 0 : 77);
	if (wait_for(pid) != 0) {
		printf("this system or build has no sandbox\n");
		return 77;
	}
	if (!mkdtemp(root) || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		perror(root);
		return 1;
	}
	rc = check_main(argc, argv, rows, COUNT_OF(rows));
	rmdir(root);
	return rc;
}
