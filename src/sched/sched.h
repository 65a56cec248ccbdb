/*
 * The scheduler: when, how many, in what batch. Pure: it knows no clock and no process; time is an
 * argument, items are embedded in the caller's recipients.
 *
 * A destination is (module, host): a remote domain or relay, or a local account. Destinations take
 * turns; one that fails waits without holding up the others. Items of one message to one
 * destination leave together, up to the module's MAXRCPT.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/slice.h"

#define SCHED_MODULES 4 /* numbered by the caller */

struct sched;
struct sched_dest;

enum sched_state { SCHED_NONE, SCHED_WAITS, SCHED_READY, SCHED_TAKEN };

/* Embedded in a recipient; zero-initialise. */
struct sched_item {
	struct heap_node due;   /* SCHED_WAITS */
	struct list_node ready; /* SCHED_READY: in its destination */
	struct sched_dest *dest;
	const void *message;    /* items with the same message go together */
	enum sched_state state;
};

/* What a module may do at once; 0 is no limit. */
struct sched_limits {
	uint64_t max_dels; /* deliveries under way in all (MAXDELS) */
	uint64_t max_host; /* and to one destination (MAXHOST) */
	uint64_t max_rcpt; /* items of one delivery (MAXRCPT) */
};

/* The retry schedule (docs/QUEUE.md; COURIER.md 4.3 names the files). Seconds. */
struct sched_policy {
	int64_t alpha_sec, gamma_sec; /* retryalpha, retrygamma */
	uint64_t beta, maxdelta;      /* retrybeta, retrymaxdelta */
	int64_t queuetime_sec;        /* give up this long after arrival */
	int64_t warntime_sec;         /* warn once; 0 = never */
};

/* An empty schedule without limits. */
struct sched *sched_new(void);

/* The items are the caller's and must be out of it. */
void sched_free(struct sched *s);

/* The limits of a module from now on; deliveries under way are not taken back. */
void sched_set_limits(struct sched *s, unsigned module, const struct sched_limits *l);

/* A paused module gets no new deliveries. */
void sched_pause(struct sched *s, unsigned module, bool on);

/* Puts an item for a destination, to be tried at due_ms. The item must be in no state or taken. */
void sched_put(struct sched *s, struct sched_item *it, unsigned module, struct slice host,
    const void *message, int64_t due_ms);

/* Takes an item out, whatever its state; a delivery under way is still counted until sched_done. */
void sched_remove(struct sched *s, struct sched_item *it);

/*
 * For which modules would sched_next give something now? A bit for each, 1 << module. What is due
 * by time is ready afterwards.
 */
unsigned sched_any(struct sched *s, int64_t now_ms);

/*
 * The next delivery of these modules (a bit for each) that may begin now: up to max items of one
 * message and destination, taken. Returns their number, 0 when there is none. Every batch must be
 * ended by sched_done with its *dest.
 */
size_t sched_next(struct sched *s, int64_t now_ms, unsigned modules, struct sched_item **items,
    size_t max, struct sched_dest **dest);

/*
 * A delivery ended (its items were put again or are gone). not_before_ms > 0: the destination as a
 * whole could not be reached; nothing is tried there until then (esmtpdelay).
 */
void sched_done(struct sched *s, struct sched_dest *dest, int64_t not_before_ms);

/* When sched_next may have something new because of time; INT64_MAX for never. */
int64_t sched_deadline(const struct sched *s);

/* Everything waiting is due now, and no destination is held back. */
void sched_flush(struct sched *s);

/* One item is due now, and its destination is not held back; no effect unless it waits. */
void sched_hurry(struct sched *s, struct sched_item *it);

/* Module and host of a destination. */
unsigned sched_dest_module(const struct sched_dest *d);
struct slice sched_dest_host(const struct sched_dest *d);

/* Items in the scheduler, and deliveries under way in a module. */
size_t sched_count(const struct sched *s);
uint64_t sched_under_way(const struct sched *s, unsigned module);

/*
 * Seconds to wait after the attempts-th attempt (from 1) failed for now: alpha apart, and after
 * each beta attempts gamma doubled up to maxdelta times: with the defaults, in minutes, 5 5 15 5 5
 * 30 5 5 60 5 5 120 5 5 120.
 */
int64_t sched_retry_sec(const struct sched_policy *p, uint64_t attempts);

#endif
