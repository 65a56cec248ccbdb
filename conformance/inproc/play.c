/*
 * Plays scenarios against the SMTP server engine in the small world of src/smtp/tests/world.h.
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
	play_note(p, "C", buf_slice(&c->out));
	world_send(c->wire, buf_slice(&c->out), chunk);
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
	bool closed;

	while (s->kind == SCN_EOF && world_heard(c->wire).n == 0 &&
	       !world_is_closed(c->wire, NULL) && world_hurry(c->wire))
		;
	closed = world_is_closed(c->wire, NULL);
	if (world_heard(c->wire).n)
		return play_fail(p, s, "nothing", world_heard(c->wire));
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
	if (world_heard(c->wire).n)
		return play_fail(p, s, "no reply waiting before TLS", world_heard(c->wire));
	play_note(p, "C", SL("(TLS)"));
	return world_start_tls(c->wire) || play_fail(p, s, "a server that starts TLS", SL("none"));
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
		yes = play_code_fits(s->word, buf_slice(&c->reply));
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

/* Has one line of one message what is looked for? With `received`, its topmost Received field. */
static bool
mailbox_has(struct play *p, const struct scn_step *s, const regex_t *re, struct slice text)
{
	bool trace = sl_eq(s->word, SL("received"));

	for (const struct world_mail *m = p->world.mails; m; m = m->next) {
		struct slice rest = buf_slice(&m->content), line;
		bool more = mail_is_for(p, m, s->user);

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

static void
set_variables(struct play *p)
{
	static unsigned plays;
	char name[24], value[64];

	play_var_set(p, SL("DOMAIN"), SL(WORLD_DOMAIN));
	play_var_set(p, SL("PASS"), SL(WORLD_PASSWORD));
	play_var_set(p, SL("CLIENT"), SL("client.example"));
	snprintf(value, sizeof(value), "id%08ux", ++plays);
	play_var_set(p, SL("ID"), sl_str(value));
	p->id = *play_var(p, SL("ID"));
	for (unsigned k = 1; k <= p->world.users && p->var_count + 4 < VARS_MAX; k++) {
		snprintf(name, sizeof(name), "user%u", k);
		snprintf(value, sizeof(value), "user%u@" WORLD_DOMAIN, k);
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
			world_shut(c->wire);
			while (world_hurry(c->wire))
				;
			if (world_heard(c->wire).n)
				play_fail(
				    p, &last, "nothing more from the server", world_heard(c->wire));
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
	if (!play_is_possible(scn, &p->service)) {
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
