/*
 * The inside of an SMTP client session, for the files client*.c only.
 *
 * Invariants:
 * - step says which reply is awaited, or what else; exactly one question is open at most
 * - in STEP_SEND the replies come in the order of the commands: next_reply < next_command
 */
#ifndef SMTP_CLIENT_INT_H
#define SMTP_CLIENT_INT_H

#include "base/buf.h"
#include "smtp/ask.h"
#include "smtp/client.h"

#define CLIENT_OUT_MAX (64 * 1024)
#define CLIENT_OUT_HIGH (16 * 1024) /* no more commands are added from here on */
#define CLIENT_TEXT_MAX 1000        /* of a reply, for people */

enum client_step {
	STEP_GREETING,
	STEP_EHLO,
	STEP_HELO,
	STEP_STARTTLS,
	STEP_TLS,   /* the driver's turn */
	STEP_AUTH,  /* a reply of the login */
	STEP_NEXT,  /* question NEXT is open */
	STEP_PING,  /* RSET while idle */
	STEP_CONVERT,
	STEP_SEND,  /* MAIL, RCPT, DATA */
	STEP_CONTENT,
	STEP_CHECK,
	STEP_DOT,
	STEP_ABANDON, /* 354 although nobody was accepted: the dot after nothing, RFC 2920 3.1 */
	STEP_RSET,
	STEP_DONE, /* question DONE is open */
	STEP_QUIT,
	STEP_OVER,
};

/* Bits of what a server offers. */
enum client_ext {
	CLIENT_PIPELINING = 1,
	CLIENT_SIZE = 2,
	CLIENT_8BITMIME = 4,
	CLIENT_STARTTLS = 8,
	CLIENT_DSN = 16,
	CLIENT_ENHANCED = 32,
	CLIENT_AUTH_PLAIN = 64,
	CLIENT_AUTH_LOGIN = 128,
};

/* A whole reply. */
struct client_reply {
	unsigned code;
	unsigned lines;
	uint8_t esc[3]; /* esc[0] 0: none */
};

struct smtp_client {
	struct engine engine;
	struct smtp_client_opts o;
	struct engine_state state;
	enum client_step step;
	bool tls_on, tls_refused;
	unsigned ext;
	uint64_t size_max; /* 0: not said */
	unsigned login_line; /* of AUTH: lines said behind the command */
	bool is_known; /* it has logged in, or need not */

	struct engine_ask ask;
	bool ask_handed;
	uint32_t cancel; /* a question to be cancelled, or 0 */
	uint32_t last_number;

	struct buf line; /* of a reply, not complete */
	struct client_reply reply;
	struct buf text; /* of the reply */
	struct buf out;
	size_t out_taken;
	int64_t deadline, idle_until, now_ms;
	struct fault trouble;

	/* the message under way */
	struct arena *arena;
	const struct smtp_client_message *m;
	struct smtp_client_content content;
	struct fault *faults;
	bool *left_out; /* recipients that are not named to the server */
	size_t left_out_count;
	struct smtp_client_result result;
	size_t next_command, next_reply; /* 0 MAIL, then RCPTs, then DATA */
	size_t accepted;
	uint64_t content_taken;
	unsigned dot_taken;
	bool mail_refused, in_transaction;
	bool is_sent; /* the server has taken it */
	bool settled; /* every recipient has his result */
	const struct smtp_client_message *early; /* came while a ping was under way */
	bool drain;
	bool eof; /* the server says nothing more */
	enum smtp_client_stage stage;
};

/* --- client.c --- */

/* Puts a question; details are the caller's. */
void client_ask(struct smtp_client *c, enum smtp_client_ask kind, const void *detail);

/* The reply to what was just put is awaited for so long. */
void client_await(struct smtp_client *c, enum client_step step, int64_t within_ms);

/* The session cannot go on. */
void client_fail(struct smtp_client *c, enum engine_why why, const struct fault *f);
void client_break(struct smtp_client *c, const char *what);

/* Ready for the next message; QUIT. */
void client_ready(struct smtp_client *c);
void client_idle(struct smtp_client *c); /* NEXT goes on waiting */
void client_quit(struct smtp_client *c);

/* A fault that says what the server said: code and text, RFC 3463 code of the reply or x.0.0. */
void client_fault(const struct smtp_client *c, struct fault *f);

/* --- client_ehlo.c: greeting to the end of STARTTLS --- */
void client_hello(struct smtp_client *c);
void client_hello_reply(struct smtp_client *c);
/* A line of the reply to EHLO behind the first one. */
void client_hello_line(struct smtp_client *c, struct slice text);

/* --- client_mail.c: one message --- */
void client_message(struct smtp_client *c, const struct smtp_client_message *m);
void client_converted(struct smtp_client *c, const struct engine_answer *a);
void client_message_reply(struct smtp_client *c);
void client_send(struct smtp_client *c);
void client_content_taken(struct smtp_client *c, uint64_t n);
void client_checked(struct smtp_client *c, const struct fault *f);
/* Each recipient without an answer gets this one. */
void client_message_end(struct smtp_client *c, const struct fault *f);
void client_message_done(struct smtp_client *c);

/* --- client_reply.c: bytes into replies; the number taken --- */
size_t client_feed(struct smtp_client *c, struct slice in);
/* Nothing is an answer to what has not left: until then no reply is looked at. */
bool client_may_take(const struct smtp_client *c);

#endif
