/*
 * smtpsink.c - an SMTP server that takes every message and keeps none.
 *
 * The far end of relay benchmarks and of tests of the way out.  One process, one thread, poll(2);
 * RFC 5321 with PIPELINING (RFC 2920), SIZE and 8BITMIME, no more than a client of ours or a peer
 * needs.  It shares no code with the server that it stands opposite of.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONN_MAX = 4000, LINE_MAX_BYTES = 4096, READ_SIZE = 65536, RCPT_MAX = 1000, TOKEN_MAX = 100
};

struct conn {
	int fd;
	int in_data;
	int rcpts;
	int has_from;
	char line[LINE_MAX_BYTES];
	size_t line_len;
	char out[65536];		/* replies of one turn */
	size_t out_len;
	char token[TOKEN_MAX];
	char *rcpt_text;		/* "a@b,c@d", for --log */
	size_t rcpt_len, rcpt_room;
	int quitting;
};

static struct {
	int64_t messages, recipients, octets, connects, at_most;
	int log_fd;
} sink = { .log_fd = -1 };

static struct conn *conns[CONN_MAX];
static struct pollfd pollfds[CONN_MAX + 2];
static int nconns;

static void
usage(FILE *f)
{
	fputs("usage: smtpsink [options]\n"
	    "Takes every message by SMTP and keeps none.  Prints \"port N\" when it listens; a\n"
	    "line on its standard input is answered with the counts so far as one line of JSON;\n"
	    "it ends when its standard input does.\n"
	    "  --address A       loopback address to listen on (127.0.0.1)\n"
	    "  --port N          port (0: any free one)\n"
	    "  --log FILE        append \"TOKEN RECIPIENT,...\" for each message, TOKEN being its\n"
	    "                    X-Load-Token\n", f);
}

static void
die(const char *what, const char *detail)
{
	fprintf(stderr, "smtpsink: %s: %s (try --help)\n", what, detail);
	exit(2);
}

static void
reply(struct conn *c, const char *text)
{
	size_t n = strlen(text);

	if (c->out_len + n > sizeof c->out) {
		c->quitting = 1;	/* it never reads what we say */
		return;
	}
	memcpy(c->out + c->out_len, text, n);
	c->out_len += n;
}

static void
rcpt_keep(struct conn *c, const char *line, size_t n)
{
	const char *from = memchr(line, '<', n), *to = memchr(line, '>', n);
	size_t len;

	if (sink.log_fd < 0 || from == NULL || to == NULL || to < from)
		return;
	len = (size_t)(to - from) - 1;
	if (c->rcpt_len + len + 2 > c->rcpt_room) {
		c->rcpt_room = (c->rcpt_len + len) * 2 + 256;
		c->rcpt_text = realloc(c->rcpt_text, c->rcpt_room);
		if (c->rcpt_text == NULL)
			die("out of memory", "realloc");
	}
	if (c->rcpt_len > 0)
		c->rcpt_text[c->rcpt_len++] = ',';
	memcpy(c->rcpt_text + c->rcpt_len, from + 1, len);
	c->rcpt_len += len;
}

/* The message is ours from now on: what is in the log was answered 250 or is about to be. */
static void
message_end(struct conn *c)
{
	char line[TOKEN_MAX + 2];
	int n;

	sink.messages++;
	sink.recipients += c->rcpts;
	if (sink.log_fd >= 0) {
		n = snprintf(line, sizeof line, "%s ", c->token[0] ? c->token : "-");
		if (write(sink.log_fd, line, (size_t)n) != n ||
		    write(sink.log_fd, c->rcpt_text, c->rcpt_len) != (ssize_t)c->rcpt_len ||
		    write(sink.log_fd, "\n", 1) != 1)
			die("cannot write the log", strerror(errno));
	}
	c->in_data = c->rcpts = c->has_from = 0;
	c->rcpt_len = 0;
	c->token[0] = '\0';
	reply(c, "250 2.0.0 taken\r\n");
}

static void
data_line(struct conn *c, const char *line, size_t n)
{
	static const char field[] = "X-Load-Token: ";
	size_t len = sizeof field - 1;

	if (n == 1 && line[0] == '.') {
		message_end(c);
		return;
	}
	if (c->token[0] == '\0' && n > len && n - len < TOKEN_MAX &&
	    memcmp(line, field, len) == 0) {
		memcpy(c->token, line + len, n - len);
		c->token[n - len] = '\0';
	}
}

static void
say_ehlo(struct conn *c, const char *line, size_t n)
{
	(void)line;
	(void)n;
	reply(c, "250-sink.test\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n"
	    "250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n");
}

static void
say_mail(struct conn *c, const char *line, size_t n)
{
	(void)line;
	(void)n;
	c->has_from = 1;
	c->rcpts = 0;
	c->rcpt_len = 0;
	reply(c, "250 2.1.0 sender\r\n");
}

static void
say_rcpt(struct conn *c, const char *line, size_t n)
{
	if (!c->has_from || c->rcpts == RCPT_MAX) {
		reply(c, "503 5.5.1 not now\r\n");
		return;
	}
	c->rcpts++;
	rcpt_keep(c, line, n);
	reply(c, "250 2.1.5 recipient\r\n");
}

static void
say_data(struct conn *c, const char *line, size_t n)
{
	(void)line;
	(void)n;
	c->in_data = c->rcpts > 0;
	reply(c, c->in_data ? "354 go on\r\n" : "503 5.5.1 RCPT first\r\n");
}

static void
say_quit(struct conn *c, const char *line, size_t n)
{
	(void)line;
	(void)n;
	reply(c, "221 2.0.0 bye\r\n");
	c->quitting = 1;
}

static void
say_ok(struct conn *c, const char *line, size_t n)
{
	(void)line;
	(void)n;
	c->has_from = c->rcpts = 0;
	c->rcpt_len = 0;
	reply(c, "250 2.0.0 ok\r\n");
}

static const struct {
	const char *verb;
	void (*say)(struct conn *c, const char *line, size_t n);
} verbs[] = {
	{ "EHLO", say_ehlo }, { "HELO", say_ok }, { "MAIL FROM:", say_mail },
	{ "RCPT TO:", say_rcpt }, { "DATA", say_data }, { "RSET", say_ok }, { "NOOP", say_ok },
	{ "QUIT", say_quit }
};

/* Whether the line begins with the verb, in ASCII and in any case. */
static int
line_is(const char *line, size_t n, const char *verb)
{
	size_t i;

	for (i = 0; verb[i] != '\0'; i++) {
		if (i == n)
			return 0;
		if (line[i] != verb[i] && (line[i] < 'a' || line[i] > 'z' ||
		    line[i] - 'a' + 'A' != verb[i]))
			return 0;
	}
	return 1;
}

static void
command(struct conn *c, const char *line, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (line_is(line, n, verbs[i].verb)) {
			verbs[i].say(c, line, n);
			return;
		}
	}
	reply(c, "500 5.5.2 not here\r\n");
}

/* A complete line of `n` octets without CRLF. */
static void
take_line(struct conn *c, const char *line, size_t n)
{
	if (c->in_data)
		data_line(c, line, n);
	else
		command(c, line, n);
}

static void
feed(struct conn *c, const char *p, size_t n)
{
	sink.octets += (int64_t)n;
	while (n > 0) {
		const char *nl = memchr(p, '\n', n);
		size_t used = nl != NULL ? (size_t)(nl - p) + 1 : n, len = used;

		if (nl != NULL && c->line_len == 0) {
			len--;
			take_line(c, p, len > 0 && p[len - 1] == '\r' ? len - 1 : len);
		} else {
			if (len > sizeof c->line - c->line_len)
				len = sizeof c->line - c->line_len;	/* no line we look at */
			memcpy(c->line + c->line_len, p, len);
			c->line_len += len;
			if (nl != NULL) {
				while (c->line_len > 0 && (c->line[c->line_len - 1] == '\n' ||
				    c->line[c->line_len - 1] == '\r'))
					c->line_len--;
				len = c->line_len;
				c->line_len = 0;
				take_line(c, c->line, len);
			}
		}
		p += used;
		n -= used;
	}
}

static void
conn_end(int i)
{
	struct conn *c = conns[i];

	close(c->fd);
	free(c->rcpt_text);
	free(c);
	conns[i] = conns[--nconns];
	conns[nconns] = NULL;
}

static void
conn_begin(int listener)
{
	struct conn *c;
	int fd = accept(listener, NULL, NULL), flags, one = 1;

	if (fd < 0)
		return;
	c = nconns < CONN_MAX ? calloc(1, sizeof *c) : NULL;
	flags = fcntl(fd, F_GETFL);
	if (c == NULL || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		close(fd);
		free(c);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	c->fd = fd;
	conns[nconns++] = c;
	sink.connects++;
	if (nconns > sink.at_most)
		sink.at_most = nconns;
	reply(c, "220 sink.test ESMTP\r\n");
}

/* Returns 0 when the connection is over. */
static int
conn_turn(struct conn *c, short revents)
{
	static char bytes[READ_SIZE];
	ssize_t n;

	if (revents & (POLLIN | POLLHUP | POLLERR)) {
		n = recv(c->fd, bytes, sizeof bytes, 0);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return 0;
		if (n > 0)
			feed(c, bytes, (size_t)n);
	}
	if (c->out_len > 0) {
		n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return 0;
		if (n > 0) {
			c->out_len -= (size_t)n;
			memmove(c->out, c->out + n, c->out_len);
		}
	}
	return c->out_len > 0 || !c->quitting;
}

static void
print_counts(void)
{
	printf("{\"messages\": %lld, \"recipients\": %lld, \"octets\": %lld, \"connects\": %lld, "
	    "\"at_most\": %lld, \"open\": %d}\n", (long long)sink.messages,
	    (long long)sink.recipients, (long long)sink.octets, (long long)sink.connects,
	    (long long)sink.at_most, nconns);
	fflush(stdout);
}

/* Serves until standard input ends. */
static void
serve(int listener)
{
	char word[200];
	int i;

	for (;;) {
		pollfds[0] = (struct pollfd){ .fd = 0, .events = POLLIN };
		pollfds[1] = (struct pollfd){ .fd = listener, .events = POLLIN };
		for (i = 0; i < nconns; i++) {
			pollfds[i + 2].fd = conns[i]->fd;
			pollfds[i + 2].events = conns[i]->out_len > 0 ? POLLIN | POLLOUT : POLLIN;
			pollfds[i + 2].revents = 0;
		}
		if (poll(pollfds, (nfds_t)nconns + 2, -1) < 0 && errno != EINTR)
			die("poll", strerror(errno));
		/* Backwards: the last one takes the place of one that ends. */
		for (i = nconns - 1; i >= 0; i--)
			if (pollfds[i + 2].revents != 0 &&
			    !conn_turn(conns[i], pollfds[i + 2].revents))
				conn_end(i);
		if (pollfds[1].revents != 0) {
			conn_begin(listener);
			if (nconns > 0 && !conn_turn(conns[nconns - 1], 0))
				conn_end(nconns - 1);
		}
		if (pollfds[0].revents != 0) {
			if (read(0, word, sizeof word) <= 0)
				return;
			print_counts();
		}
	}
}

static int
listen_on(const char *address, int port)
{
	struct sockaddr_in at;
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	memset(&at, 0, sizeof at);
	at.sin_family = AF_INET;
	at.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, address, &at.sin_addr) != 1 ||
	    ntohl(at.sin_addr.s_addr) >> 24 != 127)
		die("not a loopback address", address);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) < 0)
		die("cannot listen", strerror(errno));
	printf("port %d\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

int
main(int argc, char **argv)
{
	const char *address = "127.0.0.1";
	struct rlimit rl;
	long port = 0;
	char *end;
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			return 0;
		}
		if (i + 1 == argc)
			die("unknown option, or no value", argv[i]);
		if (strcmp(argv[i], "--address") == 0) {
			address = argv[++i];
		} else if (strcmp(argv[i], "--port") == 0) {
			port = strtol(argv[++i], &end, 10);
			if (*end != '\0' || port < 0 || port > 65535)
				die("not a port", argv[i]);
		} else if (strcmp(argv[i], "--log") == 0) {
			sink.log_fd = open(argv[++i], O_WRONLY | O_CREAT | O_APPEND, 0644);
			if (sink.log_fd < 0)
				die(argv[i], strerror(errno));
		} else {
			die("unknown option", argv[i]);
		}
	}
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < CONN_MAX + 64) {
		rl.rlim_cur = rl.rlim_max < CONN_MAX + 64 ? rl.rlim_max : CONN_MAX + 64;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
	serve(listen_on(address, (int)port));
	print_counts();
	return 0;
}
