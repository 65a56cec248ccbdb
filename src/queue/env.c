/*
 * The .env file of a moved message: an M record, then L records, serial 0. Reading one, and adding
 * what became of its message since.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/log.h"
#include "queue/queue_int.h"

#define ENV_MAX_BYTES (64u << 20)

void
env_name(const struct message *m, const char *end, char name[64])
{
	snprintf(name, 64, "%s%s", m->pub.id, end);
}

/* ---- reading ---- */

static int
open_env(struct queue *q, const struct queue_id *id, int flags)
{
	char text[QUEUE_ID_MAX + 1], name[64], bucket[4];
	int dir, fd;

	queue_id_text(id, text);
	snprintf(name, sizeof(name), "%s.env", text);
	snprintf(bucket, sizeof(bucket), "%02x", queue_bucket(id));
	dir = openat(q->msgs_fd, bucket, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(dir);
	return fd;
}

static enum st
read_whole(int fd, struct buf *b, struct fault *f)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fault_sys(f, ST_IO, "4.3.0", errno, "fstat");
	if (st.st_size > (off_t)ENV_MAX_BYTES)
		return fault_set(f, ST_LIMIT, "4.3.0", "it has %lld bytes", (long long)st.st_size);
	for (;;) {
		unsigned char *p = buf_room(b, 4096);
		ssize_t n = p ? read(fd, p, 4096) : -1;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_sys(f, ST_IO, "4.3.0", errno, "read");
		if (n == 0)
			return ST_OK;
		buf_added(b, (size_t)n);
	}
}

static void
apply_lines(struct arena *a, struct message *m, struct slice lines)
{
	struct queue_id id;
	struct slice line, rest;
	char kind;

	while (lines.n) {
		sl_cut(&lines, '\n', &line);
		if (line_cut(line, &kind, &id, &rest) && queue_id_same(&id, &m->w.key))
			line_apply(a, m, kind, rest);
	}
}

static struct message *
env_parse(struct queue *q, struct arena *a, const struct queue_id *id, struct slice file,
    struct fault *f)
{
	struct queue_envelope e;
	struct queue_id said;
	enum body_place place;
	struct slice rest;
	struct record r;
	struct message *m;

	if (!record_get(file, 0, 0, &r) || r.type != RECORD_MESSAGE) {
		fault_set(f, ST_SYNTAX, "4.3.0", "it does not begin with a message");
		return NULL;
	}
	if (envelope_get(a, r.payload, &e, &place, &rest, f) != ST_OK)
		return NULL;
	if (queue_id_parse(e.id, &said) != ST_OK || !queue_id_same(&said, id)) {
		fault_set(f, ST_SYNTAX, "4.3.0", "it is about %.*s", SL_FMT(e.id));
		return NULL;
	}
	m = message_make(q, id, &e, f);
	if (!m)
		return NULL;
	m->place = PLACE_MSGS;
	m->body_place = (uint8_t)place;
	m->env_bytes = (uint32_t)r.end;
	while (record_get(file, 0, m->env_bytes, &r)) {
		if (r.type == RECORD_LINES)
			apply_lines(a, m, r.payload);
		m->env_bytes = (uint32_t)r.end;
	}
	return m;
}

struct message *
env_read(struct queue *q, const struct queue_id *id, struct fault *f)
{
	struct message *m = NULL;
	struct arena *a;
	struct buf b;
	int fd = open_env(q, id, O_RDONLY);

	if (fd < 0) {
		fault_sys(f, fd == -ENOENT ? ST_NOENT : ST_IO, "4.3.0", -fd, "its .env");
		return NULL;
	}
	buf_init(&b, ENV_MAX_BYTES);
	a = arena_new("env", ENV_MAX_BYTES);
	if (read_whole(fd, &b, f) == ST_OK)
		m = env_parse(q, a, id, buf_slice(&b), f);
	close(fd);
	buf_fini(&b);
	arena_free(a);
	return m;
}

/* ---- adding ---- */

/* What is in the file now is unknown: the mover writes it anew from memory. */
static void
env_spoilt(struct message *m)
{
	struct queue *q = m->pub.queue;

	m->env_bad = true;
	if (!list_is_linked(&m->dirty))
		list_append(&q->dirty, &m->dirty);
	mover_look(q, true);
}

static void
appended(struct durable_group *g)
{
	struct queue *q = g->arg;
	struct appender *ap = &q->appender;

	ap->active = false;
	for (size_t i = 0; i < ap->count; i++) {
		struct message *m = ap->items[i];

		close(ap->fds[i]);
		m->busy = false;
		if (ap->sync_items[i].result == 0) {
			m->env_bytes = ap->env_bytes[i];
		} else {
			env_spoilt(m);
		}
		if (m->lines && !list_is_linked(&m->dirty))
			list_append(&q->dirty, &m->dirty);
		message_settle(m);
	}
	appender_look(q, false);
}

/* Writes lines behind what .env has; its descriptor, or -errno. */
static int
append_lines(struct queue *q, struct message *m, struct slice lines, uint32_t *end)
{
	int fd = open_env(q, &m->w.key, O_WRONLY);
	struct buf out;
	ssize_t n;
	size_t start;

	if (fd < 0)
		return fd;
	buf_init(&out, ENV_MAX_BYTES);
	start = record_begin(&out, RECORD_LINES);
	buf_put(&out, lines);
	record_end(&out, start, 0, m->env_bytes);
	n = pwrite(fd, out.p, out.n, (off_t)m->env_bytes);
	if (n != (ssize_t)out.n) {
		int error = n < 0 ? -errno : -ENOSPC;

		close(fd);
		buf_fini(&out);
		return error;
	}
	*end = m->env_bytes + (uint32_t)out.n;
	buf_fini(&out);
	return fd;
}

int
env_add_now(struct queue *q, struct message *m, struct slice line)
{
	struct buf lines;
	int fd, error;

	buf_init(&lines, ENV_MAX_BYTES);
	buf_put(&lines, line);
	buf_put_byte(&lines, '\n');
	fd = append_lines(q, m, buf_slice(&lines), &m->env_bytes);
	buf_fini(&lines);
	if (fd < 0)
		return fd;
	error = durable_now(fd, DURABLE_DATA);
	close(fd);
	return error;
}

void
env_lines_drop(struct message *m)
{
	if (m->lines) {
		buf_fini(m->lines);
		mem_free(m->lines);
		m->lines = NULL;
	}
	list_remove(&m->dirty);
}

static void
append_some(struct timer *t)
{
	struct queue *q = t->arg;
	struct appender *ap = &q->appender;

	if (ap->active || q->read_only)
		return;
	ap->count = 0;
	LIST_EACH(&q->dirty, n) {
		struct message *m = CONTAINER_OF(n, struct message, dirty);
		int fd;

		if (ap->count == MOVE_BATCH)
			break;
		if (m->busy || m->complete || m->env_bad || m->place != PLACE_MSGS)
			continue;
		fd = append_lines(q, m, buf_slice(m->lines), &ap->env_bytes[ap->count]);
		env_lines_drop(m);
		if (fd < 0) {
			env_spoilt(m);
			continue;
		}
		m->busy = true;
		ap->fds[ap->count] = fd;
		ap->sync_items[ap->count] = (struct durable_item){ .fd = fd, .kind = DURABLE_DATA };
		ap->items[ap->count++] = m;
	}
	if (!ap->count)
		return;
	ap->active = true;
	ap->sync = (struct durable_group){ .items = ap->sync_items, .count = ap->count,
	    .done = appended, .arg = q };
	durable_submit(q->durable, &ap->sync);
}

void
appender_look(struct queue *q, bool at_once)
{
	struct appender *ap = &q->appender;

	if (ap->active || q->read_only || list_is_empty(&q->dirty))
		return;
	if (at_once || q->stopping)
		loop_timer_at(q->loop, &ap->timer, loop_now(q->loop), append_some, q);
	else if (!heap_has(&ap->timer.node))
		loop_timer_at(q->loop, &ap->timer, loop_now(q->loop) + LINES_WAIT_MS, append_some,
		    q);
}
