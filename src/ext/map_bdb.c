/*
 * Compiled tables in Berkeley DB's B-tree format (4.8 to 5.3), which is the same on every byte
 * order.
 *
 * The library looks for a file DB_CONFIG in the home of its environment, and where there is none in
 * the current directory (CVE-2017-10140). So each handle has a private environment whose home is
 * the table's own folder: what may write there may replace the table anyhow. A private environment
 * makes no files. Tables are read with read(2), not mapped: a shortened file is an error, not a
 * signal.
 */
#include "ext/map.h"

#include <db.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "os/durable.h"

#define MAP_READ_CACHE_BYTES (512 * 1024)
#define MAP_WRITE_CACHE_BYTES (8 * 1024 * 1024)

/* Keys and values beyond this are a mistake of the caller. */
#define MAP_ITEM_MAX ((size_t)16 << 20)

/* An open table, for reading or writing. */
struct map_handle {
	DB_ENV *env;
	DB *db;
};

struct map {
	struct dict dict; /* first: ours is found by it */
	struct map_handle h;
	char *path;
	struct stat opened; /* as it was when we opened it */
};

struct map_writer {
	struct map_handle h;
	int dirfd;
	mode_t mode;
	char *name, *tmp_name;
};

static enum st
map_fault(struct fault *f, int rc, const char *what, const char *path)
{
	if (rc > 0)
		return fault_sys(
		    f, rc == ENOENT ? ST_NOENT : ST_IO, "4.3.5", rc, "%s %s", what, path);
	return fault_set(f, ST_IO, "4.3.5", "%s %s: %s", what, path, db_strerror(rc));
}

static void
map_handle_close(struct map_handle *h)
{
	if (h->db)
		h->db->close(h->db, DB_NOSYNC);
	if (h->env)
		h->env->close(h->env, 0);
	h->db = NULL;
	h->env = NULL;
}

/* The library's own complaints go nowhere: the caller has the code. */
static void
map_quiet(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	(void)prefix;
	(void)message;
}

/* 0 or the library's code; nothing stays open then. dir is absolute. */
static int
map_handle_open(
    struct map_handle *h, const char *dir, const char *name, uint32_t cache_bytes, uint32_t flags)
{
	int rc;

	h->env = NULL;
	h->db = NULL;
	rc = db_env_create(&h->env, 0);
	if (rc != 0)
		return rc;
	h->env->set_errcall(h->env, map_quiet);
	rc = h->env->set_cachesize(h->env, 0, cache_bytes, 1);
	if (rc == 0)
		rc = h->env->open(h->env, dir, DB_CREATE | DB_INIT_MPOOL | DB_PRIVATE, 0);
	if (rc == 0)
		rc = db_create(&h->db, h->env, 0);
	if (rc == 0)
		rc = h->db->open(h->db, NULL, name, NULL, DB_BTREE, flags, 0600);
	if (rc != 0)
		map_handle_close(h);
	return rc;
}

static DBT
map_dbt(struct slice s)
{
	DBT t;

	memset(&t, 0, sizeof(t));
	t.data = (void *)(size_t)s.p;
	t.size = (u_int32_t)s.n;
	return t;
}

static struct map *
map_of(struct dict *d)
{
	return CONTAINER_OF(d, struct map, dict);
}

static enum st
map_get(struct dict *d, struct slice key, struct arena *a, struct slice *value, struct fault *f)
{
	struct map *m = map_of(d);
	DBT k = map_dbt(key), v = map_dbt(SL_NONE);
	int rc;

	if (key.n > MAP_ITEM_MAX)
		return ST_NOENT;
	rc = m->h.db->get(m->h.db, NULL, &k, &v, 0);
	if (rc == DB_NOTFOUND)
		return ST_NOENT;
	if (rc != 0)
		return map_fault(f, rc, "read", m->path);
	*value = arena_copy(a, sl_mem(v.data, v.size));
	if (!value->p)
		return fault_set(f, ST_LIMIT, "4.3.0", "%s: the value found is too long", m->path);
	return ST_OK;
}

static void
map_close(struct dict *d)
{
	struct map *m = map_of(d);

	map_handle_close(&m->h);
	mem_free(m->path);
	mem_free(m);
}

static const struct dict_ops map_ops = {"bdb", map_get, map_close};

static char *
map_path(const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 2;
	char *path = mem_get(n);

	snprintf(path, n, "%s/%s", dir, name);
	return path;
}

/* One name in an absolute folder: the current directory has no say. */
static bool
map_names_ok(const char *dir, const char *name)
{
	return dir[0] == '/' && name[0] != '\0' && name[0] != '.' && !strchr(name, '/');
}

enum st
map_open(const char *dir, const char *name, struct dict **out, struct fault *f)
{
	struct map *m;
	int rc, fd;

	if (!map_names_ok(dir, name))
		return fault_set(f, ST_BUG, "4.3.5",
		    "map %s/%s: expected an absolute folder and one name", dir, name);
	m = mem_get(sizeof(*m));
	m->path = map_path(dir, name);
	rc = map_handle_open(&m->h, dir, name, MAP_READ_CACHE_BYTES, DB_RDONLY | DB_NOMMAP);
	if (rc == 0) {
		rc = m->h.db->fd(m->h.db, &fd);
		if (rc == 0 && fstat(fd, &m->opened) != 0)
			rc = errno;
	}
	if (rc != 0) {
		map_close(&m->dict);
		/* What the library says of a file that is no table. */
		if (rc == EINVAL || rc == DB_OLD_VERSION)
			return fault_set(
			    f, ST_PERM, "4.3.5", "%s/%s: not a table of this library", dir, name);
		return map_fault(f, rc, "open", name);
	}
	m->dict.ops = &map_ops;
	*out = &m->dict;
	return ST_OK;
}

bool
map_is_stale(const struct dict *d)
{
	const struct map *m = CONTAINER_OF((struct dict *)(size_t)d, struct map, dict);
	struct stat now;

	if (stat(m->path, &now) != 0)
		return errno == ENOENT;
	/* We hold the old file open, so its number is not given to a new one. */
	return now.st_dev != m->opened.st_dev || now.st_ino != m->opened.st_ino ||
	       now.st_size != m->opened.st_size || now.st_mtime != m->opened.st_mtime;
}

enum st
map_each(struct dict *d, bool (*fn)(void *arg, struct slice key, struct slice value), void *arg,
    struct fault *f)
{
	struct map *m = map_of(d);
	DBT k = map_dbt(SL_NONE), v = map_dbt(SL_NONE);
	DBC *cursor;
	int rc = m->h.db->cursor(m->h.db, NULL, &cursor, 0);

	if (rc != 0)
		return map_fault(f, rc, "read", m->path);
	do
		rc = cursor->get(cursor, &k, &v, DB_NEXT);
	while (rc == 0 && fn(arg, sl_mem(k.data, k.size), sl_mem(v.data, v.size)));
	cursor->close(cursor);
	return rc == 0 || rc == DB_NOTFOUND ? ST_OK : map_fault(f, rc, "read", m->path);
}

static void
map_writer_free(struct map_writer *w)
{
	map_handle_close(&w->h);
	mem_free(w->name);
	mem_free(w->tmp_name);
	mem_free(w);
}

/* The folder is given twice, as the library knows paths only; both must be the same one. */
static bool
map_same_dir(int dirfd, const char *dir)
{
	struct stat by_fd, by_path;

	return fstat(dirfd, &by_fd) == 0 && stat(dir, &by_path) == 0 &&
	       by_fd.st_dev == by_path.st_dev && by_fd.st_ino == by_path.st_ino;
}

enum st
map_writer_new(int dirfd, const char *dir, const char *name, uint32_t mode, struct map_writer **out,
    struct fault *f)
{
	struct map_writer *w;
	size_t n = strlen(name) + 32;
	int rc;

	if (!map_names_ok(dir, name) || !map_same_dir(dirfd, dir))
		return fault_set(f, ST_BUG, "4.3.5",
		    "map %s/%s: expected an absolute folder and one name", dir, name);
	w = mem_get(sizeof(*w));
	w->dirfd = dirfd;
	w->mode = (mode_t)(mode & 0777);
	w->name = mem_str(sl_str(name));
	w->tmp_name = mem_get(n);
	snprintf(w->tmp_name, n, "%s.tmp.%ld", name, (long)getpid());
	/* Left behind by somebody with our number. */
	if (unlinkat(dirfd, w->tmp_name, 0) != 0 && errno != ENOENT)
		rc = errno;
	else
		rc = map_handle_open(
		    &w->h, dir, w->tmp_name, MAP_WRITE_CACHE_BYTES, DB_CREATE | DB_EXCL);
	if (rc != 0) {
		map_fault(f, rc, "create", w->tmp_name);
		map_writer_free(w);
		return ST_IO;
	}
	*out = w;
	return ST_OK;
}

enum st
map_writer_put(struct map_writer *w, struct slice key, struct slice value, struct fault *f)
{
	DBT k = map_dbt(key), v = map_dbt(value);
	int rc;

	if (key.n > MAP_ITEM_MAX || value.n > MAP_ITEM_MAX)
		return fault_set(f, ST_LIMIT, "4.3.5", "%s: an entry is too long", w->name);
	rc = w->h.db->put(w->h.db, NULL, &k, &v, 0);
	return rc == 0 ? ST_OK : map_fault(f, rc, "write", w->tmp_name);
}

/* The file is whole: its mode, to the disk, into place, the folder to the disk. */
static enum st
map_publish(struct map_writer *w, struct fault *f)
{
	int fd = openat(w->dirfd, w->tmp_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC), rc;

	if (fd < 0)
		return fault_sys(f, ST_IO, "4.3.5", errno, "open %s", w->tmp_name);
	rc = fchmod(fd, w->mode) == 0 ? durable_now(fd, DURABLE_FILE) : -errno;
	close(fd);
	if (rc != 0)
		return fault_sys(f, ST_IO, "4.3.5", -rc, "sync %s", w->tmp_name);
	if (renameat(w->dirfd, w->tmp_name, w->dirfd, w->name) != 0)
		return fault_sys(f, ST_IO, "4.3.5", errno, "rename %s", w->tmp_name);
	rc = durable_now(w->dirfd, DURABLE_DIR);
	return rc == 0 ? ST_OK
		       : fault_sys(f, ST_IO, "4.3.5", -rc, "sync the folder of %s", w->name);
}

enum st
map_writer_commit(struct map_writer *w, struct fault *f)
{
	enum st st = ST_OK;
	int rc = w->h.db->close(w->h.db, 0); /* writes what is in memory */

	w->h.db = NULL;
	if (rc != 0)
		st = map_fault(f, rc, "write", w->tmp_name);
	if (st == ST_OK)
		st = map_publish(w, f);
	if (st != ST_OK)
		unlinkat(w->dirfd, w->tmp_name,
		    0); /* not there any more when only the last sync failed */
	map_writer_free(w);
	return st;
}

void
map_writer_abandon(struct map_writer *w)
{
	if (!w)
		return;
	map_handle_close(&w->h);
	unlinkat(w->dirfd, w->tmp_name, 0);
	map_writer_free(w);
}
