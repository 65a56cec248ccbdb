/*
 * Two small engines in the shape of SMTP and of IMAP, and a world to run them in: they prove that
 * the contract of base/engine.h and its driver carry what the real protocols need. Nothing here is
 * a protocol.
 */
#ifndef NET_TESTS_PROBE_H
#define NET_TESTS_PROBE_H

#include "base/buf.h"
#include "base/engine.h"
#include "net/session.h"

/* What the questions of both probes carry. */
struct probe_ask {
	char arg[64];
};

/* What the answer to a fetch carries. */
struct probe_content {
	uint32_t handle;
	uint64_t length;
};

/*
 * SMTP's shape. RCPT x: a question, many open at once, replies in order. DATA: a question that
 * decides how what follows is read; content with dots unstuffed; then a question for the whole.
 * STARTTLS, QUIT, NOOP.
 */
enum probe_smtp_ask { PROBE_RCPT = 1, PROBE_DATA, PROBE_COMMIT };
struct engine *probe_smtp_new(int64_t now_ms);

/*
 * IMAP's shape. "tag FETCH x": a question whose answer is a handle and a length; "tag APPEND {n}":
 * a literal which is content; "tag LOGIN x": a question, then the connection is handed over; IDLE,
 * DONE, NOOP, LOGOUT. NOTICE says "* EXISTS" while idle.
 */
enum probe_imap_ask { PROBE_FETCH = 1, PROBE_STORE, PROBE_LOGIN };
struct engine *probe_imap_new(int64_t now_ms);
void probe_imap_free(struct engine *e);

void probe_free(struct engine *e);

/* An idle peer is sent away after this. */
#define PROBE_IDLE_MS 300000

/* --- the world --------------------------------------------------------------------------- */

#define PROBE_OPEN_MAX 64

struct probe_open {
	uint32_t number;
	uint16_t kind;
	char arg[64];
};

struct probe_world {
	/* How hard life is. */
	uint32_t dice;
	bool chunked; /* the peer writes a few bytes at a time */
	bool slow;    /* the peer reads a few bytes at a time */
	bool delayed; /* answers come later, in any order */
	bool lazy;    /* content is taken a few bytes at a time */

	/* The peer. */
	int peer_fd;
	struct slice input;
	size_t sent;
	bool end_after_input; /* says its end then */
	bool deaf;            /* reads nothing */
	bool ended;
	struct buf got;
	uint64_t got_bytes; /* also what was not kept */
	size_t keep_max;    /* bytes of got to keep */
	bool got_end;

	/* Our side. */
	struct loop *loop;
	struct session *session;
	struct engine *engine;
	struct probe_open open[PROBE_OPEN_MAX];
	size_t open_n, asked, cancelled;
	struct buf body;
	struct buf shown; /* PROBE_SHOWN: a transcript of both directions */
	bool body_waits;
	struct tls_context *tls;
	bool keep_handoff; /* leave the stream to the session at handoff() */
	int handed_fd;     /* -1: none */
	struct buf handed;
	bool handed_over;
	int closed;
	enum engine_why why;
};

/* Virtual time of all worlds. */
extern int64_t probe_now;

/*
 * A world with engine (owned by it) on one end of a pair; mode bits choose its hardships. Release
 * with _stop.
 */
enum {
	PROBE_CHUNKED = 1,
	PROBE_SLOW = 2,
	PROBE_DELAYED = 4,
	PROBE_LAZY = 8,
	PROBE_HARD = 15,
	PROBE_SHOWN = 16,
};
void probe_world_start(struct probe_world *w, struct engine *engine, unsigned mode, uint32_t seed);
void probe_world_stop(struct probe_world *w);

/* One round: the peer, one turn of the loop, the owner. True when something moved. */
bool probe_world_step(struct probe_world *w);

/*
 * Rounds until nothing has moved for a while, or the session is over and the peer has seen its end.
 */
void probe_world_run(struct probe_world *w);

/* The same with input to be sent. */
void probe_world_play(struct probe_world *w, struct slice input);

uint32_t probe_roll(uint32_t *dice, uint32_t below);

/* Answers one open question (by its place in open). */
void probe_world_answer(struct probe_world *w, size_t i);

/* What the content behind a handle is. */
unsigned char probe_content_byte(uint64_t at);

/* Our descriptors now open, to prove that none leak. */
size_t probe_fd_count(void);

#endif
