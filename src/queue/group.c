/*
 * Groups: everything that waits is written by one pwrite and made durable by one sync, while the
 * next group fills. docs/QUEUE.md, "Commit of a group".
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "net/log.h"
#include "queue/queue_int.h"

/* Lines that were not made durable stand in front of those that came since. */
static void
lines_restore(struct queue *q)
{
	struct group *g = &q->group;

	if (!g->lines.n)
		return;
	buf_put(&g->lines, buf_slice(&q->lines));
	struct buf swap = q->lines;
	q->lines = g->lines;
	g->lines = swap;
	buf_clear(&g->lines);
	for (struct list_node *n; (n = list_first(&g->moved));) {
		list_remove(n);
		list_prepend(&q->moved, n);
	}
}

/* The group said B for the message m reports; a start reads it there. What stands in msgs/ learns
 * it too. */
static void
mark_reported(struct commit *c)
{
	struct message *about = c->about;
	struct buf *out;
	size_t from;

	for (uint32_t i = 0; i < c->about_count; i++) {
		struct queue_rcpt *r = &about->pub.rcpts[c->about_rcpts[i]];

		if (c->about_rcpts[i] >= about->pub.rcpt_count)
			continue;
		if (r->state == QUEUE_OWED)
			r->warned = true;
		else
			r->reported = true;
	}
	if (about->place != PLACE_MSGS && !about->busy)
		return;
	out = lines_begin(about, &from);
	line_reported(out, about->pub.id, c->m->pub.id, about, c->about_rcpts, c->about_count);
	lines_changed(about, from);
}

static void
committed(struct commit *c, struct queue *q)
{
	struct message *m = c->m;
	struct fault none = FAULT_NONE;

	list_remove(&c->node);
	m->place = PLACE_LOG;
	m->committed_ms = loop_now(q->loop);
	q->counts.committed++;
	if (c->about)
		mark_reported(c);
	c->done(c->arg, &m->pub, &none);
	commit_free(c);
}

static void
group_succeeded(struct queue *q)
{
	struct group *g = &q->group;
	struct list_node *n;

	q->failed_in_row = 0;
	q->counts.groups++;
	buf_clear(&g->lines);
	while ((n = list_first(&g->moved))) {
		struct message *m = CONTAINER_OF(n, struct message, moved);

		list_remove(n);
		list_remove(&m->in_segment);
		m->segment = NULL;
		m->v_pending = false;
		message_settle(m);
	}
	segments_tidy(q);
	while ((n = list_first(&g->commits)))
		committed(CONTAINER_OF(n, struct commit, node), q);
	if (g->out.cap > GROUP_BYTES / 4)
		buf_fini(&g->out);
	mover_look(q, false);
}

static void
retry(struct timer *t)
{
	queue_probe(t->arg);
}

/* The group is not durable. Its ids must not come back: nobody has custody of them any more. */
static void
group_failed(struct queue *q, int error)
{
	struct group *g = &q->group;
	struct list_node *n;
	struct fault f;

	fault_sys(&f, ST_IO, error == -ENOSPC ? "4.3.1" : "4.3.0", -error,
	    "the queue cannot be written");
	log_event(LOG_LEVEL_ALERT, "queue", KV_U64("serial", g->segment->serial), KV_FAULT(&f),
	    KV_END);
	q->counts.failures++;
	g->segment->bad = true;
	if (q->current == g->segment)
		segment_close(q);
	lines_restore(q);
	while ((n = list_first(&g->commits))) {
		struct commit *c = CONTAINER_OF(n, struct commit, node);

		line_word(&q->lines, 'C', c->m->pub.id);
		commit_refuse(c, &f);
	}
	if (++q->failed_in_row < 2)
		return;
	q->down = true;
	commit_fail_pending(q, &f);
	loop_timer_at(q->loop, &q->retry_timer, loop_now(q->loop) + RETRY_MS, retry, q);
}

static void
group_synced(struct durable_group *sync)
{
	struct queue *q = sync->arg;
	int error = q->group.item.result;

	q->group.active = false;
	if (error)
		group_failed(q, error);
	else
		group_succeeded(q);
	/* What came meanwhile is the next group; lines alone may wait for company. */
	commit_start(q, error != 0);
	commit_kick(q);
	queue_stop_look(q);
}

/* As many of the waiting lines as fit, as one record. */
static void
group_lines(struct queue *q, size_t room)
{
	struct group *g = &q->group;
	size_t take = q->lines.n, start;
	struct list_node *n;

	buf_clear(&g->lines);
	if (!take || room < RECORD_MIN + QUEUE_BLOCK)
		return;
	room -= RECORD_MIN + RECORD_MIN;
	if (take > room)
		take = sl_rfind(sl_sub(buf_slice(&q->lines), 0, room), '\n') + 1;
	if (take > room)
		return; /* no line end: cannot be */
	buf_put(&g->lines, sl_sub(buf_slice(&q->lines), 0, take));
	if (take == q->lines.n) {
		buf_clear(&q->lines);
		while ((n = list_first(&q->moved))) { /* their V is among them */
			list_remove(n);
			list_append(&g->moved, n);
		}
	} else {
		buf_drop(&q->lines, take);
	}
	start = record_begin(&g->out, RECORD_LINES);
	buf_put(&g->out, buf_slice(&g->lines));
	record_end(&g->out, start, g->segment->serial, g->segment->fill);
	q->counts.lines++;
}

/* One message behind what the group has; false: no room, the group stays as it was. */
static bool
group_message(struct queue *q, struct commit *c, size_t room)
{
	struct group *g = &q->group;
	struct message *m = c->m;
	size_t before = g->out.n, start;

	if (c->about) {
		start = record_begin(&g->out, RECORD_LINES);
		line_reported(&g->out, c->about->pub.id, m->pub.id, c->about, c->about_rcpts,
		    c->about_count);
		record_end(&g->out, start, g->segment->serial, g->segment->fill);
	}
	start = record_begin(&g->out, RECORD_MESSAGE);
	envelope_put(&g->out, m, (enum body_place)m->body_place);
	m->body_at = g->segment->fill + (uint32_t)g->out.n;
	if (m->body_place == BODY_INLINE)
		buf_put(&g->out, sl_mem(m->body, (size_t)m->pub.length));
	record_end(&g->out, start, g->segment->serial, g->segment->fill);
	if (!buf_ok(&g->out) || g->out.n > room) {
		buf_cut(&g->out, before);
		return false;
	}
	list_remove(&c->node);
	list_append(&g->commits, &c->node);
	m->segment = g->segment;
	list_append(&g->segment->messages, &m->in_segment);
	return true;
}

/* Fills the group from what waits. */
static void
group_fill(struct queue *q)
{
	struct group *g = &q->group;
	size_t room = q->current->size - q->current->fill;
	struct list_node *n;

	g->segment = q->current;
	buf_clear(&g->out);
	group_lines(q, room);
	/* On the reserve custody can end and none can begin. */
	for (unsigned count = 0; !(q->clean_count == 0 && q->maker.failed) &&
	    count < GROUP_MESSAGES && g->out.n < GROUP_BYTES && (n = list_first(&q->pending));
	    count++)
		if (!group_message(q, CONTAINER_OF(n, struct commit, node), room))
			break;
	record_pad(&g->out, g->segment->serial, g->segment->fill, room);
}

/* 0 or -errno. */
static int
group_pwrite(struct queue *q)
{
	struct group *g = &q->group;
	size_t at = 0;
	int error = g->segment->bad ? -EIO : 0;

	while (!error && at < g->out.n) {
		ssize_t n = pwrite(g->segment->fd, g->out.p + at, g->out.n - at,
		    (off_t)(g->segment->fill + at));

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			error = n == 0 ? -EIO : -errno;
	}
	g->segment->fill += (uint32_t)g->out.n;
	return error;
}

int
group_now(struct queue *q)
{
	int error = 0;

	while (q->lines.n && !error) {
		if (!q->current && !segment_next(q, false))
			return -ENOSPC;
		group_fill(q);
		if (!q->group.out.n) {
			segment_close(q);
			continue;
		}
		error = group_pwrite(q);
		if (!error)
			error = durable_now(q->group.segment->fd, DURABLE_DATA);
		buf_clear(&q->group.lines);
	}
	return error;
}

static void
group_write(struct queue *q)
{
	struct group *g = &q->group;
	int error = group_pwrite(q);

	g->active = true;
	g->item = (struct durable_item){ .fd = g->segment->fd, .kind = DURABLE_DATA,
	    .result = error };
	/* A group of no items is done at the next dispatch: the failure takes the usual way. */
	g->sync = (struct durable_group){ .items = &g->item, .count = error ? 0 : 1,
	    .done = group_synced, .arg = q };
	durable_submit(q->durable, &g->sync);
}

void
commit_start(struct queue *q, bool forced)
{
	bool mail = !list_is_empty(&q->pending);
	struct fault f;

	if (q->group.active || q->down ||
	    (!mail && !(q->lines.n && (forced || q->lines.n >= LINES_HURRY_BYTES || q->stopping))))
		return;
	for (int tries = 0; tries < 2; tries++) {
		if (q->current && q->current->size - q->current->fill >= 2 * QUEUE_BLOCK) {
			group_fill(q);
			if (q->group.out.n) {
				group_write(q);
				return;
			}
		}
		if (segment_next(q, !q->lines.n))
			continue;
		if (mail && q->maker.failed) {
			fault_set(&f, ST_LIMIT, "4.3.1", "the queue is full");
			commit_fail_pending(q, &f);
		}
		return;
	}
}

static void
lines_due(struct timer *t)
{
	commit_start(t->arg, true);
}

static void
kicked(struct deferred *d)
{
	commit_start(d->arg, false);
}

/* Something waits: mail goes at the end of this turn, so that what comes in it rides along; lines
 * wait a little. */
void
commit_kick(struct queue *q)
{
	if (q->group.active || q->down)
		return;
	if (!list_is_empty(&q->pending) || q->lines.n >= LINES_HURRY_BYTES ||
	    (q->stopping && q->lines.n))
		loop_defer(q->loop, &q->kick, kicked, q);
	else if (q->lines.n && !heap_has(&q->lines_timer.node))
		loop_timer_at(q->loop, &q->lines_timer, loop_now(q->loop) + LINES_WAIT_MS,
		    lines_due, q);
}

/* ---- does writing work again? ---- */

static void
probed(struct durable_group *g)
{
	struct queue *q = g->arg;

	q->probing = false;
	close(q->probe_fd);
	unlinkat(q->tmp_fd, "probe", 0);
	if (q->probe_item.result != 0) {
		loop_timer_at(q->loop, &q->retry_timer, loop_now(q->loop) + RETRY_MS, retry, q);
		queue_stop_look(q);
		return;
	}
	log_event(LOG_LEVEL_WARNING, "queue", KV_STR("writing", "works again"), KV_END);
	q->down = false;
	q->failed_in_row = 0;
	commit_start(q, true);
}

/* Each second while down: a file of a block in tmp/, so that no segment is spoilt by trying. */
void
queue_probe(struct queue *q)
{
	static const unsigned char block[QUEUE_BLOCK];

	if (q->probing)
		return;
	unlinkat(q->tmp_fd, "probe", 0);
	q->probe_fd = openat(q->tmp_fd, "probe", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (q->probe_fd < 0 || pwrite(q->probe_fd, block, sizeof(block),
	    0) != (ssize_t)sizeof(block)) {
		if (q->probe_fd >= 0)
			close(q->probe_fd);
		loop_timer_at(q->loop, &q->retry_timer, loop_now(q->loop) + RETRY_MS, retry, q);
		return;
	}
	q->probing = true;
	q->probe_item = (struct durable_item){ .fd = q->probe_fd, .kind = DURABLE_FILE };
	q->probe = (struct durable_group){ .items = &q->probe_item, .count = 1, .done = probed,
	    .arg = q };
	durable_submit(q->durable, &q->probe);
}
