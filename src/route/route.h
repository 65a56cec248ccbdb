/*
 * Where an address goes (docs/ROUTING.md). Decisions are pure: tables are looked up here, accounts
 * are a question to the caller, so that the same code serves routed, aliaslookup and the tests.
 */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dict.h"
#include "base/fault.h"
#include "conf/conf.h"

/* Most recipients one address may become, most parent domains a wildcard is looked for in, most
 * separators in an account's name. */
#define ROUTE_RECIPIENTS_MAX 5000
#define ROUTE_PARENTS_MAX 8
#define ROUTE_SEPARATORS_MAX 3
#define ROUTE_ADDRESS_MAX 1024
#define ROUTE_ACCOUNT_MAX 320
#define ROUTE_EXTENSION_MAX 255

/* RFC 3461 NOTIFY, as in the IPC record. */
enum {
	ROUTE_NOTIFY_SUCCESS = 1,
	ROUTE_NOTIFY_FAILURE = 2,
	ROUTE_NOTIFY_DELAY = 4,
	ROUTE_NOTIFY_NEVER = 8
};

/* --- the tables ------------------------------------------------------------ */

struct route_map;

/*
 * The tables of one configuration: the domain lists of conf, and the compiled ones, each of which
 * may be NULL (there is none). conf must outlive the map; the dicts stay the caller's, and may be
 * exchanged.
 */
struct route_map *route_map_new(const struct conf *conf);
void route_map_free(struct route_map *m);
void route_map_set_aliases(struct route_map *m, struct dict *aliases);
void route_map_set_hosted(struct route_map *m, struct dict *hosteddomains);
void route_map_set_accepted(struct route_map *m, struct dict *esmtpacceptmailfor);

enum route_domain {
	ROUTE_LOCAL,    /* accounts without a domain */
	ROUTE_HOSTED,   /* accounts with the domain */
	ROUTE_ACCEPTED, /* elsewhere, but we take mail for it */
	ROUTE_FOREIGN,  /* elsewhere */
};

/*
 * What a domain (any case) is to us. For ROUTE_HOSTED *as is the domain to look accounts up in
 * (usually the same; in a). ST_OK, or ST_TEMP, ST_IO of a table with f.
 */
enum st route_domain_kind(struct route_map *m, struct slice domain, struct arena *a,
    enum route_domain *kind, struct slice *as, struct fault *f) ATTR_CHECKED;

/* --- one address ----------------------------------------------------------- */

struct route_request {
	struct slice source;   /* "esmtp", "local", "dsn" */
	bool may_relay;        /* logged in, RELAYCLIENT, or our own user */
	struct slice address;  /* as in RCPT TO, without <>; RFC 5321 syntax was checked; the local
				  part may be quoted */
	struct slice original; /* ORCPT "rfc822;..." or empty: then ";address" */
	uint8_t notify;
};

struct route_recipient {
	struct slice address;   /* what the module delivers to */
	struct slice module;    /* "local", "esmtp" */
	struct slice host;      /* esmtp: the domain */
	struct slice account;   /* local: the mailbox, by the name authdaemond gave */
	struct slice extension; /* local: what stood behind the separator */
	struct slice original;
	uint8_t notify;
};

struct route_job;

enum route_state {
	ROUTE_ASKS, /* is there an account of this name? */
	ROUTE_DONE,
};

/* Begins; map and request must live until route_job_free. */
struct route_job *route_job_new(struct route_map *m, const struct route_request *r);
void route_job_free(struct route_job *j);

/* Goes on as far as possible. With ROUTE_ASKS *account is the name to look up (borrowed until the
 * next call). */
enum route_state route_job_run(struct route_job *j, struct slice *account);

/* The answer to ROUTE_ASKS: ST_OK with the account's own address; ST_NOENT; anything else is
 * trouble, with f. */
void route_job_answer(struct route_job *j, enum st st, struct slice account, const struct fault *f);

/*
 * After ROUTE_DONE: ST_OK with at least one recipient, or the fault: 550 5.1.1 no such user,
 * 550 5.7.1 relaying denied, 550 5.1.3 a local part that cannot be ours, 450 4.3.0 tables or
 * accounts cannot be asked, 452 4.5.3 too many recipients. *missing counts members of an alias that
 * do not exist and were left out.
 */
enum st route_job_result(const struct route_job *j, const struct route_recipient **list,
    size_t *count, size_t *missing, struct fault *f);

/* --- senders --------------------------------------------------------------- */

/* badfrom of bofh: ST_OK, or ST_DENIED with 5.7.1. The empty sender is never refused. */
enum st route_sender(const struct conf *conf, struct slice sender, struct fault *f);

#endif
