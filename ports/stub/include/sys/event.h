/*
 * kqueue(2) as the BSDs declare it, as far as ports/bsd uses it. For the emulation.
 */
#ifndef STUB_SYS_EVENT_H
#define STUB_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

struct kevent {
	uintptr_t ident;
	short filter;
	unsigned short flags;
	unsigned fflags;
	int64_t data;
	void *udata;
};

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_VNODE (-4)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_CLEAR 0x0020
#define EV_EOF 0x8000
#define EV_ERROR 0x4000

#define NOTE_DELETE 0x0001
#define NOTE_WRITE 0x0002
#define NOTE_RENAME 0x0020
#define NOTE_REVOKE 0x0040

#define EV_SET(k, id, filt, fl, ff, d, u)                                                   \
	(*(k) = (struct kevent){.ident = (id), .filter = (short)(filt),                     \
	     .flags = (unsigned short)(fl), .fflags = (unsigned)(ff), .data = (d), .udata = \
	     (void *)(u)})

int kqueue(void);
int kevent(int kq, const struct kevent *changes, int change_count, struct kevent *rows, int room,
    const struct timespec *patience);

#endif
