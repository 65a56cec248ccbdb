/*
 * What a session knows: numbers as the merge of two ascending lists, the messages that are there
 * and those that were removed and not told.
 */
#include "maildir/view.h"

#include <stdlib.h>

#include "base/arena.h"
#include "maildir/mailbox_int.h"
#include "maildir/uids.h"

/* First place in an ascending list whose UID is not smaller. */
static size_t
lower(const uint32_t *p, size_t n, uint32_t uid)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p[mid] < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Messages of the mailbox which the session knows. */
static size_t
present(const struct view *v)
{
	return v->known_uid == UINT32_MAX ? v->mailbox->shown
					  : mailbox_index(v->mailbox, v->known_uid + 1);
}

/* ---- \Recent ---- */

static void
recent_add(struct view *v, uint32_t uid)
{
	struct view_range *last = v->recent_count ? &v->recent[v->recent_count - 1] : NULL;

	if (last && last->last + 1 == uid) {
		last->last = uid;
		return;
	}
	if (v->recent_count == v->recent_cap) {
		v->recent_cap = v->recent_cap ? v->recent_cap * 2 : 2;
		v->recent = mem_resize(v->recent, v->recent_cap * sizeof(*v->recent));
	}
	v->recent[v->recent_count++] = (struct view_range){uid, uid};
}

/* RFC 3501 section 2.3.2: the first session that is told of a message takes it. */
static void
take_recent(struct view *v, size_t from, size_t to)
{
	struct mailbox *m = v->mailbox;
	bool move = false;

	for (size_t i = from; i < to; i++) {
		struct message *r = &m->all.p[i];

		if (!(r->more & MORE_UNTAKEN))
			continue;
		recent_add(v, r->uid);
		if (!v->read_write)
			continue;
		r->more &= ~MORE_UNTAKEN;
		move = true;
	}
	if (move)
		mailbox_start_mover(m);
}

bool
view_is_recent(const struct view *v, uint32_t uid)
{
	size_t lo = 0, hi = v->recent_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->recent[mid].last < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < v->recent_count && v->recent[lo].first <= uid;
}

uint32_t
view_recent_count(const struct view *v)
{
	uint32_t n = 0;

	/* Ranges may span UIDs that are gone: what the session numbers is what counts. */
	for (size_t i = 0; i < v->recent_count; i++) {
		const struct view_range *r = &v->recent[i];

		n += view_seq_from(v, r->last + 1) - view_seq_from(v, r->first);
	}
	return n;
}

/* ---- life ---- */

void
view_init(struct view *v, struct mailbox *m, bool read_write)
{
	void (*changed)(struct view *) = v->changed;
	void *arg = v->arg;

	*v = (struct view){.changed = changed, .arg = arg, .mailbox = m, .read_write = read_write};
	mailbox_hold(m);
	list_node_init(&v->node);
	list_append(&m->views, &v->node);
	v->known_modseq = m->modseq;
	if (m->shown)
		v->known_uid = m->all.p[m->shown - 1].uid;
	take_recent(v, 0, m->shown);
}

void
view_fini(struct view *v)
{
	if (!v->mailbox)
		return;
	list_remove(&v->node);
	mem_free(v->expunged);
	mem_free(v->recent);
	mem_free(v->told);
	mailbox_close(v->mailbox);
	*v = (struct view){.changed = v->changed, .arg = v->arg};
}

/* ---- numbers ---- */

uint32_t
view_count(const struct view *v)
{
	return (uint32_t)(present(v) + v->expunged_count);
}

/* R3501-2.3.1.2-a */
uint32_t
view_uid(const struct view *v, uint32_t seq)
{
	const struct message *all = v->mailbox->all.p;
	size_t here = present(v), k = seq, lo, hi;

	if (seq == 0 || k > here + v->expunged_count)
		return 0;
	/* How many of the first k are removed ones: the largest j with expunged[j - 1] before the
	 * (k - j + 1)th that is there. */
	lo = k > here ? k - here : 0;
	hi = k < v->expunged_count ? k : v->expunged_count;
	while (lo < hi) {
		size_t j = lo + (hi - lo + 1) / 2;

		if (k - j >= here || v->expunged[j - 1] < all[k - j].uid)
			lo = j;
		else
			hi = j - 1;
	}
	if (lo == k || (lo > 0 && v->expunged[lo - 1] > all[k - lo - 1].uid))
		return v->expunged[lo - 1];
	return all[k - lo - 1].uid;
}

uint32_t
view_seq_from(const struct view *v, uint32_t uid)
{
	size_t here = present(v), at = mailbox_index(v->mailbox, uid);

	at = at < here ? at : here;
	return (uint32_t)(at + lower(v->expunged, v->expunged_count, uid)) + 1;
}

uint32_t
view_seq(const struct view *v, uint32_t uid)
{
	uint32_t seq;

	if (uid == 0 || uid > v->known_uid)
		return 0;
	seq = view_seq_from(v, uid);
	return view_uid(v, seq) == uid ? seq : 0;
}

const struct message *
view_message(const struct view *v, uint32_t seq)
{
	uint32_t uid = view_uid(v, seq);

	return uid ? mailbox_find(v->mailbox, uid) : NULL;
}

/* ---- what happened ---- */

static void
merge_expunged(struct view *v, const uint32_t *uids, size_t count)
{
	struct uids merged = {.p = v->expunged, .n = v->expunged_count, .cap = v->expunged_cap};

	for (size_t i = 0; i < count; i++)
		if (uids[i] <= v->known_uid && mailbox_find(v->mailbox, uids[i]))
			uids_add(&merged, uids[i]);
	uids_sort(&merged);
	v->expunged = merged.p;
	v->expunged_count = merged.n;
	v->expunged_cap = merged.cap;
}

void
views_removed(struct mailbox *m, const uint32_t *uids, size_t count)
{
	LIST_EACH (&m->views, n)
		merge_expunged(CONTAINER_OF(n, struct view, node), uids, count);
}

static bool
has_news(const struct view *v)
{
	const struct mailbox *m = v->mailbox;

	return m->gone || v->expunged_count || m->modseq > v->known_modseq ||
	       (m->shown && m->all.p[m->shown - 1].uid > v->known_uid);
}

void
views_tell(struct mailbox *m)
{
	LIST_EACH (&m->views, n) {
		struct view *v = CONTAINER_OF(n, struct view, node);

		if (v->told_changed || !v->changed || !has_news(v))
			continue;
		v->told_changed = true;
		v->changed(v);
	}
}

void
view_told(struct view *v, uint32_t uid)
{
	struct uids told = {.p = v->told, .n = v->told_count, .cap = v->told_cap};
	const struct message *r = mailbox_find(v->mailbox, uid);

	if (!r || r->modseq <= v->known_modseq)
		return;
	/* The low half of the modseq beside it: told once, changed twice is a change. */
	uids_add(&told, uid);
	uids_add(&told, (uint32_t)r->modseq);
	v->told = told.p;
	v->told_count = told.n;
	v->told_cap = told.cap;
}

/* The numbers of removed messages, each as it is when those before it were told. */
static void
sync_expunged(struct view *v, struct view_changes *out)
{
	size_t n = v->expunged_count, gone = 0;

	if (n == 0)
		return;
	out->expunged = mem_get(n * sizeof(*out->expunged));
	for (size_t i = 0; i < n; i++, gone++)
		out->expunged[i] = view_seq_from(v, v->expunged[i]) - (uint32_t)gone;
	out->expunged_count = n;
	mem_free(v->expunged);
	v->expunged = NULL;
	v->expunged_count = v->expunged_cap = 0;
}

struct told {
	uint32_t uid, modseq;
};

static int
told_cmp(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return x->modseq < y->modseq ? -1 : x->modseq > y->modseq;
}

static bool
was_told(const struct view *v, const struct message *r)
{
	struct told key = {.uid = r->uid, .modseq = (uint32_t)r->modseq};

	return v->told_count &&
	       bsearch(&key, v->told, v->told_count / 2, sizeof(struct told), told_cmp);
}

static void
sync_flags(struct view *v, size_t here, struct view_changes *out)
{
	const struct mailbox *m = v->mailbox;
	struct uids list = {0};

	if (m->modseq == v->known_modseq)
		return;
	if (v->told_count)
		qsort(v->told, v->told_count / 2, sizeof(struct told), told_cmp);
	for (size_t i = 0; i < here; i++)
		if (m->all.p[i].modseq > v->known_modseq && !was_told(v, &m->all.p[i]))
			uids_add(&list, m->all.p[i].uid);
	out->flags = list.p;
	out->flags_count = list.n;
	v->known_modseq = m->modseq;
	mem_free(v->told);
	v->told = NULL;
	v->told_count = v->told_cap = 0;
}

void
view_sync(struct view *v, bool may_expunge, struct view_changes *out)
{
	struct mailbox *m = v->mailbox;
	size_t here = present(v);

	*out = (struct view_changes){.is_gone = m->gone};
	v->told_changed = false;
	if (may_expunge)
		sync_expunged(v, out);
	sync_flags(v, here, out);
	if (m->shown > here) {
		out->has_new = true;
		v->known_uid = m->all.p[m->shown - 1].uid;
		take_recent(v, here, m->shown);
	}
	out->count = view_count(v);
	out->recent = view_recent_count(v);
}

void
view_changes_fini(struct view_changes *c)
{
	mem_free(c->expunged);
	mem_free(c->flags);
	*c = (struct view_changes){0};
}
