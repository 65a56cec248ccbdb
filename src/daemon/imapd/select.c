/*
 * SELECT, EXAMINE, CLOSE, STATUS. RFC 3501 sections 6.3.1, 6.3.2, 6.3.10, 6.4.2.
 */
#include "base/attr.h"
#include "daemon/imapd/answer.h"

static const struct {
	unsigned imap;
	uint32_t message;
} flag_rows[] = {
    {IMAP_SEEN, MESSAGE_SEEN},
    {IMAP_ANSWERED, MESSAGE_ANSWERED},
    {IMAP_FLAGGED, MESSAGE_FLAGGED},
    {IMAP_DELETED, MESSAGE_DELETED},
    {IMAP_DRAFT, MESSAGE_DRAFT},
};

unsigned
flags_to_imap(uint32_t flags)
{
	unsigned out = 0;

	for (size_t i = 0; i < COUNT_OF(flag_rows); i++)
		if (flags & flag_rows[i].message)
			out |= flag_rows[i].imap;
	return out;
}

uint32_t
flags_from_imap(unsigned flags)
{
	uint32_t out = 0;

	for (size_t i = 0; i < COUNT_OF(flag_rows); i++)
		if (flags & flag_rows[i].imap)
			out |= flag_rows[i].message;
	return out;
}

void
flags_of(const struct imap_client *k, const struct message *m, uint32_t seq,
    struct imap_flags *out)
{
	*out = (struct imap_flags){
	    .seq = seq,
	    .uid = m->uid,
	    .flags = flags_to_imap(m->flags),
	    .keywords = m->keywords,
	    .modseq = m->modseq,
	};
	if (view_is_recent(&k->view, m->uid))
		out->flags |= IMAP_RECENT;
}

void
keywords_of(const struct imap_client *k, struct mailbox *m, struct imap_keywords *out)
{
	static struct slice names[IMAP_KEYWORDS_MAX];

	*out = (struct imap_keywords){.names = names};
	for (unsigned i = 0; i < IMAP_KEYWORDS_MAX && i < MAILBOX_KEYWORDS; i++) {
		names[i] = mailbox_keyword(m, i);
		if (names[i].n)
			out->count = i + 1;
	}
	out->may_add = !k->read_only && out->count < IMAP_KEYWORDS_MAX &&
		       worker_conf(k->c.w)->keywords != 0;
}

/* ---- SELECT ---- */

void
select_end(struct imap_client *k)
{
	if (!k->selected)
		return;
	k->selected = false;
	handles_close(k, 0);
	sync_clear(k);
	folder_unwatch(k->watch);
	k->watch = NULL;
	view_fini(&k->view);
	k->view = (struct view){0};
	k->mailbox = NULL;
	k->keyword_count = 0;
}

static void
select_opened(struct store_op *op, const struct fault *f)
{
	struct work *w = op->arg;
	struct imap_client *k = w->k;
	const bool *read_only = w->own;
	struct imap_selected out = {0};
	const struct message *m;
	struct fault why;
	size_t count;

	if (f->st != ST_OK) {
		why = work_fault(f);
		work_answer(w, &why, NULL);
		return;
	}
	k->selected = true;
	k->read_only = *read_only;
	k->mailbox = op->mailbox;
	k->view = (struct view){.changed = sync_notice, .arg = k};
	view_init(&k->view, op->mailbox, !k->read_only);
	mailbox_close(op->mailbox); /* the view has a reference of its own */
	k->watch = folder_watch(k->c.account, k->mailbox);
	out.exists = view_count(&k->view);
	out.recent = view_recent_count(&k->view);
	m = mailbox_messages(k->mailbox, &count);
	for (size_t i = 0; i < count && !out.first_unseen; i++)
		if (!(m[i].flags & MESSAGE_SEEN))
			out.first_unseen = view_seq(&k->view, m[i].uid);
	out.uidvalidity = mailbox_uidvalidity(k->mailbox);
	out.uidnext = mailbox_uidnext(k->mailbox);
	out.modseq = mailbox_modseq(k->mailbox);
	out.read_only = k->read_only;
	keywords_of(k, k->mailbox, &out.keywords);
	k->keyword_count = out.keywords.count;
	work_answer(w, NULL, &out);
}

void
ask_select(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_select *q = a->detail;
	struct work *w;

	/* RFC 3501 section 6.3.1: also when it fails, nothing is selected any more. */
	select_end(k);
	w = work_new(k, a, sizeof(bool));
	*(bool *)w->own = q->read_only;
	w->op.done = select_opened;
	mailbox_open(k->c.account->store, q->name, !q->read_only, &w->op);
}

static void
close_expunged(struct store_op *op, const struct fault *f)
{
	struct work *w = op->arg;
	struct fault why = *f;

	select_end(w->k);
	work_answer(w, why.st == ST_OK ? NULL : &why, NULL);
}

void
ask_close(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_close *q = a->detail;
	struct work *w = work_new(k, a, 1);
	struct uid_list uids;

	if (!k->selected || !q->expunge || k->read_only || mailbox_is_gone(k->mailbox) ||
	    !deleted_uids(k, NULL, w->arena, &uids) || uids.n == 0) {
		select_end(k);
		work_answer(w, NULL, NULL);
		return;
	}
	w->op.done = close_expunged;
	mailbox_expunge(k->mailbox, uids.v, uids.n, &w->op);
}

/* ---- STATUS ---- */

static void
status_opened(struct store_op *op, const struct fault *f)
{
	struct work *w = op->arg;
	struct imap_status out = {0};
	const struct message *m;
	struct view look = {0};
	struct fault why;
	size_t count;

	if (f->st != ST_OK) {
		why = work_fault(f);
		work_answer(w, &why, NULL);
		return;
	}
	view_init(&look, op->mailbox, false);
	out.recent = view_recent_count(&look);
	view_fini(&look);
	m = mailbox_messages(op->mailbox, &count);
	out.messages = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		out.unseen += !(m[i].flags & MESSAGE_SEEN);
	out.uidnext = mailbox_uidnext(op->mailbox);
	out.uidvalidity = mailbox_uidvalidity(op->mailbox);
	out.modseq = mailbox_modseq(op->mailbox);
	mailbox_close(op->mailbox);
	work_answer(w, NULL, &out);
}

void
ask_status(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_name *q = a->detail;
	struct work *w = work_new(k, a, 1);

	w->op.done = status_opened;
	mailbox_open(k->c.account->store, q->name, false, &w->op);
}
