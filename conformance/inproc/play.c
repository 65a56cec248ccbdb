/*
 * Plays scenarios against the engine of a protocol in its small world (struct play_target).
 */
#include "play.h"

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
		play_fail(p, s, "at most 8 connections", name);
		return NULL;
	}
	free_one->name = name;
	free_one->wire = p->target->open(p, s);
	if (!free_one->wire)
		return NULL;
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
	p->target->abort(c->wire);
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
	play_note(p, "C", buf_slice(&c->out));
	p->target->send(c->wire, buf_slice(&c->out), chunk);
	buf_clear(&c->out);
}

/* --- steps ---------------------------------------------------------------------------------- */

static bool run(struct play *p, const struct scn_step *s);

static bool
do_collect(struct play *p, const struct scn_step *s, struct conn *c)
{
	struct buf text;
	size_t n = (size_t)s->number;
	bool ok;

	if (s->kind != SCN_FILL) {
		ok = play_put_text(p, s, s->text, &c->out);
		if (s->kind == SCN_C)
			buf_put(&c->out, SL("\r\n"));
		return ok;
	}
	buf_init(&text, COLLECT_MAX);
	ok = play_put_text(p, s, s->text, &text) &&
	     (text.n || play_fail(p, s, "something to fill with", SL_NONE));
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
	if (!play_fetch(p, s, c))
		return false;
	for (const struct scn_alternative *alt = s->alternatives; alt; alt = alt->next)
		if (play_alternative_fits(p, s, c, alt))
			return true;
	return play_fail(p, s, "this reply",
	    c->last == LAST_EOF ? SL("end of connection") : buf_slice(&c->reply));
}

static bool
do_pattern(struct play *p, const struct scn_step *s, struct conn *c)
{
	if (c->last != LAST_REPLY)
		return play_fail(p, s, "a reply before this", SL("none"));
	if (play_reply_matches(p, s, c, s->pattern) == (s->kind == SCN_HAS))
		return true;
	return play_fail(
	    p, s, s->kind == SCN_HAS ? "such a line" : "no such line", buf_slice(&c->reply));
}

static bool
do_silence(struct play *p, const struct scn_step *s, struct conn *c)
{
	const struct play_target *t = p->target;
	bool closed;

	while (s->kind == SCN_EOF && t->heard(c->wire).n == 0 && !t->is_closed(c->wire) &&
	       t->hurry(c->wire))
		;
	closed = p->target->is_closed(c->wire);
	if (p->target->heard(c->wire).n)
		return play_fail(p, s, "nothing", p->target->heard(c->wire));
	if (closed != (s->kind == SCN_EOF))
		return play_fail(p, s, closed ? "an open connection" : "end of connection",
		    closed ? SL("its end") : SL("it stays open"));
	if (closed)
		c->last = LAST_EOF;
	return true;
}

static bool
do_starttls(struct play *p, const struct scn_step *s, struct conn *c)
{
	if (p->target->heard(c->wire).n)
		return play_fail(
		    p, s, "no reply waiting before TLS", p->target->heard(c->wire));
	play_note(p, "C", SL("(TLS)"));
	return p->target->start_tls(c->wire) ||
	       play_fail(p, s, "a server that starts TLS", SL("none"));
}

static bool
do_repeat(struct play *p, const struct scn_step *s)
{
	struct slice *old = play_var(p, SL("n"));
	struct slice outer = old ? *old : SL_NONE;
	char text[24];
	bool ok = true;

	for (int64_t i = 1; ok && i <= s->number; i++) {
		snprintf(text, sizeof(text), "%lld", (long long)i);
		play_var_set(p, SL("n"), sl_str(text));
		ok = run(p, s->steps);
	}
	play_var_set(p, SL("n"), outer);
	return ok;
}

static bool
do_if(struct play *p, const struct scn_step *s, struct conn *c)
{
	bool yes;

	if (c->last == LAST_NONE)
		return play_fail(p, s, "a reply before this", SL("none"));
	if (sl_eq(s->word, SL("eof")) || c->last == LAST_EOF)
		yes = sl_eq(s->word, SL("eof")) && c->last == LAST_EOF;
	else
		yes = p->target->has_code(s->word, buf_slice(&c->reply));
	return run(p, yes ? s->steps : s->otherwise);
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
		p->target->wait(p, s->number);
		return true;
	case SCN_STARTTLS:
		return do_starttls(p, s, c);
	case SCN_COMPRESS:
		return play_fail(p, s, "a server that compresses", SL("none"));
	case SCN_CLOSE:
		p->target->shut(c->wire);
		conn_end(p, c);
		return true;
	case SCN_ABORT:
		conn_end(p, c);
		return true;
	case SCN_MAILBOX:
		while (p->target->hurry(c->wire))
			;
		return play_mailbox(p, s);
	case SCN_REST:
	case SCN_OCTETS:
	case SCN_LINES:
		return play_rest(p, s, c);
	case SCN_EVENT:
		p->target->event(c->wire, sl_eq(s->word, SL("drain")) ? ENGINE_DRAIN : ENGINE_KICK);
		return true;
	default:
		return play_fail(p, s, "a step that can be played", s->source);
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
			ok = play_mailbox(p, s);
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

static void
set_variables(struct play *p)
{
	static unsigned plays;
	unsigned users = p->scn->users > 5 ? p->scn->users : 5;
	char name[24], value[64];

	play_var_set(p, SL("DOMAIN"), SL(PLAY_DOMAIN));
	play_var_set(p, SL("PASS"), SL(PLAY_PASSWORD));
	play_var_set(p, SL("CLIENT"), SL("client.example"));
	snprintf(value, sizeof(value), "id%08ux", ++plays);
	play_var_set(p, SL("ID"), sl_str(value));
	p->id = *play_var(p, SL("ID"));
	for (unsigned k = 1; k <= users && p->var_count + 4 < VARS_MAX; k++) {
		snprintf(name, sizeof(name), "user%u", k);
		snprintf(value, sizeof(value), "user%u@" PLAY_DOMAIN, k);
		play_var_set(p, arena_copy(p->a, sl_str(name)), sl_str(value));
		snprintf(name, sizeof(name), "local%u", k);
		snprintf(value, sizeof(value), "user%u", k);
		play_var_set(p, arena_copy(p->a, sl_str(name)), sl_str(value));
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
			p->target->shut(c->wire);
			while (p->target->hurry(c->wire))
				;
			if (p->target->heard(c->wire).n)
				play_fail(p, &last, "nothing more from the server",
				    p->target->heard(c->wire));
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
	p->target = sl_starts(scn->service, SL("imap"))	  ? &play_imap
		    : sl_starts(scn->service, SL("pop3")) ? &play_pop3
							  : &play_smtp;
	if (!p->target->is_possible(scn)) {
		mem_free(p);
		return SCN_NOT_OFFERED;
	}
	p->a = arena_new("play", COLLECT_MAX);
	buf_init(&p->transcript, TRANSCRIPT_MAX);
	set_variables(p);
	p->target->begin(p);
	run(p, scn->steps);
	finish(p);
	failed = p->failed;
	if (failed && verbose)
		fprintf(err, "%.*s", SL_FMT(buf_slice(&p->transcript)));
	p->target->end(p);
	buf_fini(&p->transcript);
	arena_free(p->a);
	mem_free(p);
	return failed ? SCN_FAILED : SCN_PASSED;
}
