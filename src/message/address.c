/*
 * Reading address lists: one pass, one token at a time. What stands before the deciding character
 * is kept in two readings, as the words of a display name and as a local part, since obsolete
 * syntax lets both contain dots, blanks and comments.
 */
#include "message/address.h"

#include "base/ascii.h"
#include "message/token.h"

#define ENTRY_MAX 65536 /* octets of one entry's name or address */

struct reader {
	struct arena *a;
	struct address_list *list;
	struct address **end;
	size_t max;
	struct slice rest;
	struct buf name;    /* words with blanks between them */
	struct buf local;   /* the same without blanks */
	struct buf comment; /* the last one */
	struct buf domain;
	struct slice route;
	bool in_group, defect;
	bool no_domain;  /* a local part by itself */
	bool local_bad;  /* as a local part it would not be words with single dots between them */
	bool after_word; /* the last token was a word, not a dot */
	unsigned words;
};

static void
entry_begin(struct reader *r)
{
	buf_clear(&r->name);
	buf_clear(&r->local);
	buf_clear(&r->comment);
	buf_clear(&r->domain);
	r->route = SL_NONE;
	r->defect = r->no_domain = r->local_bad = r->after_word = false;
	r->words = 0;
}

static void
entry_add(struct reader *r, enum address_kind kind, struct slice name, struct slice local,
    struct slice domain)
{
	struct address *ad;

	if (r->list->count == r->max || (ad = arena_get(r->a, sizeof(*ad))) == NULL) {
		r->list->truncated = true;
		return;
	}
	ad->kind = kind;
	ad->name = arena_copy(r->a, sl_trim(name));
	ad->local = arena_copy(r->a, local);
	ad->domain = arena_copy(r->a, domain);
	ad->route = arena_copy(r->a, r->route);
	r->defect = r->defect || !buf_ok(&r->name) || !buf_ok(&r->local) || !buf_ok(&r->domain);
	ad->is_defect = r->defect || r->no_domain;
	ad->is_local = r->no_domain && !r->defect && !r->local_bad;
	if (!ad->name.p || !ad->local.p || !ad->domain.p || !ad->route.p) {
		r->list->truncated = true;
		return;
	}
	*r->end = ad;
	r->end = &ad->next;
	r->list->count++;
	r->list->defects += ad->is_defect;
}

/* A word of a name or local part; spaced: there was white space before it. */
static void
word_add(struct reader *r, struct slice word, bool spaced)
{
	if (spaced && r->name.n)
		buf_put_byte(&r->name, ' ');
	r->local_bad = r->local_bad || r->after_word;
	r->after_word = true;
	buf_put(&r->name, word);
	buf_put(&r->local, word);
	r->words++;
}

/* Words and dots off the front: into name and local. R5322-3.2.3-a. */
static void
words_read(struct reader *r)
{
	bool spaced = false, open, more = true;
	struct buf quoted;
	struct slice atom;

	buf_init(&quoted, ENTRY_MAX);
	while (more) {
		spaced = token_skip(&r->rest, &r->comment) || spaced;
		atom = token_atom(&r->rest);
		if (atom.n) {
			word_add(r, atom, spaced);
		} else if (token_quoted(&r->rest, &quoted, &open)) {
			r->defect = r->defect || open;
			word_add(r, buf_slice(&quoted), spaced);
			buf_clear(&quoted);
		} else if (r->rest.n && r->rest.p[0] == '.') {
			/*
			 * R5322-4.1-a: in a phrase; R5322-4.4-a: blanks around the dots of a local
			 * part
			 */
			buf_put_byte(&r->name, '.');
			buf_put_byte(&r->local, '.');
			r->local_bad = r->local_bad || !r->after_word;
			r->after_word = false;
			r->rest = sl_skip(r->rest, 1);
		} else {
			more = false;
		}
		spaced = false;
	}
	r->local_bad = r->local_bad || !r->after_word;
	buf_fini(&quoted);
}

/* A domain: atoms with single dots between them, or a literal. */
static void
domain_read(struct reader *r)
{
	bool after_atom = false, more = true;
	struct slice atom;

	while (more) {
		token_skip(&r->rest, &r->comment);
		if (after_atom && r->rest.n && r->rest.p[0] == '.') {
			buf_put_byte(&r->domain, '.');
			r->rest = sl_skip(r->rest, 1);
			after_atom = false;
		} else if (!after_atom && (atom = token_atom(&r->rest)).n) {
			buf_put(&r->domain, atom);
			after_atom = true;
		} else if (!r->domain.n && token_literal(&r->rest, &r->domain)) {
			return;
		} else {
			more = false;
		}
	}
	r->defect = r->defect || !after_atom;
}

/* An obsolete route "@a,@b:" at the front, R5322-4.4-a: kept apart, otherwise ignored. */
static void
route_read(struct reader *r)
{
	struct slice look = r->rest;
	size_t close, colon;

	token_skip(&look, NULL);
	if (!look.n || (look.p[0] != '@' && look.p[0] != ','))
		return;
	close = sl_find(look, '>');
	colon = sl_find(sl_sub(look, 0, close), ':');
	if (colon == close)
		return;
	r->route = sl_trim(sl_sub(look, 0, colon));
	r->rest = sl_skip(look, colon + 1);
}

/* Skips what does not belong here, up to a character of stop or the end. */
static void
resync(struct reader *r, const char *stop, size_t n)
{
	while (r->rest.n && !memchr(stop, r->rest.p[0], n)) {
		bool open;

		if (token_skip(&r->rest, &r->comment))
			continue;
		r->defect = true;
		if (!token_quoted(&r->rest, NULL, &open))
			r->rest = sl_skip(r->rest, 1);
	}
}

/* "<" has been taken: local@domain ">". The words before it are the name. */
static void
angle_read(struct reader *r)
{
	struct buf name = r->name;

	buf_init(&r->name, ENTRY_MAX);
	buf_clear(&r->local);
	r->local_bad = r->after_word = false;
	r->words = 0;
	route_read(r);
	words_read(r);
	token_skip(&r->rest, NULL);
	if (r->rest.n && r->rest.p[0] == '@') {
		r->rest = sl_skip(r->rest, 1);
		r->defect = r->defect || r->local_bad;
		domain_read(r);
	} else if (r->words || r->local.n) {
		r->no_domain = true; /* "<>" is the null address */
	}
	buf_fini(&r->name);
	r->name = name;
	token_skip(&r->rest, NULL);
	resync(r, ">", 1);
	r->defect = r->defect || !r->rest.n;
	r->rest = sl_skip(r->rest, 1);
	resync(r, ",;", 2);
	entry_add(
	    r, ADDRESS_MAILBOX, buf_slice(&r->name), buf_slice(&r->local), buf_slice(&r->domain));
}

/* "@" has been taken: a bare address. A comment behind it is the old place of the name. */
static void
bare_read(struct reader *r)
{
	r->defect = r->defect || r->local_bad;
	buf_clear(&r->comment);
	domain_read(r);
	resync(r, ",;", 2);
	entry_add(r, ADDRESS_MAILBOX, buf_slice(&r->comment), buf_slice(&r->local),
	    buf_slice(&r->domain));
}

/* Words and nothing else: a local part by itself. */
static void
word_alone(struct reader *r)
{
	if (!r->words && !r->local.n)
		return;
	r->no_domain = true;
	entry_add(r, ADDRESS_MAILBOX, buf_slice(&r->comment), buf_slice(&r->name), SL_NONE);
}

static void
group_end(struct reader *r)
{
	if (!r->in_group)
		return;
	r->in_group = false;
	entry_begin(r);
	entry_add(r, ADDRESS_GROUP_END, SL_NONE, SL_NONE, SL_NONE);
}

/* One entry and the separator behind it. R5322-3.4-a, R6854-2.1-a, R6854-2.1-b, R6854-2.2-a. */
static void
entry_read(struct reader *r)
{
	unsigned char c;

	entry_begin(r);
	words_read(r);
	c = r->rest.n ? r->rest.p[0] : '\0';
	if (r->rest.n)
		r->rest = sl_skip(r->rest, 1);
	switch (c) {
	case '<':
		angle_read(r);
		break;
	case '@':
		bare_read(r);
		break;
	case ':':
		if (!r->in_group) { /* R5322-3.4-b */
			entry_add(r, ADDRESS_GROUP_BEGIN, buf_slice(&r->name), SL_NONE, SL_NONE);
			r->in_group = true;
			return;
		}
		r->defect = true;
		word_alone(r);
		return;
	case ';':
		word_alone(r);
		group_end(r);
		return;
	case ',':
	case '\0':
		word_alone(r);
		return;
	default: /* a special that begins nothing: whatever it was meant to be ends at the comma */
		r->defect = true;
		word_alone(r);
		break;
	}
	resync(r, ",;", 2);
	if (r->rest.n && r->rest.p[0] == ',')
		r->rest = sl_skip(r->rest, 1);
}

/* R5322-4-a, R6532-3.2-a */
void
address_list_parse(struct arena *a, struct slice value, size_t max, struct address_list *list)
{
	struct reader r = {.a = a, .list = list, .max = max, .rest = value};
	struct buf *bufs[] = {&r.name, &r.local, &r.comment, &r.domain};

	*list = (struct address_list){.first = NULL};
	r.end = &list->first;
	for (size_t i = 0; i < COUNT_OF(bufs); i++)
		buf_init(bufs[i], ENTRY_MAX);
	while (r.rest.n && !list->truncated)
		entry_read(&r);
	if (r.in_group && !list->truncated)
		group_end(&r); /* its semicolon was missing */
	for (size_t i = 0; i < COUNT_OF(bufs); i++)
		buf_fini(bufs[i]);
}
