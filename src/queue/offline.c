/*
 * A queue nobody runs: reading it and checking it, changing nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/filelock.h"
#include "queue/queue_int.h"

/* Opens for reading; the caller frees. */
static enum st
open_offline(int dirfd, struct queue **out, struct fault *f)
{
	struct queue_opts o = {
	    .dirfd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	};
	struct queue *q = queue_alloc(NULL, &o);
	enum st st = ST_OK;
	int error;

	q->read_only = true;
	if (q->root_fd < 0) {
		st = fault_sys(f, ST_IO, "4.3.0", errno, "the queue's folder");
	} else {
		q->lock_fd = openat(q->root_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		error = q->lock_fd < 0 ? 0 : filelock_try(q->lock_fd);
		if (error == -EAGAIN)
			st = fault_set(f, ST_EXISTS, "4.3.0", "courierd runs: ask it");
		error = st == ST_OK ? queue_folders(q, false) : 0;
		if (error)
			st = fault_sys(f, ST_IO, "4.3.0", -error, "the queue's folders");
	}
	if (st == ST_OK)
		st = queue_recover(q, f);
	if (st != ST_OK) {
		queue_free(q);
		return st;
	}
	*out = q;
	return ST_OK;
}

enum st
queue_read_offline(int dirfd, void (*fn)(void *arg, const struct queue_message *m), void *arg,
    struct fault *f)
{
	struct queue *q;
	struct slice rest, id;
	struct buf ids;
	enum st st = open_offline(dirfd, &q, f);

	if (st != ST_OK)
		return st;
	buf_init(&ids, (size_t)1 << 30);
	queue_ids(q, &ids);
	rest = buf_slice(&ids);
	while (sl_cut(&rest, '\n', &id)) {
		struct queue_look look;

		if (!queue_look(q, id, &look))
			continue;
		fn(arg, look.m);
		queue_look_done(&look);
	}
	buf_fini(&ids);
	queue_free(q);
	return ST_OK;
}

/* ---- checking ---- */

struct check {
	struct buf *out;
	unsigned wrong;
	struct queue *q;
	const char *folder;
	char bucket[4];
};

static void
say(struct check *c, const char *what, const char *about)
{
	c->wrong++;
	buf_fmt(c->out, "%s: %s\n", about, what);
}

static void
check_body(struct check *c, struct queue_message *m)
{
	struct message *in = message_of(m);
	struct stat st;
	int fd;

	if (in->body_place == BODY_INLINE)
		return; /* the scan has compared its length */
	fd = queue_body_open(m);
	if (fd < 0)
		say(c, "its body is missing", m->id);
	else if (fstat(fd, &st) != 0 || (uint64_t)st.st_size != m->length)
		say(c, "its body has another length", m->id);
	if (fd >= 0)
		close(fd);
}

static void
check_name(void *arg, int dir, const char *name)
{
	struct check *c = arg;
	struct slice s = sl_str(name), id_text = s;
	struct queue_id id;
	char about[160];

	(void)dir;
	for (size_t i = 0; i < 2; i++) {
		struct slice end = i ? SL(".body") : SL(".env");

		if (sl_ends(s, end))
			id_text = sl_sub(s, 0, s.n - end.n);
	}
	snprintf(about, sizeof(about), "%s/%s/%.100s", c->folder, c->bucket, name);
	if (queue_id_parse(id_text, &id) != ST_OK)
		say(c, "not a name of the queue", about);
	else if (!queue_find(c->q, &id))
		say(c, "belongs to no message (a start removes it)", about);
}

static void
check_bucket(void *arg, int parent, const char *name)
{
	struct check *c = arg;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		say(c, "not a folder", name);
		return;
	}
	snprintf(c->bucket, sizeof(c->bucket), "%.2s", name);
	folder_each(fd, check_name, c);
	close(fd);
}

static void
check_ignore_message(void *arg, struct segment *s, const struct queue_id *id,
    const struct queue_envelope *e, enum body_place place, uint32_t at)
{
	(void)arg, (void)s, (void)id, (void)e, (void)place, (void)at;
}

static void
check_ignore_line(void *arg, char kind, const struct queue_id *id, struct slice rest)
{
	(void)arg, (void)kind, (void)id, (void)rest;
}

static void
check_odd(void *arg, struct segment *s, uint32_t at, const char *what)
{
	char about[64];

	snprintf(about, sizeof(about), "log/%08lx.seg offset %lu", (unsigned long)s->number,
	    (unsigned long)at);
	say(arg, what, about);
}

static void
check_messages(struct check *c)
{
	struct slice rest, id;
	struct buf ids;

	buf_init(&ids, (size_t)1 << 30);
	queue_ids(c->q, &ids);
	rest = buf_slice(&ids);
	while (sl_cut(&rest, '\n', &id)) {
		struct queue_look look;
		char text[QUEUE_ID_MAX + 1];

		if (queue_look(c->q, id, &look)) {
			check_body(c, look.m);
			queue_look_done(&look);
			continue;
		}
		snprintf(text, sizeof(text), "%.*s", SL_FMT(id));
		say(c, "its .env cannot be read", text);
	}
	buf_fini(&ids);
}

enum st
queue_check(int dirfd, struct buf *out, unsigned *wrong, struct fault *f)
{
	struct check c = { .out = out };
	struct scan to = { .arg = &c, .message = check_ignore_message, .line = check_ignore_line,
	    .odd = check_odd };
	enum st st = open_offline(dirfd, &c.q, f);

	if (st != ST_OK)
		return st;
	LIST_EACH(&c.q->segments, n)
		segment_scan(CONTAINER_OF(n, struct segment, node), &to);
	check_messages(&c);
	c.folder = "msgs";
	folder_each(c.q->msgs_fd, check_bucket, &c);
	c.folder = "body";
	folder_each(c.q->body_fd, check_bucket, &c);
	queue_free(c.q);
	*wrong = c.wrong;
	return ST_OK;
}
