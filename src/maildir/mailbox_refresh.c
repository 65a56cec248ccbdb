/*
 * Taking in what others did to a folder: times of new/ and cur/ compared, the directories scanned
 * where they changed, names matched with the facts, UIDs given to what is new.
 *
 * A scan of a directory that changes meanwhile may miss a file that is renamed. So a message counts
 * as removed only when a scan missed it that began after the last change had its time, and nothing
 * changed until we had the lock (who gives a UID holds it until the file is in its place); or,
 * where it is never quiet, when four scans missed a message we had seen before.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "maildir/change.h"
#include "maildir/step.h"
#include "os/clock.h"

#define DIRTY_NS INT64_C(2000000000)
#define DIRTY_AGAIN_MS 2100
#define SCANS_MAX 4
#define GRAIN_NS INT64_C(20000000) /* changes so close may have one time */
#define RESCAN_MS 25
#define NAMES_A_LOOK 64
#define NEW_A_STEP 2000
#define RECORDS_MAX_BYTES (16u << 20)
#define SEC_NS INT64_C(1000000000)

enum state {
	STATE_CHECK,
	STATE_LOAD,
	STATE_SCAN,
	STATE_COMPARE,
	STATE_RESCAN,
	STATE_COMMIT,
	STATE_SYNCED,
	STATE_END
};

struct found {
	const char *name;
	uint32_t where;
};

struct refresh {
	struct task t; /* first */
	enum state state;
	bool scan_new, scan_cur; /* directories to look at */
	bool in_cur, walking;    /* where the scan is */
	struct maildir_walker walker;
	unsigned scans; /* made so far */
	bool force, is_first, unsure;
	int64_t began_ns;    /* the scan, by the clock of the system */
	struct found *found; /* names nobody knows */
	size_t found_count, found_cap, found_at;
	bool sorted;
	struct pool names;
	struct uids changed; /* flags are others than the facts say */
	struct uids missing;
	size_t missing_at;
	uint32_t show_to;
};

/* ---- waiting ---- */

static enum step run_refresh(struct task *t);
static void end_refresh(struct task *t);

static void
start(struct mailbox *m)
{
	struct refresh *r = task_new(m->store, sizeof(*r), m, NULL, run_refresh);

	r->t.fini = end_refresh;
	r->force = m->force_scan;
	m->force_scan = false;
	m->refresh = &r->t;
	LIST_EACH (&m->refresh_next, n) {
		list_remove(n);
		list_append(&m->refresh_now, n);
	}
}

void
refresh_wait(struct mailbox *m, struct task *t, bool force_scan)
{
	list_remove(&t->node);
	list_append(&m->refresh_next, &t->node);
	m->force_scan |= force_scan;
	if (!m->refresh)
		start(m);
}

static void
end_refresh(struct task *t)
{
	struct refresh *r = (struct refresh *)t;

	if (r->walking)
		maildir_walker_close(&r->walker);
	if (t->mailbox->refresh == t)
		t->mailbox->refresh = NULL;
	mem_free(r->found);
	pool_free(&r->names);
	uids_free(&r->changed);
	uids_free(&r->missing);
}

/* ---- is there anything to do? ---- */

/* A time younger than two seconds when it was seen may stand for more than one change. */
static bool
needs_scan(const struct mailbox *m, const struct seen_dir *seen, int64_t mtime)
{
	if (mtime != seen->mtime_ns)
		return true;
	return seen->checked_ns - mtime < DIRTY_NS && mailbox_wall_ns(m) - mtime >= DIRTY_NS;
}

static enum st
check(struct refresh *r, struct fault *f)
{
	struct mailbox *m = r->t.mailbox;
	bool changed = false;
	struct stat top;
	enum st st = mailbox_check(m, f);

	m->poked = false;
	if (st != ST_OK)
		return st;
	if (fstat(m->dirs.top, &top) != 0 || top.st_nlink == 0) {
		fault_set(f, ST_NOENT, "4.2.0", "the folder %s was removed", m->name);
		mailbox_gone(m, f);
		return f->st;
	}
	st = facts_catch_up(m, &changed, f);
	if (st == ST_AGAIN) /* new facts, and who wrote them has the lock: next time */
		st = ST_OK;
	r->scan_new = r->force || needs_scan(m, &m->new_seen, dir_mtime_ns(m->dirs.new));
	r->scan_cur = r->force || changed || needs_scan(m, &m->cur_seen, dir_mtime_ns(m->dirs.cur));
	r->scan_new |= changed;
	return st;
}

/* ---- scanning ---- */

static void
scan_start(struct refresh *r)
{
	struct mailbox *m = r->t.mailbox;
	int64_t now = mailbox_wall_ns(m);

	if (r->scan_new)
		m->new_seen = (struct seen_dir){dir_mtime_ns(m->dirs.new), now};
	if (r->scan_cur)
		m->cur_seen = (struct seen_dir){dir_mtime_ns(m->dirs.cur), now};
	for (size_t i = 0; i < m->all.count; i++)
		m->all.p[i].more &= ~(MORE_SEEN | MORE_TOUCHED);
	for (size_t i = 0; i < m->doomed.count; i++)
		m->doomed.p[i].more &= ~MORE_SEEN;
	m->scanning = true;
	r->began_ns = clock_wall_ms() * 1000000;
	r->in_cur = !r->scan_new;
	r->scans++;
	r->state = STATE_SCAN;
}

static void
saw_unknown(struct refresh *r, struct slice name, uint32_t where)
{
	if (r->found_count == r->found_cap) {
		r->found_cap = r->found_cap ? r->found_cap * 2 : 64;
		r->found = mem_resize(r->found, r->found_cap * sizeof(*r->found));
	}
	r->found[r->found_count++] =
	    (struct found){.name = pool_name(&r->names, name, SL_NONE, false), .where = where};
}

/* First use: letters of another server, for keywords. True: there are new ones. */
static bool
take_letters(const struct mailbox *m, struct message *row)
{
	uint64_t before = row->keywords;

	for (unsigned i = 0; m->has_letters && i < COUNT_OF(m->letters); i++)
		if (row->more >> i & 1)
			row->keywords |= m->letters[i];
	return row->keywords != before;
}

/* A message of ours, under a name that may be another than before. */
static void
saw_message(
    struct refresh *r, struct message *row, const struct maildir_parts *parts, uint32_t where)
{
	struct mailbox *m = r->t.mailbox;
	uint32_t before = row->flags & MESSAGE_FLAGS;

	if (row->more & MORE_TOUCHED)
		return;
	if (where == MORE_NEW && (row->more & MORE_WHERE) != MORE_NEW)
		row->more |= MORE_UNTAKEN;
	message_place(m, row, parts, where);
	row->more |= MORE_SEEN;
	if (take_letters(m, row) || (row->flags & MESSAGE_FLAGS) != before)
		uids_add(&r->changed, row->uid);
}

static void
saw(struct refresh *r, const char *file)
{
	struct mailbox *m = r->t.mailbox;
	uint32_t where = r->in_cur ? MORE_CUR : MORE_NEW;
	struct maildir_parts parts;
	struct message *row;
	bool is_doomed;

	if (file[0] == '.')
		return;
	maildir_name_split(sl_str(file), &parts);
	if (parts.base.n == 0)
		return;
	row = mailbox_by_base(m, parts.base, &is_doomed);
	if (!row)
		saw_unknown(r, sl_str(file), where);
	else if (!is_doomed)
		saw_message(r, row, &parts, where);
	else if (maildir_step(MAILDIR_STEP_UNLINK) != 0 ||
		 (unlinkat(r->in_cur ? m->dirs.cur : m->dirs.new, file, 0) != 0 && errno != ENOENT))
		row->more |= MORE_SEEN; /* it is still there */
}

/* Walks on. ST_OK: both directories are done; ST_AGAIN: the turn is over. */
static enum st
scan(struct refresh *r, struct fault *f)
{
	struct mailbox *m = r->t.mailbox;
	const char *name;

	for (unsigned n = 0;; n++) {
		if (!r->walking) {
			int err =
			    maildir_walker_open(r->in_cur ? m->dirs.cur : m->dirs.new, &r->walker);

			if (err)
				return maildir_fault(f, -err, "reading the folder");
			r->walking = true;
		}
		if (n % NAMES_A_LOOK == NAMES_A_LOOK - 1 && !store_has_time(m->store))
			return ST_AGAIN;
		name = maildir_walker_next(&r->walker);
		if (name) {
			saw(r, name);
			continue;
		}
		maildir_walker_close(&r->walker);
		r->walking = false;
		if (r->walker.err) /* what was not read is not missing */
			return maildir_fault(f, -r->walker.err, "reading the folder");
		if (r->in_cur || !r->scan_cur)
			return ST_OK;
		r->in_cur = true;
	}
}

/* ---- what the scan means ---- */

static bool
was_in_scope(const struct refresh *r, const struct message *row)
{
	return (row->more & MORE_WHERE) == MORE_NEW ? r->scan_new : r->scan_cur;
}

/* It was committed, and a crash or a rename under way left it in tmp/. */
static bool
bring_from_tmp(struct mailbox *m, struct message *row)
{
	struct message there = *row;
	char name[MAILDIR_NAME_MAX + 1];

	there.more = (there.more & ~(MORE_WHERE | MORE_TAIL)) | MORE_CUR;
	if (message_file(&there, name) == 0)
		return false;
	if (maildir_step(MAILDIR_STEP_TO_CUR) != 0 ||
	    renameat(m->dirs.tmp, row->base, m->dirs.cur, name) != 0)
		return false;
	row->more = there.more | MORE_SEEN;
	return true;
}

static void
find_missing(struct refresh *r)
{
	struct mailbox *m = r->t.mailbox;

	r->missing.n = 0;
	for (size_t i = 0; i < m->all.count; i++) {
		struct message *row = &m->all.p[i];

		if (row->more & (MORE_SEEN | MORE_TOUCHED) || !was_in_scope(r, row))
			continue;
		if ((row->more & MORE_WHERE) == MORE_TMP)
			continue; /* on its way, by a task of ours */
		if ((row->more & MORE_WHERE) == MORE_UNKNOWN && bring_from_tmp(m, row))
			continue;
		uids_add(&r->missing, row->uid);
	}
}

/* Whole seconds: a file system that knows no others. */
static int64_t
grain_ns(int64_t mtime)
{
	return mtime % SEC_NS == 0 ? DIRTY_NS : GRAIN_NS;
}

/* Has the directory been as the scan found it since before the scan? */
static bool
is_quiet(const struct refresh *r, int fd, const struct seen_dir *seen)
{
	int64_t mtime = dir_mtime_ns(fd);

	return mtime == seen->mtime_ns && r->began_ns - mtime >= grain_ns(mtime);
}

/* What is in cur/ never goes back to new/; the other may have gone either way. */
static bool
is_surely_gone(const struct refresh *r, const struct message *row, bool new_quiet, bool cur_quiet)
{
	uint32_t where = row->more & MORE_WHERE;

	if (cur_quiet && (where == MORE_CUR || new_quiet))
		return true;
	return r->scans >= SCANS_MAX && where != MORE_UNKNOWN;
}

static bool
all_surely_gone(const struct refresh *r)
{
	struct mailbox *m = r->t.mailbox;
	bool new_quiet = is_quiet(r, m->dirs.new, &m->new_seen),
	     cur_quiet = is_quiet(r, m->dirs.cur, &m->cur_seen);

	for (size_t i = 0; i < r->missing.n; i++) {
		const struct message *row = rows_find(&m->all, r->missing.p[i]);

		if (row && !is_surely_gone(r, row, new_quiet, cur_quiet))
			return false;
	}
	return true;
}

static void
rescan(struct refresh *r)
{
	r->scan_new = r->scan_cur = true;
	r->found_count = 0;
	pool_free(&r->names);
	scan_start(r);
}

static enum step
compare(struct refresh *r)
{
	r->t.mailbox->scanning = false;
	find_missing(r);
	if (r->missing.n && r->scans < SCANS_MAX && !all_surely_gone(r)) {
		r->state = STATE_RESCAN;
		task_later(&r->t, RESCAN_MS);
		return STEP_WAIT;
	}
	r->state = STATE_COMMIT;
	return STEP_MORE;
}

/* ---- commit ---- */

static int
found_cmp(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return maildir_name_cmp(sl_str(x->name), sl_str(y->name));
}

/* One name nobody knew: unless somebody does by now, it gets the next UID. */
static void
commit_found(struct refresh *r, const struct found *f, struct buf *out)
{
	struct mailbox *m = r->t.mailbox;
	struct maildir_parts parts;
	struct message *row;
	bool is_doomed;

	maildir_name_split(sl_str(f->name), &parts);
	row = mailbox_by_base(m, parts.base, &is_doomed);
	if (row && is_doomed)
		return;
	if (!row) {
		row = facts_add_message(m, parts.base, store_wall_sec(m->store), out);
		message_place(m, row, &parts, f->where);
		take_letters(m, row);
		message_told(row, out);
		row->more |= MORE_SEEN | (f->where == MORE_NEW ? MORE_UNTAKEN : 0);
		return;
	}
	saw_message(r, row, &parts, f->where);
}

static void
commit_changed(struct refresh *r, struct buf *out)
{
	struct mailbox *m = r->t.mailbox;
	struct facts_flags list[256];
	uint32_t n = 0;

	uids_sort(&r->changed);
	for (size_t i = 0; i < r->changed.n; i++) {
		struct message *row = rows_find(&m->all, r->changed.p[i]);

		if (row) {
			row->modseq = m->modseq;
			list[n++] = (struct facts_flags){.uid = row->uid,
			    .keywords = row->keywords,
			    .flags = facts_flags_pack(row->flags)};
		}
		if (n == COUNT_OF(list)) {
			facts_put_flags(out, m->modseq, list, n);
			n = 0;
		}
	}
	if (n)
		facts_put_flags(out, m->modseq, list, n);
	if (r->changed.n)
		mailbox_changed(m);
	r->changed.n = 0;
}

/* Those that came back meanwhile are not missing; those of which we are not sure stay until the
 * next scan. */
static void
commit_missing(struct refresh *r, struct buf *out)
{
	struct mailbox *m = r->t.mailbox;
	bool new_quiet = is_quiet(r, m->dirs.new, &m->new_seen),
	     cur_quiet = is_quiet(r, m->dirs.cur, &m->cur_seen);
	struct uids gone = {0};

	for (size_t i = 0; i < r->missing.n; i++) {
		struct message *row = rows_find(&m->all, r->missing.p[i]);

		if (!row || row->more & (MORE_SEEN | MORE_TOUCHED))
			continue;
		if (!is_surely_gone(r, row, new_quiet, cur_quiet)) {
			r->unsure = true;
			continue;
		}
		uids_add(&gone, row->uid);
		names_remove(&m->names, sl_str(row->base), row->uid);
	}
	for (size_t i = 0; i < gone.n; i += FACTS_LIST_MAX) {
		size_t n = gone.n - i < FACTS_LIST_MAX ? gone.n - i : FACTS_LIST_MAX;

		facts_put_uids(out, FACTS_GONE, m->modseq, gone.p + i, (uint32_t)n);
	}
	mailbox_take_out(m, gone.p, gone.n);
	uids_free(&gone);
	r->missing.n = 0;
}

/* A disk without room: what is known can be read and removed all the same. */
static enum st
commit_failed(struct refresh *r, uint32_t uidnext, struct fault *f)
{
	struct mailbox *m = r->t.mailbox;

	facts_undo_after(m, uidnext);
	m->new_seen.mtime_ns = m->cur_seen.mtime_ns = -1;
	r->found_at = r->found_count;
	if (f->sys != ENOSPC && f->sys != EDQUOT)
		return f->st;
	store_note(m->store, f);
	return ST_OK;
}

/* Under the lock. */
static enum st
commit_step(struct refresh *r, struct fault *f)
{
	struct mailbox *m = r->t.mailbox;
	uint32_t uidnext = m->uidnext;
	struct buf out;
	enum st st;

	buf_init(&out, RECORDS_MAX_BYTES);
	m->modseq++;
	if (!r->sorted && r->found_count) {
		qsort(r->found, r->found_count, sizeof(*r->found), found_cmp);
		r->sorted = true;
	}
	for (unsigned n = 0; n < NEW_A_STEP && r->found_at < r->found_count; n++)
		commit_found(r, &r->found[r->found_at++], &out);
	if (r->found_at == r->found_count) {
		commit_changed(r, &out);
		commit_missing(r, &out);
	}
	st = facts_append(m, &out, f);
	if (st != ST_OK)
		st = commit_failed(r, uidnext, f);
	buf_fini(&out);
	return st;
}

static bool
has_commit(const struct refresh *r)
{
	return r->found_at < r->found_count || r->changed.n || r->missing.n;
}

static enum step
commit(struct refresh *r)
{
	struct mailbox *m = r->t.mailbox;
	enum step step;
	enum st st;

	if (has_commit(r)) {
		if (!task_lock(&r->t, &step))
			return step;
		st = commit_step(r, &r->t.fault);
		facts_unlock(m);
		if (st != ST_OK)
			return STEP_DONE;
		if (has_commit(r))
			return STEP_MORE;
		r->t.fault = FAULT_NONE;
	}
	r->state = STATE_END;
	m->has_letters = false;
	if (m->unsaved) {
		mailbox_show(m, UINT32_MAX);
		return STEP_MORE;
	}
	if (m->shown == m->all.count && !m->facts_is_new && !r->is_first)
		return STEP_MORE;
	r->show_to = m->all.count ? m->all.p[m->all.count - 1].uid : 0;
	r->state = STATE_SYNCED;
	facts_sync(&r->t, -1);
	return STEP_WAIT;
}

/* ---- the task ---- */

/* Those who waited go on; those who came later get a refresh of their own. */
static void
release(struct refresh *r)
{
	struct mailbox *m = r->t.mailbox;
	int64_t now = mailbox_wall_ns(m);

	LIST_EACH (&m->refresh_now, n) {
		struct task *t = CONTAINER_OF(n, struct task, node);

		t->fault = r->t.fault;
		task_ready(t);
	}
	m->refresh = NULL;
	m->force_scan |= r->unsure;
	if (!list_is_empty(&m->refresh_next))
		start(m);
	if (r->unsure)
		store_timer_set(m->store, &m->again, RESCAN_MS);
	else if (!m->gone &&
		 (now - m->new_seen.mtime_ns < DIRTY_NS || now - m->cur_seen.mtime_ns < DIRTY_NS))
		store_timer_set(m->store, &m->again, DIRTY_AGAIN_MS);
	if (!m->gone && r->scans)
		mailbox_start_mover(m);
	if (!m->gone && m->doomed.count)
		mailbox_start_reaper(m);
	if (!m->gone && r->is_first) /* copies that were committed are in cur/ by now */
		maildir_clean_tmp(m->dirs.tmp, store_wall_sec(m->store));
	if (!m->gone)
		facts_compact(m);
}

static enum step
load(struct refresh *r)
{
	struct mailbox *m = r->t.mailbox;
	enum st st = facts_load(m, &r->t.fault);

	if (st == ST_AGAIN) {
		task_later(&r->t, STORE_LOCK_RETRY_MS);
		return STEP_WAIT;
	}
	if (st != ST_OK) {
		mailbox_gone(m, &r->t.fault);
		return STEP_DONE;
	}
	r->is_first = r->force = true;
	r->state = STATE_CHECK;
	return STEP_MORE;
}

static enum step
run_state(struct refresh *r)
{
	struct mailbox *m = r->t.mailbox;
	enum st st;

	switch (r->state) {
	case STATE_CHECK:
		if (!m->loaded && !m->gone) {
			r->state = STATE_LOAD;
			return STEP_MORE;
		}
		if (check(r, &r->t.fault) != ST_OK)
			return STEP_DONE;
		r->t.fault = FAULT_NONE;
		if (r->scan_new || r->scan_cur)
			scan_start(r);
		else
			r->state = STATE_COMMIT;
		return STEP_MORE;
	case STATE_LOAD:
		return load(r);
	case STATE_SCAN:
		st = scan(r, &r->t.fault);
		if (st == ST_OK)
			r->state = STATE_COMPARE;
		if (st == ST_OK || st == ST_AGAIN)
			return STEP_MORE;
		m->scanning = false;
		m->new_seen.mtime_ns = m->cur_seen.mtime_ns = -1; /* it was not seen */
		return STEP_DONE;
	case STATE_COMPARE:
		return compare(r);
	case STATE_RESCAN:
		rescan(r);
		return STEP_MORE;
	case STATE_COMMIT:
		return commit(r);
	case STATE_SYNCED:
		if (facts_synced(&r->t) != ST_OK)
			return STEP_DONE;
		mailbox_show(m, r->show_to);
		r->state = STATE_END;
		return STEP_MORE;
	case STATE_END:
		break;
	}
	return STEP_DONE;
}

static enum step
run_refresh(struct task *t)
{
	struct refresh *r = (struct refresh *)t;
	enum step step;

	/* Nothing is in between when nothing changed: one step for the whole of it. */
	do
		step = run_state(r);
	while (step == STEP_MORE && store_has_time(t->store));
	if (step == STEP_DONE) {
		t->mailbox->scanning = false;
		release(r);
	}
	return step;
}
