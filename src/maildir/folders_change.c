/*
 * Folders made, removed, subscribed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "maildir/folders.h"
#include "maildir/mailbox_int.h"
#include "maildir/step.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* ---- making ---- */

/* Other programs know by this file that it is a part of a Maildir. */
static int
mark_as_folder(int top)
{
	int fd = openat(
	    top, "maildirfolder", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

enum st
folder_make(int top, struct slice name, bool *made, struct fault *f)
{
	char dir[MAILDIR_NAME_MAX + 1];
	struct maildir m;
	enum st st = folder_check(top, name, f);
	int err;

	*made = false;
	if (st != ST_NOENT)
		return st;
	if (folder_name_find(top, name, dir, f) != ST_OK &&
	    folder_name_to_disk(name, dir, f) != ST_OK)
		return f->st;
	st = maildir_open(top, sl_str(dir), MAILDIR_MAKE, &m, f);
	if (st != ST_OK)
		return st;
	err = mark_as_folder(m.top);
	maildir_close(&m);
	if (err)
		return maildir_fault(f, -err, "making a folder");
	*made = true;
	return ST_OK;
}

/* The parents first: R3501-6.3.3-c */
enum st
folder_make_with_parents(int top, struct slice name, struct fault *f)
{
	bool made = false;
	enum st st = ST_OK;

	for (size_t i = 0; st == ST_OK && i < name.n; i++)
		if (name.p[i] == '.' && i > 5)
			st = folder_make(top, sl_sub(name, 0, i), &made, f);
	if (st == ST_OK)
		st = folder_make(top, name, &made, f);
	if (st == ST_OK && !made)
		st = fault_set(f, ST_EXISTS, "5.2.0", "there is a folder of that name");
	return st;
}

struct create {
	struct task t; /* first */
	char *name;
	bool made;
};

static enum step
run_create(struct task *t)
{
	struct create *c = (struct create *)t;
	char dir[MAILDIR_NAME_MAX + 1];
	int fd;

	if (c->made) {
		if (t->sync_result)
			maildir_fault(&t->fault, t->sync_result, "making a folder");
		return STEP_DONE;
	}
	if (folder_make_with_parents(t->store->top, sl_str(c->name), &t->fault) != ST_OK)
		return STEP_DONE;
	c->made = true;
	t->fault = FAULT_NONE;
	if (folder_name_find(t->store->top, sl_str(c->name), dir, &t->fault) != ST_OK)
		return STEP_DONE;
	fd = openat(t->store->top, dir, OPEN_DIR);
	task_sync(t,
	    (struct durable_item[]){
		{.fd = fd, .kind = DURABLE_DIR}, {.fd = t->store->top, .kind = DURABLE_DIR}},
	    2);
	if (fd >= 0)
		close(fd);
	return STEP_WAIT;
}

static void
create_end(struct task *t)
{
	mem_free(((struct create *)t)->name);
}

void
store_folder_create(struct store *s, struct slice name, struct store_op *op)
{
	struct create *c = task_new(s, sizeof(*c), NULL, op, run_create);

	c->t.fini = create_end;
	c->name = folder_name_keep(name);
}

/* ---- removing ---- */

#define GONE_PREFIX "gone."
#define TREE_DEPTH 4

/* True: nothing is left of it. False: the turn is over, or it cannot be removed (*failed). */
static bool
remove_tree(struct store *s, int parent, const char *name, unsigned depth, bool *failed)
{
	struct maildir_walker w;
	const char *entry;
	bool all = true;
	int fd;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return true;
	fd = depth < TREE_DEPTH ? openat(parent, name, OPEN_DIR) : -1;
	if (fd < 0 || maildir_walker_open(fd, &w) != 0) {
		if (fd >= 0)
			close(fd);
		*failed = true;
		return false;
	}
	while (all && (entry = maildir_walker_next(&w)) != NULL)
		all = store_has_time(s) && remove_tree(s, fd, entry, depth + 1, failed);
	maildir_walker_close(&w);
	close(fd);
	if (all && unlinkat(parent, name, AT_REMOVEDIR) != 0)
		*failed = true;
	return all && !*failed;
}

static enum step
run_clean(struct task *t)
{
	struct maildir_walker w;
	const char *name;
	bool failed = false, all = true;
	int dir = openat(t->store->top, "courierindex", OPEN_DIR);

	if (dir < 0)
		return STEP_DONE;
	if (maildir_walker_open(dir, &w) == 0) {
		while (all && !failed && (name = maildir_walker_next(&w)) != NULL)
			if (sl_starts(sl_str(name), SL(GONE_PREFIX)))
				all = remove_tree(t->store, dir, name, 0, &failed);
		maildir_walker_close(&w);
	}
	close(dir);
	return all || failed ? STEP_DONE : STEP_MORE;
}

void
folders_clean(struct store *s)
{
	task_new(s, sizeof(struct task), NULL, NULL, run_clean);
}

struct delete
{
	struct task t; /* first */
	char *name;
	bool moved;
};

/* The directory leaves its place in one step; its content goes later. */
static enum st
move_away(struct store *s, const char *dir, int *index, struct fault *f)
{
	static unsigned counter;
	char gone[64];

	if (mkdirat(s->top, "courierindex", 0700) != 0 && errno != EEXIST)
		return maildir_fault(f, errno, "removing a folder");
	*index = openat(s->top, "courierindex", OPEN_DIR);
	if (*index < 0)
		return maildir_fault(f, errno, "removing a folder");
	snprintf(gone, sizeof(gone), GONE_PREFIX "%lld.%ld.%u", (long long)store_wall_sec(s),
	    (long)getpid(), counter++);
	if (renameat(s->top, dir, *index, gone) != 0)
		return maildir_fault(f, errno, "removing a folder");
	return ST_OK;
}

static void
tell_mailbox(struct store *s, const struct stat *st)
{
	struct mailbox *m = mailbox_find_open(s, st->st_dev, st->st_ino);
	struct fault why;

	if (!m)
		return;
	fault_set(&why, ST_NOENT, "4.2.0", "the folder %s was removed", m->name);
	mailbox_gone(m, &why);
}

/* R3501-6.3.4-b, R3501-6.3.6-b: folders below it and subscriptions stay. */
static enum step
run_delete(struct task *t)
{
	struct delete *d = (struct delete *)t;
	struct store *s = t->store;
	char dir[MAILDIR_NAME_MAX + 1];
	struct stat st;
	int index = -1;
	enum st moved;

	if (d->moved) {
		if (t->sync_result)
			maildir_fault(&t->fault, t->sync_result, "removing a folder");
		folders_clean(s);
		return STEP_DONE;
	}
	if (folder_name_find(s->top, sl_str(d->name), dir, &t->fault) != ST_OK)
		return STEP_DONE;
	if (sl_eq(sl_str(dir), SL("."))) {
		fault_set(&t->fault, ST_DENIED, "5.7.0", "INBOX cannot be removed");
		return STEP_DONE;
	}
	if (fstatat(s->top, dir, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		maildir_fault(&t->fault, errno, "removing a folder");
		return STEP_DONE;
	}
	moved = move_away(s, dir, &index, &t->fault);
	if (moved == ST_OK) {
		d->moved = true;
		tell_mailbox(s, &st);
		unlinkat(s->top, "maildirsize", 0); /* counted anew when it is wanted */
		task_sync(t,
		    (struct durable_item[]){
			{.fd = index, .kind = DURABLE_DIR}, {.fd = s->top, .kind = DURABLE_DIR}},
		    2);
	}
	if (index >= 0)
		close(index);
	return moved == ST_OK ? STEP_WAIT : STEP_DONE;
}

static void
delete_end(struct task *t)
{
	mem_free(((struct delete *)t)->name);
}

void
store_folder_delete(struct store *s, struct slice name, struct store_op *op)
{
	struct delete *d = task_new(s, sizeof(*d), NULL, op, run_delete);

	d->t.fini = delete_end;
	d->name = folder_name_keep(name);
}

/* ---- subscriptions ---- */

#define SUBSCRIBED "courierimapsubscribed"
#define SUBSCRIBED_NEW "courierimapsubscribed.new"

struct subscribe {
	struct task t; /* first */
	char *name;
	bool on;
	enum { STATE_START, STATE_WRITTEN, STATE_RENAMED } state;
};

/* All lines but those of this name, and it at the end. */
static void
edit(struct subscribe *c, struct slice old, struct buf *out)
{
	struct slice line;

	while (old.n) {
		sl_cut(&old, '\n', &line);
		line = sl_trim(line);
		if (line.n == 0 || subscribed_is(line, sl_str(c->name)))
			continue;
		buf_put(out, line);
		buf_put_byte(out, '\n');
	}
	if (c->on) {
		buf_put_str(out, c->name);
		buf_put_byte(out, '\n');
	}
}

static int
write_new(int top, const struct buf *text)
{
	int fd;

	unlinkat(top, SUBSCRIBED_NEW, 0);
	fd =
	    openat(top, SUBSCRIBED_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < text->n;) {
		ssize_t n = write(fd, text->p + at, text->n - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int err = n < 0 ? errno : EIO;

			close(fd);
			return -err;
		}
		at += (size_t)n;
	}
	return fd;
}

static enum step
subscribe_write(struct subscribe *c)
{
	struct store *s = c->t.store;
	struct buf old, text;
	int fd = -1;

	if (store_name_check(sl_str(c->name), &c->t.fault) != ST_OK)
		return STEP_DONE;
	if (s->subscribing) { /* one after the other: each starts from what the last one wrote */
		task_later(&c->t, 1);
		return STEP_WAIT;
	}
	buf_init(&text, 2u << 20);
	if (subscribed_read(s, &old, &c->t.fault) == ST_OK) {
		edit(c, buf_slice(&old), &text);
		fd = buf_ok(&text) ? write_new(s->top, &text) : -ENOSPC;
		if (fd < 0)
			maildir_fault(&c->t.fault, -fd, "writing the subscriptions");
	}
	buf_fini(&old);
	buf_fini(&text);
	if (fd < 0)
		return STEP_DONE;
	s->subscribing = true;
	c->state = STATE_WRITTEN;
	task_sync(&c->t, &(struct durable_item){.fd = fd, .kind = DURABLE_FILE}, 1);
	close(fd);
	return STEP_WAIT;
}

static enum step
run_subscribe(struct task *t)
{
	struct subscribe *c = (struct subscribe *)t;
	int err = t->sync_result;

	if (c->state == STATE_START)
		return subscribe_write(c);
	if (c->state == STATE_WRITTEN && !err &&
	    renameat(t->store->top, SUBSCRIBED_NEW, t->store->top, SUBSCRIBED) != 0)
		err = errno;
	if (c->state == STATE_WRITTEN)
		t->store->subscribing = false;
	if (err || c->state == STATE_RENAMED) {
		if (err)
			maildir_fault(&t->fault, err, "writing the subscriptions");
		return STEP_DONE;
	}
	c->state = STATE_RENAMED;
	task_sync(t, &(struct durable_item){.fd = t->store->top, .kind = DURABLE_DIR}, 1);
	return STEP_WAIT;
}

static void
subscribe_end(struct task *t)
{
	mem_free(((struct subscribe *)t)->name);
}

void
store_subscribe(struct store *s, struct slice name, bool on, struct store_op *op)
{
	struct subscribe *c = task_new(s, sizeof(*c), NULL, op, run_subscribe);

	c->t.fini = subscribe_end;
	c->name = folder_name_keep(name);
	c->on = on;
}
