/* STORE COPY EXPUNGE and their UID forms: RFC 3501 sections 6.4.3, 6.4.6, 6.4.7, RFC 4315. */
#include "imap/reply/reply.h"
#include "imap/server_cmd.h"

/* Nothing can be changed in what was selected read-only. Answered when so. */
static bool
is_read_only(struct imap_server *s)
{
	if (s->is_read_only)
		imap_no(s, "READ-ONLY", "The mailbox is selected read-only");
	return s->is_read_only;
}

/* R3501-6.4.6-b: the new flags come as FETCH responses, from SYNC. */
void
imap_run_store(struct imap_server *s)
{
	if (!is_read_only(s)) /* R3501-6.3.2-b */
		imap_ask(s, IMAP_ASK_STORE, s->run.data);
}

void
imap_answered_store(struct imap_server *s, const struct engine_answer *a)
{
	imap_done_or_failed(s, a, "STORE completed");
}

void
imap_run_expunge(struct imap_server *s)
{
	if (!is_read_only(s))
		imap_ask(s, IMAP_ASK_EXPUNGE, s->run.data);
}

/* R3501-6.4.3-a, R4315-2.1-a: SYNC says what went. */
void
imap_answered_expunge(struct imap_server *s, const struct engine_answer *a)
{
	imap_done_or_failed(s, a, "EXPUNGE completed");
}

/* R3501-6.4.7-a: all or nothing is the owner's work. */
void
imap_run_copy(struct imap_server *s)
{
	imap_ask(s, IMAP_ASK_COPY, s->run.data);
}

/* Numbers as a uid-set, in their order: 3,5:7. R4315-3-e */
static void
put_set(struct buf *out, const uint32_t *n, size_t count)
{
	for (size_t i = 0; i < count;) {
		size_t end = i + 1;

		while (end < count && n[end] == n[end - 1] + 1)
			end++;
		imap_put_number(out, i ? SL(",") : SL_NONE, n[i], SL_NONE);
		if (end - i > 1)
			imap_put_number(out, SL(":"), n[end - 1], SL_NONE);
		i = end;
	}
}

/* R4315-3-c, R4315-3-d: the new UIDs in the order of the old ones; nothing about nothing. */
void
imap_answered_copy(struct imap_server *s, const struct engine_answer *a)
{
	const struct imap_copied *c = a->detail;
	struct buf code;

	if (a->fault.st != ST_OK) {
		imap_failed(s, &a->fault);
		return;
	}
	if (!c || !c->uidvalidity || !c->count) {
		imap_done(s, "COPY completed");
		return;
	}
	buf_init(&code, SERVER_OUT_MAX);
	imap_put_number(&code, SL("COPYUID "), c->uidvalidity, SL(" "));
	put_set(&code, c->from, c->count);
	buf_put_byte(&code, ' ');
	put_set(&code, c->to, c->count);
	imap_done_code(s, buf_slice(&code), "COPY completed");
	buf_fini(&code);
}
