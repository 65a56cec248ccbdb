/*
 * The inside of a POP3 session, for the files server*.c only.
 *
 * Invariants:
 * - at most one question is open; no line is looked at meanwhile
 * - a job is what is left of a command whose reply has more lines; no line is looked at meanwhile
 * - less than POP3_OUTPUT_HIGH of out is unsent when something is added to it, and SERVER_OUT_MAX
 *   is enough for that
 */
#ifndef POP3_SERVER_INT_H
#define POP3_SERVER_INT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/engine.h"
#include "pop3/reply.h"
#include "pop3/server.h"

/* Less than HIGH/2 was sent and is still there; behind it a piece whose lines got dots in front. */
#define SERVER_OUT_MAX (POP3_OUTPUT_HIGH + POP3_OUTPUT_HIGH / 2 + 2 * POP3_READ_MAX + 4096)
#define SERVER_TOP_READ 4096       /* what TOP asks for first: mostly it is enough */
#define SERVER_JUNK_LINE_MAX 65536 /* an overlong line is skipped up to here, then it ends */
#define SERVER_UIDL_MAX 70         /* RFC 1939 section 7 */

struct server_question {
	uint32_t number; /* 0: none is open */
	uint16_t kind;
	bool handed;
	const void *detail;
};

enum server_job_kind { JOB_NONE, JOB_LIST, JOB_UIDL, JOB_RETR, JOB_TOP };

struct server_job {
	enum server_job_kind kind;
	size_t index;        /* next of a listing; the message of RETR and TOP */
	uint64_t offset;     /* how much of the message we have */
	uint64_t lines_left; /* TOP: of the body */
	bool is_begun;       /* +OK was said */
	bool in_header;
	bool in_line;        /* the last octet was not a LF */
	bool line_is_blank;  /* nothing but CR so far */
};

struct pop3_server {
	struct engine engine;
	struct pop3_server_opts o;
	struct arena *arena;
	struct engine_state state;

	uint32_t last_number;
	struct server_question question;
	uint32_t cancelled; /* number of a question given up, or 0 */
	struct pop3_read read;
	struct pop3_commit commit;

	struct pop3_maildrop drop;
	unsigned char *marks; /* a bit for each message marked as deleted; NULL: none ever was */
	size_t marked;
	uint64_t octets, marked_octets; /* of all, of those marked */
	struct server_job job;

	struct buf line; /* a line not yet complete */
	struct buf out;
	size_t out_taken; /* of out */

	int64_t now_ms, last_ms; /* the latest time told; when the peer last did something */
	size_t junk_bytes;       /* of an overlong line being skipped */
	struct pop3_facts facts;
	unsigned errors_in_row;

	bool line_junk; /* skipping an overlong line */
	bool eof, eof_taken;
	bool retrieved; /* a RETR was answered in full */
	bool quitting, drain;
};

/* --- server.c ------------------------------------------------------------------------------- */

/* Asks a question. detail stays until the answer. */
void pop_ask(struct pop3_server *s, enum pop3_ask kind, const void *detail);

/* Ends the session after what was said; an open question is cancelled. */
void pop_close(struct pop3_server *s, enum engine_why why);

/* "-ERR [SYS/TEMP] text" and the end; within a reply of many lines only the end. */
void pop_goodbye(struct pop3_server *s, enum engine_why why, const char *text);

/* A reply to a command that was wrong; too many of them in a row end the session. */
void pop_bad(struct pop3_server *s, const char *text);

/* Output not yet sent, in octets. */
size_t pop_waiting(const struct pop3_server *s);

/* Can the next line be looked at? */
bool pop_may_work(const struct pop3_server *s);

/* --- server_line.c -------------------------------------------------------------------------- */

/* Takes a line, or what is there of it; at least one octet. */
size_t pop_line_feed(struct pop3_server *s, struct slice in);

/* --- server_command.c ----------------------------------------------------------------------- */

/* A line without its line end. */
void pop_command(struct pop3_server *s, struct slice line);

/* COMMIT was answered. */
void pop_commit_answer(struct pop3_server *s, const struct engine_answer *a);

/* --- server_list.c -------------------------------------------------------------------------- */

/* Is this message marked as deleted? */
bool pop_is_marked(const struct pop3_server *s, size_t index);

/* STAT, LIST, UIDL, DELE, RSET of RFC 1939; args are what follows the verb. */
void pop_stat(struct pop3_server *s, struct slice args);
/* LIST [msg]. */
void pop_list(struct pop3_server *s, struct slice args);
/* UIDL [msg]. */
void pop_uidl(struct pop3_server *s, struct slice args);
/* DELE msg. */
void pop_dele(struct pop3_server *s, struct slice args);
/* RSET. */
void pop_rset(struct pop3_server *s, struct slice args);

/* Goes on with a listing while there is room. */
void pop_list_step(struct pop3_server *s);

/* The message a client names, from 0; false when there is none, which was then said. */
bool pop_message(struct pop3_server *s, struct slice arg, size_t *index);

/* --- server_message.c ----------------------------------------------------------------------- */

/* RETR msg. */
void pop_retr(struct pop3_server *s, struct slice args);
/* TOP msg n. */
void pop_top(struct pop3_server *s, struct slice args);
/* Asks for the next piece when there is room. */
void pop_message_step(struct pop3_server *s);
/* READ was answered. */
void pop_read_answer(struct pop3_server *s, const struct engine_answer *a);

#endif
