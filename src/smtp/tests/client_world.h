/*
 * A small world around an SMTP client engine, in virtual time: the driver of docs/ENGINE.md without
 * sockets, and an owner with messages to send. Unit tests, fuzz harness and scenario player share
 * it. Not part of any program that is installed.
 */
#ifndef SMTP_TESTS_CLIENT_WORLD_H
#define SMTP_TESTS_CLIENT_WORLD_H

#include "base/buf.h"
#include "smtp/ask.h"
#include "smtp/client.h"

#define CWORLD_RCPTS 200
#define CWORLD_HANDLE 7

enum cworld_convert { CWORLD_REFUSES, CWORLD_CONVERTS };

struct cworld {
	int64_t now_ms;
	struct arena *arena;
	struct smtp_client_opts opts;
	/* each message is this one */
	struct smtp_client_message message;
	struct smtp_client_rcpt rcpts[CWORLD_RCPTS];
	struct slice content; /* CRLF, dots not doubled */
	unsigned messages;    /* how many; then NEXT stays open */
	bool checks_itself;   /* CHECK is asked */
	bool is_wrong;        /* ... and refused */
	bool slow;            /* the server takes content only as cworld_take says */
	uint64_t room;        /* so much more of it */
	enum cworld_convert convert;

	struct smtp_client *c;
	struct buf wire;  /* the content as it leaves */
	struct buf said;  /* what the client said and nobody has taken yet */
	struct buf input; /* not taken by the engine */
	bool eof;
	uint32_t next; /* open question NEXT, or 0 */
	unsigned asked, done, checked, converted;
	struct fault results[CWORLD_RCPTS]; /* of the last message that is over */
	bool untouched, will_report;
};

/* Everything empty; fill opts, message, content, then cworld_begin. */
void cworld_init(struct cworld *w);
void cworld_fini(struct cworld *w);
void cworld_begin(struct cworld *w);

/* Octets of the server, in pieces of chunk (0: as one). */
void cworld_hear(struct cworld *w, struct slice in, size_t chunk);
void cworld_shut(struct cworld *w);

/* The other half of STARTTLS; false: nobody waits for it. */
bool cworld_start_tls(struct cworld *w);
void cworld_event(struct cworld *w, enum engine_event_kind kind);

/* With slow: the server takes n more octets of content. */
void cworld_take(struct cworld *w, uint64_t n);

/* One more message, when NEXT waits; false: it does not. */
bool cworld_next(struct cworld *w);

/* Moves the time; deadlines come about in order. */
void cworld_wait(struct cworld *w, int64_t ms);
bool cworld_is_closed(const struct cworld *w, enum engine_why *why);

/* Takes the results of a message that was cut off; false: none was. */
bool cworld_cut(struct cworld *w);

#endif
