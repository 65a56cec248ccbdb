/*
 * The way to the name servers (src/ext/dns_cares.h) in the loop of a process. Questions and replies
 * are bytes; src/dns makes and reads them.
 */
#ifndef NET_DNS_LOOP_H
#define NET_DNS_LOOP_H

#include "base/attr.h"
#include "base/fault.h"
#include "base/slice.h"
#include "net/loop.h"

struct dns_loop;

/*
 * servers as in struct dns_link_opts; before the door shuts. ST_OK, or ST_SYNTAX, ST_IO with f.
 */
enum st dns_loop_new(struct loop *l, const char *servers, struct dns_loop **out,
    struct fault *f) ATTR_CHECKED;
void dns_loop_free(struct dns_loop *d);

/* A question under way, embedded in the caller's struct; zero-initialise. */
struct dns_call {
	void *under_way; /* private; NULL when it is not */
	/* f->st ST_OK and the reply (borrowed), or ST_TEMP. Never called inside dns_loop_ask. */
	void (*fn)(struct dns_call *call, struct slice reply, const struct fault *f);
	void *arg;
};

/* Asks; call->fn is called once, unless dns_loop_cancel comes first. */
void dns_loop_ask(struct dns_loop *d, struct dns_call *call, struct slice query);

/* The caller no longer wants the reply. Safe twice. */
void dns_loop_cancel(struct dns_call *call);

#endif
