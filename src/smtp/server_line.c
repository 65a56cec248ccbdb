/*
 * Input into lines: RFC 5321 sections 2.3.8, 4.5.3.1.4, 4.5.3.1.9. A line that is whole in the input
 * is used where it lies; only what a read has cut in two is copied.
 */
#include "smtp/server_int.h"

static size_t
line_max(const struct smtp_server *s)
{
	return s->mode == MODE_AUTH ? SERVER_AUTH_LINE_MAX : s->o.command_line_max_bytes;
}

/* A line with its line end. False: it must wait. */
static bool
line_run(struct smtp_server *s, struct slice line)
{
	struct slice text = sl_sub(line, 0, line.n - 1);

	/*
	 * R5321-2.3.8-a: CR and LF stand together or not at all. What comes with one of them alone is
	 * no line; a peer that sends it may be reading our replies with other eyes, so it ends here.
	 */
	if (text.n == 0 || text.p[text.n - 1] != '\r' || sl_find(text, '\r') != text.n - 1 ||
	    sl_find(text, '\0') < text.n) {
		if (s->rcpts)
			return false;
		server_bad(s, 500, "5.5.2", "Lines end with CRLF and hold no CR, LF or NUL");
		server_close(s, ENGINE_WHY_PROTOCOL);
		return true;
	}
	text.n--;
	if (s->mode == MODE_AUTH) {
		s->last_ms = s->now_ms;
		server_auth_line(s, text);
		return true;
	}
	if (!server_command(s, text))
		return false;
	s->last_ms = s->now_ms;
	return true;
}

/* The end of a line that was too long; at is how much of in belongs to it. */
static size_t
junk_end(struct smtp_server *s, struct slice in, size_t at)
{
	bool crlf = (at > 1 ? in.p[at - 2] : s->junk_last) == '\r';

	if (s->rcpts)
		return 0; /* its reply comes behind theirs */
	s->line_junk = false;
	s->last_ms = s->now_ms;
	s->commands++;
	if (s->mode == MODE_AUTH) {
		s->mode = MODE_COMMAND;
		server_bad(s, 500, "5.5.6", "Authentication exchange line is too long"); /* R4954-4-i */
	} else {
		server_bad(s, 500, "5.5.2", "Line too long"); /* R5321-4.5.3.1.9-a */
	}
	if (!crlf)
		server_close(s, ENGINE_WHY_PROTOCOL);
	return at;
}

static size_t
junk_feed(struct smtp_server *s, struct slice in)
{
	size_t at = sl_find(in, '\n');

	if (s->junk_bytes + at > SERVER_JUNK_LINE_MAX) {
		if (s->rcpts)
			return 0;
		server_bad(s, 500, "5.5.2", "Line too long");
		server_close(s, ENGINE_WHY_LIMIT);
		return in.n;
	}
	if (at < in.n)
		return junk_end(s, in, at + 1);
	s->junk_bytes += in.n;
	s->junk_last = in.p[in.n - 1];
	return in.n;
}

size_t
server_line_feed(struct smtp_server *s, struct slice in)
{
	size_t at;

	if (s->line_junk)
		return junk_feed(s, in);
	at = sl_find(in, '\n');
	if (s->line.n + (at < in.n ? at + 1 : at) > line_max(s)) {
		s->line_junk = true;
		s->junk_bytes = s->line.n;
		s->junk_last = s->line.n ? s->line.p[s->line.n - 1] : 0;
		buf_fini(&s->line);
		return junk_feed(s, in);
	}
	if (at == in.n) {
		buf_put(&s->line, in);
		return in.n;
	}
	if (s->line.n == 0) /* the common case: the whole line is at hand, nothing is copied */
		return line_run(s, sl_sub(in, 0, at + 1)) ? at + 1 : 0;
	buf_put(&s->line, sl_sub(in, 0, at + 1));
	s->line_held = !line_run(s, buf_slice(&s->line));
	if (!s->line_held)
		buf_fini(&s->line);
	return at + 1;
}

void
server_line_retry(struct smtp_server *s)
{
	if (!s->line_held || !server_may_read(s))
		return;
	s->line_held = !line_run(s, buf_slice(&s->line));
	if (!s->line_held)
		buf_fini(&s->line);
}
