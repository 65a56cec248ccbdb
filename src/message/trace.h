/*
 * Trace fields: what a server writes in front of a message it takes or delivers. RFC 5321 section
 * 4.4; RFC 3848 (with-keywords); RFC 5322 section 3.6.7; Delivered-To as qmail and Courier write
 * it.
 */
#ifndef MESSAGE_TRACE_H
#define MESSAGE_TRACE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct trace_received {
	struct slice helo;        /* what the client called itself; empty: unknown */
	struct slice client_name; /* reverse name, or empty */
	struct slice client_ip;   /* "192.0.2.1", "2001:db8::1"; empty for a local user */
	struct slice auth;        /* login or local user, or empty */
	struct slice by;          /* our name */
	const char *with;         /* "ESMTPSA" ... */
	struct slice tls;         /* "TLSv1.3 TLS_AES_256_GCM_SHA384 256", or empty */
	struct slice cipher;      /* registered name of the cipher suite, or empty */
	struct slice id;          /* queue id */
	struct slice for_one;     /* the recipient when there is only one, else empty */
	int64_t seconds;
	int offset_minutes;
};

/*
 * Appends a Received field with CRLF line ends. Words of the peer are made safe: what is not
 * printable ASCII becomes '?'.
 */
void trace_put_received(struct buf *out, const struct trace_received *r);

/* Appends "Return-Path: <sender>" with eol behind it; an empty sender gives <>. */
void trace_put_return_path(struct buf *out, struct slice sender, const char *eol);

/* Appends "Delivered-To: address" with eol behind it. */
void trace_put_delivered_to(struct buf *out, struct slice address, const char *eol);

/*
 * Appends "Original-Recipient: type; address" with eol behind it: RFC 8098 section 2.3.
 *   original  "type;address" as ORCPT gave it, decoded; with an empty type nobody gave one, and
 *             nothing is appended. What is not printable ASCII becomes '?'.
 */
void trace_put_original_recipient(struct buf *out, struct slice original, const char *eol);

#endif
