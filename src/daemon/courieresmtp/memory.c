/*
 * What is remembered about addresses. A table of bounded size: the oldest entry makes room.
 */
#include "daemon/courieresmtp/esmtp.h"

#include "base/num.h"

#define HOSTS_MAX 10000
#define TLS_BROKEN_MS (2 * INT64_C(3600) * 1000)

/* A retry after the same time as esmtpdelay finds the host rested, whatever is rounded. */
#define REST_LESS_MS 2000

struct host {
	struct hmap_node node;
	struct list_node age; /* esmtp->hosts_old, the oldest first */
	unsigned char key_bytes[19];
	int64_t dead_until_ms, broken_until_ms;
};

static struct slice
key_of(const struct net_addr *a, unsigned char out[19])
{
	out[0] = a->family;
	memcpy(out + 1, a->ip, 16);
	num_put_be16(out + 17, a->port);
	return sl_mem(out, 19);
}

static struct host *
find(struct esmtp *e, const struct net_addr *a)
{
	unsigned char bytes[19];
	struct slice key = key_of(a, bytes);

	for (struct hmap_node *n = hmap_first(&e->hosts, hmap_hash(key)); n; n = hmap_next(n)) {
		struct host *h = CONTAINER_OF(n, struct host, node);

		if (sl_eq(sl_mem(h->key_bytes, sizeof(h->key_bytes)), key))
			return h;
	}
	return NULL;
}

static void
forget(struct esmtp *e, struct host *h)
{
	hmap_remove(&e->hosts, &h->node);
	list_remove(&h->age);
	e->host_count--;
	mem_free(h);
}

static struct host *
get(struct esmtp *e, const struct net_addr *a)
{
	struct host *h = find(e, a);

	if (!h) {
		if (e->host_count >= HOSTS_MAX)
			forget(e, CONTAINER_OF(list_first(&e->hosts_old), struct host, age));
		h = mem_get(sizeof(*h));
		list_node_init(&h->age);
		hmap_put(&e->hosts, &h->node, hmap_hash(key_of(a, h->key_bytes)));
		e->host_count++;
	}
	list_remove(&h->age);
	list_append(&e->hosts_old, &h->age);
	return h;
}

bool
memory_is_dead(struct esmtp *e, const struct net_addr *a)
{
	const struct host *h = find(e, a);

	return h && loop_now(e->loop) < h->dead_until_ms;
}

/* R5321-4.5.4.1-e */
void
memory_dead(struct esmtp *e, const struct net_addr *a, bool dead)
{
	int64_t rest = proc_conf(e->proc)->site.esmtpdelay_sec * 1000 - REST_LESS_MS;
	struct host *h = dead ? get(e, a) : find(e, a);

	if (h)
		h->dead_until_ms = dead ? loop_now(e->loop) + rest : 0;
}

bool
memory_tls_is_broken(struct esmtp *e, const struct net_addr *a)
{
	const struct host *h = find(e, a);

	return h && loop_now(e->loop) < h->broken_until_ms;
}

void
memory_tls_broken(struct esmtp *e, const struct net_addr *a)
{
	get(e, a)->broken_until_ms = loop_now(e->loop) + TLS_BROKEN_MS;
}

void
memory_afresh(struct esmtp *e)
{
	LIST_EACH (&e->hosts_old, n)
		CONTAINER_OF(n, struct host, age)->dead_until_ms = 0;
}
