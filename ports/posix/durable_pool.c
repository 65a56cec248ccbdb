/*
 * Sync calls in a pool of threads, the only threads of the product. A thread takes one item at a
 * time, syncs it without the lock, and notes the result; the loop is told by one byte in a pipe,
 * written only when the list of complete groups was empty before. Waking is shared, so that submit
 * costs the loop little: it wakes or starts at most two threads, and each thread that takes an item
 * does the same while there is work left.
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
#define DURABLE_WAKE 2

enum durable_slot { SLOT_FREE, SLOT_RUNNING, SLOT_ENDED };

struct durable_queue {
	struct durable_group *first, *last;
};

struct durable {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct durable_queue todo; /* groups with items that nobody has taken */
	size_t cursor;             /* next item of the first of them */
	size_t todo_items;
	struct durable_queue complete;
	size_t pending;      /* the loop's thread only */
	unsigned idle;       /* threads waiting for work */
	unsigned tokens;     /* how many of them were told to wake up and have not yet */
	unsigned starting;   /* new threads that have not looked for work yet */
	unsigned alive, max; /* threads */
	bool stopping;
	int pipe[2];
	enum durable_slot slots[DURABLE_THREADS_MAX];
	pthread_t threads[DURABLE_THREADS_MAX];
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

/* The next item and its group; the caller has seen that there is one. */
static struct durable_item *
durable_take(struct durable *d, struct durable_group **group)
{
	struct durable_group *g = d->todo.first;
	struct durable_item *item = &g->items[d->cursor++];

	d->todo_items--;
	if (d->cursor == g->count) {
		queue_take(&d->todo);
		d->cursor = 0;
	}
	*group = g;
	return item;
}

/* Waits for work; false when the thread shall end. Lock held. */
static bool
durable_await(struct durable *d)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += DURABLE_IDLE_SEC;
	while (d->todo_items == 0 && !d->stopping && rc != ETIMEDOUT) {
		d->idle++;
		while (d->tokens == 0 && !d->stopping && rc != ETIMEDOUT)
			rc = pthread_cond_timedwait(&d->work, &d->lock, &until);
		d->idle--;
		if (d->tokens > 0)
			d->tokens--; /* after a timeout, too: the signal may have been for us */
	}
	return d->todo_items > 0 && !d->stopping;
}

static bool durable_start_thread(struct durable *d);

/*
 * Brings up to DURABLE_WAKE more threads to the work there is: idle ones, then new ones. Lock held.
 */
static void
durable_wake(struct durable *d)
{
	unsigned i;

	for (i = 0; i < DURABLE_WAKE; i++) {
		if (d->stopping || d->todo_items <= d->tokens + d->starting)
			break;
		if (d->tokens < d->idle) {
			d->tokens++;
			pthread_cond_signal(&d->work);
		} else if (d->alive == d->max || !durable_start_thread(d)) {
			break;
		}
	}
}

static void *
durable_thread(void *arg)
{
	struct durable *d = arg;
	pthread_t self = pthread_self();
	struct durable_group *g;
	struct durable_item *item;
	unsigned i;

	pthread_mutex_lock(&d->lock);
	d->starting--;
	while (durable_await(d)) {
		item = durable_take(d, &g);
		durable_wake(d);
		pthread_mutex_unlock(&d->lock);
		item->result = durable_now(item->fd, item->kind);
		pthread_mutex_lock(&d->lock);
		if (--g->left == 0 && durable_complete(d, g)) {
			pthread_mutex_unlock(&d->lock);
			durable_tell(d);
			pthread_mutex_lock(&d->lock);
		}
	}
	for (i = 0; i < d->max; i++)
		if (d->slots[i] == SLOT_RUNNING && pthread_equal(d->threads[i], self))
			d->slots[i] = SLOT_ENDED;
	d->alive--;
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/*
 * A place for one more thread; an ended one is waited for, which is short: it has let the lock go.
 */
static unsigned
durable_free_slot(struct durable *d)
{
	unsigned i;

	for (i = 0; i < d->max && d->slots[i] == SLOT_RUNNING; i++)
		continue;
	if (i < d->max && d->slots[i] == SLOT_ENDED) {
		pthread_join(d->threads[i], NULL);
		d->slots[i] = SLOT_FREE;
	}
	return i;
}

/* One more thread, with all signals blocked: they belong to the loop. Lock held; alive < max. */
static bool
durable_start_thread(struct durable *d)
{
	pthread_attr_t attr;
	sigset_t all, before;
	size_t stack = DURABLE_STACK_BYTES;
	unsigned i = durable_free_slot(d);
	int rc;

#ifdef PTHREAD_STACK_MIN
	if (stack < (size_t)PTHREAD_STACK_MIN)
		stack = (size_t)PTHREAD_STACK_MIN;
#endif
	if (pthread_attr_init(&attr) != 0)
		return false;
	pthread_attr_setstacksize(&attr, stack);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&d->threads[i], &attr, durable_thread, d);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (rc != 0)
		return false;
	d->slots[i] = SLOT_RUNNING;
	d->alive++;
	d->starting++;
	return true;
}

/*
 * There is work and no thread can be had: nothing may sync here, so every item says "later". Lock
 * held.
 */
static bool
durable_refuse_all(struct durable *d)
{
	struct durable_group *g;
	struct durable_item *item;
	bool tell = false;

	while (d->todo_items > 0) {
		item = durable_take(d, &g);
		item->result = -EAGAIN;
		if (--g->left == 0 && durable_complete(d, g))
			tell = true;
	}
	return tell;
}

void
durable_submit(struct durable *d, struct durable_group *g)
{
	bool tell = false;

	pthread_mutex_lock(&d->lock);
	d->pending++;
	g->left = g->count;
	if (g->count == 0) {
		tell = durable_complete(d, g);
	} else {
		queue_put(&d->todo, g);
		d->todo_items += g->count;
		durable_wake(d);
		if (d->alive == 0)
			tell = durable_refuse_all(d);
	}
	pthread_mutex_unlock(&d->lock);
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
	rc = durable_cond(&d->work);
	if (rc == 0) {
		rc = -pthread_mutex_init(&d->lock, NULL);
		if (rc != 0)
			pthread_cond_destroy(&d->work);
	}
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
	bool joinable;
	unsigned i;

	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	d->stopping = true;
	pthread_cond_broadcast(&d->work);
	pthread_mutex_unlock(&d->lock);
	for (i = 0; i < d->max; i++) {
		pthread_mutex_lock(&d->lock);
		joinable = d->slots[i] != SLOT_FREE;
		pthread_mutex_unlock(&d->lock);
		if (joinable)
			pthread_join(d->threads[i], NULL);
	}
	pthread_mutex_destroy(&d->lock);
	pthread_cond_destroy(&d->work);
	close(d->pipe[0]);
	close(d->pipe[1]);
	free(d);
}
