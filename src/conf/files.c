#include "conf/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 16384
/* Most files of one folder. */
#define NAMES_MAX 10000

static enum st
read_all(int fd, struct buf *out, struct fault *f)
{
	size_t start = out->n;
	ssize_t got;

	do {
		unsigned char *p;

		if (out->n - start > CONF_FILE_MAX || (p = buf_room(out, READ_STEP)) == NULL)
			return fault_set(f, ST_LIMIT, "",
			    "found more than %zu bytes, expected a smaller file", CONF_FILE_MAX);
		do {
			got = read(fd, p, READ_STEP);
		} while (got < 0 && errno == EINTR);
		if (got < 0)
			return fault_sys(f, ST_IO, "", errno, "cannot be read");
		buf_added(out, (size_t)got);
	} while (got > 0);
	if (out->n > start && memchr(out->p + start, 0, out->n - start) != NULL)
		return fault_set(f, ST_SYNTAX, "", "found a NUL byte, expected text");
	return ST_OK;
}

/* O_NONBLOCK: a FIFO in the folder must not stop us. */
static enum st
open_regular(int dirfd, const char *name, int *fd, struct stat *sb, struct fault *f)
{
	*fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0 && errno == ENOENT)
		return fault_set(f, ST_NOENT, "", "does not exist");
	if (*fd < 0)
		return fault_sys(f, ST_IO, "", errno, "cannot be opened");
	if (fstat(*fd, sb) == 0 && S_ISREG(sb->st_mode))
		return ST_OK;
	close(*fd);
	*fd = -1;
	return fault_set(f, ST_SYNTAX, "", "found a folder or device, expected a file");
}

enum st
conf_file_read(int dirfd, const char *name, struct buf *out, struct fault *f)
{
	struct stat sb;
	enum st st;
	int fd;

	st = open_regular(dirfd, name, &fd, &sb, f);
	if (st != ST_OK)
		return st;
	st = read_all(fd, out, f);
	close(fd);
	return st;
}

/* --- tables ---------------------------------------------------------------- */

struct table {
	unsigned forbidden_mode;
	conf_table_fn *fn;
	void *arg;
	struct conf_report *report;
};

static void
table_file(const struct table *t, int dirfd, const char *name, const char *path)
{
	struct buf text;
	struct fault f = FAULT_NONE;
	struct stat sb;
	int fd;

	if (open_regular(dirfd, name, &fd, &sb, &f) != ST_OK) {
		conf_error(t->report, path, 0, "%s", f.text);
		return;
	}
	buf_init(&text, CONF_FILE_MAX + 2 * READ_STEP);
	if (sb.st_mode & t->forbidden_mode)
		conf_error(t->report, path, 0,
		    "found mode %03o, expected a file that group and others cannot use (chmod go= "
		    "it)",
		    (unsigned)(sb.st_mode & 0777));
	else if (read_all(fd, &text, &f) != ST_OK)
		conf_error(t->report, path, 0, "%s", f.text);
	else
		t->fn(t->arg, path, buf_slice(&text));
	buf_fini(&text);
	close(fd);
}

/* NAME.dist is of no interest when NAME is there and not older. */
static bool
dist_is_outdated(int fd, const char *name)
{
	struct stat dist, mine;
	char *base = mem_str(sl_sub(sl_str(name), 0, strlen(name) - 5));
	bool outdated = fstatat(fd, name, &dist, 0) == 0 && fstatat(fd, base, &mine, 0) == 0 &&
			mine.st_mtime >= dist.st_mtime;

	mem_free(base);
	return outdated;
}

/* Leftovers of package tools: somebody has to decide which version counts. */
static bool
name_is_leftover(struct slice name)
{
	return sl_ends(name, SL(".rpmsave")) || sl_ends(name, SL(".rpmnew")) ||
	       sl_search(name, SL(".dpkg-")) < name.n || sl_ends(name, SL(".dist"));
}

static void
folder_file(const struct table *t, int fd, const char *folder, const char *name)
{
	struct slice s = sl_str(name);
	struct buf path;

	if (sl_ends(s, SL(".dist")) && dist_is_outdated(fd, name))
		return;
	buf_init(&path, 8192);
	buf_fmt(&path, "%s/%s", folder, name);
	if (name_is_leftover(s))
		conf_error(t->report, buf_str(&path), 0,
		    "found what a package upgrade left behind, expected a decision: merge it into "
		    "the file of that name, then remove it");
	else
		table_file(t, fd, name, buf_str(&path));
	buf_fini(&path);
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t
folder_names(DIR *d, char **names, const char *folder, struct conf_report *r)
{
	const struct dirent *e;
	size_t count = 0;

	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || strchr(e->d_name, '~') != NULL)
			continue;
		if (count == NAMES_MAX) {
			conf_error(
			    r, folder, 0, "found more than %d files, expected less", NAMES_MAX);
			break;
		}
		names[count++] = mem_str(sl_str(e->d_name));
	}
	qsort(names, count, sizeof(*names), by_bytes);
	return count;
}

static void
table_folder(const struct table *t, int fd, const char *folder)
{
	DIR *d = fdopendir(fd);
	char **names;
	size_t count;

	if (d == NULL) {
		conf_error(t->report, folder, 0, "cannot be read: %s", strerror(errno));
		close(fd);
		return;
	}
	names = mem_get(NAMES_MAX * sizeof(*names));
	count = folder_names(d, names, folder, t->report);
	for (size_t i = 0; i < count; i++) {
		folder_file(t, fd, folder, names[i]);
		mem_free(names[i]);
	}
	mem_free(names);
	closedir(d);
}

enum st
conf_table_read(int dirfd, const char *dir, const char *name, unsigned forbidden_mode,
    conf_table_fn *fn, void *arg, struct conf_report *r)
{
	struct table t = {forbidden_mode, fn, arg, r};
	unsigned errors = r->errors;
	struct buf path;
	int fd;

	buf_init(&path, 8192);
	buf_fmt(&path, "%s/%s", dir, name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		table_folder(&t, fd, buf_str(&path));
	} else if (errno == ENOENT) {
		buf_fini(&path);
		return ST_NOENT;
	} else {
		table_file(&t, dirfd, name, buf_str(&path));
	}
	buf_fini(&path);
	return r->errors == errors ? ST_OK : ST_SYNTAX;
}
