/*
 * The client's side of SMTP as an engine (base/engine.h): replies of a server go in, commands and
 * content come out.
 *
 * Covers: RFC 5321 (client; timeouts of 4.5.3.2), PIPELINING (RFC 2920), SIZE (RFC 1870), 8BITMIME
 * (RFC 6152), ENHANCEDSTATUSCODES (RFC 2034), STARTTLS (RFC 3207), DSN (RFC 3461), AUTH
 * (RFC 4954).
 *
 * A session as its owner sees it:
 *
 *     greeting, EHLO, STARTTLS by the engine alone
 *     ask NEXT                          answered with a message: it is sent
 *       [ask CONVERT]                   its 8 bit content must become 7 bit
 *       piece {handle, offset, length}  the content, dots doubled (smtp/stuff.h), by the owner
 *       [ask CHECK]                     it has left: was it what it had to be?
 *     ask DONE                          the results
 *     ask NEXT ...                      refused, or not answered in time: QUIT
 *
 * A session that cannot go on is CLOSING; smtp_client_trouble says why, smtp_client_result what
 * became of the message that was under way. The final dot leaves only after CHECK was answered yes.
 */
#ifndef SMTP_CLIENT_H
#define SMTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/engine.h"
#include "base/slice.h"

#define SMTP_REPLY_LINE_MAX 2048 /* octets of a line that are borne; RFC 5321 4.5.3.1.5: 512 */
#define SMTP_REPLY_LINES_MAX 128 /* lines of one reply */

enum smtp_client_ask {
	/* NULL -> struct smtp_client_message, borrowed until DONE or the end. */
	SMTP_CLIENT_ASK_NEXT,
	/* NULL -> struct smtp_client_content: it is 7 bit now; refused: the message fails */
	SMTP_CLIENT_ASK_CONVERT,
	/* NULL -> NULL; refused: the session ends without the final dot */
	SMTP_CLIENT_ASK_CHECK,
	/* struct smtp_client_result -> NULL. */
	SMTP_CLIENT_ASK_DONE,
};

enum smtp_client_tls {
	SMTP_CLIENT_TLS_NEVER,
	SMTP_CLIENT_TLS_MAY,  /* when it is offered */
	SMTP_CLIENT_TLS_MUST, /* or no mail */
};

/* Milliseconds; RFC 5321 section 4.5.3.2. */
struct smtp_client_timeouts {
	int64_t greeting_ms; /* and EHLO, HELO */
	int64_t command_ms;
	int64_t block_ms; /* for a part of the content to be taken */
	int64_t dot_ms;   /* reply to the final dot */
	int64_t quit_ms;
	int64_t idle_ms; /* how long NEXT waits; 0: QUIT unless it is answered at once */
	int64_t ping_ms; /* RSET so often meanwhile; 0: never */
};

struct smtp_client_opts {
	struct slice helo; /* our name; borrowed */
	enum smtp_client_tls tls;
	bool tls_on; /* TLS from the first byte: ENGINE_TLS_ON comes before the greeting */
	/* With a user: a login (PLAIN or LOGIN) before the first message, under TLS only. */
	struct slice user, password;
	struct smtp_client_timeouts timeouts;
};

struct smtp_client_content {
	uint32_t handle;     /* of the piece, not 0 */
	uint64_t size_bytes; /* for SIZE= */
	uint64_t wire_bytes; /* with doubled dots and the last CRLF: the length of the piece */
	bool is_checked;     /* CHECK is not asked */
};

struct smtp_client_rcpt {
	struct slice address; /* local@domain as RCPT wants it */
	struct slice orcpt;   /* "rfc822;joe@x", decoded; without a type in front: not given */
	unsigned notify;      /* bits of enum smtp_notify */
};

struct smtp_client_message {
	struct slice sender; /* empty: <> */
	struct smtp_client_content content;
	bool has_8bit;
	struct slice envid;
	char ret; /* 'F', 'H' or 0 */
	const struct smtp_client_rcpt *rcpts;
	size_t rcpt_count; /* at least 1 */
};

struct smtp_client_result {
	const struct fault *rcpts; /* one each; st ST_OK: sent. text is the server's reply */
	size_t rcpt_count;
	bool untouched;    /* nothing about this message was said by the server: try another one */
	bool will_report;  /* the server knows DSN: reports are its business now */
	bool is_eight_bit; /* it was refused for the 8 bits in it */
};

/* How far a session has come. */
enum smtp_client_stage {
	SMTP_CLIENT_GREETING,
	SMTP_CLIENT_HELO,
	SMTP_CLIENT_STARTTLS, /* said, or the handshake goes on */
	SMTP_CLIENT_READY,    /* between messages */
	SMTP_CLIENT_MESSAGE,
	SMTP_CLIENT_QUIT,
};

struct smtp_client;

/* The timeouts of RFC 5321 section 4.5.3.2, an idle time of 60 s. */
void smtp_client_opts_init(struct smtp_client_opts *o, struct slice helo);

/*
 * A session on a connection that was made just now.
 *   a  owns the engine; about 2 KiB for good, and what a message needs while it is sent
 *   o  copied; what it points to is borrowed
 */
struct smtp_client *
smtp_client_new(struct arena *a, const struct smtp_client_opts *o, int64_t now_ms);

/* The engine in it. Free what it holds beside the arena before that goes. */
struct engine *smtp_client_engine(struct smtp_client *c);
void smtp_client_free(struct smtp_client *c);

/*
 * Why the session could not go on: st ST_OK when it ended because we wanted it. Class 5 when the
 * server said that it never will.
 */
const struct fault *smtp_client_trouble(const struct smtp_client *c);

/* The message under way, as if it ended now with `why` for each recipient without a final answer;
 * NULL: there is none. Borrowed. */
const struct smtp_client_result *
smtp_client_result(struct smtp_client *c, const struct fault *why);

enum smtp_client_stage smtp_client_stage(const struct smtp_client *c);

/* Has the server offered 8BITMIME, is TLS on? For logs and tests. */
bool smtp_client_tls_on(const struct smtp_client *c);

#endif
