/*
 * Content on its way to an SMTP server: a line that begins with a dot gets one more, and the last
 * line ends in CRLF. RFC 5321 section 4.5.2. The content has CRLF line ends already.
 */
#ifndef SMTP_STUFF_H
#define SMTP_STUFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* Zero-initialise: before the first octet. */
struct smtp_stuff {
	bool in_line; /* the last octet was no LF */
};

/* Appends in with its dots doubled; at most twice as many octets. */
void smtp_stuff_put(struct smtp_stuff *s, struct slice in, struct buf *out);

/* Appends the CRLF a last line without one needs, or nothing. */
void smtp_stuff_end(const struct smtp_stuff *s, struct buf *out);

/* As the two above, counting: the octets that leave for in, and at the end. */
uint64_t smtp_stuff_count(struct smtp_stuff *s, struct slice in);
uint64_t smtp_stuff_end_count(const struct smtp_stuff *s);

#endif
