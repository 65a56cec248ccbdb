/*
 * The list of folders: what stands on disk, what is subscribed, the parents between.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "maildir/folders.h"

#define SUBSCRIBED "courierimapsubscribed"
#define SUBSCRIBED_MAX_BYTES (1u << 20)

struct rows_of {
	struct store_folders *list;
	size_t cap;
};

static struct store_folder *
add(struct rows_of *r, struct slice name)
{
	struct store_folders *l = r->list;

	if (l->count == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 32;
		l->rows = mem_resize(l->rows, r->cap * sizeof(*l->rows));
	}
	l->rows[l->count] = (struct store_folder){.name = mem_str(name)};
	return &l->rows[l->count++];
}

/* ---- on disk ---- */

static bool
is_folder(int top, const char *dir)
{
	int fd = openat(top, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool yes;

	if (fd < 0)
		return false;
	yes = maildir_kind_of(fd, SL("cur")) == MAILDIR_IS_DIR ||
	      maildir_kind_of(fd, SL("maildirfolder")) == MAILDIR_IS_FILE;
	close(fd);
	return yes;
}

static enum st
read_disk(struct store *s, struct rows_of *r, struct fault *f)
{
	struct maildir_walker w;
	const char *dir;
	struct buf name;
	int err = maildir_walker_open(s->top, &w);

	if (err)
		return maildir_fault(f, -err, "reading the folders");
	add(r, SL("INBOX"))->exists = true;
	buf_init(&name, 4096);
	while ((dir = maildir_walker_next(&w)) != NULL) {
		buf_clear(&name);
		if (dir[0] == '.' && folder_name_from_disk(sl_str(dir), &name) &&
		    is_folder(s->top, dir))
			add(r, buf_slice(&name))->exists = true;
	}
	buf_fini(&name);
	maildir_walker_close(&w);
	return ST_OK;
}

/* ---- subscriptions ---- */

/* A line of the file; also in the older form. False when it names nothing. */
static bool
subscribed_name(struct slice line, struct buf *out)
{
	struct fault f;

	line = sl_trim(line);
	buf_clear(out);
	if (sl_istarts(line, SL("INBOX.")))
		return folder_name_from_disk(sl_skip(line, 5), out);
	if (store_name_check(line, &f) != ST_OK)
		return false;
	buf_put(out, SL("INBOX"));
	return true;
}

enum st
subscribed_read(struct store *s, struct buf *out, struct fault *f)
{
	int fd = openat(s->top, SUBSCRIBED, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	unsigned char *room;
	ssize_t n = 0;

	buf_init(out, SUBSCRIBED_MAX_BYTES);
	if (fd < 0)
		return errno == ENOENT ? ST_OK
				       : maildir_fault(f, errno, "reading the subscriptions");
	while ((room = buf_room(out, 4096)) != NULL && (n = read(fd, room, 4096)) > 0)
		buf_added(out, (size_t)n);
	close(fd);
	if (n < 0)
		return maildir_fault(f, errno, "reading the subscriptions");
	return room ? ST_OK : fault_set(f, ST_LIMIT, "4.3.0", "too many subscriptions");
}

bool
subscribed_is(struct slice line, struct slice name)
{
	struct buf other;
	bool same;

	buf_init(&other, 4096);
	same = subscribed_name(line, &other) && sl_eq(buf_slice(&other), name);
	buf_fini(&other);
	return same;
}

static enum st
read_subscribed(struct store *s, struct rows_of *r, struct fault *f)
{
	struct buf text, name;
	struct slice rest, line;
	enum st st = subscribed_read(s, &text, f);

	buf_init(&name, 4096);
	rest = buf_slice(&text);
	while (st == ST_OK && rest.n) {
		sl_cut(&rest, '\n', &line);
		if (subscribed_name(line, &name))
			add(r, buf_slice(&name))->is_subscribed = true;
	}
	buf_fini(&name);
	buf_fini(&text);
	return st;
}

/* ---- the list ---- */

/* INBOX first, because it is the prefix of all others. */
static int
compare(const void *a, const void *b)
{
	const struct store_folder *x = a, *y = b;

	return sl_cmp(sl_str(x->name), sl_str(y->name));
}

static void
sort_and_merge(struct store_folders *l)
{
	size_t to = 0;

	if (l->count)
		qsort(l->rows, l->count, sizeof(*l->rows), compare);
	for (size_t i = 0; i < l->count; i++) {
		struct store_folder *last = to ? &l->rows[to - 1] : NULL, *r = &l->rows[i];

		if (!last || compare(last, r) != 0) {
			l->rows[to++] = *r;
			continue;
		}
		last->exists |= r->exists;
		last->is_subscribed |= r->is_subscribed;
		mem_free((void *)(uintptr_t)r->name);
	}
	l->count = to;
}

static struct store_folder *
find(const struct store_folders *l, struct slice name)
{
	size_t lo = 0, hi = l->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (sl_cmp(sl_str(l->rows[mid].name), name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->count && sl_eq(sl_str(l->rows[lo].name), name) ? &l->rows[lo] : NULL;
}

static struct slice
parent_of(struct slice name)
{
	size_t dot = sl_rfind(name, '.');

	return dot < name.n ? sl_sub(name, 0, dot) : SL_NONE;
}

/* Until no name lacks its parent: as often as names are deep. */
static void
add_parents(struct rows_of *r)
{
	size_t before;

	do {
		before = r->list->count;
		for (size_t i = 0; i < before; i++) {
			struct store_folders known = {.rows = r->list->rows, .count = before};
			struct slice up = parent_of(sl_str(r->list->rows[i].name));

			if (up.n && !find(&known, up))
				add(r, up);
		}
		sort_and_merge(r->list);
	} while (r->list->count > before);
}

/* R3348-3-b */
static void
tell_parents(struct store_folders *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct store_folder *r = &l->rows[i];

		for (struct slice up = parent_of(sl_str(r->name)); up.n; up = parent_of(up)) {
			struct store_folder *p = find(l, up);

			if (!p)
				break;
			p->has_children |= r->exists;
			p->is_above_subscribed |= r->is_subscribed;
		}
	}
}

enum st
store_folders_read(struct store *s, struct store_folders *out, struct fault *f)
{
	struct rows_of r = {.list = out};
	enum st st;

	*out = (struct store_folders){0};
	st = read_disk(s, &r, f);
	if (st == ST_OK)
		st = read_subscribed(s, &r, f);
	if (st != ST_OK)
		return st;
	sort_and_merge(out);
	add_parents(&r);
	tell_parents(out);
	return ST_OK;
}

void
store_folders_free(struct store_folders *l)
{
	for (size_t i = 0; i < l->count; i++)
		mem_free((void *)(uintptr_t)l->rows[i].name);
	mem_free(l->rows);
	*l = (struct store_folders){0};
}

enum st
folder_check(int top, struct slice name, struct fault *f)
{
	char dir[MAILDIR_NAME_MAX + 1];
	enum st st = folder_name_find(top, name, dir, f);

	if (st == ST_OK && !is_folder(top, dir))
		return fault_set(f, ST_NOENT, "4.2.0", "there is no folder %.*s", SL_FMT(name));
	return st;
}

enum st
store_folder_check(struct store *s, struct slice name, struct fault *f)
{
	return folder_check(s->top, name, f);
}
