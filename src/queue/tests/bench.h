/*
 * What the tests of the queue share: a queue in a folder of its own on the disk of disk.h, in
 * virtual time, and messages whose content follows from a number.
 */
#ifndef QUEUE_TESTS_BENCH_H
#define QUEUE_TESTS_BENCH_H

#include "base/fault.h"
#include "queue/queue.h"

struct bench {
	char path[64], keep[64];
	struct loop *loop;
	struct queue *q;
};

/* A new folder, and the disk notes what is synced in it. */
void bench_new(struct bench *b);
/* Opens what stands in the folder. */
void bench_open(struct bench *b);
/* What a kill leaves. */
void bench_drop(struct bench *b);
void bench_end(struct bench *b);
/* Turns while nothing but time passes. */
void bench_run(struct bench *b, int64_t for_ms);

/* The answer to a commit. */
struct answer {
	bool came;
	struct fault f;
	struct queue_message *m;
};
void bench_answered(void *arg, struct queue_message *m, const struct fault *f);

/* The next number nobody has used. */
extern unsigned bench_next;

/* A message, not committed. */
struct queue_message *bench_message(struct queue *q, unsigned counter, uint32_t rcpts,
    uint64_t length);
/* Begins the commit of a message with a body that follows from its number. */
void bench_submit(struct queue *q, unsigned counter, uint32_t rcpts, size_t length,
    struct answer *a);
/* The same and its end. */
struct queue_message *bench_submit_now(struct bench *b, uint32_t rcpts, size_t length);
/* Has m the body of this number? */
bool bench_body_is(struct queue_message *m, unsigned counter);
unsigned bench_counter(const struct queue_message *m);
/* Messages in the queue. */
size_t bench_count(struct bench *b);

extern const struct fault fault_ok, fault_no, fault_later;

#endif
