/*
 * Turns: what is owed goes to the scheduler, what it gives goes to a deliverer.
 */
#include "base/arena.h"
#include "daemon/courierd/courierd.h"

#define DELIVERIES_A_TURN 256

/*
 * Local deliveries leave in waves: a few at once, the others together at the end of the wave. Then
 * each worker gets several for its folder, and all folders wait for the disk at the same time: one
 * flush serves many messages. Whoever has little to do waits for nothing.
 */
#define WAVE_MS 20
#define WAVE_EAGER 4

/* Courier's scheduler knows the destination of a local recipient as its account. */
static struct slice
destination(const struct queue_message *m, const struct queue_rcpt *r)
{
	struct slice host = queue_text(m, r->host), account = queue_text(m, r->account);

	return host.n ? host : account.n ? account : queue_text(m, r->address);
}

/* An alias of several members: there is nothing to deliver, and it has arrived. */
static void
expanded_begin(struct delivery *d)
{
	struct fault f;

	fault_set(&f, ST_OK, "2.1.5", "the address stands for several others");
	for (uint32_t i = 0; i < d->count; i++)
		delivery_result(d, i, &f, SL_NONE);
	delivery_end(d, 0);
}

static void
unknown_begin(struct delivery *d)
{
	struct fault f;

	fault_set(&f, ST_TEMP, "4.3.5", "no such module");
	for (uint32_t i = 0; i < d->count; i++)
		delivery_result(d, i, &f, SL_NONE);
	delivery_end(d, 0);
}

static const struct deliverer deliverers[] = {
    [MODULE_LOCAL] = { "local", local_begin },
    [MODULE_ESMTP] = { "esmtp", outbound_begin },
    [MODULE_EXPANDED] = { "expanded", expanded_begin },
    [MODULE_OTHER] = { "", unknown_begin },
};

static unsigned
module_of(const struct queue_message *m, const struct queue_rcpt *r)
{
	for (unsigned i = 0; i < MODULE_OTHER; i++)
		if (sl_eq(queue_text(m, r->module), sl_str(deliverers[i].name)))
			return i;
	return MODULE_OTHER;
}

void
dispatch_limits(struct courierd *c)
{
	const struct conf_module *of[] = { [MODULE_LOCAL] = &proc_conf(c->proc)->local,
	    [MODULE_ESMTP] = &proc_conf(c->proc)->esmtp };

	for (unsigned i = 0; i < COUNT_OF(of); i++)
		sched_set_limits(c->sched, i, &(struct sched_limits){
		    .max_dels = of[i]->max_dels, .max_host = of[i]->max_host,
		    .max_rcpt = of[i]->max_rcpt,
		});
}

void
dispatch_put(struct courierd *c, struct queue_message *m)
{
	int64_t now = courierd_now_ms(c);

	for (uint32_t i = 0; i < m->rcpt_count; i++) {
		const struct queue_rcpt *r = &m->rcpts[i];
		struct sched_item *it = queue_rcpt_user(m, i);

		if (r->state == QUEUE_OWED && (it->state == SCHED_NONE || it->state == SCHED_TAKEN))
			sched_put(c->sched, it, module_of(m, r), destination(m, r), m, now);
	}
	dispatch_kick(c);
}

void
dispatch_drop(struct courierd *c, struct queue_message *m)
{
	for (uint32_t i = 0; i < m->rcpt_count; i++) {
		struct sched_item *it = queue_rcpt_user(m, i);

		if (it->state == SCHED_READY || it->state == SCHED_WAITS)
			sched_remove(c->sched, it);
	}
}

bool
dispatch_has(struct queue_message *m)
{
	for (uint32_t i = 0; i < m->rcpt_count; i++) {
		const struct sched_item *it = queue_rcpt_user(m, i);

		if (it->state == SCHED_READY || it->state == SCHED_WAITS)
			return true;
	}
	return false;
}

/* ---- deliveries ---- */

static void
delivery_new(struct courierd *c, struct sched_item **items, size_t count, struct sched_dest *dest)
{
	struct queue_message *m = (struct queue_message *)(uintptr_t)items[0]->message;
	struct sched_item *first = queue_rcpt_user(m, 0);
	struct delivery *d = mem_get(sizeof(*d) + count * sizeof(d->rcpts[0]));

	*d = (struct delivery){ .c = c, .m = m, .dest = dest, .number = ++c->next_delivery,
	    .count = (uint32_t)count };
	for (size_t i = 0; i < count; i++)
		d->rcpts[i] = (uint32_t)(items[i] - first);
	list_node_init(&d->node);
	list_node_init(&d->waits);
	list_append(&c->deliveries, &d->node);
	work_of(m)->under_way++;
	deliverers[sched_dest_module(dest)].begin(d);
}

static void
wave_due(struct timer *t)
{
	dispatch_kick(t->arg);
}

/* May one more begin now? When not, the timer of the next wave is set. */
static bool
wave_admits(struct courierd *c)
{
	struct loop *l = proc_loop(c->proc);
	int64_t now = loop_now(l);

	if (now >= c->wave_end_ms) {
		c->wave_end_ms = now + WAVE_MS;
		c->wave_count = 0;
		c->wave_open = true;
	}
	if (c->wave_open || c->wave_count < WAVE_EAGER)
		return true;
	if (!heap_has(&c->wave.node))
		loop_timer_at(l, &c->wave, c->wave_end_ms, wave_due, c);
	return false;
}

static void
dispatch(struct deferred *later)
{
	struct courierd *c = later->arg;
	struct sched_item *items[COURIERD_BATCH];
	struct sched_dest *dest;
	size_t n;

	if (c->draining)
		return;
	for (int k = 0; k < DELIVERIES_A_TURN; k++) {
		int64_t now = courierd_now_ms(c);
		unsigned ready = sched_any(c->sched, now);

		if (!(ready & 1u << MODULE_LOCAL))
			c->wave_open = false; /* all that waited has left */
		else if (!wave_admits(c))
			ready &= ~(1u << MODULE_LOCAL);
		if (!ready) {
			courierd_look(c);
			return;
		}
		n = sched_next(c->sched, now, ready, items, COURIERD_BATCH, &dest);
		c->wave_count += sched_dest_module(dest) == MODULE_LOCAL;
		delivery_new(c, items, n, dest);
	}
	dispatch_kick(c);
}

void
dispatch_kick(struct courierd *c)
{
	loop_defer(proc_loop(c->proc), &c->dispatch, dispatch, c);
}

void
delivery_result(struct delivery *d, uint32_t i, const struct fault *f, struct slice peer)
{
	if (f->st != ST_OK && fault_is_temporary(f))
		work_of(d->m)->deferred++;
	work_result(d->c, d->m, d->rcpts[i], f, peer);
}

void
delivery_soon(struct delivery *d, int64_t wait_ms)
{
	struct work *w = work_of(d->m);

	if (wait_ms > w->soon_ms)
		w->soon_ms = wait_ms;
}

void
delivery_end(struct delivery *d, int64_t not_before_ms)
{
	struct courierd *c = d->c;
	struct queue_message *m = d->m;

	for (uint32_t i = 0; i < d->count; i++)
		if (m->rcpts[d->rcpts[i]].state == QUEUE_OWED)
			work_of(m)->is_first_try = false;
	list_remove(&d->node);
	list_remove(&d->waits);
	sched_done(c->sched, d->dest, not_before_ms);
	work_of(m)->under_way--;
	mem_free(d);
	work_look(c, m);
	dispatch_kick(c);
	courierd_drain_look(c);
}
