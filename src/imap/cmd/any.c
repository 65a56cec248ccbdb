/* Commands about the session itself: RFC 3501 section 6.1, RFC 2971, RFC 2342. */
#include "imap/reply/reply.h"
#include "imap/server_cmd.h"

/*
 * RFC 3501 section 6.1.1. What is listed is what the owner offers: R2177-3-f, R4315-2.1-b,
 * R7888-3-b
 */
void
imap_run_capability(struct imap_server *s)
{
	buf_put(imap_out(s), SL("* CAPABILITY "));
	buf_put(imap_out(s), s->o.capability);
	buf_put(imap_out(s), SL("\r\n"));
	imap_done(s, "CAPABILITY completed");
}

/* RFC 3501 section 6.1.2: it always succeeds; news are said by SYNC. */
void
imap_run_noop(struct imap_server *s)
{
	imap_done(s, "NOOP completed");
}

/* R3501-6.4.1-a */
void
imap_run_check(struct imap_server *s)
{
	imap_done(s, "CHECK completed");
}

/* RFC 3501 section 6.1.3: BYE before OK, then the end. */
void
imap_run_logout(struct imap_server *s)
{
	buf_put(imap_out(s), SL("* BYE Logging out\r\n"));
	imap_done(s, "LOGOUT completed");
	imap_bye(s, ENGINE_WHY_QUIT, NULL);
}

/* R2971-3.3-a: a list of at most 30 fields with values, or NIL. */
bool
imap_parse_id(struct imap_server *s, struct imap_lexer *lx)
{
	struct slice text;
	bool is_nil;
	unsigned fields = 0;

	(void)s;
	if (!imap_lex_space(lx))
		return false;
	if (imap_lex_peek(lx) != '(')
		return imap_lex_nstring(lx, &text, &is_nil) &&
		       (is_nil || imap_lex_fail(lx, "expected a list or NIL"));
	if (!imap_lex_char(lx, '('))
		return false;
	if (imap_lex_maybe(lx, ')'))
		return true;
	do {
		if (++fields > 30)
			return imap_lex_fail(lx, "ID has at most 30 fields");
		if (!imap_lex_string(lx, &text) || !imap_lex_space(lx) ||
		    !imap_lex_nstring(lx, &text, &is_nil))
			return false;
	} while (imap_lex_maybe(lx, ' '));
	return imap_lex_char(lx, ')');
}

/* R2971-3.1-a */
void
imap_run_id(struct imap_server *s)
{
	buf_put(imap_out(s), SL("* ID NIL\r\n"));
	imap_done(s, "ID completed");
}

/* R2342-5-a, R2342-5-b, R2342-6-a: one personal namespace, below INBOX; nothing shared. */
void
imap_run_namespace(struct imap_server *s)
{
	buf_put(imap_out(s), SL("* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n"));
	imap_done(s, "NAMESPACE completed");
}
