/*
 * IMAP to play against: the world of src/imap/tests/world.h, responses as RFC 3501 has them. Each
 * connection is one of user1 that has logged in; ${BOX} is a folder with the messages of the
 * header.
 */
#include "base/ascii.h"
#include "imap/lexer.h"
#include "imap/tests/world.h"
#include "play.h"

/* As the world has them. */
#define CAPABILITIES "IMAP4REV1 UIDPLUS CHILDREN NAMESPACE UNSELECT IDLE LITERAL+ ID SASL-IR"
#define CAPABILITIES_DOOR " AUTH=PLAIN AUTH=LOGIN STARTTLS LOGINDISABLED"

struct imap_play {
	struct imap_world world;
	struct imap_rule rules[SCN_RULES_MAX];
};

static struct imap_play *
world_of(const struct play *p)
{
	return p->world;
}

/* --- responses ------------------------------------------------------------------------------ */

/* Octets of the complete response at the start of s, with its literals; 0: not yet. */
static size_t
response_length(struct slice s, bool *form)
{
	size_t at = 0, lf;
	uint64_t n;
	bool is_sync;

	for (;;) {
		struct slice rest = sl_skip(s, at);

		lf = sl_find(rest, '\n');
		if (lf == rest.n)
			return 0;
		if (lf == 0 || sl_find(rest, '\r') != lf - 1) {
			*form = false;
			return 0;
		}
		at += lf + 1;
		if (!imap_lex_literal_head(sl_sub(rest, 0, lf - 1), &n, &is_sync) || !is_sync)
			return at;
		if (n > s.n - at)
			return 0;
		at += (size_t)n;
	}
}

static bool
is_untagged(struct slice response)
{
	return sl_starts(response, SL("* "));
}

/*
 * With "*" wanted the next response; else all up to the next one that is tagged or asks for more.
 */
static size_t
reply_length(struct slice heard, const struct scn_alternative *want, bool *form)
{
	bool one = want && sl_eq(want->tag, SL("*"));
	size_t at = 0, n;

	*form = true;
	do {
		n = response_length(sl_skip(heard, at), form);
		if (n == 0)
			return 0;
		at += n;
	} while (!one && is_untagged(sl_skip(heard, at - n)));
	return at;
}

static bool
reply_line(struct slice *s, struct slice *text)
{
	bool form = true;
	size_t n = response_length(*s, &form);

	if (n == 0)
		return false;
	*text = sl_sub(*s, 0, n - 2);
	*s = sl_skip(*s, n);
	return true;
}

static struct slice
last_response(struct slice reply)
{
	struct slice text = SL_NONE;

	while (reply_line(&reply, &text))
		;
	return text;
}

static bool
has_code(struct slice want, struct slice reply)
{
	struct slice text = last_response(reply), word;

	sl_cut(&text, ' ', &word);
	sl_cut(&text, ' ', &word);
	return sl_eq(word, want);
}

static bool
fits(const struct scn_alternative *alt, struct slice reply)
{
	struct slice text = last_response(reply), tag;

	sl_cut(&text, ' ', &tag);
	return sl_eq(tag, alt->tag) && (alt->code.n == 0 || has_code(alt->code, reply));
}

/* --- the world ------------------------------------------------------------------------------ */

/* Is it offered only as long as TLS is off? */
static bool
is_clear_only(struct slice word)
{
	return sl_eq(word, SL("STARTTLS")) || sl_eq(word, SL("LOGINDISABLED"));
}

static bool
is_offered(const struct scn *scn, struct slice need)
{
	struct slice all = SL(CAPABILITIES CAPABILITIES_DOOR), word, name;
	bool more = true;

	while (more) {
		more = sl_cut(&all, ' ', &word);
		name = sl_sub(word, 0, sl_find(word, '='));
		if (sl_eq(word, need) || sl_eq(name, need))
			return !is_clear_only(need) || sl_eq(scn->service, SL("imap"));
	}
	return false;
}

static bool
is_possible(const struct scn *scn)
{
	struct slice needs = sl_trim(scn->needs), word;

	if (scn->has_zone)
		return false;
	for (; needs.n; needs = sl_trim(needs)) {
		sl_cut(&needs, ' ', &word);
		if (word.p[0] == '!' ? is_offered(scn, sl_skip(word, 1)) : !is_offered(scn, word))
			return false;
	}
	return true;
}

/* Flags and date as the header has them; false, having said so, when they are none. */
static bool
put_message(struct play *p, struct store_folder *box, const struct scn_message *m)
{
	struct scn_step at = {.line = m->line, .source = m->source};
	struct imap_lex_flags flags;
	struct imap_lexer lx;
	int64_t date_sec = STORE_DATE_SEC;
	struct buf text;
	bool ok;

	imap_lex_init(&lx, m->flags, p->a);
	if (!imap_lex_flags(&lx, false, &flags))
		return play_fail(p, &at, "flags in parentheses", m->flags);
	imap_lex_init(&lx, m->date, p->a);
	if (m->date.n && !imap_lex_date_time(&lx, &date_sec))
		return play_fail(p, &at, "a date as \"21-Nov-2026 19:05:00 +0000\"", m->date);
	buf_init(&text, COLLECT_MAX);
	ok = play_put_text(p, &at, m->text, &text);
	if (ok)
		store_put(box, buf_slice(&text), flags.flags,
		    store_keyword_bits(box, flags.keywords, flags.keyword_count), date_sec);
	buf_fini(&text);
	return ok;
}

static void
begin(struct play *p)
{
	struct imap_play *w = mem_get(sizeof(*w));
	struct store_folder *box;
	struct buf name;

	p->world = w;
	imap_world_init(&w->world);
	for (size_t i = 0; i < p->scn->rule_count; i++)
		w->rules[i] = (struct imap_rule){
			.kind = (enum imap_ask)p->scn->rules[i].kind,
			.key = p->scn->rules[i].key,
			.after_ms = p->scn->rules[i].after_ms,
			.fault = p->scn->rules[i].fault,
		};
	w->world.rules = w->rules;
	w->world.rule_count = p->scn->rule_count;
	w->world.body_step = p->chunk;
	w->world.lazy = p->chunk % 2 == 1;
	w->world.fetch_step = p->chunk == 1 ? 1 : 0;
	w->world.sync_step = p->chunk == 3 ? 1 : 0;
	w->world.handle_min = p->chunk == 7 ? 1 : 0;
	buf_init(&name, 256);
	buf_put(&name, SL("INBOX."));
	buf_put(&name, p->id);
	play_var_set(p, SL("BOX"), buf_slice(&name));
	play_var_set(p, SL("SEP"), SL("."));
	box = store_make(&w->world.stores[0], buf_slice(&name));
	buf_fini(&name);
	for (const struct scn_message *m = p->scn->messages; m; m = m->next)
		if (!put_message(p, box, m))
			return;
}

static void
end(struct play *p)
{
	imap_world_fini(&world_of(p)->world);
	mem_free(p->world);
}

static void *
open_conn(struct play *p, const struct scn_step *s)
{
	struct imap_world *w = &world_of(p)->world;
	struct drive_conn *c;
	size_t end_of_login;

	if (p->scn->no_login)
		return imap_world_knock(w, sl_eq(p->scn->service, SL("imaps")));
	if (s->kind == SCN_CONN && s->user > IMAP_WORLD_USERS) {
		play_fail(p, s, "at most 8 users", s->source);
		return NULL;
	}
	c = imap_world_enter(w, s->kind == SCN_CONN && s->user ? s->user : 1);
	end_of_login = sl_find(buf_slice(&c->out), '\n');
	if (end_of_login < c->out.n)
		buf_drop(&c->out, end_of_login + 1);
	return c;
}

static void
wait_ms(struct play *p, int64_t ms)
{
	drive_wait(&world_of(p)->world.drive, ms);
}

const struct play_target play_imap = {
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
	.has_code = has_code,
};
