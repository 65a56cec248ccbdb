/*
 * authdaemond: who somebody is. Asks its back ends (programs with the authpipe protocol on standard
 * input and output), answers other processes by frames and anybody with access to run/auth/socket
 * by Courier's text protocol (docs/ACCOUNTS.md), and gives tickets (docs/HANDOFF.md).
 */
#ifndef DAEMON_AUTHDAEMOND_AUTHDAEMOND_H
#define DAEMON_AUTHDAEMOND_AUTHDAEMOND_H

#include "account/account.h"
#include "account/authproto.h"
#include "base/list.h"
#include "daemon/skel/proc.h"
#include "net/listener.h"

#define MODULES_MAX 8

struct authdaemond;
struct query;

/* Called once with the outcome; account is valid for AUTH_YES of PRE and AUTH, list for ENUMERATE.
 */
typedef void query_fn(
    struct query *q, enum auth_outcome outcome, const struct account *account, struct slice list);

/* One request on its way through the back ends. */
struct query {
	struct list_node node; /* in a module's queue, while it waits there */
	struct authdaemond *d;
	struct auth_request request;
	struct buf text; /* the request as bytes */
	struct auth_walk walk;
	uint32_t serial; /* of the list it walks */
	struct buf list; /* of ENUMERATE */
	struct arena *arena;
	struct account account;
	query_fn *done;
	void *arg;
	bool abandoned; /* nobody waits; the back end's answer is still read */
	bool *gone;     /* set when the query ends before query_start has returned */
};

/* One running program of a module. */
struct backend {
	struct module *module;
	long pid; /* 0: its end was seen */
	int fd;   /* -1: not running */
	struct watch watch;
	struct timer patience;
	struct buf in;
	struct query *now;
};

struct module {
	struct authdaemond *d;
	char name[64];
	struct backend *backends;
	size_t count;
	struct list queue;     /* struct query */
	int64_t not_before_ms; /* a program that died at once is not started again and again */
	uint64_t asked;
};

struct authdaemond {
	struct proc *proc;
	struct module modules[MODULES_MAX]; /* some may be of an earlier configuration */
	const char *names[MODULES_MAX];     /* those that are asked, in order */
	size_t name_count;
	uint32_t serial; /* of the list */
	uint64_t yes, no, trouble;
	struct list clients; /* of the text socket */
	size_t client_count;
};

/*
 * Starts a query; done is called later, or at once when there is nobody to ask: then NULL. The
 * fields of r are copied.
 */
struct query *
query_start(struct authdaemond *d, const struct auth_request *r, query_fn *done, void *arg);

/* The asker has gone: done is not called. */
void query_abandon(struct query *q);

/* A back end's outcome: the next one is asked, or the query ends. */
void query_answered(struct query *q, enum auth_outcome outcome);

/* backend.c: modules_open takes the list of the present configuration */
void modules_open(struct authdaemond *d);
void modules_reap(struct authdaemond *d);
void module_ask(struct authdaemond *d, const char *name, struct query *q);

/* text.c: the socket of Courier's protocol */
void text_accept(void *authdaemond, int fd, const struct net_addr *peer);

#endif
