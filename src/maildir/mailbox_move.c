/*
 * What follows behind: messages that a session took move from new/ to cur/, files of expunged
 * messages go.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "maildir/change.h"
#include "maildir/step.h"

#define FILES_A_STEP 128

/* ---- new/ to cur/ ---- */

struct mover {
	struct task t; /* first */
	uint32_t from; /* the next UID to look at */
};

static bool
is_to_move(const struct message *r)
{
	return (r->more & MORE_WHERE) == MORE_NEW && !(r->more & MORE_UNTAKEN);
}

static void
move_one(struct mailbox *m, struct message *r)
{
	struct message to = *r;
	char old[MAILDIR_NAME_MAX + 1], name[MAILDIR_NAME_MAX + 1];

	to.more = (to.more & ~MORE_WHERE) | MORE_CUR;
	if (to.more & MORE_TAIL) {
		/* A tail that is ":2," something stays; another one is none in cur/. */
		if (!sl_starts(sl_str(r->base + strlen(r->base) + 1), SL(":2,")))
			to.more &= ~MORE_TAIL;
	}
	if (message_file(r, old) == 0 || message_file(&to, name) == 0)
		return;
	/* When it is not there any more the next refresh will see where it is. */
	if (maildir_step(MAILDIR_STEP_TO_CUR) != 0 ||
	    renameat(m->dirs.new, old, m->dirs.cur, name) != 0)
		return;
	r->more = to.more | MORE_TOUCHED;
}

static enum step
run_mover(struct task *t)
{
	struct mover *mv = (struct mover *)t;
	struct mailbox *m = t->mailbox;
	struct own_change change;
	size_t i;
	unsigned done = 0;

	own_change_begin(&change, m);
	for (i = rows_index(&m->all, mv->from); i < m->shown; i++) {
		if (!is_to_move(&m->all.p[i]))
			continue;
		if (done++ == FILES_A_STEP)
			break;
		move_one(m, &m->all.p[i]);
	}
	if (done)
		own_change_end(&change);
	if (i < m->shown) {
		mv->from = m->all.p[i].uid;
		return STEP_MORE;
	}
	return STEP_DONE;
}

static void
mover_end(struct task *t)
{
	t->mailbox->mover = NULL;
}

void
mailbox_start_mover(struct mailbox *m)
{
	struct mover *mv;
	size_t i = 0;

	while (i < m->shown && !is_to_move(&m->all.p[i]))
		i++;
	if (m->mover || i == m->shown)
		return;
	mv = task_new(m->store, sizeof(*mv), m, NULL, run_mover);
	mv->t.fini = mover_end;
	mv->from = m->all.p[i].uid;
	m->mover = &mv->t;
}

/* ---- the files of expunged messages ---- */

struct reaper {
	struct task t;    /* first */
	struct uids uids; /* those to look after; later ones get a reaper of their own */
	size_t at;
	bool missed; /* one was not where it was: a scan finds it */
	bool looked, stuck, synced;
};

static void
unlink_one(struct reaper *rp, struct message *r)
{
	struct mailbox *m = rp->t.mailbox;
	char name[MAILDIR_NAME_MAX + 1];

	if ((r->more & MORE_WHERE) == MORE_UNKNOWN || message_file(r, name) == 0 ||
	    maildir_step(MAILDIR_STEP_UNLINK) != 0 || unlinkat(message_dir(m, r), name, 0) != 0)
		rp->missed = true;
}

/* A file that cannot be removed is tried again by a later reaper. */
static void
keep_finished(struct reaper *rp)
{
	struct mailbox *m = rp->t.mailbox;
	size_t to = 0;

	for (size_t i = 0; i < rp->uids.n; i++) {
		const struct message *r = rows_find(&m->doomed, rp->uids.p[i]);

		if (r && !(r->more & MORE_SEEN))
			rp->uids.p[to++] = rp->uids.p[i];
		else
			rp->stuck |= r != NULL;
	}
	rp->uids.n = to;
}

/*
 * The record that nothing is left of a message may be on disk before its file's removal is: after a
 * loss of power the file would be there and nobody would know it. So the directories go first.
 */
static void
reaper_sync(struct task *t)
{
	const struct durable_item dirs[] = {
	    {.fd = t->mailbox->dirs.cur, .kind = DURABLE_DIR},
	    {.fd = t->mailbox->dirs.new, .kind = DURABLE_DIR},
	};

	task_sync(t, dirs, COUNT_OF(dirs));
}

/* Nothing is left of them: a file that comes under such a name later is another message. */
static enum step
reaper_finish(struct reaper *rp)
{
	struct mailbox *m = rp->t.mailbox;
	struct buf out;
	enum step step;

	if (rp->t.sync_result) {
		rp->stuck = true; /* the next reaper tries again */
		return STEP_DONE;
	}
	if (!task_lock(&rp->t, &step))
		return step;
	keep_finished(rp);
	buf_init(&out, 16 + rp->uids.n * 5 + (rp->uids.n / FACTS_LIST_MAX + 1) * 64);
	for (size_t i = 0; i < rp->uids.n; i += FACTS_LIST_MAX) {
		size_t n = rp->uids.n - i < FACTS_LIST_MAX ? rp->uids.n - i : FACTS_LIST_MAX;

		facts_put_uids(&out, FACTS_GONE, m->modseq, rp->uids.p + i, (uint32_t)n);
	}
	if (facts_append(m, &out, &rp->t.fault) == ST_OK) {
		for (size_t i = 0; i < rp->uids.n; i++) {
			struct message *r = rows_find(&m->doomed, rp->uids.p[i]);

			if (r)
				names_remove(&m->names, sl_str(r->base), r->uid);
		}
		rows_remove(&m->doomed, rp->uids.p, rp->uids.n);
	}
	buf_fini(&out);
	facts_unlock(m);
	return STEP_DONE;
}

void
reaper_run(struct task *t, size_t n)
{
	struct reaper *rp = (struct reaper *)t;
	struct mailbox *m = t->mailbox;
	struct own_change change;

	own_change_begin(&change, m);
	for (; n > 0 && rp->at < rp->uids.n; n--, rp->at++) {
		struct message *r = rows_find(&m->doomed, rp->uids.p[rp->at]);

		if (r)
			unlink_one(rp, r);
	}
	own_change_end(&change);
}

static enum step
run_reaper(struct task *t)
{
	struct reaper *rp = (struct reaper *)t;
	struct mailbox *m = t->mailbox;

	if (m->gone || t->fault.st != ST_OK)
		return STEP_DONE;
	if (rp->at < rp->uids.n) {
		reaper_run(t, FILES_A_STEP);
		return STEP_MORE;
	}
	if (rp->missed && !rp->looked) {
		rp->looked = true;
		refresh_wait(m, t, true);
		return STEP_WAIT;
	}
	if (!rp->synced) {
		rp->synced = true;
		reaper_sync(t);
		return STEP_WAIT;
	}
	return reaper_finish(rp);
}

static void
reaper_end(struct task *t)
{
	struct reaper *rp = (struct reaper *)t;

	t->mailbox->reaper = NULL;
	uids_free(&rp->uids);
	/* Those that came meanwhile. */
	if (!t->store->closing && !t->mailbox->gone && t->fault.st == ST_OK && !rp->stuck)
		mailbox_start_reaper(t->mailbox);
}

void
mailbox_start_reaper(struct mailbox *m)
{
	struct reaper *rp;

	if (m->reaper || m->doomed.count == 0)
		return;
	rp = task_new(m->store, sizeof(*rp), m, NULL, run_reaper);
	rp->t.fini = reaper_end;
	m->reaper = &rp->t;
	for (size_t i = 0; i < m->doomed.count; i++)
		uids_add(&rp->uids, m->doomed.p[i].uid);
}
