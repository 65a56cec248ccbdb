/*
 * Compiled tables: what goes in comes out, replacement is whole or not at all, and nothing of the
 * current directory matters.
 */
#include "ext/map.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/num.h"

static char root[] = "/tmp/map_test.XXXXXX";
static int root_fd;

static struct map_writer *
writer(const char *name)
{
	struct map_writer *w = NULL;
	struct fault f = FAULT_NONE;

	if (!CHECK_EQ(map_writer_new(root_fd, root, name, 0640, &w, &f), ST_OK))
		printf("%s\n", f.text);
	return w;
}

static void
put(struct map_writer *w, const char *key, const char *value)
{
	struct fault f = FAULT_NONE;

	CHECK_EQ(map_writer_put(w, sl_str(key), sl_str(value), &f), ST_OK);
}

static void
commit(struct map_writer *w)
{
	struct fault f = FAULT_NONE;

	if (!CHECK_EQ(map_writer_commit(w, &f), ST_OK))
		printf("%s\n", f.text);
}

static struct dict *
table(const char *name)
{
	struct dict *d = NULL;
	struct fault f = FAULT_NONE;

	if (!CHECK_EQ(map_open(root, name, &d, &f), ST_OK))
		printf("%s\n", f.text);
	return d;
}

static void
check_get(struct dict *d, struct slice key, struct slice want)
{
	struct arena *a = arena_new("map_test", 1 << 20);
	struct fault f = FAULT_NONE;
	struct slice got = SL_NONE;

	CHECK_EQ(dict_get(d, key, a, &got, &f), ST_OK);
	CHECK_SL(got, want);
	arena_free(a);
}

static void
check_absent(struct dict *d, struct slice key)
{
	struct arena *a = arena_new("map_test", 1000);
	struct fault f = FAULT_NONE;
	struct slice got;

	CHECK_EQ(dict_get(d, key, a, &got, &f), ST_NOENT);
	arena_free(a);
}

static int
count_files(void)
{
	DIR *dir = opendir(root);
	int n = -2; /* "." and ".." */

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static void
round_trip(void)
{
	struct map_writer *w = writer("t.dat");
	struct dict *d;
	struct stat st;
	static const unsigned char odd[] = {0, 255, '\n', 0, 'x'};
	struct fault f = FAULT_NONE;

	put(w, "user", "uid=1000");
	put(w, "", "the empty key");
	put(w, "empty", "");
	put(w, "twice", "first");
	put(w, "twice", "second");
	CHECK_EQ(map_writer_put(w, sl_mem(odd, sizeof(odd)), sl_mem(odd, 2), &f), ST_OK);
	/* Nothing is there before the commit. */
	CHECK_EQ(map_open(root, "t.dat", &d, &f), ST_NOENT);
	commit(w);
	CHECK_EQ(fstatat(root_fd, "t.dat", &st, 0), 0);
	CHECK_EQ(st.st_mode & 07777, 0640);
	CHECK_EQ(count_files(), 1);
	d = table("t.dat");
	check_get(d, SL("user"), SL("uid=1000"));
	check_get(d, SL_NONE, SL("the empty key"));
	check_get(d, SL("empty"), SL(""));
	check_get(d, SL("twice"), SL("second"));
	check_get(d, sl_mem(odd, sizeof(odd)), sl_mem(odd, 2));
	check_absent(d, SL("users"));
	check_absent(d, SL("use"));
	check_absent(d, sl_mem(odd, 1));
	dict_close(d);
	CHECK_EQ(unlinkat(root_fd, "t.dat", 0), 0);
}

struct walk {
	unsigned count, stop_at;
	uint64_t sum;
	bool ordered;
	char last[64];
};

static bool
walk_one(void *arg, struct slice key, struct slice value)
{
	struct walk *w = arg;
	uint64_t n;

	w->ordered &= w->count == 0 || sl_cmp(key, sl_str(w->last)) > 0;
	snprintf(w->last, sizeof(w->last), "%.*s", SL_FMT(key));
	if (num_u64(value, UINT64_MAX, &n))
		w->sum += n;
	return ++w->count != w->stop_at;
}

static void
many_entries(void)
{
	enum { MANY = 50000 };
	struct map_writer *w = writer("t.dat");
	struct walk all = {.ordered = true}, some = {.ordered = true, .stop_at = 10};
	struct fault f = FAULT_NONE;
	struct dict *d;
	char key[32], value[32];
	uint64_t i, sum = 0;

	for (i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "%08x@example.test", (unsigned)(i * 2654435761u));
		snprintf(value, sizeof(value), "%u", (unsigned)i);
		put(w, key, value);
		sum += i;
	}
	commit(w);
	d = table("t.dat");
	for (i = 0; i < MANY; i += 997) {
		snprintf(key, sizeof(key), "%08x@example.test", (unsigned)(i * 2654435761u));
		snprintf(value, sizeof(value), "%u", (unsigned)i);
		check_get(d, sl_str(key), sl_str(value));
	}
	CHECK_EQ(map_each(d, walk_one, &all, &f), ST_OK);
	CHECK_EQ(all.count, MANY);
	CHECK_EQ(all.sum, sum);
	CHECK(all.ordered);
	CHECK_EQ(map_each(d, walk_one, &some, &f), ST_OK);
	CHECK_EQ(some.count, 10);
	dict_close(d);
	CHECK_EQ(unlinkat(root_fd, "t.dat", 0), 0);
}

static void
large_value(void)
{
	struct map_writer *w = writer("t.dat");
	struct arena *small = arena_new("map_test", 1000);
	struct fault f = FAULT_NONE;
	struct slice got;
	struct dict *d;
	struct buf b;
	int i;

	buf_init(&b, 1 << 20);
	for (i = 0; i < 100000; i++)
		buf_fmt(&b, "%d,", i % 100);
	CHECK_EQ(map_writer_put(w, SL("list"), buf_slice(&b), &f), ST_OK);
	commit(w);
	d = table("t.dat");
	check_get(d, SL("list"), buf_slice(&b));
	CHECK_EQ(dict_get(d, SL("list"), small, &got, &f), ST_LIMIT);
	dict_close(d);
	arena_free(small);
	buf_fini(&b);
	CHECK_EQ(unlinkat(root_fd, "t.dat", 0), 0);
}

static void
replaced(void)
{
	struct map_writer *w = writer("t.dat");
	struct dict *old, *new;

	put(w, "k", "old");
	commit(w);
	old = table("t.dat");
	CHECK(!map_is_stale(old));
	w = writer("t.dat");
	put(w, "k", "new");
	CHECK(!map_is_stale(old)); /* not before it is in place */
	commit(w);
	CHECK(map_is_stale(old));
	check_get(old, SL("k"), SL("old")); /* who has it open goes on with it */
	new = table("t.dat");
	check_get(new, SL("k"), SL("new"));
	CHECK(!map_is_stale(new));
	dict_close(old);
	dict_close(new);
	/* Given up: the old one stays, nothing is left behind. */
	w = writer("t.dat");
	put(w, "k", "newer");
	map_writer_abandon(w);
	map_writer_abandon(NULL);
	new = table("t.dat");
	check_get(new, SL("k"), SL("new"));
	CHECK_EQ(count_files(), 1);
	CHECK_EQ(unlinkat(root_fd, "t.dat", 0), 0);
	CHECK(map_is_stale(new));
	dict_close(new);
}

/* What a writer that was killed left behind under our number does not stop us. */
static void
left_behind(void)
{
	char name[64];
	struct map_writer *w;
	struct dict *d;
	int fd;

	snprintf(name, sizeof(name), "t.dat.tmp.%ld", (long)getpid());
	fd = openat(root_fd, name, O_CREAT | O_WRONLY, 0600);
	CHECK_EQ(write(fd, "half a file", 11), 11);
	close(fd);
	w = writer("t.dat");
	put(w, "k", "v");
	commit(w);
	d = table("t.dat");
	check_get(d, SL("k"), SL("v"));
	dict_close(d);
	CHECK_EQ(count_files(), 1);
	CHECK_EQ(unlinkat(root_fd, "t.dat", 0), 0);
}

/*
 * A DB_CONFIG in the current directory that would break every open, were it read (CVE-2017-10140).
 */
static void
current_directory(void)
{
	char where[] = "/tmp/map_test_cwd.XXXXXX", before[4096];
	struct map_writer *w;
	struct dict *d;
	FILE *f;

	CHECK(getcwd(before, sizeof(before)) != NULL);
	CHECK(mkdtemp(where) != NULL);
	CHECK_EQ(chdir(where), 0);
	f = fopen("DB_CONFIG", "w");
	CHECK(f != NULL && fputs("no_such_parameter here\nset_data_dir /nowhere\n", f) >= 0 &&
	      fclose(f) == 0);
	w = writer("t.dat");
	put(w, "k", "v");
	commit(w);
	d = table("t.dat");
	check_get(d, SL("k"), SL("v"));
	dict_close(d);
	CHECK_EQ(unlink("DB_CONFIG"), 0);
	CHECK_EQ(chdir(before), 0);
	CHECK_EQ(rmdir(where), 0); /* and nothing was written there */
	CHECK_EQ(count_files(), 1);
	CHECK_EQ(unlinkat(root_fd, "t.dat", 0), 0);
}

static void
bad_names(void)
{
	static const char *const names[] = {"", ".", "..", "a/b", ".hidden"};
	struct map_writer *w;
	struct fault f = FAULT_NONE;
	struct dict *d;
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++) {
		CHECK_EQ(map_open(root, names[i], &d, &f), ST_BUG);
		CHECK_EQ(map_writer_new(root_fd, root, names[i], 0600, &w, &f), ST_BUG);
	}
	CHECK_EQ(map_open("relative", "t.dat", &d, &f), ST_BUG);
	CHECK_EQ(map_writer_new(root_fd, "/", "t.dat", 0600, &w, &f),
	    ST_BUG); /* another folder than the descriptor's */
	CHECK_EQ(map_open("/nowhere/at/all", "t.dat", &d, &f), ST_NOENT);
}

/* Garbage, an empty file, a table cut short: an answer, no crash. */
static void
damaged(void)
{
	static const off_t lengths[] = {0, 1, 511, 512, 4096, 5000, 8192, 20000};
	struct arena *a = arena_new("map_test", 1 << 20);
	struct map_writer *w;
	struct fault f = FAULT_NONE;
	struct slice got;
	struct dict *d;
	char key[32];
	enum st st;
	size_t k;
	int i, fd;

	fd = openat(root_fd, "t.dat", O_CREAT | O_WRONLY, 0600);
	for (i = 0; i < 2000; i++)
		CHECK_EQ(write(fd, "this is not a table ", 20), 20);
	close(fd);
	CHECK_EQ(map_open(root, "t.dat", &d, &f), ST_PERM);
	CHECK(f.text[0] != '\0');
	for (k = 0; k < COUNT_OF(lengths); k++) {
		w = writer("t.dat");
		for (i = 0; i < 3000; i++) {
			snprintf(key, sizeof(key), "key number %d", i);
			put(w, key, "value value value");
		}
		commit(w);
		fd = openat(root_fd, "t.dat", O_WRONLY);
		CHECK_EQ(ftruncate(fd, lengths[k]), 0);
		close(fd);
		st = map_open(root, "t.dat", &d, &f);
		if (st != ST_OK) {
			CHECK(st == ST_PERM || st == ST_IO);
			continue;
		}
		st = dict_get(d, SL("key number 2999"), a, &got, &f);
		CHECK(st == ST_IO || st == ST_NOENT);
		dict_close(d);
	}
	arena_free(a);
	CHECK_EQ(unlinkat(root_fd, "t.dat", 0), 0);
}

static const struct check_row rows[] = {
	{"round_trip", round_trip},
	{"many_entries", many_entries},
	{"large_value", large_value},
	{"replaced", replaced},
	{"left_behind", left_behind},
	{"current_directory", current_directory},
	{"bad_names", bad_names},
	{"damaged", damaged},
};

int
main(int argc, char **argv)
{
	int rc;

	if (!mkdtemp(root) || (root_fd = open(root, O_RDONLY | O_DIRECTORY)) < 0) {
		perror(root);
		return 1;
	}
	rc = check_main(argc, argv, rows, COUNT_OF(rows));
	rmdir(root);
	return rc;
}
