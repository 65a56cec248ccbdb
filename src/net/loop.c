/*
 * The event loop: poller, timer heap, deferred list, self-pipe for signals, sync completions.
 *
 * A turn is: wait, read the clock, ready descriptors, due timers, deferred calls, log lines. What
 * is added to a stage while it runs waits for the next turn, so nothing that re-arms itself can
 * starve the rest.
 */
#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/log.h"
#include "os/clock.h"

/*
 * Events fetched at once: enough to make the wait cheap, few enough that loop_forget may look at
 * all.
 */
#define LOOP_BATCH 64

/* Lines that found no room are tried again after so long. */
#define LOOP_LOG_MS 20

/* Signal numbers we can take, on every system we know. */
#define LOOP_SIGNALS 65

struct loop {
	const struct poller_ops *ops;
	struct poller *poller;
	int64_t (*mono_ms)(void);
	int64_t now;
	struct heap timers;
	struct list deferred;
	bool stopped;
	bool log_empty; /* no line waits for room in its socket */
	int ready_at, ready_n; /* the part of ready not yet called */
	struct poller_ready ready[LOOP_BATCH];
	int pipe_fd[2];
	struct watch pipe_watch;
	struct durable *durable;
	struct watch durable_watch;
};

/*
 * A signal belongs to the process, so this table does too. The handler notes the number and wakes
 * the loop by a byte whose value means nothing: a child forked before its exec shares the pipe, and
 * must not be able to tell its parent anything but "look".
 */
static struct {
	void (*fn)(void *arg, int signo);
	void *arg;
} signal_row[LOOP_SIGNALS];
static volatile sig_atomic_t signal_came[LOOP_SIGNALS];
static volatile sig_atomic_t signal_fd = -1;

static void
loop_die(const char *what, int sys)
{
	struct fault f;

	fault_sys(&f, ST_IO, "4.3.0", sys, "%s", what);
	log_event(LOG_LEVEL_ALERT, "loop", KV_FAULT(&f), KV_END);
	exit(75);
}

static void
signal_handler(int signo)
{
	int saved = errno;

	if (signo > 0 && signo < LOOP_SIGNALS)
		signal_came[signo] = 1;
	if (signal_fd >= 0 && write((int)signal_fd, "", 1) < 0)
		(void)errno; /* full: the loop is to wake anyway */
	errno = saved;
}

static void
signal_dispatch(struct watch *w, unsigned ready)
{
	unsigned char sink[256];

	(void)ready;
	while (read(w->fd, sink, sizeof(sink)) == (ssize_t)sizeof(sink))
		continue;
	for (int signo = 1; signo < LOOP_SIGNALS; signo++) {
		if (!signal_came[signo])
			continue;
		signal_came[signo] = 0;
		if (signal_row[signo].fn)
			signal_row[signo].fn(signal_row[signo].arg, signo);
	}
}

static void
signal_set(int signo, void (*handler)(int))
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = handler;
	sa.sa_flags = SA_RESTART | (signo == SIGCHLD ? SA_NOCLDSTOP : 0);
	sigemptyset(&sa.sa_mask);
	if (sigaction(signo, &sa, NULL) < 0)
		loop_die("sigaction", errno);
}

static void
signal_pipe_open(struct loop *l)
{
	if (pipe(l->pipe_fd) < 0)
		loop_die("pipe", errno);
	for (int i = 0; i < 2; i++) {
		fcntl(l->pipe_fd[i], F_SETFD, FD_CLOEXEC);
		fcntl(l->pipe_fd[i], F_SETFL, O_NONBLOCK);
	}
	loop_watch(l, &l->pipe_watch, l->pipe_fd[0], POLLER_READ, signal_dispatch, NULL);
}

void
loop_signal(struct loop *l, int signo, void (*fn)(void *arg, int signo), void *arg)
{
	if (signo <= 0 || signo >= LOOP_SIGNALS)
		loop_die("signal number", EINVAL);
	if (l->pipe_fd[0] < 0)
		signal_pipe_open(l);
	signal_fd = l->pipe_fd[1];
	signal_row[signo].fn = fn;
	signal_row[signo].arg = arg;
	signal_set(signo, fn ? signal_handler : SIG_IGN);
}

struct loop *
loop_new(const struct poller_ops *ops, int64_t (*mono_ms)(void), unsigned fd_hint)
{
	struct loop *l = mem_get(sizeof(*l));
	int r;

	memset(l, 0, sizeof(*l));
	l->ops = ops ? ops : poller_default;
	l->mono_ms = mono_ms ? mono_ms : clock_mono_ms;
	l->pipe_fd[0] = l->pipe_fd[1] = -1;
	l->log_empty = true;
	heap_init(&l->timers);
	list_init(&l->deferred);
	r = l->ops->open(&l->poller, fd_hint);
	if (r < 0)
		loop_die("poller", -r);
	signal_set(SIGPIPE, SIG_IGN);
	l->now = l->mono_ms();
	return l;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	if (l->durable) {
		loop_forget(&l->durable_watch);
		durable_free(l->durable);
	}
	if (l->pipe_fd[0] >= 0) {
		if (signal_fd == l->pipe_fd[1])
			signal_fd = -1;
		loop_forget(&l->pipe_watch);
		close(l->pipe_fd[0]);
		close(l->pipe_fd[1]);
	}
	l->ops->close(l->poller);
	heap_fini(&l->timers);
	mem_free(l);
}

int64_t
loop_now(const struct loop *l)
{
	return l->now;
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
}

static void
watch_set(struct watch *w, unsigned want)
{
	struct loop *l = w->loop;
	int r;

	if (want == w->want)
		return;
	r = l->ops->set(l->poller, w->fd, w->want, want, w);
	if (r < 0)
		loop_die("poller set", -r);
	w->want = want;
}

void
loop_watch(struct loop *l, struct watch *w, int fd, unsigned want,
    void (*fn)(struct watch *, unsigned), void *arg)
{
	w->loop = l;
	w->fd = fd;
	w->want = 0;
	w->fn = fn;
	w->arg = arg;
	watch_set(w, want);
}

void
loop_want(struct watch *w, unsigned want)
{
	if (w->loop)
		watch_set(w, want);
}

void
loop_forget(struct watch *w)
{
	struct loop *l = w->loop;

	if (!l)
		return;
	watch_set(w, 0);
	for (int i = l->ready_at; i < l->ready_n; i++) {
		if (l->ready[i].tag == w)
			l->ready[i].tag = NULL;
	}
	w->loop = NULL;
}

void
loop_timer_at(struct loop *l, struct timer *t, int64_t at_ms, void (*fn)(struct timer *), void *arg)
{
	t->fn = fn;
	t->arg = arg;
	if (at_ms == INT64_MAX)
		heap_remove(&l->timers, &t->node);
	else
		/*
		 * The past is now: a timer that always comes back with an old time must not go
		 * before others.
		 */
		heap_move(&l->timers, &t->node, at_ms < l->now ? l->now : at_ms);
}

void
loop_timer_stop(struct loop *l, struct timer *t)
{
	heap_remove(&l->timers, &t->node);
}

void
loop_defer(struct loop *l, struct deferred *d, void (*fn)(struct deferred *), void *arg)
{
	if (d->node.next && list_is_linked(&d->node))
		return;
	d->fn = fn;
	d->arg = arg;
	list_append(&l->deferred, &d->node);
}

void
loop_defer_stop(struct deferred *d)
{
	if (d->node.next)
		list_remove(&d->node);
}

/*
 * How long the wait may last: until the next timer, not at all when calls are deferred. The log's
 * socket says nothing when it has room again.
 */
static int
turn_patience(struct loop *l, int max_wait_ms)
{
	struct heap_node *first = heap_min(&l->timers);
	int64_t wait = max_wait_ms < 0 ? INT32_MAX : max_wait_ms;

	if (!list_is_empty(&l->deferred))
		return 0;
	if (!l->log_empty && wait > LOOP_LOG_MS)
		wait = LOOP_LOG_MS;
	if (first) {
		int64_t due = first->key - l->mono_ms();

		if (due < 0)
			due = 0;
		if (due < wait)
			wait = due;
	}
	return max_wait_ms < 0 && wait == INT32_MAX ? -1 : (int)wait;
}

static void
turn_events(struct loop *l)
{
	while (l->ready_at < l->ready_n) {
		struct poller_ready *r = &l->ready[l->ready_at++];
		struct watch *w = r->tag;

		if (w)
			w->fn(w, r->what);
	}
}

static void
turn_timers(struct loop *l)
{
	struct heap_node *n;

	for (size_t left = l->timers.count; left > 0; left--) {
		n = heap_min(&l->timers);
		if (!n || n->key > l->now)
			return;
		struct timer *t = CONTAINER_OF(n, struct timer, node);
		heap_remove(&l->timers, n);
		t->fn(t);
	}
}

static void
turn_deferred(struct loop *l)
{
	struct list batch;
	struct list_node *n;

	list_init(&batch);
	if (list_is_empty(&l->deferred))
		return;
	/*
	 * The marker takes the place of the old head, so nodes can leave the batch while it runs.
	 */
	list_insert_before(&l->deferred.head, &batch.head);
	list_remove(&l->deferred.head);
	while ((n = list_first(&batch)) != NULL) {
		struct deferred *d = CONTAINER_OF(n, struct deferred, node);

		list_remove(n);
		d->fn(d);
	}
}

void
loop_turn(struct loop *l, int max_wait_ms)
{
	int n = l->ops->wait(l->poller, l->ready, LOOP_BATCH, turn_patience(l, max_wait_ms));

	if (n < 0)
		loop_die("poller wait", -n);
	l->now = l->mono_ms();
	l->ready_at = 0;
	l->ready_n = n;
	turn_events(l);
	turn_timers(l);
	turn_deferred(l);
	l->log_empty = log_flush();
}

void
loop_run(struct loop *l)
{
	l->stopped = false;
	while (!l->stopped)
		loop_turn(l, -1);
	/* What the last turn put off, such as frames to be sent. */
	turn_deferred(l);
	l->log_empty = log_flush();
}

static void
durable_ready(struct watch *w, unsigned ready)
{
	(void)ready;
	durable_dispatch(w->arg);
}

struct durable *
loop_durable(struct loop *l, unsigned max_threads)
{
	int r;

	if (l->durable)
		return l->durable;
	r = durable_new(&l->durable, max_threads);
	if (r < 0)
		loop_die("durable", -r);
	loop_watch(
	    l, &l->durable_watch, durable_fd(l->durable), POLLER_READ, durable_ready, l->durable);
	return l->durable;
}
