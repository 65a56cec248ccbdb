/*
 * Reading a delivery status notification: RFC 3464, RFC 6522. Strict about what RFC 3464 demands of
 * a report, so that our own are proved by it; what is beyond that (unknown fields) is passed over.
 */
#ifndef DSN_PARSE_H
#define DSN_PARSE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "dsn/dsn.h"

/* Most recipients that are read. */
#define DSN_PARSE_RCPTS_MAX 5000

/* "type; value" of a field; both empty when the field was not there. */
struct dsn_typed {
	struct slice type; /* lower case */
	struct slice value;
};

struct dsn_parsed_rcpt {
	struct dsn_typed original, final, remote_mta, diagnostic;
	enum dsn_action action;
	uint8_t esc[3];
	int64_t last_attempt_sec, retry_until_sec; /* 0: the field was not there */
};

/* Slices in the arena, or in the message. */
struct dsn_parsed {
	struct dsn_typed reporting_mta, from_mta;
	bool has_envid;
	struct slice envid;
	int64_t arrived_sec; /* 0: the field was not there */
	struct dsn_parsed_rcpt *rcpts;
	size_t rcpt_count;
	struct slice human;    /* body of the first part, as encoded there */
	struct slice status;   /* body of the second */
	struct slice returned; /* body of the third; p == NULL: there is none */
	bool returned_message; /* it is a whole message; else a header */
};

/*
 * Reads a message.
 *   ST_OK
 *   ST_NOENT   it is no multipart/report of type delivery-status
 *   ST_SYNTAX  it is one, and breaks a rule: f says which
 *   ST_LIMIT   the arena, or too many recipients
 */
enum st dsn_parse(
    struct arena *a, struct slice message, struct dsn_parsed *out, struct fault *f) ATTR_CHECKED;

/* Reads the body of a message/delivery-status part. As dsn_parse; only its fields of *out are set.
 */
enum st dsn_parse_status(
    struct arena *a, struct slice body, struct dsn_parsed *out, struct fault *f) ATTR_CHECKED;

#endif
