#include "queue/tests/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "queue/tests/disk.h"

#define SEGMENT (256u << 10)

static int64_t clock_ms = 1000000;

static int64_t
virtual_clock(void)
{
	return clock_ms;
}

void
bench_open(struct bench *b)
{
	struct queue_opts o = { .user_bytes = 24, .rcpt_user_bytes = 8, .segment_bytes = SEGMENT,
	    .clean_min = 2, .clean_max = 4 };
	struct fault f = FAULT_NONE;

	o.dirfd = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	b->loop = loop_new(NULL, virtual_clock, 0);
	if (!CHECK_EQ(queue_open(b->loop, &o, &b->q, &f), ST_OK)) {
		fprintf(stderr, "%s\n", f.text);
		exit(1);
	}
}

void
bench_new(struct bench *b)
{
	check_folder_new(NULL, b->path);
	check_folder_new(NULL, b->keep);
	disk_start(b->keep);
	bench_open(b);
}

/* What a kill leaves. */
void
bench_drop(struct bench *b)
{
	loop_free(b->loop);
	queue_free(b->q);
	b->q = NULL;
}

void
bench_end(struct bench *b)
{
	bench_drop(b);
	disk_end();
	check_folder_remove(b->path);
	check_folder_remove(b->keep);
}

/* Turns while nothing but time passes. */
void
bench_run(struct bench *b, int64_t for_ms)
{
	for (int64_t end = clock_ms + for_ms; clock_ms <= end; clock_ms += 10)
		for (int i = 0; i < 4; i++)
			loop_turn(b->loop, 0);
}

/* ---- messages ---- */

unsigned bench_next = 1;

void
bench_answered(void *arg, struct queue_message *m, const struct fault *f)
{
	struct answer *a = arg;

	CHECK(!a->came);
	a->came = true;
	a->f = *f;
	a->m = f->st == ST_OK ? m : NULL;
}

struct queue_message *
bench_message(struct queue *q, unsigned counter, uint32_t rcpts, uint64_t length)
{
	static struct queue_envelope_rcpt list[QUEUE_RCPTS_MAX];
	static char addresses[QUEUE_RCPTS_MAX][32];
	unsigned char digest[QUEUE_DIGEST];
	char id[64];
	struct queue_envelope e;
	struct queue_message *m = NULL;
	struct fault f;

	memset(digest, (int)(counter & 0xff), sizeof(digest));
	snprintf(id, sizeof(id), "%08x.00beef.%x", 0x60000000u, counter);
	for (uint32_t i = 0; i < rcpts; i++) {
		snprintf(addresses[i], sizeof(addresses[i]), "user%u@example.test", (unsigned)i);
		list[i] = (struct queue_envelope_rcpt){
			.address = sl_str(addresses[i]), .module = SL("local"),
			.account = sl_str(addresses[i]),
			.original = SL("rfc822;what\\was\nwritten"),
			.notify = (uint8_t)(i % 3 == 2 ? QUEUE_NOTIFY_FAILURE : 0),
		};
	}
	e = (struct queue_envelope){
		.id = sl_str(id), .source = SL("esmtp"), .sender = SL("from@example.test"),
		.from_mta = SL("dns; client"), .ip = SL("127.0.0.1"),
		.envid = SL("QQ"), .ret = 'H', .flags = QUEUE_8BIT, .arrived_sec = 1600000000,
		.length = length,
		.digest = sl_mem(digest, sizeof(digest)), .rcpts = list, .rcpt_count = rcpts,
	};
	CHECK_EQ(queue_message_new(q, &e, &m, &f), ST_OK);
	return m;
}

static void
fill_body(unsigned counter, unsigned char *p, size_t n)
{
	uint64_t state = counter;

	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)check_random(&state);
}

/* Begins the commit of a message with a body made from its counter. */
void
bench_submit(struct queue *q, unsigned counter, uint32_t rcpts, size_t length, struct answer *a)
{
	unsigned char *body = mem_get(length + 1);
	struct queue_message *m = bench_message(q, counter, rcpts, length);
	uint32_t number = 0;
	struct fault f;
	int fd;

	memset(a, 0, sizeof(*a));
	fill_body(counter, body, length);
	if (length > QUEUE_INLINE_MAX) {
		CHECK_EQ(queue_body_create(q, &number, &fd, &f), ST_OK);
		CHECK_EQ(write(fd, body, length), (ssize_t)length);
		close(fd);
	}
	queue_commit(q, m, number ? SL_NONE : sl_mem(body, length), number, NULL, bench_answered,
	    a);
	mem_free(body);
}

struct queue_message *
bench_submit_now(struct bench *b, uint32_t rcpts, size_t length)
{
	struct answer a;

	bench_submit(b->q, bench_next++, rcpts, length, &a);
	bench_run(b, 20);
	CHECK(a.came);
	CHECK_EQ(a.f.st, ST_OK);
	return a.m;
}

bool
bench_body_is(struct queue_message *m, unsigned counter)
{
	size_t n = (size_t)m->length;
	unsigned char *want = mem_get(n + 1), *got = mem_get(n + 1);
	struct slice body;
	struct fault f;
	bool same = false;
	int fd;

	fill_body(counter, want, n);
	if (queue_body(m, &body, &f) == ST_OK) {
		same = sl_eq(body, sl_mem(want, n));
	} else if ((fd = queue_body_open(m)) >= 0) {
		struct stat st;

		same = fstat(fd, &st) == 0 && (uint64_t)st.st_size == m->length &&
		    pread(fd, got, n, 0) == (ssize_t)n && memcmp(got, want, n) == 0;
		close(fd);
	}
	mem_free(want);
	mem_free(got);
	return same;
}

const struct fault fault_ok = { .st = ST_OK, .esc = {2, 1, 5}, .text = "Ok" };
const struct fault fault_no = { .st = ST_PERM, .esc = {5, 1, 1}, .text = "User \\ unknown" };
const struct fault fault_later = { .st = ST_TEMP, .esc = {4, 2, 2}, .text = "Mailbox full" };

unsigned
bench_counter(const struct queue_message *m)
{
	return (unsigned)strtoul(strrchr(m->id, '.') + 1, NULL, 16);
}

size_t
bench_count(struct bench *b)
{
	struct queue_counts c;

	queue_count(b->q, &c);
	return c.messages;
}

