/*
 * kqueue on directories (EVFILT_VNODE). The kernel watches by descriptor, so each watch keeps one
 * of its own: thousands of folders need thousands of descriptors, which is why only those that
 * sessions have selected are watched.
 */
#include "os/dirwatch.h"

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/event.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "os/sysinfo.h"

#define DIRWATCH_EVENTS (NOTE_WRITE | NOTE_DELETE | NOTE_RENAME | NOTE_REVOKE)

struct dirwatch {
	int kq; /* -1 when there is none to have: every add says -ENOTSUP */
	struct dirwatch_slot {
		void *tag;
		bool used;
	} *slots; /* by handle, which is our descriptor of the directory */
	size_t cap;
};

const char *const dirwatch_name = "kqueue";

int
dirwatch_new(struct dirwatch **out)
{
	struct dirwatch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->kq = kqueue();
	if (w->kq >= 0 && fcntl(w->kq, F_SETFD, FD_CLOEXEC) != 0) {
		close(w->kq);
		w->kq = -1;
	}
	*out = w;
	return 0;
}

void
dirwatch_free(struct dirwatch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->cap; i++)
		if (w->slots[i].used)
			close((int)i);
	if (w->kq >= 0)
		close(w->kq);
	free(w->slots);
	free(w);
}

int
dirwatch_fd(const struct dirwatch *w)
{
	return w->kq;
}

/* Room for a handle. 0 or -ENOMEM. */
static int
dirwatch_grow(struct dirwatch *w, int handle)
{
	size_t cap = w->cap ? w->cap : 64;
	struct dirwatch_slot *slots;

	while (cap <= (size_t)handle)
		cap *= 2;
	if (cap == w->cap)
		return 0;
	slots = realloc(w->slots, cap * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = w->cap; i < cap; i++)
		slots[i] = (struct dirwatch_slot){0};
	w->slots = slots;
	w->cap = cap;
	return 0;
}

/* May it be watched? Changes that other machines make are not told. */
static int
dirwatch_admit(int dirfd)
{
	struct sysinfo_space space;
	struct stat st;
	int rc;

	if (fstat(dirfd, &st) != 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	rc = sysinfo_space(dirfd, &space);
	if (rc != 0)
		return rc;
	return space.is_network ? -ENOTSUP : 0;
}

int
dirwatch_add(struct dirwatch *w, int dirfd, void *tag)
{
	struct kevent change;
	int rc = w->kq < 0 ? -ENOTSUP : dirwatch_admit(dirfd), own;

	if (rc != 0)
		return rc;
	own = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	if (own < 0)
		return errno == EMFILE ? -ENOTSUP : -errno;
	rc = dirwatch_grow(w, own);
	EV_SET(&change, (uintptr_t)own, EVFILT_VNODE, EV_ADD | EV_ENABLE | EV_CLEAR,
	    DIRWATCH_EVENTS, 0, 0);
	if (rc == 0 && kevent(w->kq, &change, 1, NULL, 0, NULL) != 0)
		rc = -errno;
	if (rc != 0) {
		close(own);
		return rc == -ENOMEM ? rc : -ENOTSUP;
	}
	w->slots[own] = (struct dirwatch_slot){tag, true};
	return own;
}

void
dirwatch_remove(struct dirwatch *w, int handle)
{
	if (handle < 0 || (size_t)handle >= w->cap || !w->slots[handle].used)
		return;
	w->slots[handle].used = false;
	close(handle); /* and the kernel drops the watch with what it had to tell */
}

void *
dirwatch_next(struct dirwatch *w)
{
	static const struct timespec at_once = {0, 0};
	struct kevent row;

	while (w->kq >= 0 && kevent(w->kq, NULL, 0, &row, 1, &at_once) == 1)
		if (row.ident < w->cap && w->slots[row.ident].used)
			return w->slots[row.ident].tag;
	return NULL;
}
