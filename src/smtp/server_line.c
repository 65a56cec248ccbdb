/*
 * Input into lines: RFC 5321 sections 2.3.8, 4.5.3.1.4, 4.5.3.1.9. A line that is whole in the
 * input is used where it lies; only what a read has cut in two is copied.
 */
#include "smtp/server_cmd.h"

/* R4954-3-d, R4954-3-e, R5321-4.5.3.1.4-a */
static size_t
line_max(const struct smtp_server *s)
{
	return s->mode == MODE_AUTH ? SERVER_AUTH_LINE_MAX : s->o.command_line_max_bytes;
}

/*
 * How much of in belongs to the line that last is the newest octet of: up to and with the LF of its
 * CRLF, or 0 when that is not here. R5321-2.3.8-a, R5321-4.1.1.4-b: nothing else ends a line.
 */
static size_t
line_length(struct slice in, unsigned char last)
{
	size_t at = 0;

	for (;;) {
		at += sl_find(sl_skip(in, at), '\n');
		if (at >= in.n)
			return 0;
		if ((at ? in.p[at - 1] : last) == '\r')
			return at + 1;
		at++;
	}
}

/* A line with its CRLF. False: it must wait until open RCPTs are answered. */
static bool
line_run(struct smtp_server *s, struct slice line)
{
	struct slice text = sl_sub(line, 0, line.n - 2);
	bool bare = sl_find(text, '\r') < text.n || sl_find(text, '\n') < text.n ||
		    sl_find(text, '\0') < text.n;

	if (s->mode == MODE_AUTH) {
		server_auth_line(s, text); /* what is no BASE64 is refused there */
	} else if (!bare) {
		if (!server_command(s, text))
			return false;
	} else {
		if (s->rcpts)
			return false;
		s->commands++;
		server_bad(s, 500, "5.5.2", "A line holds no CR, LF or NUL");
	}
	s->last_ms = s->now_ms;
	return true;
}

/* The end of a line that was too long. False: its reply must wait. */
static bool
junk_end(struct smtp_server *s)
{
	if (s->rcpts)
		return false;
	s->line_junk = false;
	s->last_ms = s->now_ms;
	s->commands++;
	if (s->mode == MODE_AUTH)
		server_auth_too_long(s);
	else
		server_bad(s, 500, "5.5.2", "Line too long"); /* R5321-4.5.3.1.9-a */
	return true;
}

static size_t
junk_feed(struct smtp_server *s, struct slice in)
{
	size_t n = line_length(in, s->junk_last);

	if (s->junk_bytes + (n ? n : in.n) > SERVER_JUNK_LINE_MAX) {
		server_goodbye(s, ENGINE_WHY_LIMIT, "4.7.0", "Line far too long, closing");
		return in.n;
	}
	if (n)
		return junk_end(s) ? n : 0;
	s->junk_bytes += in.n;
	s->junk_last = in.p[in.n - 1];
	return in.n;
}

/* From here on the line is only looked through for its end. */
static size_t
junk_begin(struct smtp_server *s, struct slice in)
{
	s->line_junk = true;
	s->junk_bytes = s->line.n;
	s->junk_last = s->line.n ? s->line.p[s->line.n - 1] : 0;
	buf_fini(&s->line);
	return junk_feed(s, in);
}

/* R2920-3.2-i, R2920-3.2-k, R2920-3.2-h */
size_t
server_line_feed(struct smtp_server *s, struct slice in)
{
	size_t n;

	if (s->line_junk)
		return junk_feed(s, in);
	n = line_length(in, s->line.n ? s->line.p[s->line.n - 1] : 0);
	if (s->line.n + (n ? n : in.n) > line_max(s))
		return junk_begin(s, in);
	if (n == 0) {
		buf_put(&s->line, in);
		return in.n;
	}
	if (s->line.n == 0) /* the common case: the whole line is at hand, nothing is copied */
		return line_run(s, sl_sub(in, 0, n)) ? n : 0;
	buf_put(&s->line, sl_sub(in, 0, n));
	s->line_held = true;
	server_line_retry(s);
	return n;
}

void
server_line_retry(struct smtp_server *s)
{
	if (!s->line_held || !server_may_read(s))
		return;
	s->line_held = !line_run(s, buf_slice(&s->line));
	if (s->line_held)
		return;
	if (s->line.p) /* it may have been a password */
		sasl_wipe(s->line.p, s->line.n);
	buf_fini(&s->line);
}
