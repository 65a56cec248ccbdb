/*
 * The scheduler. Items wait in one heap until they are due, then in the queue of their destination;
 * the destinations of a module that have something ready and may take it stand in a ring.
 */
#include "sched/sched.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/hmap.h"

struct sched_dest {
	struct hmap_node node;
	/* in its module's ring, when it has ready items and may take them */
	struct list_node ring;
	struct heap_node held;  /* until not_before, when it failed */
	struct list ready;      /* struct sched_item */
	uint64_t under_way;
	size_t items;           /* in any state but taken */
	unsigned module;
	struct slice host;      /* behind the struct */
};

struct module {
	struct sched_limits limits;
	struct list ring;
	uint64_t under_way;
	bool paused;
};

struct sched {
	struct module modules[SCHED_MODULES];
	struct hmap dests;
	struct heap due;  /* struct sched_item */
	struct heap held; /* struct sched_dest */
	size_t count;
	int64_t now_ms; /* as sched_next heard last */
};

struct sched *
sched_new(void)
{
	struct sched *s = mem_get(sizeof(*s));

	for (size_t i = 0; i < SCHED_MODULES; i++)
		list_init(&s->modules[i].ring);
	hmap_init(&s->dests);
	heap_init(&s->due);
	heap_init(&s->held);
	return s;
}

void
sched_free(struct sched *s)
{
	struct hmap_cursor at = {0};
	struct hmap_node *n;

	while ((n = hmap_walk(&s->dests, &at))) {
		hmap_remove(&s->dests, n);
		mem_free(CONTAINER_OF(n, struct sched_dest, node));
	}
	hmap_fini(&s->dests);
	heap_fini(&s->due);
	heap_fini(&s->held);
	mem_free(s);
}

void
sched_pause(struct sched *s, unsigned module, bool on)
{
	s->modules[module].paused = on;
}

/* ---- destinations ---- */

static uint64_t
dest_hash(unsigned module, struct slice host)
{
	return hmap_ihash(host) ^ hmap_hash_u64(module);
}

static struct sched_dest *
dest_get(struct sched *s, unsigned module, struct slice host)
{
	uint64_t hash = dest_hash(module, host);
	struct sched_dest *d;
	unsigned char *text;

	for (struct hmap_node *n = hmap_first(&s->dests, hash); n; n = hmap_next(n)) {
		d = CONTAINER_OF(n, struct sched_dest, node);
		if (d->module == module && sl_ieq(d->host, host))
			return d;
	}
	d = mem_get(sizeof(*d) + host.n + 1);
	text = (unsigned char *)(d + 1);
	if (host.n)
		memcpy(text, host.p, host.n);
	d->module = module;
	d->host = sl_mem(text, host.n);
	list_node_init(&d->ring);
	list_init(&d->ready);
	hmap_put(&s->dests, &d->node, hash);
	return d;
}

static bool
dest_is_full(const struct sched *s, const struct sched_dest *d)
{
	uint64_t max = s->modules[d->module].limits.max_host;

	return max && d->under_way >= max;
}

/* Puts a destination into the ring, or takes it out, as its state says; forgets one nobody
 * needs. */
static void
dest_settle(struct sched *s, struct sched_dest *d)
{
	bool may = !list_is_empty(&d->ready) && !dest_is_full(s, d) && !heap_has(&d->held);

	if (may && !list_is_linked(&d->ring))
		list_append(&s->modules[d->module].ring, &d->ring);
	else if (!may)
		list_remove(&d->ring);
	if (d->items || d->under_way || heap_has(&d->held))
		return;
	hmap_remove(&s->dests, &d->node);
	mem_free(d);
}

void
sched_set_limits(struct sched *s, unsigned module, const struct sched_limits *l)
{
	struct hmap_cursor at = {0};
	struct hmap_node *n;

	s->modules[module].limits = *l;
	/* a higher MAXHOST may let some back into the ring */
	while ((n = hmap_walk(&s->dests, &at)))
		dest_settle(s, CONTAINER_OF(n, struct sched_dest, node));
}

unsigned
sched_dest_module(const struct sched_dest *d)
{
	return d->module;
}

struct slice
sched_dest_host(const struct sched_dest *d)
{
	return d->host;
}

/* ---- items ---- */

static void
make_ready(struct sched *s, struct sched_item *it)
{
	heap_remove(&s->due, &it->due);
	it->state = SCHED_READY;
	list_node_init(&it->ready);
	list_append(&it->dest->ready, &it->ready);
	dest_settle(s, it->dest);
}

void
sched_put(struct sched *s, struct sched_item *it, unsigned module, struct slice host,
    const void *message, int64_t due_ms)
{
	struct sched_dest *d = dest_get(s, module, host);

	it->dest = d;
	it->message = message;
	it->state = SCHED_WAITS;
	d->items++;
	s->count++;
	heap_put(&s->due, &it->due, due_ms);
	if (due_ms <= s->now_ms)
		make_ready(s, it); /* at once, so that what is put together stays together */
}

void
sched_remove(struct sched *s, struct sched_item *it)
{
	struct sched_dest *d = it->dest;

	if (it->state == SCHED_WAITS)
		heap_remove(&s->due, &it->due);
	else if (it->state == SCHED_READY)
		list_remove(&it->ready);
	else {
		it->state = SCHED_NONE;
		return;
	}
	it->state = SCHED_NONE;
	it->dest = NULL;
	d->items--;
	s->count--;
	dest_settle(s, d);
}

/* What time has brought: items that are due, destinations that may be tried again. */
static void
advance(struct sched *s, int64_t now_ms)
{
	struct heap_node *n;

	while ((n = heap_min(&s->due)) && n->key <= now_ms)
		make_ready(s, CONTAINER_OF(n, struct sched_item, due));
	while ((n = heap_min(&s->held)) && n->key <= now_ms) {
		heap_remove(&s->held, n);
		dest_settle(s, CONTAINER_OF(n, struct sched_dest, held));
	}
}

static void
take(struct sched *s, struct sched_item *it)
{
	list_remove(&it->ready);
	it->state = SCHED_TAKEN;
	it->dest->items--;
	s->count--;
}

/* The first ready item and those behind it that are of the same message. */
static size_t
take_batch(struct sched *s, struct sched_dest *d, struct sched_item **items, size_t max)
{
	const void *message = CONTAINER_OF(list_first(&d->ready), struct sched_item,
	    ready)->message;
	uint64_t limit = s->modules[d->module].limits.max_rcpt;
	size_t n = 0;

	if (limit && limit < max)
		max = (size_t)limit;
	LIST_EACH(&d->ready, node) {
		struct sched_item *it = CONTAINER_OF(node, struct sched_item, ready);

		if (it->message != message || n == max)
			break; /* a message's items arrive together: no search further down */
		take(s, it);
		items[n++] = it;
	}
	return n;
}

static bool
module_may_begin(const struct module *m)
{
	return !list_is_empty(&m->ring) && !m->paused &&
	    !(m->limits.max_dels && m->under_way >= m->limits.max_dels);
}

unsigned
sched_any(struct sched *s, int64_t now_ms)
{
	unsigned ready = 0;

	s->now_ms = now_ms;
	advance(s, now_ms);
	for (unsigned i = 0; i < SCHED_MODULES; i++)
		if (module_may_begin(&s->modules[i]))
			ready |= 1u << i;
	return ready;
}

size_t
sched_next(struct sched *s, int64_t now_ms, unsigned modules, struct sched_item **items,
    size_t max, struct sched_dest **dest)
{
	s->now_ms = now_ms;
	advance(s, now_ms);
	for (unsigned i = 0; i < SCHED_MODULES; i++) {
		struct module *m = &s->modules[i];
		struct list_node *n = list_first(&m->ring);
		struct sched_dest *d;
		size_t count;

		if (!(modules >> i & 1) || !module_may_begin(m))
			continue;
		d = CONTAINER_OF(n, struct sched_dest, ring);
		list_remove(n); /* its turn is over; dest_settle puts it at the end of the ring */
		m->under_way++;
		d->under_way++;
		count = take_batch(s, d, items, max);
		dest_settle(s, d);
		*dest = d;
		return count;
	}
	return 0;
}

void
sched_done(struct sched *s, struct sched_dest *d, int64_t not_before_ms)
{
	s->modules[d->module].under_way--;
	d->under_way--;
	if (not_before_ms > 0)
		heap_move(&s->held, &d->held, not_before_ms);
	dest_settle(s, d);
}

int64_t
sched_deadline(const struct sched *s)
{
	const struct heap_node *due = heap_min(&s->due), *held = heap_min(&s->held);
	int64_t first = due ? due->key : INT64_MAX;

	return held && held->key < first ? held->key : first;
}

static void
release(struct sched *s, struct sched_dest *d)
{
	heap_remove(&s->held, &d->held);
	dest_settle(s, d);
}

void
sched_flush(struct sched *s)
{
	struct heap_node *n;

	while ((n = heap_min(&s->due)))
		make_ready(s, CONTAINER_OF(n, struct sched_item, due));
	while ((n = heap_min(&s->held)))
		release(s, CONTAINER_OF(n, struct sched_dest, held));
}

void
sched_hurry(struct sched *s, struct sched_item *it)
{
	if (it->state == SCHED_WAITS)
		make_ready(s, it);
	if (it->state == SCHED_READY && heap_has(&it->dest->held))
		release(s, it->dest);
}

size_t
sched_count(const struct sched *s)
{
	return s->count;
}

uint64_t
sched_under_way(const struct sched *s, unsigned module)
{
	return s->modules[module].under_way;
}

/* R5321-4.5.4.1-b */
int64_t
sched_retry_sec(const struct sched_policy *p, uint64_t attempts)
{
	uint64_t beta = p->beta ? p->beta : 1, doublings;
	int64_t wait = p->gamma_sec;

	if (attempts == 0 || attempts % beta)
		return p->alpha_sec;
	doublings = attempts / beta - 1;
	if (doublings > p->maxdelta)
		doublings = p->maxdelta;
	while (doublings-- > 0 && wait <= p->queuetime_sec)
		wait *= 2;
	return wait;
}
