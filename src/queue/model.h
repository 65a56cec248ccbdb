/*
 * What a message in the queue is: its id, its recipients, what is known about each. docs/QUEUE.md.
 */
#ifndef QUEUE_MODEL_H
#define QUEUE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/hmap.h"
#include "base/slice.h"

#define QUEUE_ID_MAX 40
#define QUEUE_PREFIX_MAX 24
#define QUEUE_INLINE_MAX 65536u
#define QUEUE_RCPTS_MAX 5000u
#define QUEUE_DIGEST 32

/* Bits of submit.flags, deliver.flags, report.flags. */
enum queue_flag {
	QUEUE_8BIT = 1 << 0,     /* has bytes above 127 */
	QUEUE_SMTPUTF8 = 1 << 1, /* RFC 6531 */
	QUEUE_REPORT = 1 << 2,   /* a delivery status notification */
	/* a report to the postmaster about a message without a sender; never reported itself */
	QUEUE_DOUBLE = 1 << 3,
};

enum queue_rcpt_state { QUEUE_OWED, QUEUE_SENT, QUEUE_FAILED };

/* Bits of queue_rcpt.notify, as on the wire (RFC 3461 NOTIFY). 0: not given. */
enum queue_notify { QUEUE_NOTIFY_SUCCESS = 1, QUEUE_NOTIFY_FAILURE = 2, QUEUE_NOTIFY_DELAY = 4,
    QUEUE_NOTIFY_NEVER = 8 };

/* An id in numbers; the text is canonical, so one stands for the other. */
struct queue_id {
	uint64_t sec, counter;
	uint32_t channel;
};

/* ST_OK | ST_SYNTAX. */
enum st queue_id_parse(struct slice text, struct queue_id *id);
void queue_id_text(const struct queue_id *id, char text[QUEUE_ID_MAX + 1]);

/* Words about the last attempt, shared by all recipients that have the same ones. */
struct queue_note {
	struct hmap_node node;
	uint32_t refs;
	uint16_t peer_n, text_n;
	char bytes[]; /* peer, NUL, text, NUL */
};

/* A place in the message's text; see queue_text. */
typedef uint32_t queue_text_at;

struct queue_rcpt {
	queue_text_at address, module, host, account, extension, original;
	uint8_t notify;
	uint8_t state;           /* enum queue_rcpt_state */
	bool reported, warned;   /* a report about the final state, a delay warning is in custody */
	uint8_t esc[3];          /* of the last attempt */
	int64_t last_sec;        /* when that was; 0 = never */
	struct queue_note *note; /* or NULL */
};

struct queue;

/* Read by all, written by src/queue alone (but for the user areas). */
struct queue_message {
	struct queue *queue;
	char id[QUEUE_ID_MAX + 1];
	uint8_t ret; /* 0 F H */
	uint32_t flags;
	uint32_t rcpt_count, owed_count;
	queue_text_at sender, source, auth, from_mta, ip, envid;
	int64_t arrived_sec, next_sec;
	uint32_t attempts;
	bool cancelled;
	struct queue_note *cancel_reason; /* its text, or NULL */
	bool flushed; /* it came from queue_due because of queue_flush, not of time */
	uint64_t length;
	unsigned char digest[QUEUE_DIGEST];
	struct queue_rcpt *rcpts;
	void *user; /* opts.user_bytes, zeroed when the message is new or was read from disk */
};

/* The text at a place; borrowed as long as m is in memory. */
struct slice queue_text(const struct queue_message *m, queue_text_at at);

/* The user area of a recipient: opts.rcpt_user_bytes, the owner's to use. */
void *queue_rcpt_user(const struct queue_message *m, uint32_t number);

/* Who said it, as "dns; mx.example" or empty; and the words. Borrowed as long as n is. */
struct slice queue_note_peer(const struct queue_note *n);
struct slice queue_note_text(const struct queue_note *n);

#endif
