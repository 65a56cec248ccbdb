/*
 * Turns, tasks and timers of a store.
 */
#include "maildir/store.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "maildir/cache_int.h"
#include "maildir/mailbox_int.h"
#include "os/clock.h"

int64_t
store_mono_ms(const struct store *s)
{
	return s->host.mono_ms ? s->host.mono_ms() : clock_mono_ms();
}

int64_t
store_wall_sec(const struct store *s)
{
	return s->host.wall_sec ? s->host.wall_sec() : clock_wall_ms() / 1000;
}

bool
store_has_time(const struct store *s)
{
	return clock_mono_us() < s->turn_end_us;
}

void
store_note(struct store *s, const struct fault *f)
{
	if (s->host.note)
		s->host.note(s->host.owner, f);
}

/* ---- timers ---- */

static void
wake(struct store *s)
{
	struct heap_node *n = heap_min(&s->timers);
	int64_t delay = -1;

	if (s->in_turn || s->closing)
		return;
	if (!list_is_empty(&s->ready)) {
		delay = 0;
	} else if (n) {
		delay = n->key - store_mono_ms(s);
		delay = delay < 0 ? 0 : delay;
	}
	if (delay >= 0)
		s->host.wake(s->host.owner, delay);
}

void
store_timer_set(struct store *s, struct store_timer *t, int64_t delay_ms)
{
	heap_move(&s->timers, &t->node, store_mono_ms(s) + delay_ms);
	wake(s);
}

void
store_timer_stop(struct store *s, struct store_timer *t)
{
	heap_remove(&s->timers, &t->node);
}

static void
run_timers(struct store *s)
{
	int64_t now = store_mono_ms(s);
	struct heap_node *n;

	while ((n = heap_min(&s->timers)) != NULL && n->key <= now) {
		struct store_timer *t = CONTAINER_OF(n, struct store_timer, node);

		heap_remove(&s->timers, n);
		t->fn(t->arg);
	}
}

/* ---- tasks ---- */

static void
timer_is_due(void *arg)
{
	task_ready(arg);
}

void *
task_new(struct store *s, size_t size, struct mailbox *m, struct store_op *op,
    enum step (*run)(struct task *t))
{
	struct task *t = mem_get(size);

	t->store = s;
	t->run = run;
	t->fault = FAULT_NONE;
	t->timer = (struct store_timer){.fn = timer_is_due, .arg = t};
	t->op = op;
	if (op) {
		op->task = t;
		op->mailbox = NULL;
		op->uids = op->uids_to = NULL;
		op->uid_count = 0;
		op->uidvalidity = 0;
		op->modseq = 0;
	}
	t->mailbox = m;
	if (m)
		mailbox_hold(m);
	list_node_init(&t->node);
	list_append(&s->tasks, &t->all);
	task_ready(t);
	return t;
}

void
task_ready(struct task *t)
{
	list_remove(&t->node);
	store_timer_stop(t->store, &t->timer);
	list_append(&t->store->ready, &t->node);
	wake(t->store);
}

void
task_later(struct task *t, int64_t delay_ms)
{
	store_timer_set(t->store, &t->timer, delay_ms);
}

static void
task_free(struct task *t)
{
	list_remove(&t->node);
	list_remove(&t->all);
	heap_remove(&t->store->timers, &t->timer.node);
	if (t->op)
		t->op->task = NULL;
	if (t->fini)
		t->fini(t);
	if (t->mailbox)
		mailbox_close(t->mailbox);
	mem_free(t);
}

static void
task_finish(struct task *t)
{
	struct store_op *op = t->op;
	struct fault fault = t->fault;

	t->op = NULL;
	if (op) {
		op->task = NULL;
		if (t->result && fault.st == ST_OK)
			t->result(t, op);
		op->done(op, &fault);
	}
	task_free(t);
}

static void store_end(struct store *s);

static void
synced(struct durable_group *g)
{
	struct task *t = g->arg;
	struct store *s = t->store;

	t->syncing = false;
	s->syncing--;
	t->sync_result = 0;
	for (size_t i = 0; i < g->count; i++) {
		if (g->items[i].result != 0 && t->sync_result == 0)
			t->sync_result = -g->items[i].result;
		close(g->items[i].fd);
	}
	if (!s->closing) {
		task_ready(t);
		return;
	}
	task_free(t);
	if (s->syncing == 0)
		store_end(s);
}

void
task_sync(struct task *t, const struct durable_item *items, size_t count)
{
	size_t n = 0;
	int err = 0;

	/* Duplicates: the mailbox may go on to another file before the sync ends. */
	for (size_t i = 0; i < count && !err; i++) {
		int fd = items[i].fd < 0 ? -1 : fcntl(items[i].fd, F_DUPFD_CLOEXEC, 0);

		if (fd >= 0)
			t->items[n++] = (struct durable_item){.fd = fd, .kind = items[i].kind};
		else if (items[i].fd >= 0)
			err = errno;
	}
	if (err) {
		while (n)
			close(t->items[--n].fd);
		t->sync_result = err;
		task_ready(t);
		return;
	}
	t->group = (struct durable_group){.items = t->items, .count = n, .done = synced, .arg = t};
	t->syncing = true;
	t->store->syncing++;
	durable_submit(t->store->host.durable, &t->group);
}

static enum step
run_fail(struct task *t)
{
	(void)t;
	return STEP_DONE;
}

void
task_fail(struct store *s, struct store_op *op, const struct fault *f)
{
	struct task *t = task_new(s, sizeof(*t), NULL, op, run_fail);

	t->fault = *f;
}

void
store_op_cancel(struct store_op *op)
{
	if (op->task)
		op->task->op = NULL;
	op->task = NULL;
}

/* ---- the store ---- */

struct store *
store_new(const struct store_host *host, int dir, struct fault *f)
{
	struct store *s;
	struct maildir m;

	/* A Maildir that lacks a part is mended; a directory that is none is not made one. */
	if (maildir_kind_of(dir, SL("cur")) != MAILDIR_IS_DIR &&
	    maildir_kind_of(dir, SL("new")) != MAILDIR_IS_DIR) {
		fault_set(f, ST_NOENT, "4.2.0", "there is no Maildir");
		close(dir);
		return NULL;
	}
	if (maildir_open(dir, SL("."), MAILDIR_MAKE, &m, f) != ST_OK) {
		close(dir);
		return NULL;
	}
	maildir_close(&m);
	s = mem_get(sizeof(*s));
	*s = (struct store){.host = *host, .top = dir};
	list_init(&s->mailboxes);
	list_init(&s->ready);
	list_init(&s->tasks);
	heap_init(&s->timers);
	return s;
}

static void
store_end(struct store *s)
{
	while (!list_is_empty(&s->mailboxes))
		mailbox_free(CONTAINER_OF(list_first(&s->mailboxes), struct mailbox, node));
	heap_fini(&s->timers);
	close(s->top);
	mem_free(s);
}

void
store_free(struct store *s)
{
	if (!s)
		return;
	s->closing = true;
	LIST_EACH (&s->tasks, n) {
		struct task *t = CONTAINER_OF(n, struct task, all);

		if (!t->syncing)
			task_free(t);
		else if (t->op)
			store_op_cancel(t->op);
	}
	/* The pool writes into a task whose sync is under way: the last one of them ends it. */
	if (s->syncing == 0)
		store_end(s);
}

void
store_trim(struct store *s)
{
	LIST_EACH (&s->mailboxes, n) {
		struct mailbox *m = CONTAINER_OF(n, struct mailbox, node);

		if (m->refs == 0)
			mailbox_free(m);
		else
			cache_trim(m);
	}
}

static void
tell_views(struct store *s)
{
	LIST_EACH (&s->mailboxes, n) {
		struct mailbox *m = CONTAINER_OF(n, struct mailbox, node);

		if (!m->changed)
			continue;
		m->changed = false;
		mailbox_hold(m);
		views_tell(m);
		mailbox_close(m);
	}
}

void
store_turn(struct store *s)
{
	s->turn_end_us = clock_mono_us() + STORE_TURN_US;
	s->in_turn = true;
	run_timers(s);
	do {
		struct list_node *n = list_first(&s->ready);
		struct task *t;
		enum step step;

		if (!n)
			break;
		list_remove(n);
		t = CONTAINER_OF(n, struct task, node);
		step = t->run(t);
		if (step == STEP_MORE)
			task_ready(t);
		else if (step == STEP_DONE)
			task_finish(t);
	} while (store_has_time(s));
	tell_views(s);
	s->in_turn = false;
	wake(s);
}
