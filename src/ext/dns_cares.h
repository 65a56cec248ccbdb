/*
 * The way to the name servers, and nothing else: a question goes out as the bytes it is given as,
 * by UDP, again after a while, by the next server, by TCP when the reply was cut off; what comes
 * back are the bytes of the reply (src/dns reads them). RFC 1035 section 4.2, RFC 7766.
 *
 * It has sockets but no loop: the owner is told which descriptors to watch and says when they are
 * ready. All files that name the system's servers are read by dns_link_new, so that it works behind
 * a closed door.
 */
#ifndef EXT_DNS_CARES_H
#define EXT_DNS_CARES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/fault.h"
#include "base/slice.h"

struct dns_link;

struct dns_link_opts {
	/* "127.0.0.1:53,[::1]:5353", port 53 when none is given; "" = those of the system */
	const char *servers;
	int64_t timeout_ms; /* for the first attempt; doubled for each round of servers */
	unsigned tries;     /* of each server */
	/* From now on the descriptor matters so; neither: it is about to be closed. */
	void (*watch)(void *arg, int fd, bool read, bool write);
	void *arg;
};

/* ST_OK, or ST_SYNTAX (servers), ST_IO; with f. */
enum st
dns_link_new(const struct dns_link_opts *o, struct dns_link **out, struct fault *f) ATTR_CHECKED;

/* Each question still open is answered with ST_TEMP first. NULL allowed. */
void dns_link_free(struct dns_link *l);

/*
 * Sends a question (copied). fn is called once, maybe inside this call: f->st ST_OK and the reply,
 * borrowed for the call; else ST_TEMP 4.4.3 and nothing.
 */
void dns_link_ask(struct dns_link *l, struct slice query,
    void (*fn)(void *arg, struct slice reply, const struct fault *f), void *arg);

/* A watched descriptor is ready. */
void dns_link_ready(struct dns_link *l, int fd, bool read, bool write);

/* How long until dns_link_due must be called, in ms; -1: nothing is open. */
int64_t dns_link_wait_ms(const struct dns_link *l);
void dns_link_due(struct dns_link *l);

#endif
