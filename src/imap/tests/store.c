/* The store: folders, messages, and the questions about folders. */
#include "imap/tests/store.h"

#include "imap/tests/store_int.h"

static struct slice
copy(struct slice s)
{
	unsigned char *p = mem_get(s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return sl_mem(p, s.n);
}

static void
message_free(struct store_message *m)
{
	arena_free(m->arena);
	buf_fini(&m->content);
	mem_free(m);
}

static void
folder_empty(struct store_folder *f)
{
	for (size_t i = 0; i < f->count; i++)
		message_free(f->messages[i]);
	f->count = 0;
	for (unsigned k = 0; k < f->keyword_count; k++)
		mem_free((void *)(uintptr_t)f->keywords[k].p);
	f->keyword_count = 0;
}

void
store_init(struct store *st)
{
	*st = (struct store){.uidvalidity = STORE_UIDVALIDITY - 1};
	store_make(st, SL("INBOX"));
}

void
store_fini(struct store *st)
{
	struct store_folder *f;

	while ((f = st->folders) != NULL) {
		st->folders = f->next;
		folder_empty(f);
		mem_free(f->messages);
		mem_free((void *)(uintptr_t)f->name.p);
		mem_free(f);
	}
}

/* The entry of a name, existing or not. */
static struct store_folder *
entry_find(struct store *st, struct slice name)
{
	for (struct store_folder *f = st->folders; f; f = f->next)
		if (sl_eq(f->name, name))
			return f;
	return NULL;
}

static struct store_folder *
entry_make(struct store *st, struct slice name)
{
	struct store_folder **at = &st->folders, *f = entry_find(st, name);

	if (f)
		return f;
	while (*at && sl_cmp((*at)->name, name) < 0)
		at = &(*at)->next;
	f = mem_get(sizeof(*f));
	f->name = copy(name);
	f->next = *at;
	*at = f;
	return f;
}

struct store_folder *
store_find(struct store *st, struct slice name)
{
	struct store_folder *f = entry_find(st, name);

	return f && f->exists ? f : NULL;
}

struct store_folder *
store_make(struct store *st, struct slice name)
{
	struct store_folder *f = entry_make(st, name);

	f->exists = true;
	f->is_level = false;
	f->uidvalidity = ++st->uidvalidity;
	f->uidnext = 1;
	for (size_t dot = 0; dot < name.n; dot++)
		if (name.p[dot] == '.' && !store_find(st, sl_sub(name, 0, dot)))
			entry_make(st, sl_sub(name, 0, dot))->is_level = true;
	return f;
}

struct store_message *
store_put(struct store_folder *f, struct slice content, unsigned flags, uint64_t keywords,
    int64_t date_sec)
{
	struct store_message *m = mem_get(sizeof(*m));

	if (f->count == f->room) {
		f->room = f->room ? f->room * 2 : 16;
		f->messages = mem_resize(f->messages, f->room * sizeof(struct store_message *));
	}
	buf_init(&m->content, (size_t)1 << 30);
	buf_put(&m->content, content);
	m->uid = f->uidnext++;
	m->flags = flags;
	m->keywords = keywords;
	m->date_sec = date_sec;
	m->is_new = true;
	f->messages[f->count++] = m;
	return m;
}

struct store_message *
store_message(const struct store_folder *f, uint32_t uid)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->messages[mid]->uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < f->count && f->messages[low]->uid == uid ? f->messages[low] : NULL;
}

uint64_t
store_keyword_bits(struct store_folder *f, const struct slice *names, size_t count)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned k = 0;

		while (k < f->keyword_count && !sl_ieq(f->keywords[k], names[i]))
			k++;
		if (k == f->keyword_count && k < IMAP_KEYWORDS_MAX)
			f->keywords[f->keyword_count++] = copy(names[i]);
		if (k < f->keyword_count)
			bits |= (uint64_t)1 << k;
	}
	return bits;
}

void
store_remove(struct store_folder *f, size_t i)
{
	message_free(f->messages[i]);
	memmove(&f->messages[i], &f->messages[i + 1],
	    (f->count - i - 1) * sizeof(struct store_message *));
	f->count--;
}

/* --- questions about folders ---------------------------------------------------------------- */

static bool
is_below(struct slice name, struct slice top)
{
	return name.n > top.n && sl_starts(name, top) && name.p[top.n] == '.';
}

static bool
has_children(const struct store *st, struct slice top)
{
	for (const struct store_folder *f = st->folders; f; f = f->next)
		if (f->exists && is_below(f->name, top))
			return true;
	return false;
}

static unsigned
attributes_of(const struct store *st, const struct store_folder *f)
{
	bool children = has_children(st, f->name);

	if (!f->exists && !children)
		return IMAP_NONEXISTENT | (f->is_subscribed ? IMAP_SUBSCRIBED : 0u);
	return (f->exists ? 0u : IMAP_NOSELECT) | (f->is_subscribed ? IMAP_SUBSCRIBED : 0u) |
	       (children ? IMAP_HAS_CHILDREN : IMAP_HAS_NO_CHILDREN);
}

const void *
store_list(struct store_view *v, const void *detail, struct fault *f)
{
	struct imap_folders *all = arena_get(v->scratch, sizeof(*all));
	struct imap_folder *items;
	size_t n = 0;

	(void)detail;
	(void)f;
	for (const struct store_folder *e = v->store->folders; e; e = e->next)
		n++;
	items = arena_get_array(v->scratch, n, sizeof(*items));
	all->items = items;
	for (const struct store_folder *e = v->store->folders; e; e = e->next)
		items[all->count++] = (struct imap_folder){
		    .name = e->name, .attributes = attributes_of(v->store, e)};
	return all;
}

struct store_folder *
store_wanted(struct store_view *v, struct slice name, struct fault *f)
{
	struct store_folder *folder = store_find(v->store, name);

	if (!folder)
		fault_set(f, ST_NOENT, "5.1.1", "There is no such mailbox");
	return folder;
}

const void *
store_create(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_name *d = detail;

	if (!sl_starts(d->name, SL("INBOX.")))
		fault_set(f, ST_PERM, "5.1.3", "Names begin with INBOX.");
	else if (store_find(v->store, d->name))
		fault_set(f, ST_EXISTS, "5.1.4", "It exists");
	else
		store_make(v->store, d->name);
	return NULL;
}

const void *
store_delete(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_name *d = detail;
	struct store_folder *folder = store_wanted(v, d->name, f);

	if (!folder)
		return NULL;
	folder_empty(folder);
	folder->exists = false;
	folder->is_level = has_children(v->store, folder->name);
	return NULL;
}

/* Messages and keywords move to a folder that has just been made. */
static void
move_all(struct store_folder *from, struct store_folder *to)
{
	for (size_t i = 0; i < from->count; i++)
		store_put(to, buf_slice(&from->messages[i]->content), from->messages[i]->flags,
		    from->messages[i]->keywords, from->messages[i]->date_sec);
	for (unsigned k = 0; k < from->keyword_count; k++)
		to->keywords[to->keyword_count++] = copy(from->keywords[k]);
	folder_empty(from);
}

static void
rename_one(struct store *st, struct store_folder *from, struct slice top, struct slice new_top)
{
	struct buf name;
	struct store_folder *to;

	buf_init(&name, 65536);
	buf_put(&name, new_top);
	buf_put(&name, sl_skip(from->name, top.n));
	to = store_make(st, buf_slice(&name));
	buf_fini(&name);
	move_all(from, to);
	if (sl_eq(from->name, SL("INBOX")))
		return;
	from->exists = false;
}

const void *
store_rename(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_rename *d = detail;
	struct store_folder *from = store_wanted(v, d->from, f);
	bool is_inbox = sl_eq(d->from, SL("INBOX"));

	if (!from)
		return NULL;
	if (!sl_starts(d->to, SL("INBOX."))) {
		fault_set(f, ST_PERM, "5.1.3", "Names begin with INBOX.");
		return NULL;
	}
	if (store_find(v->store, d->to)) {
		fault_set(f, ST_EXISTS, "5.1.4", "It exists");
		return NULL;
	}
	rename_one(v->store, from, d->from, d->to);
	for (struct store_folder *e = v->store->folders; e && !is_inbox; e = e->next)
		if (e->exists && is_below(e->name, d->from))
			rename_one(v->store, e, d->from, d->to);
	return NULL;
}

const void *
store_subscribe(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_name *d = detail;

	(void)f;
	entry_make(v->store, d->name)->is_subscribed = true;
	return NULL;
}

const void *
store_unsubscribe(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_name *d = detail;
	struct store_folder *e = entry_find(v->store, d->name);

	if (!e || !e->is_subscribed)
		fault_set(f, ST_NOENT, "5.1.1", "It is not subscribed");
	else
		e->is_subscribed = false;
	return NULL;
}

const void *
store_status(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_name *d = detail;
	struct store_folder *folder = store_wanted(v, d->name, f);
	struct imap_status *st = arena_get(v->scratch, sizeof(*st));

	if (!folder)
		return NULL;
	*st = (struct imap_status){.messages = (uint32_t)folder->count,
	    .uidnext = folder->uidnext, .uidvalidity = folder->uidvalidity};
	for (size_t i = 0; i < folder->count; i++) {
		st->recent += folder->messages[i]->is_new;
		st->unseen += !(folder->messages[i]->flags & IMAP_SEEN);
	}
	return st;
}
