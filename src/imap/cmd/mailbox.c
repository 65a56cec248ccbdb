/* CREATE DELETE RENAME SUBSCRIBE UNSUBSCRIBE STATUS: RFC 3501 sections 6.3.3 to 6.3.7, 6.3.10. */
#include "imap/reply/reply.h"
#include "imap/server_cmd.h"

/* May a mailbox of this name come into being? Answered when not. */
static bool
name_is_good(struct imap_server *s, struct slice name)
{
	if (sl_find(name, '%') < name.n || sl_find(name, '*') < name.n) {
		imap_no(s, "CANNOT", "% and * cannot stand in a name");
		return false;
	}
	if (name.n == 0 || sl_starts(name, SL(".")) || sl_ends(name, SL(".")) ||
	    sl_search(name, SL("..")) < name.n) {
		imap_no(s, "CANNOT", "A level of a name cannot be empty");
		return false;
	}
	return true;
}

/* Is a the name b, or one above it? */
static bool
is_or_above(struct slice a, struct slice b)
{
	return sl_eq(a, b) || (b.n > a.n && sl_starts(b, a) && b.p[a.n] == '.');
}

/* R3501-6.3.3-b */
void
imap_run_create(struct imap_server *s)
{
	const struct imap_name *d = s->run.data;

	if (sl_eq(d->name, SL("INBOX")))
		imap_no(s, "ALREADYEXISTS", "INBOX always exists");
	else if (name_is_good(s, d->name))
		imap_ask(s, IMAP_ASK_CREATE, d);
}

void
imap_answered_create(struct imap_server *s, const struct engine_answer *a)
{
	imap_done_or_failed(s, a, "CREATE completed");
}

/* R3501-6.3.4-a, R5530-3-d */
void
imap_run_delete(struct imap_server *s)
{
	const struct imap_name *d = s->run.data;

	if (sl_eq(d->name, SL("INBOX")))
		imap_no(s, "CANNOT", "INBOX cannot be deleted");
	else if (s->is_selected && sl_eq(d->name, buf_slice(&s->selected)))
		imap_no(s, "INUSE", "This session has it selected");
	else
		imap_ask(s, IMAP_ASK_DELETE, d);
}

void
imap_answered_delete(struct imap_server *s, const struct engine_answer *a)
{
	imap_done_or_failed(s, a, "DELETE completed");
}

/*
 * R3501-6.3.5-a, R3501-6.3.5-c: from INBOX the messages are moved, and INBOX stays; so it may be
 * selected.
 */
void
imap_run_rename(struct imap_server *s)
{
	const struct imap_rename *d = s->run.data;

	if (!name_is_good(s, d->to))
		return;
	if (sl_eq(d->to, SL("INBOX")))
		imap_no(s, "ALREADYEXISTS", "INBOX always exists");
	else if (is_or_above(d->from, d->to) && !sl_eq(d->from, SL("INBOX")))
		imap_no(s, "CANNOT", "A mailbox cannot move below itself");
	else if (s->is_selected && is_or_above(d->from, buf_slice(&s->selected)) &&
		 !sl_eq(d->from, SL("INBOX")))
		imap_no(s, "INUSE", "This session has it selected, or one below it");
	else
		imap_ask(s, IMAP_ASK_RENAME, d);
}

void
imap_answered_rename(struct imap_server *s, const struct engine_answer *a)
{
	imap_done_or_failed(s, a, "RENAME completed");
}

/* R3501-6.3.6-a */
void
imap_run_subscribe(struct imap_server *s)
{
	imap_ask(s, IMAP_ASK_SUBSCRIBE, s->run.data);
}

void
imap_answered_subscribe(struct imap_server *s, const struct engine_answer *a)
{
	imap_done_or_failed(s, a, "SUBSCRIBE completed");
}

/* R3501-6.3.7-a */
void
imap_run_unsubscribe(struct imap_server *s)
{
	imap_ask(s, IMAP_ASK_UNSUBSCRIBE, s->run.data);
}

void
imap_answered_unsubscribe(struct imap_server *s, const struct engine_answer *a)
{
	imap_done_or_failed(s, a, "UNSUBSCRIBE completed");
}

/* R3501-6.3.10-a: nothing is selected by it. */
void
imap_run_status(struct imap_server *s)
{
	const struct imap_status_args *d = s->run.data;

	imap_ask(s, IMAP_ASK_STATUS, &d->mailbox);
}

static uint32_t
status_value(const struct imap_status *st, size_t offset)
{
	uint32_t v;

	memcpy(&v, (const char *)st + offset, sizeof(v));
	return v;
}

/* R3501-6.3.10-b, R3501-7.2.4-a, R9051-6.3.11-d */
void
imap_answered_status(struct imap_server *s, const struct engine_answer *a)
{
	const struct imap_status_args *d = s->run.data;
	struct buf *out = imap_out(s);
	struct slice before = SL("");

	if (a->fault.st != ST_OK) {
		imap_failed(s, &a->fault);
		return;
	}
	buf_put(out, SL("* STATUS "));
	imap_put_mailbox(out, d->mailbox.name);
	buf_put(out, SL(" ("));
	for (unsigned i = 0; i < IMAP_STATUS_ITEMS; i++) {
		if (!(d->items >> i & 1))
			continue;
		buf_put(out, before);
		buf_put_str(out, imap_status_items[i].name);
		imap_put_number(
		    out, SL(" "), status_value(a->detail, imap_status_items[i].offset), SL_NONE);
		before = SL(" ");
	}
	buf_put(out, SL(")\r\n"));
	imap_done(s, "STATUS completed");
}
