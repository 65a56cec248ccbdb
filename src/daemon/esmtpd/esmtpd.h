/*
 * esmtpd: mail comes in. One process serves many connections; the protocol is src/smtp, the driver
 * src/net/session.c. What stands here is the glue: the engine's questions become frames to tallyd,
 * routed, authdaemond and courierd, and their replies become answers.
 */
#ifndef DAEMON_ESMTPD_ESMTPD_H
#define DAEMON_ESMTPD_ESMTPD_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/hmap.h"
#include "base/list.h"
#include "daemon/esmtpd/head.h"
#include "daemon/skel/proc.h"
#include "ext/tls.h"
#include "net/listener.h"
#include "net/session.h"
#include "smtp/server.h"

struct esmtpd;

/* A bound service: where connections come from and how they are treated. */
struct service {
	struct esmtpd *e;
	const char *name; /* of the frame `listen`: "smtp" */
	enum smtp_service kind;
	bool implicit_tls;
	const struct conf_esmtpd *(*conf)(const struct conf *c); /* NULL: the local socket */
	struct listener *listeners[16];
	size_t listener_count;
	struct tls_context *tls;
	struct buf auth_words; /* mechanisms, separated by blanks */
	struct slice auth;
	bool auth_plaintext;
};

#define SERVICE_COUNT 4

struct esmtpd {
	struct proc *proc;
	struct service services[SERVICE_COUNT];
	struct list clients, txns;
	size_t client_count, client_max; /* above it connections wait in the backlog */
	size_t abandoned;                /* transactions without a client that end soon */
	uint64_t served, accepted, numbers;
	struct channel *custody; /* to courierd, when it has given us ids; else NULL */
	char id_prefix[32];      /* of custody */
	uint64_t id_counter;
	bool draining, paused, full;
};

/* One recipient as routed gave it; strings in the transaction's arena. */
struct txn_rcpt {
	struct list_node node;
	struct hmap_node seen;
	struct ipc_recipient r;
};

struct client;

/* One mail transaction. */
struct txn {
	struct esmtpd *e;
	struct client *client;   /* NULL: gone, only the file is waited for */
	struct channel *custody; /* where id and file belong; NULL when that is lost */
	struct list_node node;   /* esmtpd->txns */
	struct arena *arena;
	struct slice sender, envid;
	uint8_t ret;
	bool has_8bit;
	struct list rcpts; /* struct txn_rcpt */
	struct hmap seen;  /* the same ones, so that none gets two copies */
	struct head *head; /* of a submission, or NULL */
	size_t rcpt_count;
	struct slice only_rcpt; /* as the client wrote it, when there is one */
	char id[48];
	struct buf body; /* all of it while it is small */
	int fd;          /* of the body file, or -1 */
	uint32_t file;   /* its number at courierd, 0 = none */
	uint64_t length;
	void *digest; /* of hash_sha256 */
	unsigned char sum[DIGEST_MAX];
	struct fault trouble; /* of storing: said at COMMIT */
	bool opening;         /* body_open is under way: content waits */
	bool complete;        /* all content came: the file is the last thing missing */
	struct channel_call open_call, submit_call;
	uint32_t commit_number; /* the engine's question */
};

/* An RCPT, AUTH or MAIL question under way. */
struct asked {
	struct list_node node;
	struct channel_call call;
	struct client *client;
	uint32_t number;
	struct slice text; /* of the recipient, in the transaction's arena */
	struct slice identity;
};

/* Where the conversation stands, for ESMTP_LOG_DIALOG. */
enum dialog { DIALOG_COMMANDS, DIALOG_SECRET, DIALOG_CONTENT, DIALOG_CHUNKS };

struct client {
	struct list_node node;
	enum dialog dialog;
	struct esmtpd *e;
	struct service *service;
	struct arena *arena;
	struct smtp_server *engine;
	struct session *session;
	struct net_addr peer;
	uint64_t number;  /* never used twice */
	int64_t since_ms; /* when it came */
	char ip[NET_ADDR_TEXT];
	char helo_mta[512];  /* "dns; helo (name [ip])", built when first needed */
	char local_user[64]; /* of the local socket's peer */
	struct slice block;  /* smtpaccess BLOCK: refuse every message with this */
	bool counted;        /* tallyd knows us */
	bool tally_late;     /* let in without its answer */
	bool may_relay;      /* smtpaccess RELAYCLIENT */
	struct fault connect_fault;
	unsigned connect_open; /* questions of CONNECT not answered yet */
	uint32_t connect_number;
	struct channel_call tally_call, policy_call;
	struct timer tally_patience;
	struct list asked; /* struct asked */
	struct txn *txn;
};

/* client.c */
void client_accept(void *service, int fd, const struct net_addr *peer);
void client_answer(struct client *c, uint32_t number, const struct fault *f, const void *detail);
void clients_drain(struct esmtpd *e);
/* courier who, courier kick. */
void clients_who(struct esmtpd *e, struct buf *out);
void clients_kick(struct esmtpd *e, struct slice what, struct buf *ended);
/* Something ended: is there room for connections again, is the drain complete? */
void clients_look(struct esmtpd *e);

/* policy.c: questions about who and where */
void policy_connect(struct client *c, const struct engine_ask *a);
void policy_auth(struct client *c, const struct engine_ask *a);
void policy_mail(struct client *c, const struct engine_ask *a);
void policy_rcpt(struct client *c, const struct engine_ask *a);
void policy_leave(struct client *c);

/* txn.c: the message itself */
struct txn *txn_new(struct client *c, const struct smtp_mail *mail);
/* The client needs it no more. */
void txn_free(struct txn *t);
/* courierd is gone: what was begun there cannot be completed. */
void txns_lose_custody(struct esmtpd *e);
void txn_data(struct client *c, const struct engine_ask *a);
size_t txn_body(struct txn *t, struct slice chunk);
void txn_commit(struct client *c, const struct engine_ask *a);
/* "esmtp", "authsmtp", "local": where the message comes from, Courier's words. */
struct slice client_source(const struct client *c);
struct slice client_identity(const struct client *c);

#endif
