/*
 * Queue ids: <seconds>.<channel>.<counter>, one way to write each.
 */
#include <stdio.h>

#include "base/num.h"
#include "queue/queue_int.h"

void
queue_id_text(const struct queue_id *id, char text[QUEUE_ID_MAX + 1])
{
	snprintf(text, QUEUE_ID_MAX + 1, "%08llx.%06lx.%llx", (unsigned long long)id->sec,
	    (unsigned long)id->channel, (unsigned long long)id->counter);
}

enum st
queue_id_parse(struct slice text, struct queue_id *id)
{
	char again[QUEUE_ID_MAX + 1];
	struct slice rest = text, sec, channel;
	uint64_t v;

	if (text.n > QUEUE_ID_MAX || !sl_cut(&rest, '.', &sec) || !sl_cut(&rest, '.', &channel) ||
	    channel.n != 6 || !num_hex(sec, &id->sec) || !num_hex(channel, &v) ||
	    !num_hex(rest, &id->counter))
		return ST_SYNTAX;
	id->channel = (uint32_t)v;
	/* One text for one id: what does not come back the same is another spelling. */
	queue_id_text(id, again);
	return sl_eq(sl_str(again), text) ? ST_OK : ST_SYNTAX;
}

uint64_t
queue_id_hash(const struct queue_id *id)
{
	unsigned char key[20];

	num_put_be64(key, id->sec);
	num_put_be64(key + 8, id->counter);
	num_put_be32(key + 16, id->channel);
	return hmap_hash(sl_mem(key, sizeof(key)));
}

bool
queue_id_same(const struct queue_id *a, const struct queue_id *b)
{
	return a->sec == b->sec && a->counter == b->counter && a->channel == b->channel;
}

unsigned
queue_bucket(const struct queue_id *id)
{
	return (unsigned)(id->counter & 0xff);
}

struct waiter *
queue_find(const struct queue *q, const struct queue_id *id)
{
	uint64_t hash = queue_id_hash(id);

	for (struct hmap_node *n = hmap_first(&q->ids, hash); n; n = hmap_next(n)) {
		struct waiter *w = CONTAINER_OF(n, struct waiter, by_id);

		if (queue_id_same(&w->key, id))
			return w;
	}
	return NULL;
}
