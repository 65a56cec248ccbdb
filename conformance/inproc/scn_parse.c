/*
 * Files of the scenario language into steps. Header keys and step words are rows.
 */
#include "base/ascii.h"
#include "base/buf.h"
#include "base/num.h"
#include "imap/ask.h"
#include "pop3/tests/world.h"
#include "scn.h"
#include "smtp/server.h"

#define FILE_MAX 65536
#define LINE_MAX_BYTES 4096
#define STEPS_MAX 1000
#define DEPTH_MAX 4

struct block {
	struct scn_step *step;
	struct scn_step **back; /* where the next step outside goes */
	bool in_else;
};

struct parser {
	struct scn *scn;
	struct arena *a;
	FILE *err;
	struct scn_mistake mistake;
	bool failed;
	int line;
	struct slice source;
	struct scn_step **end; /* where the next step goes */
	struct block blocks[DEPTH_MAX];
	size_t depth;
	size_t steps;
	bool has_title, has_req, has_service;
};

static bool
fail(struct parser *p, struct slice found, const char *expected)
{
	return scn_bad(&p->mistake, found, expected);
}

static void
report(struct parser *p)
{
	fprintf(p->err, "%s:%d: found '%s', expected %s\n", p->scn->path, p->line, p->mistake.found,
	    p->mistake.expected);
	p->failed = true;
}

/* --- header --------------------------------------------------------------------------------- */

static bool
head_title(struct parser *p, struct slice value)
{
	p->scn->title = value;
	p->has_title = true;
	return true;
}

static bool
head_req(struct parser *p, struct slice value)
{
	if (value.p[0] != 'R')
		return fail(p, value, "a requirement id as R5321-4.1.1.3-c");
	p->has_req = true;
	return true;
}

static bool
head_service(struct parser *p, struct slice value)
{
	static const char *const names[] = {
	    "smtp", "submission", "smtps", "lmtp", "pop3", "pop3s", "imap", "imaps"};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (sl_eq(value, sl_str(names[i]))) {
			p->scn->service = value;
			return true;
		}
	return fail(p, value, "one of smtp submission smtps lmtp pop3 pop3s imap imaps");
}

static bool
head_needs(struct parser *p, struct slice value)
{
	struct buf all;

	buf_init(&all, LINE_MAX_BYTES * 4);
	buf_put(&all, p->scn->needs);
	buf_put_byte(&all, ' ');
	buf_put(&all, value);
	p->scn->needs = arena_copy(p->a, buf_slice(&all));
	buf_fini(&all);
	return true;
}

static bool
head_users(struct parser *p, struct slice value)
{
	int64_t n;

	if (!scn_number_parse(value, 1, 99, &n, &p->mistake))
		return false;
	p->scn->users = (unsigned)n;
	return true;
}

static bool
head_policy(struct parser *p, struct slice value)
{
	return sl_eq(value, SL("yes")) || fail(p, value, "yes");
}

static bool
head_zone(struct parser *p, struct slice value)
{
	(void)value;
	p->scn->has_zone = true;
	return true;
}

static bool
head_timeout(struct parser *p, struct slice value)
{
	int64_t ms;

	return scn_time_parse(value, &ms, &p->mistake);
}

static bool
is_imap(const struct parser *p)
{
	return sl_starts(p->scn->service, SL("imap"));
}

static bool
is_pop3(const struct parser *p)
{
	return sl_starts(p->scn->service, SL("pop3"));
}

struct answer_kind {
	const char *name;
	unsigned kind;
};

static const struct answer_kind smtp_kinds[] = {
	{"connect", SMTP_ASK_CONNECT}, {"sender", SMTP_ASK_MAIL}, {"rcpt", SMTP_ASK_RCPT},
	{"login", SMTP_ASK_AUTH}, {"body", SMTP_ASK_DATA}, {"commit", SMTP_ASK_COMMIT}, {NULL, 0},
};

static const struct answer_kind imap_kinds[] = {
	{"list", IMAP_ASK_LIST}, {"select", IMAP_ASK_SELECT}, {"close", IMAP_ASK_CLOSE},
	{"status", IMAP_ASK_STATUS}, {"create", IMAP_ASK_CREATE}, {"delete", IMAP_ASK_DELETE},
	{"rename", IMAP_ASK_RENAME}, {"subscribe", IMAP_ASK_SUBSCRIBE},
	{"unsubscribe", IMAP_ASK_UNSUBSCRIBE}, {"append", IMAP_ASK_APPEND},
	{"append-end", IMAP_ASK_APPEND_END}, {"sync", IMAP_ASK_SYNC}, {"fetch", IMAP_ASK_FETCH},
	{"store", IMAP_ASK_STORE}, {"copy", IMAP_ASK_COPY}, {"expunge", IMAP_ASK_EXPUNGE},
	{"search", IMAP_ASK_SEARCH}, {NULL, 0},
};

static const struct answer_kind pop3_kinds[] = {
	{"connect", POP3_WORLD_CONNECT}, {"login", POP3_WORLD_LOGIN}, {"open", POP3_WORLD_OPEN},
	{"read", POP3_WORLD_READ}, {"remove", POP3_WORLD_REMOVE}, {NULL, 0},
};

/* What kind of fault a code stands for, where the protocol tells them apart. */
static enum st
outcome_kind(const struct parser *p, struct slice code)
{
	enum st st = code.p[0] == '4' ? ST_TEMP : ST_PERM;

	if (is_pop3(p) && sl_eq(code, SL("4.2.0")))
		return ST_AGAIN;
	if (!is_imap(p))
		return st;
	if (sl_ends(code, SL(".1.1")))
		return ST_NOENT;
	if (sl_ends(code, SL(".2.2")))
		return ST_LIMIT;
	return sl_ends(code, SL(".7.1")) ? ST_DENIED : st;
}

static bool
outcome(struct parser *p, struct slice text, struct fault *f)
{
	struct slice esc;
	char code[16];
	enum st st;

	*f = FAULT_NONE;
	if (sl_eq(text, SL("ok")))
		return true;
	sl_cut(&text, ' ', &esc);
	if (esc.n < 5 || esc.n > 11 || (esc.p[0] != '4' && esc.p[0] != '5') || text.n == 0)
		return fail(p, esc, "ok, or an enhanced code 4.x.x or 5.x.x with a text");
	snprintf(code, sizeof(code), "%.*s", SL_FMT(esc));
	st = outcome_kind(p, esc);
	return fault_set(f, st, code, "%.*s", SL_FMT(text)) == st;
}

static bool
head_answer(struct parser *p, struct slice value)
{
	struct scn_rule *r = &p->scn->rules[p->scn->rule_count];
	const struct answer_kind *row = is_imap(p) ? imap_kinds
				       : is_pop3(p) ? pop3_kinds : smtp_kinds;
	struct slice kind, after;

	if (p->scn->rule_count == COUNT_OF(p->scn->rules))
		return fail(p, value, "at most 32 answers");
	sl_cut(&value, ' ', &kind);
	while (row->name && !sl_eq(kind, sl_str(row->name)))
		row++;
	if (!row->name)
		return fail(p, kind,
		    row == imap_kinds + COUNT_OF(imap_kinds) - 1
			? "a question of src/imap/ask.h in lower case"
			: "one of connect sender rcpt login body commit");
	r->kind = row->kind;
	value = sl_trim(value);
	sl_cut(&value, ' ', &r->key);
	value = sl_trim(value);
	if (sl_starts(value, SL("after "))) {
		value = sl_trim(sl_skip(value, 6));
		sl_cut(&value, ' ', &after);
		if (!scn_time_parse(after, &r->after_ms, &p->mistake))
			return false;
	}
	p->scn->rule_count++;
	return outcome(p, sl_trim(value), &r->fault);
}

static bool
head_login(struct parser *p, struct slice value)
{
	p->scn->no_login = true;
	return sl_eq(value, SL("no")) || fail(p, value, "no");
}

/* (FLAGS) ["DATE"] TEXT */
static bool
head_message(struct parser *p, struct slice value)
{
	struct scn_message *m = arena_get(p->a, sizeof(*m));
	size_t end = sl_find(value, ')');

	if (value.p[0] != '(' || end == value.n)
		return fail(p, value, "flags in parentheses");
	m->flags = sl_sub(value, 0, end + 1);
	value = sl_trim(sl_skip(value, end + 1));
	if (value.n && value.p[0] == '"') {
		end = sl_find(sl_skip(value, 1), '"') + 2;
		m->date = sl_sub(value, 0, end);
		value = sl_trim(sl_skip(value, end));
	}
	if (value.n == 0)
		return fail(p, value, "a message behind flags and date");
	m->line = p->line;
	m->source = p->source;
	*p->scn->messages_end = m;
	p->scn->messages_end = &m->next;
	return scn_text_parse(p->a, value, &m->text, &p->mistake);
}

/* userK [xN] TEXT, userK none */
static bool
head_mail(struct parser *p, struct slice value)
{
	struct scn_mail *m = arena_get(p->a, sizeof(*m));
	struct slice user, times;
	int64_t count = 1;
	uint64_t n;

	m->line = p->line;
	m->source = p->source;
	*p->scn->mails_end = m;
	p->scn->mails_end = &m->next;
	sl_cut(&value, ' ', &user);
	if (!sl_starts(user, SL("user")) || !num_u64(sl_skip(user, 4), 99, &n) || n == 0 ||
	    value.n == 0)
		return fail(p, user, "userK TEXT, userK xN TEXT or userK none");
	m->user = (unsigned)n;
	if (sl_eq(value, SL("none")))
		return true;
	times = sl_sub(value, 0, sl_find(value, ' '));
	if (times.n > 1 && times.p[0] == 'x' && num_u64(sl_skip(times, 1), 999999999, &n)) {
		if (!scn_number_parse(sl_skip(times, 1), 1, 100000, &count, &p->mistake))
			return false;
		value = sl_skip(value, times.n + 1);
	}
	m->times = (size_t)count;
	return scn_text_parse(p->a, value, &m->text, &p->mistake);
}

static const struct {
	const char *key;
	bool (*read)(struct parser *p, struct slice value);
} head_rows[] = {
	{"title:", head_title},
	{"req:", head_req},
	{"service:", head_service},
	{"needs:", head_needs},
	{"users:", head_users},
	{"policy:", head_policy},
	{"zone:", head_zone},
	{"answer:", head_answer},
	{"timeout:", head_timeout},
	{"login:", head_login},
	{"message:", head_message},
	{"mail:", head_mail},
};

/* --- steps ---------------------------------------------------------------------------------- */

static bool
step_text(struct parser *p, struct scn_step *s, struct slice value)
{
	return scn_text_parse(p->a, value, &s->text, &p->mistake);
}

static bool
step_fill(struct parser *p, struct scn_step *s, struct slice value)
{
	struct slice amount;

	sl_cut(&value, ' ', &amount);
	if (value.n == 0)
		return fail(p, amount, "N TEXT");
	return scn_number_parse(amount, 1, 100000000, &s->number, &p->mistake) &&
	    scn_text_parse(p->a, value, &s->text, &p->mistake);
}

static bool
step_reply(struct parser *p, struct scn_step *s, struct slice value)
{
	if (is_pop3(p))
		return scn_line_parse(p->a, value, &s->alternatives, &p->mistake);
	return scn_reply_parse(p->a, value, is_imap(p), &s->alternatives, &p->mistake);
}

static bool
step_pattern(struct parser *p, struct scn_step *s, struct slice value)
{
	if (!scn_pattern_parse(p->a, &value, s->kind == SCN_HAS, &s->pattern, &p->mistake))
		return false;
	return value.n == 0 || fail(p, value, "the end of the line");
}

static bool
step_time(struct parser *p, struct scn_step *s, struct slice value)
{
	return scn_time_parse(value, &s->number, &p->mistake);
}

static bool
step_bare(struct parser *p, struct scn_step *s, struct slice value)
{
	(void)s;
	return value.n == 0 || fail(p, value, "the end of the line");
}

static bool
step_rest(struct parser *p, struct scn_step *s, struct slice value)
{
	static const struct scn_alternative rest = {.is_rest = true};

	if (!is_pop3(p))
		return fail(p, p->source, "service: pop3 or pop3s in the header");
	s->alternatives = arena_get(p->a, sizeof(*s->alternatives));
	*s->alternatives = rest;
	return step_bare(p, s, value);
}

static bool
step_octets(struct parser *p, struct scn_step *s, struct slice value)
{
	return is_pop3(p) ? step_text(p, s, value)
			  : fail(p, p->source, "service: pop3 or pop3s in the header");
}

static bool
step_lines(struct parser *p, struct scn_step *s, struct slice value)
{
	return is_pop3(p) ? scn_number_parse(value, 0, 100000000, &s->number, &p->mistake)
			  : fail(p, p->source, "service: pop3 or pop3s in the header");
}

static bool
step_conn(struct parser *p, struct scn_step *s, struct slice value)
{
	uint64_t n;

	sl_cut(&value, ' ', &s->word);
	if (!scn_is_name(s->word))
		return fail(p, s->word, "a connection name");
	if (value.n == 0)
		return true;
	if (!sl_starts(value, SL("user")) || !num_u64(sl_skip(value, 4), 99, &n) || n == 0)
		return fail(p, value, "userK");
	if (n > p->scn->users)
		return fail(p, value, "at most as many as users: says");
	s->user = (unsigned)n;
	return true;
}

static bool
step_event(struct parser *p, struct scn_step *s, struct slice value)
{
	s->word = value;
	if (sl_eq(value, SL("drain")) || sl_eq(value, SL("kick")) || sl_eq(value, SL("revoke")))
		return true;
	return fail(p, value, "one of drain kick revoke");
}

static bool
step_repeat(struct parser *p, struct scn_step *s, struct slice value)
{
	return scn_number_parse(value, 1, 100000, &s->number, &p->mistake);
}

static bool
step_if(struct parser *p, struct scn_step *s, struct slice value)
{
	s->word = value;
	return sl_eq(value, SL("eof")) ||
	       (is_imap(p) ? scn_is_status(value) : scn_is_code(value)) ||
	       fail(p, value, "a reply code of three digits or x, or eof");
}

static bool
step_mailbox(struct parser *p, struct scn_step *s, struct slice value)
{
	struct slice user, check;
	uint64_t n;

	sl_cut(&value, ' ', &user);
	sl_cut(&value, ' ', &check);
	if (!sl_starts(user, SL("user")) || !num_u64(sl_skip(user, 4), 99, &n) || n == 0)
		return fail(p, user, "userK");
	if (n > p->scn->users)
		return fail(p, user, "at most as many as users: says");
	s->user = (unsigned)n;
	s->word = check;
	if (sl_eq(check, SL("count")))
		return scn_number_parse(value, 0, 100000, &s->number, &p->mistake);
	if (sl_eq(check, SL("has")) || sl_eq(check, SL("hasnt")))
		return scn_text_parse(p->a, value, &s->text, &p->mistake);
	if (sl_eq(check, SL("match")) || sl_eq(check, SL("nomatch")) ||
	    sl_eq(check, SL("received")))
		return step_pattern(p, s, value);
	return fail(p, check,
	    "count N, has TEXT, hasnt TEXT, match PATTERN, nomatch PATTERN or received PATTERN");
}

static const struct {
	const char *word;
	enum scn_kind kind;
	bool (*read)(struct parser *p, struct scn_step *s, struct slice value);
	bool may_be_empty;
} step_rows[] = {
	{"C:", SCN_C, step_text, true},
	{"C-:", SCN_C_RAW, step_text, false},
	{"S:", SCN_S, step_reply, false},
	{"S+:", SCN_HAS, step_pattern, false},
	{"S-:", SCN_HASNT, step_pattern, false},
	{"fill", SCN_FILL, step_fill, false},
	{"flush", SCN_FLUSH, step_bare, true},
	{"eof", SCN_EOF, step_bare, true},
	{"closenotify", SCN_EOF, step_bare, true}, /* the engine knows no TLS: the end alone */
	{"quiet", SCN_QUIET, step_time, false},
	{"wait", SCN_WAIT, step_time, false},
	{"starttls", SCN_STARTTLS, step_bare, true},
	{"compress", SCN_COMPRESS, step_bare, true},
	{"conn", SCN_CONN, step_conn, false},
	{"close", SCN_CLOSE, step_bare, true},
	{"abort", SCN_ABORT, step_bare, true},
	{"repeat", SCN_REPEAT, step_repeat, false},
	{"if", SCN_IF, step_if, false},
	{"mailbox", SCN_MAILBOX, step_mailbox, false},
	{"event", SCN_EVENT, step_event, false},
	{"rest", SCN_REST, step_rest, true},
	{"octets", SCN_OCTETS, step_octets, false},
	{"lines", SCN_LINES, step_lines, false},
};

static bool
block_open(struct parser *p, struct scn_step *s)
{
	if (p->depth == DEPTH_MAX)
		return fail(p, p->source, "blocks at most 4 deep");
	p->blocks[p->depth++] = (struct block){.step = s, .back = p->end};
	p->end = &s->steps;
	return true;
}

static bool
block_else(struct parser *p)
{
	struct block *b = p->depth ? &p->blocks[p->depth - 1] : NULL;

	if (!b || b->step->kind != SCN_IF || b->in_else)
		return fail(p, p->source, "it once, in an if");
	b->in_else = true;
	p->end = &b->step->otherwise;
	return true;
}

static bool
block_end(struct parser *p)
{
	if (!p->depth)
		return fail(p, p->source, "repeat or if before it");
	p->end = p->blocks[--p->depth].back;
	return true;
}

static bool
step_read(struct parser *p, struct slice word, struct slice value)
{
	struct scn_step *s;
	size_t i = 0;

	while (i < COUNT_OF(step_rows) && !sl_eq(word, sl_str(step_rows[i].word)))
		i++;
	if (i == COUNT_OF(step_rows))
		return fail(p, p->source, "a header key or a step");
	if (value.n == 0 && !step_rows[i].may_be_empty)
		return fail(p, word, "a value behind it");
	if (++p->steps > STEPS_MAX)
		return fail(p, SL("more steps"), "at most 1000");
	s = arena_get(p->a, sizeof(*s));
	s->kind = step_rows[i].kind;
	s->line = p->scn->last_line = p->line;
	s->source = p->source;
	if (!step_rows[i].read(p, s, value))
		return false;
	*p->end = s;
	p->end = &s->next;
	return s->kind == SCN_REPEAT || s->kind == SCN_IF ? block_open(p, s) : true;
}

static bool
line_read(struct parser *p, struct slice line)
{
	struct slice word, value = line;

	if (line.n > LINE_MAX_BYTES)
		return fail(p, SL("a longer line"), "at most 4096 bytes");
	for (size_t i = 0; i < line.n; i++)
		if (ascii_is_ctl(line.p[i]))
			return fail(p, sl_trim(line), "no control characters");
	if (line.p[0] == ' ' || line.p[line.n - 1] == ' ')
		return fail(p, sl_trim(line), "no blank at the beginning or end of a line (\\x20)");
	sl_cut(&value, ' ', &word);
	for (size_t i = 0; i < COUNT_OF(head_rows); i++) {
		if (!sl_eq(word, sl_str(head_rows[i].key)))
			continue;
		if (p->steps)
			return fail(p, word, "a step (the header has ended)");
		if (value.n == 0)
			return fail(p, word, "a value");
		return head_rows[i].read(p, value);
	}
	if (sl_eq(line, SL("else")))
		return block_else(p);
	if (sl_eq(line, SL("end")))
		return block_end(p);
	return step_read(p, word, value);
}

static void
finish(struct parser *p)
{
	for (const struct scn_mail *m = p->scn->mails; m; m = m->next)
		if (m->user > p->scn->users &&
		    !fail(p, m->source, "a user of at most users:"))
			report(p);
	if (p->depth && !fail(p, SL("end of file"), "end of a repeat or if"))
		report(p);
	if (!p->has_title && !fail(p, SL("end of file"), "title: in the header"))
		report(p);
	if (!p->has_req && !fail(p, SL("end of file"), "req: in the header"))
		report(p);
	if (!p->steps && !p->failed && !fail(p, SL("end of file"), "a step"))
		report(p);
}

bool
scn_parse(struct arena *a, const char *path, struct slice data, FILE *err, struct scn *scn)
{
	struct parser p = {.scn = scn, .a = a, .err = err};
	struct slice line;
	bool more = data.n > 0;

	*scn = (struct scn){.path = path, .arena = a, .service = SL("smtp"), .users = 1};
	scn->messages_end = &scn->messages;
	scn->mails_end = &scn->mails;
	p.end = &scn->steps;
	p.line = 1;
	if (data.n > FILE_MAX && !fail(&p, SL("a longer file"), "at most 65536 bytes"))
		report(&p);
	if (more && data.p[data.n - 1] != '\n' &&
	    !fail(&p, SL("no line end at the end of the file"), "LF"))
		report(&p);
	for (; more; p.line++) {
		more = sl_cut(&data, '\n', &line);
		p.source = line;
		if (line.n && line.p[0] != '#' && !line_read(&p, line))
			report(&p);
	}
	finish(&p);
	return !p.failed;
}
