/*
 * Intrusive hash map with a keyed hash (SipHash-1-3), so that a peer cannot choose colliding keys.
 * Items embed a struct hmap_node; equality is the caller's. Growing is the only allocation.
 */
#ifndef BASE_HMAP_H
#define BASE_HMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct hmap_node {
	struct hmap_node *next;
	uint64_t hash;
};

struct hmap {
	struct hmap_node **slots;
	size_t mask;  /* slots - 1, a power of two less one; 0 while empty */
	size_t count;
};

/*
 * Sets the process-wide hash key (16 bytes); call once at start, from os/random. Without it the key
 * is zero (tests).
 */
void hmap_seed(const unsigned char key[16]);

/* Keyed hash of bytes; hmap_ihash folds ASCII case. hmap_hash_u64 for numbers. */
uint64_t hmap_hash(struct slice key);
uint64_t hmap_ihash(struct slice key);
uint64_t hmap_hash_u64(uint64_t key);

/* An empty map; takes no memory before the first node. */
void hmap_init(struct hmap *m);

/* Releases the slots, not the items. */
void hmap_fini(struct hmap *m);

/* Adds a node under hash; does not look for an equal one. */
void hmap_put(struct hmap *m, struct hmap_node *n, uint64_t hash);

/* Takes out a node which is in the map. */
void hmap_remove(struct hmap *m, struct hmap_node *n);

/*
 * First node with exactly this hash, and the next one after n with the same hash; NULL at the end.
 * The caller compares keys.
 */
struct hmap_node *hmap_first(const struct hmap *m, uint64_t hash);
struct hmap_node *hmap_next(const struct hmap_node *n);

/*
 * Walk over all, in no order: *c starts as {0}; NULL at the end. The node just returned may be
 * removed and freed; otherwise the map must not change during the walk.
 */
struct hmap_cursor {
	size_t slot;
	struct hmap_node *next;
};
struct hmap_node *hmap_walk(const struct hmap *m, struct hmap_cursor *c);

#endif
