/*
 * Memory of pollers, by descriptor.
 */
#include "ports/poller_slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "os/poller.h"

struct poller_slot *
poller_slot_get(struct poller_slots *s, int fd)
{
	size_t need = (size_t)fd + 1, cap = s->cap ? s->cap : 64;
	struct poller_slot *at;

	if (need > s->cap) {
		while (cap < need)
			cap *= 2;
		at = realloc(s->at, cap * sizeof(*at));
		if (!at)
			return NULL;
		memset(at + s->cap, 0, (cap - s->cap) * sizeof(*at));
		s->at = at;
		s->cap = cap;
	}
	return &s->at[fd];
}

struct poller_slot *
poller_slot_find(const struct poller_slots *s, int fd)
{
	if (fd < 0 || (size_t)fd >= s->cap || s->at[fd].want == 0)
		return NULL;
	return &s->at[fd];
}

void
poller_slots_fini(struct poller_slots *s)
{
	free(s->at);
	*s = (struct poller_slots){0};
}

/* ---- always ready ---- */

static struct poller_always_row *
always_find(const struct poller_always *a, int fd)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->rows[i].fd == fd)
			return &a->rows[i];
	return NULL;
}

bool
poller_always_has(const struct poller_always *a, int fd)
{
	return a->count > 0 && always_find(a, fd);
}

int
poller_always_set(struct poller_always *a, int fd, unsigned want, void *tag)
{
	struct poller_always_row *row = always_find(a, fd);

	if (want == 0) {
		if (row)
			*row = a->rows[--a->count];
		return 0;
	}
	if (!row) {
		if (a->count == a->cap) {
			size_t cap = a->cap ? a->cap * 2 : 4;
			struct poller_always_row *rows = realloc(a->rows, cap * sizeof(*rows));

			if (!rows)
				return -ENOMEM;
			a->rows = rows;
			a->cap = cap;
		}
		row = &a->rows[a->count++];
	}
	*row = (struct poller_always_row){fd, want, tag};
	return 0;
}

int
poller_always_fill(struct poller_always *a, struct poller_ready *out, int max)
{
	int filled = 0;

	for (size_t i = 0; i < a->count && filled < max; i++) {
		if (a->start >= a->count)
			a->start = 0;
		out[filled].tag = a->rows[a->start].tag;
		out[filled].what = a->rows[a->start].want;
		filled++;
		a->start++;
	}
	return filled;
}

void
poller_always_fini(struct poller_always *a)
{
	free(a->rows);
	*a = (struct poller_always){0};
}
