/*
 * APPEND: a message coming in, straight into a file of the target folder. RFC 3501 section 6.3.11;
 * RFC 4315 section 3.
 */
#include "daemon/imapd/answer.h"

struct append_state {
	struct mailbox *mailbox;
	struct append *append; /* NULL: it failed, fault says why; the rest is taken and dropped */
	struct fault fault;
};

void
append_end(struct imap_client *k)
{
	struct append_state *s = k->append;

	if (!s)
		return;
	if (s->append)
		append_abort(s->append);
	if (s->mailbox)
		mailbox_close(s->mailbox);
	mem_free(s);
	k->append = NULL;
}

static void
opened(struct store_op *op, const struct fault *f)
{
	struct work *w = op->arg;
	struct imap_client *k = w->k;
	const struct imap_append *const *own = w->own;
	const struct imap_append *q = *own;
	struct mailbox_change change;
	struct fault why = work_fault(f);

	if (f->st != ST_OK) {
		work_answer(w, &why, NULL);
		return;
	}
	k->append = mem_get(sizeof(*k->append));
	*k->append = (struct append_state){.mailbox = op->mailbox};
	change_of(q->flags, q->keywords, q->keyword_count, &change);
	k->append->append = append_begin(op->mailbox, &change,
	    q->has_date ? q->date_sec : INT64_MIN, q->size_bytes, &why);
	if (!k->append->append) {
		append_end(k);
		work_answer(w, &why, NULL);
		return;
	}
	work_answer(w, NULL, NULL);
}

void
ask_append(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_append *q = a->detail;
	struct work *w;

	append_end(k);
	w = work_new(k, a, sizeof(q));
	*(const struct imap_append **)w->own = q;
	w->op.done = opened;
	mailbox_open(k->c.account->store, q->mailbox, false, &w->op);
}

/* A disk that is full is told at the end: the client has been told to send all of it. */
size_t
append_body(struct session *s, struct slice chunk)
{
	struct imap_client *k = client_of(s);
	struct append_state *p = k->append;

	if (p && p->append && append_write(p->append, chunk, &p->fault) != ST_OK) {
		append_abort(p->append);
		p->append = NULL;
	}
	return chunk.n;
}

static void
committed(struct store_op *op, const struct fault *f)
{
	struct work *w = op->arg;
	struct imap_appended out = {.uidvalidity = op->uidvalidity};
	struct fault why = work_fault(f);

	if (f->st == ST_OK && op->uid_count)
		out.uid = op->uids[0];
	append_end(w->k);
	work_answer(w, f->st == ST_OK ? NULL : &why, &out);
}

void
ask_append_end(struct imap_client *k, const struct engine_ask *a)
{
	struct append_state *p = k->append;
	struct fault f;
	struct work *w;

	if (!p || !p->append) {
		if (p)
			f = p->fault;
		else
			fault_set(&f, ST_BUG, "4.3.0", "the end of a message that was not begun");
		append_end(k);
		client_answer(&k->c, a->number, &f, NULL);
		return;
	}
	w = work_new(k, a, 1);
	w->op.done = committed;
	append_commit(p->append, &w->op);
	p->append = NULL; /* the store's */
}

void
ask_append_drop(struct imap_client *k, const struct engine_ask *a)
{
	(void)a;
	append_end(k);
}
