/*
 * Changing flags and keywords: files are renamed in steps, the record of each step follows; one
 * sync at the end when keywords are concerned, or the new names are to last.
 */
#include <errno.h>
#include <unistd.h>

#include "maildir/change.h"
#include "maildir/step.h"

#define FILES_A_STEP 64
#define TRIES_MAX 3

struct mark {
	struct task t; /* first */
	struct change change;
	struct uids uids;   /* all of them, ascending */
	struct uids missed; /* whose files were not where they were */
	struct uids *list;  /* those under way: uids, later again */
	struct uids again;
	size_t at;
	unsigned tries;
	bool begun, syncs, syncing;
	bool renamed;  /* files whose new names are to last */
	uint64_t bits; /* keywords of the change */
	uint64_t modseq;
};

static void
mark_result(struct task *t, struct store_op *op)
{
	struct mark *k = (struct mark *)t;
	size_t to = 0;

	for (size_t i = 0; i < k->uids.n; i++)
		if (mailbox_find(t->mailbox, k->uids.p[i]))
			k->uids.p[to++] = k->uids.p[i];
	k->uids.n = to;
	op->uids = k->uids.p;
	op->uid_count = to;
	op->modseq = k->modseq;
}

static uint32_t
new_flags(const struct mark *k, uint32_t old)
{
	uint32_t flags = k->change.change.flags & MESSAGE_FLAGS;

	switch (k->change.change.how) {
	case MAILBOX_ADD:
		return old | flags;
	case MAILBOX_REMOVE:
		return old & ~flags;
	case MAILBOX_REPLACE:
		break;
	}
	return (old & ~MESSAGE_FLAGS) | flags;
}

static uint64_t
new_keywords(const struct mark *k, uint64_t old)
{
	switch (k->change.change.how) {
	case MAILBOX_ADD:
		return old | k->bits;
	case MAILBOX_REMOVE:
		return old & ~k->bits;
	case MAILBOX_REPLACE:
		break;
	}
	return k->bits;
}

/* 0, or errno. The row has the new flags and place afterwards. */
static int
rename_one(struct mailbox *m, struct message *r, uint32_t flags)
{
	char old[MAILDIR_NAME_MAX + 1], name[MAILDIR_NAME_MAX + 1];
	struct slice tail = SL_NONE;
	struct maildir_parts parts;
	size_t n;
	int err = maildir_step(MAILDIR_STEP_FLAGS);

	if (err)
		return err;
	if ((r->more & MORE_WHERE) == MORE_UNKNOWN)
		return ENOENT;
	if (r->more & MORE_TAIL)
		tail = sl_str(r->base + strlen(r->base) + 1);
	n = maildir_name_join(sl_str(r->base), flags, r->more & MORE_LETTERS, tail, name);
	if (n == 0 || message_file(r, old) == 0)
		return ENAMETOOLONG;
	if (renameat(message_dir(m, r), old, m->dirs.cur, name) != 0)
		return errno;
	maildir_name_split(sl_mem(name, n), &parts);
	message_place(m, r, &parts, MORE_CUR);
	r->more |= MORE_TOUCHED;
	return 0;
}

struct step_state {
	struct facts_flags list[FILES_A_STEP];
	uint64_t before[FILES_A_STEP]; /* their keywords */
	uint32_t count;
	struct quota_change quota;
};

/* ST_OK, or a fault that ends it all. */
static enum st
mark_one(struct mark *k, uint32_t uid, struct step_state *s)
{
	struct mailbox *m = k->t.mailbox;
	struct message *r = rows_find(&m->all, uid);
	uint32_t flags;
	uint64_t words;
	int err = 0;

	if (!r)
		return ST_OK;
	flags = new_flags(k, r->flags);
	words = new_keywords(k, r->keywords);
	if (flags == r->flags && words == r->keywords)
		return ST_OK;
	if (flags != r->flags) {
		bool counts_else = ((flags ^ r->flags) & MESSAGE_DELETED) != 0;

		if (counts_else)
			quota_change_add(&s->quota, m, r, -1);
		err = rename_one(m, r, flags);
		if (counts_else)
			quota_change_add(&s->quota, m, r, +1);
		if (err == ENOENT) {
			uids_add(&k->missed, uid);
			return ST_OK;
		}
		if (err)
			return maildir_fault(&k->t.fault, err, "changing flags");
		k->renamed |= k->change.change.lasts;
	}
	k->syncs |= words != r->keywords;
	s->before[s->count] = r->keywords;
	r->keywords = words;
	r->modseq = k->modseq;
	s->list[s->count++] =
	    (struct facts_flags){.uid = uid, .keywords = words, .flags = facts_flags_pack(flags)};
	return ST_OK;
}

/* What could not be written is not so. The names of the files are as they are. */
static void
undo_words(struct mailbox *m, const struct step_state *s)
{
	for (uint32_t i = 0; i < s->count; i++) {
		struct message *r = rows_find(&m->all, s->list[i].uid);

		if (r)
			r->keywords = s->before[i];
	}
}

/* Some of them, under the lock. */
static enum st
mark_some(struct mark *k)
{
	struct mailbox *m = k->t.mailbox;
	struct step_state s = {.count = 0};
	struct own_change own;
	enum st st = ST_OK, written;
	struct fault f;
	struct buf out;

	buf_init(&out, 1u << 16);
	if (!k->begun)
		st = change_words(m, &k->change.change, &k->bits, &out, &k->t.fault);
	k->begun = true;
	k->modseq = ++m->modseq;
	own_change_begin(&own, m);
	for (unsigned n = 0; st == ST_OK && n < FILES_A_STEP && k->at < k->list->n; n++)
		st = mark_one(k, k->list->p[k->at++], &s);
	if (s.count) {
		facts_put_flags(&out, k->modseq, s.list, s.count);
		mailbox_changed(m);
		own_change_end(&own);
	}
	written = facts_append(m, &out, &f);
	buf_fini(&out);
	quota_change_apply(&s.quota, m);
	if (st == ST_OK && written != ST_OK) {
		/* The names of the files say it all, unless it is about keywords. */
		if (!k->syncs && (f.sys == ENOSPC || f.sys == EDQUOT))
			return ST_OK;
		undo_words(m, &s);
		k->t.fault = f;
		return written;
	}
	return st;
}

/* All were looked at: those that somebody renamed meanwhile once more, or the end. */
static enum step
mark_next(struct mark *k)
{
	struct mailbox *m = k->t.mailbox;

	if (k->missed.n && k->tries++ < TRIES_MAX) {
		uids_free(&k->again);
		k->again = k->missed;
		k->missed = (struct uids){0};
		k->list = &k->again;
		k->at = 0;
		refresh_wait(m, &k->t, true);
		return STEP_WAIT;
	}
	if (!k->renamed && (!k->syncs || m->unsaved)) {
		maildir_step(MAILDIR_STEP_DONE);
		return STEP_DONE;
	}
	k->syncing = true;
	facts_sync(&k->t, k->renamed ? m->dirs.cur : -1);
	return STEP_WAIT;
}

static enum step
run_mark(struct task *t)
{
	struct mark *k = (struct mark *)t;
	enum step step;
	enum st st;

	if (k->syncing) {
		if (facts_synced(t) == ST_OK)
			maildir_step(MAILDIR_STEP_DONE);
		return STEP_DONE;
	}
	if (t->fault.st != ST_OK)
		return STEP_DONE; /* of the refresh */
	do {
		if (k->begun && k->at == k->list->n)
			return mark_next(k);
		if (!task_lock(t, &step))
			return step;
		st = mark_some(k);
		facts_unlock(t->mailbox);
		if (st != ST_OK)
			return STEP_DONE;
	} while (store_has_time(t->store));
	return STEP_MORE;
}

static void
mark_end(struct task *t)
{
	struct mark *k = (struct mark *)t;

	change_free(&k->change);
	uids_free(&k->uids);
	uids_free(&k->missed);
	uids_free(&k->again);
}

void
mailbox_mark(struct mailbox *m, const uint32_t *uids, size_t count,
    const struct mailbox_change *change, struct store_op *op)
{
	struct mark *k = task_new(m->store, sizeof(*k), m, op, run_mark);

	k->t.fini = mark_end;
	k->t.result = mark_result;
	k->uids = uids_copy(uids, count);
	k->list = &k->uids;
	change_copy(&k->change, change);
}
