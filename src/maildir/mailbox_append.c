/*
 * A message that a session brings: written to tmp/ with LF line ends, synced; then, under the lock,
 * it gets its UID and moves to cur/ in one turn; facts and cur/ are synced, and only then anybody
 * sees it or is told its UID.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/num.h"
#include "maildir/change.h"
#include "maildir/step.h"
#include "os/clock.h"
#include "os/random.h"

#define BUFFER_BYTES (64u << 10)

struct append {
	struct mailbox *mailbox; /* held */
	struct change change;
	int64_t date_sec;
	uint64_t announced, wire, bytes; /* octets; written to the file */
	int fd;
	bool pending_cr, failed;
	char base[MAILDIR_BASE_MAX + 1];
	char tmp[MAILDIR_NAME_MAX + 1]; /* in tmp/; "" when there is none */
	struct buf buf;
};

/* ---- names ---- */

size_t
new_base_name(struct store *s, char out[MAILDIR_BASE_MAX + 1])
{
	static unsigned counter;
	unsigned char rnd[6];
	char id[40];
	struct maildir_key key;

	random_bytes(rnd, sizeof(rnd));
	snprintf(id, sizeof(id), "%lx.%x.%02x%02x%02x%02x%02x%02x", (unsigned long)getpid(),
	    counter++, rnd[0], rnd[1], rnd[2], rnd[3], rnd[4], rnd[5]);
	key = (struct maildir_key){.id = sl_str(id), .arrived_sec = store_wall_sec(s)};
	return maildir_name_base(&key, s->host.me, out);
}

/* ---- writing ---- */

static enum st
flush(struct append *a, struct fault *f)
{
	struct slice left = buf_slice(&a->buf);

	while (left.n) {
		int err = maildir_step(MAILDIR_STEP_WRITE);
		ssize_t n = err ? -1 : write(a->fd, left.p, left.n);

		if (n < 0 && !err && errno == EINTR)
			continue;
		if (n <= 0) {
			a->failed = true;
			return maildir_fault(f,
			    err     ? err
			    : n < 0 ? errno
				    : EIO,
			    "writing the message");
		}
		left = sl_skip(left, (size_t)n);
		a->bytes += (uint64_t)n;
	}
	buf_clear(&a->buf);
	return ST_OK;
}

/* CR LF becomes LF, any other CR stays: the inverse of what text.c does. */
static void
put_lines(struct append *a, struct slice in)
{
	if (a->pending_cr && in.n) {
		a->pending_cr = false;
		if (in.p[0] != '\n')
			buf_put_byte(&a->buf, '\r');
	}
	while (in.n) {
		size_t cr = sl_find(in, '\r');

		buf_put(&a->buf, sl_sub(in, 0, cr));
		in = sl_skip(in, cr);
		if (in.n == 0)
			break;
		if (in.n == 1) {
			a->pending_cr = true;
			break;
		}
		if (in.p[1] != '\n')
			buf_put_byte(&a->buf, '\r');
		in = sl_skip(in, 1);
	}
}

enum st
append_write(struct append *a, struct slice octets, struct fault *f)
{
	if (a->failed)
		return fault_set(f, ST_IO, "4.3.0", "the message was given up");
	while (octets.n) {
		struct slice piece = sl_sub(octets, 0, BUFFER_BYTES);

		put_lines(a, piece);
		a->wire += piece.n;
		octets = sl_skip(octets, piece.n);
		if (a->buf.n >= BUFFER_BYTES && flush(a, f) != ST_OK)
			return f->st;
	}
	return ST_OK;
}

static enum st
create(struct append *a, struct fault *f)
{
	struct mailbox *m = a->mailbox;
	int err = maildir_step(MAILDIR_STEP_CREATE);

	new_base_name(m->store, a->base);
	snprintf(a->tmp, sizeof(a->tmp), "%s", a->base);
	a->fd = err ? -1
		    : openat(m->dirs.tmp, a->tmp,
			  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (a->fd >= 0)
		return ST_OK;
	a->tmp[0] = '\0';
	return maildir_fault(f, err ? err : errno, "creating a file in tmp");
}

struct append *
append_begin(struct mailbox *m, const struct mailbox_change *change, int64_t date_sec,
    uint64_t wire_bytes, struct fault *f)
{
	struct append *a;

	if (mailbox_check(m, f) != ST_OK || quota_check(m, wire_bytes, 1, f) != ST_OK)
		return NULL;
	a = mem_get(sizeof(*a));
	*a = (struct append){.mailbox = m, .date_sec = date_sec, .announced = wire_bytes, .fd = -1};
	mailbox_hold(m);
	change_copy(&a->change, change);
	a->change.change.how = MAILBOX_REPLACE;
	buf_init(&a->buf, 2 * BUFFER_BYTES + 16);
	if (create(a, f) == ST_OK)
		return a;
	append_abort(a);
	return NULL;
}

static void
append_free(struct append *a)
{
	if (a->fd >= 0)
		close(a->fd);
	if (a->tmp[0])
		unlinkat(a->mailbox->dirs.tmp, a->tmp, 0);
	buf_fini(&a->buf);
	change_free(&a->change);
	mailbox_close(a->mailbox);
	mem_free(a);
}

void
append_abort(struct append *a)
{
	if (a)
		append_free(a);
}

/* ---- commit ---- */

struct commit {
	struct task t; /* first */
	struct append *a;
	enum { STATE_FILE, STATE_PUBLISH, STATE_SYNCED } state;
	uint32_t uid;
	char base[MAILDIR_NAME_MAX + 1];
};

static void
commit_result(struct task *t, struct store_op *op)
{
	struct commit *c = (struct commit *)t;

	op->uids = op->uids_to = &c->uid;
	op->uid_count = 1;
	op->uidvalidity = t->mailbox->uidvalidity;
	op->modseq = t->mailbox->modseq;
}

static enum st
finish_file(struct append *a, struct fault *f)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

	if (a->failed)
		return fault_set(f, ST_IO, "4.3.0", "the message was given up");
	if (a->pending_cr)
		buf_put_byte(&a->buf, '\r');
	if (a->wire != a->announced)
		return fault_set(
		    f, ST_SYNTAX, "5.6.0", "the message has another length than was announced");
	if (flush(a, f) != ST_OK || quota_check(a->mailbox, a->bytes, 1, f) != ST_OK)
		return f->st;
	if (a->date_sec != INT64_MIN)
		times[1] = (struct timespec){.tv_sec = (time_t)a->date_sec};
	if (a->date_sec != INT64_MIN && futimens(a->fd, times) != 0)
		return maildir_fault(f, errno, "setting the message's date");
	return ST_OK;
}

static enum step
run_file(struct commit *c)
{
	struct append *a = c->a;
	struct durable_item item;

	if (finish_file(a, &c->t.fault) != ST_OK)
		return STEP_DONE;
	item = (struct durable_item){.fd = a->fd, .kind = DURABLE_FILE};
	c->state = STATE_PUBLISH;
	task_sync(&c->t, &item, 1);
	return STEP_WAIT;
}

/* Adds the record and the row, not shown yet. */
static enum st
add_row(struct commit *c, const char *name, struct fault *f)
{
	struct append *a = c->a;
	struct mailbox *m = c->t.mailbox;
	uint32_t uidnext = m->uidnext;
	struct maildir_parts parts;
	struct message *r;
	uint64_t words;
	struct buf out;
	enum st st;

	buf_init(&out, 1u << 20);
	maildir_name_split(sl_str(name), &parts);
	st = change_words(m, &a->change.change, &words, &out, f);
	if (st == ST_OK) {
		m->modseq++;
		r = facts_add_message(m, sl_str(c->base), store_wall_sec(m->store), &out);
		message_place(m, r, &parts, MORE_CUR);
		r->more |= MORE_UNTAKEN | MORE_TOUCHED;
		r->keywords = words;
		r->date_sec = a->date_sec;
		c->uid = r->uid;
		message_told(r, &out);
		st = facts_append(m, &out, f);
		if (st != ST_OK)
			facts_undo_after(m, uidnext);
	}
	buf_fini(&out);
	return st;
}

/* The row is there when its record is; the file follows in the same turn. */
static enum st
publish(struct commit *c, struct fault *f)
{
	struct append *a = c->a;
	struct mailbox *m = c->t.mailbox;
	struct quota_change quota = {0};
	char name[MAILDIR_NAME_MAX + 1];
	struct own_change own;
	int err;

	maildir_name_sized(a->base, a->bytes, a->wire, c->base);
	maildir_name_join(
	    sl_str(c->base), a->change.change.flags & MESSAGE_FLAGS, 0, SL_NONE, name);
	if (add_row(c, name, f) != ST_OK)
		return f->st;
	own_change_begin(&own, m);
	quota_change_add(&quota, m, rows_find(&m->all, c->uid), +1);
	err = maildir_step(MAILDIR_STEP_TO_CUR);
	if (!err && renameat(m->dirs.tmp, a->tmp, m->dirs.cur, name) != 0)
		err = errno;
	own_change_end(&own);
	if (err) {
		facts_drop(m, c->uid);
		return maildir_fault(f, err, "renaming into cur");
	}
	a->tmp[0] = '\0';
	quota_change_apply(&quota, m);
	return ST_OK;
}

static enum step
run_publish(struct commit *c)
{
	struct task *t = &c->t;
	enum step step;
	enum st st;
	int err = t->sync_result ? t->sync_result : maildir_step(MAILDIR_STEP_SYNC);

	if (err) {
		maildir_fault(&t->fault, err, "making the message durable");
		return STEP_DONE;
	}
	if (!task_lock(t, &step))
		return step;
	st = publish(c, &t->fault);
	facts_unlock(t->mailbox);
	if (st != ST_OK)
		return STEP_DONE;
	t->fault = FAULT_NONE;
	c->state = STATE_SYNCED;
	facts_sync(t, t->mailbox->dirs.cur);
	return STEP_WAIT;
}

static enum step
run_commit(struct task *t)
{
	struct commit *c = (struct commit *)t;

	switch (c->state) {
	case STATE_FILE:
		return run_file(c);
	case STATE_PUBLISH:
		return run_publish(c);
	case STATE_SYNCED:
		break;
	}
	if (facts_synced(t) != ST_OK)
		return STEP_DONE;
	mailbox_show(t->mailbox, c->uid);
	maildir_step(MAILDIR_STEP_DONE);
	return STEP_DONE;
}

static void
commit_end(struct task *t)
{
	append_free(((struct commit *)t)->a);
}

void
append_commit(struct append *a, struct store_op *op)
{
	struct commit *c = task_new(a->mailbox->store, sizeof(*c), a->mailbox, op, run_commit);

	c->t.fini = commit_end;
	c->t.result = commit_result;
	c->a = a;
}
