/*
 * The authdaemon protocol as text in and out, without sockets: what clients ask over
 * authdaemonvar/socket, and what authdaemond asks its back ends over their standard input.
 * docs/ACCOUNTS.md section 2.
 */
#ifndef ACCOUNT_AUTHPROTO_H
#define ACCOUNT_AUTHPROTO_H

#include "account/account.h"

/* Most bytes of a request. */
#define AUTH_REQUEST_MAX 8192

enum auth_kind { AUTH_PRE, AUTH_LOGIN, AUTH_PASSWD, AUTH_ENUMERATE };

struct auth_request {
	enum auth_kind kind;
	struct slice module;  /* PRE: "." = all, or one back end ("authuserdb") */
	struct slice service; /* "imap" "pop3" "esmtp" "courier" "webmail" ... */
	struct slice
	    type; /* AUTH: "login", "cram-md5" ...; other than login: secret is the whole data */
	struct slice user;       /* PRE, AUTH login, PASSWD */
	struct slice secret;     /* the password (PASSWD: the old one) */
	struct slice new_secret; /* PASSWD */
	struct slice remote_ip;  /* TCPREMOTEIP of the metadata lines, or empty */
};

/*
 * Reads one request from the start of in; slices point into in. Pure: the same bytes give the same
 * answer however they arrived. ST_OK with *used bytes taken; ST_AGAIN; ST_SYNTAX; ST_LIMIT.
 */
enum st auth_request_parse(
    struct slice in, struct auth_request *out, size_t *used, struct fault *f) ATTR_CHECKED;

/* Appends the request; metadata lines only when remote_ip is set. The fields must have no LF (nor
 * TAB in PASSWD). */
void auth_request_put(const struct auth_request *r, struct buf *out);

/* Can the fields be carried by auth_request_put? */
bool auth_request_is_clean(const struct auth_request *r);

enum auth_outcome {
	AUTH_YES,    /* a record (PRE, AUTH), or OK (PASSWD) */
	AUTH_NO,     /* FAIL: no such account, or a wrong password */
	AUTH_TROUBLE /* no answer: try later */
};

/*
 * Reads the answer to a request of this kind (not ENUMERATE). ST_OK with *outcome (AUTH_YES or
 * AUTH_NO; acc is filled for AUTH_YES of PRE and AUTH); ST_AGAIN; ST_SYNTAX; ST_LIMIT.
 */
enum st auth_answer_parse(enum auth_kind kind, struct slice in, struct arena *a,
    enum auth_outcome *outcome, struct account *acc, size_t *used, struct fault *f) ATTR_CHECKED;

/* Appends the answer; AUTH_TROUBLE appends nothing (the connection is closed instead). acc may be
 * NULL for PASSWD and AUTH_NO. */
void auth_answer_put(
    enum auth_kind kind, enum auth_outcome outcome, const struct account *acc, struct buf *out);

/* --- ENUMERATE ------------------------------------------------------------- */

enum auth_list_kind { AUTH_LIST_MODULE, AUTH_LIST_ACCOUNT, AUTH_LIST_END };

struct auth_list_item {
	enum auth_list_kind kind;
	struct slice module;    /* AUTH_LIST_MODULE */
	struct account account; /* AUTH_LIST_ACCOUNT: address, uid, gid, home, maildir, options */
};

/* The next item of an ENUMERATE answer; slices point into in. ST_OK, ST_AGAIN, ST_SYNTAX, ST_LIMIT.
 */
enum st auth_list_parse(
    struct slice in, struct auth_list_item *out, size_t *used, struct fault *f) ATTR_CHECKED;
void auth_list_put(const struct auth_list_item *item, struct buf *out);

/* --- which back end is asked next ------------------------------------------ */

/* A request on its way through the back ends, in the order of authmodulelist. Zero it, then
 * auth_walk_start. */
struct auth_walk {
	size_t count, at;
	enum auth_kind kind;
	enum auth_outcome outcome; /* valid when done */
	bool done;
};

/* names: the back ends there are. ST_OK: ask back end number w->at; ST_NOENT: w->done already (no
 * such back end). */
enum st auth_walk_start(
    struct auth_walk *w, const struct auth_request *r, const char *const *names, size_t count);

/*
 * The back end at w->at said outcome. Then either w->done with w->outcome, or w->at is the next
 * one. YES ends PRE, AUTH and PASSWD; TROUBLE ends everything (the account may be in the one that
 * is down); ENUMERATE asks all.
 */
void auth_walk_answer(struct auth_walk *w, enum auth_outcome outcome);

#endif
