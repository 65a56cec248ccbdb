/* Arguments of the commands that change messages: APPEND STORE COPY EXPUNGE. */
#include "imap/server_cmd.h"

/* R3501-6.3.11-b: [SP flags] [SP date] SP literal; the octets come later. */
bool
imap_parse_append(struct imap_server *s, struct imap_lexer *lx)
{
	struct imap_append_args *d = imap_run_get(s, sizeof(*d));
	struct imap_lex_flags flags = {0};

	s->run.data = d;
	if (!d || !imap_lex_space(lx) || !imap_lex_mailbox(lx, &d->append.mailbox) ||
	    !imap_lex_space(lx))
		return false;
	if (imap_lex_peek(lx) == '(' && (!imap_lex_flags(lx, false, &flags) || !imap_lex_space(lx)))
		return false;
	d->append.has_date = imap_lex_peek(lx) == '"';
	if (d->append.has_date &&
	    (!imap_lex_date_time(lx, &d->append.date_sec) || !imap_lex_space(lx)))
		return false;
	if (imap_lex_peek(lx) != '{' ||
	    !imap_lex_literal_head(lx->in, &d->append.size_bytes, &d->is_sync))
		return imap_lex_fail(lx, "expected a message as a literal");
	d->append.flags = flags.flags;
	d->append.keywords = flags.keywords;
	d->append.keyword_count = s->o.keywords ? flags.keyword_count : 0;
	return true;
}

static bool
take_set(struct imap_server *s, struct imap_lexer *lx, bool is_uid, struct imap_set *set)
{
	return imap_lex_space(lx) && imap_lex_set(lx, is_uid, s->exists, set);
}

/* R3501-6.4.6-a, R3501-6.4.6-c: what is done with the flags. */
static const struct {
	const char *name;
	enum imap_store_how how;
	bool is_silent;
} how_rows[] = {
	{"FLAGS", IMAP_STORE_REPLACE, false},
	{"FLAGS.SILENT", IMAP_STORE_REPLACE, true},
	{"+FLAGS", IMAP_STORE_ADD, false},
	{"+FLAGS.SILENT", IMAP_STORE_ADD, true},
	{"-FLAGS", IMAP_STORE_REMOVE, false},
	{"-FLAGS.SILENT", IMAP_STORE_REMOVE, true},
};

/* R4466-2.5-a: no modifier is known. */
static bool
take_how(struct imap_lexer *lx, struct imap_store *d)
{
	struct slice name;

	if (!imap_lex_atom(lx, &name))
		return false;
	for (size_t i = 0; i < COUNT_OF(how_rows); i++)
		if (sl_ieq(name, sl_str(how_rows[i].name))) {
			d->how = how_rows[i].how;
			d->is_silent = how_rows[i].is_silent;
			return true;
		}
	return imap_lex_fail(lx, "expected FLAGS, +FLAGS or -FLAGS, or one with .SILENT");
}

static bool
parse_store(struct imap_server *s, struct imap_lexer *lx, bool is_uid)
{
	struct imap_store *d = imap_run_get(s, sizeof(*d));
	struct imap_lex_flags flags;

	s->run.data = d;
	if (!d || !take_set(s, lx, is_uid, &d->set) || !imap_lex_space(lx) || !take_how(lx, d) ||
	    !imap_lex_space(lx) || !imap_lex_flags(lx, true, &flags))
		return false;
	d->flags = flags.flags;
	d->keywords = flags.keywords;
	d->keyword_count = s->o.keywords ? flags.keyword_count : 0;
	return true;
}

bool
imap_parse_store(struct imap_server *s, struct imap_lexer *lx)
{
	return parse_store(s, lx, false);
}

bool
imap_parse_uid_store(struct imap_server *s, struct imap_lexer *lx)
{
	return parse_store(s, lx, true);
}

static bool
parse_copy(struct imap_server *s, struct imap_lexer *lx, bool is_uid)
{
	struct imap_copy *d = imap_run_get(s, sizeof(*d));

	s->run.data = d;
	return d && take_set(s, lx, is_uid, &d->set) && imap_lex_space(lx) &&
	       imap_lex_mailbox(lx, &d->mailbox);
}

bool
imap_parse_copy(struct imap_server *s, struct imap_lexer *lx)
{
	return parse_copy(s, lx, false);
}

bool
imap_parse_uid_copy(struct imap_server *s, struct imap_lexer *lx)
{
	return parse_copy(s, lx, true);
}

bool
imap_parse_expunge(struct imap_server *s, struct imap_lexer *lx)
{
	(void)lx;
	s->run.data = imap_run_get(s, sizeof(struct imap_expunge));
	return s->run.data != NULL;
}

bool
imap_parse_uid_expunge(struct imap_server *s, struct imap_lexer *lx)
{
	struct imap_expunge *d = imap_run_get(s, sizeof(*d));

	s->run.data = d;
	if (!d || !take_set(s, lx, true, &d->set))
		return false;
	d->has_set = true;
	return true;
}
