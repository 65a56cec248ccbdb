/*
 * The file of entries: where each message's entry stands, pieces of it in memory, entries that wait
 * to be written. Whatever is odd about it, it is forgotten and begun anew.
 */
#include "maildir/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/num.h"
#include "maildir/cache_int.h"
#include "maildir/mailbox_int.h"
#include "maildir/uids.h"

#define FILE_NAME "cache"
#define NEW_NAME "cache.new"
#define WINDOW_BYTES (256u << 10)
#define SMALL_WINDOW_BYTES (8u << 10)
#define WAITING_MAX_BYTES (256u << 10)
#define COMPACT_MIN_BYTES (1u << 20)
#define ORPHANS_MAX 1024
#define WAITS 0x80000000u /* cached_at: an offset among those that wait */

struct cache {
	int fd; /* -1: there is no file */
	dev_t dev;
	ino_t ino;
	uint64_t end;  /* entries before this are known */
	uint64_t dead; /* bytes of entries that stand for nothing; an estimate */
	unsigned char *window;
	uint64_t window_at;
	size_t window_bytes;
	struct buf waiting;
	struct uids waiting_uids;
	struct uids orphans; /* offsets of entries for messages that were not known yet */
	struct store_timer timer;
	struct buf merged; /* for cache_put */
};

/* ---- the file ---- */

static void
forget(struct mailbox *m)
{
	struct cache *c = m->cache;

	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->end = c->dead = 0;
	c->window_bytes = 0;
	c->orphans.n = 0;
	for (size_t i = 0; i < m->all.count; i++)
		if (!(m->all.p[i].cached_at & WAITS))
			m->all.p[i].cached_at = CACHED_NONE;
}

/* The file is no good: nothing of it is used any more. */
static void
discard(struct mailbox *m)
{
	forget(m);
	unlinkat(m->index, FILE_NAME, 0);
}

static bool
has_header(int fd)
{
	char head[CACHE_HEADER_BYTES];

	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       memcmp(head, CACHE_HEADER, sizeof(head)) == 0;
}

/* A descriptor for reading and appending; make: the file is made when it is missing. -1: none. */
static int
open_file(int index, bool make)
{
	int fd = openat(index, FILE_NAME, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && !has_header(fd)) {
		close(fd);
		unlinkat(index, FILE_NAME, 0);
		fd = -1;
		errno = ENOENT;
	}
	if (fd >= 0 || errno != ENOENT || !make)
		return fd;
	fd = openat(index, FILE_NAME,
	    O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd >= 0 && write(fd, CACHE_HEADER, CACHE_HEADER_BYTES) != (ssize_t)CACHE_HEADER_BYTES) {
		close(fd);
		unlinkat(index, FILE_NAME, 0);
		fd = -1;
	}
	return fd;
}

static bool
open_cache(struct mailbox *m, bool make)
{
	struct cache *c = m->cache;
	struct stat st;

	if (c->fd >= 0)
		return true;
	c->fd = m->index < 0 ? -1 : open_file(m->index, make);
	if (c->fd < 0 || fstat(c->fd, &st) != 0)
		return false;
	c->dev = st.st_dev;
	c->ino = st.st_ino;
	c->end = CACHE_HEADER_BYTES;
	return true;
}

/* The bytes from `at` on, at least need of them when there are; NULL when they cannot be read. */
static struct slice
window(struct cache *c, uint64_t at, size_t need)
{
	size_t want = WINDOW_BYTES;
	uint64_t end = c->window_at + c->window_bytes;
	ssize_t n;

	if (at >= c->window_at && at + need <= end)
		return sl_mem(c->window + (at - c->window_at), (size_t)(end - at));
	if (!c->window)
		c->window = mem_get(WINDOW_BYTES);
	/* Far from where we were: a message here and there. */
	if (at < c->window_at || at > end + WINDOW_BYTES)
		want = need > SMALL_WINDOW_BYTES ? need : SMALL_WINDOW_BYTES;
	do
		n = pread(c->fd, c->window, want, (off_t)at);
	while (n < 0 && errno == EINTR);
	c->window_at = at;
	c->window_bytes = n > 0 ? (size_t)n : 0;
	return sl_mem(c->window, c->window_bytes);
}

/* ---- where entries stand ---- */

static void
note_entry(struct mailbox *m, struct slice base, uint64_t at, size_t bytes)
{
	struct cache *c = m->cache;
	bool is_doomed = false;
	struct message *r = mailbox_by_base(m, base, &is_doomed);

	if (r && !is_doomed) {
		if (r->cached_at)
			c->dead += bytes;
		if (!(r->cached_at & WAITS))
			r->cached_at = (uint32_t)at;
		return;
	}
	c->dead += bytes;
	if (!is_doomed && c->orphans.n < ORPHANS_MAX)
		uids_add(&c->orphans, (uint32_t)at);
}

/* Who delivered left an entry before the message was ours. */
static void
adopt_orphans(struct mailbox *m)
{
	struct cache *c = m->cache;
	struct uids old = c->orphans;

	c->orphans = (struct uids){0};
	for (size_t i = 0; i < old.n; i++) {
		struct slice in = window(c, old.p[i], CACHE_FRAME_BYTES + 256), base;

		if (cache_entry_next(&in, false, &base, NULL) == ST_OK)
			note_entry(m, base, old.p[i], 0);
	}
	uids_free(&old);
}

/* Reads on to the file's end. */
static void
index_more(struct mailbox *m)
{
	struct cache *c = m->cache;
	struct stat st;

	if (!open_cache(m, false) || fstat(c->fd, &st) != 0)
		return;
	if (st.st_nlink == 0) {
		forget(m); /* somebody began a new one */
		if (!open_cache(m, false) || fstat(c->fd, &st) != 0)
			return;
	}
	if ((uint64_t)st.st_size > CACHE_FILE_MAX_BYTES || (uint64_t)st.st_size < c->end) {
		discard(m);
		return;
	}
	if (c->orphans.n)
		adopt_orphans(m);
	while (c->end + CACHE_FRAME_BYTES <= (uint64_t)st.st_size) {
		struct slice in = window(c, c->end, CACHE_FRAME_BYTES), rest = in, base;
		struct cache_entry e;
		enum st got = cache_entry_next(&rest, true, &base, &e);

		if (got == ST_AGAIN && in.n < CACHE_ENTRY_MAX_BYTES) {
			rest = in = window(c, c->end, CACHE_ENTRY_MAX_BYTES);
			got = cache_entry_next(&rest, true, &base, &e);
		}
		if (got == ST_AGAIN)
			return; /* being written, or torn: who writes next will see */
		if (got != ST_OK) {
			discard(m);
			return;
		}
		note_entry(m, base, c->end, in.n - rest.n);
		c->end += in.n - rest.n;
	}
}

/* ---- writing ---- */

static void compact(struct mailbox *m);

static void
flush(void *arg)
{
	struct mailbox *m = arg;
	struct cache *c = m->cache;
	bool written = false;
	off_t end = -1;

	store_timer_stop(m->store, &c->timer);
	if (c->waiting.n == 0)
		return;
	index_more(m);
	if (c->fd >= 0 && (uint64_t)lseek(c->fd, 0, SEEK_END) != c->end)
		discard(m); /* it ends in an entry that is not whole */
	if (open_cache(m, true)) {
		ssize_t n = write(c->fd, c->waiting.p, c->waiting.n);

		end = lseek(c->fd, 0, SEEK_CUR);
		written = n == (ssize_t)c->waiting.n && end >= n;
		/* A part of an entry in the middle would hide all that follow. */
		if (n > 0 && !written)
			discard(m);
	}
	for (size_t i = 0; i < c->waiting_uids.n; i++) {
		struct message *r = rows_find(&m->all, c->waiting_uids.p[i]);

		if (!r || !(r->cached_at & WAITS))
			continue;
		r->cached_at =
		    written ? (uint32_t)((uint64_t)end - c->waiting.n) + (r->cached_at & ~WAITS)
			    : CACHED_NONE;
	}
	if (written && (uint64_t)end - c->waiting.n == c->end)
		c->end = (uint64_t)end;
	buf_fini(&c->waiting);
	uids_free(&c->waiting_uids);
	if (c->dead > COMPACT_MIN_BYTES && c->dead > c->end / 2)
		compact(m);
}

static struct cache *
cache_of(struct mailbox *m)
{
	if (!m->cache) {
		m->cache = mem_get(sizeof(*m->cache));
		m->cache->fd = -1;
		m->cache->timer = (struct store_timer){.fn = flush, .arg = m};
		buf_init(&m->cache->waiting, 2 * WAITING_MAX_BYTES);
		buf_init(&m->cache->merged, CACHE_ENTRY_MAX_BYTES);
	}
	return m->cache;
}

/* ---- use ---- */

bool
cache_get(struct mailbox *m, uint32_t uid, struct cache_entry *out)
{
	struct cache *c = cache_of(m);
	struct message *r = rows_find(&m->all, uid);
	struct slice in, base;

	*out = (struct cache_entry){.parts = {{0}}};
	if (!r)
		return false;
	if (r->cached_at == CACHED_NONE) {
		index_more(m);
		if (r->cached_at == CACHED_NONE)
			return false;
	}
	if (r->cached_at & WAITS) {
		in = sl_skip(buf_slice(&c->waiting), r->cached_at & ~WAITS);
	} else {
		in = window(c, r->cached_at, 5);
		if (in.n >= 4 && num_get_be32(in.p) < CACHE_ENTRY_MAX_BYTES)
			in =
			    window(c, r->cached_at, num_get_be32(in.p) + (size_t)CACHE_FRAME_BYTES);
	}
	if (cache_entry_next(&in, true, &base, out) == ST_OK && sl_eq(base, sl_str(r->base)))
		return true;
	*out = (struct cache_entry){.parts = {{0}}};
	r->cached_at = CACHED_NONE;
	c->dead += 500;
	return false;
}

void
cache_put(struct mailbox *m, uint32_t uid, const struct cache_entry *entry)
{
	struct cache *c = cache_of(m);
	struct message *r = rows_find(&m->all, uid);
	struct cache_entry old, all = *entry;
	size_t at;

	if (!r || m->index < 0)
		return;
	if (cache_get(m, uid, &old)) {
		for (unsigned i = 0; i < CACHE_PARTS; i++)
			if (!all.parts[i].p)
				all.parts[i] = old.parts[i];
		c->dead += 500;
	}
	/* By way of another buffer: the old parts may lie in the one that grows. */
	buf_clear(&c->merged);
	if (!cache_entry_put(&c->merged, sl_str(r->base), &all))
		return;
	if (c->waiting.n + c->merged.n > WAITING_MAX_BYTES)
		flush(m);
	if (c->waiting.n == 0)
		buf_init(&c->waiting, 2 * WAITING_MAX_BYTES);
	at = c->waiting.n;
	buf_put(&c->waiting, buf_slice(&c->merged));
	if (!buf_ok(&c->waiting))
		return;
	r->cached_at = WAITS | (uint32_t)at;
	uids_add(&c->waiting_uids, uid);
	if (at == 0)
		store_timer_set(m->store, &c->timer, 0);
}

int
cache_append(int folder, struct slice base, const struct cache_entry *entry)
{
	int index, fd, err = 0;
	struct buf out;

	if (mkdirat(folder, "courierindex", 0700) != 0 && errno != EEXIST)
		return -errno;
	index = openat(folder, "courierindex", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (index < 0)
		return -errno;
	fd = open_file(index, true);
	if (fd < 0)
		err = -errno;
	close(index);
	if (err)
		return err;
	buf_init(&out, CACHE_ENTRY_MAX_BYTES);
	if (!cache_entry_put(&out, base, entry))
		err = -EFBIG;
	else if (write(fd, out.p, out.n) != (ssize_t)out.n)
		err = errno ? -errno : -EIO;
	buf_fini(&out);
	close(fd);
	return err;
}

/* ---- compaction ---- */

struct compaction {
	struct task t; /* first */
	int fd;
	uint32_t from; /* the next UID */
	uint64_t at;
	struct uids places; /* UID and new offset in turn */
	struct buf out;
};

static bool
compaction_write(struct compaction *k)
{
	bool ok = write(k->fd, k->out.p, k->out.n) == (ssize_t)k->out.n;

	buf_clear(&k->out);
	return ok;
}

/* The new file takes the old one's place; entries others wrote meanwhile are lost, which only costs
 * time. */
static void
compaction_end(struct compaction *k)
{
	struct mailbox *m = k->t.mailbox;
	struct cache *c = m->cache;

	flush(m);
	if (!compaction_write(k) || renameat(m->index, NEW_NAME, m->index, FILE_NAME) != 0)
		return;
	forget(m);
	for (size_t i = 0; i + 1 < k->places.n; i += 2) {
		struct message *r = rows_find(&m->all, k->places.p[i]);

		if (r && r->cached_at == CACHED_NONE)
			r->cached_at = k->places.p[i + 1];
	}
	c->fd = k->fd;
	c->end = k->at;
	k->fd = -1;
}

static enum step
run_compaction(struct task *t)
{
	struct compaction *k = (struct compaction *)t;
	struct mailbox *m = t->mailbox;
	size_t i = rows_index(&m->all, k->from);

	for (unsigned n = 0; i < m->all.count; i++, n++) {
		struct message *r = &m->all.p[i];
		struct cache_entry e;

		if (n == 64 || (k->out.n > WAITING_MAX_BYTES && !compaction_write(k)))
			break;
		if (r->cached_at == CACHED_NONE || !cache_get(m, r->uid, &e))
			continue;
		uids_add(&k->places, r->uid);
		uids_add(&k->places, (uint32_t)k->at);
		k->at -= k->out.n;
		cache_entry_put(&k->out, sl_str(r->base), &e);
		k->at += k->out.n;
	}
	if (i < m->all.count) {
		k->from = m->all.p[i].uid;
		return STEP_MORE;
	}
	compaction_end(k);
	return STEP_DONE;
}

static void
compaction_fini(struct task *t)
{
	struct compaction *k = (struct compaction *)t;

	if (k->fd >= 0) {
		close(k->fd);
		unlinkat(t->mailbox->index, NEW_NAME, 0);
	}
	uids_free(&k->places);
	buf_fini(&k->out);
}

static void
compact(struct mailbox *m)
{
	struct compaction *k;
	int fd;

	unlinkat(m->index, NEW_NAME, 0);
	fd = openat(m->index, NEW_NAME,
	    O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	m->cache->dead = 0;
	k = task_new(m->store, sizeof(*k), m, NULL, run_compaction);
	k->t.fini = compaction_fini;
	k->fd = fd;
	buf_init(&k->out, 2 * WAITING_MAX_BYTES + CACHE_ENTRY_MAX_BYTES);
	buf_put(&k->out, SL(CACHE_HEADER));
	k->at = CACHE_HEADER_BYTES;
}

/* ---- the end ---- */

void
cache_trim(struct mailbox *m)
{
	struct cache *c = m->cache;

	if (!c)
		return;
	flush(m);
	mem_free(c->window);
	c->window = NULL;
	c->window_bytes = 0;
	buf_fini(&c->merged);
}

void
cache_free(struct mailbox *m)
{
	struct cache *c = m->cache;

	if (!c)
		return;
	cache_trim(m);
	if (c->fd >= 0)
		close(c->fd);
	uids_free(&c->orphans);
	uids_free(&c->waiting_uids);
	mem_free(c);
	m->cache = NULL;
}
