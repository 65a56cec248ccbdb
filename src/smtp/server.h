/*
 * The server's side of SMTP as an engine (base/engine.h): bytes of the client go in, replies come
 * out, and what only our side can know is asked.
 *
 * Covers: RFC 5321 (commands, replies, limits, timeouts); extensions PIPELINING (RFC 2920), SIZE
 * (RFC 1870), 8BITMIME (RFC 6152), ENHANCEDSTATUSCODES (RFC 2034), STARTTLS (RFC 3207), AUTH
 * (RFC 4954), submission (RFC 6409), DSN parameters (RFC 3461), CHUNKING (RFC 3030).
 *
 * A session as its owner sees it:
 *
 *     ask CONNECT                        answer: greet, or refuse
 *     [ask HELO]  [ask AUTH]
 *     ask MAIL                           answered yes: a transaction has begun
 *       ask RCPT, up to SMTP_OPEN_RCPTS at once
 *       ask DATA                         answered yes: the client is told to send
 *         body() ... body_taken()        the content, dots unstuffed, lines ended by CRLF
 *       ask COMMIT                       all content was taken; answered yes: it is done
 *     or ask RESET                       the transaction is over without a commit (a notice)
 *     next MAIL ...
 *
 * A transaction that has begun ends with COMMIT answered (yes or no) or with RESET, never without
 * one of the two, also when the session closes. After RESET body() is empty until the next DATA.
 * An owner who cannot store the content goes on taking it and answers COMMIT with a fault.
 */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/engine.h"
#include "base/slice.h"
#include "smtp/ask.h"

#define SMTP_OPEN_RCPTS 64        /* questions RCPT open at once */
#define SMTP_BODY_MAX (64 * 1024) /* content the engine holds for its owner */

enum smtp_service {
	SMTP_SERVICE_MX,         /* port 25 */
	SMTP_SERVICE_SUBMISSION, /* port 587, and 465 with tls_on */
	SMTP_SERVICE_LOCAL,      /* local socket; the peer's user is known, see local_identity */
};

/* Extensions that may be offered; each has a row in server_ehlo.c that says when it really is. */
enum smtp_ext {
	SMTP_EXT_PIPELINING = 1 << 0,
	SMTP_EXT_SIZE = 1 << 1,
	SMTP_EXT_8BITMIME = 1 << 2,
	SMTP_EXT_ENHANCEDSTATUSCODES = 1 << 3,
	SMTP_EXT_STARTTLS = 1 << 4, /* only while TLS is off */
	SMTP_EXT_AUTH =
	    1 << 5, /* only with auth_mechanisms, and under TLS or with auth_plaintext */
	SMTP_EXT_DSN = 1 << 6,
	SMTP_EXT_CHUNKING = 1 << 7,
};
#define SMTP_EXT_DEFAULT \
	(SMTP_EXT_PIPELINING | SMTP_EXT_SIZE | SMTP_EXT_8BITMIME | SMTP_EXT_ENHANCEDSTATUSCODES | \
	    SMTP_EXT_CHUNKING)

/* Timeouts in ms, RFC 5321 4.5.3.2. They run only while the session waits for the peer. */
struct smtp_timeouts {
	int64_t command_ms; /* next command; 4.5.3.2.7: 5 minutes */
	int64_t data_ms;    /* next piece of content, and for the peer to take output; 5 minutes */
};

/*
 * What the owner decides for a session. Fill it with smtp_server_opts_init(), then change what
 * differs. Pointers and slices are borrowed for the life of the engine (they are the daemon's).
 */
struct smtp_server_opts {
	enum smtp_service service;
	struct slice host;     /* our name, in the greeting and in EHLO's reply */
	struct slice greeting; /* words behind "220 host ESMTP"; empty: none */
	unsigned extensions;   /* enum smtp_ext */

	bool tls_on;       /* TLS from the first byte; tls then says what was agreed */
	bool tls_required; /* 530 5.7.0 to everything but EHLO NOOP STARTTLS QUIT until TLS is on */
	const struct engine_tls
	    *tls; /* with tls_on, may be NULL; borrowed for the call of _new only */

	struct slice auth_mechanisms; /* "PLAIN LOGIN": names from src/sasl, separated by blanks */
	bool auth_plaintext;          /* offered without TLS too */
	bool auth_required;           /* MAIL needs a login: 530 5.7.0 */
	unsigned auth_failures_max;   /* failed logins until 421 4.7.0 (default 3) */
	struct slice
	    local_identity; /* SMTP_SERVICE_LOCAL: who the peer is; MAIL needs no login then */

	bool ask_helo; /* ask SMTP_ASK_HELO; otherwise every name is welcome */

	uint64_t size_max_bytes;        /* of a message; 0: no limit. Default 10 MiB */
	unsigned recipients_max;        /* per transaction (default 100, RFC 5321 4.5.3.1.8) */
	unsigned
	    command_line_max_bytes; /* with CRLF (default 2048: 512 and what the extensions add) */
	uint64_t header_max_bytes;      /* header section of a message (default 512 KiB) */
	unsigned hops_max; /* Received fields until 554 5.4.6 (default 100, RFC 5321 6.3) */
	unsigned errors_max;            /* bad commands in a session until 421 4.7.0 (default 20) */
	struct smtp_timeouts timeouts;
};

/* The defaults named above; host and service as given, everything else off or empty. */
void
smtp_server_opts_init(struct smtp_server_opts *o, enum smtp_service service, struct slice host);

/* What is known of a session, for Received, logs and policy; borrowed until the next call on it. */
struct smtp_facts {
	enum smtp_service service;
	bool esmtp;          /* the client said EHLO */
	struct slice helo;   /* its name; empty: none yet */
	bool tls_on;
	struct slice tls_version,
	    tls_cipher; /* "TLSv1.3", "TLS_AES_256_GCM_SHA384"; may be empty */
	unsigned tls_bits;
	bool authenticated;
	struct slice identity;  /* of the login or of the local peer */
	const char *mechanism;  /* of the login, or NULL */
	const char
	    *with; /* RFC 3848 and RFC 5321 4.4: "SMTP" "ESMTP" "ESMTPS" "ESMTPA" "ESMTPSA" */
	bool in_transaction;
	unsigned commands, errors; /* counted since the start */
};

struct smtp_server;

/*
 * A session that has just begun.
 *   a       owns the engine; arena_free(a) ends it. About 1 KiB is taken from it for good; what a
 *           transaction needs is taken apart and given back at its end
 *   o       copied; what it points to is borrowed
 *   result  NULL only at the arena's limit. The first question is SMTP_ASK_CONNECT
 */
struct smtp_server *
smtp_server_new(struct arena *a, const struct smtp_server_opts *o, int64_t now_ms);

/* The engine in it (it is its first member), and back. */
struct engine *smtp_server_engine(struct smtp_server *s);

/* What is known now. */
void smtp_server_facts(const struct smtp_server *s, struct smtp_facts *facts);

#endif
