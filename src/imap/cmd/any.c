/* Commands about the session itself: RFC 3501 section 6.1, RFC 2971, RFC 2342. */
#include "imap/reply/reply.h"
#include "imap/server_cmd.h"

/*
 * RFC 3501 section 6.1.1. What is listed is what the owner offers: R2177-3-f, R4315-2.1-b,
 * R7888-3-b, R7888-5-a, R3501-7.2.1-a, R2342-4-a, R3348-3-c
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

bool
imap_parse_id(struct imap_server *s, struct imap_lexer *lx)
{
	(void)s;
	return imap_lex_id(lx);
}

/* R2971-3.1-a; R2971-3-a: what the client said is not kept. */
void
imap_run_id(struct imap_server *s)
{
	imap_put_id(imap_out(s), s->o.version);
	imap_done(s, "ID completed");
}

/*
 * RFC 2342: R2342-2-a, R2342-5-a, R2342-5-b, R2342-5-f, R2342-6-a, R2342-6-b, R9051-5.1.2-b,
 * R9051-5.1.2-c, R9051-5.1.2-d: below INBOX, and nobody else's.
 */
void
imap_run_namespace(struct imap_server *s)
{
	buf_put(imap_out(s), SL("* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n"));
	imap_done(s, "NAMESPACE completed");
}
