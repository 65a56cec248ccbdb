/* What one session sees: the selected folder, what changed in it, and questions about messages. */
#include "imap/tests/store.h"

#include "imap/tests/store_int.h"

#define SCRATCH_MAX ((size_t)256 << 20)

void
store_view_init(struct store_view *v, struct store *st)
{
	*v = (struct store_view){.store = st};
	v->scratch = arena_new("store", SCRATCH_MAX);
	v->append_arena = arena_new("append", SCRATCH_MAX);
	buf_init(&v->append_body, SCRATCH_MAX);
}

void
store_view_fini(struct store_view *v)
{
	for (size_t i = 0; i < STORE_HANDLES; i++)
		if (v->handles[i].in_use)
			buf_fini(&v->handles[i].content);
	arena_free(v->scratch);
	arena_free(v->append_arena);
	buf_fini(&v->append_body);
	mem_free(v->seen);
}

struct imap_keywords
store_keywords(const struct store_view *v)
{
	struct slice *names = arena_get_array(v->scratch, IMAP_KEYWORDS_MAX, sizeof(*names));
	unsigned n = v->folder ? v->folder->keyword_count : 0;

	if (n)
		memcpy(names, v->folder->keywords, n * sizeof(*names));
	return (struct imap_keywords){.names = names, .count = n, .may_add = n < IMAP_KEYWORDS_MAX};
}

bool
store_in_set(const struct imap_set *set, const struct store_view *v, size_t i)
{
	uint32_t number = set->is_uid ? v->seen[i].uid : (uint32_t)i + 1;
	uint32_t last = set->is_uid ? v->seen[v->count - 1].uid : (uint32_t)v->count;

	for (size_t k = 0; k < set->count; k++) {
		uint32_t from = set->ranges[k].from, to = set->ranges[k].to;

		if (to == UINT32_MAX) { /* 9:* is the last one, however small it is */
			to = last;
			from = from > last ? last : from;
		}
		if (number >= from && number <= to)
			return true;
	}
	return false;
}

static void
see(struct store_view *v, struct store_message *m)
{
	if (v->count == v->room) {
		v->room = v->room ? v->room * 2 : 16;
		v->seen = mem_resize(v->seen, v->room * sizeof(*v->seen));
	}
	v->seen[v->count++] = (struct store_seen){
		.uid = m->uid,
		.flags = m->flags,
		.keywords = m->keywords,
		.is_recent = m->is_new,
	};
	v->told_uid = m->uid;
	if (!v->read_only)
		m->is_new = false;
}

/* Messages that came; were there any? */
static bool
see_new(struct store_view *v)
{
	size_t before = v->count;

	for (size_t i = 0; i < v->folder->count; i++)
		if (v->folder->messages[i]->uid > v->told_uid)
			see(v, v->folder->messages[i]);
	return v->count > before;
}

static uint32_t
count_recent(const struct store_view *v)
{
	uint32_t n = 0;

	for (size_t i = 0; i < v->count; i++)
		n += v->seen[i].is_recent;
	return n;
}

static void
deselect(struct store_view *v)
{
	v->folder = NULL;
	v->count = 0;
	v->told_uid = 0;
}

static const void *
do_select(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_select *d = detail;
	struct imap_selected *m = arena_get(v->scratch, sizeof(*m));

	deselect(v);
	v->folder = store_wanted(v, d->name, f);
	if (!v->folder)
		return NULL;
	v->read_only = d->read_only;
	see_new(v);
	v->told_keywords = v->folder->keyword_count;
	*m = (struct imap_selected){
		.exists = (uint32_t)v->count,
		.recent = count_recent(v),
		.uidvalidity = v->folder->uidvalidity,
		.uidnext = v->folder->uidnext,
		.keywords = store_keywords(v),
		.read_only = d->read_only,
		.uid_not_sticky = v->store->uid_not_sticky,
	};
	for (size_t i = v->count; i > 0; i--)
		if (!(v->seen[i - 1].flags & IMAP_SEEN))
			m->first_unseen = (uint32_t)i;
	return m;
}

static void
remove_deleted(struct store_view *v, const struct imap_set *set)
{
	for (size_t i = 0; i < v->count; i++) {
		struct store_message *m = store_message(v->folder, v->seen[i].uid);
		size_t k = 0;

		if (!m || !(m->flags & IMAP_DELETED) || (set && !store_in_set(set, v, i)))
			continue;
		while (v->folder->messages[k] != m)
			k++;
		store_remove(v->folder, k);
	}
}

static const void *
do_close(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_close *d = detail;

	(void)f;
	if (d->expunge && v->folder->exists)
		remove_deleted(v, NULL);
	deselect(v);
	return NULL;
}

static const void *
do_expunge(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_expunge *d = detail;

	(void)f;
	remove_deleted(v, d->has_set ? &d->set : NULL);
	return NULL;
}

/* Sequence numbers of what went, each as valid after those before it. */
static void
forget_gone(struct store_view *v, struct imap_changes *c)
{
	uint32_t *gone = arena_get_array(v->scratch, v->count, sizeof(*gone));
	size_t left = 0;

	for (size_t i = 0; i < v->count; i++) {
		if (store_message(v->folder, v->seen[i].uid))
			v->seen[left++] = v->seen[i];
		else
			gone[c->expunged_count++] = (uint32_t)left + 1;
	}
	v->count = left;
	c->expunged = gone;
}

static void
tell_flags(struct store_view *v, struct imap_changes *c)
{
	struct imap_flags *flags = arena_get_array(v->scratch, v->count, sizeof(*flags));

	c->flags = flags;
	for (size_t i = 0; i < v->count; i++) {
		struct store_seen *seen = &v->seen[i];
		const struct store_message *m = store_message(v->folder, seen->uid);

		if (!m || (!seen->must_tell && m->flags == seen->flags &&
			      m->keywords == seen->keywords))
			continue;
		if (v->sync_step && c->flags_count == v->sync_step) {
			c->more = true;
			return;
		}
		seen->flags = m->flags;
		seen->keywords = m->keywords;
		seen->must_tell = false;
		flags[c->flags_count++] = (struct imap_flags){.seq = (uint32_t)i + 1,
		    .uid = seen->uid,
		    .flags = m->flags | (seen->is_recent ? IMAP_RECENT : 0u),
		    .keywords = m->keywords};
	}
}

static const void *
do_sync(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_sync *d = detail;
	struct imap_changes *c = arena_get(v->scratch, sizeof(*c));

	(void)f;
	c->gone = !v->folder || !v->folder->exists;
	if (c->gone)
		return c;
	if (d->may_expunge)
		forget_gone(v, c);
	c->has_exists = see_new(v);
	c->exists = (uint32_t)v->count;
	c->recent = count_recent(v);
	c->keywords = store_keywords(v);
	c->keywords_changed = v->told_keywords != c->keywords.count;
	v->told_keywords = c->keywords.count;
	tell_flags(v, c);
	return c;
}

static void
store_one(const struct imap_store *d, uint64_t keywords, struct store_message *m)
{
	if (d->how == IMAP_STORE_REPLACE)
		m->flags = 0, m->keywords = 0;
	if (d->how == IMAP_STORE_REMOVE) {
		m->flags &= ~d->flags;
		m->keywords &= ~keywords;
	} else {
		m->flags |= d->flags;
		m->keywords |= keywords;
	}
}

static const void *
do_store(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_store *d = detail;
	uint64_t keywords = store_keyword_bits(v->folder, d->keywords, d->keyword_count);

	(void)f;
	for (size_t i = 0; i < v->count; i++) {
		struct store_message *m = store_message(v->folder, v->seen[i].uid);

		if (!m || !store_in_set(&d->set, v, i))
			continue;
		store_one(d, keywords, m);
		v->seen[i].must_tell = !d->is_silent;
		if (d->is_silent) {
			v->seen[i].flags = m->flags;
			v->seen[i].keywords = m->keywords;
		}
	}
	return NULL;
}

static size_t
octets_of(const struct store_folder *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++)
		n += f->messages[i]->content.n;
	return n;
}

static bool
has_room(const struct store_view *v, const struct store_folder *f, uint64_t n, struct fault *why)
{
	size_t limit = v->store->limit_bytes;

	if (!limit || (n <= limit && octets_of(f) <= limit - n))
		return true;
	fault_set(why, ST_LIMIT, "5.2.2", "The mailbox is full");
	return false;
}

static const void *
do_copy(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_copy *d = detail;
	struct store_folder *to = store_wanted(v, d->mailbox, f);
	struct imap_copied *c = arena_get(v->scratch, sizeof(*c));
	uint32_t *olds = arena_get_array(v->scratch, v->count, sizeof(*olds));
	uint32_t *news = arena_get_array(v->scratch, v->count, sizeof(*news));
	uint64_t total = 0;

	for (size_t i = 0; to && i < v->count; i++) {
		struct store_message *m = store_message(v->folder, v->seen[i].uid);

		total += m && store_in_set(&d->set, v, i) ? m->content.n : 0;
	}
	if (!to || !has_room(v, to, total, f))
		return NULL;
	*c = (struct imap_copied){.uidvalidity = to->uidvalidity, .from = olds, .to = news};
	for (size_t i = 0; i < v->count; i++) {
		struct store_message *m = store_message(v->folder, v->seen[i].uid), *new;

		if (!m || !store_in_set(&d->set, v, i))
			continue;
		new = store_put(to, buf_slice(&m->content), m->flags, 0, m->date_sec);
		for (unsigned k = 0; k < v->folder->keyword_count; k++)
			if (m->keywords >> k & 1)
				new->keywords |= store_keyword_bits(to, &v->folder->keywords[k], 1);
		olds[c->count] = m->uid;
		news[c->count++] = new->uid;
	}
	return c;
}

static const void *
do_append(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_append *d = detail;
	struct store_folder *to = store_wanted(v, d->mailbox, f);
	struct slice *keywords;

	if (!to || !has_room(v, to, d->size_bytes, f))
		return NULL;
	arena_reset(v->append_arena);
	buf_clear(&v->append_body);
	v->append = *d;
	v->append.mailbox = arena_copy(v->append_arena, d->mailbox);
	keywords = arena_get_array(v->append_arena, d->keyword_count, sizeof(*keywords));
	for (size_t i = 0; i < d->keyword_count; i++)
		keywords[i] = arena_copy(v->append_arena, d->keywords[i]);
	v->append.keywords = keywords;
	return NULL;
}

static const void *
do_append_end(struct store_view *v, const void *detail, struct fault *f)
{
	struct store_folder *to = store_wanted(v, v->append.mailbox, f);
	struct imap_appended *done = arena_get(v->scratch, sizeof(*done));

	(void)detail;
	if (to) {
		uint64_t bits = store_keyword_bits(to, v->append.keywords, v->append.keyword_count);

		done->uidvalidity = to->uidvalidity;
		done->uid = store_put(to, buf_slice(&v->append_body), v->append.flags, bits,
		    v->append.has_date ? v->append.date_sec : STORE_DATE_SEC)->uid;
	}
	buf_clear(&v->append_body);
	return done;
}

static const void *
do_append_drop(struct store_view *v, const void *detail, struct fault *f)
{
	(void)detail;
	(void)f;
	buf_clear(&v->append_body);
	return NULL;
}

static const void *
do_release(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_release *d = detail;
	struct store_handle *h = &v->handles[d->handle - 1];

	(void)f;
	buf_fini(&h->content);
	h->in_use = false;
	v->handles_open--;
	return NULL;
}

static const struct {
	store_fn *fn;
	bool changes;
} rows[] = {
	[IMAP_ASK_LIST] = {store_list, false},
	[IMAP_ASK_SELECT] = {do_select, false},
	[IMAP_ASK_CLOSE] = {do_close, true},
	[IMAP_ASK_STATUS] = {store_status, false},
	[IMAP_ASK_CREATE] = {store_create, false},
	[IMAP_ASK_DELETE] = {store_delete, true},
	[IMAP_ASK_RENAME] = {store_rename, true},
	[IMAP_ASK_SUBSCRIBE] = {store_subscribe, false},
	[IMAP_ASK_UNSUBSCRIBE] = {store_unsubscribe, false},
	[IMAP_ASK_APPEND] = {do_append, false},
	[IMAP_ASK_APPEND_END] = {do_append_end, true},
	[IMAP_ASK_APPEND_DROP] = {do_append_drop, false},
	[IMAP_ASK_SYNC] = {do_sync, false},
	[IMAP_ASK_FETCH] = {store_fetch, true},
	[IMAP_ASK_STORE] = {do_store, true},
	[IMAP_ASK_COPY] = {do_copy, true},
	[IMAP_ASK_EXPUNGE] = {do_expunge, true},
	[IMAP_ASK_SEARCH] = {store_search, false},
	[IMAP_ASK_RELEASE] = {do_release, false},
};

const void *
store_do(struct store_view *v, unsigned kind, const void *detail, struct fault *f, bool *changed)
{
	*f = FAULT_NONE;
	*changed = false;
	if (kind >= COUNT_OF(rows) || !rows[kind].fn) {
		fault_set(f, ST_PERM, "5.5.1", "This store cannot do that");
		return NULL;
	}
	arena_reset(v->scratch);
	*changed = rows[kind].changes;
	return rows[kind].fn(v, detail, f);
}
