/*
 * Plays scenarios against the SMTP server engine in the small world of src/smtp/tests/world.h.
 */
#include <regex.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/num.h"
#include "scn.h"

#define CONNS_MAX 8
#define VARS_MAX 48
#define COLLECT_MAX ((size_t)256 << 20)
#define TRANSCRIPT_MAX ((size_t)1 << 20)
#define PIECEMEAL_MAX ((size_t)4 << 20) /* more than this is not cut into pieces of a few bytes */

struct conn {
	struct slice name;
	struct world_conn *wire;
	struct buf out;   /* collected */
	struct buf reply; /* matched last */
	enum { LAST_NONE, LAST_EOF, LAST_REPLY } last;
};

struct var {
	struct slice name, value;
};

struct play {
	const struct scn *scn;
	struct arena *a; /* of this play */
	struct world world;
	enum world_service service;
	size_t chunk;
	struct conn conns[CONNS_MAX];
	struct conn *current;
	struct var vars[VARS_MAX];
	size_t var_count;
	struct slice id;
	struct buf transcript;
	bool failed;
	FILE *err;
};

/* --- telling ---------------------------------------------------------------------------------------- */

static void
put_shown(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n && i < 160; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || (s.p[i] >= 32 && s.p[i] < 127))
			buf_put_byte(out, s.p[i] == '\n' || s.p[i] == '\r' ? '~' : s.p[i]);
		else
			buf_fmt(out, "\\x%02x", s.p[i]);
}

static void
note(struct play *p, const char *who, struct slice s)
{
	struct slice line;
	bool more = s.n > 0;

	while (more && p->transcript.n < TRANSCRIPT_MAX / 2) {
		more = sl_cut(&s, '\n', &line);
		if (!more && line.n == 0)
			break;
		buf_fmt(&p->transcript, "    %s: ", who);
		put_shown(&p->transcript, line);
		buf_put_byte(&p->transcript, '\n');
	}
}

static bool
fail(struct play *p, const struct scn_step *s, const char *expected, struct slice found)
{
	struct buf text;

	buf_init(&text, 8192);
	put_shown(&text, found);
	fprintf(p->err, "%s:%d: %.*s: expected %s, found '%.*s' (pieces of %zu)\n", p->scn->path, s->line, SL_FMT(s->source),
	    expected, SL_FMT(buf_slice(&text)), p->chunk);
	buf_fini(&text);
	p->failed = true;
	return false;
}

/* --- values ----------------------------------------------------------------------------------------- */

static struct slice *
var_find(struct play *p, struct slice name)
{
	for (size_t i = 0; i < p->var_count; i++)
		if (sl_eq(p->vars[i].name, name))
			return &p->vars[i].value;
	return NULL;
}

static void
var_set(struct play *p, struct slice name, struct slice value)
{
	struct slice *old = var_find(p, name);

	value = arena_copy(p->a, value);
	if (old)
		*old = value;
	else if (p->var_count < VARS_MAX)
		p->vars[p->var_count++] = (struct var){name, value};
}

static bool
put_text(struct play *p, const struct scn_step *s, const struct scn_part *part, struct buf *out)
{
	struct buf inner;
	struct slice *v;
	bool ok = true;

	for (; ok && part; part = part->next) {
		if (part->kind == SCN_TEXT) {
			buf_put(out, part->text);
		} else if (part->kind == SCN_VAR) {
			v = var_find(p, part->text);
			ok = v ? (buf_put(out, *v), true) : fail(p, s, "a variable that is set", part->text);
		} else {
			buf_init(&inner, COLLECT_MAX);
			ok = put_text(p, s, part->inner, &inner);
			base64_put(out, buf_slice(&inner));
			buf_fini(&inner);
		}
	}
	return ok;
}

/* Compiles a pattern with its variables put in as plain text. */
static bool
pattern_ready(struct play *p, const struct scn_step *s, const struct scn_pattern *pat, regex_t *re)
{
	struct buf text;
	struct slice *v;
	bool ok;

	buf_init(&text, 65536);
	for (const struct scn_part *part = pat->parts; part; part = part->next) {
		if (part->kind == SCN_TEXT) {
			buf_put(&text, part->text);
			continue;
		}
		v = var_find(p, part->text);
		for (size_t i = 0; v && i < v->n; i++) {
			if (!ascii_is_alnum(v->p[i]))
				buf_put_byte(&text, '\\');
			buf_put_byte(&text, v->p[i]);
		}
		if (!v)
			fail(p, s, "a variable that is set", part->text);
	}
	ok = buf_str(&text) && regcomp(re, (const char *)text.p, REG_EXTENDED | (pat->ignore_case ? REG_ICASE : 0)) == 0;
	if (!ok)
		fail(p, s, "a regular expression", pat->source);
	buf_fini(&text);
	return ok;
}

/* Searches one line; captures become variables. */
static bool
pattern_search(struct play *p, const struct scn_pattern *pat, const regex_t *re, struct slice line)
{
	regmatch_t at[10];
	struct slice names = pat->names, name, text = arena_copy(p->a, line);

	if (regexec(re, (const char *)text.p, COUNT_OF(at), at, 0) != 0)
		return false;
	for (size_t i = 1; i < COUNT_OF(at) && names.n; i++, names = sl_trim(names)) {
		sl_cut(&names, ' ', &name);
		var_set(p, name, at[i].rm_so < 0 ? SL_NONE : sl_sub(text, (size_t)at[i].rm_so, (size_t)at[i].rm_eo));
	}
	return true;
}

/* --- connections ------------------------------------------------------------------------------------- */

static struct conn *
conn_named(struct play *p, const struct scn_step *s, struct slice name)
{
	struct conn *free_one = NULL;

	for (size_t i = 0; i < CONNS_MAX; i++) {
		if (p->conns[i].wire && sl_eq(p->conns[i].name, name))
			return &p->conns[i];
		if (!p->conns[i].wire && !free_one)
			free_one = &p->conns[i];
	}
	if (!free_one) {
		fail(p, s, "at most 8 connections", name);
		return NULL;
	}
	free_one->name = name;
	free_one->wire = world_connect(&p->world, p->service);
	free_one->last = LAST_NONE;
	buf_init(&free_one->out, COLLECT_MAX);
	buf_init(&free_one->reply, COLLECT_MAX);
	return free_one;
}

static struct conn *
conn_current(struct play *p, const struct scn_step *s)
{
	if (!p->current)
		p->current = conn_named(p, s, SL("a"));
	return p->current;
}

static void
conn_end(struct play *p, struct conn *c)
{
	world_abort(c->wire);
	buf_fini(&c->out);
	buf_fini(&c->reply);
	c->wire = NULL;
	if (p->current != c)
		return;
	p->current = NULL;
	for (size_t i = 0; i < CONNS_MAX; i++)
		if (p->conns[i].wire && sl_eq(p->conns[i].name, SL("a")))
			p->current = &p->conns[i];
}

static void
send_collected(struct play *p, struct conn *c)
{
	size_t chunk = c->out.n > PIECEMEAL_MAX && p->chunk ? 4093 : p->chunk;

	if (c->out.n == 0)
		return;
	note(p, "C", buf_slice(&c->out));
	world_send(c->wire, buf_slice(&c->out), chunk);
	buf_clear(&c->out);
}

/* --- replies ------------------------------------------------------------------------------------------ */

/* Length of the complete reply at the start of s, or 0. *form is false when it is malformed. */
static size_t
reply_length(struct slice s, bool *form)
{
	struct slice rest = s, line, code = SL_NONE;

	*form = true;
	while (sl_cut(&rest, '\n', &line)) {
		bool crlf = line.n && line.p[line.n - 1] == '\r';

		*form = crlf && line.n < 512 && line.n >= 4 && sl_find(line, '\r') == line.n - 1 && sl_find(line, '\0') == line.n &&
		    line.p[0] >= '2' && line.p[0] <= '5' && ascii_is_digit(line.p[1]) && ascii_is_digit(line.p[2]) &&
		    (line.n == 4 || line.p[3] == ' ' || line.p[3] == '-') && (!code.n || sl_eq(code, sl_sub(line, 0, 3)));
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

/* Waits for a complete reply, or the end: c->last says which. */
static bool
fetch(struct play *p, const struct scn_step *s, struct conn *c)
{
	struct slice heard;
	bool form;
	size_t n;

	for (;;) {
		heard = world_heard(c->wire);
		n = reply_length(heard, &form);
		if (!form)
			return fail(p, s, "a well-formed reply", heard);
		if (n)
			break;
		if (world_hurry(c->wire))
			continue;
		if (heard.n)
			return fail(p, s, "a complete reply", heard);
		if (!world_is_closed(c->wire, NULL))
			return fail(p, s, "a reply", SL("nothing"));
		c->last = LAST_EOF;
		note(p, "S", SL("(closed)"));
		return true;
	}
	c->last = LAST_REPLY;
	buf_clear(&c->reply);
	buf_put(&c->reply, sl_sub(heard, 0, n));
	note(p, "S", buf_slice(&c->reply));
	world_heard_drop(c->wire, n);
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

static bool
enhanced_fits(struct slice want, struct slice text, unsigned char class)
{
	struct slice part, got, word;

	sl_cut(&text, ' ', &word);
	if (word.n == 0 || word.p[0] != class)
		return false;
	for (int i = 0; i < 3; i++) {
		sl_cut(&want, '.', &part);
		sl_cut(&word, '.', &got);
		if (got.n == 0 || (!sl_eq(part, SL("x")) && !sl_eq(part, got)))
			return false;
	}
	return word.n == 0;
}

/* Does some line of the reply match? */
static bool
reply_matches(struct play *p, const struct scn_step *s, struct conn *c, const struct scn_pattern *pat)
{
	struct slice rest = buf_slice(&c->reply), text;
	bool found = false;
	regex_t re;

	if (!pattern_ready(p, s, pat, &re))
		return false;
	while (!found && reply_line(&rest, &text))
		found = pattern_search(p, pat, &re, text);
	regfree(&re);
	return found;
}

static bool
alternative_fits(struct play *p, const struct scn_step *s, struct conn *c, const struct scn_alternative *alt)
{
	struct slice rest = buf_slice(&c->reply), text;

	if (alt->is_eof || c->last == LAST_EOF)
		return alt->is_eof && c->last == LAST_EOF;
	if (!code_fits(alt->code, rest))
		return false;
	while (alt->enhanced.n && reply_line(&rest, &text))
		if (!enhanced_fits(alt->enhanced, text, c->reply.p[0]))
			return false;
	return !alt->pattern || reply_matches(p, s, c, alt->pattern);
}

/* --- steps ------------------------------------------------------------------------------------------- */

static bool run(struct play *p, const struct scn_step *s);

static bool
do_collect(struct play *p, const struct scn_step *s, struct conn *c)
{
	struct buf text;
	size_t n = (size_t)s->number;
	bool ok;

	if (s->kind != SCN_FILL) {
		ok = put_text(p, s, s->text, &c->out);
		if (s->kind == SCN_C)
			buf_put(&c->out, SL("\r\n"));
		return ok;
	}
	buf_init(&text, COLLECT_MAX);
	ok = put_text(p, s, s->text, &text) && (text.n || fail(p, s, "something to fill with", SL_NONE));
	while (ok && n) {
		buf_put(&c->out, sl_sub(buf_slice(&text), 0, n));
		n -= n < text.n ? n : text.n;
	}
	buf_fini(&text);
	return ok;
}

static bool
do_reply(struct play *p, const struct scn_step *s, struct conn *c)
{
	if (!fetch(p, s, c))
		return false;
	for (const struct scn_alternative *alt = s->alternatives; alt; alt = alt->next)
		if (alternative_fits(p, s, c, alt))
			return true;
	return fail(p, s, "this reply", c->last == LAST_EOF ? SL("end of connection") : buf_slice(&c->reply));
}

static bool
do_pattern(struct play *p, const struct scn_step *s, struct conn *c)
{
	if (c->last != LAST_REPLY)
		return fail(p, s, "a reply before this", SL("none"));
	if (reply_matches(p, s, c, s->pattern) == (s->kind == SCN_HAS))
		return true;
	return fail(p, s, s->kind == SCN_HAS ? "such a line" : "no such line", buf_slice(&c->reply));
}

static bool
do_silence(struct play *p, const struct scn_step *s, struct conn *c)
{
	bool closed;

	while (s->kind == SCN_EOF && world_heard(c->wire).n == 0 && !world_is_closed(c->wire, NULL) && world_hurry(c->wire))
		;
	closed = world_is_closed(c->wire, NULL);
	if (world_heard(c->wire).n)
		return fail(p, s, "nothing", world_heard(c->wire));
	if (closed != (s->kind == SCN_EOF))
		return fail(p, s, closed ? "an open connection" : "end of connection", closed ? SL("its end") : SL("it stays open"));
	if (closed)
		c->last = LAST_EOF;
	return true;
}

static bool
do_starttls(struct play *p, const struct scn_step *s, struct conn *c)
{
	if (world_heard(c->wire).n)
		return fail(p, s, "no reply waiting before TLS", world_heard(c->wire));
	note(p, "C", SL("(TLS)"));
	return world_start_tls(c->wire) || fail(p, s, "a server that starts TLS", SL("none"));
}

static bool
do_repeat(struct play *p, const struct scn_step *s)
{
	struct slice *old = var_find(p, SL("n"));
	struct slice outer = old ? *old : SL_NONE;
	char text[24];
	bool ok = true;

	for (int64_t i = 1; ok && i <= s->number; i++) {
		snprintf(text, sizeof(text), "%lld", (long long)i);
		var_set(p, SL("n"), sl_str(text));
		ok = run(p, s->steps);
	}
	var_set(p, SL("n"), outer);
	return ok;
}

static bool
do_if(struct play *p, const struct scn_step *s, struct conn *c)
{
	bool yes;

	if (c->last == LAST_NONE)
		return fail(p, s, "a reply before this", SL("none"));
	if (sl_eq(s->word, SL("eof")) || c->last == LAST_EOF)
		yes = sl_eq(s->word, SL("eof")) && c->last == LAST_EOF;
	else
		yes = code_fits(s->word, buf_slice(&c->reply));
	return run(p, yes ? s->steps : s->otherwise);
}

/* Is the message one of this play for fixture user k? */
static bool
mail_is_for(const struct play *p, const struct world_mail *m, unsigned k)
{
	struct slice rest = buf_slice(&m->rcpts), rcpt;
	char want[64];

	snprintf(want, sizeof(want), "user%u@" WORLD_DOMAIN, k);
	if (sl_search(buf_slice(&m->content), p->id) == m->content.n)
		return false;
	while (sl_cut(&rest, '\0', &rcpt))
		if (sl_ieq(rcpt, sl_str(want)))
			return true;
	return false;
}

/* Has one line of one message what is looked for? */
static bool
mailbox_has(struct play *p, const struct scn_step *s, const regex_t *re, struct slice text)
{
	for (const struct world_mail *m = p->world.mails; m; m = m->next) {
		struct slice rest = buf_slice(&m->content), line;
		bool more = mail_is_for(p, m, s->user);

		while (more) {
			more = sl_cut(&rest, '\n', &line);
			if (line.n && line.p[line.n - 1] == '\r')
				line.n--;
			if (re ? pattern_search(p, s->pattern, re, line) : sl_eq(line, text))
				return true;
		}
	}
	return false;
}

static bool
do_mailbox(struct play *p, const struct scn_step *s)
{
	struct buf text;
	regex_t re;
	int64_t n = 0;
	bool found, ok;

	if (sl_eq(s->word, SL("count"))) {
		for (const struct world_mail *m = p->world.mails; m; m = m->next)
			n += mail_is_for(p, m, s->user);
		return n == s->number || fail(p, s, "this number", n ? SL("another") : SL("0"));
	}
	buf_init(&text, 65536);
	if (s->pattern ? !pattern_ready(p, s, s->pattern, &re) : !put_text(p, s, s->text, &text)) {
		buf_fini(&text);
		return false;
	}
	found = mailbox_has(p, s, s->pattern ? &re : NULL, buf_slice(&text));
	if (s->pattern)
		regfree(&re);
	buf_fini(&text);
	ok = found == (sl_eq(s->word, SL("has")) || sl_eq(s->word, SL("match")));
	return ok || fail(p, s, "this in a message", found ? SL("one has it") : SL("none has it"));
}

static bool
run_one(struct play *p, const struct scn_step *s, struct conn *c)
{
	switch (s->kind) {
	case SCN_FLUSH:
		return true;
	case SCN_S:
		return do_reply(p, s, c);
	case SCN_HAS:
	case SCN_HASNT:
		return do_pattern(p, s, c);
	case SCN_EOF:
	case SCN_QUIET:
		return do_silence(p, s, c);
	case SCN_WAIT:
		world_wait(&p->world, s->number);
		return true;
	case SCN_STARTTLS:
		return do_starttls(p, s, c);
	case SCN_CLOSE:
		world_shut(c->wire);
		conn_end(p, c);
		return true;
	case SCN_ABORT:
		conn_end(p, c);
		return true;
	case SCN_MAILBOX:
		while (world_hurry(c->wire))
			;
		return do_mailbox(p, s);
	case SCN_EVENT:
		world_event(c->wire, sl_eq(s->word, SL("drain")) ? ENGINE_DRAIN : ENGINE_KICK);
		return true;
	default:
		return fail(p, s, "a step that can be played", s->source);
	}
}

static bool
run(struct play *p, const struct scn_step *s)
{
	bool ok = true;

	for (; ok && s; s = s->next) {
		if (s->kind == SCN_REPEAT) {
			ok = do_repeat(p, s);
			continue;
		}
		if (s->kind == SCN_CONN) {
			if (p->current)
				send_collected(p, p->current);
			p->current = conn_named(p, s, s->word);
			ok = p->current != NULL;
			continue;
		}
		if (s->kind == SCN_MAILBOX && !p->current) {
			ok = do_mailbox(p, s);
			continue;
		}
		if (!conn_current(p, s))
			return false;
		if (s->kind == SCN_C || s->kind == SCN_C_RAW || s->kind == SCN_FILL) {
			ok = do_collect(p, s, p->current);
			continue;
		}
		if (s->kind == SCN_IF) {
			ok = do_if(p, s, p->current);
			continue;
		}
		send_collected(p, p->current);
		ok = run_one(p, s, p->current);
	}
	return ok && !p->failed;
}

/* --- what the server offers --------------------------------------------------------------------------- */

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

/* Can the scenario be played here? The service is set. */
static bool
is_playable(const struct scn *scn, enum world_service *service)
{
	static const char *const names[] = {"smtp", "submission", "smtps"}; /* as enum world_service */
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

static void
set_variables(struct play *p)
{
	static unsigned plays;
	char name[24], value[64];

	var_set(p, SL("DOMAIN"), SL(WORLD_DOMAIN));
	var_set(p, SL("PASS"), SL(WORLD_PASSWORD));
	var_set(p, SL("CLIENT"), SL("client.example"));
	snprintf(value, sizeof(value), "id%08ux", ++plays);
	var_set(p, SL("ID"), sl_str(value));
	p->id = *var_find(p, SL("ID"));
	for (unsigned k = 1; k <= p->world.users && p->var_count + 4 < VARS_MAX; k++) {
		snprintf(name, sizeof(name), "user%u", k);
		snprintf(value, sizeof(value), "user%u@" WORLD_DOMAIN, k);
		var_set(p, arena_copy(p->a, sl_str(name)), sl_str(value));
		snprintf(name, sizeof(name), "local%u", k);
		snprintf(value, sizeof(value), "user%u", k);
		var_set(p, arena_copy(p->a, sl_str(name)), sl_str(value));
	}
}

/* The client closes all connections; what was not matched is a failure. */
static void
finish(struct play *p)
{
	struct scn_step last = {.line = p->scn->last_line, .source = SL("end of the scenario")};

	for (size_t i = 0; i < CONNS_MAX; i++) {
		struct conn *c = &p->conns[i];

		if (!c->wire)
			continue;
		if (!p->failed) {
			send_collected(p, c);
			world_shut(c->wire);
			while (world_hurry(c->wire))
				;
			if (world_heard(c->wire).n)
				fail(p, &last, "nothing more from the server", world_heard(c->wire));
		}
		conn_end(p, c);
	}
}

enum scn_result
scn_play(const struct scn *scn, size_t chunk, bool verbose, FILE *err)
{
	struct play *p = mem_get(sizeof(*p));
	bool failed;

	memset(p, 0, sizeof(*p));
	p->scn = scn;
	p->chunk = chunk;
	p->err = err;
	if (!is_playable(scn, &p->service)) {
		mem_free(p);
		return SCN_NOT_OFFERED;
	}
	p->a = arena_new("play", COLLECT_MAX);
	buf_init(&p->transcript, TRANSCRIPT_MAX);
	world_init(&p->world, scn->users > 5 ? scn->users : 5);
	p->world.rules = scn->rules;
	p->world.rule_count = scn->rule_count;
	p->world.body_step = chunk;
	set_variables(p);
	run(p, scn->steps);
	finish(p);
	failed = p->failed;
	if (failed && verbose)
		fprintf(err, "%.*s", SL_FMT(buf_slice(&p->transcript)));
	world_fini(&p->world);
	buf_fini(&p->transcript);
	arena_free(p->a);
	mem_free(p);
	return failed ? SCN_FAILED : SCN_PASSED;
}
