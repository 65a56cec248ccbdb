/*
 * The conversation with esmtpd's local socket: RFC 5321 client side; SIZE (RFC 1870), 8BITMIME
 * (RFC 6152), DSN (RFC 3461), PIPELINING (RFC 2920) when they are announced. Nothing is sent unless
 * every recipient was taken: who submits hears at once what is wrong, and can send again.
 */
#include "cmd/sendmail.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/num.h"
#include "base/utf8.h"

#define PATIENCE_MS (10 * 60 * 1000) /* RFC 5321 section 4.5.3.2 */
#define QUIT_PATIENCE_MS 2000
#define REPLY_MAX ((size_t)64 * 1024)
#define GROUP 50 /* RCPTs sent before their replies are read: both ends' buffers hold that */

enum { EXT_SIZE = 1, EXT_8BITMIME = 2, EXT_DSN = 4, EXT_PIPELINING = 8 };

struct client {
	int fd;
	struct buf in;    /* read, not used yet */
	struct buf reply; /* the last reply, lines ended by LF */
	unsigned code;    /* of it */
	unsigned ext;
	bool line_start; /* of the content sent */
	bool in_content; /* between DATA and its end */
	bool dead;       /* the conversation broke */
	int patience_ms;
	char trouble[200]; /* why the conversation cannot go on; empty: it can */
};

/* ---- bytes ---- */

static bool
fail(struct client *c, const char *what, int err)
{
	c->dead = true;
	snprintf(c->trouble, sizeof(c->trouble), "%s%s%s", what, err ? ": " : "",
	    err ? strerror(err) : "");
	return false;
}

/* Waits for POLLIN or POLLOUT; what is ready, or 0 when it failed. */
static short
wait_for(struct client *c, short events)
{
	struct pollfd p = {.fd = c->fd, .events = events};
	int n;

	do {
		n = poll(&p, 1, c->patience_ms);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		return p.revents;
	fail(c, n < 0 ? "poll" : "the server did not answer in time", n < 0 ? errno : 0);
	return 0;
}

/* While content goes out the server has nothing to say, unless it gives up. */
static bool
send_bytes(struct client *c, struct slice s, bool hear)
{
	while (s.n) {
		short ready = wait_for(c, (short)(hear ? POLLIN | POLLOUT : POLLOUT));
		ssize_t n;

		if (!ready)
			return false;
		if (hear && (ready & POLLIN))
			return fail(c, "the server broke off", 0);
		n = send(c->fd, s.p, s.n, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return fail(c, "the server broke off", errno);
		if (n > 0)
			s = sl_skip(s, (size_t)n);
	}
	return true;
}

static bool
more_input(struct client *c)
{
	unsigned char *room;
	ssize_t n;

	if (!wait_for(c, POLLIN))
		return false;
	room = buf_room(&c->in, 4096);
	if (!room)
		return fail(c, "the server's reply is too long", 0);
	do {
		n = recv(c->fd, room, 4096, 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return fail(c, "the server closed the connection", n < 0 ? errno : 0);
	buf_added(&c->in, (size_t)n);
	return true;
}

/* ---- replies ---- */

/* One line off the input; false when reading failed. */
static bool
take_line(struct client *c, unsigned *code, bool *last, struct slice *text, size_t *used)
{
	struct slice rest, line;
	uint64_t n;

	while (sl_find(buf_slice(&c->in), '\n') == c->in.n)
		if (!more_input(c))
			return false;
	rest = buf_slice(&c->in);
	sl_cut(&rest, '\n', &line);
	*used = line.n + 1;
	line = sl_trim(line);
	if (line.n < 3 || !num_u64(sl_sub(line, 0, 3), 599, &n) || n < 200 ||
	    (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-'))
		return fail(c, "the server's reply cannot be understood", 0);
	*code = (unsigned)n;
	*last = line.n == 3 || line.p[3] == ' ';
	*text = sl_skip(line, 4);
	return true;
}

/* RFC 5321 section 4.2.1: all lines of a reply. */
static bool
read_reply(struct client *c)
{
	bool last = false;
	struct slice text;
	size_t used;

	buf_clear(&c->reply);
	while (!last) {
		if (!take_line(c, &c->code, &last, &text, &used))
			return false;
		buf_put(&c->reply, text);
		buf_put_byte(&c->reply, '\n');
		buf_drop(&c->in, used);
	}
	return true;
}

/* Says what the server did not like; the exit status (COURIER.md: EX_NOUSER on 5xx, EX_TEMPFAIL
 * otherwise). */
static int
refused(const struct client *c, struct slice about)
{
	struct slice text = buf_slice(&c->reply), line;

	while (text.n) {
		sl_cut(&text, '\n', &line);
		cmd_complain("sendmail", "%.*s%s%u %.*s", SL_FMT(about), about.n ? ": " : "",
		    c->code, SL_FMT(line));
	}
	return c->code >= 500 ? EXIT_NOUSER : EXIT_TEMP;
}

/* The conversation broke. When the server said why, that is the reason. */
static int
broken(struct client *c)
{
	char why[sizeof(c->trouble)];

	memcpy(why, c->trouble, sizeof(why));
	c->trouble[0] = '\0';
	if (c->in.n || (poll(&(struct pollfd){.fd = c->fd, .events = POLLIN}, 1, 0) > 0))
		if (read_reply(c) && c->code >= 400)
			return refused(c, SL_NONE);
	cmd_complain("sendmail", "%s", why);
	return EXIT_TEMP;
}

static int
command(struct client *c, struct buf *line)
{
	bool sent = buf_ok(line) && send_bytes(c, buf_slice(line), false);

	buf_fini(line);
	return sent && read_reply(c) ? EXIT_GOOD : broken(c);
}

/* ---- the steps ---- */

static const struct {
	const char *name;
	unsigned ext;
} ext_rows[] = {
    {"SIZE", EXT_SIZE},
    {"8BITMIME", EXT_8BITMIME},
    {"DSN", EXT_DSN},
    {"PIPELINING", EXT_PIPELINING},
};

static void
read_extensions(struct client *c)
{
	struct slice text = buf_slice(&c->reply), line, word;

	while (text.n) {
		sl_cut(&text, '\n', &line);
		sl_cut(&line, ' ', &word);
		for (size_t i = 0; i < COUNT_OF(ext_rows); i++)
			if (sl_ieq(word, sl_str(ext_rows[i].name)))
				c->ext |= ext_rows[i].ext;
	}
}

/* A name for EHLO: ours, when it can be one. */
static void
put_host(struct buf *out)
{
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0';
	for (size_t i = 0; host[i]; i++)
		if (!ascii_is_alnum((unsigned char)host[i]) && host[i] != '-' && host[i] != '.')
			host[0] = '\0';
	buf_put_str(out, host[0] ? host : "localhost");
}

static int
hello(struct client *c)
{
	struct buf line;
	int status;

	if (!read_reply(c))
		return broken(c);
	if (c->code != 220)
		return refused(c, SL_NONE);
	buf_init(&line, 1024);
	buf_put(&line, SL("EHLO "));
	put_host(&line);
	buf_put(&line, SL("\r\n"));
	status = command(c, &line);
	if (status == EXIT_GOOD && c->code != 250)
		return refused(c, SL_NONE);
	read_extensions(c);
	return status;
}

/* xtext of RFC 3461 section 4 */
static void
put_xtext(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '+' || s.p[i] == '=')
			buf_fmt(out, "+%02X", s.p[i]);
		else
			buf_put_byte(out, s.p[i]);
	}
}

/* All of the message when it is here already, else what the file has: RFC 1870 wants no more than
 * an estimate. */
static uint64_t
known_size(const struct sendmail *s)
{
	struct stat st;
	off_t at;

	if (s->in.eof)
		return s->head.n + s->in.out.n;
	at = lseek(s->in.fd, 0, SEEK_CUR);
	if (at < 0 || fstat(s->in.fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < at)
		return 0;
	return s->head.n + s->in.out.n + (uint64_t)(st.st_size - at);
}

static int
mail_from(struct client *c, const struct sendmail *s)
{
	bool may_8bit = !s->in.eof || utf8_has_8bit(buf_slice(&s->in.out)) ||
			utf8_has_8bit(buf_slice(&s->head));
	uint64_t size = known_size(s);
	struct buf line;
	int status;

	buf_init(&line, 8192);
	buf_fmt(&line, "MAIL FROM:<%.*s>", SL_FMT(s->sender));
	if ((c->ext & EXT_SIZE) && size)
		buf_fmt(&line, " SIZE=%llu", (unsigned long long)size);
	if ((c->ext & EXT_8BITMIME) && may_8bit)
		buf_put(&line, SL(" BODY=8BITMIME"));
	if ((c->ext & EXT_DSN) && s->ret)
		buf_fmt(&line, " RET=%s", s->ret);
	if ((c->ext & EXT_DSN) && s->envid) {
		buf_put(&line, SL(" ENVID="));
		put_xtext(&line, sl_str(s->envid));
	}
	buf_put(&line, SL("\r\n"));
	status = command(c, &line);
	if (status == EXIT_GOOD && c->code != 250)
		return refused(c, s->sender);
	return status;
}

/* RCPT for some, then their replies. What is wrong is said for each; the worst status counts. */
static int
rcpt_group(struct client *c, const struct sendmail *s, uint32_t from, uint32_t to)
{
	int status = EXIT_GOOD;
	struct buf lines;
	bool sent;

	buf_init(&lines, GROUP * 2048);
	for (uint32_t i = from; i < to; i++) {
		buf_fmt(&lines, "RCPT TO:<%.*s>", SL_FMT(s->rcpts.v[i]));
		if ((c->ext & EXT_DSN) && s->notify)
			buf_fmt(&lines, " NOTIFY=%s", s->notify);
		buf_put(&lines, SL("\r\n"));
	}
	sent = buf_ok(&lines) && send_bytes(c, buf_slice(&lines), false);
	buf_fini(&lines);
	if (!sent)
		return broken(c);
	for (uint32_t i = from; i < to; i++) {
		int one;

		if (!read_reply(c))
			return broken(c);
		if (c->code == 421) /* RFC 5321 section 3.8: no more replies come */
			return refused(c, s->rcpts.v[i]);
		one = c->code / 100 == 2 ? EXIT_GOOD : refused(c, s->rcpts.v[i]);
		if (status == EXIT_GOOD || one == EXIT_NOUSER)
			status = one != EXIT_GOOD ? one : status;
	}
	return status;
}

static int
rcpt_to(struct client *c, const struct sendmail *s)
{
	uint32_t step = c->ext & EXT_PIPELINING ? GROUP : 1;
	int status = EXIT_GOOD;

	for (uint32_t i = 0; i < s->rcpts.n; i += step) {
		int one = rcpt_group(c, s, i, s->rcpts.n - i < step ? s->rcpts.n : i + step);

		if (status == EXIT_GOOD || one == EXIT_NOUSER)
			status = one != EXIT_GOOD ? one : status;
		if (c->dead || c->code == 421)
			break;
	}
	return status;
}

/* RFC 5321 section 4.5.2: a dot more where a line begins with one. */
static bool
send_content(struct client *c, struct slice s)
{
	struct buf out;
	bool sent;

	buf_init(&out, 2 * s.n + 16);
	while (s.n) {
		struct slice line;
		bool ended = sl_cut(&s, '\n', &line);

		if (c->line_start && line.n && line.p[0] == '.')
			buf_put_byte(&out, '.');
		buf_put(&out, line);
		if (ended)
			buf_put_byte(&out, '\n');
		c->line_start = ended;
	}
	sent = send_bytes(c, buf_slice(&out), true);
	buf_fini(&out);
	return sent;
}

static int
data(struct client *c, struct sendmail *s)
{
	struct buf line;
	int status;

	buf_init(&line, 16);
	buf_put(&line, SL("DATA\r\n"));
	status = command(c, &line);
	if (status != EXIT_GOOD)
		return status;
	if (c->code != 354)
		return refused(c, SL_NONE);
	c->line_start = c->in_content = true;
	if (!send_content(c, buf_slice(&s->head)))
		return broken(c);
	do {
		if (!send_content(c, buf_slice(&s->in.out)))
			return broken(c);
		buf_clear(&s->in.out);
	} while (input_fill(&s->in) || s->in.out.n);
	if (s->in.error) {
		/* Without the final dot nothing is taken: RFC 5321 section 4.1.1.4. */
		cmd_complain("sendmail", "standard input: %s", strerror(s->in.error));
		return EXIT_IO;
	}
	buf_init(&line, 16);
	buf_put(&line, SL(".\r\n"));
	status = command(c, &line);
	c->in_content = false;
	if (status == EXIT_GOOD && c->code != 250)
		return refused(c, SL_NONE);
	return status;
}

/* RFC 5321 section 4.1.1.10. What becomes of the message is decided; the reply is not worth a wait.
 */
static void
quit(struct client *c)
{
	c->patience_ms = QUIT_PATIENCE_MS;
	if (!c->dead && !c->in_content && send_bytes(c, SL("QUIT\r\n"), false))
		(void)read_reply(c);
}

static int
transaction(struct client *c, struct sendmail *s)
{
	int status = hello(c);

	if (status == EXIT_GOOD)
		status = mail_from(c, s);
	if (status == EXIT_GOOD)
		status = rcpt_to(c, s);
	if (status == EXIT_GOOD)
		status = data(c, s);
	return status;
}

static int
connect_server(const struct sendmail *s)
{
	struct fault f;
	int fd = cmd_connect(&s->paths, "smtp/socket", &f);

	if (fd < 0)
		cmd_complain("sendmail", "%s", f.text);
	return fd;
}

int
sendmail_deliver(struct sendmail *s)
{
	struct client c = {.fd = connect_server(s), .patience_ms = PATIENCE_MS};
	int status;

	if (c.fd < 0)
		return EXIT_TEMP;
	buf_init(&c.in, REPLY_MAX);
	buf_init(&c.reply, REPLY_MAX);
	status = transaction(&c, s);
	quit(&c);
	close(c.fd);
	buf_fini(&c.in);
	buf_fini(&c.reply);
	return status;
}

/* ---- -bs ---- */

/* Carries what is there from one to the other: 1, 0 at the end, -1. */
static int
carry(int from, int to)
{
	unsigned char block[65536];
	ssize_t n = read(from, block, sizeof(block));
	struct slice rest;

	if (n <= 0)
		return n < 0 && errno == EINTR ? 1 : (int)n;
	for (rest = sl_mem(block, (size_t)n); rest.n;) {
		n = write(to, rest.p, rest.n);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			rest = sl_skip(rest, (size_t)n);
	}
	return 1;
}

int
sendmail_relay(struct sendmail *s)
{
	int fd = connect_server(s), there = 1, back = 1;

	if (fd < 0)
		return EXIT_TEMP;
	while (back > 0) {
		struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
		    {.fd = there > 0 ? STDIN_FILENO : -1, .events = POLLIN}};

		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			break;
		}
		if (p[0].revents)
			back = carry(fd, STDOUT_FILENO);
		if (back > 0 && p[1].revents && (there = carry(STDIN_FILENO, fd)) <= 0)
			shutdown(fd, SHUT_WR);
	}
	close(fd);
	return back == 0 ? EXIT_GOOD : EXIT_TEMP;
}
