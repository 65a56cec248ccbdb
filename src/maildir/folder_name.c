/*
 * Names of folders.
 */
#include "maildir/folder_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/mutf7.h"
#include "base/num.h"
#include "base/utf8.h"
#include "maildir/dir.h"
#include "maildir/store.h"

/* Empty for INBOX itself, else what follows "INBOX". False: not below INBOX. */
static bool
below_inbox(struct slice name, struct slice *rest)
{
	*rest = sl_skip(name, 5);
	return sl_istarts(name, SL("INBOX")) && (rest->n == 0 || rest->p[0] == '.');
}

static bool
parts_are_good(struct slice rest)
{
	struct slice part;

	while (rest.n) {
		rest = sl_skip(rest, 1); /* its dot */
		part = sl_sub(rest, 0, sl_find(rest, '.'));
		if (part.n == 0)
			return false;
		rest = sl_skip(rest, part.n);
	}
	return true;
}

enum st
store_name_check(struct slice name, struct fault *f)
{
	struct slice rest;

	if (name.n > STORE_NAME_MAX)
		return fault_set(
		    f, ST_SYNTAX, "5.1.3", "a folder's name has at most %d bytes", STORE_NAME_MAX);
	if (!below_inbox(name, &rest))
		return fault_set(f, ST_SYNTAX, "5.1.3", "folders are named INBOX.something");
	if (!utf8_valid(name))
		return fault_set(f, ST_SYNTAX, "5.1.3", "a folder's name is UTF-8");
	for (size_t i = 0; i < name.n; i++)
		if (ascii_is_ctl(name.p[i]) || name.p[i] == '/')
			return fault_set(f, ST_SYNTAX, "5.1.3",
			    "a folder's name has no slash and no control characters");
	if (!parts_are_good(rest))
		return fault_set(f, ST_SYNTAX, "5.1.3", "a part of the folder's name is empty");
	return ST_OK;
}

/* Does the file name mean another name than it spells? */
static bool
is_older_form(struct slice dir, struct buf *out)
{
	buf_init(out, 4 * STORE_NAME_MAX);
	return sl_find(dir, '&') < dir.n && mutf7_decode(dir, out);
}

enum st
folder_name_to_disk(struct slice name, char out[MAILDIR_NAME_MAX + 1], struct fault *f)
{
	enum st st = store_name_check(name, f);
	struct slice rest;
	struct buf other;

	if (st != ST_OK)
		return st;
	below_inbox(name, &rest);
	if (rest.n == 0)
		rest = SL(".");
	if (is_older_form(rest, &other)) {
		/* Spelled so it would be read as another name. */
		buf_clear(&other);
		mutf7_encode(rest, &other);
		rest = buf_slice(&other);
	}
	if (rest.n > MAILDIR_NAME_MAX || !buf_ok(&other)) {
		buf_fini(&other);
		return fault_set(f, ST_SYNTAX, "5.1.3", "the folder's name is too long");
	}
	memcpy(out, rest.p, rest.n);
	out[rest.n] = '\0';
	buf_fini(&other);
	return ST_OK;
}

enum st
folder_name_find(int top, struct slice name, char out[MAILDIR_NAME_MAX + 1], struct fault *f)
{
	enum st st = folder_name_to_disk(name, out, f);
	struct slice rest;
	struct buf other;
	bool found;

	if (st != ST_OK)
		return st;
	if (maildir_kind_of(top, sl_str(out)) == MAILDIR_IS_DIR)
		return ST_OK;
	below_inbox(name, &rest);
	buf_init(&other, MAILDIR_NAME_MAX);
	mutf7_encode(rest, &other);
	found =
	    buf_ok(&other) && other.n && maildir_kind_of(top, buf_slice(&other)) == MAILDIR_IS_DIR;
	if (found) {
		memcpy(out, other.p, other.n);
		out[other.n] = '\0';
	}
	buf_fini(&other);
	if (found)
		return ST_OK;
	return fault_set(f, ST_NOENT, "4.2.0", "there is no folder %.*s", SL_FMT(name));
}

char *
folder_name_keep(struct slice name)
{
	char *copy;

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	copy = mem_str(name);
	if (sl_istarts(name, SL("INBOX")))
		memcpy(copy, "INBOX", 5);
	return copy;
}

bool
folder_name_from_disk(struct slice dir, struct buf *out)
{
	struct fault f;
	size_t at = out->n;
	struct buf other;

	if (dir.n < 2 || dir.p[0] != '.')
		return false;
	buf_put(out, SL("INBOX"));
	buf_put(out, is_older_form(dir, &other) ? buf_slice(&other) : dir);
	buf_fini(&other);
	if (buf_ok(out) && store_name_check(sl_skip(buf_slice(out), at), &f) == ST_OK)
		return true;
	buf_cut(out, at);
	return false;
}

/* ---- UIDVALIDITY of folders that are no more ---- */

static int
open_own(int top)
{
	return openat(top, "courierindex", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

uint32_t
folder_validity_floor(int top)
{
	int dir = open_own(top), fd;
	uint64_t value = 0;
	char text[32];
	ssize_t n = -1;

	if (dir < 0)
		return 0;
	fd = openat(dir, "validity", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	close(dir);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n <= 0 || !num_u64(sl_trim(sl_mem(text, (size_t)n)), UINT32_MAX - 1, &value))
		return 0;
	return (uint32_t)value;
}

int
folder_validity_note(int top, uint32_t uidvalidity)
{
	char text[32];
	int dir, fd, n, err = 0;

	if (uidvalidity <= folder_validity_floor(top))
		return 0;
	if (mkdirat(top, "courierindex", 0700) != 0 && errno != EEXIST)
		return -errno;
	dir = open_own(top);
	if (dir < 0)
		return -errno;
	unlinkat(dir, "validity.new", 0);
	fd =
	    openat(dir, "validity.new", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = -errno;
		close(dir);
		return err;
	}
	n = snprintf(text, sizeof(text), "%lu\n", (unsigned long)uidvalidity);
	if (write(fd, text, (size_t)n) != n)
		err = errno ? -errno : -EIO;
	close(fd);
	if (!err && renameat(dir, "validity.new", dir, "validity") != 0)
		err = -errno;
	close(dir);
	return err;
}
