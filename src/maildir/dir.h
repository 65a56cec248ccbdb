/*
 * Finding and opening Maildirs, by directory descriptor and one name at a time, never through a
 * symbolic link. And what an errno means for the delivery that met it (RFC 3463).
 */
#ifndef MAILDIR_DIR_H
#define MAILDIR_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/fault.h"
#include "base/slice.h"

struct maildir {
	int top, tmp, new, cur; /* directories; -1 while closed */
	bool created;           /* by this call: the parent's entry is not on disk yet */
};
#define MAILDIR_CLOSED ((struct maildir){-1, -1, -1, -1, false})

/*
 * The directory that holds the last name of a relative path such as "./Maildir/.Lists", from base:
 * a new descriptor (the caller closes it), and *last, which borrows from path ("." when the path
 * has no name in it). -1 with f: ".." in the path, a directory that is missing or is a link.
 */
int maildir_walk(int base, struct slice path, struct slice *last, struct fault *f) ATTR_CHECKED;

/* May a Maildir be made where there is none? */
enum maildir_make {
	MAILDIR_NEVER,
	MAILDIR_IF_FRESH, /* when its parent holds nothing but dot files: a home nobody used yet */
	MAILDIR_MAKE,
};

/*
 * Opens the Maildir `name` in parent. make: makes what is missing of it, mode 0700, when the
 * parent belongs to this process's uid (a mount point that is not mounted belongs to somebody
 * else). ST_OK, or a fault of class 4 with everything closed: 4.2.0 there is none, 4.3.0 and 4.3.1
 * the system's.
 */
enum st maildir_open(int parent, struct slice name, enum maildir_make make, struct maildir *m,
    struct fault *f) ATTR_CHECKED;

/* Closes what is open; safe twice. */
void maildir_close(struct maildir *m);

enum maildir_kind { MAILDIR_IS_MISSING, MAILDIR_IS_DIR, MAILDIR_IS_FILE, MAILDIR_IS_OTHER };

/* What stands there? A symbolic link is OTHER. */
enum maildir_kind maildir_kind_of(int parent, struct slice name);

/*
 * Fills f for a system error met while mail was stored: 4.3.1 no space or inodes left, 4.2.2 the
 * file system's quota of the user, 4.3.0 all else. Returns its st.
 */
enum st maildir_fault(struct fault *f, int err, const char *what);

/* Removes what a crash left in tmp/: files older than 36 hours. */
void maildir_clean_tmp(int tmp, int64_t wall_sec);

/* The name as a C string. False when it is no name: empty, too long, with a slash or NUL. */
bool maildir_name_copy(struct slice name, char out[256]);

/* A walk over the names of a directory. */
struct maildir_walker {
	void *stream;
	int err; /* behind a NULL of maildir_walker_next: 0, or -errno: not the end */
};

/* 0 or -errno. */
int maildir_walker_open(int dir, struct maildir_walker *w) ATTR_CHECKED;

/* The next name, valid until the next call, but for "." and ".."; NULL at the end. */
const char *maildir_walker_next(struct maildir_walker *w);

/* Ends the walk; the directory given to open stays the caller's. */
void maildir_walker_close(struct maildir_walker *w);

#endif
