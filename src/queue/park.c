/*
 * Messages that wait. In the log they stay in memory; in msgs/ an id and a time remain, and the
 * rest is read again when the time has come.
 */
#include <stdlib.h>
#include <string.h>

#include "net/log.h"
#include "queue/queue_int.h"

#define UNREADABLE_WAIT_SEC 300
#define DUE_FLUSHED (-1) /* before all times */

struct waiter *
waiter_new(struct queue *q, const struct queue_id *id, int64_t due_sec)
{
	struct waiter *w = mem_get(sizeof(*w));

	w->key = *id;
	hmap_put(&q->ids, &w->by_id, queue_id_hash(id));
	heap_put(&q->due, &w->due, due_sec);
	return w;
}

void
waiter_forget(struct queue *q, struct waiter *w)
{
	hmap_remove(&q->ids, &w->by_id);
	heap_remove(&q->due, &w->due);
	mem_free(w);
}

void
message_unload(struct message *m)
{
	struct queue *q = m->pub.queue;
	struct queue_id id = m->w.key;
	int64_t due_sec = m->w.due.key;

	message_free(m);
	waiter_new(q, &id, due_sec);
}

void
queue_park(struct queue_message *message, int64_t due_sec)
{
	struct message *m = message_of(message);
	struct queue *q = m->pub.queue;

	memset(m->pub.user, 0, q->opts.user_bytes);
	if (q->opts.rcpt_user_bytes)
		memset(queue_rcpt_user(&m->pub, 0), 0, m->pub.rcpt_count * q->opts.rcpt_user_bytes);
	m->parked = true;
	m->pub.flushed = false;
	heap_move(&q->due, &m->w.due, due_sec);
	if (m->place == PLACE_LOG) {
		list_append(&q->waiting, &m->waiting);
		mover_look(q, false);
	}
	message_settle(m);
}

int64_t
queue_due_sec(const struct queue *q)
{
	struct heap_node *n = heap_min(&q->due);

	return n ? n->key : INT64_MAX;
}

static struct message *
unpark(struct message *m)
{
	struct queue *q = m->pub.queue;

	heap_remove(&q->due, &m->w.due);
	list_remove(&m->waiting);
	m->parked = false;
	return m;
}

/* From msgs/ into memory; NULL: not now, or never again. */
static struct message *
load(struct queue *q, struct waiter *w, int64_t now_sec)
{
	struct queue_id id = w->key;
	struct fault f = FAULT_NONE;
	struct message *m = env_read(q, &id, &f);
	char text[QUEUE_ID_MAX + 1];

	if (m) {
		waiter_forget(q, w);
		message_index(q, m);
		if (body_exists(m))
			return m;
		log_event(LOG_LEVEL_WARNING, "queue", KV_STR("id", m->pub.id),
		    KV_STR("msg", "was complete: its body is gone"), KV_END);
		body_remove(m);
		message_free(m);
		return NULL;
	}
	queue_id_text(&id, text);
	log_event(LOG_LEVEL_ERROR, "queue", KV_STR("id", text), KV_FAULT(&f), KV_END);
	if (f.st == ST_NOENT)
		waiter_forget(q, w);
	else
		heap_move(&q->due, &w->due, now_sec + UNREADABLE_WAIT_SEC);
	return NULL;
}

static struct queue_message *
bring(struct queue *q, struct waiter *w, int64_t now_sec)
{
	bool flushed = w->due.key == DUE_FLUSHED;
	struct message *m = w->resident ? unpark(CONTAINER_OF(w, struct message, w))
	    : load(q, w, now_sec);

	if (!m)
		return NULL;
	m->pub.flushed = flushed;
	return &m->pub;
}

struct queue_message *
queue_due(struct queue *q, int64_t now_sec)
{
	struct heap_node *n;

	while ((n = heap_min(&q->due)) && n->key <= now_sec) {
		struct queue_message *m = bring(q, CONTAINER_OF(n, struct waiter, due), now_sec);

		if (m)
			return m;
	}
	return NULL;
}

struct queue_message *
queue_unpark(struct queue *q, struct slice id_text)
{
	struct queue_id id;
	struct waiter *w = queue_id_parse(id_text, &id) == ST_OK ? queue_find(q, &id) : NULL;

	return w && heap_has(&w->due) ? bring(q, w, w->due.key > 0 ? w->due.key : 0) : NULL;
}

void
queue_flush(struct queue *q)
{
	/* All keys become equal, so the heap stays one. */
	for (size_t i = 0; i < q->due.count; i++)
		q->due.nodes[i]->key = DUE_FLUSHED;
}

bool
queue_flush_one(struct queue *q, struct slice id_text)
{
	struct queue_id id;
	struct waiter *w = queue_id_parse(id_text, &id) == ST_OK ? queue_find(q, &id) : NULL;

	if (!w || !heap_has(&w->due))
		return false;
	heap_move(&q->due, &w->due, DUE_FLUSHED);
	return true;
}

/* ---- looking ---- */

bool
queue_look(struct queue *q, struct slice id_text, struct queue_look *look)
{
	struct queue_id id;
	struct waiter *w = queue_id_parse(id_text, &id) == ST_OK ? queue_find(q, &id) : NULL;
	struct message *m;
	struct fault f;

	if (!w)
		return false;
	m = w->resident ? CONTAINER_OF(w, struct message, w) : env_read(q, &id, &f);
	if (!m || m->complete || m->place == PLACE_NONE)
		return false;
	*look = (struct queue_look){
		.m = &m->pub, .parked = heap_has(&w->due), .is_copy = !w->resident,
		.due_sec = heap_has(&w->due) ? w->due.key : 0,
	};
	return true;
}

void
queue_look_done(struct queue_look *look)
{
	if (look->is_copy)
		message_free(message_of(look->m));
	look->m = NULL;
}

static int
by_age(const void *a, const void *b)
{
	const struct queue_id *x = a, *y = b;

	if (x->sec != y->sec)
		return x->sec < y->sec ? -1 : 1;
	if (x->counter != y->counter)
		return x->counter < y->counter ? -1 : 1;
	return x->channel < y->channel ? -1 : x->channel > y->channel;
}

void
queue_ids(struct queue *q, struct buf *out)
{
	struct queue_id *ids = mem_get((q->ids.count + 1) * sizeof(*ids));
	struct hmap_cursor c = {0};
	struct hmap_node *n;
	size_t count = 0;

	while ((n = hmap_walk(&q->ids, &c)))
		ids[count++] = CONTAINER_OF(n, struct waiter, by_id)->key;
	qsort(ids, count, sizeof(*ids), by_age);
	for (size_t i = 0; i < count; i++) {
		char text[QUEUE_ID_MAX + 1];

		queue_id_text(&ids[i], text);
		buf_put_str(out, text);
		buf_put_byte(out, '\n');
	}
	mem_free(ids);
}
