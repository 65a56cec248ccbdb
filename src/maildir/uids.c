/*
 * Lists of UIDs.
 */
#include "maildir/uids.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

void
uids_add(struct uids *u, uint32_t uid)
{
	if (u->n == u->cap) {
		u->cap = u->cap ? u->cap * 2 : 16;
		u->p = mem_resize(u->p, u->cap * sizeof(*u->p));
	}
	u->p[u->n++] = uid;
}

void
uids_free(struct uids *u)
{
	mem_free(u->p);
	*u = (struct uids){0};
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void
uids_sort(struct uids *u)
{
	bool sorted = true;
	size_t to = 0;

	for (size_t i = 1; i < u->n && sorted; i++)
		sorted = u->p[i - 1] < u->p[i];
	if (sorted)
		return;
	qsort(u->p, u->n, sizeof(*u->p), compare);
	for (size_t i = 0; i < u->n; i++)
		if (to == 0 || u->p[to - 1] != u->p[i])
			u->p[to++] = u->p[i];
	u->n = to;
}

struct uids
uids_copy(const uint32_t *p, size_t n)
{
	struct uids u = {.p = mem_get((n ? n : 1) * sizeof(*p)), .n = n, .cap = n ? n : 1};

	if (n)
		memcpy(u.p, p, n * sizeof(*p));
	uids_sort(&u);
	return u;
}
