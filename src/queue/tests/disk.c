#include "queue/tests/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/hmap.h"
#include "os/durable.h"

#define BLOCK 4096

bool durable_disabled;

/* What is known of an inode: content at its last sync, or the names a folder had. */
struct noted {
	struct hmap_node node;
	uint64_t ino;
	bool synced;
	unsigned char *content;
	size_t size;
	struct entry *entries;
	size_t entry_count;
};

struct entry {
	char name[80];
	uint64_t ino;
	bool is_dir;
};

struct durable {
	int pipe[2];
	struct durable_group *first, *last;
	size_t pending;
};

static struct hmap notes;
static int keep_fd = -1;
static unsigned syncs, fail_at, fail_count;
static int fail_error;
static bool held;
static struct durable *the_one;

static void
die(const char *what)
{
	fprintf(stderr, "disk: %s: %s\n", what, strerror(errno));
	exit(99);
}

static struct noted *
note_of(uint64_t ino, bool create)
{
	struct noted *t;

	for (struct hmap_node *n = hmap_first(&notes, hmap_hash_u64(ino)); n; n = hmap_next(n)) {
		t = CONTAINER_OF(n, struct noted, node);
		if (t->ino == ino)
			return t;
	}
	if (!create)
		return NULL;
	t = mem_get(sizeof(*t));
	t->ino = ino;
	hmap_put(&notes, &t->node, hmap_hash_u64(ino));
	return t;
}

void
disk_end(void)
{
	struct hmap_cursor c = {0};
	struct hmap_node *n;

	while ((n = hmap_walk(&notes, &c))) {
		struct noted *t = CONTAINER_OF(n, struct noted, node);

		hmap_remove(&notes, n);
		mem_free(t->content);
		mem_free(t->entries);
		mem_free(t);
	}
	hmap_fini(&notes);
	if (keep_fd >= 0)
		close(keep_fd);
	keep_fd = -1;
}

void
disk_start(const char *keep_path)
{
	disk_end();
	hmap_init(&notes);
	keep_fd = open(keep_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fail_error = 0;
	held = false;
}

static void
keep_name(uint64_t ino, char name[32])
{
	snprintf(name, 32, "%llu", (unsigned long long)ino);
}

static unsigned char *
read_whole(int fd, size_t *size)
{
	struct stat st;
	unsigned char *p;

	if (fstat(fd, &st) != 0)
		die("fstat");
	*size = (size_t)st.st_size;
	p = mem_get(*size + 1);
	for (size_t at = 0; at < *size;) {
		ssize_t n = pread(fd, p + at, *size - at, (off_t)at);

		if (n <= 0)
			die("pread");
		at += (size_t)n;
	}
	return p;
}

/* A hard link keeps the inode's number from being used again, and its content readable when its
 * name is gone. */
static void
note_file(int fd, uint64_t ino)
{
	struct noted *t = note_of(ino, true);
	char name[32], path[64];
	int readable;

	keep_name(ino, name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, path, keep_fd, name, AT_SYMLINK_FOLLOW) != 0 && errno != EEXIST &&
	    errno != ENOENT)
		die("linkat");
	readable = open(path, O_RDONLY | O_CLOEXEC);
	if (readable < 0)
		die(path);
	mem_free(t->content);
	t->content = read_whole(readable, &t->size);
	t->synced = true;
	close(readable);
}

static struct entry *
read_folder(int fd, size_t *count)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again < 0 ? NULL : fdopendir(again);
	struct entry *list = NULL;
	struct dirent *e;

	*count = 0;
	if (!d)
		die("opendir");
	while ((e = readdir(d))) {
		struct stat st;

		if (e->d_name[0] == '.' || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		list = mem_resize(list, (*count + 1) * sizeof(*list));
		snprintf(list[*count].name, sizeof(list->name), "%.79s", e->d_name);
		list[*count].ino = st.st_ino;
		list[(*count)++].is_dir = S_ISDIR(st.st_mode);
		if (!S_ISDIR(st.st_mode)) { /* keep its inode too */
			char name[32];

			keep_name(st.st_ino, name);
			if (linkat(fd, e->d_name, keep_fd, name, 0) != 0 && errno != EEXIST)
				die("linkat");
		}
	}
	closedir(d);
	return list;
}

static void
note_sync(int fd)
{
	struct stat st;
	struct noted *t;

	if (keep_fd < 0)
		return;
	if (fstat(fd, &st) != 0)
		die("fstat");
	if (!S_ISDIR(st.st_mode)) {
		note_file(fd, st.st_ino);
		return;
	}
	t = note_of(st.st_ino, true);
	mem_free(t->entries);
	t->entries = read_folder(fd, &t->entry_count);
	t->synced = true;
}

static struct {
	unsigned at;
	const char *from, *to;
	uint64_t seed;
} dying;

void
disk_die(unsigned nth, const char *from, const char *to, uint64_t seed)
{
	dying.at = nth ? syncs + nth : 0;
	dying.from = from;
	dying.to = to;
	dying.seed = seed;
}

static int
sync_one(int fd)
{
	syncs++;
	if (dying.at && syncs == dying.at) {
		if (dying.to)
			disk_image(dying.from, dying.to, dying.seed);
		_exit(77);
	}
	if (fail_error && syncs >= fail_at && syncs < fail_at + fail_count)
		return -fail_error;
	if (!durable_disabled)
		note_sync(fd);
	return 0;
}

void
disk_fail(unsigned nth, unsigned count, int error)
{
	fail_at = syncs + nth;
	fail_count = count;
	fail_error = error;
}

unsigned
disk_syncs(void)
{
	return syncs;
}

void
disk_hold(bool hold)
{
	held = hold;
	if (!held && the_one && the_one->first && write(the_one->pipe[1], "", 1) != 1)
		die("pipe");
}

/* ---- os/durable.h ---- */

int
durable_new(struct durable **out, unsigned max_threads)
{
	struct durable *d = mem_get(sizeof(*d));

	(void)max_threads;
	if (pipe(d->pipe) != 0)
		die("pipe");
	fcntl(d->pipe[0], F_SETFL, O_NONBLOCK);
	*out = the_one = d;
	return 0;
}

void
durable_free(struct durable *d)
{
	close(d->pipe[0]);
	close(d->pipe[1]);
	if (the_one == d)
		the_one = NULL;
	mem_free(d);
}

int
durable_fd(const struct durable *d)
{
	return d->pipe[0];
}

void
durable_submit(struct durable *d, struct durable_group *g)
{
	for (size_t i = 0; i < g->count; i++)
		g->items[i].result = sync_one(g->items[i].fd);
	g->next = NULL;
	if (d->last)
		d->last->next = g;
	else
		d->first = g;
	d->last = g;
	d->pending++;
	if (!held && write(d->pipe[1], "", 1) != 1)
		die("pipe");
}

void
durable_dispatch(struct durable *d)
{
	char sink[64];
	struct durable_group *g = d->first, *next;

	while (read(d->pipe[0], sink, sizeof(sink)) > 0)
		continue;
	if (held)
		return;
	d->first = d->last = NULL;
	for (; g; g = next) {
		next = g->next;
		d->pending--;
		g->done(g);
	}
}

size_t
durable_pending(const struct durable *d)
{
	return d->pending;
}

int
durable_now(int fd, enum durable_kind kind)
{
	(void)kind;
	return sync_one(fd);
}

/* ---- the cut ---- */

static void
write_whole(int dirfd, const char *name, const unsigned char *p, size_t n)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || (n && pwrite(fd, p, n, 0) != (ssize_t)n))
		die(name);
	close(fd);
}

/* The content as it is now; empty when the inode is gone. */
static unsigned char *
content_now(uint64_t ino, size_t *size)
{
	char name[32];
	unsigned char *p;
	int fd;

	keep_name(ino, name);
	fd = openat(keep_fd, name, O_RDONLY | O_CLOEXEC);
	*size = 0;
	if (fd < 0)
		return mem_get(1);
	p = read_whole(fd, size);
	close(fd);
	return p;
}

static void
image_file(uint64_t ino, int to, const char *name, uint64_t *dice)
{
	struct noted *t = note_of(ino, false);
	size_t size = t && t->synced ? t->size : 0, now_size;
	unsigned char *now = content_now(ino, &now_size), *mix;

	mix = mem_get((now_size > size ? now_size : size) + 1);
	if (size)
		memcpy(mix, t->content, size);
	if (*dice) {
		if (now_size > size && check_random(dice) % 2)
			size = now_size; /* the length came through, zeros where the data did not */
		for (size_t at = 0; at < size && at < now_size; at += BLOCK) {
			size_t n = size - at < BLOCK ? size - at : BLOCK;

			n = now_size - at < n ? now_size - at : n;
			if (check_random(dice) % 2)
				memcpy(mix + at, now + at, n);
		}
	}
	write_whole(to, name, mix, size);
	mem_free(mix);
	mem_free(now);
}

static const struct entry *
find_entry(const struct entry *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

static void
image_folder(int from, uint64_t ino, int to, uint64_t *dice)
{
	struct noted *t = note_of(ino, false);
	size_t now_count = 0, n = 0;
	struct entry *now = from >= 0 ? read_folder(from, &now_count) : NULL;
	struct entry *all = mem_get((now_count + (t ? t->entry_count : 0) + 1) * sizeof(*all));

	for (size_t i = 0; t && i < t->entry_count; i++) {
		const struct entry *e = find_entry(now, now_count, t->entries[i].name);
		bool same = e && e->ino == t->entries[i].ino;

		if (same || !*dice || check_random(dice) % 2)
			all[n++] = t->entries[i];
		else if (e)
			all[n++] = *e;
	}
	for (size_t i = 0; i < now_count && *dice; i++)
		if (!find_entry(all, n, now[i].name) &&
		    !(t && find_entry(t->entries, t->entry_count, now[i].name)) &&
		    check_random(dice) % 2)
			all[n++] = now[i];
	for (size_t i = 0; i < n; i++) {
		if (!all[i].is_dir) {
			image_file(all[i].ino, to, all[i].name, dice);
			continue;
		}
		int below = from >= 0
		    ? openat(from, all[i].name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		if (mkdirat(to, all[i].name, 0700) != 0)
			die(all[i].name);
		int copy = openat(to, all[i].name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		image_folder(below, all[i].ino, copy, dice);
		close(copy);
		if (below >= 0)
			close(below);
	}
	mem_free(now);
	mem_free(all);
}

void
disk_image(const char *from, const char *to, uint64_t seed)
{
	int from_fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC), to_fd =
	    open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (from_fd < 0 || to_fd < 0 || fstat(from_fd, &st) != 0)
		die("disk_image");
	image_folder(from_fd, st.st_ino, to_fd, &seed);
	close(from_fd);
	close(to_fd);
}

/* ---- folders of tests ---- */
