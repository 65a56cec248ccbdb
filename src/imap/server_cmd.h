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

#endif
