/*
 * smtpload_session.c - one SMTP client session as a state machine over a non-blocking socket.
 *
 * A message whose connection ends before the reply to its final dot is never sent again: its fate
 * is unknown, and a second copy would look like a duplicate made by the server.
 */
#include "smtpload.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { RETRY_NS = 100 * 1000 * 1000 };

/* What every message has around its token; the token appears three times. */
#define HEAD_FORM \
	"From: <%s>\r\n" \
	"To: undisclosed-recipients:;\r\n" \
	"Subject: load %s\r\n" \
	"Message-ID: <%s@load.invalid>\r\n" \
	"X-Load-Token: %s\r\n" \
	"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n" \
	"MIME-Version: 1.0\r\n" \
	"Content-Type: text/plain; charset=us-ascii\r\n" \
	"\r\n"

static void session_message(struct load *load, struct session *s);

static void
out_add(struct session *s, const char *bytes, size_t n)
{
	if (s->out_at == s->out_len)
		s->out_at = s->out_len = 0;
	if (s->out_len + n > s->out_room) {
		size_t room = (s->out_len + n) * 2 + 1024;
		char *p = realloc(s->out, room);

		if (p == NULL) {
			fputs("smtpload: out of memory\n", stderr);
			exit(2);
		}
		s->out = p;
		s->out_room = room;
	}
	memcpy(s->out + s->out_len, bytes, n);
	s->out_len += n;
}

static void
out_command(struct session *s, const char *before, const char *arg, const char *after)
{
	out_add(s, before, strlen(before));
	out_add(s, arg, strlen(arg));
	out_add(s, after, strlen(after));
}

static enum load_stage
session_stage(const struct session *s)
{
	static const enum load_stage stage[] = {
		[SESSION_OFF] = STAGE_CONNECT, [SESSION_CONNECTING] = STAGE_CONNECT,
		[SESSION_GREETING] = STAGE_GREETING, [SESSION_EHLO] = STAGE_EHLO,
		[SESSION_ENVELOPE] = STAGE_MAIL, [SESSION_CONTENT] = STAGE_DOT,
		[SESSION_RSET] = STAGE_RSET, [SESSION_QUIT] = STAGE_QUIT,
		[SESSION_IDLE] = STAGE_EHLO, [SESSION_DONE] = STAGE_QUIT
	};

	if (s->state != SESSION_ENVELOPE || !s->mail_answered)
		return stage[s->state];
	return s->rcpt_answered < s->rcpt_sent ? STAGE_RCPT : STAGE_DATA;
}

static int
load_wants_more(const struct load *load)
{
	return !load->stopping &&
	    (load->plan.messages == 0 || load->begun < load->plan.messages);
}

int
session_fate_unknown(const struct load *load, const struct session *s)
{
	return s->state == SESSION_CONTENT && s->body_at == load->body.nbytes;
}

/* Closes the socket; the session opens another one later, or is done. */
static void
session_drop(struct load *load, struct session *s, int64_t pause_ns)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	if (session_fate_unknown(load, s))
		load->stats.unfinished++;
	s->out_at = s->out_len = s->in_len = 0;
	s->body_on = 0;
	s->sent_here = 0;
	if (load->plan.idle) {
		s->state = SESSION_DONE;
		load->broken++;
		return;
	}
	s->state = load_wants_more(load) ? SESSION_OFF : SESSION_DONE;
	s->wake_ns = load_now_ns() + pause_ns;
}

static void
session_lost(struct load *load, struct session *s)
{
	stats_lost(&load->stats, session_stage(s));
	session_drop(load, s, RETRY_NS);
}

static void
session_connect(struct load *load, struct session *s)
{
	const struct load_plan *plan = &load->plan;
	int one = 1, flags;

	if (load->stats.first_ns == 0)
		load->stats.first_ns = load_now_ns();
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (s->fd < 0 || (flags = fcntl(s->fd, F_GETFL)) < 0 ||
	    fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		session_lost(load, s);
		return;
	}
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (plan->sources > 0) {
		struct sockaddr_in from;
		uint32_t k = (uint32_t)((load->stats.connects) % plan->sources);

		memset(&from, 0, sizeof from);
		from.sin_family = AF_INET;
		from.sin_addr.s_addr = htonl(UINT32_C(0x7f010001) + (k / 250) * 256 + k % 250);
		if (bind(s->fd, (struct sockaddr *)&from, sizeof from) < 0) {
			session_lost(load, s);
			return;
		}
	}
	load->stats.connects++;
	s->state = SESSION_CONNECTING;
	if (connect(s->fd, (const struct sockaddr *)&plan->server, sizeof plan->server) < 0 &&
	    errno != EINPROGRESS)
		session_lost(load, s);
}

static void
session_quit(struct session *s)
{
	out_add(s, "QUIT\r\n", 6);
	s->state = SESSION_QUIT;
}

static void
send_rcpt(struct load *load, struct session *s)
{
	const struct load_plan *plan = &load->plan;

	out_command(s, "RCPT TO:<",
	    plan->addresses[(s->rcpt_first + (size_t)s->rcpt_sent) % plan->naddresses], ">\r\n");
	s->rcpt_sent++;
}

/* Starts the next message, or ends the session. */
static void
session_next(struct load *load, struct session *s)
{
	const struct load_plan *plan = &load->plan;

	if (!load_wants_more(load) ||
	    (plan->per_connection > 0 && s->sent_here >= plan->per_connection)) {
		session_quit(s);
		return;
	}
	snprintf(s->token, sizeof s->token, "%s-%010lld", plan->token, (long long)load->begun);
	s->rcpt_first = (size_t)load->begun * (size_t)plan->rcpts % plan->naddresses;
	load->begun++;
	load->stats.attempted++;
	s->rcpt_sent = s->rcpt_answered = s->rcpt_ok = 0;
	s->mail_answered = s->data_sent = 0;
	s->state = SESSION_ENVELOPE;
	out_command(s, "MAIL FROM:<", plan->from, ">\r\n");
	if (!plan->pipelining || !s->server_pipelines)
		return;
	while (s->rcpt_sent < plan->rcpts)
		send_rcpt(load, s);
	out_add(s, "DATA\r\n", 6);
	s->data_sent = 1;
}

static void
session_reset(struct session *s)
{
	out_add(s, "RSET\r\n", 6);
	s->state = SESSION_RSET;
}

/* A reply of the envelope: MAIL, then each RCPT, then DATA, in this order. */
static void
envelope_reply(struct load *load, struct session *s, int code)
{
	const struct load_plan *plan = &load->plan;
	int good = code >= 200 && code < 300;

	stats_reply(&load->stats, session_stage(s), code);
	if (!s->mail_answered) {
		s->mail_answered = 1;
		if (s->data_sent)
			return;
		if (good)
			send_rcpt(load, s);
		else
			session_reset(s);
		return;
	}
	if (s->rcpt_answered < s->rcpt_sent) {
		s->rcpt_good[s->rcpt_answered++] = (unsigned char)good;
		s->rcpt_ok += good;
		if (s->data_sent || s->rcpt_answered < s->rcpt_sent)
			return;
		if (s->rcpt_sent < plan->rcpts) {
			send_rcpt(load, s);
		} else if (s->rcpt_ok == 0) {
			session_reset(s);
		} else {
			out_add(s, "DATA\r\n", 6);
			s->data_sent = 1;
		}
		return;
	}
	if (code == 354)
		session_message(load, s);
	else
		session_reset(s);
}

/* After 354.  With no good recipient the server may still answer 354 (RFC 2920, 3.1): send
 * nothing. */
static void
session_message(struct load *load, struct session *s)
{
	char head[1024];
	int n;

	s->state = SESSION_CONTENT;
	s->body_at = 0;
	if (s->rcpt_ok == 0) {
		out_add(s, ".\r\n", 3);
		return;
	}
	n = snprintf(head, sizeof head, HEAD_FORM, load->plan.from, s->token, s->token, s->token);
	out_add(s, head, (size_t)n);
	s->body_on = 1;
}

static void
content_reply(struct load *load, struct session *s, int code)
{
	stats_reply(&load->stats, STAGE_DOT, code);
	if (code >= 200 && code < 300 && s->rcpt_ok > 0) {
		stats_acked(load, s);
		stats_accepted(&load->stats, s->rcpt_ok, load_now_ns() - s->dot_ns);
		load->progress_ns = load->stats.last_ns;
		s->sent_here++;
	}
	session_next(load, s);
}

/* A complete reply, all its lines read.  Returns 0 when the session has no socket any more. */
static int
session_reply(struct load *load, struct session *s, int code)
{
	if (code == 421) {
		stats_reply(&load->stats, session_stage(s), code);
		session_drop(load, s, 2 * (int64_t)RETRY_NS);
		return 0;
	}
	switch (s->state) {
	case SESSION_GREETING:
		stats_reply(&load->stats, STAGE_GREETING, code);
		if (code >= 300)
			break;
		out_command(s, "EHLO ", load->plan.helo, "\r\n");
		s->state = SESSION_EHLO;
		return 1;
	case SESSION_EHLO:
		stats_reply(&load->stats, STAGE_EHLO, code);
		if (code >= 300)
			break;
		if (load->plan.idle) {
			s->state = SESSION_IDLE;
			load->idle_ready++;
		} else {
			session_next(load, s);
		}
		return 1;
	case SESSION_ENVELOPE:
		envelope_reply(load, s, code);
		return 1;
	case SESSION_CONTENT:
		content_reply(load, s, code);
		return 1;
	case SESSION_RSET:
		stats_reply(&load->stats, STAGE_RSET, code);
		session_next(load, s);
		return 1;
	case SESSION_QUIT:
		session_drop(load, s, 0);
		return 0;
	default:
		break;
	}
	session_drop(load, s, RETRY_NS);
	return 0;
}

static int
reply_line(struct load *load, struct session *s, const char *line, size_t n)
{
	static const char word[] = "PIPELINING";
	int code = 0, i;

	for (i = 0; i < 3 && (size_t)i < n && line[i] >= '0' && line[i] <= '9'; i++)
		code = code * 10 + (line[i] - '0');
	if (i < 3)
		code = 599;
	if (s->state == SESSION_EHLO && n >= 4 + sizeof word - 1 &&
	    memcmp(line + 4, word, sizeof word - 1) == 0)
		s->server_pipelines = 1;
	if (i == 3 && n > 3 && line[3] == '-')
		return 1;
	return session_reply(load, s, code);
}

static void
session_read(struct load *load, struct session *s)
{
	char *nl, *at;
	ssize_t got;

	got = recv(s->fd, s->in + s->in_len, sizeof s->in - s->in_len, 0);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (got <= 0) {
		if (s->state == SESSION_QUIT)
			session_drop(load, s, 0);
		else
			session_lost(load, s);
		return;
	}
	s->in_len += (size_t)got;
	at = s->in;
	while ((nl = memchr(at, '\n', s->in_len - (size_t)(at - s->in))) != NULL) {
		if (!reply_line(load, s, at, (size_t)(nl - at)))
			return;
		at = nl + 1;
	}
	s->in_len -= (size_t)(at - s->in);
	memmove(s->in, at, s->in_len);
	if (s->in_len == sizeof s->in)
		session_lost(load, s);
}

static void
session_write(struct load *load, struct session *s)
{
	struct iovec iov[2];
	size_t head = s->out_len - s->out_at;
	ssize_t put;
	int n = 0;

	if (head > 0) {
		iov[n].iov_base = s->out + s->out_at;
		iov[n++].iov_len = head;
	}
	if (s->body_on) {
		iov[n].iov_base = load->body.bytes + s->body_at;
		iov[n++].iov_len = load->body.nbytes - s->body_at;
	}
	if (n == 0)
		return;
	put = writev(s->fd, iov, n);
	if (put < 0) {
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			session_lost(load, s);
		return;
	}
	if ((size_t)put < head) {
		s->out_at += (size_t)put;
		return;
	}
	s->out_at = s->out_len = 0;
	if (!s->body_on)
		return;
	s->body_at += (size_t)put - head;
	if (s->body_at == load->body.nbytes) {
		s->body_on = 0;
		s->dot_ns = load_now_ns();
	}
}

void
session_init(struct session *s, int number)
{
	memset(s, 0, sizeof *s);
	s->fd = -1;
	s->number = number;
	s->state = SESSION_OFF;
}

void
session_fini(struct session *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->out);
}

short
session_events(const struct session *s)
{
	short ev = POLLIN;

	if (s->fd < 0)
		return 0;
	if (s->state == SESSION_CONNECTING)
		return POLLOUT;
	if (s->out_at < s->out_len || s->body_on)
		ev |= POLLOUT;
	return ev;
}

void
session_step(struct load *load, struct session *s, short revents)
{
	if (s->state == SESSION_DONE)
		return;
	if (s->state == SESSION_OFF) {
		if (!load->plan.idle && !load_wants_more(load))
			s->state = SESSION_DONE;
		else if (load_now_ns() >= s->wake_ns)
			session_connect(load, s);
		return;
	}
	if (s->state == SESSION_CONNECTING) {
		int err = 0;
		socklen_t n = sizeof err;

		if (revents == 0)
			return;
		if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &n) < 0 || err != 0) {
			session_lost(load, s);
			return;
		}
		s->state = SESSION_GREETING;
		return;
	}
	if (revents & (POLLIN | POLLHUP | POLLERR))
		session_read(load, s);
	/* Most writes go through at once: try before the next poll. */
	if (s->fd >= 0 && s->state != SESSION_CONNECTING)
		session_write(load, s);
}

size_t
load_head_bytes(const struct load *load)
{
	char token[LOAD_TOKEN_BYTES], head[1024];

	snprintf(token, sizeof token, "%s-%010lld", load->plan.token, 0LL);
	return (size_t)snprintf(head, sizeof head, HEAD_FORM, load->plan.from, token, token, token);
}

int
load_body_make(struct load *load)
{
	size_t head = load_head_bytes(load), want = (size_t)load->plan.size_bytes, left, i;
	unsigned state = 12345;

	left = want > head + 2 ? want - head : 2;
	load->body.nbytes = left + 3;
	load->body.bytes = malloc(load->body.nbytes);
	if (load->body.bytes == NULL)
		return -1;
	for (i = 0; i < left; i++) {
		state = state * 1103515245U + 12345U;
		load->body.bytes[i] = (char)('a' + (state >> 16) % 26);
	}
	for (i = 70; i + 4 < left; i += 72) {
		load->body.bytes[i] = '\r';
		load->body.bytes[i + 1] = '\n';
	}
	memcpy(load->body.bytes + left - 2, "\r\n.\r\n", 5);
	return 0;
}
