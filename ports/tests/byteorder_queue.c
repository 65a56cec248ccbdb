/*
 * A queue for byteorder.c: messages in segments and moved to msgs/, bodies inline and in files,
 * results, schedules, the index.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "ports/tests/byteorder.h"
#include "queue/tests/bench.h"

#define WAITS 1 /* the numbers of the messages */
#define LARGE 2
#define RESULTS 3
#define FIRST_TURN 10
#define DUE 1900000000

static bool
start(struct bench *b)
{
	struct stat st;

	memset(b, 0, sizeof(*b));
	byteorder_path("queue", b->path, sizeof(b->path));
	if (stat(b->path, &st) != 0 && !CHECK_EQ(mkdir(b->path, 0700), 0))
		return false;
	bench_open(b);
	return true;
}

static struct queue_message *
submit(struct bench *b, unsigned number, uint32_t rcpts, size_t length)
{
	bench_next = number;
	return bench_submit_now(b, rcpts, length);
}

static void
stopped(void *arg)
{
	*(bool *)arg = true;
}

/* The index is written; what stands in segments stays there. */
static void
stop(struct bench *b)
{
	bool done = false;

	queue_stop(b->q, stopped, &done);
	bench_run(b, 1000);
	CHECK(done);
	bench_drop(b);
}

void
byteorder_queue_write(void)
{
	struct queue_message *m;
	struct bench b;

	if (!start(&b))
		return;
	m = submit(&b, WAITS, 3, 700);
	queue_result(m, 0, QUEUE_SUCCESS, &fault_ok, SL_NONE, 1600000001);
	queue_result(m, 1, QUEUE_DEFERRAL, &fault_later, SL("dns; mx.example"), 1600000002);
	queue_schedule(m, DUE, 3);
	queue_park(m, DUE);
	bench_run(&b, 10000);
	submit(&b, LARGE, 1, 70000);
	m = submit(&b, RESULTS, 2, 5000);
	queue_result(m, 0, QUEUE_FAILURE, &fault_no, SL("dns; mx.example"), 1600000003);
	queue_complete(submit(&b, RESULTS + 1, 1, 10));
	bench_run(&b, 1000);
	stop(&b);
}

static void
compare_note(const struct queue_rcpt *r, const struct fault *f, int64_t when)
{
	CHECK_EQ(r->last_sec, when);
	CHECK_EQ(r->esc[0], f->esc[0]);
	CHECK_EQ(r->esc[2], f->esc[2]);
	if (CHECK(r->note != NULL)) {
		CHECK_SL(queue_note_peer(r->note), SL("dns; mx.example"));
		CHECK_SL(queue_note_text(r->note), sl_str(f->text));
	}
}

/* A message by its number: all wait, one until the time that the index and its N say. */
static void
compare(struct bench *b, unsigned number, uint32_t rcpts, uint64_t length)
{
	struct queue_look look;
	char id[64];

	snprintf(id, sizeof(id), "60000000.00beef.%x", number);
	if (!CHECK(queue_look(b->q, sl_str(id), &look)))
		return;
	CHECK(look.parked && look.due_sec == (number == WAITS ? DUE : 0));
	CHECK_EQ(look.m->rcpt_count, rcpts);
	CHECK_EQ(look.m->length, length);
	CHECK_EQ(look.m->arrived_sec, 1600000000);
	CHECK_EQ(look.m->flags, QUEUE_8BIT);
	CHECK_SL(queue_text(look.m, look.m->sender), SL("from@example.test"));
	CHECK_SL(queue_text(look.m, look.m->rcpts[0].original), SL("rfc822;what\\was\nwritten"));
	CHECK(look.is_copy || bench_body_is(look.m, number));
	queue_look_done(&look);
}

static void
compare_waiting(struct bench *b)
{
	struct queue_message *m = queue_unpark(b->q, SL("60000000.00beef.1"));

	if (!CHECK(m != NULL))
		return;
	CHECK_EQ(m->next_sec, DUE);
	CHECK_EQ(m->attempts, 3);
	CHECK_EQ(m->rcpts[0].state, QUEUE_SENT);
	CHECK_EQ(m->rcpts[1].state, QUEUE_OWED);
	compare_note(&m->rcpts[1], &fault_later, 1600000002);
	CHECK(bench_body_is(m, WAITS));
	queue_park(m, DUE);
	bench_run(b, 1000);
}

static void
compare_results(struct bench *b)
{
	struct queue_look look;

	if (!CHECK(queue_look(b->q, SL("60000000.00beef.3"), &look)))
		return;
	CHECK_EQ(look.m->rcpts[0].state, QUEUE_FAILED);
	compare_note(&look.m->rcpts[0], &fault_no, 1600000003);
	CHECK_EQ(look.m->rcpts[1].state, QUEUE_OWED);
	queue_look_done(&look);
}

/* Nothing contradicts anything, as courierd --fsck sees it. */
static void
compare_all(const struct bench *b)
{
	int dir = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned wrong = 1;
	struct fault f;
	struct buf out;

	buf_init(&out, 1 << 16);
	CHECK_EQ(queue_check(dir, &out, &wrong, &f), ST_OK);
	if (!CHECK_EQ(wrong, 0))
		printf("%.*s\n", (int)out.n, (const char *)out.p);
	buf_fini(&out);
	close(dir);
}

void
byteorder_queue_turn(void)
{
	struct bench b;

	memset(&b, 0, sizeof(b));
	byteorder_path("queue", b.path, sizeof(b.path));
	compare_all(&b);
	if (!start(&b))
		return;
	/* The message that is complete is gone, and nothing else is. */
	CHECK_EQ(bench_count(&b), 3 + byteorder_turns);
	compare(&b, WAITS, 3, 700);
	compare(&b, LARGE, 1, 70000);
	compare(&b, RESULTS, 2, 5000);
	for (unsigned i = 0; i < byteorder_turns; i++)
		compare(&b, FIRST_TURN + i, 1, 1000);
	compare_waiting(&b);
	compare_results(&b);
	submit(&b, FIRST_TURN + byteorder_turns, 1, 1000);
	stop(&b);
}
