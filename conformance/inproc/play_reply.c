/*
 * Replies: cut from what was heard, and judged.
 */
#include "base/ascii.h"
#include "base/num.h"
#include "play.h"

/* Length of the complete reply at the start of s, or 0. *form is false when it is malformed. */
static size_t
reply_length(struct slice s, bool *form)
{
	struct slice rest = s, line, code = SL_NONE;

	*form = true;
	while (sl_cut(&rest, '\n', &line)) {
		bool crlf = line.n && line.p[line.n - 1] == '\r';

		*form = crlf && line.n < 512 && line.n >= 4 && sl_find(line, '\r') == line.n - 1 &&
			sl_find(line, '\0') == line.n && line.p[0] >= '2' && line.p[0] <= '5' &&
			ascii_is_digit(line.p[1]) && ascii_is_digit(line.p[2]) &&
			(line.n == 4 || line.p[3] == ' ' || line.p[3] == '-') &&
			(!code.n || sl_eq(code, sl_sub(line, 0, 3)));
		if (!*form)
			return 0;
		code = sl_sub(line, 0, 3);
		if (line.n == 4 || line.p[3] == ' ')
			return (size_t)(rest.p - s.p);
	}
	return 0;
}

/* Takes the next line of a reply off *s: its text behind code and separator. */
bool
play_reply_line(struct slice *s, struct slice *text)
{
	struct slice line;

	if (s->n == 0)
		return false;
	sl_cut(s, '\n', &line);
	*text = sl_sub(line, 4, line.n - 1);
	if (line.n < 5)
		*text = SL_NONE;
	return true;
}

/* Waits for a complete reply, or the end: c->last says which. */
bool
play_fetch(struct play *p, const struct scn_step *s, struct conn *c)
{
	struct slice heard;
	bool form;
	size_t n;

	for (;;) {
		heard = world_heard(c->wire);
		n = reply_length(heard, &form);
		if (!form)
			return play_fail(p, s, "a well-formed reply", heard);
		if (n)
			break;
		if (world_hurry(c->wire))
			continue;
		if (heard.n)
			return play_fail(p, s, "a complete reply", heard);
		if (!world_is_closed(c->wire, NULL))
			return play_fail(p, s, "a reply", SL("nothing"));
		c->last = LAST_EOF;
		play_note(p, "S", SL("(closed)"));
		return true;
	}
	c->last = LAST_REPLY;
	buf_clear(&c->reply);
	buf_put(&c->reply, sl_sub(heard, 0, n));
	play_note(p, "S", buf_slice(&c->reply));
	world_heard_drop(c->wire, n);
	return true;
}

bool
play_code_fits(struct slice want, struct slice reply)
{
	for (size_t i = 0; i < 3; i++)
		if (want.p[i] != 'x' && want.p[i] != reply.p[i])
			return false;
	return true;
}

/* Is it in the registry of RFC 5248? The highest detail of each subject; none is missing below. */
static bool
is_registered(struct slice subject, struct slice detail)
{
	static const unsigned char highest[] = {0, 10, 4, 6, 7, 6, 10, 30};
	uint64_t s, d;

	return num_u64(subject, COUNT_OF(highest) - 1, &s) && num_u64(detail, highest[s], &d);
}

static bool
enhanced_fits(struct slice want, struct slice text, unsigned char class)
{
	struct slice part, got[3], word;

	sl_cut(&text, ' ', &word);
	if (word.n == 0 || word.p[0] != class)
		return false;
	for (int i = 0; i < 3; i++) {
		sl_cut(&want, '.', &part);
		sl_cut(&word, '.', &got[i]);
		if (got[i].n == 0 || (!sl_eq(part, SL("x")) && !sl_eq(part, got[i])))
			return false;
	}
	return word.n == 0 && is_registered(got[1], got[2]);
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
	while (!found && play_reply_line(&rest, &text))
		found = play_pattern_search(p, pat, &re, text);
	regfree(&re);
	return found;
}

bool
play_alternative_fits(
    struct play *p, const struct scn_step *s, struct conn *c, const struct scn_alternative *alt)
{
	struct slice rest = buf_slice(&c->reply), text;

	if (alt->is_eof || c->last == LAST_EOF)
		return alt->is_eof && c->last == LAST_EOF;
	if (!play_code_fits(alt->code, rest))
		return false;
	while (alt->enhanced.n && play_reply_line(&rest, &text))
		if (!enhanced_fits(alt->enhanced, text, c->reply.p[0]))
			return false;
	return !alt->pattern || play_reply_matches(p, s, c, alt->pattern);
}
