/*
 * Intrusive doubly linked list. The head is a node whose neighbours are the first and last item.
 * An item embeds a struct list_node; CONTAINER_OF gives the item back. No allocation.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct list_node {
	struct list_node *prev, *next;
};

struct list {
	struct list_node head;
};

static inline void
list_init(struct list *l)
{
	l->head.prev = l->head.next = &l->head;
}

static inline bool
list_is_empty(const struct list *l)
{
	return l->head.next == &l->head;
}

/* A node in no list; list_remove and list_is_linked are safe on it. */
static inline void
list_node_init(struct list_node *n)
{
	n->prev = n->next = n;
}

static inline bool
list_is_linked(const struct list_node *n)
{
	return n->next != n;
}

static inline void
list_insert_before(struct list_node *at, struct list_node *n)
{
	n->prev = at->prev;
	n->next = at;
	at->prev->next = n;
	at->prev = n;
}

static inline void
list_append(struct list *l, struct list_node *n)
{
	list_insert_before(&l->head, n);
}

static inline void
list_prepend(struct list *l, struct list_node *n)
{
	list_insert_before(l->head.next, n);
}

/* Takes n out of whatever list it is in. */
static inline void
list_remove(struct list_node *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_node_init(n);
}

/* The first node, or NULL. */
static inline struct list_node *
list_first(struct list *l)
{
	return list_is_empty(l) ? NULL : l->head.next;
}

/* The node behind n, or NULL. */
static inline struct list_node *
list_next(struct list *l, struct list_node *n)
{
	return n->next == &l->head ? NULL : n->next;
}

/* Walk; the current node may be removed (not the next one). */
#define LIST_EACH(list_ptr, node)                                                              \
	for (struct list_node *node = (list_ptr)->head.next, *node##_next = node->next;        \
	    node != &(list_ptr)->head; node = node##_next, node##_next = node->next)

#endif
