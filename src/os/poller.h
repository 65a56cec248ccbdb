/*
 * Which descriptors are ready: what a port supplies to the event loop (src/net/loop.c). Level
 * triggered from the caller's view: readiness that was not used up is reported again. One-shot
 * mechanisms re-associate before the next wait.
 *
 * Back ends: ports/posix/poller_poll.c (everywhere), ports/linux/poller_epoll.c,
 * ports/bsd/poller_kqueue.c, ports/solaris/poller_evport.c, ports/aix/poller_pollset.c. All pass
 * ports/tests/poller_test.c, where the system is missing over an emulation (ports/stub).
 */
#ifndef OS_POLLER_H
#define OS_POLLER_H

#define POLLER_READ 1u
#define POLLER_WRITE 2u
#define POLLER_HUP 4u /* reported only: error or hang-up; reading or writing tells which */

struct poller;

struct poller_ready {
	void *tag;
	unsigned what;
};

struct poller_ops {
	const char *name;

	/* A new poller; fd_hint is the number of descriptors expected. 0 or -errno. */
	int (*open)(struct poller **p, unsigned fd_hint);

	/*
	 * Change what is wanted of fd from was to want (POLLER_READ | POLLER_WRITE); want 0 forgets
	 * it, which must happen before the descriptor is closed or sent to another process: the
	 * open description would go on to be reported. 0 or -errno.
	 */
	int (*set)(struct poller *p, int fd, unsigned was, unsigned want, void *tag);

	/*
	 * Waits up to timeout_ms (-1: for ever) and fills at most max rows. Their number, or
	 * -errno; a signal gives 0.
	 */
	int (*wait)(struct poller *p, struct poller_ready *out, int max, int timeout_ms);

	void (*close)(struct poller *p);
};

/*
 * The one chosen by configure, and all that were built (ends with NULL), for tests and
 * --with-poller.
 */
extern const struct poller_ops *const poller_default;
extern const struct poller_ops *const poller_all[];

#endif
