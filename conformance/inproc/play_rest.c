/*
 * Replies of many lines in POP3: `rest`, and what is said about it.
 */
#include "base/num.h"
#include "play.h"

/* The lines before the dot, without the dots that were added: R1939-3-g, R1939-3-h. */
static bool
take_rest(struct play *p, const struct scn_step *s, struct conn *c)
{
	struct slice rest, line;
	struct buf plain;

	if (!play_fetch(p, s, c))
		return false;
	if (c->last == LAST_EOF)
		return play_fail(p, s, "a line with a dot", SL("end of connection"));
	buf_init(&plain, COLLECT_MAX);
	rest = buf_slice(&c->reply);
	while (sl_cut(&rest, '\n', &line) && !sl_eq(line, SL(".\r"))) {
		buf_put(&plain, line.p[0] == '.' ? sl_skip(line, 1) : line);
		buf_put_byte(&plain, '\n');
	}
	buf_fini(&c->reply);
	c->reply = plain;
	c->is_rest = true;
	return true;
}

static bool
check_octets(struct play *p, const struct scn_step *s, struct conn *c)
{
	struct buf text;
	uint64_t n;
	bool ok;

	buf_init(&text, 64);
	ok = play_put_text(p, s, s->text, &text);
	if (ok && (!num_u64(buf_slice(&text), UINT64_MAX, &n) || n != c->reply.n)) {
		buf_clear(&text);
		buf_fmt(&text, "%zu", c->reply.n);
		ok = play_fail(p, s, "so many octets", buf_slice(&text));
	}
	buf_fini(&text);
	return ok;
}

bool
play_rest(struct play *p, const struct scn_step *s, struct conn *c)
{
	int64_t n = 0;

	if (s->kind == SCN_REST)
		return take_rest(p, s, c);
	if (c->last != LAST_REPLY || !c->is_rest)
		return play_fail(p, s, "rest before this", SL("none"));
	if (s->kind == SCN_OCTETS)
		return check_octets(p, s, c);
	for (size_t i = 0; i < c->reply.n; i++)
		n += c->reply.p[i] == '\n';
	return n == s->number ||
	       play_fail(p, s, "so many lines", n ? SL("another number") : SL("0"));
}
