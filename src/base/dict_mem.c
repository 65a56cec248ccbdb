#include "base/dict.h"

#include "base/hmap.h"

struct entry {
	struct hmap_node node;
	struct slice key, value; /* both owned, allocated in one piece behind the entry */
};

struct dict_mem {
	struct dict dict;
	struct hmap entries;
};

static struct entry *
find(struct dict_mem *d, struct slice key, uint64_t hash)
{
	for (struct hmap_node *n = hmap_first(&d->entries, hash); n != NULL; n = hmap_next(n)) {
		struct entry *e = CONTAINER_OF(n, struct entry, node);

		if (sl_eq(e->key, key))
			return e;
	}
	return NULL;
}

static enum st
dict_mem_get(struct dict *dict, struct slice key, struct arena *a, struct slice *value,
    struct fault *f)
{
	struct dict_mem *d = CONTAINER_OF(dict, struct dict_mem, dict);
	struct entry *e = find(d, key, hmap_hash(key));

	if (e == NULL)
		return ST_NOENT;
	*value = arena_copy(a, e->value);
	if (value->p == NULL)
		return fault_set(f, ST_TEMP, "4.3.2", "no memory left for a looked-up value");
	return ST_OK;
}

static void
dict_mem_close(struct dict *dict)
{
	struct dict_mem *d = CONTAINER_OF(dict, struct dict_mem, dict);
	struct hmap_cursor c = {0};
	struct hmap_node *n;

	while ((n = hmap_walk(&d->entries, &c)) != NULL)
		mem_free(CONTAINER_OF(n, struct entry, node));
	hmap_fini(&d->entries);
	mem_free(d);
}

static const struct dict_ops dict_mem_ops = {
	.name = "memory",
	.get = dict_mem_get,
	.close = dict_mem_close,
};

struct dict *
dict_mem_new(void)
{
	struct dict_mem *d = mem_get(sizeof(*d));

	d->dict.ops = &dict_mem_ops;
	hmap_init(&d->entries);
	return &d->dict;
}

void
dict_mem_put(struct dict *dict, struct slice key, struct slice value)
{
	struct dict_mem *d = CONTAINER_OF(dict, struct dict_mem, dict);
	uint64_t hash = hmap_hash(key);
	struct entry *old = find(d, key, hash), *e;
	unsigned char *bytes;

	e = mem_get(sizeof(*e) + key.n + value.n);
	bytes = (unsigned char *)(e + 1);
	if (key.n > 0)
		memcpy(bytes, key.p, key.n);
	if (value.n > 0)
		memcpy(bytes + key.n, value.p, value.n);
	e->key = sl_mem(bytes, key.n);
	e->value = sl_mem(bytes + key.n, value.n);
	if (old != NULL) {
		hmap_remove(&d->entries, &old->node);
		mem_free(old);
	}
	hmap_put(&d->entries, &e->node, hash);
}
