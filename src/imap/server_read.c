/*
 * Input into commands. A command is kept as it came, literals behind their heads, in one buffer:
 * octets of a literal are copied in runs and never looked at.
 */
#include "imap/server_int.h"

/* The line that is read, without what came before it. */
static struct slice
last_line(const struct imap_server *s)
{
	return sl_skip(buf_slice(&s->text), s->line_start);
}

void
imap_read_next(struct imap_server *s)
{
	s->run = (struct imap_run){0};
	s->reading = READ_LINE;
	buf_fini(&s->text);
	s->line_start = s->line_bytes = 0;
	s->refused = s->refused_code = NULL;
	s->refused_is_no = false;
}

/* The command being read is refused once what belongs to it was skipped: BAD or NO. */
static void
refuse(struct imap_server *s, bool is_no, const char *code, const char *words)
{
	s->refused = words;
	s->refused_is_no = is_no;
	s->refused_code = code;
}

/* R3501-4.3-c, R3501-7.5-a: the client waits for this before it sends a literal. */
static void
tell_to_send(struct imap_server *s)
{
	buf_put(imap_out(s), SL("+ OK\r\n"));
}

/* The command's text grows and may move: what must last is taken out of it. */
static void
keep_tag(struct imap_server *s)
{
	s->run.tag = arena_copy(s->run.a, s->run.tag);
	s->line_start = s->text.n;
}

void
imap_read_body(struct imap_server *s, uint64_t length, bool is_sync)
{
	if (is_sync)
		tell_to_send(s);
	s->left = length;
	s->reading = length ? READ_BODY : READ_BODY_END;
	keep_tag(s);
}

void
imap_read_idle(struct imap_server *s)
{
	s->reading = READ_IDLE;
	keep_tag(s);
}

/* Octets that belong to a refused command: R7888-4-a, R7888-4-b. */
static void
skip(struct imap_server *s, uint64_t n)
{
	uint64_t most = s->o.append_max_bytes ? s->o.append_max_bytes : SERVER_SKIP_MAX;

	if (n > most && n > s->o.literal_max_bytes) {
		imap_bye(s, ENGINE_WHY_LIMIT, "[TOOBIG] A literal is too large");
		return;
	}
	s->left = n;
	s->reading = n ? READ_SKIP : READ_LINE;
	s->line_start = s->text.n;
}

void
imap_read_refuse_literal(struct imap_server *s, const char *code, const char *words, uint64_t n,
    bool is_sync)
{
	s->run.row = NULL;
	refuse(s, true, code, words);
	if (is_sync)
		imap_command_start(s);
	else
		skip(s, n);
}

static void
collect(struct imap_server *s, uint64_t n, bool is_sync)
{
	if (is_sync)
		tell_to_send(s);
	buf_put(&s->text, SL("\r\n"));
	s->left = n;
	s->reading = n ? READ_LITERAL : READ_LINE;
	s->line_start = s->text.n;
}

/* The line ends with the head of a literal. */
static void
literal_begins(struct imap_server *s, uint64_t n, bool is_sync)
{
	const char *words = NULL;

	if (!s->refused && imap_command_literal(s, &words))
		return;
	if (!s->refused && words)
		refuse(s, false, NULL, words);
	else if (!s->refused &&
		 (n > s->o.literal_max_bytes || n > s->o.memory_max_bytes - s->text.n))
		refuse(s, false, "TOOBIG", "A literal is too large");
	if (s->refused && is_sync) /* R3501-7.5-b: refused before it is sent */
		imap_command_start(s);
	else if (s->refused)
		skip(s, n);
	else
		collect(s, n, is_sync);
}

/* A line of a command is complete, its line end cut off. */
static void
line_ends(struct imap_server *s)
{
	uint64_t n;
	bool is_sync;

	if (imap_lex_literal_head(last_line(s), &n, &is_sync))
		literal_begins(s, n, is_sync);
	else
		imap_command_start(s);
}

/* Behind the message of APPEND nothing but a line end may stand. */
static void
body_line_ends(struct imap_server *s)
{
	if (last_line(s).n == 0) {
		s->reading = READ_LINE;
		s->run.row->body_end(s, true);
		return;
	}
	s->reading = READ_LINE;
	s->run.row->body_end(s, false);
	s->run.row = NULL;
	refuse(s, false, NULL, "Expected the end of the command behind the message");
	line_ends(s);
}

/* R2177-3-a, R2177-3-d: DONE and nothing else. */
static void
idle_line_ends(struct imap_server *s)
{
	bool is_done = sl_ieq(last_line(s), SL("DONE"));

	s->reading = READ_LINE;
	if (is_done)
		imap_done(s, "IDLE completed");
	else
		imap_bad(s, "Expected DONE");
}

/* The next bytes of a line; all of it when it ends there. R3501-2.2-a */
static size_t
read_line(struct imap_server *s, struct slice in)
{
	const unsigned char *lf = memchr(in.p, '\n', in.n);
	size_t n = lf ? (size_t)(lf - in.p) + 1 : in.n;

	s->line_bytes += n;
	if (s->line_bytes > s->o.line_max_bytes) {
		imap_bye(s, ENGINE_WHY_LIMIT, "[TOOBIG] A command line is too long");
		return n;
	}
	buf_put(&s->text, sl_sub(in, 0, n));
	if (!lf)
		return n;
	buf_cut(&s->text, s->text.n - 1);
	if (s->text.n > s->line_start && s->text.p[s->text.n - 1] == '\r')
		buf_cut(&s->text, s->text.n - 1);
	if (s->reading == READ_BODY_END)
		body_line_ends(s);
	else if (s->reading == READ_IDLE)
		idle_line_ends(s);
	else
		line_ends(s);
	return n;
}

/*
 * Octets of a message, for the owner. R3501-9-i: with a NUL among them it is given up, lest FETCH
 * send one some day; the rest is read and dropped.
 */
static void
pass_on(struct imap_server *s, struct slice in)
{
	if (!memchr(in.p, '\0', in.n)) {
		buf_put(&s->body, in);
		return;
	}
	imap_append_drop(s);
	s->run.row = NULL;
	refuse(s, true, "CANNOT", "A message has no NUL");
	s->reading = READ_SKIP;
}

/* The next octets of a literal that is kept, skipped or passed on. */
static size_t
read_octets(struct imap_server *s, struct slice in)
{
	size_t n = in.n < s->left ? in.n : (size_t)s->left;

	if (s->reading == READ_LITERAL)
		buf_put(&s->text, sl_sub(in, 0, n));
	if (s->reading == READ_BODY) {
		if (n > IMAP_BODY_MAX)
			n = IMAP_BODY_MAX;
		pass_on(s, sl_sub(in, 0, n));
	}
	s->left -= n;
	if (s->left)
		return n;
	s->reading = s->reading == READ_BODY ? READ_BODY_END : READ_LINE;
	s->line_start = s->text.n;
	return n;
}

size_t
imap_read(struct imap_server *s, struct slice in)
{
	switch (s->reading) {
	case READ_LITERAL:
	case READ_SKIP:
	case READ_BODY:
		return read_octets(s, in);
	default:
		return read_line(s, in);
	}
}
