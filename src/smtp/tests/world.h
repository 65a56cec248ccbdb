/*
 * A small world around SMTP server engines, in virtual time: the driver of docs/ENGINE.md without
 * sockets, and an owner with fixture users (docs/SCENARIOS.md section 5). Unit tests, fuzz harness
 * and the in-process scenario player share it. Not part of any program that is installed.
 */
#ifndef SMTP_TESTS_WORLD_H
#define SMTP_TESTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"
#include "smtp/server.h"

#define WORLD_DOMAIN "example.test"
#define WORLD_PASSWORD "secret"
#define WORLD_SIZE_MAX 10485760

enum world_service { WORLD_SMTP, WORLD_SUBMISSION, WORLD_SMTPS };

/* The question of this kind about key ("*": any) is answered with fault, after_ms later. */
struct world_rule {
	enum smtp_ask kind;
	struct slice key;
	int64_t after_ms;
	struct fault fault; /* ST_OK: yes */
};

/* A message that was committed. */
struct world_mail {
	struct world_mail *next;
	struct buf content;
	struct buf rcpts; /* mailbox texts, a NUL behind each */
};

struct world {
	int64_t now_ms;
	unsigned users; /* user1 ... userN */
	const struct world_rule *rules;
	size_t rule_count;
	struct world_mail *mails, **mails_end;
	unsigned mail_count, drop_count; /* committed; begun and dropped */
	size_t body_step;  /* the owner takes at most so much content at once; 0: all */
	void (*tune)(struct smtp_server_opts *o); /* last word on the options, or NULL */
};

struct world_conn;

void world_init(struct world *w, unsigned users);
void world_fini(struct world *w);

/* A new connection; its greeting is there unless a rule delays it. */
struct world_conn *world_connect(struct world *w, enum world_service service);

/* Frees a connection as if it had been reset. */
void world_abort(struct world_conn *c);

/*
 * Bytes of the client, given to the engine in pieces of chunk bytes (0: as one). Plain bytes while
 * the server waits for a TLS handshake break the connection, as they do on a wire.
 */
void world_send(struct world_conn *c, struct slice in, size_t chunk);

/* The client closes its side. */
void world_shut(struct world_conn *c);

/* The client's half of STARTTLS; false when the server is not waiting for it. */
bool world_start_tls(struct world_conn *c);

void world_event(struct world_conn *c, enum engine_event_kind kind);

/* Moves the time: delayed answers and deadlines of all connections come about in order. */
void world_wait(struct world *w, int64_t ms);

/* Moves the time to the next delayed answer of c; false when there is none. */
bool world_hurry(struct world_conn *c);

/* What the server said and nobody has taken yet; drop takes n bytes of it. */
struct slice world_heard(const struct world_conn *c);
void world_heard_drop(struct world_conn *c, size_t n);

/* The server has closed; why. Is it waiting for a TLS handshake? */
bool world_is_closed(const struct world_conn *c, enum engine_why *why);
bool world_wants_tls(const struct world_conn *c);
struct smtp_server *world_server(struct world_conn *c);

#endif
