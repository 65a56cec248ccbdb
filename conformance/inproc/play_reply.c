/*
 * Replies: cut from what was heard, and judged.
 */
#include "play.h"

/* Waits for a complete reply, or the end: c->last says which. */
bool
play_fetch(struct play *p, const struct scn_step *s, struct conn *c)
{
	struct slice heard;
	bool form;
	size_t n;

	for (;;) {
		heard = p->target->heard(c->wire);
		n = p->target->reply_length(heard, s->alternatives, &form);
		if (!form)
			return play_fail(p, s, "a well-formed reply", heard);
		if (n)
			break;
		if (p->target->hurry(c->wire))
			continue;
		if (heard.n)
			return play_fail(p, s, "a complete reply", heard);
		if (!p->target->is_closed(c->wire))
			return play_fail(p, s, "a reply", SL("nothing"));
		c->last = LAST_EOF;
		play_note(p, "S", SL("(closed)"));
		return true;
	}
	c->last = LAST_REPLY;
	c->is_rest = false;
	buf_clear(&c->reply);
	buf_put(&c->reply, sl_sub(heard, 0, n));
	play_note(p, "S", buf_slice(&c->reply));
	p->target->heard_drop(c->wire, n);
	return true;
}

/* Does some line of the reply match? */
bool
play_reply_matches(
    struct play *p, const struct scn_step *s, struct conn *c, const struct scn_pattern *pat)
{
	struct slice rest = buf_slice(&c->reply), text;
	bool found = false;
	regex_t re;

	if (!play_pattern_ready(p, s, pat, &re))
		return false;
	while (!found && p->target->reply_line(&rest, &text))
		found = play_pattern_search(p, pat, &re, text);
	regfree(&re);
	return found;
}

/* Is the reply exactly this line? */
static bool
is_line(struct play *p, const struct scn_step *s, struct conn *c, const struct scn_part *line)
{
	struct slice rest = buf_slice(&c->reply), text;
	struct buf want;
	bool ok;

	buf_init(&want, COLLECT_MAX);
	ok = p->target->reply_line(&rest, &text) && play_put_text(p, s, line, &want) &&
	     sl_eq(text, buf_slice(&want));
	buf_fini(&want);
	return ok;
}

bool
play_alternative_fits(
    struct play *p, const struct scn_step *s, struct conn *c, const struct scn_alternative *alt)
{
	if (alt->is_eof || c->last == LAST_EOF)
		return alt->is_eof && c->last == LAST_EOF;
	if (!p->target->fits(alt, buf_slice(&c->reply)))
		return false;
	if (alt->line)
		return is_line(p, s, c, alt->line);
	return !alt->pattern || play_reply_matches(p, s, c, alt->pattern);
}
