/*
 * The server's side of POP3 after the login as an engine (base/engine.h): what a worker runs
 * (src/daemon/pop3d). Before the login src/pop3/login.h speaks, in another process.
 *
 * Covers: RFC 1939 sections 5 and 6 (transaction and update state) with UIDL and TOP; CAPA,
 * PIPELINING and response codes (RFC 2449), SYS and IN-USE codes (RFC 3206).
 *
 * Commands are worked on one after the other; what the client pipelines waits unread. Content is
 * asked for in pieces and stuffed straight into the output: a message of any size needs a bounded
 * amount of memory. Only QUIT removes messages: a session that ends in another way removes nothing.
 */
#ifndef POP3_SERVER_H
#define POP3_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/engine.h"
#include "base/slice.h"
#include "pop3/ask.h"
#include "pop3/capa.h"

#define POP3_OUTPUT_HIGH (64 * 1024) /* unsent output from which on nothing is worked on */
#define POP3_READ_MAX (32 * 1024)    /* of a message asked for at once */

/* Timeouts in ms; they run only while the session waits for the client. */
struct pop3_timeouts {
	int64_t idle_ms;   /* between commands: at least 10 minutes, RFC 1939 section 3 */
	int64_t output_ms; /* for the client to take output */
};

/*
 * Fill it with pop3_server_opts_init(), then change what differs. Slices are borrowed for the life
 * of the engine.
 */
struct pop3_server_opts {
	struct slice host;     /* our name, in the goodbye */
	struct pop3_capa capa; /* what CAPA says; stls is not looked at, it is never said here */
	size_t line_max_bytes; /* of a command with its line end (default 255) */
	unsigned errors_max;   /* bad commands in a row until the end; 0: no limit (default 20) */
	struct pop3_timeouts timeouts;
};

/* The defaults named above; timeouts of 10 minutes, host as given, nothing else. */
void pop3_server_opts_init(struct pop3_server_opts *o, struct slice host);

/* What is known of a session, for logs and `courier who`. */
struct pop3_facts {
	uint64_t commands, errors;
	uint64_t top_octets, retr_octets; /* of messages, sent by TOP and by RETR */
	size_t messages, deleted; /* in the maildrop; of them marked, or removed after QUIT */
};

struct pop3_server;

/*
 * A session whose client has logged in.
 *   a       owns the engine; arena_free(a) ends it. An idle session keeps less than 1 KiB; marks
 *           and the list of what is removed take up to 9 bytes a message
 *   o       copied; what it points to is borrowed
 *   result  NULL only at the arena's limit. The first question is POP3_ASK_OPEN
 */
struct pop3_server *
pop3_server_new(struct arena *a, const struct pop3_server_opts *o, int64_t now_ms);

/* The engine in it (it is its first member). */
struct engine *pop3_server_engine(struct pop3_server *s);

/* What is known now. */
void pop3_server_facts(const struct pop3_server *s, struct pop3_facts *facts);

#endif
