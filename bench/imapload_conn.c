/*
 * imapload_conn.c - sockets, TLS, sending, and splitting what arrives into replies.
 *
 * Content of literals and of multi-line replies is counted and hashed as it passes, never kept.
 */
#include "imapload_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TURNS = 8 };			/* reads of one client before others are served */

static const uint64_t FNV_START = UINT64_C(14695981039346656037);

void
conn_tls_init(struct load *load)
{
	load->tls = SSL_CTX_new(TLS_client_method());
	if (load->tls == NULL)
		load_die("no TLS", "SSL_CTX_new");
	SSL_CTX_set_verify(load->tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_mode(load->tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(load->tls, SSL_SESS_CACHE_OFF);
}

void
client_put(struct client *c, const char *bytes, size_t n)
{
	if (c->out_at == c->out_len)
		c->out_at = c->out_len = 0;
	if (c->out_len + n > c->out_room) {
		c->out_room = (c->out_len + n) * 2 + 256;
		c->out = load_realloc(c->out, c->out_room);
	}
	memcpy(c->out + c->out_len, bytes, n);
	c->out_len += n;
}

void
client_command(struct load *load, struct client *c, const char *kind, const char *command)
{
	char tag[24];
	int n;

	if (!load->plan.mode->pop3) {
		n = snprintf(tag, sizeof tag, "a%u ", ++c->tag);
		client_put(c, tag, (size_t)n);
	}
	client_put(c, command, strlen(command));
	client_put(c, "\r\n", 2);
	c->kind = stats_kind(&load->stats, kind);
	c->outstanding++;
	c->untagged = c->octets = 0;
	c->sent_ns = load_now_ns();
}

void
client_end(struct load *load, struct client *c)
{
	client_command(load, c, load->plan.mode->pop3 ? "QUIT" : "LOGOUT",
	    load->plan.mode->pop3 ? "QUIT" : "LOGOUT");
	c->state = CLIENT_CLOSING;
}

void
conn_close(struct load *load, struct client *c)
{
	if (c->ssl != NULL)
		SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->out_at = c->out_len = c->text_len = 0;
	c->literal_left = 0;
	c->multiline = c->greeted = c->outstanding = c->tls_wants_write = c->idling = 0;
	c->stage = c->at = 0;
	c->state = load->plan.mode->comes_again(load) ? CLIENT_OFF : CLIENT_DONE;
}

static void
conn_lost(struct load *load, struct client *c, const char *why)
{
	const char *name = c->outstanding ? load->stats.kinds[c->kind].name : "the greeting";

	stats_error(&load->stats, why, name, strlen(name));
	conn_close(load, c);
}

static void
conn_open(struct load *load, struct client *c)
{
	int one = 1, flags;

	c->open_ns = c->sent_ns = load_now_ns();
	if (load->stats.first_ns == 0)
		load->stats.first_ns = c->open_ns;
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || (flags = fcntl(c->fd, F_GETFL)) < 0 ||
	    fcntl(c->fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		conn_lost(load, c, strerror(errno));
		return;
	}
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	c->state = CLIENT_CONNECTING;
	if (connect(c->fd, (const struct sockaddr *)&load->plan.server,
	    sizeof load->plan.server) < 0 && errno != EINPROGRESS)
		conn_lost(load, c, strerror(errno));
}

/* The greeting, or the last reply to a command: the next step is the mode's. */
static void
client_advance(struct load *load, struct client *c)
{
	if (c->outstanding < load->plan.window && c->state == CLIENT_OPEN)
		load->plan.mode->ready(load, c);
}

/* A reply ends a command.  Returns 0 when the connection is closed. */
static int
client_answered(struct load *load, struct client *c, int good, const struct reply *r)
{
	const struct mode *mode = load->plan.mode;
	int64_t now = load_now_ns();

	stats_command(&load->stats, c->kind, now - c->sent_ns, c->untagged, c->octets);
	if (!good && (mode->tolerates == NULL || !mode->tolerates(load, c, r))) {
		stats_error(&load->stats, load->stats.kinds[c->kind].name, r->text, r->n);
		if (mode->operation_is_cycle || c->stage <= 1) {
			conn_close(load, c);
			return 0;
		}
	}
	if (!mode->operation_is_cycle && c->state == CLIENT_OPEN)
		stats_operation(&load->stats, now - c->sent_ns);
	c->outstanding--;
	if (c->state == CLIENT_CLOSING && c->outstanding == 0) {
		if (mode->operation_is_cycle)
			stats_operation(&load->stats, now - c->open_ns);
		conn_close(load, c);
		return 0;
	}
	client_advance(load, c);
	return c->fd >= 0;
}

/* One IMAP response.  Returns 0 when the connection is closed. */
static int
imap_reply(struct load *load, struct client *c, const struct reply *r)
{
	const struct mode *mode = load->plan.mode;
	char tag[16];
	int n;

	if (!c->greeted) {
		c->greeted = 1;
		if (!text_begins(r->text, r->n, "* OK")) {
			stats_error(&load->stats, "greeting", r->text, r->n);
			conn_close(load, c);
			return 0;
		}
		client_advance(load, c);
		return 1;
	}
	if (text_begins(r->text, r->n, "* ")) {
		c->untagged++;
		if (text_begins(r->text, r->n, "* BYE") && c->state != CLIENT_CLOSING) {
			stats_error(&load->stats, "unasked", r->text, r->n);
			conn_close(load, c);
			return 0;
		}
		if (mode->untagged != NULL)
			mode->untagged(load, c, r);
		return 1;
	}
	if (r->n > 0 && r->text[0] == '+') {
		if (mode->more != NULL)
			mode->more(load, c);
		return 1;
	}
	n = snprintf(tag, sizeof tag, "a%u ", c->tag);
	if (c->outstanding == 0 || !text_begins(r->text, r->n, tag)) {
		stats_error(&load->stats, "not a reply to what was asked", r->text, r->n);
		conn_close(load, c);
		return 0;
	}
	return client_answered(load, c, text_begins(r->text + n, r->n - (size_t)n, "OK"), r);
}

/* One POP3 status line, or the end of the lines behind it. */
static int
pop3_reply(struct load *load, struct client *c, const struct reply *r, int ended)
{
	int good = text_begins(r->text, r->n, "+OK");

	if (!c->greeted) {
		c->greeted = 1;
		if (!good) {
			stats_error(&load->stats, "greeting", r->text, r->n);
			conn_close(load, c);
			return 0;
		}
		client_advance(load, c);
		return 1;
	}
	if (!ended && good && c->needs_more) {
		c->multiline = 1;
		c->reply.literal_bytes = 0;
		return 1;
	}
	if (c->outstanding == 0) {
		stats_error(&load->stats, "not a reply to what was asked", r->text, r->n);
		conn_close(load, c);
		return 0;
	}
	if (load->plan.mode->untagged != NULL)
		load->plan.mode->untagged(load, c, r);
	return client_answered(load, c, good || ended, r);
}

/* The octets a literal at the end of this line announces, or -1. */
static int64_t
literal_announced(const char *text, size_t n)
{
	size_t at;
	int64_t v;

	if (n < 3 || text[n - 1] != '}')
		return -1;
	for (at = n - 2; at > 0 && text[at] >= '0' && text[at] <= '9'; at--)
		continue;
	if (text[at] != '{' || at == n - 2)
		return -1;
	at++;
	v = text_number(text, n, &at);
	return at == n - 1 ? v : -1;
}

static void
text_add(struct client *c, const char *p, size_t n)
{
	if (c->text_len + n > TEXT_MAX)
		load_die("a reply has no end", "more than 4 MiB without a line's end");
	if (c->text_len + n > c->text_room) {
		c->text_room = (c->text_len + n) * 2 + 256;
		c->text = load_realloc(c->text, c->text_room);
	}
	memcpy(c->text + c->text_len, p, n);
	c->text_len += n;
}

static size_t
literal_take(struct load *load, struct client *c, const char *p, size_t n)
{
	size_t i, take = (int64_t)n > c->literal_left ? (size_t)c->literal_left : n;

	if (load->plan.mode->ready == stress_ready)
		for (i = 0; i < take; i++)
			c->reply.literal_hash =
			    (c->reply.literal_hash ^ (unsigned char)p[i]) * UINT64_C(1099511628211);
	c->literal_left -= (int64_t)take;
	return take;
}

/* A line is complete in `text`.  Returns 0 when the connection is closed. */
static int
imap_line(struct load *load, struct client *c, const char *text, size_t n)
{
	int64_t literal = literal_announced(text, n);
	int open;

	if (literal >= 0) {
		if (text != c->text)
			text_add(c, text, n);
		c->literal_left = c->reply.literal_bytes = literal;
		c->reply.literal_hash = FNV_START;
		c->reply.literals++;
		return 1;
	}
	c->reply.text = text;
	c->reply.n = n;
	open = imap_reply(load, c, &c->reply);
	c->text_len = 0;
	c->reply.literals = 0;
	c->reply.literal_bytes = 0;
	return open;
}

static int
pop3_line(struct load *load, struct client *c, const char *text, size_t n)
{
	int open, ended = c->multiline;

	if (c->multiline && !(n == 1 && text[0] == '.')) {
		/* A line that begins with a dot has one more (RFC 1939, 3). */
		c->reply.literal_bytes += (int64_t)n + 2 - (n > 0 && text[0] == '.');
		c->text_len = 0;
		return 1;
	}
	c->reply.text = text;
	c->reply.n = n;
	c->multiline = 0;
	open = pop3_reply(load, c, &c->reply, ended);
	c->text_len = 0;
	return open;
}

/* Splits `n` octets into lines and literals. */
static void
conn_feed(struct load *load, struct client *c, const char *p, size_t n)
{
	int pop3 = load->plan.mode->pop3, open = 1;

	c->octets += (int64_t)n;
	while (n > 0 && open) {
		const char *nl, *line = p;
		size_t len, used;

		if (c->literal_left > 0) {
			used = literal_take(load, c, p, n);
			p += used;
			n -= used;
			continue;
		}
		nl = memchr(p, '\n', n);
		if (nl == NULL) {
			text_add(c, p, n);
			return;
		}
		used = len = (size_t)(nl - p) + 1;
		if (c->text_len > 0) {
			text_add(c, p, used);
			line = c->text;
			len = c->text_len;
		}
		len--;
		if (len > 0 && line[len - 1] == '\r')
			len--;
		if (line == c->text)
			c->text_len = len;
		p += used;
		n -= used;
		open = pop3 ? pop3_line(load, c, line, len) : imap_line(load, c, line, len);
	}
}

/* Returns octets read, 0 when none are there now, -1 at the end. */
static ssize_t
conn_recv(struct client *c, char *p, size_t room)
{
	ssize_t got;
	int err;

	if (c->ssl == NULL) {
		got = recv(c->fd, p, room, 0);
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return 0;
		return got > 0 ? got : -1;
	}
	got = SSL_read(c->ssl, p, (int)room);
	if (got > 0)
		return got;
	err = SSL_get_error(c->ssl, (int)got);
	return err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static ssize_t
conn_send(struct client *c, const char *p, size_t n)
{
	ssize_t put;
	int err;

	if (c->ssl == NULL) {
		put = send(c->fd, p, n, MSG_NOSIGNAL);
		if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return 0;
		return put;
	}
	put = SSL_write(c->ssl, p, (int)n);
	if (put > 0)
		return put;
	err = SSL_get_error(c->ssl, (int)put);
	c->tls_wants_write = err == SSL_ERROR_WANT_WRITE;
	return err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static void
conn_read(struct load *load, struct client *c)
{
	static char bytes[READ_BYTES];
	int turn;

	for (turn = 0; turn < TURNS || (c->ssl != NULL && SSL_pending(c->ssl) > 0); turn++) {
		ssize_t got = conn_recv(c, bytes, sizeof bytes);

		if (got == 0)
			return;
		if (got < 0) {
			conn_lost(load, c, "the server closed the connection during");
			return;
		}
		conn_feed(load, c, bytes, (size_t)got);
		if (c->fd < 0 || (c->ssl == NULL && (size_t)got < sizeof bytes))
			return;
	}
}

static void
conn_write(struct load *load, struct client *c)
{
	ssize_t put;

	while (c->out_at < c->out_len) {
		put = conn_send(c, c->out + c->out_at, c->out_len - c->out_at);
		if (put < 0)
			conn_lost(load, c, "cannot send");
		if (put <= 0)
			return;
		c->out_at += (size_t)put;
	}
}

static void
conn_handshake(struct load *load, struct client *c)
{
	int done, err;

	if (c->ssl == NULL) {
		c->ssl = SSL_new(load->tls);
		if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1)
			load_die("no TLS", "SSL_new");
	}
	done = SSL_connect(c->ssl);
	err = done == 1 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, done);
	c->tls_wants_write = err == SSL_ERROR_WANT_WRITE;
	if (err == SSL_ERROR_NONE)
		c->state = CLIENT_OPEN;
	else if (err != SSL_ERROR_WANT_READ && err != SSL_ERROR_WANT_WRITE)
		conn_lost(load, c, "TLS handshake failed before");
}

short
conn_events(const struct client *c)
{
	short ev = POLLIN;

	if (c->fd < 0)
		return 0;
	if (c->state == CLIENT_CONNECTING)
		return POLLOUT;
	if (c->tls_wants_write || c->out_at < c->out_len)
		ev |= POLLOUT;
	return ev;
}

void
conn_step(struct load *load, struct client *c, short revents)
{
	if (c->state == CLIENT_DONE)
		return;
	if (c->state == CLIENT_OFF) {
		conn_open(load, c);
		return;
	}
	if (c->state == CLIENT_CONNECTING) {
		int err = 0;
		socklen_t n = sizeof err;

		if (revents == 0)
			return;
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &n) < 0 || err != 0) {
			conn_lost(load, c, strerror(err));
			return;
		}
		if (load->plan.mode->begins != NULL)
			load->plan.mode->begins(load, c);
		c->state = load->plan.tls ? CLIENT_HANDSHAKE : CLIENT_OPEN;
	}
	if (c->state == CLIENT_HANDSHAKE)
		conn_handshake(load, c);
	else if (revents & (POLLIN | POLLHUP | POLLERR))
		conn_read(load, c);
	/* Most writes go through at once: try before the next poll. */
	if (c->state == CLIENT_OPEN || c->state == CLIENT_CLOSING)
		conn_write(load, c);
}

void
conn_fini(struct client *c)
{
	if (c->ssl != NULL)
		SSL_free(c->ssl);
	if (c->fd >= 0)
		close(c->fd);
	free(c->out);
	free(c->text);
	stress_fini(c);
}
