/*
 * Deliveries to other hosts: frames to courieresmtp. All mail for one domain goes to the same
 * process, where the connections to its hosts are.
 */
#include "base/arena.h"
#include "daemon/courierd/courierd.h"
#include "net/log.h"

#define SOON_MS 1000
#define PATIENCE_MS 60000 /* so long without a process, and it counts as an attempt */

/* A process that delivers. */
struct out {
	struct list_node node; /* courierd->outs, by index */
	struct channel *channel;
	uint32_t index;
	bool ends; /* it takes nothing new */
};

static struct courierd *
courierd_of(struct proc *p)
{
	return proc_state(p);
}

void
outbound_up(struct proc *p, struct channel *channel, uint32_t index)
{
	struct courierd *c = courierd_of(p);
	struct out *o = mem_get(sizeof(*o)), *at = NULL;

	*o = (struct out){ .channel = channel, .index = index };
	list_node_init(&o->node);
	LIST_EACH(&c->outs, n) {
		at = CONTAINER_OF(n, struct out, node);
		if (at->index > index)
			break;
		at = NULL;
	}
	list_insert_before(at ? &at->node : &c->outs.head, &o->node);
	c->out_none_ms = 0;
}

static struct out *
out_of(struct courierd *c, const struct channel *channel)
{
	LIST_EACH(&c->outs, n) {
		struct out *o = CONTAINER_OF(n, struct out, node);

		if (o->channel == channel)
			return o;
	}
	return NULL;
}

void
outbound_down(struct proc *p, struct channel *channel, uint32_t index)
{
	struct out *o = out_of(courierd_of(p), channel);

	(void)index;
	if (!o)
		return;
	list_remove(&o->node);
	mem_free(o);
}

static void
on_idle(struct channel *channel, uint32_t sequence, const void *message, int fd)
{
	struct out *o = out_of(courierd_of(channel_owner(channel)), channel);

	(void)sequence;
	(void)message;
	(void)fd;
	if (o)
		o->ends = true;
}

const struct channel_handler outbound_handlers[] = {
    { IPC_idle, on_idle },
    { 0, NULL },
};

/* ---- one delivery ---- */

static void
end_for_now(struct delivery *d, const struct fault *why)
{
	for (uint32_t i = 0; i < d->count; i++)
		delivery_result(d, i, why, SL_NONE);
	delivery_end(d, 0);
}

static void
end_soon(struct delivery *d)
{
	delivery_soon(d, SOON_MS);
	delivery_end(d, courierd_now_ms(d->c) + SOON_MS);
}

/* The process is gone, and with it how it ended: once that is nobody's fault. */
static void
end_lost(struct delivery *d, const struct fault *why)
{
	if (work_of(d->m)->is_first_try)
		end_soon(d);
	else
		end_for_now(d, why);
}

static void
delivered(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *lost)
{
	struct delivery *d = call->arg;
	struct fault f;

	(void)type;
	(void)fd;
	if (message && delivery_take(d, message)) {
		delivery_end(d, 0);
		return;
	}
	if (message) {
		fault_set(&f, ST_TEMP, "4.3.0",
		    "courieresmtp gave an answer that does not belong to its question");
		log_event(LOG_LEVEL_ERROR, "outbound", KV_FAULT(&f), KV_END);
		lost = &f;
	} else {
		d->c->counts.lost++;
	}
	end_lost(d, lost);
}

/* Always the same one for a host, as long as the processes are the same. */
static struct out *
choose(struct courierd *c, struct slice host)
{
	size_t count = 0, at;

	LIST_EACH(&c->outs, n)
		count += !CONTAINER_OF(n, struct out, node)->ends;
	if (!count)
		return NULL;
	at = (size_t)(hmap_ihash(host) % count);
	LIST_EACH(&c->outs, n) {
		struct out *o = CONTAINER_OF(n, struct out, node);

		if (!o->ends && at-- == 0)
			return o;
	}
	return NULL;
}

void
outbound_begin(struct delivery *d)
{
	struct courierd *c = d->c;
	struct slice host = queue_text(d->m, d->m->rcpts[d->rcpts[0]].host);
	struct out *o = choose(c, host);
	struct fault f;

	if (!o && !c->out_none_ms)
		c->out_none_ms = courierd_now_ms(c);
	if (!o && courierd_now_ms(c) < c->out_none_ms + PATIENCE_MS) {
		end_soon(d);
		return;
	}
	if (!o) {
		fault_set(&f, ST_TEMP, "4.3.2", "no process delivers to other hosts now");
		end_for_now(d, &f);
		return;
	}
	if (delivery_send(d, o->channel, host, delivered, &f) != ST_OK)
		end_for_now(d, &f);
}

void
outbound_afresh(struct courierd *c)
{
	LIST_EACH(&c->outs, n)
		channel_note(CONTAINER_OF(n, struct out, node)->channel, IPC_afresh,
		    &(struct ipc_afresh){ .unused = 0 }, -1);
}
