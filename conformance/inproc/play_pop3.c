/*
 * POP3 to play against: the engines of login and worker one behind the other, in the world of
 * src/pop3/tests/world.h.
 */
#include "play.h"
#include "pop3/tests/world.h"

/* As the world has them before the login, in clear text or under TLS. */
#define CAPABILITIES                                                                          \
	"CAPA TOP UIDL PIPELINING RESP-CODES AUTH-RESP-CODE USER SASL SASL=PLAIN SASL=LOGIN " \
	"EXPIRE EXPIRE=NEVER"

struct pop3_play {
	struct pop3_world world;
	struct pop3_rule rules[SCN_RULES_MAX];
	bool tls;
};

static struct pop3_play *
world_of(const struct play *p)
{
	return p->world;
}

/* --- replies -------------------------------------------------------------------------------- */

/* One line; or, for `rest`, all up to the line with the dot. */
static size_t
reply_length(struct slice heard, const struct scn_alternative *want, bool *form)
{
	size_t at = 0, lf;

	*form = true;
	for (;;) {
		struct slice rest = sl_skip(heard, at);

		lf = sl_find(rest, '\n');
		if (lf == rest.n)
			return 0;
		if (lf == 0 || rest.p[lf - 1] != '\r') {
			*form = false;
			return 0;
		}
		at += lf + 1;
		if (!want || !want->is_rest || sl_eq(sl_sub(rest, 0, lf), SL(".\r")))
			return at;
	}
}

static bool
reply_line(struct slice *s, struct slice *text)
{
	if (s->n == 0)
		return false;
	sl_cut(s, '\n', text);
	text->n--;
	return true;
}

static bool
fits(const struct scn_alternative *alt, struct slice reply)
{
	(void)alt;
	(void)reply;
	return true;
}

/* --- the world ------------------------------------------------------------------------------ */

static bool
is_offered(struct slice need, bool tls)
{
	struct slice all = SL(CAPABILITIES), word;
	bool more = true;

	if (sl_eq(need, SL("STLS")))
		return !tls;
	while (more) {
		more = sl_cut(&all, ' ', &word);
		if (sl_eq(word, need))
			return true;
	}
	return false;
}

static bool
is_possible(const struct scn *scn)
{
	struct slice needs = sl_trim(scn->needs), word;
	bool tls = sl_eq(scn->service, SL("pop3s"));

	if (scn->has_zone || scn->users > POP3_WORLD_USERS)
		return false;
	for (; needs.n; needs = sl_trim(needs)) {
		sl_cut(&needs, ' ', &word);
		if (word.p[0] == '!' ? is_offered(sl_skip(word, 1), tls) : !is_offered(word, tls))
			return false;
	}
	return true;
}

/* A message of the header, as often as it says. */
static bool
put_mail(struct play *p, const struct scn_mail *m)
{
	struct scn_step at = {.line = m->line, .source = m->source};
	char number[24];
	struct buf text;
	bool ok = true;

	for (size_t i = 1; ok && i <= m->times; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		play_var_set(p, SL("n"), sl_str(number));
		buf_init(&text, COLLECT_MAX);
		ok = play_put_text(p, &at, m->text, &text);
		pop3_world_put(&world_of(p)->world, m->user, arena_copy(p->a, buf_slice(&text)),
		    NULL);
		buf_fini(&text);
	}
	return ok;
}

static void
begin(struct play *p)
{
	struct pop3_play *w = mem_get(sizeof(*w));

	p->world = w;
	pop3_world_init(&w->world);
	w->tls = sl_eq(p->scn->service, SL("pop3s"));
	for (size_t i = 0; i < p->scn->rule_count; i++)
		w->rules[i] = (struct pop3_rule){
			.kind = p->scn->rules[i].kind,
			.after_ms = p->scn->rules[i].after_ms,
			.fault = p->scn->rules[i].fault,
		};
	w->world.rules = w->rules;
	w->world.rule_count = p->scn->rule_count;
	w->world.read_step = p->chunk;
	for (const struct scn_mail *m = p->scn->mails; m; m = m->next)
		if (!put_mail(p, m))
			return;
}

static void
end(struct play *p)
{
	pop3_world_fini(&world_of(p)->world);
	mem_free(p->world);
}

static bool
mail(struct play *p, unsigned user, size_t index, struct slice *content)
{
	const struct pop3_box *b = &world_of(p)->world.boxes[user - 1];

	for (size_t i = 0; i < b->count; i++)
		if (!b->mails[i].is_gone && index-- == 0) {
			*content = b->mails[i].content;
			return true;
		}
	return false;
}

static void *
open_conn(struct play *p, const struct scn_step *s)
{
	(void)s;
	return pop3_world_connect(&world_of(p)->world, world_of(p)->tls);
}

static void
wait_ms(struct play *p, int64_t ms)
{
	drive_wait(&world_of(p)->world.drive, ms);
}

const struct play_target play_pop3 = {
	.is_possible = is_possible,
	.begin = begin,
	.end = end,
	.open = open_conn,
	.abort = play_drive_abort,
	.send = play_drive_send,
	.shut = play_drive_shut,
	.start_tls = play_drive_start_tls,
	.event = play_drive_event,
	.heard = play_drive_heard,
	.heard_drop = play_drive_heard_drop,
	.is_closed = play_drive_is_closed,
	.hurry = play_drive_hurry,
	.wait = wait_ms,
	.reply_length = reply_length,
	.reply_line = reply_line,
	.fits = fits,
	.mail = mail,
};
