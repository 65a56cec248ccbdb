/*
 * The state of an IMAP session and the form of a command's row, for the files of src/imap only; how
 * they are used stands in server_int.h.
 */
#ifndef IMAP_SERVER_STATE_H
#define IMAP_SERVER_STATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/engine.h"
#include "imap/lexer.h"
#include "imap/server.h"

#define SERVER_OUT_MAX (64u * 1024 * 1024) /* bytes of one command's untagged data at once */
/* A refused literal is skipped up to here when messages have no limit of their own. */
#define SERVER_SKIP_MAX (64u * 1024 * 1024)
/* Bytes of a message without another limit: RFC822.SIZE has 32 bits (RFC 3501 section 9). */
#define SERVER_APPEND_MAX UINT32_MAX

struct imap_server;

/* In which states a command may be given: RFC 3501 section 3. */
enum imap_states {
	IMAP_IN_AUTHENTICATED = 1,
	IMAP_IN_SELECTED = 2,
	IMAP_IN_BOTH = 3,
};

enum imap_command_flag {
	IMAP_BY_UID = 1,     /* the row of "UID <verb>" */
	IMAP_NO_EXPUNGE = 2, /* no EXPUNGE while it runs, RFC 3501 section 7.4.1 */
	IMAP_TRYCREATE = 4,  /* ST_NOENT means [TRYCREATE] */
	IMAP_NO_SYNC = 8,    /* nothing is asked before its tagged answer */
	IMAP_LOOK = 16,      /* the owner is asked to look at the folder */
	IMAP_IF_ID = 64,     /* known only where ID is offered */
	IMAP_STREAMS = 32,   /* its last literal does not stand in memory (APPEND): parse sees the
				head of the literal at the end */
};

/* One row for each command. */
struct imap_command {
	const char *verb;
	unsigned states; /* enum imap_states */
	unsigned flags;  /* enum imap_command_flag */
	/*
	 * Behind the verb: the lexer stands at a space or at the end. False: BAD with lx->error,
	 * or, when that is NULL, the arena is full. The end of the command is checked by the
	 * caller. NULL: no arguments.
	 */
	bool (*parse)(struct imap_server *s, struct imap_lexer *lx);
	void (*run)(struct imap_server *s);
	void (*answered)(struct imap_server *s, const struct engine_answer *a);
	/* Output has left, less than IMAP_OUTPUT_HIGH waits, no question is open. Or NULL. */
	void (*taken)(struct imap_server *s);
	/*
	 * IMAP_STREAMS: the octets and the line end behind them have come; or (false) something
	 * else stands there, and the command is refused when this returns.
	 */
	void (*body_end)(struct imap_server *s, bool is_complete);
};

/* The command that is read or run. */
struct imap_run {
	const struct imap_command *row; /* NULL: none */
	struct slice tag;
	struct arena *a; /* NULL: none */
	void *data;      /* the row's, in a */
};

/* The question that is open. */
struct server_question {
	uint32_t number; /* 0: none */
	uint16_t kind;
	bool handed;
	const void *detail;
};

/* What the input is. */
enum server_reading {
	READ_LINE,      /* a line of a command */
	READ_LITERAL,   /* octets of a literal, into s->text */
	READ_SKIP,      /* octets of a literal that is refused */
	/* From here on a row runs that reads on. */
	READ_BODY,      /* octets of a message, for the owner */
	READ_BODY_END,  /* the line end behind it */
	READ_IDLE,      /* the line DONE, RFC 2177 */
};

/* Content of the owner between bytes of ours. */
struct server_part {
	uint64_t at; /* its place: octets of s->out.bytes, counted since the start */
	uint64_t offset, length;
	uint32_t handle;
	bool release; /* the owner is told when it has left */
};

struct server_out {
	struct buf bytes;
	size_t bytes_taken;     /* of bytes */
	uint64_t bytes_dropped; /* before bytes.p, since the start */
	struct buf parts;       /* array of struct server_part */
	size_t parts_taken;
	uint64_t parts_waiting; /* octets */
	struct buf releases;    /* array of uint32_t: handles */
	size_t releases_taken;
};

struct imap_server {
	struct engine engine;
	struct imap_server_opts o;
	struct engine_state state;

	struct server_question question;
	uint32_t last_number;
	uint32_t drop_number; /* of a notice APPEND_DROP not yet handed out, or 0 */
	struct imap_release release;

	struct imap_run run;
	enum server_reading reading;
	struct buf text;     /* the command as it comes, its literals behind their heads */
	size_t line_start;   /* of its last line, in text */
	uint64_t left;       /* octets of READ_LITERAL, READ_SKIP, READ_BODY */
	size_t line_bytes;   /* of text without literals */
	const char *refused; /* why the command is refused once it is complete */
	bool refused_is_no;
	const char *refused_code;

	struct server_out out;
	struct buf body; /* message octets for the owner */
	size_t body_taken;
	struct buf tagged; /* the tagged answer, while SYNC is asked */
	bool syncing;      /* the command is over but for SYNC and the tagged answer */
	bool sync_waits;   /* more of SYNC when output has left */
	bool idle_sync;    /* a SYNC of IDLE is open or waits */
	bool idle_again;   /* notice came meanwhile */
	struct imap_sync sync;
	bool is_appending; /* the owner takes a message: APPEND_END or APPEND_DROP must follow */
	bool body_ended;   /* APPEND_END is asked when the owner has taken all */

	bool is_selected, is_read_only;
	uint32_t exists; /* what the session was told */
	struct buf selected; /* name, UTF-8 */

	int64_t now_ms, last_ms;
	bool eof, eof_taken, drain;
	unsigned bad_in_row;
	uint64_t commands, errors;
	uint64_t header_octets, body_octets;
};

#endif
