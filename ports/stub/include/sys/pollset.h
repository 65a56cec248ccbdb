/*
 * pollset as AIX declares it, as far as ports/aix uses it. For the emulation.
 */
#ifndef STUB_SYS_POLLSET_H
#define STUB_SYS_POLLSET_H

#include <poll.h>

typedef int pollset_t;

struct poll_ctl {
	short cmd;
	short events;
	int fd;
};

#define PS_ADD 0
#define PS_MOD 1
#define PS_DELETE 2

pollset_t pollset_create(int most);
int pollset_ctl(pollset_t set, struct poll_ctl *controls, int count);
int pollset_poll(pollset_t set, struct pollfd *rows, int room, int timeout_ms);
int pollset_destroy(pollset_t set);

#endif
