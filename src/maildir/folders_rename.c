/*
 * Folders renamed: one rename for each folder on disk, undone when one of them fails. INBOX keeps
 * its place: its messages move (RFC 3501 section 6.3.5).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "maildir/folders.h"
#include "maildir/mailbox_int.h"
#include "maildir/uids.h"

struct moved {
	char from[MAILDIR_NAME_MAX + 1], to[MAILDIR_NAME_MAX + 1]; /* on disk */
	char *name;                                                /* the new one */
};

struct rename {
	struct task t; /* first */
	char *from, *to;
	bool renamed;
	struct moved *moves;
	size_t count;
};

/* Is it `base`, or below it? *rest: what follows. */
static bool
is_in(struct slice name, struct slice base, struct slice *rest)
{
	*rest = sl_skip(name, base.n);
	return sl_starts(name, base) && (rest->n == 0 || rest->p[0] == '.');
}

/* R3501-6.3.5-b */
static enum st
plan_one(struct rename *r, const struct store_folder *row, struct slice rest, struct fault *f)
{
	struct store *s = r->t.store;
	struct moved *m = &r->moves[r->count];
	struct buf name;
	enum st st;

	*m = (struct moved){.name = NULL};
	buf_init(&name, 4 * STORE_NAME_MAX);
	buf_put_str(&name, r->to);
	buf_put(&name, rest);
	st = folder_name_find(s->top, sl_str(row->name), m->from, f);
	if (st == ST_OK)
		st = folder_name_to_disk(buf_slice(&name), m->to, f);
	if (st == ST_OK && store_folder_check(s, buf_slice(&name), f) != ST_NOENT)
		st = fault_set(f, ST_EXISTS, "5.2.0", "there is a folder of the new name");
	if (st == ST_OK) {
		m->name = mem_str(buf_slice(&name));
		r->count++;
	}
	buf_fini(&name);
	return st;
}

static enum st
plan(struct rename *r, struct fault *f)
{
	struct slice from = sl_str(r->from), to = sl_str(r->to), rest;
	struct store_folders list;
	enum st st = store_name_check(to, f);

	if (st != ST_OK)
		return st;
	if (is_in(to, from, &rest))
		return rest.n ? fault_set(
				    f, ST_DENIED, "5.3.0", "a folder cannot be moved below itself")
			      : fault_set(f, ST_EXISTS, "5.2.0", "that is its name");
	st = store_folders_read(r->t.store, &list, f);
	r->moves = mem_get((list.count + 1) * sizeof(*r->moves));
	for (size_t i = 0; st == ST_OK && i < list.count; i++)
		if (list.rows[i].exists && is_in(sl_str(list.rows[i].name), from, &rest))
			st = plan_one(r, &list.rows[i], rest, f);
	store_folders_free(&list);
	if (st == ST_OK && r->count == 0)
		st = fault_set(f, ST_NOENT, "4.2.0", "there is no folder %s", r->from);
	return st;
}

static void
rename_mailbox(struct store *s, const struct moved *m)
{
	struct mailbox *box;
	struct stat st;

	if (fstatat(s->top, m->to, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	box = mailbox_find_open(s, st.st_dev, st.st_ino);
	if (!box)
		return;
	mem_free(box->name);
	box->name = mem_str(sl_str(m->name));
}

static enum st
carry_out(struct rename *r, struct fault *f)
{
	struct store *s = r->t.store;
	size_t n = 0;

	while (n < r->count && renameat(s->top, r->moves[n].from, s->top, r->moves[n].to) == 0)
		n++;
	if (n < r->count) {
		maildir_fault(f, errno, "renaming a folder");
		while (n-- > 0)
			renameat(s->top, r->moves[n].to, s->top, r->moves[n].from);
		return f->st;
	}
	for (n = 0; n < r->count; n++)
		rename_mailbox(s, &r->moves[n]);
	return ST_OK;
}

/* Parents of the new name, not the name itself. R3501-6.3.5-d */
static enum st
make_parents(struct store *s, struct slice name, struct fault *f)
{
	enum st st = ST_OK;
	bool made;

	for (size_t i = 6; st == ST_OK && i < name.n; i++)
		if (name.p[i] == '.')
			st = folder_make(s->top, sl_sub(name, 0, i), &made, f);
	return st;
}

static enum step
run_rename(struct task *t)
{
	struct rename *r = (struct rename *)t;

	if (r->renamed) {
		if (t->sync_result)
			maildir_fault(&t->fault, t->sync_result, "renaming a folder");
		return STEP_DONE;
	}
	if (plan(r, &t->fault) != ST_OK ||
	    make_parents(t->store, sl_str(r->to), &t->fault) != ST_OK ||
	    carry_out(r, &t->fault) != ST_OK)
		return STEP_DONE;
	t->fault = FAULT_NONE;
	r->renamed = true;
	task_sync(t, &(struct durable_item){.fd = t->store->top, .kind = DURABLE_DIR}, 1);
	return STEP_WAIT;
}

static void
rename_end(struct task *t)
{
	struct rename *r = (struct rename *)t;

	for (size_t i = 0; i < r->count; i++)
		mem_free(r->moves[i].name);
	mem_free(r->moves);
	mem_free(r->from);
	mem_free(r->to);
}

/* ---- INBOX ---- */

enum inbox_state { INBOX_CREATE, INBOX_OPEN, INBOX_OPEN_TO, INBOX_COPY, INBOX_EXPUNGE, INBOX_END };

struct inbox {
	struct task t; /* first */
	enum inbox_state state;
	char *to;
	struct store_op sub; /* the one under way */
	struct mailbox *from, *into;
	struct uids uids;
};

static void
sub_done(struct store_op *op, const struct fault *f)
{
	struct inbox *b = op->arg;

	if (op->mailbox && b->state == INBOX_OPEN_TO)
		b->from = op->mailbox;
	else if (op->mailbox)
		b->into = op->mailbox;
	if (b->state == INBOX_EXPUNGE && f->st == ST_OK) {
		b->uids.n = 0;
		for (size_t i = 0; i < op->uid_count; i++)
			uids_add(&b->uids, op->uids[i]);
	}
	b->t.fault = *f;
	task_ready(&b->t);
}

static enum step
run_inbox(struct task *t)
{
	struct inbox *b = (struct inbox *)t;
	const struct message *all;
	size_t count;

	if (t->fault.st != ST_OK)
		return STEP_DONE;
	b->sub.done = sub_done;
	b->sub.arg = b;
	switch (b->state++) {
	case INBOX_CREATE:
		store_folder_create(t->store, sl_str(b->to), &b->sub);
		break;
	case INBOX_OPEN:
		mailbox_open(t->store, SL("INBOX"), true, &b->sub);
		break;
	case INBOX_OPEN_TO:
		mailbox_open(t->store, sl_str(b->to), true, &b->sub);
		break;
	case INBOX_COPY:
		all = mailbox_messages(b->from, &count);
		for (size_t i = 0; i < count; i++)
			uids_add(&b->uids, all[i].uid);
		mailbox_copy_all(b->from, b->uids.p, b->uids.n, b->into, &b->sub);
		break;
	case INBOX_EXPUNGE:
		mailbox_expunge(b->from, b->uids.p, b->uids.n, &b->sub);
		break;
	case INBOX_END:
		return STEP_DONE;
	}
	return STEP_WAIT;
}

static void
inbox_end(struct task *t)
{
	struct inbox *b = (struct inbox *)t;

	store_op_cancel(&b->sub);
	if (b->from)
		mailbox_close(b->from);
	if (b->into)
		mailbox_close(b->into);
	uids_free(&b->uids);
	mem_free(b->to);
}

void
store_folder_rename(struct store *s, struct slice from, struct slice to, struct store_op *op)
{
	if (sl_ieq(from, SL("INBOX"))) {
		struct inbox *b = task_new(s, sizeof(*b), NULL, op, run_inbox);

		b->t.fini = inbox_end;
		b->to = folder_name_keep(to);
	} else {
		struct rename *r = task_new(s, sizeof(*r), NULL, op, run_rename);

		r->t.fini = rename_end;
		r->from = folder_name_keep(from);
		r->to = folder_name_keep(to);
	}
}
