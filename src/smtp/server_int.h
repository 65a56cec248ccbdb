/*
 * The inside of an SMTP server session, for the files server*.c only.
 *
 * Invariants:
 * - at most one question blocks the session (single); besides it only RCPTs are open (rcpts)
 * - scratch holds what open questions refer to and nothing else; it is emptied when none is open
 * - mode is MODE_DATA exactly while content is read or thrown away
 */
#ifndef SMTP_SERVER_INT_H
#define SMTP_SERVER_INT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/engine.h"
#include "sasl/server.h"
#include "smtp/reply.h"
#include "smtp/server.h"

#define SERVER_OUT_HIGH 4096          /* waiting output from which on no input is taken */
#define SERVER_OUT_HELD 1024          /* replies wait for others up to here */
#define SERVER_OUT_MAX (48 * 1024)    /* what may wait then: the replies of all open RCPTs */
#define SERVER_AUTH_LINE_MAX 12288    /* RFC 4954 section 4, CRLF included */
#define SERVER_JUNK_LINE_MAX \
	65536 /* an overlong line is skipped up to here, then the session ends */
#define SERVER_SCRATCH_MAX (512 * 1024)
#define SERVER_SCRATCH_HIGH \
	(128 * 1024) /* from here on further RCPTs wait until all are answered */
#define SERVER_IDENTITY_MAX 320
#define SERVER_HELO_MAX 255

enum server_mode {
	MODE_GREETING, /* the banner waits for SMTP_ASK_CONNECT */
	MODE_COMMAND,
	MODE_REFUSED, /* greeted with 554: only QUIT helps, RFC 5321 3.1 */
	MODE_AUTH,    /* the next line is a SASL response */
	MODE_DATA,
	MODE_CHUNK, /* the octets of a BDAT are read */
};

/* A question and whether its owner has seen it. number 0: none. */
struct server_question {
	uint32_t number;
	uint16_t kind;
	bool handed;
	const void *detail;
};

/* A RCPT command whose reply has not left: asked, or answered behind one that is not. */
struct server_rcpt {
	struct server_rcpt *next;
	struct server_question question; /* number 0: answered */
	struct smtp_rcpt detail;
	struct fault fault; /* the answer */
	unsigned code;      /* reply code of a refusal of our own; 0: by the fault */
};

/* Where the reader of content stands within a line. */
enum server_at {
	AT_LINE,   /* before the first octet of a line */
	AT_DOT,    /* behind a dot that began the line */
	AT_DOT_CR, /* behind dot CR */
	AT_TEXT,   /* inside a line */
	AT_CR,     /* behind a CR inside a line */
};

/* Why content is refused. */
enum server_refuse { REFUSE_BARE = 1, REFUSE_HOPS = 2, REFUSE_HEADER = 4, REFUSE_SIZE = 8 };

/* The content being read. */
struct server_content {
	enum server_at at;
	unsigned refused; /* bits of enum server_refuse: thrown away up to its end */
	bool raw; /* in chunks */
	bool in_header;
	bool header_end; /* just seen */
	bool line_empty; /* nothing but the line end so far */
	uint8_t match;   /* octets of "Received:" seen in this line, or more: another field */
	struct smtp_content sum;
};

/* The chunk being read. With code or fault it is refused, and its octets are thrown away. */
struct server_chunk {
	uint64_t left; /* octets still to come */
	bool last;
	unsigned code;
	const char *esc, *text;
	const struct fault *fault; /* in scratch */
};

struct smtp_server {
	struct engine engine;
	struct smtp_server_opts o;
	struct engine_state state;
	enum server_mode mode;

	uint32_t last_number;
	struct server_question single;
	struct server_rcpt *rcpts, *rcpts_tail;
	unsigned rcpts_open;  /* in that queue */
	unsigned rcpts_asked; /* of them without an answer */
	uint32_t reset_number; /* of a notice RESET not yet handed out, or 0 */

	struct arena *scratch;           /* or NULL */
	struct sasl_server *sasl;        /* in scratch, while an exchange goes on */
	struct server_content *content;  /* in scratch, while content is read */

	struct server_chunk chunk;

	struct buf line;  /* a line not yet complete, or complete and held */
	struct buf out;
	size_t out_taken; /* of out */
	struct buf body;
	size_t body_taken;

	struct buf helo, identity, tls_version, tls_cipher;
	const char *mechanism;
	unsigned tls_bits;

	int64_t now_ms;    /* the latest time told */
	int64_t last_ms;   /* when the peer last did something that counts */
	size_t junk_bytes; /* of an overlong line being skipped */
	unsigned char junk_last;

	bool line_held;   /* line is complete and waits for open questions */
	bool more;        /* commands that came wait for open questions */
	bool urgent;      /* a reply in out is not to wait for others */
	bool line_junk;   /* skipping an overlong line */
	bool eof;         /* said; the rest of the input may still be offered */
	bool eof_taken;   /* and all of it was taken */
	bool drain;
	bool enough;      /* too many errors: 421 once the replies before it have left */
	bool tls_on, esmtp, authenticated;
	bool in_transaction; /* MAIL was accepted */
	bool chunks;         /* and its content has begun to come by BDAT: kept in scratch */
	bool committing;     /* the final dot came; waiting for body_taken, then COMMIT */

	unsigned accepted;   /* recipients of this transaction */
	unsigned tried;      /* RCPT commands in it */
	unsigned auth_failures;
	unsigned commands, errors;
};

/* --- server.c ------------------------------------------------------------------------------- */

/*
 * Bytes that must be free of open questions to be used; NULL at its limit (the session then ends).
 */
struct arena *server_scratch(struct smtp_server *s);

/* Asks a question that blocks the session. detail is in scratch or NULL. */
void server_ask(struct smtp_server *s, enum smtp_ask kind, const void *detail);

/* A question number nobody has. */
uint32_t server_number(struct smtp_server *s);

/*
 * Ends the session after what was said; the transaction is dropped, open questions are cancelled.
 */
void server_close(struct smtp_server *s, enum engine_why why);

/* "421 esc host text" and the end. */
void server_goodbye(struct smtp_server *s, enum engine_why why, const char *esc, const char *text);

/* Drops the transaction; the owner is told when one had begun. */
void server_reset(struct smtp_server *s);

/* An enhanced code where they are in force, else NULL. */
const char *server_esc(const struct smtp_server *s, const char *esc);

/* A reply; esc is left out where enhanced codes are not in force. */
void server_reply(struct smtp_server *s, unsigned code, const char *esc, const char *text);

/* The reply to a refusal. */
void server_refuse(struct smtp_server *s, const struct fault *f, enum reply_to to);

/* A reply to a command that was wrong; too many of them end the session. */
void server_bad(struct smtp_server *s, unsigned code, const char *esc, const char *text);

/* Counts a wrong command whose reply is given elsewhere. */
void server_count_error(struct smtp_server *s);

/* May the next line or piece of content be looked at? */
bool server_may_read(const struct smtp_server *s);

/* server_line.c: takes a line, or what is there of it. 0: nothing can be taken now. */
size_t server_line_feed(struct smtp_server *s, struct slice in);

/* Tries a line again that had to wait for open RCPTs. */
void server_line_retry(struct smtp_server *s);

/* Extensions really in force now: bits of enum smtp_ext (server_ehlo.c). */
unsigned server_extensions(const struct smtp_server *s);

#endif
