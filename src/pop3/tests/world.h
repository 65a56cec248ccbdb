/*
 * A small world around POP3 engines, in virtual time: fixture users (userN@example.test) with the
 * password "secret" and a maildrop in memory (docs/SCENARIOS.md section 5). Unit tests, fuzz
 * harness and the in-process scenario player share it. Not part of any program that is installed.
 */
#ifndef POP3_TESTS_WORLD_H
#define POP3_TESTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/slice.h"
#include "base/tests/drive.h"
#include "pop3/login.h"
#include "pop3/server.h"

#define POP3_WORLD_USERS 8
#define POP3_WORLD_UIDVALIDITY 1234567890

/* The questions of both engines. */
enum pop3_world_ask {
	POP3_WORLD_OPEN = POP3_ASK_OPEN,
	POP3_WORLD_READ = POP3_ASK_READ,
	POP3_WORLD_REMOVE = POP3_ASK_COMMIT,
	POP3_WORLD_CONNECT = 100, /* DOOR_ASK_CONNECT */
	POP3_WORLD_LOGIN,         /* DOOR_ASK_AUTH */
};

/* The question of this kind is answered with fault, after_ms later. */
struct pop3_rule {
	unsigned kind;
	uint64_t offset; /* POP3_ASK_READ: of pieces from here on */
	int64_t after_ms;
	struct fault fault; /* ST_OK: yes */
};

struct pop3_mail {
	struct slice content; /* CRLF line ends; the caller's */
	uint32_t uid;
	const char *uidl;
	bool is_gone, is_seen;
};

struct pop3_box {
	struct pop3_mail *mails;
	size_t count, room;
	uint32_t uidnext;
};

struct pop3_world {
	struct drive drive;
	struct pop3_box boxes[POP3_WORLD_USERS];
	const struct pop3_rule *rules;
	size_t rule_count;
	size_t read_step; /* the owner gives at most so many octets at once; 0: all */
	unsigned commits;
	void (*tune)(struct pop3_server_opts *o); /* last word on the options, or NULL */
};

void pop3_world_init(struct pop3_world *w);
void pop3_world_fini(struct pop3_world *w);

/* Puts a message behind those of user's maildrop (from 1); content is borrowed. */
void pop3_world_put(struct pop3_world *w, unsigned user, struct slice content, const char *uidl);

/* A connection before its login; with tls TLS is on from the first byte, else STLS is offered. */
struct drive_conn *pop3_world_connect(struct pop3_world *w, bool tls);

/* A session of user that has logged in; its first reply is there unless a rule delays it. */
struct drive_conn *pop3_world_enter(struct pop3_world *w, unsigned user);

/* Messages that are there now. */
size_t pop3_world_count(const struct pop3_world *w, unsigned user);

/* What is known of a session. */
void pop3_world_facts(const struct drive_conn *c, struct pop3_facts *facts);

#endif
