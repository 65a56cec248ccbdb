/*
 * Replies of an SMTP server: RFC 5321 section 4.2, enhanced status codes RFC 2034 and RFC 3463.
 *
 * A refusal is a struct fault; its reply code follows from its RFC 3463 code by one table, so that
 * the reply, the delivery report and the log line say the same.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"

/* What is being answered: some codes depend on it. Bits, so that a row can name several. */
enum reply_to {
	REPLY_TO_CONNECT = 1 << 0,
	REPLY_TO_HELO = 1 << 1,
	REPLY_TO_AUTH = 1 << 2,
	REPLY_TO_MAIL = 1 << 3,
	REPLY_TO_RCPT = 1 << 4,
	REPLY_TO_DATA = 1 << 5,
	REPLY_TO_COMMIT = 1 << 6,
};
#define REPLY_TO_ANY 0x7fu

/*
 * One reply line "code esc text CRLF". esc is NULL where RFC 2034 section 4 wants none (greeting,
 * EHLO, HELO, 3xx). The text is cut so that the line has at most 512 octets.
 */
void
reply_put(struct buf *out, unsigned code, const char *esc, const char *fmt, ...) ATTR_PRINTF(4, 5);

/* The reply code for a refusal in answer to `to`: always of the fault's class, 4 or 5. */
unsigned reply_code(const struct fault *f, enum reply_to to);

/*
 * The reply for a refusal. with_esc is false where no enhanced code is wanted. A fault without an
 * RFC 3463 code gets x.0.0, without words a phrase that fits. Returns the reply code.
 */
unsigned reply_fault(struct buf *out, const struct fault *f, enum reply_to to, bool with_esc);

#endif
