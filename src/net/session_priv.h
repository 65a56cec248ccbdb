/*
 * What session.c (the turn) and session_life.c (birth, calls of the owner, end) share.
 */
#ifndef NET_SESSION_PRIV_H
#define NET_SESSION_PRIV_H

#include "net/session.h"

/* A peer that takes no output for so long is cut off (docs/ENGINE.md, rules for drivers 3). */
#define SESSION_FLUSH_MS 30000

/* A handshake takes no longer, whatever the engine's deadline is. */
#define SESSION_HANDSHAKE_MS 60000

/* An engine whose deadline stays in the past is asked again after this. */
#define SESSION_RETRY_MS 1000

/* After the last word, what the peer still sends is read and dropped for so long, up to so much. */
#define SESSION_LINGER_MS 2000
#define SESSION_LINGER_BYTES (1024 * 1024)

struct session {
	struct loop *loop;
	struct stream *stream;
	struct engine *engine;
	const struct session_ops *ops;
	void *owner;
	struct watch watch;
	struct timer timer;
	struct deferred later;
	struct fault *fault; /* made when the stream fails */
	unsigned char *kept; /* input the engine did not take */
	uint32_t kept_n, kept_cap;
	uint32_t window;     /* how much output to gather for one write */
	uint32_t lingered;   /* bytes dropped after the end */
	uint64_t received, sent;
	int64_t heard_ms;    /* when bytes came last */
	int64_t cut_at;      /* our own patience, ENGINE_NEVER while it is not tried */
	enum engine_why why; /* with over */
	bool running : 1;    /* inside session_run */
	bool moved : 1;      /* this pass of the turn changed something */
	bool offer : 1;      /* input may be offered (again) */
	bool due : 1;        /* the deadline passed, feed is to be told */
	bool eof : 1;        /* the peer said its last */
	bool eof_due : 1;    /* ... and the engine does not know yet */
	bool body_waits : 1; /* the owner took less than all */
	bool blocked : 1;    /* output waits for the descriptor */
	bool drained : 1;    /* there was no output at the last look */
	bool shaking : 1;    /* TLS handshake under way */
	bool handed : 1;     /* handoff() was called */
	bool released : 1;   /* the stream is somebody else's */
	bool said_all : 1;   /* ends in CLOSING with all output sent */
	bool over : 1;       /* nothing runs any more but the end */
};

/* The turn. Ends the session when it is over. */
void session_run(struct session *s, unsigned ready);

/* Watches the descriptor (again). */
void session_watch(struct session *s);

/* Notes the end; the first reason counts. */
void session_over(struct session *s, enum engine_why why);

/* A turn later in this turn of the loop. */
void session_poke(struct session *s);

/* The timer's function. */
void session_ring(struct timer *t);

/* Tells the owner, closes or lingers, and frees the session at the end of the turn. */
void session_end(struct session *s);

#endif
