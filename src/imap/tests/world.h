/*
 * A small world around IMAP engines, in virtual time: users with mailboxes in memory
 * (docs/SCENARIOS.md section 5), answers that come at once, later, in parts or as faults. Unit
 * tests, fuzz harness and the in-process scenario player share it. Not part of any program that is
 * installed.
 */
#ifndef IMAP_TESTS_WORLD_H
#define IMAP_TESTS_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/tests/drive.h"
#include "imap/server.h"
#include "imap/tests/store.h"

#define IMAP_WORLD_USERS 8
#define IMAP_WORLD_DOMAIN "example.test"
#define IMAP_WORLD_PASSWORD "secret"
#define IMAP_WORLD_CAPABILITY "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE UNSELECT IDLE LITERAL+ ID"

/* The question of this kind about key ("*": any) is answered with fault, after_ms later. */
struct imap_rule {
	enum imap_ask kind;
	struct slice key; /* name of a mailbox */
	int64_t after_ms;
	struct fault fault; /* ST_OK: what the store says */
};

struct imap_world {
	struct drive drive;
	struct store stores[IMAP_WORLD_USERS];
	const struct imap_rule *rules;
	size_t rule_count;
	size_t body_step;             /* content is taken in pieces of so many octets; 0: all */
	size_t sync_step, fetch_step; /* see struct store_view */
	uint64_t handle_min;
	bool lazy; /* every answer comes 10 ms later */
	void (*tune)(struct imap_server_opts *o); /* last word on the options, or NULL */
};

void imap_world_init(struct imap_world *w);
void imap_world_fini(struct imap_world *w);

/*
 * A session before its login; tls_on: TLS from the first byte, else STARTTLS is offered and
 * passwords wait for it. userK@example.test logs in with IMAP_WORLD_PASSWORD.
 */
struct drive_conn *imap_world_knock(struct imap_world *w, bool tls_on);

/* A session of user (from 1) that has logged in; what it says first is there. */
struct drive_conn *imap_world_enter(struct imap_world *w, unsigned user);

/* The engine and the view of a session. */
struct imap_server *imap_world_server(const struct drive_conn *c);
struct store_view *imap_world_view(const struct drive_conn *c);

#endif
