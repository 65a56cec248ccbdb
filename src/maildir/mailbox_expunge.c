/*
 * Removing messages for ever: the record, its sync, then the files. Once the record is on disk the
 * messages are gone, whatever happens: who opens the folder next removes what is left of them.
 */
#include <errno.h>
#include <unistd.h>

#include "maildir/change.h"
#include "maildir/step.h"

/* So many files go before done(); more of them follow it. */
#define FILES_AT_ONCE 256

struct expunge {
	struct task t; /* first */
	enum { STATE_WRITE, STATE_UNLINK_FIRST, STATE_SYNCED } state;
	struct uids uids;
	uint64_t modseq;
	struct quota_change quota;
};

static void
expunge_result(struct task *t, struct store_op *op)
{
	struct expunge *e = (struct expunge *)t;

	op->uids = e->uids.p;
	op->uid_count = e->uids.n;
	op->modseq = e->modseq;
}

/* Only those that are there. */
static void
keep_present(struct mailbox *m, struct uids *u)
{
	size_t to = 0;

	for (size_t i = 0; i < u->n; i++)
		if (mailbox_find(m, u->p[i]))
			u->p[to++] = u->p[i];
	u->n = to;
}

static enum st
write_record(struct expunge *e, struct fault *f)
{
	struct mailbox *m = e->t.mailbox;
	struct buf out;
	enum st st;

	keep_present(m, &e->uids);
	buf_init(&out, 64 + e->uids.n * 5 + 64 * (e->uids.n / FACTS_LIST_MAX));
	m->modseq++;
	e->modseq = m->modseq;
	for (size_t i = 0; i < e->uids.n; i += FACTS_LIST_MAX) {
		size_t n = e->uids.n - i < FACTS_LIST_MAX ? e->uids.n - i : FACTS_LIST_MAX;

		facts_put_uids(&out, FACTS_EXPUNGED, e->modseq, e->uids.p + i, (uint32_t)n);
	}
	st = facts_append(m, &out, f);
	buf_fini(&out);
	return st;
}

/* The record is on disk: sessions are told, the files can go. */
static void
take_out(struct expunge *e)
{
	struct mailbox *m = e->t.mailbox;

	for (size_t i = 0; i < e->uids.n; i++) {
		struct message *r = rows_find(&m->all, e->uids.p[i]);

		if (!r || rows_find(&m->doomed, r->uid))
			continue;
		quota_change_add(&e->quota, m, r, -1);
		rows_add(&m->doomed, r)->more &= ~MORE_SEEN;
	}
	quota_change_apply(&e->quota, m);
	mailbox_take_out(m, e->uids.p, e->uids.n);
	mailbox_start_reaper(m);
}

/*
 * The disk is full, not even this record has room: the files go first, which makes room. A message
 * whose file is gone is removed as well.
 */
static enum step
unlink_first(struct expunge *e)
{
	struct mailbox *m = e->t.mailbox;
	char name[MAILDIR_NAME_MAX + 1];

	for (size_t i = 0; i < e->uids.n; i++) {
		struct message *r = rows_find(&m->all, e->uids.p[i]);

		if (r && message_file(r, name) && unlinkat(message_dir(m, r), name, 0) != 0 &&
		    errno != ENOENT)
			break;
	}
	e->state = STATE_WRITE;
	return STEP_MORE;
}

static enum step
run_write(struct expunge *e, bool again)
{
	struct mailbox *m = e->t.mailbox;
	enum step step;
	enum st st;

	if (!task_lock(&e->t, &step))
		return step;
	st = write_record(e, &e->t.fault);
	facts_unlock(m);
	if (st != ST_OK && !again && (e->t.fault.sys == ENOSPC || e->t.fault.sys == EDQUOT)) {
		e->state = STATE_UNLINK_FIRST;
		return STEP_MORE;
	}
	if (st != ST_OK)
		return STEP_DONE;
	e->t.fault = FAULT_NONE;
	if (e->uids.n == 0)
		return STEP_DONE;
	e->state = STATE_SYNCED;
	facts_sync(&e->t, -1);
	return STEP_WAIT;
}

static enum step
run_expunge(struct task *t)
{
	struct expunge *e = (struct expunge *)t;

	switch (e->state) {
	case STATE_WRITE:
		return run_write(e, false);
	case STATE_UNLINK_FIRST:
		unlink_first(e);
		return run_write(e, true);
	case STATE_SYNCED:
		break;
	}
	if (facts_synced(t) != ST_OK)
		return STEP_DONE;
	take_out(e);
	/* Few files go at once: who asked may look. */
	if (e->uids.n <= FILES_AT_ONCE && t->mailbox->reaper)
		reaper_run(t->mailbox->reaper, FILES_AT_ONCE);
	maildir_step(MAILDIR_STEP_DONE);
	return STEP_DONE;
}

static void
expunge_end(struct task *t)
{
	uids_free(&((struct expunge *)t)->uids);
}

void
mailbox_expunge(struct mailbox *m, const uint32_t *uids, size_t count, struct store_op *op)
{
	struct expunge *e = task_new(m->store, sizeof(*e), m, op, run_expunge);

	e->t.fini = expunge_end;
	e->t.result = expunge_result;
	e->uids = uids_copy(uids, count);
}
