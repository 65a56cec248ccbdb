/*
 * The queue by itself, beside what bench/rawdisk says of the disk: N submitters, each waiting for
 * its commit before the next message; a committed message is complete at once.
 *
 *     bench/commitrate FOLDER [SECONDS [BYTES [SUBMITTERS ...]]]
 *
 * One line for each number of submitters: messages/s, p50 and p99 of a commit in ms, processor time
 * a message, groups.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/num.h"
#include "os/clock.h"
#include "queue/queue.h"

#define SUBMITTERS_MAX 1000
#define LATENCIES_MAX 4000000

struct run {
	struct loop *loop;
	struct queue *queue;
	struct slice body;
	int64_t end_us;
	uint64_t counter, done;
	unsigned open;
	uint32_t *latency_us;
};

struct submitter {
	struct run *run;
	int64_t began_us;
	struct deferred next;
};

static void submit(struct submitter *s);

static void
submit_next(struct deferred *d)
{
	submit(d->arg);
}

static void
committed(void *arg, struct queue_message *m, const struct fault *f)
{
	struct submitter *s = arg;
	struct run *r = s->run;
	int64_t now_us = clock_mono_us();

	if (f->st != ST_OK) {
		fprintf(stderr, "commitrate: %s\n", f->text);
		exit(1);
	}
	if (r->done < LATENCIES_MAX)
		r->latency_us[r->done] = (uint32_t)(now_us - s->began_us);
	r->done++;
	queue_result(m, 0, QUEUE_SUCCESS, &FAULT_NONE, SL_NONE, 1);
	queue_complete(m);
	if (now_us >= r->end_us && --r->open == 0)
		loop_stop(r->loop);
	else if (now_us < r->end_us)
		loop_defer(r->loop, &s->next, submit_next, s);
}

static void
submit(struct submitter *s)
{
	static const unsigned char digest[QUEUE_DIGEST];
	struct run *r = s->run;
	char id[QUEUE_ID_MAX + 1];
	struct queue_envelope_rcpt rcpt = {
		.address = SL("user1@example.test"), .module = SL("local"),
		.account = SL("user1@example.test"),
	};
	struct queue_envelope e = {
		.source = SL("esmtp"), .sender = SL("sender@client.example"),
		.from_mta = SL("dns; client.example ([127.0.0.1])"),
		.ip = SL("127.0.0.1"), .arrived_sec = 1700000000, .length = r->body.n,
		.digest = sl_mem(digest, sizeof(digest)),
		.rcpts = &rcpt, .rcpt_count = 1,
	};
	struct queue_message *m;
	struct fault f;

	queue_id_text(&(struct queue_id){ .sec = 0x65000000, .channel = 0xbe7c,
	    .counter = r->counter++ }, id);
	e.id = sl_str(id);
	s->began_us = clock_mono_us();
	if (queue_message_new(r->queue, &e, &m, &f) != ST_OK)
		exit(1);
	queue_commit(r->queue, m, r->body, 0, NULL, committed, s);
}

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double
processor_sec(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
run(struct run *r, unsigned submitters, double seconds)
{
	static struct submitter s[SUBMITTERS_MAX];
	struct queue_counts before, after;
	double cpu = processor_sec();
	int64_t from_us = clock_mono_us();

	queue_count(r->queue, &before);
	memset(s, 0, sizeof(s));
	r->done = 0;
	r->open = submitters;
	r->end_us = from_us + (int64_t)(seconds * 1e6);
	for (unsigned i = 0; i < submitters; i++) {
		s[i].run = r;
		submit(&s[i]);
	}
	loop_run(r->loop);
	double took = (double)(clock_mono_us() - from_us) / 1e6;
	size_t n = r->done < LATENCIES_MAX ? (size_t)r->done : LATENCIES_MAX;
	cpu = processor_sec() - cpu;
	queue_count(r->queue, &after);
	qsort(r->latency_us, n, sizeof(uint32_t), by_value);
	printf("%4u submitters: %8.0f messages/s, p50 %.2f ms, p99 %.2f ms, processor %.4f "
	    "ms/message, %.1f messages/group\n", submitters, (double)r->done / took,
	    r->latency_us[n / 2] / 1e3, r->latency_us[n * 99 / 100] / 1e3,
	    cpu * 1e3 / (double)r->done, (double)r->done / (double)(after.groups - before.groups));
	fflush(stdout);
}

static uint64_t
number(const char *text)
{
	uint64_t v;

	if (!num_u64(sl_str(text), 1000000, &v) || !v) {
		fprintf(stderr, "commitrate: %s is no number\n", text);
		exit(64);
	}
	return v;
}

int
main(int argc, char **argv)
{
	static const unsigned usual[] = { 1, 4, 20, 100 };
	struct queue_opts o =
	    { .dirfd = argc > 1 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1 };
	double seconds = argc > 2 ? (double)number(argv[2]) : 3;
	size_t bytes = argc > 3 ? (size_t)number(argv[3]) : 4096;
	struct run r = {0};
	struct fault f;

	if (o.dirfd < 0 || bytes > QUEUE_INLINE_MAX) {
		fprintf(stderr, "usage: commitrate FOLDER [SECONDS [BYTES [SUBMITTERS ...]]]\n");
		return 64;
	}
	unsigned char *body = mem_get(bytes);
	memset(body, 'x', bytes);
	r.body = sl_mem(body, bytes);
	r.latency_us = mem_get(LATENCIES_MAX * sizeof(uint32_t));
	r.loop = loop_new(NULL, NULL, 0);
	if (queue_open(r.loop, &o, &r.queue, &f) != ST_OK) {
		fprintf(stderr, "commitrate: %s\n", f.text);
		return 1;
	}
	for (int i = 4; i < argc; i++) {
		uint64_t n = number(argv[i]);

		run(&r, (unsigned)(n > SUBMITTERS_MAX ? SUBMITTERS_MAX : n), seconds);
	}
	for (size_t i = 0; argc <= 4 && i < COUNT_OF(usual); i++)
		run(&r, usual[i], seconds);
	loop_free(r.loop);
	queue_free(r.queue);
	mem_free(r.latency_us);
	mem_free(body);
	return 0;
}
