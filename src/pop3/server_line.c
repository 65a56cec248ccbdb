/*
 * Input into lines. RFC 1939 section 3 ends them by CRLF; a LF alone is taken too, as people at a
 * terminal send it. A line that is whole in the input is used where it lies.
 */
#include "base/ascii.h"
#include "pop3/server_int.h"

/* R2449-4-a, R1939-3-e: what is no command in printable ASCII gets a negative answer. */
static void
line_run(struct pop3_server *s, struct slice line)
{
	line.n--;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	s->last_ms = s->now_ms; /* R1939-3-j */
	s->facts.commands++;
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] < ' ' || line.p[i] == 127) {
			pop_bad(s, "A command holds no control characters");
			return;
		}
	pop_command(s, line);
}

static size_t
junk_feed(struct pop3_server *s, struct slice in)
{
	size_t lf = sl_find(in, '\n'), n = lf < in.n ? lf + 1 : in.n;

	s->junk_bytes += n;
	if (s->junk_bytes > SERVER_JUNK_LINE_MAX) {
		pop_goodbye(s, ENGINE_WHY_LIMIT, "Line far too long, closing");
	} else if (lf < in.n) {
		s->line_junk = false;
		s->last_ms = s->now_ms;
		s->facts.commands++;
		pop_bad(s, "Line too long");
	}
	return n;
}

size_t
pop_line_feed(struct pop3_server *s, struct slice in)
{
	size_t lf = sl_find(in, '\n'), n = lf < in.n ? lf + 1 : in.n;

	if (s->line_junk)
		return junk_feed(s, in);
	if (s->line.n + n > s->o.line_max_bytes) {
		s->line_junk = true;
		s->junk_bytes = s->line.n;
		buf_fini(&s->line);
		return junk_feed(s, in);
	}
	if (s->line.n == 0 && lf < in.n) { /* the common case: nothing is copied */
		line_run(s, sl_sub(in, 0, n));
		return n;
	}
	buf_put(&s->line, sl_sub(in, 0, n));
	if (lf < in.n) {
		struct buf line = s->line; /* the command may end the session */

		buf_init(&s->line, s->o.line_max_bytes);
		line_run(s, buf_slice(&line));
		buf_fini(&line);
	}
	return n;
}
