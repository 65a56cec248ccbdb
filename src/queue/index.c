/*
 * The index: until when the messages in msgs/ wait. A hint: without it each is looked at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "net/log.h"
#include "queue/queue_int.h"

#define INDEX_HEAD "couriermail index 1\n"
#define INDEX_MAX_BYTES ((size_t)1 << 30)

static bool
write_all(int fd, struct slice s)
{
	while (s.n) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = sl_skip(s, (size_t)n);
	}
	return true;
}

static bool
in_msgs(const struct waiter *w)
{
	return !w->resident ||
	    CONTAINER_OF((void *)(uintptr_t)w, struct message, w)->place == PLACE_MSGS;
}

void
index_write(struct queue *q)
{
	struct hmap_cursor c = {0};
	struct hmap_node *n;
	size_t count = 0;
	struct buf b;
	int fd;

	if (q->read_only)
		return;
	buf_init(&b, INDEX_MAX_BYTES);
	buf_put_str(&b, INDEX_HEAD);
	while ((n = hmap_walk(&q->ids, &c))) {
		struct waiter *w = CONTAINER_OF(n, struct waiter, by_id);
		char text[QUEUE_ID_MAX + 1];

		if (!heap_has(&w->due) || !in_msgs(w))
			continue;
		queue_id_text(&w->key, text);
		buf_fmt(&b, "%s %lld\n", text, (long long)(w->due.key > 0 ? w->due.key : 0));
		count++;
	}
	buf_fmt(&b, "end %zu\n", count);
	unlinkat(q->tmp_fd, "index", 0);
	fd = openat(q->tmp_fd, "index", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		if (!buf_ok(&b) || !write_all(fd, buf_slice(&b)) ||
		    renameat(q->tmp_fd, "index", q->root_fd, "index") != 0)
			unlinkat(q->tmp_fd, "index", 0);
		close(fd);
	}
	buf_fini(&b);
}

/* ST_OK when the whole text is an index. */
static enum st
index_apply(struct queue *q, struct slice text, bool apply)
{
	struct slice line, word;
	uint64_t count = 0, said, due;
	struct queue_id id;

	if (!sl_starts(text, SL(INDEX_HEAD)))
		return ST_SYNTAX;
	text = sl_skip(text, sizeof(INDEX_HEAD) - 1);
	while (sl_cut(&text, '\n', &line)) {
		sl_cut(&line, ' ', &word);
		if (sl_eq(word, SL("end")))
			return num_u64(line, UINT64_MAX, &said) && said == count && !text.n ? ST_OK
			    : ST_SYNTAX;
		if (queue_id_parse(word, &id) != ST_OK || !num_u64(line, INT64_MAX, &due))
			return ST_SYNTAX;
		count++;
		struct waiter *w = apply ? queue_find(q, &id) : NULL;
		if (w && !w->resident)
			heap_move(&q->due, &w->due, (int64_t)due);
	}
	return ST_SYNTAX;
}

void
index_read(struct queue *q)
{
	int fd = openat(q->root_fd, "index", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct buf b;
	ssize_t n = -1;

	if (fd < 0)
		return;
	buf_init(&b, INDEX_MAX_BYTES);
	for (;;) {
		unsigned char *p = buf_room(&b, 1 << 20);

		n = p ? read(fd, p, 1 << 20) : -1;
		if (n <= 0)
			break;
		buf_added(&b, (size_t)n);
	}
	close(fd);
	if (n == 0 && index_apply(q, buf_slice(&b), false) == ST_OK)
		index_apply(q, buf_slice(&b), true);
	else
		log_event(LOG_LEVEL_WARNING, "queue", KV_STR("index", "ignored"), KV_END);
	buf_fini(&b);
}
