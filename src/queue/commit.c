/*
 * Accepting a message: its body (a large one is made durable first), then its place in the next
 * group.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/log.h"
#include "queue/queue_int.h"

void
commit_free(struct commit *c)
{
	if (c->fd >= 0)
		close(c->fd);
	for (int i = 0; i < 2; i++)
		if (c->dirs[i] >= 0)
			close(c->dirs[i]);
	mem_free(c->about_rcpts);
	mem_free(c);
}

/* The submitter is told no, and m is gone. */
void
commit_refuse(struct commit *c, const struct fault *why)
{
	struct message *m = c->m;

	list_remove(&c->node);
	body_remove(m);
	c->done(c->arg, &m->pub, why);
	message_free(m);
	commit_free(c);
}

static void
refuse_later(struct deferred *d)
{
	struct queue *q = d->arg;
	struct list_node *n;

	while ((n = list_first(&q->failed))) {
		struct commit *c = CONTAINER_OF(n, struct commit, node);
		struct fault f = c->fault;

		commit_refuse(c, &f);
	}
}

/* done() is never called from inside queue_commit. */
static void
commit_fail(struct commit *c, const struct fault *f)
{
	struct queue *q = c->queue;

	c->fault = *f;
	list_remove(&c->node);
	list_append(&q->failed, &c->node);
	loop_defer(q->loop, &q->fail_later, refuse_later, q);
}

void
commit_fail_pending(struct queue *q, const struct fault *f)
{
	struct list_node *n;

	while ((n = list_first(&q->pending)))
		commit_fail(CONTAINER_OF(n, struct commit, node), f);
}

bool
commit_idle(const struct queue *q)
{
	return !q->group.active && list_is_empty(&q->pending) && list_is_empty(&q->staging) &&
	    list_is_empty(&q->failed) && !q->lines.n;
}

/* ---- a large body first: its content, then its name ---- */

static void
staged(struct commit *c)
{
	struct queue *q = c->queue;

	list_remove(&c->node);
	list_append(&q->pending, &c->node);
	commit_kick(q);
}

static void
stage_failed(struct commit *c, int error, const char *what)
{
	struct fault f;

	fault_sys(&f, ST_IO, error == -ENOSPC ? "4.3.1" : "4.3.0", -error, "%s", what);
	log_event(LOG_LEVEL_ERROR, "queue", KV_STR("id", c->m->pub.id), KV_FAULT(&f), KV_END);
	commit_fail(c, &f);
}

static void
stage_named(struct durable_group *g)
{
	struct commit *c = g->arg;
	struct queue *q = c->queue;

	for (size_t i = 0; i < g->count; i++)
		if (g->items[i].result != 0) {
			stage_failed(c, g->items[i].result,
			    "the folder of the body cannot be synced");
			return;
		}
	if (g->count == 2)
		q->made_body[queue_bucket(&c->m->w.key)] = true;
	staged(c);
}

/* The content is durable: give it its place, and make that durable. */
static void
stage_synced(struct durable_group *g)
{
	struct commit *c = g->arg;
	struct queue *q = c->queue;
	char name[16];
	bool made = false;

	tmp_body_name(c->number, name);
	if (c->items[0].result != 0) {
		unlinkat(q->tmp_fd, name, 0);
		stage_failed(c, c->items[0].result, "the body cannot be synced");
		return;
	}
	c->dirs[0] = bucket_open(q, false, queue_bucket(&c->m->w.key), &made);
	if (c->dirs[0] < 0 || renameat(q->tmp_fd, name, c->dirs[0], c->m->pub.id) != 0) {
		int error = c->dirs[0] < 0 ? c->dirs[0] : -errno;

		unlinkat(q->tmp_fd, name, 0);
		stage_failed(c, error, "the body cannot be named");
		return;
	}
	c->m->body_place = BODY_FILE;
	c->items[0] = (struct durable_item){ .fd = c->dirs[0], .kind = DURABLE_DIR };
	c->items[1] = (struct durable_item){ .fd = q->body_fd, .kind = DURABLE_DIR };
	c->sync = (struct durable_group){ .items = c->items, .count = made ? 2 : 1,
	    .done = stage_named, .arg = c };
	durable_submit(q->durable, &c->sync);
}

static void
stage(struct commit *c)
{
	struct queue *q = c->queue;

	list_append(&q->staging, &c->node);
	c->items[0] = (struct durable_item){ .fd = c->fd, .kind = DURABLE_FILE };
	c->sync = (struct durable_group){ .items = c->items, .count = 1, .done = stage_synced,
	    .arg = c };
	durable_submit(q->durable, &c->sync);
}

/* ---- accepting ---- */

static bool
take_body(struct commit *c, struct slice body, uint32_t file, struct fault *f)
{
	struct queue *q = c->queue;
	struct message *m = c->m;
	struct tmp_body *t;
	struct stat st;

	if (!file) {
		if (body.n != m->pub.length || body.n > QUEUE_INLINE_MAX) {
			fault_set(f, ST_SYNTAX, "4.3.0", "the body has %zu bytes, not %llu", body.n,
			    (unsigned long long)m->pub.length);
			return false;
		}
		body_remember(m, body);
		return true;
	}
	t = tmp_body_take(q, file);
	if (!t) {
		fault_set(f, ST_NOENT, "4.3.0", "there is no body file %lu", (unsigned long)file);
		return false;
	}
	c->fd = t->fd;
	c->number = file;
	mem_free(t);
	if (fstat(c->fd, &st) == 0 && st.st_size >= 0 && (uint64_t)st.st_size == m->pub.length)
		return true;
	fault_set(f, ST_SYNTAX, "4.3.0", "the body file has %lld bytes, not %llu",
	    (long long)st.st_size, (unsigned long long)m->pub.length);
	char name[16];
	tmp_body_name(file, name);
	unlinkat(q->tmp_fd, name, 0);
	return false;
}

static void
take_about(struct commit *c, const struct queue_report_of *about)
{
	if (!about)
		return;
	c->about = message_of(about->about);
	c->about_count = about->rcpt_count;
	c->about_rcpts = mem_get((about->rcpt_count + 1) * sizeof(uint32_t));
	memcpy(c->about_rcpts, about->rcpts, about->rcpt_count * sizeof(uint32_t));
}

/* R5321-6.1-a */
void
queue_commit(struct queue *q, struct queue_message *message, struct slice body, uint32_t file,
    const struct queue_report_of *about, void (*done)(void *arg, struct queue_message *m,
    const struct fault *f), void *arg)
{
	struct commit *c = mem_get(sizeof(*c));
	struct fault f;

	c->queue = q;
	c->m = message_of(message);
	c->done = done;
	c->arg = arg;
	c->fd = c->dirs[0] = c->dirs[1] = -1;
	list_node_init(&c->node);
	take_about(c, about);
	if (!take_body(c, body, file, &f)) {
		commit_fail(c, &f);
		return;
	}
	if (queue_may_take(q, &f) != ST_OK) {
		char name[16];

		if (file) {
			tmp_body_name(file, name);
			unlinkat(q->tmp_fd, name, 0);
		}
		commit_fail(c, &f);
		return;
	}
	if (file) {
		stage(c);
		return;
	}
	list_append(&q->pending, &c->node);
	commit_kick(q);
}

