/*
 * From the log to a file of its own: docs/QUEUE.md, "Move". A batch at a time: write .env and .body
 * in tmp/, sync them, rename, sync the folders, then V.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "net/log.h"
#include "queue/queue_int.h"

#define TICK_MS 1000

static void mover_tick(struct timer *t);

static void
mover_later(struct queue *q, int64_t wait_ms)
{
	loop_timer_at(q->loop, &q->mover.timer, loop_now(q->loop) + wait_ms, mover_tick, q);
}

static bool
log_is_empty(struct queue *q)
{
	LIST_EACH(&q->segments, n) {
		if (!list_is_empty(&CONTAINER_OF(n, struct segment, node)->messages))
			return false;
	}
	return list_is_empty(&q->dirty);
}

void
mover_look(struct queue *q, bool at_once)
{
	if (q->mover.active || q->read_only || q->stopping)
		return;
	if (at_once)
		mover_later(q, 0);
	else if (!heap_has(&q->mover.timer.node) && !log_is_empty(q))
		mover_later(q, TICK_MS);
}

/* ---- which ---- */

static bool
may_move(const struct message *m)
{
	return m->place == PLACE_LOG && !m->busy && !m->complete && !m->v_pending;
}

static void
pick(struct queue *q, struct message *m)
{
	struct mover *mv = &q->mover;

	if (mv->count == MOVE_BATCH)
		return;
	m->busy = true;
	memset(&mv->items[mv->count], 0, sizeof(mv->items[0]));
	mv->items[mv->count++].m = m;
}

/* What stands in s and is older than `age_ms`; they stand in order of age. */
static void
pick_old(struct queue *q, struct segment *s, int64_t age_ms)
{
	LIST_EACH(&s->messages, n) {
		struct message *m = CONTAINER_OF(n, struct message, in_segment);

		if (loop_now(q->loop) - m->committed_ms < age_ms && m->place != PLACE_NONE)
			return;
		if (may_move(m))
			pick(q, m);
	}
}

static void
pick_all(struct queue *q)
{
	bool first = true;
	size_t used = q->segment_count - q->clean_count;

	LIST_EACH(&q->dirty, n) {
		struct message *m = CONTAINER_OF(n, struct message, dirty);

		if (m->env_bad && !m->busy && !m->complete && m->place == PLACE_MSGS)
			pick(q, m);
	}
	LIST_EACH(&q->segments, n) {
		struct segment *s = CONTAINER_OF(n, struct segment, node);

		if (s->bad ||
		    (first && s->state == SEGMENT_CLOSED &&
		    (q->clean_count <= 1 || used > SEGMENTS_HELD)))
			pick_old(q, s, 0);
		first = false;
	}
	LIST_EACH(&q->waiting, n) {
		struct message *m = CONTAINER_OF(n, struct message, waiting);

		if (loop_now(q->loop) - m->committed_ms < q->opts.move_wait_ms)
			break;
		if (may_move(m))
			pick(q, m);
	}
	LIST_EACH(&q->segments, n)
		pick_old(q, CONTAINER_OF(n, struct segment, node), q->opts.move_any_ms);
}

/* ---- the steps ---- */

static int
write_file(struct queue *q, const char *name, struct slice content)
{
	int fd;
	size_t at = 0;

	unlinkat(q->tmp_fd, name, 0); /* of a move that failed */
	fd = openat(q->tmp_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (at < content.n) {
		ssize_t n = write(fd, content.p + at, content.n - at);

		if (n > 0) {
			at += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			int error = n == 0 ? -EIO : -errno;

			close(fd);
			return error;
		}
	}
	return fd;
}

static void
env_build(struct message *m, struct buf *out, struct buf *lines)
{
	bool inside = m->body_place == BODY_INLINE;
	size_t start = record_begin(out, RECORD_MESSAGE);

	envelope_put(out, m, inside ? BODY_MSGS : (enum body_place)m->body_place);
	record_end(out, start, 0, 0);
	lines_compact(lines, m);
	if (!lines->n)
		return;
	start = record_begin(out, RECORD_LINES);
	buf_put(out, buf_slice(lines));
	record_end(out, start, 0, 0);
}

static void
add_sync(struct mover *mv, unsigned owner, int fd, enum durable_kind kind)
{
	mv->owner[mv->sync.count] = owner;
	mv->sync_items[mv->sync.count++] = (struct durable_item){ .fd = fd, .kind = kind };
}

/* Writes both files of item i in tmp/. 0 or -errno. */
static int
write_item(struct queue *q, unsigned i)
{
	struct mover *mv = &q->mover;
	struct message *m = mv->items[i].m;
	struct buf out, lines;
	struct slice body = SL_NONE;
	struct fault f = FAULT_NONE;
	char name[64];
	int fd;

	mv->items[i].with_body = m->body_place == BODY_INLINE;
	if (mv->items[i].with_body && queue_body(&m->pub, &body, &f) != ST_OK)
		return f.sys ? -f.sys : -EIO;
	buf_init(&out, 64u << 20);
	buf_init(&lines, 32u << 20);
	env_build(m, &out, &lines);
	env_lines_drop(m);
	env_name(m, ".env", name);
	fd = buf_ok(&out) && buf_ok(&lines) ? write_file(q, name, buf_slice(&out)) : -E2BIG;
	mv->items[i].env_bytes = (uint32_t)out.n;
	buf_fini(&out);
	buf_fini(&lines);
	if (fd < 0)
		return fd;
	add_sync(mv, i, fd, DURABLE_FILE);
	if (!mv->items[i].with_body)
		return 0;
	env_name(m, ".body", name);
	fd = write_file(q, name, body);
	if (fd < 0)
		return fd;
	add_sync(mv, i, fd, DURABLE_FILE);
	return 0;
}

static void
item_failed(struct queue *q, unsigned i, int error, const char *what)
{
	struct mover *mv = &q->mover;
	struct message *m = mv->items[i].m;
	char name[64];
	struct fault f;

	if (mv->items[i].failed)
		return;
	mv->items[i].failed = true;
	fault_sys(&f, ST_IO, "4.3.0", -error, "%s", what);
	log_event(LOG_LEVEL_ERROR, "queue", KV_STR("id", m->pub.id), KV_FAULT(&f), KV_END);
	env_name(m, ".env", name);
	unlinkat(q->tmp_fd, name, 0);
	env_name(m, ".body", name);
	unlinkat(q->tmp_fd, name, 0);
}

/* Everything that can be known about item i is known. */
static void
item_done(struct queue *q, unsigned i)
{
	struct mover *mv = &q->mover;
	struct message *m = mv->items[i].m;

	m->busy = false;
	if (mv->items[i].failed) {
		if (m->place == PLACE_LOG)
			env_lines_drop(m); /* the log has them */
		else if (!list_is_linked(&m->dirty))
			list_append(&q->dirty, &m->dirty);
		message_settle(m);
		return;
	}
	m->env_bad = false;
	m->env_bytes = mv->items[i].env_bytes;
	if (m->place == PLACE_LOG) {
		line_word(&q->lines, 'V', m->pub.id);
		m->v_pending = true;
		list_append(&q->moved, &m->moved);
	}
	m->place = PLACE_MSGS;
	if (mv->items[i].with_body) {
		m->body_place = BODY_MSGS;
		body_forget(m);
	}
	list_remove(&m->waiting);
	if (!m->lines)
		list_remove(&m->dirty);
	q->counts.moves++;
	message_settle(m);
}

static void
mover_end(struct queue *q)
{
	struct mover *mv = &q->mover;
	bool full = mv->count == MOVE_BATCH, failed = false;

	mv->active = false;
	for (unsigned i = 0; i < mv->count; i++) {
		failed = failed || mv->items[i].failed;
		item_done(q, i);
	}
	commit_kick(q);
	appender_look(q, false);
	if (full && !failed)
		mover_look(q, true);
	else if (failed && !q->stopping)
		mover_later(q, q->opts.move_wait_ms);
	else
		mover_look(q, false);
	queue_stop_look(q);
}

/* Whether its names are on disk is unknown: the log goes on counting, so the .env must not stand
 * beside it. */
static void
item_unnamed(struct queue *q, unsigned i, int error)
{
	struct message *m = q->mover.items[i].m;
	bool made;
	char name[64];
	int dir = m->place == PLACE_LOG ? bucket_open(q, true, queue_bucket(&m->w.key), &made) : -1;

	item_failed(q, i, error, "a folder below msgs/ cannot be synced");
	if (dir < 0)
		return;
	env_name(m, ".env", name);
	unlinkat(dir, name, 0);
	close(dir);
}

static void
folders_synced(struct durable_group *g)
{
	struct queue *q = g->arg;
	struct mover *mv = &q->mover;

	for (size_t k = 0; k < g->count; k++) {
		int error = g->items[k].result;

		if (g->items[k].fd != q->msgs_fd)
			close(g->items[k].fd);
		for (unsigned i = 0; error && i < mv->count; i++)
			item_unnamed(q, i, error);
	}
	for (unsigned i = 0; i < mv->count; i++)
		if (!mv->items[i].failed)
			q->made_msgs[queue_bucket(&mv->items[i].m->w.key)] = true;
	mover_end(q);
}

/* The descriptor of the item's bucket, opened once for the batch. */
static int
batch_bucket(struct queue *q, unsigned i, bool *made)
{
	struct mover *mv = &q->mover;
	unsigned bucket = queue_bucket(&mv->items[i].m->w.key);
	bool fresh;
	int fd;

	for (size_t k = 0; k < mv->sync.count; k++)
		if (queue_bucket(&mv->items[mv->owner[k]].m->w.key) == bucket)
			return mv->sync_items[k].fd;
	fd = bucket_open(q, true, bucket, &fresh);
	if (fd >= 0)
		add_sync(mv, i, fd, DURABLE_DIR);
	*made = *made || fresh;
	return fd;
}

static int
name_item(struct queue *q, unsigned i, int dir)
{
	struct mover *mv = &q->mover;
	char name[64];

	/* The body first: a .env without one must not be. */
	env_name(mv->items[i].m, ".body", name);
	if (mv->items[i].with_body && renameat(q->tmp_fd, name, dir, name) != 0)
		return -errno;
	env_name(mv->items[i].m, ".env", name);
	return renameat(q->tmp_fd, name, dir, name) != 0 ? -errno : 0;
}

static void
files_synced(struct durable_group *g)
{
	struct queue *q = g->arg;
	struct mover *mv = &q->mover;
	bool made = false;

	for (size_t k = 0; k < g->count; k++) {
		close(g->items[k].fd);
		if (g->items[k].result != 0)
			item_failed(q, mv->owner[k], g->items[k].result,
			    "a file below msgs/ cannot be synced");
	}
	mv->sync.count = 0;
	for (unsigned i = 0; i < mv->count; i++) {
		int error;

		if (mv->items[i].failed)
			continue;
		error = batch_bucket(q, i, &made);
		if (error >= 0)
			error = name_item(q, i, error);
		if (error)
			item_failed(q, i, error, "a file below msgs/ cannot be named");
	}
	if (made)
		add_sync(mv, 0, q->msgs_fd, DURABLE_DIR);
	mv->sync.done = folders_synced;
	durable_submit(q->durable, &mv->sync);
}

static void
mover_tick(struct timer *t)
{
	struct queue *q = t->arg;
	struct mover *mv = &q->mover;

	if (mv->active || q->read_only || q->stopping)
		return;
	mv->count = 0;
	pick_all(q);
	if (!mv->count) {
		mover_look(q, false);
		return;
	}
	mv->active = true;
	mv->sync = (struct durable_group){ .items = mv->sync_items, .count = 0,
	    .done = files_synced, .arg = q };
	for (unsigned i = 0; i < mv->count; i++) {
		int error = write_item(q, i);

		if (error)
			item_failed(q, i, error, "a message cannot be moved to msgs/");
	}
	durable_submit(q->durable, &mv->sync);
}
