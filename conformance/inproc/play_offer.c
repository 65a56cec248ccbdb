/*
 * What the server offers, and which scenarios need more.
 */
#include "play.h"

static bool
ehlo_lists(struct world_conn *c, struct slice keyword, struct slice param)
{
	struct slice heard, text, word;
	bool first = true;

	world_heard_drop(c, world_heard(c).n);
	world_send(c, SL("EHLO client.example\r\n"), 0);
	heard = world_heard(c);
	while (play_reply_line(&heard, &text)) {
		sl_cut(&text, ' ', &word);
		if (!first && sl_ieq(word, keyword)) {
			if (param.n == 0)
				return true;
			for (text = sl_trim(text); text.n; text = sl_trim(text)) {
				sl_cut(&text, ' ', &word);
				if (sl_ieq(word, param))
					return true;
			}
		}
		first = false;
	}
	return false;
}

static bool
is_offered(enum world_service service, struct slice need)
{
	struct slice keyword;
	struct world w;
	struct world_conn *c;
	bool yes;

	sl_cut(&need, '=', &keyword);
	world_init(&w, 5);
	c = world_connect(&w, service);
	yes = ehlo_lists(c, keyword, need);
	if (!yes && service != WORLD_SMTPS) {
		world_send(c, SL("STARTTLS\r\n"), 0);
		yes = world_start_tls(c) && ehlo_lists(c, keyword, need);
	}
	world_fini(&w);
	return yes;
}

/* Can the scenario be played here? The service is set. */
bool
play_is_possible(const struct scn *scn, enum world_service *service)
{
	static const char *const names[] = {
	    "smtp", "submission", "smtps"}; /* as enum world_service */
	struct slice needs = sl_trim(scn->needs), word;
	size_t i = 0;
	bool negative;

	while (i < COUNT_OF(names) && !sl_eq(scn->service, sl_str(names[i])))
		i++;
	if (i == COUNT_OF(names) || scn->has_zone)
		return false;
	*service = (enum world_service)i;
	for (; needs.n; needs = sl_trim(needs)) {
		sl_cut(&needs, ' ', &word);
		if (sl_eq(word, SL("mailbox")))
			return false;
		negative = word.p[0] == '!';
		if (is_offered(*service, negative ? sl_skip(word, 1) : word) == negative)
			return false;
	}
	return true;
}
