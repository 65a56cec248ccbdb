#include "base/heap.h"

#include "base/arena.h"

void
heap_init(struct heap *h)
{
	*h = (struct heap){0};
}

void
heap_fini(struct heap *h)
{
	mem_free(h->nodes);
	heap_init(h);
}

static void
place(struct heap *h, size_t i, struct heap_node *n)
{
	h->nodes[i] = n;
	n->place = i + 1;
}

/* Moves n, whose place i is free to take, towards the root. */
static size_t
sift_up(struct heap *h, size_t i, struct heap_node *n)
{
	while (i > 0 && h->nodes[(i - 1) / 2]->key > n->key) {
		place(h, i, h->nodes[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(h, i, n);
	return i;
}

/* The same, away from the root. */
static void
sift_down(struct heap *h, size_t i, struct heap_node *n)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->count && h->nodes[child + 1]->key < h->nodes[child]->key)
			child++;
		if (child >= h->count || h->nodes[child]->key >= n->key)
			break;
		place(h, i, h->nodes[child]);
		i = child;
	}
	place(h, i, n);
}

void
heap_put(struct heap *h, struct heap_node *n, int64_t key)
{
	if (h->count == h->cap) {
		h->cap = h->cap == 0 ? 16 : h->cap * 2;
		h->nodes = mem_resize(h->nodes, h->cap * sizeof(struct heap_node *));
	}
	n->key = key;
	sift_up(h, h->count++, n);
}

void
heap_remove(struct heap *h, struct heap_node *n)
{
	struct heap_node *last;
	size_t i;

	if (!heap_has(n))
		return;
	i = n->place - 1;
	n->place = 0;
	last = h->nodes[--h->count];
	if (last != n && sift_up(h, i, last) == i)
		sift_down(h, i, last);
}

void
heap_move(struct heap *h, struct heap_node *n, int64_t key)
{
	size_t i;

	if (!heap_has(n)) {
		heap_put(h, n, key);
		return;
	}
	i = n->place - 1;
	n->key = key;
	if (sift_up(h, i, n) == i)
		sift_down(h, i, n);
}

struct heap_node *
heap_min(const struct heap *h)
{
	return h->count == 0 ? NULL : h->nodes[0];
}
