/*
 * The driver of docs/ENGINE.md without sockets, in virtual time, for any engine: unit tests, fuzz
 * harnesses and the in-process scenario player stand on it. What a question means is its owner's
 * business. Not part of any program that is installed.
 */
#ifndef BASE_TESTS_DRIVE_H
#define BASE_TESTS_DRIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/engine.h"
#include "base/fault.h"

#define DRIVE_OPEN_MAX 80

struct drive_conn;

/* A question whose answer comes later. */
struct drive_pending {
	uint32_t number; /* 0: free */
	uint16_t kind;
	int64_t due_ms;
	struct fault fault;
	const void *detail; /* of the question */
};

struct drive_ops {
	/* A question: drive_pend() says what it is answered, and when. */
	void (*asked)(struct drive_conn *c, const struct engine_ask *ask);

	/* It is time: drive_answer() gives the fault, and a detail where the protocol has one. */
	void (*answer)(struct drive_conn *c, const struct drive_pending *p);

	/* Content: how many octets were taken. May be NULL where a protocol has none. */
	size_t (*body)(struct drive_conn *c, struct slice chunk);

	/* Octets of a piece with a handle. May be NULL where a protocol has none. */
	bool (*piece)(struct drive_conn *c, const struct engine_piece *p, struct buf *out);

	/* A hand-over: gives c->engine another engine, or leaves it: then the connection is cut. */
	void (*handoff)(struct drive_conn *c);

	/* The connection is about to be freed. */
	void (*gone)(struct drive_conn *c);
};

struct drive {
	int64_t now_ms;
	const struct drive_ops *ops;
	void *owner;
	struct drive_conn *conns;
};

struct drive_conn {
	struct drive *drive;
	struct drive_conn *next;
	struct engine *engine; /* the owner's */
	void *owner;
	struct buf in, out;
	bool eof, closed;
	enum engine_why why;
	struct drive_pending pending[DRIVE_OPEN_MAX];
};

void drive_init(struct drive *d, const struct drive_ops *ops, void *owner);

/* Ends all connections. */
void drive_fini(struct drive *d);

/* A new connection; what the engine has to say at once is there. */
struct drive_conn *drive_connect(struct drive *d, struct engine *e, void *owner);

/* Frees a connection as if it had been reset. */
void drive_abort(struct drive_conn *c);

/* Inside asked(): the question is answered with f after_ms later (0: now). */
void drive_pend(
    struct drive_conn *c, const struct engine_ask *ask, const struct fault *f, int64_t after_ms);

/* Inside answer(). */
void drive_answer(struct drive_conn *c, const struct drive_pending *p, const void *detail);

/*
 * Bytes of the client, given to the engine in pieces of chunk octets (0: as one). Plain bytes while
 * the server waits for a TLS handshake break the connection, as they do on a wire.
 */
void drive_send(struct drive_conn *c, struct slice in, size_t chunk);

/* The client closes its side. */
void drive_shut(struct drive_conn *c);

/* The client's half of TLS; false when the server is not waiting for it. */
bool drive_start_tls(struct drive_conn *c);

/* An event of our side. */
void drive_event(struct drive_conn *c, enum engine_event_kind kind);

/* Moves the time: delayed answers and deadlines of all connections come about in order. */
void drive_wait(struct drive *d, int64_t ms);

/* Moves the time to the next delayed answer of c; false when there is none. */
bool drive_hurry(struct drive_conn *c);

/* Is the server waiting for a TLS handshake? */
bool drive_wants_tls(const struct drive_conn *c);

#endif
