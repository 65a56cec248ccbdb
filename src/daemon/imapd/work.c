/*
 * Questions that take their time: an operation of the store, or slices of reading.
 */
#include "daemon/imapd/work.h"
#include "os/clock.h"

/* Sets and results: a bound for mistakes, not for mailboxes. */
#define WORK_MAX ((size_t)256 << 20)

struct work *
work_new(struct imap_client *k, const struct engine_ask *a, size_t own_bytes)
{
	struct work *w = mem_get(sizeof(*w));

	work_free(k->work); /* an engine that asks anew wants nothing of the old one */
	*w = (struct work){.k = k, .number = a->number};
	w->arena = arena_new("question", WORK_MAX);
	w->own = arena_get(w->arena, own_bytes);
	w->op.arg = w;
	k->work = w;
	return w;
}

void
work_free(struct work *w)
{
	if (!w)
		return;
	store_op_cancel(&w->op);
	loop_defer_stop(&w->later);
	if (w->release)
		w->release(w);
	w->k->work = NULL;
	arena_free(w->arena);
	mem_free(w);
}

void
work_answer(struct work *w, const struct fault *f, const void *detail)
{
	client_answer(&w->k->c, w->number, f, detail);
	work_free(w);
}

static void
work_now(struct work *w)
{
	w->slice_ms = clock_mono_ms();
	w->step(w);
}

static void
work_due(struct deferred *d)
{
	work_now(d->arg);
}

void
work_later(struct work *w, void (*step)(struct work *w))
{
	w->step = step;
	loop_defer(w->k->c.w->loop, &w->later, work_due, w);
}

void
work_run(struct work *w, void (*step)(struct work *w))
{
	w->step = step;
	if (clock_mono_ms() - loop_now(w->k->c.w->loop) >= SLICE_MS)
		work_later(w, step);
	else
		work_now(w);
}

bool
work_is_long(const struct work *w)
{
	return clock_mono_ms() - w->slice_ms >= SLICE_MS;
}

struct fault
work_fault(const struct fault *f)
{
	struct fault out = *f;

	if (out.st == ST_SYNTAX)
		out.st = ST_PERM;
	return out;
}

void
work_op_done(struct store_op *op, const struct fault *f)
{
	struct fault out = work_fault(f);

	work_answer(op->arg, f->st == ST_OK ? NULL : &out, NULL);
}
