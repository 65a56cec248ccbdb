/*
 * login: IMAP and POP3 clients until they have logged in, and TLS for those who have. The protocols
 * are src/imap/login.h and src/pop3/login.h on the driver src/net/session.c; what stands here is
 * the glue: questions become frames to tallyd, authdaemond and master, and a client who has logged
 * in is handed to the worker of his account (docs/HANDOFF.md). Nothing of a mailbox is in this
 * process.
 *
 *   client.c   a connection, and who is let in
 *   handoff.c  ticket, worker, frame `session`, and back when that fails
 *   relay.c    TLS here, the worker behind a socketpair
 */
#ifndef DAEMON_LOGIN_LOGIN_H
#define DAEMON_LOGIN_LOGIN_H

#include "base/arena.h"
#include "base/list.h"
#include "daemon/skel/proc.h"
#include "ext/tls.h"
#include "net/listener.h"
#include "net/session.h"
#include "sasl/door.h"

#define TICKET_BYTES 16
#define LISTENERS_MAX 16

struct login;

/* A bound service. */
struct service {
	struct login *l;
	const char *name;     /* of the frame `listen` and of tallyd: "imaps" */
	const char *worker;   /* of tickets and sessions: "imap" */
	const char *protocol; /* in logs: "IMAP" */
	bool implicit_tls;
	const struct conf_mailservice *(*conf)(const struct conf *c);
	const struct conf_mailservice *(*tls_conf)(const struct conf *c);
	struct door *(*door)(struct arena *a, const struct door_opts *o, int64_t now_ms);
	struct listener *listeners[LISTENERS_MAX];
	size_t listener_count;
	struct tls_context *tls;
	struct buf words, words_tls, mechanisms, mechanisms_tls;
};

#define SERVICE_COUNT 4

struct login {
	struct proc *proc;
	struct service services[SERVICE_COUNT];
	struct list clients; /* struct client */
	struct list workers; /* struct worker_link */
	size_t doors;        /* clients that have not logged in, or that we relay */
	size_t relays;       /* ... of them those that we relay */
	size_t fds_max;      /* descriptors of both; then connections wait in the backlog */
	uint64_t numbers, served, failures;
	bool draining, full;
};

/* A channel to a worker. */
struct worker_link {
	struct list_node node;
	struct login *l;
	const char *service; /* whose worker it is */
	uint64_t worker;     /* its number */
	struct channel *channel;
	struct deferred unused;
	struct list clients; /* that are on their way to it, or were taken */
};

enum client_stage {
	CLIENT_DOOR,   /* has not logged in */
	CLIENT_WAITS,  /* logged in: master, then the worker is asked */
	CLIENT_THERE,  /* the worker has the connection; it only counts */
	CLIENT_RELAYED /* the worker has it, TLS is here */
};

struct relay;

struct client {
	struct list_node node;
	struct login *l;
	struct service *service;
	enum client_stage stage;
	uint64_t number;
	int64_t since_ms;
	struct net_addr peer;
	char ip[NET_ADDR_TEXT], local_ip[NET_ADDR_TEXT];
	bool counted;    /* tallyd knows it */
	bool tally_late; /* let in without its answer */
	bool tls;
	bool doomed; /* revoked on its way to the worker */
	struct arena *arena;
	struct door *door;
	struct session *session;   /* while in DOOR and WAITS */
	uint32_t asked;            /* the door's open question */
	struct channel_call call;  /* of that question, or of the hand-over */
	struct channel_call tally; /* of CONNECT */
	struct timer patience;     /* tallyd's, or the delay behind a failure */
	struct fault later;        /* what the door is told behind that delay */
	char account[324];         /* who logged in */
	unsigned char ticket[TICKET_BYTES];
	struct buf unread;        /* pipelined behind the login */
	struct worker_link *link; /* where it goes, or is */
	struct list_node linked;  /* in its clients */
	int pair;                 /* our end of the relay, before it begins */
	struct relay *relay;
};

/* ---- client.c ---- */
void client_accept(void *service, int fd, const struct net_addr *peer);
/* Ends what is left of it: counts, memory. Its session must be gone. */
void client_free(struct client *c);
void clients_drain(struct login *l);
/* Is there room again, is the drain complete? */
void clients_look(struct login *l);
void clients_who(struct login *l, struct buf *out);
void clients_kick(struct login *l, struct slice what, struct buf *ended);
/* The driver's calls; handoff.c has one of them. */
extern const struct session_ops client_ops;

/* ---- handoff.c ---- */
void handoff_begin(struct session *s, struct slice unread);
/* The client is gone before it was handed over, or after. */
void handoff_leave(struct client *c);

/* ---- relay.c ---- */
/* Begins to relay; client and worker are taken over. */
void relay_begin(struct client *c, struct stream *client, int worker);
/* The worker was told to end it: it is cut when that has not happened soon. */
void relay_end(struct client *c);
/* When the client was heard last. */
int64_t relay_heard_ms(const struct relay *r);

#endif
