/*
 * pop3d: the worker that serves POP3 as an account. The frame is src/daemon/mailbox, what is said
 * src/pop3; here the questions are answered from INBOX.
 *
 *   main.c     options, sessions
 *   drop.c     the messages of a session: read once at its start, then fixed
 *   read.c     octets of a message
 *   update.c   what is removed and marked as read, at QUIT
 *
 * Sessions of one account do not lock each other out: what another session, or another program,
 * removed is an error for the command that wants it, and is removed in the sense of DELE.
 */
#ifndef DAEMON_POP3D_POP3D_H
#define DAEMON_POP3D_POP3D_H

#include "base/attr.h"
#include "daemon/mailbox/worker.h"
#include "maildir/mailbox.h"
#include "maildir/text.h"
#include "pop3/server.h"

struct pop3d {
	struct worker worker;
	struct buf sasl, sasl_tls; /* mechanisms, as CAPA says them */
	bool user;                 /* USER and PASS without TLS */
	struct buf octets;         /* of the piece being answered; one at a time in a process */
};

/* A message of the session, beside what the engine knows of it (same index). */
struct pop3_own {
	bool is_read; /* sent by RETR, not yet marked */
	bool was_seen;
};

struct pop3_client {
	struct client client;
	struct pop3_server *server;
	uint32_t asked; /* the open question; 0: none */
	bool again;     /* the mailbox was refreshed for it */

	struct store_op op;
	void (*then)(struct pop3_client *k, const struct fault *f); /* behind a refresh */
	struct mailbox *mailbox;
	struct pop3_message *items;
	struct pop3_own *own;
	size_t count, room;
	uint32_t last_uid; /* the last one taken in */
	struct deferred step;

	struct text text; /* of message text_index while it is open */
	size_t text_index;
	const struct pop3_read *read;     /* of the open question */
	const struct pop3_commit *commit; /* the same */
};

/* The daemon's part of a session. */
static inline struct pop3_client *
pop3_client_of(struct session *s)
{
	return session_owner(s);
}

/* Answers the open question; f NULL: yes. */
void pop3_answer(struct pop3_client *k, const struct fault *f, const void *detail);

/* A mailbox that changed under us is looked at again, then `then` runs. */
void pop3_refresh(
    struct pop3_client *k, void (*then)(struct pop3_client *k, const struct fault *f));

/* ---- the questions ---- */

/* POP3_ASK_OPEN. */
void pop3_open(struct pop3_client *k);
/* POP3_ASK_READ. */
void pop3_read(struct pop3_client *k);
/* POP3_ASK_COMMIT. */
void pop3_update(struct pop3_client *k);

/* What a session that ended without QUIT has read is marked, whoever waits for it. */
void pop3_mark_later(struct pop3_client *k);

#endif
