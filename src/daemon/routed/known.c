/*
 * Recent answers of authdaemond.
 */
#include "daemon/routed/known.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/hmap.h"

struct entry {
	struct hmap_node node;
	int64_t until_ms;
	enum st st;
	struct slice name, account; /* behind the struct */
};

struct known {
	struct hmap entries;
};

struct known *
known_new(void)
{
	struct known *k = mem_get(sizeof(*k));

	hmap_init(&k->entries);
	return k;
}

void
known_forget(struct known *k)
{
	struct hmap_cursor at = {0};
	struct hmap_node *n;

	while ((n = hmap_walk(&k->entries, &at))) {
		hmap_remove(&k->entries, n);
		mem_free(CONTAINER_OF(n, struct entry, node));
	}
}

void
known_free(struct known *k)
{
	known_forget(k);
	hmap_fini(&k->entries);
	mem_free(k);
}

static struct entry *
find(struct known *k, struct slice name)
{
	for (struct hmap_node *n = hmap_first(&k->entries, hmap_hash(name)); n; n = hmap_next(n)) {
		struct entry *e = CONTAINER_OF(n, struct entry, node);

		if (sl_eq(e->name, name))
			return e;
	}
	return NULL;
}

static void
drop(struct known *k, struct entry *e)
{
	hmap_remove(&k->entries, &e->node);
	mem_free(e);
}

enum st
known_get(struct known *k, struct slice name, int64_t now_ms, struct slice *account)
{
	struct entry *e = find(k, name);

	if (!e)
		return ST_AGAIN;
	if (e->until_ms <= now_ms) {
		drop(k, e);
		return ST_AGAIN;
	}
	*account = e->account;
	return e->st;
}

void
known_put(struct known *k, struct slice name, enum st st, struct slice account, int64_t now_ms)
{
	struct entry *e = find(k, name);
	unsigned char *text;

	if (e)
		drop(k, e);
	if (st != ST_OK && st != ST_NOENT)
		return;
	if (k->entries.count >= KNOWN_MAX)
		known_forget(k);
	e = mem_get(sizeof(*e) + name.n + account.n + 2);
	text = (unsigned char *)(e + 1);
	if (name.n)
		memcpy(text, name.p, name.n);
	if (account.n)
		memcpy(text + name.n, account.p, account.n);
	e->st = st;
	e->until_ms = now_ms + (st == ST_OK ? KNOWN_YES_MS : KNOWN_NO_MS);
	e->name = sl_mem(text, name.n);
	e->account = sl_mem(text + name.n, account.n);
	hmap_put(&k->entries, &e->node, hmap_hash(e->name));
}
