/*
 * Inside the store: tasks, timers, turns. A task does the work of one operation in steps; its op
 * may be cancelled meanwhile, the task goes on. All of it runs in store_turn.
 */
#ifndef MAILDIR_STORE_INT_H
#define MAILDIR_STORE_INT_H

#include "base/heap.h"
#include "maildir/quota.h"
#include "maildir/store.h"

#define STORE_TURN_US 10000
#define STORE_LOCK_RETRY_MS 5
#define STORE_LOCK_MAX_MS 30000

struct store_timer {
	struct heap_node node;
	void (*fn)(void *arg);
	void *arg;
};

struct store {
	struct store_host host;
	int top;
	struct list mailboxes; /* open or warm: struct mailbox */
	struct list ready;     /* tasks */
	struct list tasks;     /* all of them */
	struct heap timers;
	int64_t turn_end_us;
	bool in_turn, closing;
	bool cleaned;     /* removed folders were looked for */
	bool subscribing; /* subscriptions are being written */
	unsigned syncing; /* tasks whose sync is under way */
};

enum step {
	STEP_MORE, /* run again soon */
	STEP_WAIT, /* somebody will call task_ready */
	STEP_DONE, /* t->fault says how it went */
};

struct task {
	struct list_node node; /* in store->ready, or where it waits */
	struct list_node all;
	struct store_timer timer;
	struct store *store;
	struct mailbox *mailbox; /* held, or NULL */
	struct store_op *op;     /* NULL: nobody wants to know */
	enum step (*run)(struct task *t);
	void (*result)(
	    struct task *t, struct store_op *op); /* fills the op's results; may be NULL */
	void (*fini)(struct task *t);             /* releases what it owns; may be NULL */
	struct fault fault;
	struct durable_group group;
	struct durable_item items[4];
	int sync_result; /* 0 or errno, of the last task_sync */
	bool syncing;
	uint64_t synced_new;   /* inode of new facts whose name is being synced too */
	int64_t lock_since_ms; /* 0: did not wait for the lock */
};

/* The clocks of the host. */
int64_t store_mono_ms(const struct store *s);
int64_t store_wall_sec(const struct store *s);

/* Is there time left in this turn? */
bool store_has_time(const struct store *s);

/* Tells the operator. */
void store_note(struct store *s, const struct fault *f);

/* (Re)arms or stops a timer whose fn and arg are set. */
void store_timer_set(struct store *s, struct store_timer *t, int64_t delay_ms);
void store_timer_stop(struct store *s, struct store_timer *t);

/*
 * A task of `size` bytes that begins with struct task, zeroed, ready to run. op may be NULL;
 * mailbox is held until its end.
 */
void *task_new(struct store *s, size_t size, struct mailbox *m, struct store_op *op,
    enum step (*run)(struct task *t));

/* It shall run; for one that waits. */
void task_ready(struct task *t);

/* It shall run in delay_ms. Return STEP_WAIT after it. */
void task_later(struct task *t, int64_t delay_ms);

/*
 * Syncs what stands behind these descriptors, at most 4; below 0 is left out. They may be closed
 * meanwhile. Then the task runs again, with sync_result set. Return STEP_WAIT after it.
 */
void task_sync(struct task *t, const struct durable_item *items, size_t count);

/* A task with nothing to do but report this. */
void task_fail(struct store *s, struct store_op *op, const struct fault *f);

#endif
