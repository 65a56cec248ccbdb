/*
 * STORE, COPY, EXPUNGE. RFC 3501 sections 6.4.3, 6.4.6, 6.4.7; RFC 4315 (UIDPLUS).
 */
#include <string.h>

#include "daemon/imapd/answer.h"

void
change_of(unsigned flags, const struct slice *keywords, size_t count, struct mailbox_change *out)
{
	*out = (struct mailbox_change){
	    .how = MAILBOX_REPLACE,
	    .flags = flags_from_imap(flags),
	    .words = keywords,
	    .word_count = count,
	};
}

/* The messages of a question; false: it was answered. */
static bool
uids_of(struct work *w, const struct imap_set *set, struct uid_list *out)
{
	struct imap_client *k = w->k;
	struct seq_set seqs;
	struct fault f = FAULT_NONE;

	if (!k->selected || mailbox_is_gone(k->mailbox))
		fault_set(&f, ST_NOENT, "4.2.0", "the folder is gone");
	else if (!set_resolve(&k->view, set, w->arena, &seqs) ||
		 !set_uids(&k->view, &seqs, w->arena, out))
		fault_set(&f, ST_LIMIT, "4.3.0", "too large a set of messages");
	if (f.st == ST_OK)
		return true;
	work_answer(w, &f, NULL);
	return false;
}

static bool
may_write(struct work *w)
{
	struct fault f;

	if (!w->k->read_only)
		return true;
	fault_set(&f, ST_DENIED, "4.3.0", "the folder was opened for reading");
	work_answer(w, &f, NULL);
	return false;
}

/* ---- STORE ---- */

static const enum mailbox_how hows[] = {
    [IMAP_STORE_REPLACE] = MAILBOX_REPLACE,
    [IMAP_STORE_ADD] = MAILBOX_ADD,
    [IMAP_STORE_REMOVE] = MAILBOX_REMOVE,
};

static void
stored(struct store_op *op, const struct fault *f)
{
	struct work *w = op->arg;
	struct imap_client *k = w->k;
	const struct imap_store *q = w->own;
	struct fault why;

	if (f->st != ST_OK) {
		why = work_fault(f);
		work_answer(w, &why, NULL);
		return;
	}
	for (size_t i = 0; i < op->uid_count; i++)
		view_told(&k->view, op->uids[i]);
	if (!q->is_silent) {
		/* The answer tells each of them, also where nothing changed. */
		mem_free(k->stored.v);
		k->stored = (struct uid_list){
		    .v = mem_get((op->uid_count + 1) * sizeof(uint32_t)), .n = op->uid_count};
		memcpy(k->stored.v, op->uids, op->uid_count * sizeof(uint32_t));
	}
	work_answer(w, NULL, NULL);
}

void
ask_store(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_store *q = a->detail;
	struct work *w = work_new(k, a, sizeof(*q));
	struct mailbox_change change;
	struct uid_list uids;

	*(struct imap_store *)w->own = *q;
	if (!may_write(w) || !uids_of(w, &q->set, &uids))
		return;
	change_of(q->flags, q->keywords, q->keyword_count, &change);
	change.how = hows[q->how];
	change.lasts = true;
	w->op.done = stored;
	mailbox_mark(k->mailbox, uids.v, uids.n, &change, &w->op);
}

/* ---- EXPUNGE ---- */

bool
deleted_uids(const struct imap_client *k, const struct seq_set *s, struct arena *a,
    struct uid_list *out)
{
	struct seq_set all;
	size_t kept = 0;

	if (!s && !set_all(&k->view, a, &all))
		return false;
	if (!set_uids(&k->view, s ? s : &all, a, out))
		return false;
	for (size_t i = 0; i < out->n; i++) {
		const struct message *m = mailbox_find(k->mailbox, out->v[i]);

		if (m && (m->flags & MESSAGE_DELETED))
			out->v[kept++] = out->v[i];
	}
	out->n = kept;
	return true;
}

void
ask_expunge(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_expunge *q = a->detail;
	struct work *w = work_new(k, a, 1);
	struct uid_list uids = {0};
	struct seq_set seqs;
	struct fault f;

	if (!may_write(w))
		return;
	if (!k->selected || (q->has_set && !set_resolve(&k->view, &q->set, w->arena, &seqs)) ||
	    !deleted_uids(k, q->has_set ? &seqs : NULL, w->arena, &uids)) {
		fault_set(&f, ST_LIMIT, "4.3.0", "too large a set of messages");
		work_answer(w, &f, NULL);
		return;
	}
	if (uids.n == 0) {
		work_answer(w, NULL, NULL);
		return;
	}
	w->op.done = work_op_done;
	mailbox_expunge(k->mailbox, uids.v, uids.n, &w->op);
}

/* ---- COPY ---- */

struct copy {
	const struct imap_copy *q;
	struct mailbox *to;
};

static void
copied(struct store_op *op, const struct fault *f)
{
	struct work *w = op->arg;
	struct imap_copied out = {0};
	struct fault why;

	if (f->st != ST_OK) {
		why = work_fault(f);
		work_answer(w, &why, NULL);
		return;
	}
	out.uidvalidity = op->uidvalidity;
	out.from = op->uids;
	out.to = op->uids_to;
	out.count = op->uid_count;
	work_answer(w, NULL, &out);
}

static void
copy_release(struct work *w)
{
	struct copy *c = w->own;

	if (c->to)
		mailbox_close(c->to);
}

static void
copy_opened(struct store_op *op, const struct fault *f)
{
	struct work *w = op->arg;
	struct copy *c = w->own;
	struct uid_list uids;
	struct fault why;

	if (f->st != ST_OK) {
		why = work_fault(f);
		work_answer(w, &why, NULL);
		return;
	}
	c->to = op->mailbox;
	if (!uids_of(w, &c->q->set, &uids))
		return;
	w->op.done = copied;
	mailbox_copy(w->k->mailbox, uids.v, uids.n, c->to, &w->op);
}

void
ask_copy(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_copy *q = a->detail;
	struct work *w = work_new(k, a, sizeof(struct copy));

	((struct copy *)w->own)->q = q;
	w->release = copy_release;
	w->op.done = copy_opened;
	mailbox_open(k->c.account->store, q->mailbox, false, &w->op);
}
