/*
 * The one contract between a protocol and the world (docs/ENGINE.md is the normative text).
 *
 * An engine is a protocol without input and output: bytes of the peer go in, bytes for the peer,
 * questions for our side and message content come out. It opens no file, reads no clock, knows no
 * socket. The same engine serves a daemon (driver in src/net), a unit test, a fuzzer and a
 * scenario.
 *
 * Everything an engine hands out (slices, details of questions) is borrowed until the next call of
 * feed, answer, event, body_taken or output_taken on that engine.
 */
#ifndef BASE_ENGINE_H
#define BASE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/slice.h"

/* Absolute milliseconds of the injected monotonic clock; ENGINE_NEVER is "no deadline". */
#define ENGINE_NEVER INT64_MAX

enum engine_phase {
	ENGINE_OPEN, /* in conversation */
	/* These take effect after the output is sent: */
	ENGINE_WANTS_TLS,     /* start TLS, then event(ENGINE_TLS_ON); no input is fed meanwhile */
	ENGINE_WANTS_HANDOFF, /* pass the connection on, with the input not yet taken */
	ENGINE_CLOSING,       /* close */
};

enum engine_why { /* for logs, with ENGINE_CLOSING */
	ENGINE_WHY_NONE,
	ENGINE_WHY_QUIT,     /* the peer said goodbye */
	ENGINE_WHY_EOF,      /* the peer went away */
	ENGINE_WHY_TIMEOUT,  /* its deadline passed */
	ENGINE_WHY_LIMIT,    /* it passed a limit */
	ENGINE_WHY_PROTOCOL, /* it broke the protocol beyond repair */
	ENGINE_WHY_DRAIN,    /* our side ends the session */
	ENGINE_WHY_TROUBLE,  /* our side cannot go on */
};

struct engine_state {
	enum engine_phase phase;
	enum engine_why why;
};

/*
 * A question for our side. kind and detail belong to the protocol (src/smtp/server.h: enum
 * smtp_ask).
 */
struct engine_ask {
	uint32_t number;    /* unique among the open questions of this engine, never 0 */
	uint16_t kind;
	const void *detail; /* borrowed until the answer, or until cancelled() names the number */
};

/* Its answer. fault.st == ST_OK is yes; otherwise the fault says why not. */
struct engine_answer {
	uint32_t number;
	struct fault fault;
	const void *detail; /* what the protocol defines for this kind, or NULL; for the call */
};

/* One piece of output: bytes, or length bytes at offset of something the owner knows as handle. */
struct engine_piece {
	struct slice bytes; /* used when handle is 0 */
	uint32_t handle;
	uint64_t offset;
	uint64_t length;
};

enum engine_event_kind {
	ENGINE_TLS_ON, /* detail: const struct engine_tls * */
	ENGINE_DRAIN,  /* end the session politely as soon as the protocol allows */
	ENGINE_KICK,   /* end it now, politely */
	ENGINE_NOTICE, /* something new on our side; detail belongs to the protocol */
};

struct engine_event {
	enum engine_event_kind kind;
	const void *detail;
};

struct engine_tls { /* facts of the TLS layer; strings are static or borrowed for the call */
	const char *version;
	const char *cipher;
	uint16_t bits;
	struct slice peer_name; /* subject of a verified client certificate, or empty */
};

struct engine;

struct engine_ops {
	const char *name;

	/*
	 * Bytes of the peer; eof says none will follow. Returns how many were taken; the rest is
	 * offered again, with more behind it, when something has changed (answer, body_taken,
	 * output_taken, event). Called with nothing when deadline() has passed.
	 */
	size_t (*feed)(struct engine *e, struct slice in, bool eof, int64_t now_ms);

	/*
	 * The next question not yet handed out; false when there is none. Up to a documented number
	 * are open at once.
	 */
	bool (*ask)(struct engine *e, struct engine_ask *ask);

	/*
	 * The answer to an open question, now or later, in any order. An unknown number is ignored.
	 */
	void (*answer)(struct engine *e, const struct engine_answer *a, int64_t now_ms);

	/* The next question that nobody needs answered any more; false when there is none. */
	bool (*cancelled)(struct engine *e, uint32_t *number);

	/*
	 * Message content going in: the bytes waiting (empty: none), and how many of them the owner
	 * took.
	 */
	struct slice (*body)(struct engine *e);
	void (*body_taken)(struct engine *e, size_t n, int64_t now_ms);

	/* Up to max pieces for the peer, in order; returns their number. */
	size_t (*output)(struct engine *e, struct engine_piece *pieces, size_t max);

	/* n bytes of the output, counted over bytes and handles, have left. */
	void (*output_taken)(struct engine *e, uint64_t n, int64_t now_ms);

	/* From our side. */
	void (*event)(struct engine *e, const struct engine_event *ev, int64_t now_ms);

	/* When feed() wants to be called with nothing at the latest; ENGINE_NEVER for never. */
	int64_t (*deadline)(const struct engine *e);

	struct engine_state (*state)(const struct engine *e);
};

/* The first member of every engine. */
struct engine {
	const struct engine_ops *ops;
};

#endif
