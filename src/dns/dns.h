/*
 * DNS messages: a question as bytes, and the strict reading of a reply. No resolver: who asks sends
 * the bytes himself (src/ext/dns_cares.h) and gives back what came.
 *
 * RFC 1035 section 4 (messages), 3.2-3.4 (records), 2.3.4 (limits); RFC 2181 (sections 8, 10);
 * RFC 3596 (AAAA); RFC 4035 section 3.2.3 (AD); RFC 6698 section 2.1 (TLSA); RFC 6891 (EDNS0);
 * RFC 7505 (null MX).
 *
 * Names are text: labels with dots between them, no dot at the end; "." is the root. A byte that
 * would not be clear in that (a dot in a label, a blank, a control, 8 bits, a backslash) is \DDD.
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/ip.h"
#include "base/slice.h"

#define DNS_NAME_MAX 255     /* octets of a name on the wire, RFC 1035 2.3.4 */
#define DNS_LABEL_MAX 63     /* octets of a label */
#define DNS_QUERY_MAX 300    /* octets of a question */
#define DNS_REPLY_MAX 65535  /* octets of a reply (by TCP) */
#define DNS_UDP_BYTES 1232   /* what we say we take by UDP: no fragments anywhere */
#define DNS_CHAIN_MAX 8      /* CNAMEs behind one another */
#define DNS_RECORDS_MAX 1000 /* records of the answer section that are looked at */

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_OPT = 41,
	DNS_TLSA = 52,
};

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
};

/* One record of an answer; which member counts is said by type. */
struct dns_record {
	struct slice owner;
	uint16_t type; /* enum dns_type, or another: then nothing but ttl is known */
	uint32_t ttl_sec;
	struct ip ip;            /* A, AAAA */
	struct slice name;       /* CNAME, PTR, NS; MX: the host */
	uint16_t preference;     /* MX */
	struct slice text;       /* TXT: its strings behind one another; TLSA: the data */
	uint8_t usage, selector, matching; /* TLSA */
};

struct dns_reply {
	uint16_t id;
	uint16_t rcode; /* with the upper bits of EDNS0 */
	bool is_authoritative, is_truncated, is_authentic; /* AA, TC, AD */
	struct slice name; /* of the question */
	uint16_t type;
	struct dns_record *answers;
	size_t answer_count;
};

/*
 * Appends a question: recursion wanted, EDNS0 with DO (so that the AD bit says something).
 *   id     chosen at random by the caller
 *   name   as above, without escapes; a dot at its end is allowed
 *   errors ST_SYNTAX 5.1.2 (a label of no or more than 63 octets, more than 255 in all)
 */
enum st dns_query_put(struct buf *out, uint16_t id, struct slice name, enum dns_type type,
    struct fault *f) ATTR_CHECKED;

/* Appends the name under which the PTR records of ip stand (RFC 1035 3.5, RFC 3596 2.5). */
void dns_ptr_name(const struct ip *ip, struct buf *out);

/*
 * Reads a whole reply. Everything in *r lies in a.
 *   errors  ST_SYNTAX (it is none, a count or length does not fit, a pointer does not lead
 *           backwards), ST_LIMIT (more than we look at); class 4.4.3
 */
enum st
dns_reply_get(struct arena *a, struct slice in, struct dns_reply *r, struct fault *f) ATTR_CHECKED;

/* Is it the reply to this question? */
bool dns_reply_fits(const struct dns_reply *r, uint16_t id, struct slice name, enum dns_type type);

/*
 * What the reply says about its own question, CNAMEs followed (RFC 1034 section 3.6.2).
 *   *name   the name at the end of the chain (borrowed)
 *   result  ST_OK: there are records, dns_reply_next gives them | ST_NOENT: there are none of this
 *           type (5.4.4 is not decided here) | ST_PERM: no such name, 5.1.2 | ST_SYNTAX: a chain
 *           that is too long or goes round, 5.4.6 | ST_TEMP: the server could not say, 4.4.3
 */
enum st dns_reply_result(const struct dns_reply *r, struct slice *name, struct fault *f)
    ATTR_CHECKED;

/* The next record of the question's type at name; *at begins as 0. NULL: that was all. */
const struct dns_record *
dns_reply_next(const struct dns_reply *r, struct slice name, size_t *at);

/* Do two names stand for the same? Case of ASCII letters and a dot at the end do not matter. */
bool dns_name_same(struct slice a, struct slice b);

#endif
