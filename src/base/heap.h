/*
 * Intrusive binary min-heap on an int64 key (a time, a priority). Nodes know their place, so
 * removal and change of key cost O(log n). Growing the array is the only allocation.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t key;
	size_t place; /* index + 1; 0 when in no heap */
};

struct heap {
	struct heap_node **nodes;
	size_t count, cap;
};

/* An empty heap; heap_fini releases its places, not the nodes. */
void heap_init(struct heap *h);
void heap_fini(struct heap *h);

/* Puts n with key; n must be in no heap. A zeroed node is in no heap. */
void heap_put(struct heap *h, struct heap_node *n, int64_t key);

/* Takes n out; no effect when it is in no heap. */
void heap_remove(struct heap *h, struct heap_node *n);

/* Moves n to a new key, putting it in when it was out. */
void heap_move(struct heap *h, struct heap_node *n, int64_t key);

/* The node with the smallest key, or NULL. */
struct heap_node *heap_min(const struct heap *h);

static inline bool
heap_has(const struct heap_node *n)
{
	return n->place != 0;
}

#endif
