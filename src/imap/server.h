/*
 * The server's side of IMAP after authentication as an engine (base/engine.h): what a worker runs
 * (src/daemon/imapd). Before authentication src/imap/login.h speaks, in another process.
 *
 * Covers: RFC 3501 (authenticated and selected state); IDLE (RFC 2177), NAMESPACE (RFC 2342),
 * UNSELECT (RFC 3691), UIDPLUS (RFC 4315), LITERAL+ (RFC 7888), CHILDREN (RFC 3348), ID (RFC 2971).
 *
 * A command is a resumable struct in the command's arena: parse/<verb>.c fills it, cmd/<verb>.c
 * asks and goes on when answered, reply/<verb>.c writes. Commands are worked on one after the
 * other; what the client pipelines waits unread. A FETCH of any size needs a bounded amount of
 * memory: it asks for the next messages when the output before was taken.
 *
 * Questions are those of imap/ask.h. IMAP_ASK_SYNC is asked before each tagged answer while a
 * folder is selected, but for BAD and for commands that select or close; again in IDLE after
 * event(ENGINE_NOTICE).
 */
#ifndef IMAP_SERVER_H
#define IMAP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/engine.h"
#include "base/slice.h"
#include "imap/ask.h"
#include "message/charset.h"

#define IMAP_OUTPUT_HIGH (64 * 1024) /* output above it: no further question of a FETCH */
#define IMAP_BODY_MAX (64 * 1024)    /* APPEND octets the engine holds for its owner */

/* Timeouts in ms; they run only while the session waits for the client. */
struct imap_timeouts {
	int64_t idle_ms;    /* between commands: at least 30 minutes (RFC 3501 section 5.4) */
	int64_t command_ms; /* within a command and its literals; for the client to take output */
};

/*
 * Fill it with imap_server_opts_init(), then change what differs. Slices are borrowed for life.
 */
struct imap_server_opts {
	struct slice capability;            /* as CAPABILITY says it, separated by blanks */
	struct slice first_tag;             /* of LOGIN, answered first; empty: greeting PREAUTH */
	struct slice host;                  /* for words */
	const struct charset_ops *charsets; /* of SEARCH; NULL: charset_builtin */
	bool keywords;                      /* IMAP_KEYWORDS; false: only system flags */
	bool has_id;                        /* ID is offered */
	struct slice version;               /* ... and tells this; empty: nothing */
	size_t line_max_bytes;     /* of a command line without its literals (default 64 KiB) */
	size_t literal_max_bytes;  /* of a literal that is not a message (default 64 KiB) */
	uint64_t append_max_bytes; /* of a message; 0: what 32 bits can say */
	size_t memory_max_bytes;   /* of one command's arena (default 4 MiB) */
	unsigned errors_max;       /* BADs in a row until BYE (default 20) */
	struct imap_timeouts timeouts;
};

/* The defaults named above, no timeouts shorter than the RFC allows, everything else empty. */
void imap_server_opts_init(struct imap_server_opts *o);

/* What is known of a session, for logs and `courier who`; borrowed until the next call on it. */
struct imap_facts {
	struct slice selected; /* UTF-8; empty: none */
	bool is_idling;        /* in IDLE */
	uint64_t commands, errors;
	uint64_t header_octets, body_octets; /* of messages sent, for Courier's LOGOUT line */
};

struct imap_server;

/*
 * A session that is authenticated.
 *   a       owns the engine; arena_free(a) ends it. An idle session keeps at most 2 KiB
 *   o       copied; what it points to is borrowed
 *   result  NULL only at the arena's limit; the tagged OK (or PREAUTH) is its first output
 */
struct imap_server *
imap_server_new(struct arena *a, const struct imap_server_opts *o, int64_t now_ms);

/* The engine in it (it is its first member). */
struct engine *imap_server_engine(struct imap_server *s);
/* What is known now. */
void imap_server_facts(const struct imap_server *s, struct imap_facts *facts);

#endif
