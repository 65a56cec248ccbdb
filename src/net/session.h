/*
 * The one driver of all engines: one engine on one stream in one loop. It reads into a buffer
 * shared by the process, feeds, hands questions and content to the owner, writes what the engine
 * has to say, starts TLS, keeps the engine's deadline, closes. docs/ENGINE.md has the rules it
 * relies on.
 */
#ifndef NET_SESSION_H
#define NET_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/engine.h"
#include "net/loop.h"
#include "net/stream.h"

struct session;

/* The owner's side; all run in the loop. Only ask and closed are required. */
struct session_ops {
	/* A question: answer now or later with session_answer. */
	void (*ask)(struct session *s, const struct engine_ask *a);

	/* Nobody needs this answer any more; answering it is harmless. */
	void (*cancelled)(struct session *s, uint32_t number);

	/*
	 * Content: how many bytes of the chunk were taken. Fewer than all means later: call
	 * session_resume.
	 */
	size_t (*body)(struct session *s, struct slice chunk);

	/*
	 * Bytes of a piece of output with a handle, into p; ST_OK with *n > 0, else the connection
	 * is cut.
	 */
	enum st (*piece)(struct session *s, const struct engine_piece *from, unsigned char *p,
	    size_t max, size_t *n);

	/*
	 * The engine wants to pass the connection on. The owner takes the stream (session_release),
	 * at once or when somebody else has it, and the input not taken. Until then the descriptor
	 * is forgotten; when the engine goes back to OPEN the session goes on.
	 */
	void (*handoff)(struct session *s, struct slice unread);

	/*
	 * The engine wants TLS: the owner gives the context, or NULL (then the connection is cut).
	 */
	struct tls_context *(*tls)(struct session *s);

	/*
	 * NULL: this side is the TLS server. Else it is the client, and this is the name to ask for
	 * and to check.
	 */
	const char *(*tls_name)(struct session *s);

	/* &stream_tls_layer where there is ever a context, by tls() or session_start_tls. */
	const struct stream_secure *secure;

	/*
	 * The conversation is over; the session frees itself after this call, but not the engine.
	 */
	void (*closed)(struct session *s, enum engine_why why);
};

/*
 * A session on stream (taken over) driving engine (borrowed; the owner frees it in or after
 * closed()). Output pending in the engine (a greeting) is sent. owner is the caller's.
 */
struct session *session_new(struct loop *l, struct stream *stream, struct engine *engine,
    const struct session_ops *ops, void *owner);

/*
 * Input that came before the stream (a connection that was handed over): fed before anything is
 * read. At once after session_new; at most 64 KiB, copied.
 */
void session_preload(struct session *s, struct slice unread);

/* Bytes of the conversation so far, without what TLS adds; preloaded ones count as received. */
void session_traffic(const struct session *s, uint64_t *received, uint64_t *sent);

/* What session_new was given; the stream is the one in use now (TLS above the first). */
void *session_owner(const struct session *s);
struct loop *session_loop(const struct session *s);
struct stream *session_stream(const struct session *s);

/* When bytes of the peer came last (or the session began), by the clock of the loop. */
int64_t session_heard_ms(const struct session *s);

/* What the stream said when it failed (reset, TLS trouble), for logs; NULL when it did not fail. */
const struct fault *session_fault(const struct session *s);

/*
 * The answer to a question. May be called from inside ask(). What follows from it (output, further
 * questions, the end) happens later in the same turn: no owner function is called from inside this
 * or any other function here.
 */
void session_answer(struct session *s, const struct engine_answer *a);

/* Content can be taken again. */
void session_resume(struct session *s);

/* Drain, kick, notice. */
void session_event(struct session *s, const struct engine_event *ev);

/* Puts a layer on top of the stream at once (implicit TLS before the first byte). */
void session_start_tls(struct session *s, struct tls_context *ctx);

/*
 * Takes the stream away for a hand-over, inside handoff() or later; the session then ends without
 * closed() and uses the engine no more. The watch is forgotten.
 */
struct stream *session_release(struct session *s);

/*
 * Cuts the connection in this turn, whatever output is left; closed() is called with
 * ENGINE_WHY_TROUBLE.
 */
void session_abort(struct session *s);

#endif
