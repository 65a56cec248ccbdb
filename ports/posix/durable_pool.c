/*
 * Sync calls in a pool of threads, the only threads of the product. Each item is handed to a thread
 * that waits, the last one that began to wait first, so that threads nobody needs end; what finds
 * none stands in line. A thread syncs without the lock and notes the result; the loop is told by
 * one byte in a pipe, written only when the list of complete groups was empty before.
 */
#include "os/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DURABLE_THREADS_MAX 64
#define DURABLE_IDLE_SEC 10
#define DURABLE_STACK_BYTES (64 * 1024)

enum durable_state { THREAD_NONE, THREAD_RUNNING, THREAD_ENDED };

struct durable_thread {
	struct durable *pool;
	pthread_t id;
	enum durable_state state;
	pthread_cond_t wake;
	struct durable_item *item; /* handed over; NULL while it waits */
	struct durable_group *group;
	struct durable_thread *next; /* below it on the stack of those who wait */
};

struct durable_queue {
	struct durable_group *first, *last;
};

struct durable {
	pthread_mutex_t lock;
	struct durable_queue todo; /* groups with items that nobody has taken */
	size_t cursor;             /* next item of the first of them */
	struct durable_queue complete;
	size_t pending;              /* the loop's thread only */
	struct durable_thread *idle; /* stack */
	unsigned alive, max;
	bool stopping;
	int pipe[2];
	struct durable_thread threads[DURABLE_THREADS_MAX];
};

bool durable_disabled;

int
durable_now(int fd, enum durable_kind kind)
{
	int rc;

	if (durable_disabled)
		return 0;
	rc = kind == DURABLE_DATA ? fdatasync(fd) : fsync(fd);
	return rc == 0 ? 0 : -errno;
}

static void
queue_put(struct durable_queue *q, struct durable_group *g)
{
	g->next = NULL;
	if (q->last)
		q->last->next = g;
	else
		q->first = g;
	q->last = g;
}

static struct durable_group *
queue_take(struct durable_queue *q)
{
	struct durable_group *g = q->first;

	if (g) {
		q->first = g->next;
		if (!q->first)
			q->last = NULL;
	}
	return g;
}

/* The group is complete; true when the loop has to be told. */
static bool
durable_complete(struct durable *d, struct durable_group *g)
{
	bool was_empty = d->complete.first == NULL;

	queue_put(&d->complete, g);
	return was_empty;
}

static void
durable_tell(struct durable *d)
{
	ssize_t rc;

	/* A full pipe is as good as a byte: the loop has one to read. */
	do
		rc = write(d->pipe[1], "", 1);
	while (rc < 0 && errno == EINTR);
}

/* The next item in line goes to t; false when there is none. Lock held. */
static bool
durable_take(struct durable *d, struct durable_thread *t)
{
	struct durable_group *g = d->todo.first;

	if (!g)
		return false;
	t->item = &g->items[d->cursor++];
	t->group = g;
	if (d->cursor == g->count) {
		queue_take(&d->todo);
		d->cursor = 0;
	}
	return true;
}

static void
idle_remove(struct durable *d, const struct durable_thread *t)
{
	struct durable_thread **at = &d->idle;

	while (*at && *at != t)
		at = &(*at)->next;
	if (*at)
		*at = t->next;
}

/* Gets an item, or waits for one; false when the thread shall end. Lock held. */
static bool
durable_await(struct durable *d, struct durable_thread *t)
{
	struct timespec until;
	int rc = 0;

	if (d->stopping)
		return false;
	if (t->item || durable_take(d, t))
		return true;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += DURABLE_IDLE_SEC;
	t->next = d->idle;
	d->idle = t;
	while (!t->item && !d->stopping && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&t->wake, &d->lock, &until);
	if (!t->item)
		idle_remove(d, t);
	return t->item && !d->stopping;
}

static void *
durable_thread(void *arg)
{
	struct durable_thread *t = arg;
	struct durable *d = t->pool;

	pthread_mutex_lock(&d->lock);
	while (durable_await(d, t)) {
		struct durable_group *g = t->group;

		pthread_mutex_unlock(&d->lock);
		t->item->result = durable_now(t->item->fd, t->item->kind);
		pthread_mutex_lock(&d->lock);
		t->item = NULL;
		if (--g->left == 0 && durable_complete(d, g)) {
			pthread_mutex_unlock(&d->lock);
			durable_tell(d);
			pthread_mutex_lock(&d->lock);
		}
	}
	t->state = THREAD_ENDED;
	d->alive--;
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* The idle time is counted on the clock that never steps. */
static int
durable_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int rc = pthread_condattr_init(&attr);

	if (rc != 0)
		return -rc;
	rc = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (rc == 0)
		rc = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	return -rc;
}

/* Waits for a thread that is over, which is short when it has let the lock go. */
static void
durable_bury(struct durable_thread *t)
{
	pthread_join(t->id, NULL);
	pthread_cond_destroy(&t->wake);
	t->state = THREAD_NONE;
}

/* pthread_create with a small stack and all signals blocked: they belong to the loop. */
static int
durable_create(struct durable_thread *t)
{
	pthread_attr_t attr;
	sigset_t all, before;
	size_t stack = DURABLE_STACK_BYTES;
	int rc;

#ifdef PTHREAD_STACK_MIN
	if (stack < (size_t)PTHREAD_STACK_MIN)
		stack = (size_t)PTHREAD_STACK_MIN;
#endif
	rc = pthread_attr_init(&attr);
	if (rc != 0)
		return rc;
	pthread_attr_setstacksize(&attr, stack);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&t->id, &attr, durable_thread, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

/* One more thread, for the next item in line. Lock held; alive < max. */
static bool
durable_start_thread(struct durable *d)
{
	struct durable_thread *t = d->threads;

	while (t->state == THREAD_RUNNING)
		t++;
	if (t->state == THREAD_ENDED)
		durable_bury(t);
	t->pool = d;
	t->item = NULL;
	if (durable_cond(&t->wake) != 0)
		return false;
	if (durable_create(t) != 0) {
		pthread_cond_destroy(&t->wake);
		return false;
	}
	t->state = THREAD_RUNNING;
	d->alive++;
	return true;
}

/*
 * Items in line find a thread, as far as there are any; gives those to be woken and returns their
 * number. Lock held.
 */
static unsigned
durable_hand_out(struct durable *d, size_t items, struct durable_thread **woken)
{
	unsigned n = 0;

	while (n < items && d->idle && durable_take(d, d->idle)) {
		woken[n++] = d->idle;
		d->idle = d->idle->next;
	}
	for (size_t i = n; i < items && d->alive < d->max && durable_start_thread(d); i++)
		continue;
	return n;
}

/*
 * There is work and no thread can be had: nothing may sync here, so every item says "later". Lock
 * held.
 */
static bool
durable_refuse_all(struct durable *d)
{
	struct durable_thread nobody;
	bool tell = false;

	while (durable_take(d, &nobody)) {
		nobody.item->result = -EAGAIN;
		if (--nobody.group->left == 0 && durable_complete(d, nobody.group))
			tell = true;
	}
	return tell;
}

void
durable_submit(struct durable *d, struct durable_group *g)
{
	struct durable_thread *woken[DURABLE_THREADS_MAX];
	unsigned n = 0;
	bool tell = false;

	pthread_mutex_lock(&d->lock);
	d->pending++;
	g->left = g->count;
	if (g->count == 0) {
		tell = durable_complete(d, g);
	} else {
		queue_put(&d->todo, g);
		n = durable_hand_out(d, g->count, woken);
		if (d->alive == 0)
			tell = durable_refuse_all(d);
	}
	pthread_mutex_unlock(&d->lock);
	/* Without the lock: the first thing they do is to take it. */
	for (unsigned i = 0; i < n; i++)
		pthread_cond_signal(&woken[i]->wake);
	if (tell)
		durable_tell(d);
}

void
durable_dispatch(struct durable *d)
{
	char drain[16];
	struct durable_group *g, *next;

	while (read(d->pipe[0], drain, sizeof(drain)) == (ssize_t)sizeof(drain))
		continue;
	pthread_mutex_lock(&d->lock);
	g = d->complete.first;
	d->complete.first = d->complete.last = NULL;
	pthread_mutex_unlock(&d->lock);
	for (; g; g = next) {
		next = g->next; /* done() may free or submit it again */
		d->pending--;
		g->done(g);
	}
}

size_t
durable_pending(const struct durable *d)
{
	return d->pending;
}

int
durable_fd(const struct durable *d)
{
	return d->pipe[0];
}

static int
durable_pipe(int fds[2])
{
	int i;

	if (pipe(fds) != 0)
		return -errno;
	for (i = 0; i < 2; i++) {
		if (fcntl(fds[i], F_SETFD, FD_CLOEXEC) != 0 ||
		    fcntl(fds[i], F_SETFL, O_NONBLOCK) != 0) {
			int rc = -errno;

			close(fds[0]);
			close(fds[1]);
			return rc;
		}
	}
	return 0;
}

int
durable_new(struct durable **out, unsigned max_threads)
{
	struct durable *d;
	int rc;

	if (max_threads < 1 || max_threads > DURABLE_THREADS_MAX)
		return -EINVAL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->max = max_threads;
	rc = durable_pipe(d->pipe);
	if (rc != 0) {
		free(d);
		return rc;
	}
	rc = -pthread_mutex_init(&d->lock, NULL);
	if (rc != 0) {
		close(d->pipe[0]);
		close(d->pipe[1]);
		free(d);
		return rc;
	}
	*out = d;
	return 0;
}

void
durable_free(struct durable *d)
{
	bool exists;

	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->stopping = true;
	for (struct durable_thread *t = d->idle; t; t = t->next)
		pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&d->lock);
	/* Only we start threads, so nothing appears in a place that was looked at. */
	for (unsigned i = 0; i < d->max; i++) {
		pthread_mutex_lock(&d->lock);
		exists = d->threads[i].state != THREAD_NONE;
		pthread_mutex_unlock(&d->lock);
		if (exists)
			durable_bury(&d->threads[i]);
	}
	pthread_mutex_destroy(&d->lock);
	close(d->pipe[0]);
	close(d->pipe[1]);
	free(d);
}
