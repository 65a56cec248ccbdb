/*
 * New segments, made beside the work: 1 MiB of zeros at a time, then synced, named, the folder
 * synced. Writing them under load costs a third of the commit rate (docs/decisions/001), so
 * recycled ones come first and as few are made as the load asks for.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "net/log.h"
#include "queue/queue_int.h"

#define STEP_BYTES (1u << 20)
#define STEP_SLOW_MS 100
#define MINUTE_MS 60000

static const unsigned char zeros[256 << 10];

/* Writes zeros from offset `from`, at most STEP_BYTES; the new offset or -errno. */
static int64_t
write_step(int fd, uint32_t from, uint32_t size)
{
	uint32_t end = size - from < STEP_BYTES ? size : from + STEP_BYTES;

	while (from < end) {
		size_t want = end - from < sizeof(zeros) ? end - from : sizeof(zeros);
		ssize_t n = pwrite(fd, zeros, want, (off_t)from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		from += (uint32_t)n;
	}
	return from;
}

static int
write_clean_head(int fd)
{
	struct segment s = { .fd = fd };

	return segment_write_head(&s, true);
}

/* What was made is one more clean segment; or nothing of it stays. */
static void
take_made(struct queue *q, int error)
{
	struct maker *mk = &q->maker;
	char name[16];

	if (error) {
		segment_name(mk->number, name);
		unlinkat(q->tmp_fd, name, 0);
		close(mk->fd);
	} else {
		struct segment *s = segment_new(q, mk->number, mk->fd);

		list_append(&q->clean, &s->node);
		q->clean_count++;
	}
	mk->fd = -1;
}

static void
maker_end(struct queue *q, int error)
{
	struct maker *mk = &q->maker;
	struct fault f;

	if (error && !mk->failed) {
		fault_sys(&f, ST_IO, "4.3.1", -error, "a new segment of the queue cannot be made");
		log_event(LOG_LEVEL_ERROR, "queue", KV_FAULT(&f), KV_END);
	}
	take_made(q, error);
	mk->failed = error != 0;
	mk->state = MAKER_IDLE;
	maker_look(q);
	commit_kick(q);
	queue_stop_look(q);
}

static void
maker_synced(struct durable_group *g)
{
	struct queue *q = g->arg;
	struct maker *mk = &q->maker;
	char name[16];

	segment_name(mk->number, name);
	if (mk->item.result != 0 || mk->state == MAKER_NAMES) {
		maker_end(q, mk->item.result);
		return;
	}
	if (renameat(q->tmp_fd, name, q->log_fd, name) != 0) {
		maker_end(q, -errno);
		return;
	}
	mk->state = MAKER_NAMES;
	mk->item = (struct durable_item){ .fd = q->log_fd, .kind = DURABLE_DIR };
	durable_submit(q->durable, &mk->sync);
}

static bool
urgent(const struct queue *q)
{
	return q->clean_count < 2;
}

static void
maker_step(struct timer *t)
{
	struct queue *q = t->arg;
	struct maker *mk = &q->maker;
	int64_t at = write_step(mk->fd, mk->written, q->opts.segment_bytes);
	int error = at < 0 ? (int)at : 0;

	if (!error)
		mk->written = (uint32_t)at;
	if (!error && mk->written < q->opts.segment_bytes) {
		loop_timer_at(q->loop, &mk->timer,
		    loop_now(q->loop) + (urgent(q) ? 0 : STEP_SLOW_MS), maker_step, q);
		return;
	}
	if (!error)
		error = write_clean_head(mk->fd);
	if (error) {
		maker_end(q, error);
		return;
	}
	mk->state = MAKER_SYNCS;
	mk->item = (struct durable_item){ .fd = mk->fd, .kind = DURABLE_FILE };
	mk->sync = (struct durable_group){ .items = &mk->item, .count = 1, .done = maker_synced,
	    .arg = q };
	durable_submit(q->durable, &mk->sync);
}

/* How many clean ones there should be: what the last minute took, twice, within the bounds. */
static unsigned
wanted(struct queue *q)
{
	struct maker *mk = &q->maker;
	unsigned n;

	if (loop_now(q->loop) - mk->minute_ms >= MINUTE_MS) {
		mk->taken_before = mk->taken;
		mk->taken = 0;
		mk->minute_ms = loop_now(q->loop);
	}
	n = 2 * (mk->taken > mk->taken_before ? mk->taken : mk->taken_before);
	if (n < q->opts.clean_min)
		n = q->opts.clean_min;
	return n > q->opts.clean_max ? q->opts.clean_max : n;
}

static int
maker_create(struct queue *q)
{
	char name[16];

	q->maker.number = q->next_number++;
	segment_name(q->maker.number, name);
	q->maker.written = 0;
	q->maker.fd = openat(q->tmp_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	return q->maker.fd < 0 ? -errno : 0;
}

static void
maker_again(struct timer *t)
{
	struct queue *q = t->arg;

	q->maker.failed = false;
	maker_look(q);
}

/* One too many for a minute: the space goes back. */
static void
give_back(struct timer *t)
{
	struct queue *q = t->arg;
	struct list_node *n = list_first(&q->clean);
	char name[16];

	if (n && q->clean_count > q->opts.clean_max) {
		struct segment *s = CONTAINER_OF(n, struct segment, node);

		segment_name(s->number, name);
		unlinkat(q->log_fd, name, 0);
		q->clean_count--;
		segment_free(q, s);
	}
	maker_look(q);
}

void
maker_look(struct queue *q)
{
	struct maker *mk = &q->maker;
	int error;

	if (q->stopping || q->read_only)
		return;
	if (q->clean_count > q->opts.clean_max && !heap_has(&mk->giving.node))
		loop_timer_at(q->loop, &mk->giving, loop_now(q->loop) + MINUTE_MS, give_back, q);
	if (mk->state != MAKER_IDLE) {
		if (mk->state == MAKER_WRITES && urgent(q))
			loop_timer_at(q->loop, &mk->timer, loop_now(q->loop), maker_step, q);
		return;
	}
	if (q->clean_count >= wanted(q) || q->segment_count >= SEGMENTS_MAX)
		return;
	if (mk->failed) {
		if (!heap_has(&mk->timer.node))
			loop_timer_at(q->loop, &mk->timer, loop_now(q->loop) + RETRY_MS,
			    maker_again, q);
		return;
	}
	error = maker_create(q);
	if (error) {
		mk->failed = true;
		loop_timer_at(q->loop, &mk->timer, loop_now(q->loop) + RETRY_MS, maker_again, q);
		return;
	}
	mk->state = MAKER_WRITES;
	loop_timer_at(q->loop, &mk->timer, loop_now(q->loop) + (urgent(q) ? 0 : STEP_SLOW_MS),
	    maker_step, q);
}

int
maker_make_now(struct queue *q)
{
	struct maker *mk = &q->maker;
	int error = maker_create(q);
	char name[16];

	if (error)
		return error;
	segment_name(mk->number, name);
	while (!error && mk->written < q->opts.segment_bytes) {
		int64_t at = write_step(mk->fd, mk->written, q->opts.segment_bytes);

		if (at < 0)
			error = (int)at;
		else
			mk->written = (uint32_t)at;
	}
	if (!error)
		error = write_clean_head(mk->fd);
	if (!error)
		error = durable_now(mk->fd, DURABLE_FILE);
	if (!error && renameat(q->tmp_fd, name, q->log_fd, name) != 0)
		error = -errno;
	if (!error)
		error = durable_now(q->log_fd, DURABLE_DIR);
	take_made(q, error);
	return error;
}
