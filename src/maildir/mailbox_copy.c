/*
 * Copying messages within the store, all or none. Each is linked (or written) into tmp/ of the
 * target under its new name; then all get their UIDs in one group of records, which counts only as
 * a whole; when it is on disk they belong to the target whatever happens, and move to cur/. A crash
 * in between leaves them in tmp/, where the next scan finds what the records name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "maildir/change.h"
#include "maildir/folders.h"
#include "maildir/step.h"
#include "maildir/text.h"

#define FILES_A_STEP 32
#define TRIES_MAX 3
#define PIECE_BYTES 65536u
#define RECORD_MAX_BYTES 400

struct copied {
	char *base; /* in the target */
	uint32_t flags, lower;
	uint64_t keywords; /* numbers of the source */
	uint64_t file_bytes, wire_bytes;
	int64_t date_sec;
};

enum state { STATE_LINK, STATE_STAGED, STATE_PUBLISH, STATE_PUBLISHED, STATE_MOVE, STATE_MOVED };

struct copy {
	struct task t; /* first; its mailbox is the target */
	struct mailbox *from;
	enum state state;
	struct uids uids, uids_to;
	struct copied *rows; /* as uids */
	size_t at;           /* rows in tmp/, then rows in cur/ */
	unsigned tries;
	bool was_refreshing, committed, without_quota;
	int written; /* a file that was copied and is to be synced, or -1 */
};

static void
copy_result(struct task *t, struct store_op *op)
{
	struct copy *c = (struct copy *)t;

	op->uids = c->uids.p;
	op->uids_to = c->uids_to.p;
	op->uid_count = c->uids.n;
	op->uidvalidity = t->mailbox->uidvalidity;
	op->modseq = t->mailbox->modseq;
}

/* ---- into tmp/ ---- */

/* Where hard links cannot be: the bytes. 0 or errno. */
static int
copy_bytes(struct copy *c, int from, const char *name, int64_t date_sec)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = (time_t)date_sec}};
	int to = openat(c->t.mailbox->dirs.tmp, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	unsigned char *room = mem_get(PIECE_BYTES);
	ssize_t n = 0, k = 0;
	off_t at = 0;
	int err = to < 0 ? errno : 0;

	while (!err && (n = pread(from, room, PIECE_BYTES, at)) > 0) {
		for (ssize_t done = 0; done < n && !err; done += k) {
			k = write(to, room + done, (size_t)(n - done));
			if (k <= 0)
				err = k < 0 ? errno : EIO;
		}
		at += n;
	}
	if (!err && (n < 0 || futimens(to, times) != 0))
		err = errno;
	mem_free(room);
	if (err && to >= 0) {
		close(to);
		unlinkat(c->t.mailbox->dirs.tmp, name, 0);
	} else {
		c->written = to;
	}
	return err;
}

/* One message into tmp/ of the target. ST_OK; ST_AGAIN: not where it was, or *syncs set; a fault.
 */
static enum st
stage_one(struct copy *c, bool *syncs, struct fault *f)
{
	struct mailbox *m = c->from;
	struct copied *to = &c->rows[c->at];
	struct message *r = rows_find(&m->all, c->uids.p[c->at]);
	char base[MAILDIR_BASE_MAX + 1], sized[MAILDIR_NAME_MAX + 1], name[MAILDIR_NAME_MAX + 1];
	struct text t;
	uint64_t wire;
	enum st st;
	int err;

	if (!r)
		return fault_set(f, ST_NOENT, "4.2.0", "a message was removed meanwhile");
	st = text_open(m, r->uid, &t, f);
	if (st == ST_OK)
		st = text_size(&t, &wire, f);
	if (st != ST_OK) {
		text_close(&t);
		return st;
	}
	new_base_name(m->store, base);
	maildir_name_sized(base, t.file_bytes, wire, sized);
	*to = (struct copied){.flags = r->flags,
	    .lower = r->more & MORE_LETTERS,
	    .keywords = r->keywords,
	    .file_bytes = t.file_bytes,
	    .wire_bytes = wire,
	    .date_sec = t.date_sec,
	    .base = mem_str(sl_str(sized))};
	err = maildir_step(MAILDIR_STEP_LINK);
	if (!err && (message_file(r, name) == 0 ||
			linkat(message_dir(m, r), name, c->t.mailbox->dirs.tmp, sized, 0) != 0))
		err = errno ? errno : EIO;
	if (err == EXDEV || err == EMLINK || err == EPERM || err == ENOTSUP) {
		err = copy_bytes(c, t.fd, sized, t.date_sec);
		*syncs = !err;
	}
	text_close(&t);
	if (err) {
		mem_free(to->base);
		to->base = NULL;
	}
	if (err == ENOENT)
		return fault_set(f, ST_AGAIN, "4.2.0", "a message is not where it was");
	return err ? maildir_fault(f, err, "copying a message") : ST_OK;
}

static enum step
run_link(struct copy *c)
{
	struct task *t = &c->t;
	bool syncs = false;

	if (c->written >= 0) {
		close(c->written);
		c->written = -1;
		if (t->sync_result) {
			maildir_fault(&t->fault, t->sync_result, "making a copy durable");
			return STEP_DONE;
		}
	}
	if (c->was_refreshing && t->fault.st != ST_OK)
		return STEP_DONE;
	c->was_refreshing = false;
	for (unsigned n = 0; n < FILES_A_STEP && c->at < c->uids.n && !syncs; n++) {
		enum st st = stage_one(c, &syncs, &t->fault);

		if (st == ST_AGAIN && c->tries++ < TRIES_MAX) {
			c->was_refreshing = true;
			refresh_wait(c->from, t, true);
			return STEP_WAIT;
		}
		if (st != ST_OK)
			return STEP_DONE;
		c->tries = 0;
		c->at++;
	}
	t->fault = FAULT_NONE;
	if (syncs) {
		struct durable_item item = {.fd = c->written, .kind = DURABLE_FILE};

		task_sync(t, &item, 1);
		return STEP_WAIT;
	}
	if (c->at < c->uids.n)
		return STEP_MORE;
	/* Their names in tmp/ must be there when the records say that they are. */
	c->state = STATE_STAGED;
	task_sync(t, &(struct durable_item){.fd = t->mailbox->dirs.tmp, .kind = DURABLE_DIR}, 1);
	return STEP_WAIT;
}

/* ---- the records ---- */

/* Bits of the target's numbers for those of the source; names it lacks go to out. */
static enum st
keywords_of(struct copy *c, uint64_t bits, uint64_t *to_bits, struct buf *out, struct fault *f)
{
	struct mailbox *m = c->t.mailbox;

	*to_bits = 0;
	if (m == c->from) {
		*to_bits = bits;
		return ST_OK;
	}
	for (unsigned i = 0; i < MAILBOX_KEYWORDS; i++) {
		int n;

		if (!(bits >> i & 1) || c->from->keywords[i].n == 0)
			continue;
		n = facts_keyword(m, c->from->keywords[i], out);
		if (n < 0)
			return fault_set(f, ST_LIMIT, "5.3.4", "a folder has at most %d keywords",
			    MAILBOX_KEYWORDS);
		*to_bits |= UINT64_C(1) << n;
	}
	return ST_OK;
}

/* R3501-6.4.7-b */
static enum st
put_records(struct copy *c, struct buf *out, struct fault *f)
{
	struct mailbox *m = c->t.mailbox;
	uint64_t *words = mem_get((c->uids.n + 1) * sizeof(*words));
	enum st st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < c->uids.n; i++)
		st = keywords_of(c, c->rows[i].keywords, &words[i], out, f);
	if (st == ST_OK)
		facts_put_together(out, (uint32_t)c->uids.n);
	m->modseq++;
	for (size_t i = 0; st == ST_OK && i < c->uids.n; i++) {
		const struct copied *from = &c->rows[i];
		struct message *r =
		    facts_add_message(m, sl_str(from->base), store_wall_sec(m->store), out);

		r->flags = from->flags;
		r->more = from->lower | MORE_TMP | MORE_UNTAKEN | MORE_TOUCHED;
		r->keywords = words[i];
		r->file_bytes = from->file_bytes;
		r->wire_bytes = from->wire_bytes;
		r->date_sec = from->date_sec;
		uids_add(&c->uids_to, r->uid);
	}
	for (size_t i = 0; i < c->uids_to.n; i++)
		message_told(rows_find(&m->all, c->uids_to.p[i]), out);
	mem_free(words);
	return st;
}

static enum st
publish(struct copy *c, struct fault *f)
{
	struct mailbox *m = c->t.mailbox;
	uint32_t uidnext = m->uidnext;
	uint64_t bytes = 0, count = 0;
	struct buf out;
	enum st st;

	for (size_t i = 0; i < c->uids.n; i++) {
		if (c->rows[i].flags & MESSAGE_DELETED)
			continue;
		bytes += c->rows[i].file_bytes;
		count++;
	}
	st = c->without_quota ? ST_OK : quota_check(m, bytes, count, f);
	if (st != ST_OK)
		return st;
	buf_init(&out, 65536 + c->uids.n * RECORD_MAX_BYTES);
	st = put_records(c, &out, f);
	if (st == ST_OK)
		st = facts_append(m, &out, f);
	if (st != ST_OK) {
		facts_undo_after(m, uidnext);
		c->uids_to.n = 0;
	}
	buf_fini(&out);
	return st;
}

static enum step
run_publish(struct copy *c)
{
	struct task *t = &c->t;
	enum step step;
	enum st st;

	if (c->state == STATE_STAGED && t->sync_result) {
		maildir_fault(&t->fault, t->sync_result, "making the copies durable");
		return STEP_DONE;
	}
	c->state = STATE_PUBLISH;
	if (!task_lock(t, &step))
		return step;
	st = publish(c, &t->fault);
	facts_unlock(t->mailbox);
	if (st != ST_OK)
		return STEP_DONE;
	t->fault = FAULT_NONE;
	c->committed = true;
	c->state = STATE_PUBLISHED;
	facts_sync(t, -1);
	return STEP_WAIT;
}

/* ---- into cur/ ---- */

static void
move_one(struct copy *c, struct quota_change *quota)
{
	struct mailbox *m = c->t.mailbox;
	struct message *r = rows_find(&m->all, c->uids_to.p[c->at]), there;
	char name[MAILDIR_NAME_MAX + 1];

	if (!r || (r->more & MORE_WHERE) != MORE_TMP)
		return; /* expunged meanwhile */
	there = *r;
	there.more = (there.more & ~MORE_WHERE) | MORE_CUR;
	quota_change_add(quota, m, r, +1);
	if (maildir_step(MAILDIR_STEP_TO_CUR) != 0 || message_file(&there, name) == 0 ||
	    renameat(m->dirs.tmp, r->base, m->dirs.cur, name) != 0) {
		/* It can be read where it is, and the next scan tries again. */
		r->more = (r->more & ~MORE_WHERE) | MORE_UNKNOWN;
		m->force_scan = true;
		return;
	}
	r->more = there.more | MORE_TOUCHED;
}

static enum step
run_move(struct copy *c)
{
	struct task *t = &c->t;
	struct quota_change quota = {0};
	struct own_change own;

	if (c->state == STATE_PUBLISHED) {
		if (facts_synced(t) != ST_OK)
			return STEP_DONE;
		c->at = 0;
		c->state = STATE_MOVE;
	}
	own_change_begin(&own, t->mailbox);
	for (unsigned n = 0; n < FILES_A_STEP && c->at < c->uids_to.n; n++, c->at++)
		move_one(c, &quota);
	own_change_end(&own);
	quota_change_apply(&quota, t->mailbox);
	if (c->at < c->uids_to.n)
		return STEP_MORE;
	c->state = STATE_MOVED;
	task_sync(t, &(struct durable_item){.fd = t->mailbox->dirs.cur, .kind = DURABLE_DIR}, 1);
	return STEP_WAIT;
}

static enum step
run_copy(struct task *t)
{
	struct copy *c = (struct copy *)t;

	if (c->uids.n == 0)
		return STEP_DONE;
	switch (c->state) {
	case STATE_LINK:
		return run_link(c);
	case STATE_STAGED:
	case STATE_PUBLISH:
		return run_publish(c);
	case STATE_PUBLISHED:
	case STATE_MOVE:
		return run_move(c);
	case STATE_MOVED:
		break;
	}
	if (t->sync_result)
		maildir_fault(&t->fault, t->sync_result, "making the copies durable");
	mailbox_show(t->mailbox, c->uids_to.p[c->uids_to.n - 1]);
	maildir_step(MAILDIR_STEP_DONE);
	return STEP_DONE;
}

static void
copy_end(struct task *t)
{
	struct copy *c = (struct copy *)t;

	if (c->written >= 0)
		close(c->written);
	for (size_t i = 0; i < c->uids.n; i++) {
		if (c->rows[i].base && !c->committed)
			unlinkat(t->mailbox->dirs.tmp, c->rows[i].base, 0);
		mem_free(c->rows[i].base);
	}
	mem_free(c->rows);
	uids_free(&c->uids);
	uids_free(&c->uids_to);
	mailbox_close(c->from);
}

static void
start(struct mailbox *m, const uint32_t *uids, size_t count, struct mailbox *to, bool without_quota,
    struct store_op *op)
{
	struct copy *c = task_new(m->store, sizeof(*c), to, op, run_copy);

	c->t.fini = copy_end;
	c->t.result = copy_result;
	c->written = -1;
	c->from = m;
	c->without_quota = without_quota;
	mailbox_hold(m);
	for (size_t i = 0; i < count; i++)
		if (mailbox_find(m, uids[i]))
			uids_add(&c->uids, uids[i]);
	c->rows = mem_get((c->uids.n + 1) * sizeof(*c->rows));
}

void
mailbox_copy(
    struct mailbox *m, const uint32_t *uids, size_t count, struct mailbox *to, struct store_op *op)
{
	start(m, uids, count, to, false, op);
}

void
mailbox_copy_all(
    struct mailbox *m, const uint32_t *uids, size_t count, struct mailbox *to, struct store_op *op)
{
	start(m, uids, count, to, true, op);
}
