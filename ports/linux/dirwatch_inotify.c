/*
 * inotify. The kernel gives one watch for each directory and process instance however often it is
 * asked for, so several watches of ours may share one of its. Directories are named through
 * /proc/self/fd: inotify has no call that takes a descriptor.
 */
#include "os/dirwatch.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/hmap.h"
#include "base/list.h"
#include "os/sysinfo.h"

#define DIRWATCH_EVENTS                                                                        \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | \
	    IN_ONLYDIR)

struct dirwatch_slot {
	struct hmap_node node; /* by wd, while wd >= 0 */
	struct list_node due;  /* in dirwatch.due while its tag has not been given out */
	int wd;                /* -1: the kernel has dropped it */
	void *tag;
};

struct dirwatch {
	int fd; /* -1 when this user has too many instances: every add says -ENOTSUP */
	struct dirwatch_slot **slots; /* by handle; NULL is free */
	size_t cap;
	struct hmap by_wd;
	struct list due;
};

const char *const dirwatch_name = "inotify";

int
dirwatch_new(struct dirwatch **out)
{
	struct dirwatch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	hmap_init(&w->by_wd);
	list_init(&w->due);
	*out = w;
	return 0;
}

void
dirwatch_free(struct dirwatch *w)
{
	size_t i;

	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	for (i = 0; i < w->cap; i++)
		free(w->slots[i]);
	free(w->slots);
	hmap_fini(&w->by_wd);
	free(w);
}

int
dirwatch_fd(const struct dirwatch *w)
{
	return w->fd;
}

/* Index of a free slot, or -ENOMEM. */
static int
dirwatch_free_slot(struct dirwatch *w)
{
	struct dirwatch_slot **grown;
	size_t i, cap;

	for (i = 0; i < w->cap; i++)
		if (!w->slots[i])
			return (int)i;
	cap = w->cap ? w->cap * 2 : 8;
	grown = realloc(w->slots, cap * sizeof(struct dirwatch_slot *));
	if (!grown)
		return -ENOMEM;
	for (i = w->cap; i < cap; i++)
		grown[i] = NULL;
	i = w->cap;
	w->slots = grown;
	w->cap = cap;
	return (int)i;
}

static struct dirwatch_slot *
dirwatch_first(const struct dirwatch *w, int wd)
{
	struct hmap_node *n = hmap_first(&w->by_wd, hmap_hash_u64((uint64_t)wd));

	while (n && CONTAINER_OF(n, struct dirwatch_slot, node)->wd != wd)
		n = hmap_next(n);
	return n ? CONTAINER_OF(n, struct dirwatch_slot, node) : NULL;
}

static struct dirwatch_slot *
dirwatch_same(const struct dirwatch_slot *slot)
{
	struct hmap_node *n = hmap_next(&slot->node);

	while (n && CONTAINER_OF(n, struct dirwatch_slot, node)->wd != slot->wd)
		n = hmap_next(n);
	return n ? CONTAINER_OF(n, struct dirwatch_slot, node) : NULL;
}

int
dirwatch_add(struct dirwatch *w, int dirfd, void *tag)
{
	struct sysinfo_space space;
	struct dirwatch_slot *slot;
	char path[40];
	int handle, wd;

	/* On a network file system changes made elsewhere are not seen. */
	if (w->fd < 0 || (sysinfo_space(dirfd, &space) == 0 && space.is_network))
		return -ENOTSUP;
	handle = dirwatch_free_slot(w);
	if (handle < 0)
		return handle;
	slot = calloc(1, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	wd = inotify_add_watch(w->fd, path, DIRWATCH_EVENTS);
	if (wd < 0) {
		int rc = -errno;

		free(slot);
		/* Too many watches; no /proc here; a sandbox that does not have the call. */
		return rc == -ENOSPC || rc == -ENOENT || rc == -EPERM || rc == -ENOSYS ? -ENOTSUP
										       : rc;
	}
	slot->wd = wd;
	slot->tag = tag;
	list_node_init(&slot->due);
	hmap_put(&w->by_wd, &slot->node, hmap_hash_u64((uint64_t)wd));
	w->slots[handle] = slot;
	return handle;
}

void
dirwatch_remove(struct dirwatch *w, int handle)
{
	struct dirwatch_slot *slot;

	if (handle < 0 || (size_t)handle >= w->cap || !w->slots[handle])
		return;
	slot = w->slots[handle];
	w->slots[handle] = NULL;
	list_remove(&slot->due);
	if (slot->wd >= 0) {
		hmap_remove(&w->by_wd, &slot->node);
		if (!dirwatch_first(w, slot->wd))
			inotify_rm_watch(w->fd, slot->wd);
	}
	free(slot);
}

static void
dirwatch_mark(struct dirwatch *w, struct dirwatch_slot *slot)
{
	if (!list_is_linked(&slot->due))
		list_append(&w->due, &slot->due);
}

/* The kernel's queue was full: anything may have changed. */
static void
dirwatch_mark_all(struct dirwatch *w)
{
	size_t i;

	for (i = 0; i < w->cap; i++)
		if (w->slots[i])
			dirwatch_mark(w, w->slots[i]);
}

static void
dirwatch_event(struct dirwatch *w, const struct inotify_event *ev)
{
	struct dirwatch_slot *slot, *next;

	if (ev->mask & IN_Q_OVERFLOW) {
		dirwatch_mark_all(w);
		return;
	}
	for (slot = dirwatch_first(w, ev->wd); slot; slot = next) {
		next = dirwatch_same(slot);
		dirwatch_mark(w, slot);
		if (ev->mask & IN_IGNORED) { /* the directory is gone */
			hmap_remove(&w->by_wd, &slot->node);
			slot->wd = -1;
		}
	}
}

/* Reads what the kernel has; false when there was nothing. */
static bool
dirwatch_read(struct dirwatch *w)
{
	union {
		struct inotify_event align;
		char bytes[4096];
	} room;
	struct inotify_event ev;
	ssize_t got;
	size_t at;

	do
		got = read(w->fd, room.bytes, sizeof(room.bytes));
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	for (at = 0; at + sizeof(ev) <= (size_t)got; at += sizeof(ev) + ev.len) {
		memcpy(&ev, room.bytes + at, sizeof(ev));
		dirwatch_event(w, &ev);
	}
	return true;
}

void *
dirwatch_next(struct dirwatch *w)
{
	struct dirwatch_slot *slot;

	if (w->fd < 0)
		return NULL;
	while (list_is_empty(&w->due))
		if (!dirwatch_read(w))
			return NULL;
	slot = CONTAINER_OF(list_first(&w->due), struct dirwatch_slot, due);
	list_remove(&slot->due);
	return slot->tag;
}
