/* SEARCH and UID SEARCH, RFC 3501 section 6.4.4: the owner finds, with imap_search_match(). */
#include "imap/reply/reply.h"
#include "imap/search_int.h"
#include "imap/server_cmd.h"

void
imap_run_search(struct imap_server *s)
{
	struct imap_search_run *run = s->run.data;

	if (run->unknown_charset) /* R3501-6.4.4-e, R3501-6.4.4-f */
		imap_no(s, "BADCHARSET (US-ASCII UTF-8)", "This charset is not known");
	else
		imap_ask(s, IMAP_ASK_SEARCH, &run->ask);
}

/* R3501-6.4.4-t, R3501-7.2.5-a: one line, also when nothing was found. */
void
imap_answered_search(struct imap_server *s, const struct engine_answer *a)
{
	const struct imap_found *found = a->detail;

	if (a->fault.st != ST_OK) {
		imap_failed(s, &a->fault);
		return;
	}
	buf_put(imap_out(s), SL("* SEARCH"));
	for (size_t i = 0; i < found->count; i++)
		imap_put_number(imap_out(s), SL(" "), found->numbers[i], SL_NONE);
	buf_put(imap_out(s), SL("\r\n"));
	imap_done(s, "SEARCH completed");
}
