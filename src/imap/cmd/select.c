/* SELECT EXAMINE CLOSE UNSELECT: RFC 3501 sections 6.3.1, 6.3.2, 6.4.2, RFC 3691. */
#include "imap/reply/reply.h"
#include "imap/server_cmd.h"

static void
ask_close(struct imap_server *s, bool expunge)
{
	struct imap_close *close = imap_run_get(s, sizeof(*close));
	struct fault f;

	if (!close) {
		fault_set(&f, ST_LIMIT, "5.3.4", "A command needs too much memory");
		imap_failed(s, &f);
		return;
	}
	close->expunge = expunge;
	imap_ask(s, IMAP_ASK_CLOSE, close);
}

/* R3501-6.3.1-a: what was selected no longer is, whatever becomes of the new one. */
void
imap_run_select(struct imap_server *s)
{
	if (s->is_selected)
		ask_close(s, false);
	else
		imap_ask(s, IMAP_ASK_SELECT, s->run.data);
}

/* R3501-6.3.1-b, R3501-2.3.1.1-b: FLAGS, EXISTS, RECENT, and what is known beside them. */
static void
say_selected(struct imap_server *s, const struct imap_selected *m, bool read_only)
{
	struct buf *out = imap_out(s);

	imap_put_flag_lists(out, &m->keywords, read_only);
	imap_put_number(out, SL("* "), m->exists, SL(" EXISTS\r\n"));
	imap_put_number(out, SL("* "), m->recent, SL(" RECENT\r\n"));
	if (m->first_unseen)
		imap_put_number(out, SL("* OK [UNSEEN "), m->first_unseen,
		    SL("] The first one not seen\r\n"));
	imap_put_number(out, SL("* OK [UIDVALIDITY "), m->uidvalidity, SL("] UIDs are valid\r\n"));
	imap_put_number(out, SL("* OK [UIDNEXT "), m->uidnext, SL("] The next UID\r\n"));
	if (m->uid_not_sticky) /* R4315-3-a */
		buf_put(out, SL("* NO [UIDNOTSTICKY] UIDs do not last\r\n"));
}

void
imap_answered_select(struct imap_server *s, const struct engine_answer *a)
{
	const struct imap_select *d = s->run.data;
	const struct imap_selected *m = a->detail;

	if (s->question.kind == IMAP_ASK_CLOSE) {
		imap_deselect(s);
		imap_ask(s, IMAP_ASK_SELECT, d);
		return;
	}
	if (a->fault.st != ST_OK) { /* R3501-6.3.1-d */
		imap_failed(s, &a->fault);
		return;
	}
	s->is_selected = true;
	s->is_read_only = m->read_only || d->read_only;
	say_selected(s, m, s->is_read_only);
	s->exists = m->exists;
	buf_clear(&s->selected);
	buf_put(&s->selected, d->name);
	/* R3501-6.3.1-c, R3501-6.3.2-a */
	imap_done_code(s, s->is_read_only ? SL("READ-ONLY") : SL("READ-WRITE"),
	    d->read_only ? "EXAMINE completed" : "SELECT completed");
}

/* R3501-6.4.2-a, R3501-6.4.2-b: nothing goes when it was selected read-only. */
void
imap_run_close(struct imap_server *s)
{
	ask_close(s, !s->is_read_only);
}

void
imap_answered_close(struct imap_server *s, const struct engine_answer *a)
{
	if (a->fault.st == ST_OK)
		imap_deselect(s);
	imap_done_or_failed(s, a, "CLOSE completed");
}

/* R3691-2-a */
void
imap_run_unselect(struct imap_server *s)
{
	ask_close(s, false);
}

void
imap_answered_unselect(struct imap_server *s, const struct engine_answer *a)
{
	(void)a; /* nothing was to be done that could fail */
	imap_deselect(s);
	imap_done(s, "UNSELECT completed");
}
