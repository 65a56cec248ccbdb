/*
 * What a queue's folder says, read at a start: docs/QUEUE.md, "Start". Blocks; nobody is served
 * yet.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "net/log.h"
#include "queue/queue_int.h"

int
folder_each(int dirfd, void (*fn)(void *arg, int dirfd, const char *name), void *arg)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return -error;
	}
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			fn(arg, dirfd, e->d_name);
	closedir(d);
	return 0;
}

/* ---- segments ---- */

static int
read_segment(struct segment *s, unsigned char *p, size_t *n)
{
	*n = 0;
	while (*n < s->size) {
		ssize_t got = pread(s->fd, p + *n, s->size - *n, (off_t)*n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		*n += (size_t)got;
	}
	return 0;
}

static void
scan_lines(struct segment *s, const struct record *r, const struct scan *to)
{
	struct slice lines = r->payload, line, rest;
	struct queue_id id;
	char kind;

	while (lines.n) {
		sl_cut(&lines, '\n', &line);
		if (line_cut(line, &kind, &id, &rest))
			to->line(to->arg, kind, &id, rest);
		else
			to->odd(to->arg, s, (uint32_t)r->payload_at, "a line that says nothing");
	}
}

static void
scan_message(struct segment *s, const struct record *r, struct arena *a, const struct scan *to)
{
	struct queue_envelope e;
	enum body_place place;
	struct queue_id id;
	struct slice body;
	struct fault f;

	if (envelope_get(a, r->payload, &e, &place, &body, &f) != ST_OK)
		to->odd(to->arg, s, (uint32_t)r->payload_at, f.text);
	else if (queue_id_parse(e.id, &id) != ST_OK)
		to->odd(to->arg, s, (uint32_t)r->payload_at, "a message with a wrong id");
	else if (place == BODY_INLINE && body.n != e.length)
		to->odd(to->arg, s, (uint32_t)r->payload_at,
		    "a body of another length than its envelope says");
	else
		to->message(to->arg, s, &id, &e, place,
		    (uint32_t)(r->payload_at + r->payload.n - body.n));
}

int
segment_scan(struct segment *s, const struct scan *to)
{
	unsigned char *p = mem_get(s->size);
	struct arena *a = arena_new("scan", 64u << 20);
	size_t at = SEGMENT_START, n;
	int error = read_segment(s, p, &n);
	struct record r;

	while (!error && record_get(sl_mem(p, n), s->serial, at, &r)) {
		if (r.type == RECORD_MESSAGE)
			scan_message(s, &r, a, to);
		else if (r.type == RECORD_LINES)
			scan_lines(s, &r, to);
		else if (r.type != RECORD_PADDING)
			to->odd(to->arg, s, (uint32_t)at, "a record of unknown type");
		arena_reset(a);
		at = r.end;
	}
	s->fill = (uint32_t)at;
	arena_free(a);
	mem_free(p);
	return error;
}

static void
found_segment(void *arg, int dirfd, const char *name)
{
	struct queue *q = arg;
	struct slice s = sl_str(name);
	unsigned char head[SEGMENT_HEAD];
	struct stat st;
	struct segment *seg;
	uint64_t number;
	uint32_t serial;
	int fd;

	if (s.n != 12 || !sl_ends(s, SL(".seg")) || !num_hex(sl_sub(s, 0, 8), &number))
		return;
	if (number >= q->next_number)
		q->next_number = (uint32_t)number + 1;
	fd = openat(dirfd, name, (q->read_only ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 ||
	    pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    !segment_head_get(sl_mem(head, sizeof(head)), &serial)) {
		log_event(LOG_LEVEL_ALERT, "queue", KV_STR("segment", name),
		    KV_STR("msg", "cannot be read and is left alone"), KV_END);
		if (fd >= 0)
			close(fd);
		return;
	}
	seg = segment_new(q, (uint32_t)number, fd);
	seg->serial = serial;
	seg->size = (uint32_t)st.st_size;
	seg->state = serial ? SEGMENT_CLOSED : SEGMENT_CLEAN;
	if (serial >= q->next_serial)
		q->next_serial = serial + 1;
	if (!serial) {
		list_append(&q->clean, &seg->node);
		q->clean_count++;
		return;
	}
	/* In order of serial; there are at most a few dozen. */
	LIST_EACH(&q->segments, n) {
		if (CONTAINER_OF(n, struct segment, node)->serial > serial) {
			list_insert_before(n, &seg->node);
			return;
		}
	}
	list_append(&q->segments, &seg->node);
}

/* Is there all of a moved message? Before its folder was synced any part of it may have come
 * through. */
static enum env_doubt
env_doubt(struct queue *q, const struct queue_id *id)
{
	struct fault f;
	struct message *m = env_read(q, id, &f);
	enum env_doubt doubt = ENV_WHOLE;

	if (!m)
		/* what cannot be read now is not judged */
		return f.st == ST_IO ? ENV_WHOLE : ENV_TORN;
	if (!body_exists(m))
		doubt = ENV_BODILESS;
	message_free(m);
	return doubt;
}

static void
env_unlink(struct queue *q, const struct queue_id *id)
{
	char text[QUEUE_ID_MAX + 1], name[64];
	bool made;
	int dir = q->read_only ? -1 : bucket_open(q, true, queue_bucket(id), &made);

	if (dir < 0)
		return;
	queue_id_text(id, text);
	snprintf(name, sizeof(name), "%s.env", text);
	unlinkat(dir, name, 0);
	close(dir);
}

static void
found_message(void *arg, struct segment *s, const struct queue_id *id,
    const struct queue_envelope *e, enum body_place place, uint32_t body_at)
{
	struct queue *q = arg;
	struct waiter *w = queue_find(q, id);
	enum env_doubt doubt = w && !w->resident ? env_doubt(q, id) : ENV_WHOLE;
	struct fault f;
	struct message *m;

	if (w && doubt == ENV_WHOLE) {
		w->in_log = !w->resident; /* it stands in msgs/, which counts */
		return;
	}
	if (w)
		waiter_forget(q, w); /* the log has it, unless a V follows */
	m = message_make(q, id, e, &f);
	if (!m)
		return;
	m->place = PLACE_LOG;
	m->body_place = (uint8_t)place;
	m->body_at = body_at;
	m->segment = s;
	m->env_doubt = (uint8_t)doubt;
	list_append(&s->messages, &m->in_segment);
	message_index(q, m);
}

static void
found_line(void *arg, char kind, const struct queue_id *id, struct slice rest)
{
	struct queue *q = arg;
	struct waiter *w = queue_find(q, id);
	struct message *m;
	struct arena *a;

	if (w && kind == 'V')
		w->in_log = false;
	if (w && !w->resident && kind == 'B') {
		char text[QUEUE_ID_MAX + 1];

		queue_id_text(id, text);
		buf_fmt(&q->late, "B %s %.*s\n", text, SL_FMT(rest));
	}
	if (!w || !w->resident)
		return;
	m = CONTAINER_OF(w, struct message, w);
	if (kind == 'C' || kind == 'V') {
		/* V without a .env: it was complete after its move, and its body goes with what
		 * nobody refers to. With a torn one: somebody has to look at it. */
		bool torn = kind == 'V' && m->env_doubt == ENV_TORN;

		if (m->env_doubt == ENV_BODILESS)
			env_unlink(q, id);
		message_free(m);
		if (torn)
			waiter_new(q, id, 0);
		return;
	}
	a = arena_new("line", 1u << 20);
	line_apply(a, m, kind, rest);
	arena_free(a);
}

static void
found_odd(void *arg, struct segment *s, uint32_t at, const char *what)
{
	(void)arg;
	log_event(LOG_LEVEL_ERROR, "queue", KV_U64("serial", s->serial), KV_U64("at", at),
	    KV_STR("msg", what), KV_END);
}

/* ---- folders of files ---- */

struct bucket_walk {
	struct queue *q;
	void (*fn)(struct queue *q, int dir, const char *name, unsigned bucket);
	unsigned bucket;
	bool msgs;
};

static void
walk_file(void *arg, int dir, const char *name)
{
	struct bucket_walk *w = arg;

	w->fn(w->q, dir, name, w->bucket);
}

static void
walk_bucket(void *arg, int parent, const char *name)
{
	struct bucket_walk *w = arg;
	struct queue *q = w->q;
	uint64_t bucket;
	int fd;

	if (strlen(name) != 2 || !num_hex(sl_str(name), &bucket))
		return;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	w->bucket = (unsigned)bucket;
	folder_each(fd, walk_file, w);
	close(fd);
	if (!q->read_only)
		unlinkat(parent, name, AT_REMOVEDIR); /* when empty */
}

static int
each_file(struct queue *q, bool msgs, void (*fn)(struct queue *q, int dir, const char *name,
    unsigned bucket))
{
	struct bucket_walk w = { .q = q, .fn = fn, .msgs = msgs };

	return folder_each(msgs ? q->msgs_fd : q->body_fd, walk_bucket, &w);
}

/* The id in front of `end` in a name that belongs to this bucket. */
static bool
name_id(const char *name, const char *end, unsigned bucket, struct queue_id *id)
{
	struct slice s = sl_str(name);

	if (!sl_ends(s, sl_str(end)))
		return false;
	return queue_id_parse(sl_sub(s, 0, s.n - strlen(end)), id) == ST_OK &&
	    queue_bucket(id) == bucket;
}

static void
found_env(struct queue *q, int dir, const char *name, unsigned bucket)
{
	struct queue_id id;

	(void)dir;
	if (name_id(name, ".env", bucket, &id) && !queue_find(q, &id))
		waiter_new(q, &id, 0);
}

static void
drop_stray(struct queue *q, int dir, const char *name, unsigned bucket)
{
	struct queue_id id;
	bool env = sl_ends(sl_str(name), SL(".env"));

	if (env || (name_id(name, sl_ends(sl_str(name), SL(".body")) ? ".body" : "", bucket, &id) &&
	    queue_find(q, &id)))
		return;
	if (!q->read_only)
		unlinkat(dir, name, 0);
}

static void
drop_tmp(void *arg, int dir, const char *name)
{
	(void)arg;
	unlinkat(dir, name, 0);
}

/* ---- all of it ---- */

static size_t
count_reported(const struct message *m)
{
	size_t count = 0;

	for (uint32_t i = 0; i < m->pub.rcpt_count; i++)
		count += (size_t)m->pub.rcpts[i].reported + m->pub.rcpts[i].warned;
	return count;
}

/* A report about a message in msgs/ is said in the log first: the crash may have come before .env
 * had it. */
static int
late_reports(struct queue *q)
{
	struct slice lines = buf_slice(&q->late), line, rest;
	struct queue_id id;
	struct fault f;
	int error = 0;
	char kind;

	while (!error && sl_cut(&lines, '\n', &line)) {
		struct message *m = line_cut(line, &kind, &id, &rest) ? env_read(q, &id, &f) : NULL;
		size_t before = m ? count_reported(m) : 0;

		if (m && line_apply(NULL, m, kind, rest) && count_reported(m) != before)
			error = env_add_now(q, m, line);
		if (m)
			message_free(m);
	}
	buf_fini(&q->late);
	return error;
}

/* What stands in the log is due at once. */
static void
park_all(struct queue *q)
{
	struct hmap_cursor c = {0};
	struct hmap_node *n;

	while ((n = hmap_walk(&q->ids, &c))) {
		struct waiter *w = CONTAINER_OF(n, struct waiter, by_id);
		struct message *m = CONTAINER_OF(w, struct message, w);

		/* Without a V it would come back from the segment once its .env is removed. */
		if (w->in_log) {
			char text[QUEUE_ID_MAX + 1];

			queue_id_text(&w->key, text);
			line_word(&q->lines, 'V', text);
		}
		if (!w->resident)
			continue;
		if (m->env_doubt != ENV_WHOLE)
			env_unlink(q, &w->key);
		if (!body_exists(m)) {
			queue_complete(&m->pub);
			continue;
		}
		m->committed_ms = loop_now(q->loop);
		m->parked = true;
		heap_put(&q->due, &w->due, 0);
		list_append(&q->waiting, &m->waiting);
	}
}

enum st
queue_recover(struct queue *q, struct fault *f)
{
	struct scan to = { .arg = q, .message = found_message, .line = found_line,
	    .odd = found_odd };
	int error = 0;

	if (!q->read_only)
		error = folder_each(q->tmp_fd, drop_tmp, NULL);
	if (!error)
		error = each_file(q, true, found_env);
	if (!error)
		error = folder_each(q->log_fd, found_segment, q);
	LIST_EACH(&q->segments, n)
		error = error ? error : segment_scan(CONTAINER_OF(n, struct segment, node), &to);
	if (!error)
		error = each_file(q, true, drop_stray);
	if (!error)
		error = each_file(q, false, drop_stray);
	if (error)
		return fault_sys(f, ST_IO, "4.3.0", -error, "the queue cannot be read");
	if (q->read_only)
		return ST_OK;
	error = late_reports(q);
	if (error)
		return fault_sys(f, ST_IO, "4.3.0", -error, "the queue cannot be written");
	park_all(q);
	index_read(q);
	/* Segments of another size than now are used up, not used again. */
	LIST_EACH(&q->clean, n) {
		struct segment *s = CONTAINER_OF(n, struct segment, node);

		if (s->size != q->opts.segment_bytes) {
			char name[16];

			segment_name(s->number, name);
			unlinkat(q->log_fd, name, 0);
			q->clean_count--;
			segment_free(q, s);
		}
	}
	segments_tidy(q);
	mover_look(q, false);
	return ST_OK;
}
