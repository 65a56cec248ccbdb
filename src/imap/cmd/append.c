/* APPEND: RFC 3501 section 6.3.11, APPENDUID of RFC 4315. The message passes through in pieces. */
#include "imap/reply/reply.h"
#include "imap/server_cmd.h"

void
imap_run_append(struct imap_server *s)
{
	const struct imap_append_args *d = s->run.data;
	uint64_t most = s->o.append_max_bytes ? s->o.append_max_bytes : SERVER_APPEND_MAX;

	if (d->append.size_bytes > most)
		imap_read_refuse_literal(
		    s, "TOOBIG", "The message is too large", d->append.size_bytes, d->is_sync);
	else
		imap_ask(s, IMAP_ASK_APPEND, &d->append);
}

/* R3501-6.3.11-a: nothing is kept; what was sent already is thrown away. */
static void
refused(struct imap_server *s, const struct fault *f)
{
	const struct imap_append_args *d = s->run.data;
	const char *words = arena_str(s->run.a, sl_str(f->text));

	imap_read_refuse_literal(s, imap_fault_code(f, true), words ? words : "It cannot be kept",
	    d->append.size_bytes, d->is_sync);
}

/* R4315-3-b, R4315-3-f */
static void
appended(struct imap_server *s, const struct imap_appended *m)
{
	struct buf code;

	if (!m || !m->uid) {
		imap_done(s, "APPEND completed");
		return;
	}
	buf_init(&code, 64);
	imap_put_number(&code, SL("APPENDUID "), m->uidvalidity, SL(" "));
	imap_put_number(&code, SL_NONE, m->uid, SL_NONE);
	imap_done_code(s, buf_slice(&code), "APPEND completed");
	buf_fini(&code);
}

void
imap_answered_append(struct imap_server *s, const struct engine_answer *a)
{
	const struct imap_append_args *d = s->run.data;

	if (s->question.kind == IMAP_ASK_APPEND && a->fault.st == ST_OK) {
		s->is_appending = true;
		imap_read_body(s, d->append.size_bytes, d->is_sync);
	} else if (s->question.kind == IMAP_ASK_APPEND) {
		refused(s, &a->fault);
	} else if (a->fault.st == ST_OK) {
		appended(s, a->detail);
	} else {
		imap_failed(s, &a->fault);
	}
}

void
imap_append_body_end(struct imap_server *s, bool is_complete)
{
	if (is_complete)
		s->body_ended = true;
	else
		imap_append_drop(s);
}
