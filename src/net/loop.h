/*
 * The event loop of every process: descriptors, timers, signals, sync completions, and work to do
 * later in the same turn. One thread. Watches and timers are embedded in the caller's structs; the
 * loop allocates nothing for them. The clock is injected, so tests run in virtual time.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "os/durable.h"
#include "os/poller.h"

struct loop;

/*
 * A descriptor of interest. Zero-initialise; loop_forget before the descriptor is closed or sent
 * away.
 */
struct watch {
	struct loop *loop;
	int fd;
	unsigned want; /* POLLER_READ | POLLER_WRITE */
	void (*fn)(struct watch *w, unsigned ready);
	void *arg;
};

/* Fires once at a time. Zero-initialise. */
struct timer {
	struct heap_node node;
	void (*fn)(struct timer *t);
	void *arg;
};

/* Runs once, after the events of this turn. Zero-initialise. */
struct deferred {
	struct list_node node;
	void (*fn)(struct deferred *d);
	void *arg;
};

/*
 * A loop on the poller (NULL: poller_default). mono_ms is the clock (NULL: clock_mono_ms). Exits 75
 * when the system has no poller to give. SIGPIPE is ignored from then on: who runs other programs
 * gives it back to them.
 */
struct loop *loop_new(const struct poller_ops *ops, int64_t (*mono_ms)(void), unsigned fd_hint);
void loop_free(struct loop *l);

/* Runs until loop_stop. */
void loop_run(struct loop *l);

/* One turn, waiting at most max_wait_ms for the first event (tests). */
void loop_turn(struct loop *l, int max_wait_ms);

/* loop_run returns after the present turn. */
void loop_stop(struct loop *l);

/* The clock as read at the start of this turn. */
int64_t loop_now(const struct loop *l);

/* Watch fd for want (0: known, not asked for yet). Later changes with loop_want. */
void loop_watch(struct loop *l, struct watch *w, int fd, unsigned want,
    void (*fn)(struct watch *, unsigned), void *arg);
void loop_want(struct watch *w, unsigned want);

/*
 * Forgets the watch; its function is not called again, not even for an event already fetched. Safe
 * twice.
 */
void loop_forget(struct watch *w);

/* (Re)arms t for an absolute time of the loop's clock. INT64_MAX disarms. */
void loop_timer_at(
    struct loop *l, struct timer *t, int64_t at_ms, void (*fn)(struct timer *), void *arg);
void loop_timer_stop(struct loop *l, struct timer *t);

/* Calls d->fn at the end of this turn; no effect when it is waiting already. */
void loop_defer(struct loop *l, struct deferred *d, void (*fn)(struct deferred *), void *arg);
void loop_defer_stop(struct deferred *d);

/*
 * Calls fn in the loop's thread after the signal came (SIGTERM, SIGHUP, SIGCHLD ...). fn NULL:
 * ignore it.
 */
void loop_signal(struct loop *l, int signo, void (*fn)(void *arg, int signo), void *arg);

/* The process's pool of sync threads, made at the first call; its completions run in the loop. */
struct durable *loop_durable(struct loop *l, unsigned max_threads);

#endif
