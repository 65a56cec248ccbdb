/*
 * Replies of a POP3 server: RFC 1939 section 3, response codes RFC 2449 section 8 and RFC 3206.
 *
 * A refusal is a struct fault; its response code follows from it by one table, so that the reply
 * and the log line say the same.
 */
#ifndef POP3_REPLY_H
#define POP3_REPLY_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"

#define POP3_LINE_MAX 512 /* of a reply's first line, CRLF included: RFC 2449 section 4 */

/*
 * "+OK text CRLF", cut so that the line has at most 512 octets. A text never begins with "[": that
 * would be a response code.
 */
void pop3_ok(struct buf *out, const char *fmt, ...) ATTR_PRINTF(2, 3);

/* "-ERR text CRLF"; with a code "-ERR [code] text CRLF". code is NULL or a static word. */
void pop3_err(struct buf *out, const char *code, const char *fmt, ...) ATTR_PRINTF(3, 4);

/*
 * The response code for a refusal, or NULL when none says more than the text:
 *     ST_AGAIN "IN-USE" (the maildrop is locked)      ST_DENIED with x.7.x "AUTH"
 *     temporary faults "SYS/TEMP"      ST_PERM, ST_BUG, ST_IO of class 5 "SYS/PERM"
 */
const char *pop3_code(const struct fault *f);

/* The reply for a refusal: its code, and its words or `otherwise` when it has none. */
void pop3_fault(struct buf *out, const struct fault *f, const char *otherwise);

#endif
