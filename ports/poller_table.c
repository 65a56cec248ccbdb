/*
 * Which pollers this build has; ports/module.mk says so by PORT_POLLER_x and POLLER_DEFAULT.
 */
#include "ports/poller_ops.h"

#include <stddef.h>

#ifndef POLLER_DEFAULT
#define POLLER_DEFAULT poller_poll_ops
#endif

const struct poller_ops *const poller_default = &POLLER_DEFAULT;

const struct poller_ops *const poller_all[] = {
#ifdef PORT_POLLER_EPOLL
	&poller_epoll_ops,
#endif
#ifdef PORT_POLLER_KQUEUE
	&poller_kqueue_ops,
#endif
#ifdef PORT_POLLER_EVPORT
	&poller_evport_ops,
#endif
#ifdef PORT_POLLER_POLLSET
	&poller_pollset_ops,
#endif
	&poller_poll_ops,
	NULL,
};
