/*
 * What a poller has to remember of each descriptor when the system does not: an array by number.
 */
#ifndef PORTS_POLLER_SLOTS_H
#define PORTS_POLLER_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct poller_slot {
	void *tag;
	unsigned want; /* POLLER_ bits; 0: not known */
	bool is_due;   /* evport: it has to be associated again */
};

struct poller_slots {
	struct poller_slot *at;
	size_t cap;
	size_t count; /* with want != 0; the owner's to keep */
};

/* The slot of fd, made when it is missing; NULL when there is no memory. Valid until the next. */
struct poller_slot *poller_slot_get(struct poller_slots *s, int fd);

/* The slot of fd when it is wanted, else NULL. */
struct poller_slot *poller_slot_find(const struct poller_slots *s, int fd);

/* Releases all. */
void poller_slots_fini(struct poller_slots *s);

/*
 * Descriptors that a mechanism refuses because they are always ready (regular files, /dev/null on
 * some systems): kept here instead, and told with each wait.
 */
struct poller_always {
	struct poller_always_row {
		int fd;
		unsigned want;
		void *tag;
	} *rows;
	size_t count, cap, start;
};

/* Is fd one of them? */
bool poller_always_has(const struct poller_always *a, int fd);

/* Sets, changes or (want 0) forgets one. 0 or -ENOMEM. */
int poller_always_set(struct poller_always *a, int fd, unsigned want, void *tag) ATTR_CHECKED;

struct poller_ready;

/* The next ones in turn, at most max; their number. */
int poller_always_fill(struct poller_always *a, struct poller_ready *out, int max);

/* Releases all. */
void poller_always_fini(struct poller_always *a);

#endif
