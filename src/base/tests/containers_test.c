/* Tests of list.h, hmap.h and heap.h. */
#include "base/arena.h"
#include "base/check.h"
#include "base/heap.h"
#include "base/hmap.h"
#include "base/list.h"

struct item {
	struct list_node list;
	struct hmap_node map;
	struct heap_node heap;
	uint64_t key;
	bool in, seen;
};

static struct item *
item_of(struct list_node *n)
{
	return CONTAINER_OF(n, struct item, list);
}

static void
list_order(void)
{
	struct item items[4] = {{.key = 0}, {.key = 1}, {.key = 2}, {.key = 3}};
	uint64_t digits = 0;
	struct list l;

	list_init(&l);
	CHECK(list_is_empty(&l));
	CHECK(list_first(&l) == NULL);
	for (size_t i = 0; i < COUNT_OF(items); i++) {
		list_node_init(&items[i].list);
		CHECK(!list_is_linked(&items[i].list));
	}
	list_append(&l, &items[1].list);
	list_append(&l, &items[2].list);
	list_prepend(&l, &items[3].list);
	list_insert_before(&items[2].list, &items[0].list);
	LIST_EACH(&l, n)
		digits = digits * 10 + item_of(n)->key;
	CHECK_EQ(digits, 3102);
	CHECK(list_first(&l) == &items[3].list);
	CHECK(list_next(&l, &items[3].list) == &items[1].list);
	CHECK(list_next(&l, &items[2].list) == NULL);
	LIST_EACH(&l, n)
		if (item_of(n)->key % 2 == 1)
			list_remove(n);
	CHECK(!list_is_linked(&items[1].list));
	list_remove(&items[1].list); /* in no list: no effect */
	digits = 0;
	LIST_EACH(&l, n)
		digits = digits * 10 + item_of(n)->key;
	CHECK_EQ(digits, 2);
	CHECK(list_first(&l) == &items[0].list);
}

/* Values of an independent implementation in Python, key 00 01 .. 0f and input 00 01 .. (n-1). */
static void
siphash_vectors(void)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} rows[] = {
		{8, 0x369095118d299a8e},
		{0, 0xabac0158050fc4dc},
		{1, 0xc9f49bf37d57ca93},
		{2, 0x82cb9b024dc7d44d},
		{3, 0x8bf80ab8e7ddf7fb},
		{7, 0xd3927d989bb11140},
		{9, 0x25a48eb36c063de4},
		{15, 0xd320d86d2a519956},
		{16, 0xcc4fdd1a7d908b66},
		{17, 0x9cf2689063dbd80c},
		{31, 0x2370dd1f8c21d1bc},
		{32, 0x81157b6c16a7b60d},
		{63, 0x9d199062b7bbb3a8},
	};
	unsigned char bytes[64], zero[16] = {0};

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	hmap_seed(bytes);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CHECK(hmap_hash(sl_mem(bytes, rows[i].n)) == rows[i].hash);
		CHECK(hmap_ihash(sl_mem(bytes, rows[i].n)) == rows[i].hash);
	}
	/* A number hashes as its eight bytes, least significant first. */
	CHECK(hmap_hash_u64(0x0706050403020100) == hmap_hash(sl_mem(bytes, 8)));
	CHECK(hmap_ihash(SL("MixedCase@Example.ORG")) == hmap_hash(SL("mixedcase@example.org")));
	CHECK(hmap_hash(SL("a")) != hmap_hash(SL("A")));
	hmap_seed(zero);
	CHECK(hmap_hash(sl_mem(bytes, 8)) != rows[0].hash);
}

static struct item *
map_find(const struct hmap *m, uint64_t key, uint64_t hash)
{
	for (struct hmap_node *n = hmap_first(m, hash); n != NULL; n = hmap_next(n))
		if (CONTAINER_OF(n, struct item, map)->key == key)
			return CONTAINER_OF(n, struct item, map);
	return NULL;
}

/* Few distinct hashes on purpose: chains are long and hold equal and different hashes. */
static uint64_t
poor_hash(uint64_t key)
{
	return key % 5 * 8;
}

static void
map_property(void)
{
	static struct item items[300];
	uint64_t seed = 11;
	size_t count = 0;
	struct hmap m;

	hmap_init(&m);
	CHECK(hmap_first(&m, 0) == NULL);
	memset(items, 0, sizeof(items));
	for (int round = 0; round < 20000; round++) {
		size_t i = check_below(&seed, COUNT_OF(items));
		struct item *it = &items[i];
		uint64_t hash = i % 2 == 0 ? poor_hash(i) : hmap_hash_u64(i);

		it->key = i;
		CHECK(map_find(&m, i, hash) == (it->in ? it : NULL));
		if (it->in)
			hmap_remove(&m, &it->map);
		else
			hmap_put(&m, &it->map, hash);
		count = it->in ? count - 1 : count + 1;
		it->in = !it->in;
		if (!CHECK_EQ(m.count, count))
			break;
	}
	hmap_fini(&m);
}

static void
map_walk(void)
{
	struct hmap_cursor c = {0};
	struct hmap_node *n;
	struct hmap m;
	size_t seen = 0;

	hmap_init(&m);
	CHECK(hmap_walk(&m, &c) == NULL);
	for (uint64_t i = 0; i < 100; i++) {
		struct item *it = mem_get(sizeof(*it));

		it->key = i;
		hmap_put(&m, &it->map, poor_hash(i));
	}
	c = (struct hmap_cursor){0};
	while ((n = hmap_walk(&m, &c)) != NULL) {
		CHECK(!CONTAINER_OF(n, struct item, map)->seen);
		CONTAINER_OF(n, struct item, map)->seen = true;
		seen++;
	}
	CHECK_EQ(seen, 100);
	c = (struct hmap_cursor){0};
	while ((n = hmap_walk(&m, &c)) != NULL) {
		hmap_remove(&m, n);
		mem_free(CONTAINER_OF(n, struct item, map));
	}
	CHECK_EQ(m.count, 0);
	hmap_fini(&m);
}

/* The smallest key among the items in the heap. */
static int64_t
smallest(const struct item *items, size_t n)
{
	int64_t min = INT64_MAX;

	for (size_t i = 0; i < n; i++)
		if (heap_has(&items[i].heap) && items[i].heap.key < min)
			min = items[i].heap.key;
	return min;
}

static void
heap_property(void)
{
	static struct item items[60];
	uint64_t seed = 5;
	struct heap h;

	heap_init(&h);
	CHECK(heap_min(&h) == NULL);
	memset(items, 0, sizeof(items));
	for (int round = 0; round < 20000; round++) {
		struct heap_node *n = &items[check_below(&seed, COUNT_OF(items))].heap;
		int64_t key = (int64_t)check_below(&seed, 100) - 50;

		switch (check_below(&seed, 3)) {
		case 0:
			heap_remove(&h, n);
			CHECK(!heap_has(n));
			break;
		case 1:
			heap_move(&h, n, key);
			CHECK(heap_has(n) && n->key == key);
			break;
		default:
			if (!heap_has(n))
				heap_put(&h, n, key);
		}
		if (h.count > 0 && !CHECK_EQ(heap_min(&h)->key, smallest(items, COUNT_OF(items))))
			break;
	}
	for (int64_t last = INT64_MIN; h.count > 0; heap_remove(&h, heap_min(&h))) {
		CHECK(heap_min(&h)->key >= last);
		last = heap_min(&h)->key;
	}
	heap_fini(&h);
}

static const struct check_row rows[] = {
	{"list_order", list_order},
	{"siphash_vectors", siphash_vectors},
	{"map_property", map_property},
	{"map_walk", map_walk},
	{"heap_property", heap_property},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
