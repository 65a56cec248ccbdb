/* The arguments of SEARCH and UID SEARCH, RFC 3501 sections 6.4.4 and 9, into a program. */
#include "imap/search_int.h"

#include "base/ascii.h"
#include "imap/server_cmd.h"

#define DAY_SEC 86400

/* What stands behind the name of a key. */
enum argument {
	ARG_NONE,
	ARG_STRING,
	ARG_DATE,
	ARG_NUMBER,
	ARG_KEYWORD,
	ARG_HEADER, /* field name and string */
	ARG_SET,
	ARG_KEY,
	ARG_KEYS, /* two */
};

struct key_row {
	const char *name;
	enum imap_key_kind kind;
	enum argument argument;
	bool negated;
	unsigned detail; /* a flag, or a field of the envelope */
};

static const struct key_row key_rows[] = {
    {"ALL", IMAP_KEY_ALL, ARG_NONE, false, 0},
    {"ANSWERED", IMAP_KEY_FLAG, ARG_NONE, false, IMAP_ANSWERED}, /* R3501-6.4.4-p */
    {"DELETED", IMAP_KEY_FLAG, ARG_NONE, false, IMAP_DELETED},
    {"DRAFT", IMAP_KEY_FLAG, ARG_NONE, false, IMAP_DRAFT},
    {"FLAGGED", IMAP_KEY_FLAG, ARG_NONE, false, IMAP_FLAGGED},
    {"RECENT", IMAP_KEY_FLAG, ARG_NONE, false, IMAP_RECENT},
    {"SEEN", IMAP_KEY_FLAG, ARG_NONE, false, IMAP_SEEN},
    {"OLD", IMAP_KEY_FLAG, ARG_NONE, true, IMAP_RECENT}, /* R3501-6.4.4-o */
    {"UNANSWERED", IMAP_KEY_FLAG, ARG_NONE, true, IMAP_ANSWERED},
    {"UNDELETED", IMAP_KEY_FLAG, ARG_NONE, true, IMAP_DELETED},
    {"UNDRAFT", IMAP_KEY_FLAG, ARG_NONE, true, IMAP_DRAFT},
    {"UNFLAGGED", IMAP_KEY_FLAG, ARG_NONE, true, IMAP_FLAGGED},
    {"UNSEEN", IMAP_KEY_FLAG, ARG_NONE, true, IMAP_SEEN},
    {"KEYWORD", IMAP_KEY_KEYWORD, ARG_KEYWORD, false, 0}, /* R3501-6.4.4-q */
    {"UNKEYWORD", IMAP_KEY_KEYWORD, ARG_KEYWORD, true, 0},
    {"BEFORE", IMAP_KEY_BEFORE, ARG_DATE, false, 0},
    {"ON", IMAP_KEY_ON, ARG_DATE, false, 0},
    {"SINCE", IMAP_KEY_SINCE, ARG_DATE, false, 0},
    {"SENTBEFORE", IMAP_KEY_SENTBEFORE, ARG_DATE, false, 0},
    {"SENTON", IMAP_KEY_SENTON, ARG_DATE, false, 0},
    {"SENTSINCE", IMAP_KEY_SENTSINCE, ARG_DATE, false, 0},
    {"LARGER", IMAP_KEY_LARGER, ARG_NUMBER, false, 0},
    {"SMALLER", IMAP_KEY_SMALLER, ARG_NUMBER, false, 0},
    {"BCC", IMAP_KEY_ENVELOPE, ARG_STRING, false, IMAP_ENVELOPE_BCC}, /* R3501-6.4.4-k */
    {"CC", IMAP_KEY_ENVELOPE, ARG_STRING, false, IMAP_ENVELOPE_CC},
    {"FROM", IMAP_KEY_ENVELOPE, ARG_STRING, false, IMAP_ENVELOPE_FROM},
    {"SUBJECT", IMAP_KEY_ENVELOPE, ARG_STRING, false, IMAP_ENVELOPE_SUBJECT},
    {"TO", IMAP_KEY_ENVELOPE, ARG_STRING, false, IMAP_ENVELOPE_TO},
    {"HEADER", IMAP_KEY_HEADER, ARG_HEADER, false, 0},
    {"BODY", IMAP_KEY_BODY, ARG_STRING, false, 0},
    {"TEXT", IMAP_KEY_TEXT, ARG_STRING, false, 0},
    {"UID", IMAP_KEY_SET, ARG_SET, false, 0}, /* R3501-6.4.4-h */
    {"NOT", IMAP_KEY_NOT, ARG_KEY, false, 0},
    {"OR", IMAP_KEY_OR, ARG_KEYS, false, 0},
};

struct reader {
	struct imap_server *s;
	struct imap_lexer *lx;
	struct imap_search *program;
	const struct charset_ops *cs;
	struct slice charset; /* empty: strings are UTF-8 or US-ASCII */
	size_t keys;
};

static struct imap_key *
key_new(struct reader *r, enum imap_key_kind kind)
{
	struct imap_key *key;

	if (r->keys++ == IMAP_SEARCH_KEYS) {
		imap_lex_fail(r->lx, "too many search keys");
		return NULL;
	}
	key = arena_get(r->lx->a, sizeof(*key));
	if (key)
		key->kind = kind;
	return key;
}

/* A string in the charset of the command. */
static bool
needle_take(struct reader *r, struct imap_key *key)
{
	struct slice text;
	struct buf utf8;
	bool ok;

	if (!imap_lex_astring(r->lx, &text))
		return false;
	buf_init(&utf8, text.n * 4 + 16);
	if (r->charset.n && r->cs->to_utf8(r->cs->arg, r->charset, text, &utf8))
		text = buf_slice(&utf8);
	ok = imap_needle_init(&key->needle, text, r->lx->a);
	buf_fini(&utf8);
	return ok;
}

static bool
text_key_add(struct reader *r, struct imap_key *key)
{
	struct imap_search *p = r->program;

	if (!p->texts)
		p->texts = arena_get_array(r->lx->a, IMAP_SEARCH_KEYS, sizeof(struct imap_key *));
	if (!p->texts)
		return false;
	key->text = p->text_count;
	p->texts[p->text_count++] = key;
	return true;
}

static struct imap_key *key_take(struct reader *r, unsigned depth);

/* One key as a child of key. */
static bool
child_take(struct reader *r, struct imap_key *key, unsigned depth)
{
	struct imap_key *child = key_take(r, depth + 1);

	if (!child)
		return false;
	child->next = key->first;
	key->first = child;
	return true;
}

/* What stands behind the name. */
static bool
argument_take(struct reader *r, const struct key_row *row, struct imap_key *key, unsigned depth)
{
	struct imap_lexer *lx = r->lx;
	int64_t seconds;
	uint32_t number;

	if (row->argument == ARG_NONE)
		return true;
	if (!imap_lex_space(lx)) /* R3501-6.4.4-s */
		return false;
	switch (row->argument) {
	case ARG_STRING:
		return needle_take(r, key);
	case ARG_DATE:
		if (!imap_lex_date(lx, &seconds))
			return false;
		key->day = seconds / DAY_SEC - (seconds % DAY_SEC < 0);
		return true;
	case ARG_NUMBER:
		if (!imap_lex_number(lx, &number))
			return false;
		key->size_bytes = number;
		return true;
	case ARG_KEYWORD:
		return imap_lex_atom(lx, &key->name);
	case ARG_HEADER:
		return imap_lex_astring(lx, &key->name) && imap_lex_space(lx) &&
		       needle_take(r, key);
	case ARG_SET:
		return imap_lex_set(lx, true, r->s->exists, &key->set);
	case ARG_KEY:
		return child_take(r, key, depth);
	default:
		return child_take(r, key, depth) && imap_lex_space(lx) && child_take(r, key, depth);
	}
}

static struct imap_key *
negated(struct reader *r, struct imap_key *key)
{
	struct imap_key *not = key_new(r, IMAP_KEY_NOT);

	if (!not )
		return NULL;
	not ->first = key;
	imap_key_settle(key);
	return not ;
}

/* A key that has a name. R4466-2.6.1-c, R9051-6.4.4-a: RETURN is none. */
static struct imap_key *
named_take(struct reader *r, struct slice name, unsigned depth)
{
	const struct key_row *row = NULL;
	struct imap_key *key;

	for (size_t i = 0; i < COUNT_OF(key_rows) && !row; i++)
		if (sl_ieq(name, sl_str(key_rows[i].name)))
			row = &key_rows[i];
	if (!row) {
		imap_lex_fail(r->lx, "unknown search key");
		return NULL;
	}
	key = key_new(r, row->kind);
	if (!key)
		return NULL;
	key->flag = row->detail;
	key->field = (enum imap_envelope_field)row->detail;
	if (!argument_take(r, row, key, depth))
		return NULL;
	if ((row->kind == IMAP_KEY_BODY || row->kind == IMAP_KEY_TEXT) && !text_key_add(r, key))
		return NULL;
	return row->negated ? negated(r, key) : key;
}

/* NEW is two keys, R3501-6.4.4-o. */
static struct imap_key *
new_take(struct reader *r)
{
	struct imap_key *both = key_new(r, IMAP_KEY_AND);

	if (!both)
		return NULL;
	both->first = named_take(r, SL("RECENT"), 0);
	if (!both->first)
		return NULL;
	both->first->next = named_take(r, SL("UNSEEN"), 0);
	return both->first->next ? both : NULL;
}

/* Keys separated by blanks, up to what is no blank. */
static struct imap_key *
keys_take(struct reader *r, unsigned depth)
{
	struct imap_key *all = key_new(r, IMAP_KEY_AND), **end;

	if (!all)
		return NULL;
	end = &all->first;
	do {
		*end = key_take(r, depth + 1);
		if (!*end)
			return NULL;
		end = &(*end)->next;
	} while (imap_lex_maybe(r->lx, ' '));
	return all;
}

/* A sequence set, a list in parentheses, or a name. */
static struct imap_key *
key_read(struct reader *r, unsigned depth)
{
	struct imap_lexer *lx = r->lx;
	unsigned char c = imap_lex_peek(lx);
	struct imap_key *key;
	struct slice name;

	if (ascii_is_digit(c) || c == '*') {
		key = key_new(r, IMAP_KEY_SET);
		return key && imap_lex_set(lx, false, r->s->exists, &key->set) ? key : NULL;
	}
	if (imap_lex_maybe(lx, '(')) {
		key = keys_take(r, depth);
		return key && imap_lex_char(lx, ')') ? key : NULL;
	}
	if (!imap_lex_name(lx, &name))
		return NULL;
	return sl_ieq(name, SL("NEW")) ? new_take(r) : named_take(r, name, depth);
}

static struct imap_key *
key_take(struct reader *r, unsigned depth)
{
	struct imap_key *key;

	if (depth > IMAP_SEARCH_DEPTH) {
		imap_lex_fail(r->lx, "search keys are nested too deep");
		return NULL;
	}
	key = key_read(r, depth);
	if (key)
		imap_key_settle(key);
	return key;
}

/* "CHARSET" SP name SP, when it is there. */
static bool
charset_take(struct reader *r, struct imap_search_run *run)
{
	struct buf nothing;

	if (!sl_istarts(r->lx->in, SL("CHARSET ")))
		return true;
	r->lx->in = sl_skip(r->lx->in, sizeof("CHARSET") - 1);
	if (!imap_lex_space(r->lx) || !imap_lex_astring(r->lx, &r->charset) ||
	    !imap_lex_space(r->lx))
		return false;
	buf_init(&nothing, 16);
	/* R3501-6.4.4-d: the built-in one knows it */
	run->unknown_charset = !r->cs->to_utf8(r->cs->arg, r->charset, SL_NONE, &nothing);
	buf_fini(&nothing);
	return true;
}

static bool
parse_search(struct imap_server *s, struct imap_lexer *lx, bool by_uid)
{
	struct imap_search_run *run = imap_run_get(s, sizeof(*run));
	struct reader r = {.s = s, .lx = lx, .cs = s->o.charsets};

	if (!run)
		return false;
	r.cs = r.cs ? r.cs : &charset_builtin;
	r.program = &run->program;
	s->run.data = run;
	/* R3501-6.4.8-a */
	run->ask = (struct imap_search_ask){.program = &run->program, .is_uid = by_uid};
	if (!imap_lex_space(lx) || !charset_take(&r, run))
		return false;
	run->program.root = keys_take(&r, 0);
	if (!run->program.root)
		return false;
	imap_key_settle(run->program.root);
	return true;
}

bool
imap_parse_search(struct imap_server *s, struct imap_lexer *lx)
{
	return parse_search(s, lx, false);
}

bool
imap_parse_uid_search(struct imap_server *s, struct imap_lexer *lx)
{
	return parse_search(s, lx, true);
}
