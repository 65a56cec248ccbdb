/*
 * SMTP to play against: the world of src/smtp/tests/world.h, replies as RFC 5321 has them.
 */
#include "base/ascii.h"
#include "base/num.h"
#include "play.h"
#include "smtp/tests/world.h"

struct smtp_play {
	struct world world;
	struct world_rule rules[SCN_RULES_MAX];
	enum world_service service;
};

static struct smtp_play *
world_of(const struct play *p)
{
	return p->world;
}

/* --- replies -------------------------------------------------------------------------------- */

/* Length of the complete reply at the start of s, or 0. *form is false when it is malformed. */
static size_t
reply_length(struct slice s, const struct scn_alternative *want, bool *form)
{
	struct slice rest = s, line, code = SL_NONE;

	(void)want;
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
static bool
reply_line(struct slice *s, struct slice *text)
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

static bool
code_fits(struct slice want, struct slice reply)
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

static bool
fits(const struct scn_alternative *alt, struct slice reply)
{
	struct slice rest = reply, text;

	if (!code_fits(alt->code, reply))
		return false;
	while (alt->enhanced.n && reply_line(&rest, &text))
		if (!enhanced_fits(alt->enhanced, text, reply.p[0]))
			return false;
	return true;
}

/* --- what is offered ------------------------------------------------------------------------ */

static bool
ehlo_lists(struct world_conn *c, struct slice keyword, struct slice param)
{
	struct slice heard, text, word;
	bool first = true;

	world_heard_drop(c, world_heard(c).n);
	world_send(c, SL("EHLO client.example\r\n"), 0);
	heard = world_heard(c);
	while (reply_line(&heard, &text)) {
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

static bool
service_of(const struct scn *scn, enum world_service *service)
{
	static const char *const names[] = {
	    "smtp", "submission", "smtps"}; /* as enum world_service */

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (sl_eq(scn->service, sl_str(names[i]))) {
			*service = (enum world_service)i;
			return true;
		}
	return false;
}

static bool
is_possible(const struct scn *scn)
{
	struct slice needs = sl_trim(scn->needs), word;
	enum world_service service;
	bool negative;

	if (!service_of(scn, &service) || scn->has_zone)
		return false;
	for (; needs.n; needs = sl_trim(needs)) {
		sl_cut(&needs, ' ', &word);
		if (sl_eq(word, SL("mailbox")))
			return false;
		negative = word.p[0] == '!';
		if (is_offered(service, negative ? sl_skip(word, 1) : word) == negative)
			return false;
	}
	return true;
}

/* --- mailboxes ------------------------------------------------------------------------------ */

/* Is the message for fixture user k? */
static bool
mail_is_for(const struct world_mail *m, unsigned k)
{
	struct slice rest = buf_slice(&m->rcpts), rcpt;
	char want[64];

	snprintf(want, sizeof(want), "user%u@" WORLD_DOMAIN, k);
	while (sl_cut(&rest, '\0', &rcpt))
		if (sl_ieq(rcpt, sl_str(want)))
			return true;
	return false;
}

static bool
mail(struct play *p, unsigned user, size_t index, struct slice *content)
{
	for (const struct world_mail *m = world_of(p)->world.mails; m; m = m->next)
		if (mail_is_for(m, user) && index-- == 0) {
			*content = buf_slice(&m->content);
			return true;
		}
	return false;
}

/* --- the world ------------------------------------------------------------------------------ */

static void
begin(struct play *p)
{
	struct smtp_play *w = mem_get(sizeof(*w));

	p->world = w;
	service_of(p->scn, &w->service);
	world_init(&w->world, p->scn->users > 5 ? p->scn->users : 5);
	for (size_t i = 0; i < p->scn->rule_count; i++)
		w->rules[i] = (struct world_rule){
			.kind = (enum smtp_ask)p->scn->rules[i].kind,
			.key = p->scn->rules[i].key,
			.after_ms = p->scn->rules[i].after_ms,
			.fault = p->scn->rules[i].fault,
		};
	w->world.rules = w->rules;
	w->world.rule_count = p->scn->rule_count;
	w->world.body_step = p->chunk;
}

static void
end(struct play *p)
{
	world_fini(&world_of(p)->world);
	mem_free(p->world);
}

static void *
open_conn(struct play *p, const struct scn_step *s)
{
	(void)s;
	return world_connect(&world_of(p)->world, world_of(p)->service);
}

static void
abort_conn(void *wire)
{
	world_abort(wire);
}

static void
send(void *wire, struct slice in, size_t chunk)
{
	world_send(wire, in, chunk);
}

static void
shut(void *wire)
{
	world_shut(wire);
}

static bool
start_tls(void *wire)
{
	return world_start_tls(wire);
}

static void
event(void *wire, enum engine_event_kind kind)
{
	world_event(wire, kind);
}

static struct slice
heard(const void *wire)
{
	return world_heard(wire);
}

static void
heard_drop(void *wire, size_t n)
{
	world_heard_drop(wire, n);
}

static bool
is_closed(const void *wire)
{
	return world_is_closed(wire, NULL);
}

static bool
hurry(void *wire)
{
	return world_hurry(wire);
}

static void
wait_ms(struct play *p, int64_t ms)
{
	world_wait(&world_of(p)->world, ms);
}

const struct play_target play_smtp = {
	.is_possible = is_possible,
	.begin = begin,
	.end = end,
	.open = open_conn,
	.abort = abort_conn,
	.send = send,
	.shut = shut,
	.start_tls = start_tls,
	.event = event,
	.heard = heard,
	.heard_drop = heard_drop,
	.is_closed = is_closed,
	.hurry = hurry,
	.wait = wait_ms,
	.reply_length = reply_length,
	.reply_line = reply_line,
	.fits = fits,
	.has_code = code_fits,
	.mail = mail,
};
