/*
 * DATA and the content behind it: RFC 5321 sections 4.1.1.4, 4.5.2 (transparency), 6.3 (loops).
 *
 * Content is looked at in runs between line ends, not octet by octet. Only CRLF ends a line and
 * only CRLF.CRLF ends the content (R5321-4.1.1.4-c); with a CR, LF or NUL standing alone it is read
 * to that true end, refused, and the session closed, so that nobody behind us can see another end.
 */
#include "base/utf8.h"
#include "smtp/server_cmd.h"

#define MATCH_NO 255
#define CONTENT_END_ROOM 2 /* for server_content_last */

static const struct slice received = {(const unsigned char *)"received:", 9};

void
server_data_ask(struct smtp_server *s)
{
	struct smtp_data *detail = arena_get(server_scratch(s), sizeof(*detail));

	if (!detail)
		return;
	detail->accepted = s->accepted;
	server_ask(s, SMTP_ASK_DATA, detail);
}

/* R3030-2-c */
void
server_data(struct smtp_server *s, struct slice args)
{
	(void)args;
	if (s->accepted == 0) { /* R5321-3.3-c, R2920-3.2-c, R2920-3.2-d */
		if (s->tried)
			server_bad(s, 554, "5.5.1", "No valid recipients");
		else
			server_bad(s, 503, "5.5.1", "Send RCPT first");
		return;
	}
	server_data_ask(s);
}

bool
server_content_begin(struct smtp_server *s, bool raw)
{
	s->content = arena_get(server_scratch(s), sizeof(*s->content));
	if (!s->content)
		return false;
	s->content->in_header = true;
	s->content->line_empty = true;
	s->content->raw = raw;
	return true;
}

void
server_data_answer(struct smtp_server *s, const struct engine_answer *a)
{
	if (s->mode == MODE_CHUNK) {
		server_chunk_answer(s, &a->fault);
		return;
	}
	if (a->fault.st != ST_OK) {
		server_refuse(s, &a->fault, REPLY_TO_DATA);
		return;
	}
	if (!server_content_begin(s, false))
		return;
	s->mode = MODE_DATA;
	server_reply(s, 354, NULL,
	    "Send the message, end with a dot on a line of its own"); /* R5321-4.1.1.4-a */
}

/*
 * R5321-6.3-a, R1870-6.2-b, R5321-2.3.8-a: why content is refused; when several hold, the first row
 * says it, however the input was cut.
 */
static const struct {
	unsigned bit;
	const char *esc, *req, *text;
} refuse_rows[] = {
	{REFUSE_BARE, "5.6.0", "R5321-2.3.8-a", "CR, LF or NUL stands alone in the message"},
	{REFUSE_HOPS, "5.4.6", "R5321-6.3-a", "Too many Received fields: a mail loop"},
	{REFUSE_HEADER, "5.3.4", NULL, "Header of the message is too big"},
	{REFUSE_SIZE, "5.3.4", "R1870-6.2-b", "Message size exceeds the limit"},
};

/*
 * From now on the content is thrown away; its end is still looked for.
 * R3030-2-k
 */
static void
content_refuse(struct smtp_server *s, unsigned bit)
{
	if (!s->content->refused)
		server_reset(s);
	s->content->refused |= bit;
}

/*
 * Octets of the message, unstuffed, into body. R1870-6.2-a, R1870-6.3-a, R1870-6.3-b, R1870-6.4-a:
 * what was declared does not matter here, only what is allowed.
 */
static void
content_put(struct smtp_server *s, struct slice run)
{
	struct server_content *c = s->content;
	uint64_t header;

	if (run.n == 0)
		return;
	c->sum.size_bytes += run.n;
	c->sum.has_8bit = c->sum.has_8bit || utf8_has_8bit(run);
	header = c->in_header ? c->sum.size_bytes : c->sum.header_bytes;
	if (sl_find(run, '\0') < run.n)
		content_refuse(s, REFUSE_BARE);
	if (s->o.size_max_bytes && c->sum.size_bytes > s->o.size_max_bytes)
		content_refuse(s, REFUSE_SIZE);
	if (s->o.header_max_bytes && header > s->o.header_max_bytes)
		content_refuse(s, REFUSE_HEADER);
	if (!c->refused)
		buf_put(&s->body, run);
}

/* Goes on comparing the start of a header line with "Received:". */
static void
header_match(struct smtp_server *s, struct slice text)
{
	struct server_content *c = s->content;
	size_t n = received.n - c->match;

	if (n > text.n)
		n = text.n;
	if (!sl_ieq(sl_sub(text, 0, n), sl_sub(received, c->match, c->match + n))) {
		c->match = MATCH_NO;
		return;
	}
	c->match = (uint8_t)(c->match + n);
	if (c->match < received.n)
		return;
	c->match = MATCH_NO;
	c->sum.hops++;
	if (s->o.hops_max && c->sum.hops >= s->o.hops_max)
		content_refuse(s, REFUSE_HOPS);
}

/* Octets within a line: no CR among them. Returns how many were looked at. */
static size_t
text_scan(struct smtp_server *s, struct slice in)
{
	struct server_content *c = s->content;
	size_t n = sl_find(in, '\r');
	struct slice text = sl_sub(in, 0, n);

	if (sl_find(text, '\n') < n)
		content_refuse(s, REFUSE_BARE);
	if (n)
		c->line_empty = false;
	if (c->in_header && n && c->match < received.n)
		header_match(s, text);
	return n;
}

/* A line has ended; at is how much of this piece is not yet in the sum. */
static void
line_end(struct server_content *c, size_t at)
{
	if (c->in_header && c->line_empty) {
		c->in_header = false;
		c->header_end = true;
		c->sum.header_bytes = c->sum.size_bytes + at;
	}
	c->at = AT_LINE;
	c->line_empty = true;
	c->match = 0;
}

/* The reply to content that was thrown away. */
static void
content_reply(struct smtp_server *s)
{
	struct fault f;
	size_t i = 0;

	while (!(s->content->refused & refuse_rows[i].bit))
		i++;
	fault_req(&f, ST_PERM, refuse_rows[i].esc, refuse_rows[i].req, "%s", refuse_rows[i].text);
	server_refuse(s, &f, REPLY_TO_COMMIT);
	if (refuse_rows[i].bit == REFUSE_BARE && !s->content->raw)
		server_close(s, ENGINE_WHY_PROTOCOL);
}

static void
content_end(struct smtp_server *s)
{
	struct server_content *c = s->content;

	if (!c->refused) {
		if (c->in_header)
			c->sum.header_bytes = c->sum.size_bytes;
		s->committing = true;
		return;
	}
	s->mode = MODE_COMMAND;
	s->last_ms = s->now_ms;
	content_reply(s);
}

/*
 * Lines of the queue have an end, also where chunks leave the last one without: there is always
 * room for it.
 */
void
server_content_last(struct smtp_server *s)
{
	struct server_content *c = s->content;

	if (c->at == AT_CR)
		content_refuse(s, REFUSE_BARE);
	else if (c->at != AT_LINE)
		content_put(s, SL("\r\n"));
	content_end(s);
}

/* Room for content in body; what its owner has taken is pushed out when it gets narrow. */
static size_t
body_room(struct smtp_server *s)
{
	if (s->body_taken && SMTP_BODY_MAX - s->body.n < SMTP_BODY_MAX / 4) {
		buf_drop(&s->body, s->body_taken);
		s->body_taken = 0;
	}
	return SMTP_BODY_MAX - s->body.n - CONTENT_END_ROOM;
}

/*
 * One step at in[i]; returns the index behind it. *run is where octets not yet put begin: a dot
 * that began a line is skipped by moving it (R5321-4.5.2-a).
 */
static size_t
content_step(struct smtp_server *s, struct slice in, size_t i, size_t *run)
{
	struct server_content *c = s->content;
	unsigned char ch = in.p[i];

	switch (c->at) {
	case AT_LINE:
		c->at = AT_TEXT;
		if (ch != '.' || c->raw)
			return i;
		c->at = AT_DOT;
		content_put(s, sl_sub(in, *run, i));
		*run = i + 1;
		return i + 1;
	case AT_DOT:
		c->line_empty = false;
		c->match = MATCH_NO;
		c->at = AT_TEXT;
		if (ch != '\r')
			return i;
		c->at = AT_DOT_CR;
		*run = i + 1;
		return i + 1;
	case AT_DOT_CR: /* CRLF was looked for before this is called: CR alone */
		content_refuse(s, REFUSE_BARE);
		c->at = AT_TEXT;
		return i;
	case AT_TEXT:
		i += text_scan(s, sl_skip(in, i));
		if (i < in.n) {
			c->at = AT_CR;
			i++;
		}
		return i;
	case AT_CR:
		if (ch != '\n') {
			content_refuse(s, REFUSE_BARE);
			c->at = AT_TEXT;
			return i;
		}
		line_end(c, i + 1 - *run);
		return i + 1;
	}
	return i;
}

/*
 * R5321-4.1.1.4-c, R5321-4.1.1.4-h, R5321-4.5.2-c, R5321-4.5.3.1.6-a, R5321-2.4-f,
 * R5321-3.3-e, R5321-3.3-f, R5321-3.7.2-a, R1870-6-a, R6152-3-c
 * R3030-3-l
 */
size_t
server_content_feed(struct smtp_server *s, struct slice in)
{
	struct server_content *c = s->content;
	size_t room = c->refused ? in.n : body_room(s);
	size_t i = 0, run = 0;

	in = sl_sub(in, 0, room);
	if (in.n == 0)
		return 0;
	s->last_ms = s->now_ms;
	while (i < in.n) {
		if (c->at == AT_DOT_CR && in.p[i] == '\n') {
			content_end(s);
			return i + 1;
		}
		i = content_step(s, in, i, &run);
		if (c->header_end) {
			c->header_end = false;
			content_put(s, sl_sub(in, run, i));
			run = i;
		}
	}
	content_put(s, sl_sub(in, run, in.n));
	return in.n;
}

void
server_content_settle(struct smtp_server *s)
{
	if (s->committing && s->single.number == 0 && s->body.n == s->body_taken)
		server_ask(s, SMTP_ASK_COMMIT, &s->content->sum);
}

/* R5321-2.1-a, R5321-3.3-g, R5321-4.2.5-a, R5321-4.2.5-b */
void
server_commit_answer(struct smtp_server *s, const struct engine_answer *a)
{
	const struct smtp_commit_yes *yes = a->detail;

	s->mode = MODE_COMMAND;
	s->in_transaction = false; /* ended by this answer: no notice. R5321-4.1.1.4-e */
	server_reset(s);
	if (a->fault.st != ST_OK) { /* R5321-4.1.1.4-d */
		server_refuse(s, &a->fault, REPLY_TO_COMMIT);
		return;
	}
	if (yes && yes->id.n)
		reply_put(&s->out, 250, server_esc(s, "2.0.0"), "Ok %.*s", SL_FMT(yes->id));
	else
		server_reply(s, 250, "2.0.0", "Ok");
}
