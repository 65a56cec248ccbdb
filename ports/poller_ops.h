/*
 * The pollers of the ports by name, for ports/poller_table.c. Each is defined by the file named
 * like it.
 */
#ifndef PORTS_POLLER_OPS_H
#define PORTS_POLLER_OPS_H

#include "os/poller.h"

extern const struct poller_ops poller_poll_ops;
extern const struct poller_ops poller_epoll_ops;
extern const struct poller_ops poller_kqueue_ops;
extern const struct poller_ops poller_evport_ops;
extern const struct poller_ops poller_pollset_ops;

#endif
