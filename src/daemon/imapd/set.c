/*
 * Sets of messages. A client's ranges come in any order and may overlap; here they become the
 * session's sequence numbers, ascending (RFC 3501 section 9, sequence-set).
 */
#include <stdlib.h>

#include "daemon/imapd/set.h"

static int
by_first(const void *a, const void *b)
{
	const struct seq_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* One range of the client's as sequence numbers; false: no message is in it. */
static bool
resolve(const struct view *v, struct imap_range r, bool is_uid, struct seq_range *out)
{
	uint32_t count = view_count(v), star = is_uid && count ? view_uid(v, count) : count;

	if (count == 0)
		return false;
	/* "*" is the largest number in use, also when the other end is larger still. */
	if (r.from == UINT32_MAX)
		r.from = star;
	if (r.to == UINT32_MAX)
		r.to = star;
	if (r.from > r.to) {
		uint32_t swap = r.from;

		r.from = r.to;
		r.to = swap;
	}
	if (is_uid) {
		r.from = view_seq_from(v, r.from);
		r.to = r.to == UINT32_MAX ? count : view_seq_from(v, r.to + 1) - 1;
	}
	if (r.from == 0)
		r.from = 1;
	if (r.to > count)
		r.to = count;
	*out = (struct seq_range){r.from, r.to};
	return r.from <= r.to;
}

bool
set_resolve(
    const struct view *v, const struct imap_set *from, struct arena *a, struct seq_set *out)
{
	size_t n = 0, kept = 0;
	bool sorted = true;

	out->v = arena_get_array(a, from->count, sizeof(*out->v));
	out->n = 0;
	if (!out->v)
		return false;
	for (size_t i = 0; i < from->count; i++) {
		if (!resolve(v, from->ranges[i], from->is_uid, &out->v[n]))
			continue;
		sorted = sorted && (n == 0 || out->v[n - 1].first <= out->v[n].first);
		n++;
	}
	if (!sorted)
		qsort(out->v, n, sizeof(*out->v), by_first);
	for (size_t i = 0; i < n; i++) {
		struct seq_range r = out->v[i];

		if (kept && r.first <= out->v[kept - 1].last + 1) {
			if (r.last > out->v[kept - 1].last)
				out->v[kept - 1].last = r.last;
		} else {
			out->v[kept++] = r;
		}
	}
	out->n = kept;
	return true;
}

bool
set_all(const struct view *v, struct arena *a, struct seq_set *out)
{
	const struct imap_range all = {1, UINT32_MAX};

	return set_resolve(v, &(struct imap_set){.ranges = &all, .count = 1}, a, out);
}

/* Index of the first range that ends at seq or behind it. */
static size_t
find(const struct seq_set *s, uint32_t seq)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->v[middle].last < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t
set_next(const struct seq_set *s, uint32_t after)
{
	size_t i;

	if (after == UINT32_MAX)
		return 0;
	i = find(s, after + 1);
	if (i == s->n)
		return 0;
	return s->v[i].first > after ? s->v[i].first : after + 1;
}

bool
set_has(const struct seq_set *s, uint32_t seq)
{
	size_t i = find(s, seq);

	return i < s->n && s->v[i].first <= seq;
}

bool
set_uids(const struct view *v, const struct seq_set *s, struct arena *a, struct uid_list *out)
{
	size_t count = 0;

	for (size_t i = 0; i < s->n; i++)
		count += s->v[i].last - s->v[i].first + 1;
	*out = (struct uid_list){.v = arena_get_array(a, count, sizeof(uint32_t)), .cap = count};
	if (!out->v)
		return false;
	for (uint32_t seq = 0; (seq = set_next(s, seq)) != 0;) {
		const struct message *m = view_message(v, seq);

		if (m)
			out->v[out->n++] = m->uid;
	}
	return true;
}
