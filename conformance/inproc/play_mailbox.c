/*
 * Looking into mailboxes: the step `mailbox`.
 */
#include "play.h"

/* The next message of this play (it has its ID), from *index on. */
static bool
mail_next(struct play *p, unsigned user, size_t *index, struct slice *content)
{
	while (p->target->mail(p, user, (*index)++, content))
		if (sl_search(*content, p->id) < content->n)
			return true;
	return false;
}

/* Has one line of one message what is looked for? With `received`, its topmost Received field. */
static bool
mailbox_has(struct play *p, const struct scn_step *s, const regex_t *re, struct slice text)
{
	bool trace = sl_eq(s->word, SL("received"));
	struct slice rest, line;
	size_t index = 0;

	while (mail_next(p, s->user, &index, &rest)) {
		bool more = true;

		while (more) {
			more = sl_cut(&rest, '\n', &line);
			if (line.n && line.p[line.n - 1] == '\r')
				line.n--;
			if (trace && !sl_istarts(line, SL("Received:")))
				continue;
			more = more && !trace;
			if (re ? play_pattern_search(p, s->pattern, re, line) : sl_eq(line, text))
				return true;
		}
	}
	return false;
}

bool
play_mailbox(struct play *p, const struct scn_step *s)
{
	struct slice content;
	struct buf text;
	size_t index = 0;
	regex_t re;
	int64_t n = 0;
	bool found, ok;

	if (!p->target->mail)
		return play_fail(p, s, "a step that can be played", s->source);
	if (sl_eq(s->word, SL("count"))) {
		while (mail_next(p, s->user, &index, &content))
			n++;
		return n == s->number ||
		       play_fail(p, s, "this number", n ? SL("another") : SL("0"));
	}
	buf_init(&text, 65536);
	if (s->pattern ? !play_pattern_ready(p, s, s->pattern, &re)
		       : !play_put_text(p, s, s->text, &text)) {
		buf_fini(&text);
		return false;
	}
	found = mailbox_has(p, s, s->pattern ? &re : NULL, buf_slice(&text));
	if (s->pattern)
		regfree(&re);
	buf_fini(&text);
	ok = found == (sl_eq(s->word, SL("has")) || sl_eq(s->word, SL("match")) ||
			  sl_eq(s->word, SL("received")));
	return ok ||
	       play_fail(p, s, "this in a message", found ? SL("one has it") : SL("none has it"));
}
