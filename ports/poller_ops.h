/*
 * The pollers of the ports by name, for ports/poller_table.c. Each is defined by the file named
 * like it.
 */
#ifndef PORTS_POLLER_OPS_H
#define PORTS_POLLER_OPS_H

#include <poll.h>

#include "os/poller.h"

extern const struct poller_ops poller_poll_ops;
extern const struct poller_ops poller_epoll_ops;
extern const struct poller_ops poller_kqueue_ops;
extern const struct poller_ops poller_evport_ops;
extern const struct poller_ops poller_pollset_ops;

/* What poll(2) and its relatives say, in our bits. */
static inline unsigned
poller_what(int revents)
{
	unsigned what = 0;

	if (revents & POLLIN)
		what |= POLLER_READ;
	if (revents & POLLOUT)
		what |= POLLER_WRITE;
	if (revents & (POLLERR | POLLHUP | POLLNVAL))
		what |= POLLER_HUP;
	return what;
}

#endif
