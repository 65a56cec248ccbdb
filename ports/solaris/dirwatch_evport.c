/*
 * File events of Solaris and illumos (PORT_SOURCE_FILE). A watch names its directory by path and
 * carries the times it had when it was last looked at: a change between that look and the
 * association is told at once, so nothing falls between two one-shot events.
 */
#include "os/dirwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <port.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os/sysinfo.h"

/* Where the system tells the path of a descriptor. */
#ifndef PORT_FD_PATHS
#define PORT_FD_PATHS "/proc/self/path"
#endif

struct dirwatch_slot {
	struct file_obj object; /* its address is the identity of the watch */
	char path[PATH_MAX];
	int dirfd; /* our own, for its times; -1: the slot is free */
	void *tag;
};

struct dirwatch {
	int port; /* -1 when there is none to have: every add says -ENOTSUP */
	struct dirwatch_slot **slots;
	size_t cap;
};

const char *const dirwatch_name = "evport";

int
dirwatch_new(struct dirwatch **out)
{
	struct dirwatch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->port = port_create();
	if (w->port >= 0 && fcntl(w->port, F_SETFD, FD_CLOEXEC) != 0) {
		close(w->port);
		w->port = -1;
	}
	*out = w;
	return 0;
}

static void
slot_free(struct dirwatch_slot *s)
{
	if (s)
		close(s->dirfd);
	free(s);
}

void
dirwatch_free(struct dirwatch *w)
{
	if (!w)
		return;
	if (w->port >= 0)
		close(w->port);
	for (size_t i = 0; i < w->cap; i++)
		slot_free(w->slots[i]);
	free(w->slots);
	free(w);
}

int
dirwatch_fd(const struct dirwatch *w)
{
	return w->port;
}

/* Index of a free place, or -ENOMEM. */
static int
slot_place(struct dirwatch *w)
{
	struct dirwatch_slot **slots;
	size_t at = 0, cap;

	while (at < w->cap && w->slots[at])
		at++;
	if (at < w->cap)
		return (int)at;
	cap = w->cap ? w->cap * 2 : 8;
	slots = realloc(w->slots, cap * sizeof(struct dirwatch_slot *));
	if (!slots)
		return -ENOMEM;
	for (size_t i = w->cap; i < cap; i++)
		slots[i] = NULL;
	w->slots = slots;
	w->cap = cap;
	return (int)at;
}

/* Asks for the next change, beginning with how the directory is now. 0 or -errno. */
static int
slot_associate(struct dirwatch *w, struct dirwatch_slot *s)
{
	struct stat st;

	if (fstat(s->dirfd, &st) != 0)
		return -errno;
	s->object.fo_atime = st.st_atim;
	s->object.fo_mtime = st.st_mtim;
	s->object.fo_ctime = st.st_ctim;
	s->object.fo_name = s->path;
	return port_associate(
		   w->port, PORT_SOURCE_FILE, (uintptr_t)&s->object, FILE_MODIFIED, s) == 0
		   ? 0
		   : -errno;
}

/* The path of a descriptor; it must still be the same directory. 0 or -errno. */
static int
slot_path(struct dirwatch_slot *s)
{
	struct stat by_fd, by_path;
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), PORT_FD_PATHS "/%d", s->dirfd);
	n = readlink(link, s->path, sizeof(s->path) - 1);
	if (n < 0)
		return -ENOTSUP;
	s->path[n] = '\0';
	if (fstat(s->dirfd, &by_fd) != 0)
		return -errno;
	if (!S_ISDIR(by_fd.st_mode))
		return -ENOTDIR;
	if (stat(s->path, &by_path) != 0 || by_path.st_dev != by_fd.st_dev ||
	    by_path.st_ino != by_fd.st_ino)
		return -ENOTSUP;
	return 0;
}

int
dirwatch_add(struct dirwatch *w, int dirfd, void *tag)
{
	struct sysinfo_space space;
	struct dirwatch_slot *s;
	int rc = w->port < 0 ? -ENOTSUP : sysinfo_space(dirfd, &space), at;

	if (rc != 0 || space.is_network)
		return rc ? rc : -ENOTSUP;
	at = slot_place(w);
	if (at < 0)
		return at;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->tag = tag;
	s->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	if (s->dirfd < 0) {
		rc = -errno;
		free(s);
		return rc == -EMFILE ? -ENOTSUP : rc;
	}
	rc = slot_path(s);
	if (rc == 0)
		rc = slot_associate(w, s);
	if (rc != 0) {
		slot_free(s);
		return rc == -ENOTDIR ? rc : -ENOTSUP;
	}
	w->slots[at] = s;
	return at;
}

void
dirwatch_remove(struct dirwatch *w, int handle)
{
	struct dirwatch_slot *s;

	if (handle < 0 || (size_t)handle >= w->cap || !w->slots[handle])
		return;
	s = w->slots[handle];
	/* This also takes back an event that was not fetched. */
	port_dissociate(w->port, PORT_SOURCE_FILE, (uintptr_t)&s->object);
	w->slots[handle] = NULL;
	slot_free(s);
}

void *
dirwatch_next(struct dirwatch *w)
{
	static const struct timespec at_once = {0, 0};
	struct timespec patience = at_once;
	struct dirwatch_slot *s;
	port_event_t row;

	if (w->port < 0 || port_get(w->port, &row, &patience) != 0)
		return NULL;
	s = row.portev_user;
	/* When this fails the directory is gone: the caller learns it from this one last notice. */
	if (!(row.portev_events & (FILE_DELETE | FILE_RENAME_FROM | UNMOUNTED)))
		(void)slot_associate(w, s);
	return s->tag;
}
