/*
 * The commands: one row each, and which one the client gave.
 */
#include "imap/server_cmd.h"

#define BOTH IMAP_IN_BOTH
#define SELECTED IMAP_IN_SELECTED

static const struct imap_command rows[] = {
	{"CAPABILITY", BOTH, 0, .run = imap_run_capability},
	{"NOOP", BOTH, IMAP_LOOK, .run = imap_run_noop},
	{"LOGOUT", BOTH, IMAP_NO_SYNC, .run = imap_run_logout},
	{"ID", BOTH, IMAP_IF_ID, .parse = imap_parse_id, .run = imap_run_id},
	{"NAMESPACE", BOTH, 0, .run = imap_run_namespace},
	{"IDLE", BOTH, IMAP_LOOK, .run = imap_run_idle},
	{"SELECT", BOTH, IMAP_NO_SYNC, imap_parse_select, imap_run_select, imap_answered_select},
	{"EXAMINE", BOTH, IMAP_NO_SYNC, imap_parse_examine, imap_run_select, imap_answered_select},
	{"CREATE", BOTH, 0, imap_parse_create, imap_run_create, imap_answered_create},
	{"DELETE", BOTH, 0, imap_parse_name, imap_run_delete, imap_answered_delete},
	{"RENAME", BOTH, 0, imap_parse_rename, imap_run_rename, imap_answered_rename},
	{"SUBSCRIBE", BOTH, 0, imap_parse_name, imap_run_subscribe, imap_answered_subscribe},
	{"UNSUBSCRIBE", BOTH, 0, imap_parse_name, imap_run_unsubscribe, imap_answered_unsubscribe},
	{"LIST", BOTH, 0, imap_parse_list, imap_run_list, imap_answered_list},
	{"LSUB", BOTH, 0, imap_parse_list, imap_run_lsub, imap_answered_lsub},
	{"STATUS", BOTH, 0, imap_parse_status, imap_run_status, imap_answered_status},
	{"APPEND", BOTH, IMAP_STREAMS | IMAP_TRYCREATE, imap_parse_append, imap_run_append,
	    imap_answered_append, .body_end = imap_append_body_end},
	{"CHECK", SELECTED, IMAP_LOOK, .run = imap_run_check},
	{"CLOSE", SELECTED, IMAP_NO_SYNC, NULL, imap_run_close, imap_answered_close},
	{"UNSELECT", SELECTED, IMAP_NO_SYNC, NULL, imap_run_unselect, imap_answered_unselect},
	{"EXPUNGE", SELECTED, 0, imap_parse_expunge, imap_run_expunge, imap_answered_expunge},
	{"EXPUNGE", SELECTED, IMAP_BY_UID, imap_parse_uid_expunge, imap_run_expunge,
	    imap_answered_expunge},
	{"STORE", SELECTED, IMAP_NO_EXPUNGE, imap_parse_store, imap_run_store,
	    imap_answered_store},
	{"STORE", SELECTED, IMAP_BY_UID, imap_parse_uid_store, imap_run_store,
	    imap_answered_store},
	{"COPY", SELECTED, IMAP_TRYCREATE, imap_parse_copy, imap_run_copy, imap_answered_copy},
	{"COPY", SELECTED, IMAP_BY_UID | IMAP_TRYCREATE, imap_parse_uid_copy, imap_run_copy,
	    imap_answered_copy},
	{"FETCH", SELECTED, IMAP_NO_EXPUNGE, imap_parse_fetch, imap_run_fetch,
	    imap_answered_fetch, imap_taken_fetch, NULL},
	{"FETCH", SELECTED, IMAP_BY_UID, imap_parse_uid_fetch, imap_run_fetch,
	    imap_answered_fetch, imap_taken_fetch, NULL},
	{"SEARCH", SELECTED, IMAP_NO_EXPUNGE, imap_parse_search, imap_run_search,
	    imap_answered_search},
	{"SEARCH", SELECTED, IMAP_BY_UID, imap_parse_uid_search, imap_run_search,
	    imap_answered_search},
	/* R3501-6.2-a: these are for a client that is not authenticated yet. */
	{"LOGIN", 0, 0, .run = NULL},
	{"AUTHENTICATE", 0, 0, .run = NULL},
	{"STARTTLS", 0, 0, .run = NULL},
};

void *
imap_run_get(struct imap_server *s, size_t n)
{
	return arena_get(s->run.a, n);
}

/* R3501-9-h, R3691-4-a */
static const struct imap_command *
row_named(struct slice verb, bool by_uid)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (((rows[i].flags & IMAP_BY_UID) != 0) == by_uid &&
		    sl_ieq(verb, sl_str(rows[i].verb)))
			return &rows[i];
	return NULL;
}

/* R3501-3-a, R3691-2-b: may it be given now? Why not, or NULL. */
static const char *
state_refuses(const struct imap_server *s, const struct imap_command *row)
{
	if (row->states == 0)
		return "Already authenticated";
	if (row->states & (s->is_selected ? IMAP_IN_SELECTED : IMAP_IN_AUTHENTICATED))
		return NULL;
	return "No mailbox is selected";
}

/* Takes the tag off; the arena of the command exists from here on. */
static bool
take_tag(struct imap_server *s, struct imap_lexer *lx)
{
	if (!s->run.a) {
		s->run.a = arena_new("imap-command", s->o.memory_max_bytes);
		s->commands++;
	}
	imap_lex_init(lx, buf_slice(&s->text), s->run.a);
	return imap_lex_tag(lx, &s->run.tag) && (lx->in.n == 0 || lx->in.p[0] == ' ');
}

/* The row of the command in s->text; the lexer then stands behind the verb. NULL: why not. */
static const struct imap_command *
take_row(struct imap_server *s, struct imap_lexer *lx, const char **words)
{
	const struct imap_command *row;
	struct slice verb;
	bool by_uid;

	if (!take_tag(s, lx)) {
		s->run.tag = SL("*");
		*words = "Expected a tag";
		return NULL;
	}
	if (!imap_lex_space(lx) || !imap_lex_name(lx, &verb)) {
		*words = "Expected a command behind the tag";
		return NULL;
	}
	by_uid = sl_ieq(verb, SL("UID"));
	if (by_uid && (!imap_lex_space(lx) || !imap_lex_name(lx, &verb))) {
		*words = "Expected a command behind UID";
		return NULL;
	}
	row = row_named(verb, by_uid);
	if (row && row->flags & IMAP_IF_ID && !s->o.has_id)
		row = NULL;
	*words = row ? state_refuses(s, row) : "Unknown command";
	return *words ? NULL : row;
}

/* Arguments, up to the end of the command. */
static bool
arguments_fit(struct imap_server *s, const struct imap_command *row, struct imap_lexer *lx)
{
	if (row->parse && !row->parse(s, lx))
		return false;
	if (row->flags & IMAP_STREAMS)
		return imap_lex_peek(lx) == '{' || imap_lex_fail(lx, "Expected a literal");
	return imap_lex_end(lx);
}

/* Sets the row and its arguments. False, having answered: they do not fit. */
static bool
parse(struct imap_server *s, const struct imap_command *row, struct imap_lexer *lx)
{
	struct fault f;

	if (arguments_fit(s, row, lx)) {
		s->run.row = row;
		return true;
	}
	if (lx->error) {
		imap_bad(s, lx->error);
		return false;
	}
	fault_set(&f, ST_LIMIT, "5.3.4", "A command needs too much memory");
	imap_failed(s, &f);
	return false;
}

/* What the reader has already refused. */
static void
refuse(struct imap_server *s)
{
	struct imap_lexer lx;

	s->run.row = NULL;
	if (!take_tag(s, &lx))
		s->run.tag = SL("*");
	imap_refused(s);
}

void
imap_command_start(struct imap_server *s)
{
	const struct imap_command *row;
	const char *words;
	struct imap_lexer lx;

	if (s->refused) {
		refuse(s);
		return;
	}
	row = take_row(s, &lx, &words);
	if (!row)
		imap_bad(s, words);
	else if (parse(s, row, &lx))
		row->run(s);
}

bool
imap_command_literal(struct imap_server *s, const char **words)
{
	const struct imap_command *row;
	struct imap_lexer lx;

	row = take_row(s, &lx, words);
	if (!row || !(row->flags & IMAP_STREAMS))
		return false;
	/* Its first argument, as a literal, is for memory. */
	if (lx.in.n > 1 && lx.in.p[1] == '{' && sl_search(lx.in, SL("\r\n")) == lx.in.n)
		return false;
	if (!arguments_fit(s, row, &lx)) {
		*words = lx.error ? lx.error : "A command needs too much memory";
		return false;
	}
	s->run.row = row;
	row->run(s);
	return true;
}
