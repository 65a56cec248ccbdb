/* Arguments that are names of mailboxes: RFC 3501 sections 6.3.1 to 6.3.10. */
#include "imap/server_cmd.h"

static bool
take_name(struct imap_lexer *lx, struct slice *name)
{
	return imap_lex_space(lx) && imap_lex_mailbox(lx, name);
}

bool
imap_parse_select(struct imap_server *s, struct imap_lexer *lx)
{
	struct imap_select *d = imap_run_get(s, sizeof(*d));

	s->run.data = d;
	return d && take_name(lx, &d->name);
}

bool
imap_parse_examine(struct imap_server *s, struct imap_lexer *lx)
{
	struct imap_select *d;

	if (!imap_parse_select(s, lx))
		return false;
	d = s->run.data;
	d->read_only = true;
	return true;
}

bool
imap_parse_name(struct imap_server *s, struct imap_lexer *lx)
{
	struct imap_name *d = imap_run_get(s, sizeof(*d));

	s->run.data = d;
	return d && take_name(lx, &d->name);
}

/* R3501-6.3.3-a: a separator at the end says that names below it will follow; it is no part. */
bool
imap_parse_create(struct imap_server *s, struct imap_lexer *lx)
{
	struct imap_name *d;

	if (!imap_parse_name(s, lx))
		return false;
	d = s->run.data;
	if (d->name.n > 1 && sl_ends(d->name, SL(".")))
		d->name.n--;
	return true;
}

bool
imap_parse_rename(struct imap_server *s, struct imap_lexer *lx)
{
	struct imap_rename *d = imap_run_get(s, sizeof(*d));

	s->run.data = d;
	return d && take_name(lx, &d->from) && take_name(lx, &d->to);
}

const struct imap_status_item imap_status_items[IMAP_STATUS_ITEMS] = {
	{"MESSAGES", offsetof(struct imap_status, messages)},
	{"RECENT", offsetof(struct imap_status, recent)},
	{"UIDNEXT", offsetof(struct imap_status, uidnext)},
	{"UIDVALIDITY", offsetof(struct imap_status, uidvalidity)},
	{"UNSEEN", offsetof(struct imap_status, unseen)},
};

/* R9051-6.3.11-h */
static bool
take_status_item(struct imap_lexer *lx, unsigned *items)
{
	struct slice name;

	if (!imap_lex_name(lx, &name))
		return false;
	for (unsigned i = 0; i < IMAP_STATUS_ITEMS; i++)
		if (sl_ieq(name, sl_str(imap_status_items[i].name))) {
			*items |= 1u << i;
			return true;
		}
	return imap_lex_fail(
	    lx, "expected MESSAGES, RECENT, UIDNEXT, UIDVALIDITY or UNSEEN");
}

bool
imap_parse_status(struct imap_server *s, struct imap_lexer *lx)
{
	struct imap_status_args *d = imap_run_get(s, sizeof(*d));

	s->run.data = d;
	if (!d || !take_name(lx, &d->mailbox.name) || !imap_lex_space(lx) ||
	    !imap_lex_char(lx, '('))
		return false;
	do
		if (!take_status_item(lx, &d->items))
			return false;
	while (imap_lex_maybe(lx, ' '));
	return imap_lex_char(lx, ')');
}

/* Wildcards are plain ASCII in modified UTF-7, so a pattern is decoded like a name. */
static bool
take_pattern(struct imap_lexer *lx, struct slice wire, struct slice *out)
{
	if (wire.n > IMAP_PATTERN_MAX)
		return imap_lex_fail(lx, "a pattern is too long");
	return imap_name_from_wire(lx->a, wire, out) ||
	       imap_lex_fail(lx, "a pattern is not in modified UTF-7");
}

/* R3501-6.3.8-a, R3501-6.3.8-g: the pattern is read behind the reference, as one. */
bool
imap_parse_list(struct imap_server *s, struct imap_lexer *lx)
{
	struct imap_list_args *d = imap_run_get(s, sizeof(*d));
	struct slice reference, pattern, both;
	unsigned char *p;

	s->run.data = d;
	if (!d || !imap_lex_space(lx) || !imap_lex_astring(lx, &reference) ||
	    !imap_lex_space(lx) || !imap_lex_list_mailbox(lx, &pattern))
		return false;
	d->is_root = pattern.n == 0;
	p = arena_get(lx->a, reference.n + pattern.n);
	if (!p)
		return false;
	if (reference.n)
		memcpy(p, reference.p, reference.n);
	if (pattern.n)
		memcpy(p + reference.n, pattern.p, pattern.n);
	both = sl_mem(p, reference.n + pattern.n);
	return take_pattern(lx, both, &d->pattern);
}
