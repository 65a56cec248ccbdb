/*
 * smtpload.h - shared declarations of the SMTP load generator.
 *
 * smtpload.c         options, the poll loop, the report
 * smtpload_session.c one SMTP client session as a state machine
 * smtpload_stats.c   counters, latencies, the file of acknowledged messages
 *
 * The generator stands on POSIX alone and shares no code with the server that it measures, so that
 * a fault of the one cannot hide in the other.  Commands and replies: RFC 5321; PIPELINING: RFC
 * 2920.
 */
#ifndef BENCH_SMTPLOAD_H
#define BENCH_SMTPLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <netinet/in.h>

#include "loadtool.h"

enum {
	LOAD_RCPT_MAX = 1000,		/* recipients of one message */
	LOAD_CONN_MAX = 20000,
	LOAD_REPLY_BYTES = 4096,	/* longest reply line kept */
	LOAD_TOKEN_BYTES = 96
};

/* What to do, as the command line said it. */
struct load_plan {
	struct sockaddr_in server;
	int connections;
	int64_t messages;		/* 0: until the time is over */
	int64_t size_bytes;		/* of one message in wire octets, headers included */
	int rcpts;			/* per message */
	int64_t per_connection;		/* messages before QUIT; 0: no limit */
	int pipelining;
	/* source addresses 127.1.x.y to rotate over; 0: the system's choice */
	int sources;
	int64_t run_ms;			/* 0: until the messages are sent */
	/* give up after this long without any accepted message; 0: never */
	int64_t lost_ms;
	const char *acked_path;
	const char *token;		/* first part of every message token */
	const char *from;
	const char *helo;
	char **addresses;		/* recipients to rotate over */
	size_t naddresses;
	int idle;			/* hold this many sessions instead of sending */
};

enum load_stage {
	STAGE_CONNECT, STAGE_GREETING, STAGE_EHLO, STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGE_DOT,
	STAGE_RSET, STAGE_QUIT, STAGE_COUNT
};

struct load_stats {
	int64_t accepted;		/* final dot answered 2xx */
	int64_t accepted_rcpts;
	int64_t attempted;
	int64_t refused;		/* any command or the message answered 4xx or 5xx */
	int64_t lost;			/* connections that ended when they should not */
	int64_t unfinished;		/* messages whose fate is unknown */
	int64_t connects;
	int64_t codes[STAGE_COUNT][600];
	int64_t lost_at[STAGE_COUNT];
	uint32_t *dot_us;		/* one entry per accepted message */
	size_t ndot, dot_room;
	int acked_fd;			/* -1: none */
	int64_t first_ns, last_ns;	/* first connect, last accepted message */
};

/* The bytes of a message: a head made for each, a body shared by all. */
struct load_body {
	char *bytes;			/* body lines, "\r\n.\r\n" at the end */
	size_t nbytes;
};

enum session_state {
	SESSION_OFF,			/* no connection; opens one when wake_ns is due */
	SESSION_CONNECTING,
	SESSION_GREETING,
	SESSION_EHLO,
	SESSION_ENVELOPE,		/* MAIL, RCPT..., DATA: replies outstanding */
	SESSION_CONTENT,		/* message going out, then waiting for the last reply */
	SESSION_RSET,
	SESSION_QUIT,
	SESSION_IDLE,			/* --idle: greeted, held open */
	SESSION_DONE
};

struct session {
	enum session_state state;
	int fd;
	int number;
	int64_t wake_ns;
	int64_t sent_here;		/* messages accepted on this connection */
	int64_t dot_ns;			/* when the last byte of the message was written */
	/* the message in flight */
	char token[LOAD_TOKEN_BYTES];
	size_t rcpt_first;		/* index into the plan's addresses */
	int rcpt_sent, rcpt_answered;
	int rcpt_ok;
	int mail_answered, data_sent;
	int server_pipelines;		/* EHLO offered PIPELINING */
	unsigned char rcpt_good[LOAD_RCPT_MAX];
	/* output: a small buffer, then possibly the shared body */
	char *out;
	size_t out_room, out_len, out_at;
	size_t body_at;
	int body_on;
	/* input: the reply line being read */
	char in[LOAD_REPLY_BYTES];
	size_t in_len;
};

struct load {
	struct load_plan plan;
	struct load_stats stats;
	struct load_body body;
	struct session *sessions;
	int64_t begun;			/* messages started */
	int64_t deadline_ns;		/* 0: none */
	int64_t progress_ns;		/* when a message was last accepted */
	int stopping;			/* no new message */
	int idle_ready;
	int broken;			/* --idle: a session ended by itself */
};


/* Prepares session number `number`; it opens its connection at the first session_step. */
void session_init(struct session *s, int number);

/* Frees what session_init and later steps allocated and closes the socket. */
void session_fini(struct session *s);

/* The poll(2) events this session waits for; 0 when it has no socket. */
short session_events(const struct session *s);

/* Goes on after poll(2) reported `revents` (0 for a timer).  Never blocks. */
void session_step(struct load *load, struct session *s, short revents);

/* Whether a whole message was written whose last reply has not come. */
int session_fate_unknown(const struct load *load, const struct session *s);

/* Builds the shared body for messages of plan.size_bytes.  Returns 0, or -1 without memory. */
int load_body_make(struct load *load);

/* Bytes of head that every message has (fixed for one run). */
size_t load_head_bytes(const struct load *load);

/* Counts a reply.  `code` outside 200..599 counts as 599. */
void stats_reply(struct load_stats *st, enum load_stage stage, int code);

/* Counts a connection that ended unexpectedly in `stage`. */
void stats_lost(struct load_stats *st, enum load_stage stage);

/* Counts an accepted message and its time from the last byte written to the reply. */
void stats_accepted(struct load_stats *st, int rcpts, int64_t dot_ns);

/*
 * Appends "TOKEN addr,addr...\n" to the file of acknowledged messages with one write(2).  Ends the
 * program with status 2 when the file cannot be written: a crash test without it proves nothing.
 */
void stats_acked(struct load *load, const struct session *s);

/* Prints the result of the run to `f`, as text or as one line of JSON. */
void stats_print(struct load_stats *st, const struct load_plan *plan, int json, FILE *f);

#endif
