/*
 * Questions of an engine that are not answered inside the call that asked them.
 */
#ifndef DAEMON_IMAPD_WORK_H
#define DAEMON_IMAPD_WORK_H

#include "base/engine.h"
#include "daemon/imapd/imapd.h"

/* Work that takes longer goes on in the next turn of the loop. */
#define SLICE_MS 10

/* A question that is not answered inside the call that asked it. One for a session. */
struct work {
	struct imap_client *k;
	uint32_t number;
	struct arena *arena; /* what the answer is made of */
	struct store_op op;  /* arg is the work */
	struct deferred later;
	int64_t slice_ms; /* when the present slice began */
	void (*step)(struct work *w);
	void (*release)(struct work *w); /* what else to give back; or NULL */
	void *own;                       /* what the kind of question needs; in the arena */
};

/* For question a; own_bytes of zeroed memory for w->own. */
struct work *work_new(
    struct imap_client *k, const struct engine_ask *a, size_t own_bytes);

/* Runs step now, or in the next turn when this one has lasted long enough. */
void work_run(struct work *w, void (*step)(struct work *w));

/* Runs step at the end of this turn, or in the next one. */
void work_later(struct work *w, void (*step)(struct work *w));

/* Has the slice lasted SLICE_MS? */
bool work_is_long(const struct work *w);

/* Answers (f NULL: yes) and ends it. */
void work_answer(struct work *w, const struct fault *f, const void *detail);

/* Ends it without an answer; what it began has no effect on anybody. NULL is allowed. */
void work_free(struct work *w);

/* The store's function for operations whose result is only yes or no. */
void work_op_done(struct store_op *op, const struct fault *f);

/* What a fault of the store is to the engine: a name that cannot be one is a refusal. */
struct fault work_fault(const struct fault *f);

#endif
