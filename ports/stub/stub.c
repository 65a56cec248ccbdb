/*
 * What the emulations share.
 */
#include "ports/stub/stub.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHANGES                                                                                \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | \
	    IN_ATTRIB | IN_ONLYDIR)

struct stub_row *
stub_find(struct stub_table *t, int owner, int kind, uintptr_t id, bool make)
{
	struct stub_row *free_row = NULL;

	for (int i = 0; i < t->used; i++) {
		struct stub_row *r = &t->rows[i];

		if (r->owner == owner && r->kind == kind && r->id == id)
			return r;
		if (r->owner == 0 && !free_row)
			free_row = r;
	}
	if (!make)
		return NULL;
	if (!free_row && t->used < STUB_ROWS)
		free_row = &t->rows[t->used++];
	if (free_row)
		*free_row = (struct stub_row){
		    .owner = owner, .kind = kind, .id = id, .wd = -1, .dirfd = -1};
	return free_row;
}

int
stub_object(void)
{
	return inotify_init1(IN_NONBLOCK);
}

void
stub_forget_owner(struct stub_table *t, int owner)
{
	for (int i = 0; i < t->used; i++)
		if (t->rows[i].owner == owner)
			t->rows[i].owner = 0;
}

void
stub_identify(struct stub_row *r)
{
	struct stat st;

	if (fstat((int)r->id, &st) == 0) {
		r->dev = (uint64_t)st.st_dev;
		r->ino = (uint64_t)st.st_ino;
	}
}

bool
stub_is_stale(const struct stub_row *r)
{
	struct stat st;

	return fstat((int)r->id, &st) != 0 || (uint64_t)st.st_dev != r->dev ||
	       (uint64_t)st.st_ino != r->ino;
}

int
stub_watch(int owner, const char *path)
{
	char parent[4200];

	/* The kernel tells the end of a directory only when nobody holds it any more; the systems
	 * emulated tell it at once. So its parent is asked too, and stub_take_changes looks. */
	snprintf(parent, sizeof(parent), "%s/..", path);
	inotify_add_watch(owner, parent, IN_DELETE | IN_ONLYDIR);
	return inotify_add_watch(owner, path, CHANGES);
}

/* Has the directory behind a watch been removed? */
static bool
is_removed(const struct stub_row *r)
{
	struct stat st;

	return !r->is_removed && r->wd >= 0 && fstat(r->dirfd, &st) == 0 && st.st_nlink == 0;
}

void
stub_unwatch(struct stub_table *t, int owner, int wd)
{
	for (int i = 0; i < t->used; i++)
		if (t->rows[i].owner == owner && t->rows[i].wd == wd)
			return; /* another row shares it */
	inotify_rm_watch(owner, wd);
}

void
stub_take_changes(struct stub_table *t, int owner)
{
	char bytes[8192];
	ssize_t n;

	while ((n = read(owner, bytes, sizeof(bytes))) > 0) {
		for (char *at = bytes; at < bytes + n;) {
			struct inotify_event ev;

			memcpy(&ev, at, sizeof(ev));
			at += sizeof(ev) + ev.len;
			/* The kernel's word that it dropped a watch is no change. */
			if (ev.mask == IN_IGNORED)
				continue;
			for (int i = 0; i < t->used; i++)
				if (t->rows[i].owner == owner && t->rows[i].wd == ev.wd)
					t->rows[i].told |= ev.mask;
		}
	}
	for (int i = 0; i < t->used; i++)
		if (t->rows[i].owner == owner && is_removed(&t->rows[i])) {
			t->rows[i].is_removed = true;
			t->rows[i].told |= IN_DELETE_SELF;
		}
}

int
stub_poll(struct stub_table *t, int owner, int timeout_ms, short *revents)
{
	static struct pollfd fds[STUB_ROWS];
	static int place[STUB_ROWS];
	nfds_t n = 0;
	int got;

	for (int i = 0; i < t->used; i++) {
		revents[i] = 0;
		if (t->rows[i].owner != owner || t->rows[i].events == 0)
			continue;
		fds[n] = (struct pollfd){.fd = (int)t->rows[i].id, .events = t->rows[i].events};
		place[n++] = i;
	}
	got = poll(fds, n, timeout_ms);
	for (nfds_t k = 0; got > 0 && k < n; k++)
		revents[place[k]] = fds[k].revents;
	return got;
}

int
stub_ms(const struct timespec *patience)
{
	return patience ? (int)(patience->tv_sec * 1000 + patience->tv_nsec / 1000000) : -1;
}
