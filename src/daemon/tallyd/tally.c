/*
 * Counting connections. A counter is found by a key of text: "smtp" (all of a service), "smtp
 * 192.0.2" (a block), "smtp 192.0.2.7" (an address), and one for each owner and address, so that a
 * process that dies takes its connections along.
 */
#include "daemon/tallyd/tally.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/hmap.h"
#include "base/ip.h"
#include "base/list.h"

#define KEY_MAX 96

struct counter {
	struct hmap_node node;
	struct list_node owned; /* in tally.owned when it belongs to an owner */
	uint64_t n;
	uint32_t owner;
	char service[17], ip[47];
	char key[KEY_MAX];
};

struct tally {
	struct hmap counters;
	struct list owned;
};

struct tally *
tally_new(void)
{
	struct tally *t = mem_get(sizeof(*t));

	hmap_init(&t->counters);
	list_init(&t->owned);
	return t;
}

void
tally_free(struct tally *t)
{
	struct hmap_cursor at = {0};
	struct hmap_node *n;

	while ((n = hmap_walk(&t->counters, &at))) {
		hmap_remove(&t->counters, n);
		mem_free(CONTAINER_OF(n, struct counter, node));
	}
	hmap_fini(&t->counters);
	mem_free(t);
}

static struct counter *
counter_find(const struct tally *t, const char *key)
{
	for (struct hmap_node *n = hmap_first(&t->counters, hmap_hash(sl_str(key))); n;
	     n = hmap_next(n)) {
		struct counter *c = CONTAINER_OF(n, struct counter, node);

		if (strcmp(c->key, key) == 0)
			return c;
	}
	return NULL;
}

static uint64_t
counter_value(const struct tally *t, const char *key)
{
	struct counter *c = counter_find(t, key);

	return c ? c->n : 0;
}

static struct counter *
counter_add(struct tally *t, const char *key, uint64_t n)
{
	struct counter *c = counter_find(t, key);

	if (!c) {
		c = mem_get(sizeof(*c));
		memset(c, 0, sizeof(*c));
		list_node_init(&c->owned);
		snprintf(c->key, sizeof(c->key), "%s", key);
		hmap_put(&t->counters, &c->node, hmap_hash(sl_str(key)));
	}
	c->n += n;
	return c;
}

/* A counter that reaches zero is gone: addresses come and go for years. */
static void
counter_take(struct tally *t, const char *key, uint64_t n)
{
	struct counter *c = counter_find(t, key);

	if (!c)
		return;
	c->n -= n < c->n ? n : c->n;
	if (c->n)
		return;
	hmap_remove(&t->counters, &c->node);
	list_remove(&c->owned);
	mem_free(c);
}

/* The three keys of an address; what is no address stands for itself. */
struct keys {
	char total[KEY_MAX], block[KEY_MAX], ip[KEY_MAX], owned[KEY_MAX];
};

static void
make_keys(struct keys *k, struct slice service, struct slice ip, uint32_t owner)
{
	struct ip block;
	struct buf text;

	buf_init(&text, KEY_MAX);
	if (ip_parse(ip, &block)) { /* without its last byte: IPv4 /24, IPv6 /120 */
		block.bytes[block.family == 4 ? 3 : 15] = 0;
		ip_put(&block, &text);
	} else {
		buf_put(&text, ip);
	}
	snprintf(k->total, sizeof(k->total), "%.*s", SL_FMT(service));
	snprintf(
	    k->block, sizeof(k->block), "%.*s %.*s *", SL_FMT(service), SL_FMT(buf_slice(&text)));
	buf_fini(&text);
	snprintf(k->ip, sizeof(k->ip), "%.*s %.*s", SL_FMT(service), SL_FMT(ip));
	snprintf(k->owned, sizeof(k->owned), "%.*s %.*s #%u", SL_FMT(service), SL_FMT(ip),
	    (unsigned)owner);
}

void
tally_present(
    struct tally *t, struct slice service, struct slice ip, uint32_t owner, uint32_t count)
{
	struct keys k;
	struct counter *c;

	if (!count)
		return;
	make_keys(&k, service, ip, owner);
	counter_add(t, k.total, count);
	counter_add(t, k.block, count);
	counter_add(t, k.ip, count);
	c = counter_add(t, k.owned, count);
	if (list_is_linked(&c->owned))
		return;
	c->owner = owner;
	snprintf(c->service, sizeof(c->service), "%.*s", SL_FMT(service));
	snprintf(c->ip, sizeof(c->ip), "%.*s", SL_FMT(ip));
	list_append(&t->owned, &c->owned);
}

enum st
tally_arrive(struct tally *t, const struct tally_limits *l, struct slice service, struct slice ip,
    uint32_t owner, struct fault *f)
{
	struct keys k;

	make_keys(&k, service, ip, owner);
	if (counter_value(t, k.total) >= l->total)
		return fault_set(f, ST_LIMIT, "4.7.0", "too many connections (MAXDAEMONS)");
	if (counter_value(t, k.block) >= l->per_block)
		return fault_set(
		    f, ST_LIMIT, "4.7.0", "too many connections from your network (MAXPERC)");
	if (counter_value(t, k.ip) >= l->per_ip)
		return fault_set(
		    f, ST_LIMIT, "4.7.0", "too many connections from your address (MAXPERIP)");
	tally_present(t, service, ip, owner, 1);
	return ST_OK;
}

static void
take(struct tally *t, struct slice service, struct slice ip, uint32_t owner, uint64_t count)
{
	struct keys k;

	make_keys(&k, service, ip, owner);
	if (!counter_value(t, k.owned))
		return;
	counter_take(t, k.total, count);
	counter_take(t, k.block, count);
	counter_take(t, k.ip, count);
	counter_take(t, k.owned, count);
}

void
tally_depart(struct tally *t, struct slice service, struct slice ip, uint32_t owner)
{
	take(t, service, ip, owner, 1);
}

void
tally_forget(struct tally *t, uint32_t owner)
{
	LIST_EACH (&t->owned, n) {
		struct counter *c = CONTAINER_OF(n, struct counter, owned);
		char service[sizeof(c->service)], ip[sizeof(c->ip)];

		if (c->owner != owner)
			continue;
		memcpy(service, c->service, sizeof(service));
		memcpy(ip, c->ip, sizeof(ip));
		take(t, sl_str(service), sl_str(ip), owner, c->n);
	}
}

uint64_t
tally_total(const struct tally *t, struct slice service)
{
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%.*s", SL_FMT(service));
	return counter_value(t, key);
}
