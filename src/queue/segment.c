/*
 * Segments in use and clean ones: docs/QUEUE.md, "Segments in use", "Cleaning".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/log.h"
#include "queue/queue_int.h"

void
segment_name(uint32_t number, char name[16])
{
	snprintf(name, 16, "%08lx.seg", (unsigned long)number);
}

struct segment *
segment_new(struct queue *q, uint32_t number, int fd)
{
	struct segment *s = mem_get(sizeof(*s));

	list_node_init(&s->node);
	list_init(&s->messages);
	s->number = number;
	s->fd = fd;
	s->size = q->opts.segment_bytes;
	s->state = SEGMENT_CLEAN;
	q->segment_count++;
	return s;
}

void
segment_free(struct queue *q, struct segment *s)
{
	list_remove(&s->node);
	close(s->fd);
	q->segment_count--;
	mem_free(s);
}

int
segment_write_head(const struct segment *s, bool clean)
{
	unsigned char head[SEGMENT_HEAD];
	ssize_t n;

	segment_head_put(head, clean ? 0 : s->serial, clean);
	do
		n = pwrite(s->fd, head, sizeof(head), 0);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(head) ? 0 : n < 0 ? -errno : -EIO;
}

bool
segment_next(struct queue *q, bool for_mail)
{
	struct list_node *n;
	struct segment *s;

	/* The last one is for results: custody must be able to end when no more can begin. */
	if (q->clean_count == 0 || (for_mail && q->clean_count == 1)) {
		maker_look(q);
		return false;
	}
	segment_close(q);
	n = list_first(&q->clean);
	s = CONTAINER_OF(n, struct segment, node);
	list_remove(n);
	q->clean_count--;
	s->serial = q->next_serial++;
	s->state = SEGMENT_CURRENT;
	s->fill = SEGMENT_START;
	list_append(&q->segments, &s->node);
	q->current = s;
	q->maker.taken++;
	/* Not synced here: the sync of its first group is on the same file. */
	if (segment_write_head(s, false) != 0)
		s->bad = true;
	maker_look(q);
	return true;
}

void
segment_close(struct queue *q)
{
	struct segment *s = q->current;

	if (!s)
		return;
	q->current = NULL;
	s->state = SEGMENT_CLOSED;
	segments_tidy(q);
	if (s->bad || q->clean_count <= 1 || q->segment_count - q->clean_count > SEGMENTS_HELD)
		mover_look(q, true);
}

/* The header that says clean (or the removal of a bad one) is on disk. */
static void
cleaned(struct durable_group *g)
{
	struct queue *q = g->arg;
	struct segment *s = q->cleaner.segment;

	q->cleaner.segment = NULL;
	if (s->bad) {
		segment_free(q, s);
	} else if (q->cleaner.item.result != 0) {
		s->bad = true;
		s->state = SEGMENT_CLOSED;
	} else {
		list_remove(&s->node);
		s->state = SEGMENT_CLEAN;
		list_append(&q->clean, &s->node);
		q->clean_count++;
		commit_kick(q);
	}
	segments_tidy(q);
	maker_look(q);
	queue_stop_look(q);
}

void
segments_tidy(struct queue *q)
{
	struct list_node *n = list_first(&q->segments);
	struct segment *s = n ? CONTAINER_OF(n, struct segment, node) : NULL;
	char name[16];

	if (!s || s->state != SEGMENT_CLOSED || !list_is_empty(&s->messages) ||
	    q->cleaner.segment || q->read_only)
		return;
	s->state = SEGMENT_CLEANING;
	q->cleaner.segment = s;
	if (!s->bad && segment_write_head(s, true) != 0)
		s->bad = true;
	if (s->bad) {
		segment_name(s->number, name);
		unlinkat(q->log_fd, name, 0);
	}
	q->cleaner.item = (struct durable_item){
		.fd = s->bad ? q->log_fd : s->fd, .kind = s->bad ? DURABLE_DIR : DURABLE_DATA,
	};
	q->cleaner.sync = (struct durable_group){ .items = &q->cleaner.item, .count = 1,
	    .done = cleaned, .arg = q };
	durable_submit(q->durable, &q->cleaner.sync);
}
