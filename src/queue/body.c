/*
 * Bodies: in memory, in a segment, in a file of their own; and files submitters are still writing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/queue_int.h"

/* ---- folders ---- */

static void
bucket_name(unsigned bucket, char name[4])
{
	snprintf(name, 4, "%02x", bucket & 0xff);
}

/* A descriptor of body/<bb> or msgs/<bb>; *made: the folder above must be synced too. */
int
bucket_open(struct queue *q, bool msgs, unsigned bucket, bool *made)
{
	int parent = msgs ? q->msgs_fd : q->body_fd, fd;
	bool known = msgs ? q->made_msgs[bucket] : q->made_body[bucket];
	char name[4];

	bucket_name(bucket, name);
	*made = !known;
	if (!known && mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
		return -errno;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* As bucket_open for what must exist. */
static int
bucket_find(const struct queue *q, bool msgs, unsigned bucket)
{
	char name[4];
	int fd;

	bucket_name(bucket, name);
	fd = openat(msgs ? q->msgs_fd : q->body_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* ---- being written ---- */

void
tmp_body_name(uint32_t number, char name[16])
{
	snprintf(name, 16, "b%08lx", (unsigned long)number);
}

static struct tmp_body *
tmp_body_find(struct queue *q, uint32_t number)
{
	for (struct hmap_node *n = hmap_first(&q->tmp_bodies, hmap_hash_u64(number)); n;
	    n = hmap_next(n)) {
		struct tmp_body *t = CONTAINER_OF(n, struct tmp_body, node);

		if (t->number == number)
			return t;
	}
	return NULL;
}

enum st
queue_body_create(struct queue *q, uint32_t *number, int *fd, struct fault *f)
{
	enum st st = queue_may_take(q, f);
	struct tmp_body *t;
	char name[16];
	int ours;

	if (st != ST_OK)
		return st;
	if (q->tmp_bodies.count >= TMP_BODIES_MAX)
		return fault_set(f, ST_LIMIT, "4.3.2", "too many bodies are being written");
	while (q->next_tmp == 0 || tmp_body_find(q, q->next_tmp))
		q->next_tmp++;
	tmp_body_name(q->next_tmp, name);
	ours = openat(q->tmp_fd, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (ours < 0)
		return fault_sys(f, ST_IO, errno == ENOSPC ? "4.3.1" : "4.3.0", errno,
		    "a body file");
	*fd = openat(q->tmp_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0) {
		int error = errno;

		close(ours);
		unlinkat(q->tmp_fd, name, 0);
		return fault_sys(f, ST_IO, "4.3.0", error, "a body file");
	}
	t = mem_get(sizeof(*t));
	t->number = *number = q->next_tmp++;
	t->fd = ours;
	hmap_put(&q->tmp_bodies, &t->node, hmap_hash_u64(t->number));
	return ST_OK;
}

struct tmp_body *
tmp_body_take(struct queue *q, uint32_t number)
{
	struct tmp_body *t = tmp_body_find(q, number);

	if (t)
		hmap_remove(&q->tmp_bodies, &t->node);
	return t;
}

void
queue_body_drop(struct queue *q, uint32_t number)
{
	struct tmp_body *t = tmp_body_take(q, number);
	char name[16];

	if (!t)
		return;
	tmp_body_name(number, name);
	unlinkat(q->tmp_fd, name, 0);
	close(t->fd);
	mem_free(t);
}

/* ---- in memory ---- */

/* Above the bound the oldest go; a body that is nowhere else yet stays. */
static void
bodies_trim(struct queue *q)
{
	LIST_EACH(&q->bodies, n) {
		struct message *m = CONTAINER_OF(n, struct message, body_known);

		if (q->body_bytes <= q->opts.bodies_max_bytes)
			return;
		if (m->place != PLACE_NONE)
			body_forget(m);
	}
}

void
body_remember(struct message *m, struct slice body)
{
	struct queue *q = m->pub.queue;

	body_forget(m);
	m->body = mem_get(body.n + 1);
	if (body.n)
		memcpy(m->body, body.p, body.n);
	q->body_bytes += body.n;
	bodies_trim(q);
	list_append(&q->bodies, &m->body_known);
}

void
body_forget(struct message *m)
{
	if (!m->body)
		return;
	list_remove(&m->body_known);
	m->pub.queue->body_bytes -= (size_t)m->pub.length;
	mem_free(m->body);
	m->body = NULL;
}

/* From the segment, where it was committed. */
static enum st
body_reread(struct message *m, struct fault *f)
{
	size_t length = (size_t)m->pub.length, at = 0;
	unsigned char *p = mem_get(length + 1);

	while (at < length) {
		ssize_t n = pread(m->segment->fd, p + at, length - at, (off_t)(m->body_at + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = n < 0 ? errno : EIO;

			mem_free(p);
			return fault_sys(f, ST_IO, "4.3.0", error, "body of %s", m->pub.id);
		}
		at += (size_t)n;
	}
	body_remember(m, sl_mem(p, length));
	mem_free(p);
	return ST_OK;
}

enum st
queue_body(struct queue_message *message, struct slice *body, struct fault *f)
{
	struct message *m = message_of(message);
	enum st st = ST_OK;

	if (!m->body && (m->body_place != BODY_INLINE || !m->segment))
		return ST_NOENT;
	if (!m->body)
		st = body_reread(m, f);
	*body = sl_mem(m->body, st == ST_OK ? (size_t)m->pub.length : 0);
	return st;
}

/* ---- in files ---- */

static void
body_file_name(const struct message *m, char name[64])
{
	snprintf(name, 64, "%s%s", m->pub.id, m->body_place == BODY_MSGS ? ".body" : "");
}

int
queue_body_open(struct queue_message *message)
{
	struct message *m = message_of(message);
	int dir = bucket_find(m->pub.queue, m->body_place == BODY_MSGS, queue_bucket(&m->w.key)),
	    fd;
	char name[64];

	if (dir < 0)
		return dir;
	body_file_name(m, name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(dir);
	return fd;
}

bool
body_exists(const struct message *m)
{
	struct queue *q = m->pub.queue;
	int dir = m->body_place == BODY_INLINE ? -1 : bucket_find(q, m->body_place == BODY_MSGS,
	    queue_bucket(&m->w.key));
	char name[64];
	struct stat st;
	bool exists;

	if (m->body_place == BODY_INLINE)
		return true;
	body_file_name(m, name);
	/* Only a clear "no such file" says that it is gone. */
	exists = dir >= 0 ? fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT
	    : dir != -ENOENT;
	if (dir >= 0)
		close(dir);
	return exists;
}

/* The end of the message: its .env first, then the body. Nothing is synced: a retry finds what was
 * delivered. */
void
body_remove(struct message *m)
{
	struct queue *q = m->pub.queue;
	unsigned bucket = queue_bucket(&m->w.key);
	int msgs = -1, dir;
	char name[64];

	if (m->place == PLACE_MSGS) {
		msgs = bucket_find(q, true, bucket);
		env_name(m, ".env", name);
		if (msgs >= 0)
			unlinkat(msgs, name, 0);
	}
	if (m->body_place != BODY_INLINE) {
		body_file_name(m, name);
		dir = m->body_place == BODY_MSGS ? msgs : bucket_find(q, false, bucket);
		if (dir >= 0)
			unlinkat(dir, name, 0);
		if (dir >= 0 && dir != msgs)
			close(dir);
	}
	if (msgs >= 0)
		close(msgs);
}
