/*
 * The inside of courieresmtp: mail to other hosts. docs/OUTBOUND.md.
 *
 *     courierd --deliver--> job.c: a message for some recipients of one domain
 *         route.c   which hosts, which addresses: esmtproutes, MX, A and AAAA
 *         conn.c    connections: made, used by one job after another, kept a while
 *         body.c    the content on its way, and whether it is the right one
 *         login.c   our logins elsewhere
 *         memory.c  what is remembered about addresses: dead ones, broken TLS
 *
 * The protocol is src/smtp/client.h, the driver src/net/session.c.
 */
#ifndef DAEMON_COURIERESMTP_ESMTP_H
#define DAEMON_COURIERESMTP_ESMTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hmap.h"
#include "base/list.h"
#include "conf/route_line.h"
#include "daemon/courieresmtp/body.h"
#include "daemon/skel/proc.h"
#include "dns/dns.h"
#include "ext/tls.h"
#include "net/dns_loop.h"
#include "net/listener.h"
#include "net/session.h"
#include "route/mx.h"
#include "smtp/client.h"

#define ESMTP_TRIES_MAX 20 /* addresses of one job */
#define ESMTP_KEY_MAX 600

struct esmtp {
	struct proc *proc;
	struct loop *loop;
	struct dns_loop *dns;
	struct tls_context *tls, *tls_verify; /* verify: NULL without TLS_TRUSTCERTS */
	struct channel *courierd;
	struct buf logins; /* the file esmtpauthclient */
	struct list jobs, conns;
	struct hmap hosts; /* memory.c */
	struct list hosts_old;
	size_t host_count;
	bool draining;
	struct {
		uint64_t sent, failed, deferred, connections, reused;
	} counts;
};

/* ---- route.c ---- */
struct search;

/* A place to try. */
struct target {
	char host[DNS_NAME_MAX + 1]; /* its name; the address in brackets for a literal */
	struct net_addr addr;
	bool is_static; /* esmtproutes says so: it may be ourselves */
};

/*
 * Looks for the places that take mail of a domain ("[1.2.3.4]" too), one after the other as they
 * are wanted. found is called once for each search_next, never inside it: f->st ST_OK and a target;
 * else there is no (further) one, and why.
 */
struct search *search_new(struct esmtp *e, struct slice domain,
    void (*found)(void *arg, const struct target *t, const struct fault *f), void *arg);
void search_next(struct search *s);
void search_free(struct search *s);

/* The way that applies to it. */
const struct conf_route *search_route(const struct search *s);

/* ---- memory.c: by address and port ---- */

/* Has this address been out of reach less than esmtpdelay ago? */
bool memory_is_dead(struct esmtp *e, const struct net_addr *a);
void memory_dead(struct esmtp *e, const struct net_addr *a, bool dead);

/* Has STARTTLS failed there less than two hours ago? */
bool memory_tls_is_broken(struct esmtp *e, const struct net_addr *a);
void memory_tls_broken(struct esmtp *e, const struct net_addr *a);

/* Every address may be tried now. */
void memory_afresh(struct esmtp *e);

/* ---- login.c: esmtpauthclient(5) ---- */
/* Reads the file master opened, when there is one. */
void login_load(struct esmtp *e);
/* Our login at a place; false: none. relay: of esmtproutes with its port, or empty. */
bool login_find(
    const struct esmtp *e, struct slice relay, struct slice host, struct smtp_client_opts *o);

/* ---- job.c ---- */
struct conn;
struct job {
	struct list_node node; /* esmtp->jobs */
	struct esmtp *e;
	struct channel *c;
	uint32_t sequence;
	uint64_t number;
	struct arena *arena;
	struct slice domain;
	struct smtp_client_message message;
	uint32_t *numbers; /* of the recipients */
	struct body body;
	struct search *search;
	struct conn *conn; /* that tries it now */
	char key[ESMTP_KEY_MAX];
	char peer[300];
	struct fault last; /* why the last place was no good */
	unsigned tries;
	struct timer overall;
	bool too_late;
};

extern const struct channel_handler job_handlers[];

/* This place is no good; the next one. */
void job_next(struct job *j, const struct fault *why);

/* The connection was an old one and of no use any more. */
void job_again(struct job *j);

/* It is over. */
void job_results(struct job *j, const struct smtp_client_result *r);
void job_end(struct job *j, const struct fault *f);

/* ---- conn.c ---- */
struct conn {
	struct list_node node; /* esmtp->conns */
	struct esmtp *e;
	struct job *job; /* or NULL: idle, or about to end */
	char key[ESMTP_KEY_MAX];
	struct target target;
	struct conf_route route;
	char relay[DNS_NAME_MAX + 10];
	struct arena *arena;
	struct smtp_client *client;
	struct session *session; /* NULL while connecting */
	int fd;
	struct watch watch;
	struct timer timer;
	uint32_t next; /* the open question NEXT, or 0 */
	enum smtp_client_tls tls;
	bool has_served;
};

/* Tries a place for a job. What becomes of it: job_next, job_again, job_results, job_end. */
void conn_open(struct job *j, const struct target *t);

/* Gives a job to an idle connection of the same way; false: there is none. */
bool conn_reuse(struct job *j);

/* The job wants it no more. */
void conn_abort(struct conn *c);

/* All idle ones end; when nothing is left the process ends. */
void conns_drain(struct esmtp *e);
void conns_look(struct esmtp *e);

#endif
