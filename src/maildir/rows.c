/*
 * Rows, strings, names.
 */
#include "maildir/rows.h"

#include "base/arena.h"
#include "base/hmap.h"

/* ---- rows ---- */

size_t
rows_index(const struct rows *r, uint32_t uid)
{
	size_t lo, hi;
	uint64_t last;

	if (r->count == 0 || uid <= r->p[0].uid)
		return 0;
	last = r->p[r->count - 1].uid;
	if (uid > last)
		return r->count;
	/* UIDs ascend, so their distance bounds that of their places. */
	hi = uid - r->p[0].uid;
	hi = hi < r->count - 1 ? hi : r->count - 1;
	lo = last - uid < r->count ? r->count - 1 - (size_t)(last - uid) : 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->p[mid].uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct message *
rows_find(const struct rows *r, uint32_t uid)
{
	size_t i = rows_index(r, uid);

	return i < r->count && r->p[i].uid == uid ? &r->p[i] : NULL;
}

struct message *
rows_add(struct rows *r, const struct message *m)
{
	size_t at = r->count;

	if (r->count == r->cap) {
		r->cap = r->cap ? r->cap + r->cap / 2 : 16;
		r->p = mem_resize(r->p, r->cap * sizeof(*r->p));
	}
	/* Nearly always at the end. */
	if (at && r->p[at - 1].uid > m->uid) {
		at = rows_index(r, m->uid);
		memmove(&r->p[at + 1], &r->p[at], (r->count - at) * sizeof(*r->p));
	}
	r->p[at] = *m;
	r->count++;
	return &r->p[at];
}

void
rows_remove(struct rows *r, const uint32_t *uids, size_t count)
{
	size_t from, to, k = 0;

	if (count == 0)
		return;
	from = to = rows_index(r, uids[0]);
	for (; from < r->count; from++) {
		while (k < count && uids[k] < r->p[from].uid)
			k++;
		if (k == count || uids[k] != r->p[from].uid)
			r->p[to++] = r->p[from];
	}
	r->count = to;
}

/* ---- strings ---- */

#define POOL_BLOCK_BYTES (64u << 10)

const char *
pool_name(struct pool *p, struct slice base, struct slice tail, bool has_tail)
{
	size_t need = base.n + 1 + (has_tail ? tail.n + 1 : 0);
	struct pool_block *b = p->first;
	char *at;

	if (!b || b->size - b->used < need) {
		size_t size = !b ? 1024 : POOL_BLOCK_BYTES;

		b = mem_get(sizeof(*b) + size);
		*b = (struct pool_block){.next = p->first, .size = size};
		p->first = b;
	}
	at = b->bytes + b->used;
	b->used += need;
	p->live += need;
	if (base.n)
		memcpy(at, base.p, base.n);
	at[base.n] = '\0';
	if (has_tail) {
		if (tail.n)
			memcpy(at + base.n + 1, tail.p, tail.n);
		at[base.n + 1 + tail.n] = '\0';
	}
	return at;
}

void
pool_free(struct pool *p)
{
	while (p->first) {
		struct pool_block *b = p->first;

		p->first = b->next;
		mem_free(b);
	}
	*p = (struct pool){0};
}

/* ---- base name -> UID ---- */

static void
names_place(struct names *n, uint32_t hash, uint32_t uid)
{
	size_t i = hash & n->mask;

	while (n->slots[i].uid)
		i = (i + 1) & n->mask;
	n->slots[i] = (struct name_slot){.hash = hash, .uid = uid};
}

static void
names_resize(struct names *n, size_t slots)
{
	struct name_slot *old = n->slots;
	size_t size = old ? n->mask + 1 : 0;

	n->mask = slots - 1;
	n->slots = mem_get(slots * sizeof(*n->slots));
	for (size_t i = 0; i < size; i++)
		if (old[i].uid)
			names_place(n, old[i].hash, old[i].uid);
	mem_free(old);
}

void
names_reserve(struct names *n, size_t count)
{
	size_t slots = 32;

	while (slots * 2 < count * 3)
		slots *= 2;
	if (!n->slots || slots > n->mask + 1)
		names_resize(n, slots);
}

uint32_t
names_hash(struct slice base)
{
	return (uint32_t)hmap_hash(base);
}

void
names_put(struct names *n, uint32_t hash, uint32_t uid)
{
	if (!n->slots || n->count * 3 >= (n->mask + 1) * 2)
		names_resize(n, n->slots ? (n->mask + 1) * 2 : 32);
	names_place(n, hash, uid);
	n->count++;
}

void
names_remove(struct names *n, struct slice base, uint32_t uid)
{
	uint32_t hash = names_hash(base);
	size_t hole = hash & n->mask, i;

	if (!n->slots)
		return;
	while (n->slots[hole].uid && n->slots[hole].uid != uid)
		hole = (hole + 1) & n->mask;
	if (!n->slots[hole].uid)
		return;
	/* What stands behind the hole moves up, unless that would put it before its home. */
	for (i = (hole + 1) & n->mask; n->slots[i].uid; i = (i + 1) & n->mask) {
		size_t home = n->slots[i].hash & n->mask;

		if (((i - home) & n->mask) < ((i - hole) & n->mask))
			continue;
		n->slots[hole] = n->slots[i];
		hole = i;
	}
	n->slots[hole] = (struct name_slot){0};
	n->count--;
}
