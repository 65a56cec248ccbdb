/*
 * Bytes into replies, and replies to whom they concern. RFC 5321 sections 4.2 and 4.2.1, RFC 2034.
 */
#include "base/ascii.h"
#include "smtp/client_int.h"

/* "5.1.1 " in front of a text: its numbers, and how long it is; 0: there is none. */
static size_t
take_esc(struct slice text, uint8_t esc[3])
{
	size_t at = 0;

	for (int i = 0; i < 3; i++) {
		unsigned value = 0;
		size_t from = at;

		while (at < text.n && at - from < 3 && ascii_is_digit(text.p[at]))
			value = value * 10 + (unsigned)(text.p[at++] - '0');
		if (at == from || value > 255)
			return 0;
		esc[i] = (uint8_t)value;
		if (i < 2 && (at >= text.n || text.p[at++] != '.'))
			return 0;
	}
	if (at < text.n && text.p[at] != ' ')
		return 0;
	return at;
}

/*
 * The words of a line behind those before it; a code that is repeated is left out.
 * R2034-5-a, R2034-5-b, R3463-2-c, R3463-3.1-a
 */
static void
put_text(struct smtp_client *c, struct slice words)
{
	uint8_t esc[3];
	size_t n = take_esc(words, esc);

	if (c->reply.lines == 1) {
		buf_clear(&c->text);
		buf_fmt(&c->text, "%03u", c->reply.code);
		if (n && esc[0] == c->reply.code / 100)
			memcpy(c->reply.esc, esc, sizeof(esc));
	} else if (n && memcmp(esc, c->reply.esc, sizeof(esc)) == 0) {
		words = sl_skip(words, n);
	}
	words = sl_trim(words);
	if (words.n == 0)
		return;
	buf_put_byte(&c->text, ' ');
	buf_put(&c->text, sl_sub(words, 0, c->text.max - c->text.n));
}

static void
dispatch(struct smtp_client *c)
{
	struct fault f;

	if (c->reply.code == 421 && c->step != STEP_QUIT) { /* R5321-3.8-b: it is about to close */
		client_fault(c, &f);
		client_fail(c, ENGINE_WHY_EOF, &f);
		return;
	}
	switch (c->step) {
	case STEP_GREETING:
	case STEP_EHLO:
	case STEP_HELO:
	case STEP_STARTTLS:
	case STEP_AUTH:
		client_hello_reply(c);
		break;
	case STEP_SEND:
	case STEP_CONTENT:
	case STEP_CHECK:
	case STEP_DOT:
	case STEP_ABANDON:
	case STEP_RSET:
	case STEP_PING:
		client_message_reply(c);
		break;
	case STEP_QUIT:
		c->state = (struct engine_state){.phase = ENGINE_CLOSING, .why = ENGINE_WHY_QUIT};
		c->step = STEP_OVER;
		break;
	default:
		client_break(c, "a reply to nothing");
		break;
	}
}

/*
 * A line without its end. R5321-4.2: every line has the code, "-" behind it says more.
 * R5321-4.2-f, R5321-4.2-g
 */
static void
take_line(struct smtp_client *c, struct slice line)
{
	unsigned code = 0;

	if (line.n < 3 || !ascii_is_digit(line.p[0]) || !ascii_is_digit(line.p[1]) ||
	    !ascii_is_digit(line.p[2]) || line.p[0] < '2' || line.p[0] > '5' ||
	    (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-')) {
		client_break(c, "a line that is no reply");
		return;
	}
	for (int i = 0; i < 3; i++)
		code = code * 10 + (unsigned)(line.p[i] - '0');
	if (c->reply.lines && code != c->reply.code) {
		client_break(c, "a reply with several codes");
		return;
	}
	if (c->reply.lines == 0)
		c->reply = (struct client_reply){.code = code};
	if (++c->reply.lines > SMTP_REPLY_LINES_MAX) {
		client_break(c, "a reply without end");
		return;
	}
	put_text(c, sl_skip(line, 4));
	if (c->step == STEP_EHLO && c->reply.lines > 1)
		client_hello_line(c, sl_skip(line, 4));
	if (line.n > 3 && line.p[3] == '-')
		return;
	c->reply.lines = 0;
	dispatch(c);
}

bool
client_may_take(const struct smtp_client *c)
{
	bool begun = c->step != STEP_CONTENT || c->content_taken || c->dot_taken;
	bool asks = c->ask.number && !c->ask_handed;

	return c->state.phase == ENGINE_OPEN && c->out.n == c->out_taken && begun && !asks;
}

size_t
client_feed(struct smtp_client *c, struct slice in)
{
	size_t taken = 0;

	while (taken < in.n && client_may_take(c)) {
		struct slice rest = sl_skip(in, taken), line;
		size_t n = sl_find(rest, '\n');

		if (c->line.n + n >= SMTP_REPLY_LINE_MAX) {
			client_break(c, "a line without end");
			break;
		}
		buf_put(&c->line, sl_sub(rest, 0, n));
		taken += n < rest.n ? n + 1 : n;
		if (n == rest.n)
			break;
		line = buf_slice(&c->line);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		take_line(c, line);
		buf_clear(&c->line);
		buf_shrink(&c->line);
	}
	return c->state.phase == ENGINE_CLOSING ? in.n : taken;
}
