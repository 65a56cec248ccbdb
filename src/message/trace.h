/*
 * Trace fields: Received and Return-Path of RFC 5321 section 4.4, Delivered-To. All are written with
 * CRLF and folded below column 78 where the grammar lets them; whatever comes from the peer is
 * cleaned so that it cannot end a line or a comment.
 */
#ifndef MESSAGE_TRACE_H
#define MESSAGE_TRACE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* What a Received field says. Empty slices are left out. */
struct trace_received {
	struct slice helo;        /* the name the client gave; empty: unknown */
	struct slice client_name; /* its host name by DNS */
	struct slice client_ip;   /* "192.0.2.1" or "2001:db8::1" */
	struct slice auth;        /* login name; written as (AUTH: ...) */
	struct slice tls_version, tls_cipher;
	unsigned tls_bits;
	struct slice by;      /* our name */
	const char *with;     /* "ESMTPSA"; NULL: local submission, with is "local" and uid is told */
	uint32_t uid;         /* of the local submitter, with with == NULL */
	struct slice id;      /* queue id */
	struct slice for_rcpt; /* the one recipient; empty for several, R5321-4.4-e */
	int64_t at_sec;       /* seconds since 1970 */
	int offset_minutes;   /* local minus UTC */
};

/* Appends "Received: from ... by ... with ... id ...; date" CRLF. */
void trace_put_received(struct buf *out, const struct trace_received *r);

/* Appends "Return-Path: <sender>" CRLF; sender is a mailbox, empty for the null path. */
void trace_put_return_path(struct buf *out, struct slice sender);

/* Appends "Delivered-To: mailbox" CRLF. */
void trace_put_delivered_to(struct buf *out, struct slice mailbox);

#endif
