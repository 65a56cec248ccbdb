/*
 * The queue as a whole: opening, stopping, room for new mail, results.
 */
#include "queue/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/log.h"
#include "os/filelock.h"
#include "os/sysinfo.h"
#include "queue/queue_int.h"

#define FREE_MIN_BYTES (32u << 20)
#define FREE_MIN_INODES 1000
#define SPACE_EVERY_MS 100 /* a disk can fill within a second */
#define INDEX_EVERY_MS 3600000

static void
defaults(struct queue_opts *o)
{
	o->sync_threads = o->sync_threads ? o->sync_threads : 8;
	o->segment_bytes = o->segment_bytes ? o->segment_bytes : SEGMENT_BYTES;
	o->clean_min = o->clean_min ? o->clean_min : CLEAN_MIN;
	o->clean_max = o->clean_max ? o->clean_max : CLEAN_MAX;
	o->move_wait_ms = o->move_wait_ms ? o->move_wait_ms : MOVE_WAIT_MS;
	o->move_any_ms = o->move_any_ms ? o->move_any_ms : MOVE_ANY_MS;
	o->bodies_max_bytes = o->bodies_max_bytes ? o->bodies_max_bytes : BODIES_MAX_BYTES;
}

struct queue *
queue_alloc(struct loop *l, const struct queue_opts *o)
{
	struct queue *q = mem_get(sizeof(*q));

	q->loop = l;
	q->opts = *o;
	defaults(&q->opts);
	q->root_fd = o->dirfd;
	q->lock_fd = q->log_fd = q->body_fd = q->msgs_fd = q->tmp_fd = -1;
	hmap_init(&q->ids);
	hmap_init(&q->notes);
	hmap_init(&q->tmp_bodies);
	heap_init(&q->due);
	list_init(&q->segments);
	list_init(&q->clean);
	list_init(&q->staging);
	list_init(&q->pending);
	list_init(&q->failed);
	list_init(&q->moved);
	list_init(&q->dirty);
	list_init(&q->waiting);
	list_init(&q->bodies);
	list_init(&q->group.commits);
	list_init(&q->group.moved);
	buf_init(&q->lines, (size_t)1 << 30);
	buf_init(&q->late, (size_t)64 << 20);
	buf_init(&q->group.lines, (size_t)1 << 30);
	buf_init(&q->group.out, q->opts.segment_bytes);
	q->next_serial = q->next_number = 1;
	q->space = FAULT_NONE;
	q->space_checked_ms = INT64_MIN / 2;
	q->maker.fd = -1;
	return q;
}

/* ---- folders ---- */

static int
sub_folder(struct queue *q, const char *name, bool create, int *fd)
{
	if (create && mkdirat(q->root_fd, name, 0700) != 0 && errno != EEXIST)
		return -errno;
	*fd = openat(q->root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

int
queue_folders(struct queue *q, bool create)
{
	int error = sub_folder(q, "log", create, &q->log_fd);

	if (!error)
		error = sub_folder(q, "body", create, &q->body_fd);
	if (!error)
		error = sub_folder(q, "msgs", create, &q->msgs_fd);
	if (!error)
		error = sub_folder(q, "tmp", create, &q->tmp_fd);
	if (!error && create)
		error = durable_now(q->root_fd, DURABLE_DIR);
	return error;
}

void
queue_folders_close(struct queue *q)
{
	int *fds[] = { &q->log_fd, &q->body_fd, &q->msgs_fd, &q->tmp_fd, &q->lock_fd, &q->root_fd };

	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

static enum st
take_lock(struct queue *q, struct fault *f)
{
	char text[32];
	int error, n;

	q->lock_fd = openat(q->root_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (q->lock_fd < 0)
		return fault_sys(f, ST_IO, "4.3.0", errno, "the queue's lock");
	error = filelock_try(q->lock_fd);
	if (error == -EAGAIN)
		return fault_set(f, ST_EXISTS, "4.3.0", "another process has the queue");
	if (error)
		return fault_sys(f, ST_IO, "4.3.0", -error, "the queue's lock");
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(q->lock_fd, 0) != 0 || pwrite(q->lock_fd, text, (size_t)n, 0) != n)
		return fault_sys(f, ST_IO, errno == ENOSPC ? "4.3.1" : "4.3.0", errno,
		    "the queue's lock");
	return ST_OK;
}

/* ---- opening ---- */

static void
index_due(struct timer *t)
{
	struct queue *q = t->arg;

	index_write(q);
	loop_timer_at(q->loop, &q->index_timer, loop_now(q->loop) + INDEX_EVERY_MS, index_due, q);
}

static enum st
open_all(struct queue *q, struct fault *f)
{
	struct sysinfo_space space;
	enum st st;
	int error;

	if (sysinfo_space(q->root_fd, &space) == 0 && space.is_network)
		return fault_set(f, ST_DENIED, "4.3.0",
		    "the queue must stand on a local file system");
	st = take_lock(q, f);
	if (st != ST_OK)
		return st;
	error = queue_folders(q, true);
	if (error)
		return fault_sys(f, ST_IO, "4.3.0", -error, "the queue's folders");
	st = queue_recover(q, f);
	while (st == ST_OK && q->clean_count < 2) {
		error = maker_make_now(q);
		if (error)
			return fault_sys(f, ST_IO, "4.3.1", -error, "the queue's first segments");
	}
	error = st == ST_OK ? group_now(q) : 0;
	return error ? fault_sys(f, ST_IO, "4.3.0", -error, "the queue cannot be written") : st;
}

enum st
queue_open(struct loop *l, const struct queue_opts *o, struct queue **out, struct fault *f)
{
	struct queue *q = queue_alloc(l, o);
	enum st st;

	q->durable = loop_durable(l, q->opts.sync_threads);
	st = open_all(q, f);
	if (st != ST_OK) {
		queue_free(q);
		return st;
	}
	maker_look(q);
	loop_timer_at(l, &q->index_timer, loop_now(l) + INDEX_EVERY_MS, index_due, q);
	*out = q;
	return ST_OK;
}

/* ---- the end ---- */

static void
stopped(struct deferred *d)
{
	struct queue *q = d->arg;

	index_write(q);
	q->stopped(q->stopped_arg);
}

void
queue_stop_look(struct queue *q)
{
	bool idle = commit_idle(q) && !q->mover.active && !q->appender.active && !q->probing &&
	    !q->cleaner.segment && q->maker.state != MAKER_SYNCS && q->maker.state != MAKER_NAMES;

	if (!q->stopping || !q->stopped)
		return;
	LIST_EACH(&q->dirty, n) {
		if (!CONTAINER_OF(n, struct message, dirty)->env_bad)
			idle = false;
	}
	if (idle || (q->down && !q->group.active))
		loop_defer(q->loop, &q->stop_later, stopped, q);
}

void
queue_stop(struct queue *q, void (*done)(void *arg), void *arg)
{
	q->stopping = true;
	q->stopped = done;
	q->stopped_arg = arg;
	loop_timer_stop(q->loop, &q->maker.timer);
	loop_timer_stop(q->loop, &q->maker.giving);
	loop_timer_stop(q->loop, &q->mover.timer);
	loop_timer_stop(q->loop, &q->index_timer);
	commit_kick(q);
	appender_look(q, true);
	queue_stop_look(q);
}

static void
free_commits(struct list *l)
{
	struct list_node *n;

	while ((n = list_first(l))) {
		struct commit *c = CONTAINER_OF(n, struct commit, node);

		list_remove(n);
		commit_free(c);
	}
}

static void
free_files(struct queue *q)
{
	struct list_node *n;
	struct hmap_cursor c = {0};
	struct hmap_node *h;

	while ((n = list_first(&q->segments)) || (n = list_first(&q->clean)))
		segment_free(q, CONTAINER_OF(n, struct segment, node));
	while ((h = hmap_walk(&q->tmp_bodies, &c))) {
		struct tmp_body *t = CONTAINER_OF(h, struct tmp_body, node);

		close(t->fd);
		hmap_remove(&q->tmp_bodies, h);
		mem_free(t);
	}
	if (q->maker.fd >= 0)
		close(q->maker.fd);
	if (q->probing)
		close(q->probe_fd);
	for (size_t i = 0; q->appender.active && i < q->appender.count; i++)
		close(q->appender.fds[i]);
	for (size_t i = 0; q->mover.active && i < q->mover.sync.count; i++)
		if (q->mover.sync_items[i].fd != q->msgs_fd)
			close(q->mover.sync_items[i].fd);
	queue_folders_close(q);
}

void
queue_free(struct queue *q)
{
	struct hmap_cursor c = {0};
	struct hmap_node *n;

	if (!q)
		return;
	free_commits(&q->staging);
	free_commits(&q->pending);
	free_commits(&q->failed);
	free_commits(&q->group.commits);
	while ((n = hmap_walk(&q->ids, &c))) {
		struct waiter *w = CONTAINER_OF(n, struct waiter, by_id);

		if (w->resident)
			message_free(CONTAINER_OF(w, struct message, w));
		else
			waiter_forget(q, w);
	}
	free_files(q);
	buf_fini(&q->lines);
	buf_fini(&q->late);
	buf_fini(&q->group.lines);
	buf_fini(&q->group.out);
	hmap_fini(&q->ids);
	hmap_fini(&q->notes);
	hmap_fini(&q->tmp_bodies);
	heap_fini(&q->due);
	mem_free(q);
}

/* ---- room ---- */

static void
space_check(struct queue *q)
{
	struct sysinfo_space s;
	uint64_t least;
	bool had = q->space.st == ST_OK;

	q->space_checked_ms = loop_now(q->loop);
	q->space = FAULT_NONE;
	if (sysinfo_space(q->root_fd, &s) != 0)
		return;
	least = s.total_bytes / 100 > FREE_MIN_BYTES ? s.total_bytes / 100 : FREE_MIN_BYTES;
	if (s.is_read_only)
		fault_set(&q->space, ST_TEMP, "4.3.0", "the queue's file system is read-only");
	else if (s.free_bytes < least || s.free_inodes < FREE_MIN_INODES)
		fault_set(&q->space, ST_LIMIT, "4.3.1", "the queue's file system is full");
	if (had != (q->space.st == ST_OK))
		log_event(LOG_LEVEL_ERROR, "queue", KV_STR("mail", had ? "refused" : "taken again"),
		    KV_FAULT(&q->space), KV_END);
}

enum st
queue_may_take(struct queue *q, struct fault *f)
{
	if (q->stopping)
		return fault_set(f, ST_TEMP, "4.3.2", "the mail system is stopping");
	if (q->down)
		return fault_set(f, ST_TEMP, "4.3.0", "the queue cannot be written");
	if (loop_now(q->loop) - q->space_checked_ms >= SPACE_EVERY_MS)
		space_check(q);
	if (q->space.st != ST_OK)
		*f = q->space;
	return q->space.st;
}

void
queue_count(const struct queue *q, struct queue_counts *out)
{
	*out = q->counts;
	out->messages = q->ids.count;
	out->resident = q->resident;
	out->parked = q->due.count;
	out->segments = q->segment_count;
	out->segments_clean = q->clean_count;
	out->body_bytes = q->body_bytes;
	out->refusing = q->down || q->space.st != ST_OK;
}

/* ---- what became of messages ---- */

/* Will nothing but C be said of m, should it be complete now? */
static bool
said_by_complete(const struct queue_message *m)
{
	if (m->owed_count)
		return false;
	for (uint32_t i = 0; i < m->rcpt_count; i++)
		if (m->rcpts[i].state != QUEUE_SENT || (m->rcpts[i].notify & QUEUE_NOTIFY_SUCCESS))
			return false;
	return true;
}

void
queue_result(struct queue_message *message, uint32_t number, enum queue_outcome o,
    const struct fault *why, struct slice peer, int64_t now_sec)
{
	static const char kinds[] = { [QUEUE_SUCCESS] = 'S', [QUEUE_FAILURE] = 'F',
	    [QUEUE_DEFERRAL] = 'D' };
	struct message *m = message_of(message);
	struct queue_rcpt *r = &m->pub.rcpts[number];
	struct queue_note *before = r->note;
	struct buf *out;
	size_t from;

	if (number >= m->pub.rcpt_count || r->state != QUEUE_OWED)
		return;
	if (o != QUEUE_DEFERRAL) {
		r->state = o == QUEUE_SUCCESS ? QUEUE_SENT : QUEUE_FAILED;
		m->pub.owed_count--;
	}
	r->last_sec = now_sec;
	memcpy(r->esc, why->esc, sizeof(r->esc));
	r->note = note_get(m->pub.queue, peer, sl_str(why->text));
	note_drop(m->pub.queue, before);
	if (o == QUEUE_SUCCESS && said_by_complete(&m->pub))
		return;
	out = lines_begin(m, &from);
	line_result(out, m, number, kinds[o]);
	lines_changed(m, from);
}

void
queue_schedule(struct queue_message *message, int64_t next_sec, uint32_t attempts)
{
	struct message *m = message_of(message);
	struct buf *out;
	size_t from;

	m->pub.next_sec = next_sec;
	m->pub.attempts = attempts;
	out = lines_begin(m, &from);
	line_schedule(out, m);
	lines_changed(m, from);
}

void
queue_cancel(struct queue_message *message, uint32_t uid, struct slice reason)
{
	struct message *m = message_of(message);
	struct buf *out;
	size_t from;

	m->pub.cancelled = true;
	note_drop(m->pub.queue, m->pub.cancel_reason);
	m->pub.cancel_reason = note_get(m->pub.queue, SL_NONE, reason);
	out = lines_begin(m, &from);
	line_cancel(out, m, uid, reason);
	lines_changed(m, from);
}

void
queue_report_waived(struct queue_message *m, uint32_t number)
{
	struct queue_rcpt *r = &m->rcpts[number];

	if (r->state == QUEUE_OWED)
		r->warned = true; /* its end will be told all the same */
	else
		r->reported = true;
}

void
queue_complete(struct queue_message *message)
{
	struct message *m = message_of(message);
	struct queue *q = m->pub.queue;

	m->complete = true;
	m->parked = false;
	heap_remove(&q->due, &m->w.due);
	list_remove(&m->waiting);
	list_remove(&m->dirty);
	if (m->place == PLACE_LOG && !m->busy) {
		line_word(&q->lines, 'C', m->pub.id);
		commit_kick(q);
	}
	message_settle(m);
}
