/*
 * Maildirs and the way to them.
 */
#include "maildir/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/step.h"

#define TMP_KEPT_SEC (36 * 3600) /* what is older in tmp/ was left by a crash */
#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

enum st
maildir_fault(struct fault *f, int err, const char *what)
{
	const char *esc = "4.3.0";

	if (err == ENOSPC)
		esc = "4.3.1";
	else if (err == EDQUOT)
		esc = "4.2.2";
	return fault_sys(f, ST_IO, esc, err, "%s", what);
}

bool
maildir_name_copy(struct slice name, char out[256])
{
	if (name.n == 0 || name.n > 255 || sl_find(name, '/') < name.n ||
	    sl_find(name, '\0') < name.n)
		return false;
	memcpy(out, name.p, name.n);
	out[name.n] = '\0';
	return true;
}

static int
open_dir(int parent, struct slice name, struct fault *f)
{
	char text[256];
	int fd, err;

	if (!maildir_name_copy(name, text)) {
		fault_set(f, ST_TEMP, "4.2.0", "%.*s: no file can have this name", SL_FMT(name));
		return -1;
	}
	err = maildir_step(MAILDIR_STEP_OPEN);
	fd = err ? -1 : openat(parent, text, OPEN_DIR);
	if (fd >= 0)
		return fd;
	err = err ? err : errno;
	if (err == ENOENT || err == ENOTDIR || err == ELOOP)
		fault_sys(f, ST_NOENT, "4.2.0", err, "%s", text);
	else
		maildir_fault(f, err, text);
	return -1;
}

int
maildir_walk(int base, struct slice path, struct slice *last, struct fault *f)
{
	struct slice part;
	int at = open_dir(base, SL("."), f);

	*last = SL(".");
	for (bool more = true; at >= 0 && more;) {
		int next;

		more = sl_cut(&path, '/', &part);
		if (part.n == 0 || sl_eq(part, SL(".")))
			continue;
		if (sl_eq(part, SL(".."))) {
			fault_set(f, ST_TEMP, "4.2.0", "a mailbox cannot be named by \"..\"");
			close(at);
			return -1;
		}
		if (!sl_eq(*last, SL("."))) {
			next = open_dir(at, *last, f);
			close(at);
			at = next;
		}
		*last = part;
	}
	return at;
}

/* Only below a directory of our own: an empty mount point is not where the mail goes. */
static enum st
make_dir(int parent, const char *name, struct fault *f)
{
	struct stat st;

	if (fstat(parent, &st) != 0)
		return maildir_fault(f, errno, name);
	if (st.st_uid != geteuid())
		return fault_set(f, ST_NOENT, "4.2.0",
		    "%s: there is none, and its folder belongs to uid %lu", name,
		    (unsigned long)st.st_uid);
	if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
		return maildir_fault(f, errno, name);
	return ST_OK;
}

/* Nothing there but dot files? Then nobody has used it yet. */
static bool
is_fresh(int dir)
{
	struct maildir_walker w;
	const char *name;

	if (maildir_walker_open(dir, &w) != 0)
		return false;
	do
		name = maildir_walker_next(&w);
	while (name && name[0] == '.');
	maildir_walker_close(&w);
	return name == NULL;
}

/* *fd gets the directory, which is made when it is missing and may be. */
static enum st
open_or_make(
    int parent, struct slice name, enum maildir_make make, bool *created, int *fd, struct fault *f)
{
	char text[256];
	enum st st;

	*fd = open_dir(parent, name, f);
	if (*fd >= 0)
		return ST_OK;
	if (make == MAILDIR_NEVER || f->sys != ENOENT || !maildir_name_copy(name, text))
		return f->st;
	if (make == MAILDIR_IF_FRESH && !is_fresh(parent))
		return fault_set(f, ST_NOENT, "4.2.0", "%s: there is no Maildir", text);
	st = make_dir(parent, text, f);
	if (st != ST_OK)
		return st;
	*created = true;
	*fd = open_dir(parent, name, f);
	return *fd >= 0 ? ST_OK : f->st;
}

enum st
maildir_open(
    int parent, struct slice name, enum maildir_make make, struct maildir *m, struct fault *f)
{
	enum st st;

	*m = MAILDIR_CLOSED;
	st = open_or_make(parent, name, make, &m->created, &m->top, f);
	if (make == MAILDIR_IF_FRESH)
		make = MAILDIR_MAKE; /* the top is there: what it lacks belongs in it */
	/* tmp last: others take a folder that has it for whole. */
	if (st == ST_OK)
		st = open_or_make(m->top, SL("cur"), make, &m->created, &m->cur, f);
	if (st == ST_OK)
		st = open_or_make(m->top, SL("new"), make, &m->created, &m->new, f);
	if (st == ST_OK)
		st = open_or_make(m->top, SL("tmp"), make, &m->created, &m->tmp, f);
	if (st != ST_OK)
		maildir_close(m);
	return st;
}

void
maildir_close(struct maildir *m)
{
	int *fds[] = {&m->top, &m->tmp, &m->new, &m->cur};

	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

enum maildir_kind
maildir_kind_of(int parent, struct slice name)
{
	char text[256];
	struct stat st;

	if (!maildir_name_copy(name, text))
		return MAILDIR_IS_OTHER;
	if (fstatat(parent, text, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? MAILDIR_IS_MISSING : MAILDIR_IS_OTHER;
	if (S_ISDIR(st.st_mode))
		return MAILDIR_IS_DIR;
	return S_ISREG(st.st_mode) ? MAILDIR_IS_FILE : MAILDIR_IS_OTHER;
}

int
maildir_walker_open(int dir, struct maildir_walker *w)
{
	int fd = openat(dir, ".", OPEN_DIR), err;

	w->err = 0;
	if (fd < 0)
		return -errno;
	w->stream = fdopendir(fd);
	if (w->stream)
		return 0;
	err = errno;
	close(fd);
	return -err;
}

const char *
maildir_walker_next(struct maildir_walker *w)
{
	struct dirent *e;

	errno = 0;
	do
		e = readdir(w->stream);
	while (e && e->d_name[0] == '.' &&
	       (e->d_name[1] == '\0' || (e->d_name[1] == '.' && e->d_name[2] == '\0')));
	w->err = e ? 0 : -errno;
	return e ? e->d_name : NULL;
}

void
maildir_walker_close(struct maildir_walker *w)
{
	closedir(w->stream);
}

void
maildir_clean_tmp(int tmp, int64_t wall_sec)
{
	struct maildir_walker w;
	const char *name;
	struct stat st;

	if (maildir_walker_open(tmp, &w) != 0)
		return;
	while ((name = maildir_walker_next(&w)) != NULL)
		if (fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
		    wall_sec - (int64_t)st.st_mtime > TMP_KEPT_SEC)
			unlinkat(tmp, name, 0);
	maildir_walker_close(&w);
}
