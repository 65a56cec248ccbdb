/*
 * Forwarding: the message goes to the server's local SMTP socket as one transaction, with a
 * Delivered-To field in front that lets a loop be noticed, and with the envelope sender it came
 * with. The client is in lock-step: it sends when the reply to what it sent before is there.
 *
 * RFC 5321 sections 4.2 (replies) and 4.5.2 (transparency); RFC 2034, RFC 3463 (status codes).
 */
#include "daemon/courierlocal/local.h"

#include <stdio.h>
#include <unistd.h>

#include "base/ascii.h"
#include "message/trace.h"
#include "net/listener.h"
#include "net/log.h"
#include "net/stream.h"

#define LINE_MAX_BYTES 4096
#define OUT_MAX_BYTES (4u * MAILDIR_PIECE_BYTES)
#define SOCKET_NAME "/smtp/socket"
#define FLAG_8BIT (1u << 0) /* deliver.flags */

enum step { STEP_GREETING, STEP_EHLO, STEP_MAIL, STEP_RCPT, STEP_DATA, STEP_BODY, STEP_DOT };

struct forward {
	struct run *r;
	struct stream *stream;
	struct watch watch;
	enum step step;
	size_t rcpt, accepted; /* the one asked for; how many were taken */
	struct buf in, out;
	struct maildir_reader reader;
	bool reading, line_start, has_8bit;
	struct fault refused; /* one of the recipients was */
};

static void on_ready(struct watch *w, unsigned ready);

static void
forward_free(struct forward *w)
{
	w->r->forward = NULL;
	if (w->reading)
		maildir_reader_stop(&w->reader);
	loop_forget(&w->watch);
	w->stream->ops->free(w->stream);
	buf_fini(&w->in);
	buf_fini(&w->out);
	mem_free(w);
}

static void
forward_end(struct forward *w, const struct fault *f)
{
	struct run *r = w->r;

	forward_free(w);
	run_continue(r, f);
}

void
forward_abort(struct run *r)
{
	if (r->forward)
		forward_free(r->forward);
}

/* ---- replies ---- */

/* The fault a reply line says; its own status code when it has one of the right class. */
static void
fault_of_reply(struct slice line, struct fault *f)
{
	unsigned char class = line.p[0] == '5' ? '5' : '4';
	const struct slice words = sl_trim(sl_skip(line, 4));
	unsigned numbers[3] = {0}, part = 0;
	size_t i = 0;

	for (; i < words.n && part < 3; i++) {
		if (ascii_is_digit(words.p[i]) && numbers[part] < 100)
			numbers[part] = numbers[part] * 10 + (unsigned)(words.p[i] - '0');
		else if (words.p[i] == '.')
			part++;
		else
			break;
	}
	fault_set(f, class == '5' ? ST_PERM : ST_TEMP, class == '5' ? "5.0.0" : "4.0.0",
	    "forwarding: %.*s", SL_FMT(line));
	if (part == 2 && numbers[0] == (unsigned)(class - '0') && numbers[1] < 100 &&
	    numbers[2] < 256) {
		f->esc[1] = (uint8_t)numbers[1];
		f->esc[2] = (uint8_t)numbers[2];
	}
}

/* ---- what we say ---- */

static void
say_mail(struct forward *w)
{
	const struct delivery *d = w->r->d;

	buf_put_str(&w->out, "MAIL FROM:<");
	buf_put(&w->out, d->sender);
	buf_put_str(&w->out, ">");
	if (w->has_8bit && (d->flags & FLAG_8BIT))
		buf_put_str(&w->out, " BODY=8BITMIME");
	buf_put_str(&w->out, "\r\n");
	w->step = STEP_MAIL;
}

static void
say_rcpt(struct forward *w)
{
	struct slice address = w->r->now->addresses[w->rcpt];

	buf_put_str(&w->out, "RCPT TO:<");
	buf_put(&w->out, address);
	if (sl_rfind(address, '@') == address.n) { /* one of ours */
		buf_put_byte(&w->out, '@');
		buf_put_str(&w->out, proc_conf(w->r->d->l->p)->site.defaultdomain);
	}
	buf_put_str(&w->out, ">\r\n");
	w->step = STEP_RCPT;
}

static void
say(struct forward *w, const char *command, enum step step)
{
	buf_put_str(&w->out, command);
	w->step = step;
}

/* Dots at the start of lines are doubled, RFC 5321 section 4.5.2. */
static void
put_stuffed(struct forward *w, struct slice in)
{
	while (in.n) {
		size_t n = sl_find(in, '\n');

		if (w->line_start && in.p[0] == '.')
			buf_put_byte(&w->out, '.');
		w->line_start = n < in.n;
		n += n < in.n;
		buf_put(&w->out, sl_sub(in, 0, n));
		in = sl_skip(in, n);
	}
}

static void
begin_body(struct forward *w)
{
	trace_put_delivered_to(&w->out, w->r->address, "\r\n");
	maildir_reader_start(&w->reader, &w->r->d->body, true);
	w->reading = w->line_start = true;
	w->step = STEP_BODY;
}

/* The next piece of the message, or its end. */
static enum st
put_body(struct forward *w, struct fault *f)
{
	struct buf piece;
	enum st st;

	buf_init(&piece, MAILDIR_PIECE_BYTES);
	st = maildir_reader_next(&w->reader, &piece, f);
	if (st == ST_OK || st == ST_AGAIN)
		put_stuffed(w, buf_slice(&piece));
	buf_fini(&piece);
	if (st == ST_OK) {
		maildir_reader_stop(&w->reader);
		w->reading = false;
		buf_put_str(&w->out, w->line_start ? ".\r\n" : "\r\n.\r\n");
		w->step = STEP_DOT;
	}
	return st;
}

/* ---- the dialogue ---- */

static enum st
after_rcpt(struct forward *w, bool good, struct slice line, struct fault *f)
{
	if (good) {
		w->accepted++;
	} else {
		fault_of_reply(line, &w->refused);
		if (w->refused.esc[0] == 4) { /* all of them later: none twice */
			*f = w->refused;
			return f->st;
		}
	}
	if (++w->rcpt < w->r->now->address_count) {
		say_rcpt(w);
	} else if (w->accepted) {
		say(w, "DATA\r\n", STEP_DATA);
	} else {
		*f = w->refused;
		return f->st;
	}
	return ST_AGAIN;
}

/* The last line of a reply came. ST_AGAIN: go on; else the end of it. */
static enum st
take_reply(struct forward *w, struct slice line, struct fault *f)
{
	bool good = line.p[0] == '2' || line.p[0] == '3';

	*f = FAULT_NONE;
	if (w->step == STEP_RCPT)
		return after_rcpt(w, good, line, f);
	if (!good) {
		fault_of_reply(line, f);
		return f->st;
	}
	switch (w->step) {
	case STEP_GREETING:
		say(w, "EHLO localhost\r\n", STEP_EHLO);
		return ST_AGAIN;
	case STEP_EHLO:
		say_mail(w);
		return ST_AGAIN;
	case STEP_MAIL:
		say_rcpt(w);
		return ST_AGAIN;
	case STEP_DATA:
		begin_body(w);
		return ST_AGAIN;
	case STEP_DOT:
		log_event(LOG_LEVEL_INFO, "forwarded", KV_SL("id", w->r->d->id),
		    KV_SL("addr", w->r->address), KV_SL("to", w->r->now->addresses[0]),
		    KV_U64("count", w->accepted), KV_SL("reply", line), KV_END);
		/* The addresses that were refused for good come back to the sender. */
		*f = w->refused;
		return f->st;
	default:
		return fault_set(f, ST_TEMP, "4.3.0", "forwarding: a reply to nothing");
	}
}

static enum st
take_line(struct forward *w, struct slice line, struct fault *f)
{
	if (line.n < 3 || !ascii_is_digit(line.p[0]))
		return fault_set(f, ST_TEMP, "4.3.0", "forwarding: what came is no reply");
	if (w->step == STEP_EHLO && sl_ieq(sl_trim(sl_skip(line, 4)), SL("8BITMIME")))
		w->has_8bit = true;
	if (line.n > 3 && line.p[3] == '-')
		return ST_AGAIN;
	return take_reply(w, line, f);
}

static enum st
read_replies(struct forward *w, struct fault *f)
{
	size_t n;
	unsigned char *room = buf_room(&w->in, 1024);
	enum st st;

	if (!room)
		return fault_set(f, ST_LIMIT, "4.3.0", "forwarding: a reply that is too long");
	st = w->stream->ops->read(w->stream, room, 1024, &n, f);
	if (st == ST_AGAIN)
		return ST_AGAIN;
	if (st != ST_OK)
		return fault_set(f, ST_TEMP, "4.3.0", "forwarding: the server went away");
	buf_added(&w->in, n);
	for (size_t end; (end = sl_find(buf_slice(&w->in), '\n')) < w->in.n;) {
		st = take_line(w, sl_trim(sl_sub(buf_slice(&w->in), 0, end)), f);
		if (st != ST_AGAIN)
			return st;
		buf_drop(&w->in, end + 1);
	}
	return ST_AGAIN;
}

static enum st
write_out(struct forward *w, struct fault *f)
{
	for (;;) {
		enum st st = ST_AGAIN;
		size_t n;

		if (w->out.n == 0 && w->step == STEP_BODY)
			st = put_body(w, f);
		if (st != ST_OK && st != ST_AGAIN)
			return st;
		if (!buf_ok(&w->out))
			return fault_set(
			    f, ST_LIMIT, "4.3.0", "forwarding: a line that is too long");
		if (w->out.n == 0)
			return ST_AGAIN;
		st = w->stream->ops->write(w->stream, buf_slice(&w->out), &n, f);
		if (st == ST_AGAIN)
			return ST_AGAIN;
		if (st != ST_OK)
			return fault_set(f, ST_TEMP, "4.3.0", "forwarding: the server went away");
		buf_drop(&w->out, n);
	}
}

static void
on_ready(struct watch *watch, unsigned ready)
{
	struct forward *w = watch->arg;
	struct fault f = FAULT_NONE;
	enum st st = ST_AGAIN;

	if (ready & POLLER_READ)
		st = read_replies(w, &f);
	if (st == ST_AGAIN)
		st = write_out(w, &f);
	if (st == ST_AGAIN)
		loop_want(&w->watch, POLLER_READ | (w->out.n ? POLLER_WRITE : 0));
	else
		forward_end(w, &f);
}

enum st
forward_deliver(struct run *r, struct fault *f)
{
	struct local *l = r->d->l;
	struct net_addr to = {.family = 1};
	struct forward *w;
	int fd;
	enum st st;

	if (delivery_verify(r->d, f) != ST_OK)
		return f->st;
	if ((size_t)snprintf(to.path, sizeof(to.path), "%s" SOCKET_NAME,
		proc_paths(l->p)->run_dir) >= sizeof(to.path))
		return fault_set(f, ST_TEMP, "4.3.5", "the path of the local socket is too long");
	st = net_connect(&to, &fd, f);
	if (st != ST_OK && st != ST_AGAIN)
		return fault_set(f, ST_TEMP, "4.3.2", "forwarding: the server does not answer");
	run_arm(r);
	w = r->forward = mem_get(sizeof(*w));
	*w = (struct forward){.r = r, .stream = stream_fd_new(fd), .step = STEP_GREETING};
	buf_init(&w->in, LINE_MAX_BYTES);
	buf_init(&w->out, OUT_MAX_BYTES);
	loop_watch(l->loop, &w->watch, fd, POLLER_READ, on_ready, w);
	return ST_AGAIN;
}
