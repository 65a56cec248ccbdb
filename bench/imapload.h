/*
 * imapload.h - shared declarations of the IMAP and POP3 load generator.
 *
 * imapload.c          options, the poll loop
 * imapload_conn.c     sockets, TLS, sending, splitting what arrives into replies
 * imapload_modes.c    what a client does: logins, commands, idle, RETR
 * imapload_stress.c   random commands against a model of the mailbox
 * imapload_latency.c  deliveries, and when an IDLE client hears of them
 * imapload_stats.c    counters, latencies, the report
 *
 * The generator stands on POSIX and OpenSSL alone and shares no code with the server that it
 * measures, so that a fault of the one cannot hide in the other.  IMAP: RFC 3501, 2177 (IDLE), 7888
 * (literals), 5530 (EXPUNGEISSUED); POP3: RFC 1939.
 */
#ifndef BENCH_IMAPLOAD_H
#define BENCH_IMAPLOAD_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <openssl/ssl.h>

#include "loadtool.h"

enum {
	CLIENT_MAX = 20000,
	READ_BYTES = 65536,
	TEXT_MAX = 4 << 20,		/* longest reply without its literals */
	KIND_MAX = 64,			/* kinds of commands that are counted apart */
	COMMANDS_MAX = 64,
	ERROR_TEXTS = 8
};

/* A complete reply: an IMAP response with its literals taken out, or a POP3 status line. */
struct reply {
	const char *text;		/* not terminated; without CRLF */
	size_t n;
	int64_t literal_bytes;		/* of the last literal; POP3: of a multi-line reply */
	uint64_t literal_hash;
	int literals;
};

enum client_state {
	CLIENT_OFF,			/* connects at the next step */
	CLIENT_CONNECTING,
	CLIENT_HANDSHAKE,		/* TLS */
	CLIENT_OPEN,
	CLIENT_CLOSING,			/* the server's last word was asked for */
	CLIENT_DONE
};

struct mailbox_view;

struct client {
	enum client_state state;
	int number, fd;
	SSL *ssl;
	int tls_wants_write;
	int64_t open_ns;		/* when connect() was called */
	/* going out */
	char *out;
	size_t out_room, out_len, out_at;
	/* coming in: the reply being read */
	char *text;
	size_t text_room, text_len;
	struct reply reply;
	int64_t literal_left;
	int multiline;			/* POP3: reading lines until "." */
	/* the command in flight */
	int greeted;
	int outstanding;		/* replies that are still to come */
	int kind;			/* of the command in flight, an index into stats.kinds */
	unsigned tag;
	int64_t sent_ns;
	int64_t untagged, octets;	/* since it was sent */
	int needs_more;			/* POP3: the reply in flight has more lines */
	/* what the mode keeps */
	int stage;
	int at;				/* of the commands or messages */
	int64_t exists;
	int64_t asked, got;		/* POP3: RETR sent and answered */
	uint64_t random;
	struct mailbox_view *view;
	int idling;
};

struct kind {
	char name[56];
	int64_t count;
	int64_t ns, max_ns;
	int64_t untagged, octets;
};

struct stats {
	struct kind kinds[KIND_MAX];
	int nkinds;
	uint32_t *us;			/* one entry per operation */
	size_t nus, us_room;
	int64_t operations;
	int64_t errors, stalls, slow;
	int64_t octets;
	int64_t messages;		/* RETR */
	char error_text[ERROR_TEXTS][160];
	int error_texts;
	int64_t first_ns, last_ns;
};

struct load;

/* One row for each mode; the functions may be NULL where they say so. */
struct mode {
	const char *name, *help;
	int pop3;
	int operation_is_cycle;		/* else each command is an operation */
	const char *const *commands;	/* of the mode `commands`; NULL: --command */
	/* Fewer than plan.window replies are outstanding: send a command, or client_end. */
	void (*ready)(struct load *load, struct client *c);
	/* IMAP: an untagged response.  May be NULL. */
	void (*untagged)(struct load *load, struct client *c, const struct reply *r);
	/* IMAP: a continuation request.  May be NULL. */
	void (*more)(struct load *load, struct client *c);
	/* Whether a reply that is not OK is no error.  May be NULL: never. */
	int (*tolerates)(struct load *load, struct client *c, const struct reply *r);
	/* Whether a client whose connection has ended opens another one. */
	int (*comes_again)(struct load *load);
	/* The connection begins. May be NULL. */
	void (*begins)(struct load *load, struct client *c);
};

struct plan {
	struct sockaddr_in server;
	const struct mode *mode;
	int connections;
	int64_t count;			/* operations in all; 0: until run_ms */
	int64_t run_ms;
	int64_t stall_ms;
	int64_t pause_ms;		/* latency: between two deliveries */
	int tls;
	int window;			/* RETR sent ahead */
	int64_t seed;
	const char *password;
	const char *commands[COMMANDS_MAX];
	int ncommands;
	char **users;
	size_t nusers;
	/* latency: one of both */
	const char *maildir_root;	/* ROOT/USER/Maildir */
	int64_t smtp_port;
	const char *domain;
};

struct load {
	struct plan plan;
	struct stats stats;
	SSL_CTX *tls;
	struct client *clients;
	int64_t begun;			/* cycles or commands begun */
	int64_t deadline_ns;
	int stopping;
	int ready;			/* clients that idle */
	int heard;			/* latency: who hears of a delivery, -1: nobody */
	int64_t heard_ns;
};

#endif
