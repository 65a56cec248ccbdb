/*
 * Custody of accepted mail: docs/QUEUE.md. Everything is below one directory descriptor; nobody but
 * courierd opens a queue that runs. No call waits for the disk: what must be durable is told by a
 * callback, in the loop's thread.
 *
 * A message is one block of memory: envelope, recipients, and room for what the owner wants to keep
 * beside each (user areas). It exists from queue_message_new until queue_commit fails,
 * queue_complete, or queue_park lets it leave memory.
 */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/list.h"
#include "base/slice.h"
#include "net/loop.h"
#include "queue/model.h"

struct queue_opts {
	int dirfd; /* of the queue's folder; taken over */
	size_t user_bytes, rcpt_user_bytes;
	unsigned sync_threads; /* 0 = 8 */
	/* for tests; 0 = what docs/QUEUE.md says */
	uint32_t segment_bytes;
	unsigned clean_min, clean_max;
	int64_t move_wait_ms, move_any_ms;
	size_t bodies_max_bytes;
};

/*
 * Opens and recovers; blocks (it runs before the daemon serves). Makes the folders and the first
 * segments when there are none. ST_OK, ST_EXISTS (another process has it), ST_IO, ST_DENIED (a
 * network file system), ST_SYNTAX.
 */
enum st queue_open(struct loop *l, const struct queue_opts *o, struct queue **out,
    struct fault *f) ATTR_CHECKED;

/* Writes what waits, and the index; then calls done. New mail is refused from now on. */
void queue_stop(struct queue *q, void (*done)(void *arg), void *arg);

/* Forgets all of it without writing: what a crash leaves. Callbacks under way are not called. NULL
 * allowed. */
void queue_free(struct queue *q);

/* ---- accepting ---- */

struct queue_envelope_rcpt {
	struct slice address, module, host, account, extension, original;
	uint8_t notify;
};

struct queue_envelope {
	struct slice id, source, sender, auth, from_mta, ip, envid;
	uint8_t ret;
	uint32_t flags;
	int64_t arrived_sec;
	uint64_t length;
	struct slice digest; /* 32 bytes */
	const struct queue_envelope_rcpt *rcpts;
	uint32_t rcpt_count;
};

/* Is there room for new mail? ST_OK | ST_LIMIT (4.3.1) | ST_TEMP (4.3.0). Cheap. */
enum st queue_may_take(struct queue *q, struct fault *f) ATTR_CHECKED;

/* A new empty file in tmp/: its number and a descriptor for writing (the caller's). At most 60,000
 * at once. */
enum st queue_body_create(struct queue *q, uint32_t *number, int *fd, struct fault *f) ATTR_CHECKED;
void queue_body_drop(struct queue *q, uint32_t number);

/*
 * A message from an envelope (copied). ST_OK | ST_SYNTAX (5.6.0: id, digest, recipients) |
 * ST_EXISTS (4.3.0: the id is in use).
 */
enum st queue_message_new(struct queue *q, const struct queue_envelope *e,
    struct queue_message **out, struct fault *f) ATTR_CHECKED;

/* Which report a message is: its custody and the word "reported" are one record. */
struct queue_report_of {
	struct queue_message *about;
	const uint32_t *rcpts; /* numbers */
	uint32_t rcpt_count;
};

/*
 * Makes m durable. body: all of it when file is 0 (copied; length must be m->length, at most
 * QUEUE_INLINE_MAX); file: of queue_body_create, given away in any case. about: NULL, or what m
 * reports; its recipients are marked when done says ST_OK. done(arg, m, f) is called once, later:
 * f->st ST_OK, or a class 4 fault and m is freed after the call.
 */
void queue_commit(struct queue *q, struct queue_message *m, struct slice body, uint32_t file,
    const struct queue_report_of *about, void (*done)(void *arg, struct queue_message *m,
    const struct fault *f), void *arg);

/* ---- delivering ---- */

enum queue_outcome { QUEUE_SUCCESS, QUEUE_FAILURE, QUEUE_DEFERRAL };

/* What became of an attempt. Written within 100 ms. A recipient no longer owed stays as it is. */
void queue_result(struct queue_message *m, uint32_t number, enum queue_outcome o,
    const struct fault *why, struct slice peer, int64_t now_sec);

/* When the next attempt is, and how many there were. */
void queue_schedule(struct queue_message *m, int64_t next_sec, uint32_t attempts);

/* Somebody asked to give up. */
void queue_cancel(struct queue_message *m, uint32_t uid, struct slice reason);

/* No (further) report about this recipient is owed, without there being one. In memory and, by `C`,
 * nowhere else. */
void queue_report_waived(struct queue_message *m, uint32_t number);

/* Nothing is owed: the end of custody. m is gone. */
void queue_complete(struct queue_message *m);

/*
 * The owner forgets m until due_sec and gets it again by queue_due (user areas zeroed). Meanwhile
 * it moves to msgs/ and leaves memory.
 */
void queue_park(struct queue_message *m, int64_t due_sec);

/* The earliest due time of what is parked; INT64_MAX when nothing is. */
int64_t queue_due_sec(const struct queue *q);

/* The next message that is due, as if new to the owner; NULL: none now. What cannot be read is
 * tried again later. */
struct queue_message *queue_due(struct queue *q, int64_t now_sec);

/* Everything parked is due now / this message is. Without effect on what is not parked (false). */
void queue_flush(struct queue *q);
bool queue_flush_one(struct queue *q, struct slice id);

/* A parked message at once, as queue_due gives it; NULL: it is not parked, or cannot be read. */
struct queue_message *queue_unpark(struct queue *q, struct slice id);

/* The body in memory: ST_OK with *body (borrowed until the next call on the queue) | ST_NOENT (it
 * stands in a file) | ST_IO. */
enum st queue_body(struct queue_message *m, struct slice *body, struct fault *f) ATTR_CHECKED;

/* A fresh read-only descriptor of the body file: >= 0 or -errno. */
int queue_body_open(struct queue_message *m);

/* ---- looking ---- */

/*
 * A message by id, or NULL. parked: it waits (due_sec says until when); it was read from disk for
 * the look and must be given back by queue_look_done; its user areas mean nothing.
 */
struct queue_look {
	struct queue_message *m;
	bool parked, is_copy;
	int64_t due_sec;
};
bool queue_look(struct queue *q, struct slice id, struct queue_look *look);
void queue_look_done(struct queue_look *look);

/* Ids of all messages, oldest first, as one block of text (an id a line); the caller's to mem_free
 * through buf_fini. */
void queue_ids(struct queue *q, struct buf *out);

struct queue_counts {
	size_t messages, resident, parked;
	size_t segments, segments_clean, body_bytes;
	uint64_t groups, committed, lines, moves, failures; /* since the start */
	bool refusing;
};
/* Figures of now, for status and for the owner's limits. */
void queue_count(const struct queue *q, struct queue_counts *out);

/* ---- offline ---- */

/*
 * Reads a queue that nobody runs, changing nothing, and calls fn for each message (borrowed; body
 * not readable). ST_OK | ST_EXISTS (it runs) | ST_IO.
 */
enum st queue_read_offline(int dirfd, void (*fn)(void *arg, const struct queue_message *m),
    void *arg, struct fault *f) ATTR_CHECKED;

/*
 * Compares everything with everything; appends one line for each thing that is wrong. ST_OK: *wrong
 * is their number.
 */
enum st queue_check(int dirfd, struct buf *out, unsigned *wrong, struct fault *f) ATTR_CHECKED;

#endif
