/*
 * The steps of the commands, as the rows of server_command.c name them: parse/<verb>.c,
 * cmd/<verb>.c. See server_int.h for what each does.
 */
#ifndef IMAP_SERVER_CMD_H
#define IMAP_SERVER_CMD_H

#include "imap/server_int.h"

/* cmd/any.c: CAPABILITY NOOP LOGOUT ID NAMESPACE CHECK */
bool imap_parse_id(struct imap_server *s, struct imap_lexer *lx);
void imap_run_capability(struct imap_server *s);
void imap_run_noop(struct imap_server *s);
void imap_run_check(struct imap_server *s);
void imap_run_logout(struct imap_server *s);
void imap_run_id(struct imap_server *s);
void imap_run_namespace(struct imap_server *s);

/* parse/mailbox.c, cmd/select.c */
bool imap_parse_select(struct imap_server *s, struct imap_lexer *lx);
bool imap_parse_examine(struct imap_server *s, struct imap_lexer *lx);
void imap_run_select(struct imap_server *s);
void imap_answered_select(struct imap_server *s, const struct engine_answer *a);
void imap_run_close(struct imap_server *s);
void imap_answered_close(struct imap_server *s, const struct engine_answer *a);
void imap_run_unselect(struct imap_server *s);
void imap_answered_unselect(struct imap_server *s, const struct engine_answer *a);

/* parse/mailbox.c, cmd/mailbox.c */
bool imap_parse_name(struct imap_server *s, struct imap_lexer *lx);
bool imap_parse_create(struct imap_server *s, struct imap_lexer *lx);
bool imap_parse_rename(struct imap_server *s, struct imap_lexer *lx);
void imap_run_create(struct imap_server *s);
void imap_answered_create(struct imap_server *s, const struct engine_answer *a);
void imap_run_delete(struct imap_server *s);
void imap_answered_delete(struct imap_server *s, const struct engine_answer *a);
void imap_run_rename(struct imap_server *s);
void imap_answered_rename(struct imap_server *s, const struct engine_answer *a);
void imap_run_subscribe(struct imap_server *s);
void imap_answered_subscribe(struct imap_server *s, const struct engine_answer *a);
void imap_run_unsubscribe(struct imap_server *s);
void imap_answered_unsubscribe(struct imap_server *s, const struct engine_answer *a);

/* The items of STATUS: a name, and where its number stands in struct imap_status. */
struct imap_status_item {
	const char *name;
	size_t offset;
};
#define IMAP_STATUS_ITEMS 5
extern const struct imap_status_item imap_status_items[IMAP_STATUS_ITEMS];

struct imap_status_args {
	struct imap_name mailbox;
	unsigned items; /* bit k: imap_status_items[k] */
};
/* STATUS */
bool imap_parse_status(struct imap_server *s, struct imap_lexer *lx);
void imap_run_status(struct imap_server *s);
void imap_answered_status(struct imap_server *s, const struct engine_answer *a);

/* parse/mailbox.c, cmd/list.c */
#define IMAP_PATTERN_MAX 1000 /* octets: matching costs up to their product with a name */
struct imap_list_args {
	struct slice pattern; /* reference and pattern, UTF-8 */
	bool is_root;         /* the pattern was empty */
};
/* LIST, LSUB; imap_list_match: does a name fit a pattern? Both are UTF-8. */
bool imap_parse_list(struct imap_server *s, struct imap_lexer *lx);
bool imap_list_match(struct slice pattern, struct slice name);
void imap_run_list(struct imap_server *s);
void imap_answered_list(struct imap_server *s, const struct engine_answer *a);
void imap_run_lsub(struct imap_server *s);
void imap_answered_lsub(struct imap_server *s, const struct engine_answer *a);

/* parse/message.c, cmd/append.c */
struct imap_append_args {
	struct imap_append append;
	bool is_sync;
};
/* APPEND */
bool imap_parse_append(struct imap_server *s, struct imap_lexer *lx);
void imap_run_append(struct imap_server *s);
void imap_answered_append(struct imap_server *s, const struct engine_answer *a);
void imap_append_body_end(struct imap_server *s, bool is_complete);

/* parse/message.c, cmd/store.c */
bool imap_parse_store(struct imap_server *s, struct imap_lexer *lx);
bool imap_parse_uid_store(struct imap_server *s, struct imap_lexer *lx);
bool imap_parse_copy(struct imap_server *s, struct imap_lexer *lx);
bool imap_parse_uid_copy(struct imap_server *s, struct imap_lexer *lx);
bool imap_parse_expunge(struct imap_server *s, struct imap_lexer *lx);
bool imap_parse_uid_expunge(struct imap_server *s, struct imap_lexer *lx);
void imap_run_store(struct imap_server *s);
void imap_answered_store(struct imap_server *s, const struct engine_answer *a);
void imap_run_copy(struct imap_server *s);
void imap_answered_copy(struct imap_server *s, const struct engine_answer *a);
void imap_run_expunge(struct imap_server *s);
void imap_answered_expunge(struct imap_server *s, const struct engine_answer *a);

/* cmd/idle.c */
void imap_run_idle(struct imap_server *s);

/* cmd/fetch.c, parse/fetch.c: FETCH, UID FETCH */
bool imap_parse_fetch(struct imap_server *s, struct imap_lexer *lx);
bool imap_parse_uid_fetch(struct imap_server *s, struct imap_lexer *lx);
void imap_run_fetch(struct imap_server *s);
void imap_answered_fetch(struct imap_server *s, const struct engine_answer *a);
void imap_taken_fetch(struct imap_server *s);

/* cmd/search.c, parse/search.c: SEARCH, UID SEARCH */
bool imap_parse_search(struct imap_server *s, struct imap_lexer *lx);
bool imap_parse_uid_search(struct imap_server *s, struct imap_lexer *lx);
void imap_run_search(struct imap_server *s);
void imap_answered_search(struct imap_server *s, const struct engine_answer *a);

#endif
