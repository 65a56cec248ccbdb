/*
 * The inside of src/dsn: pieces that write.c puts together.
 */
#ifndef DSN_DSN_INT_H
#define DSN_DSN_INT_H

#include "dsn/dsn.h"

/* No line of a report is longer: RFC 5322 section 2.1.1, with room for a field's name. */
#define DSN_VALUE_MAX 900

/* Appends the part for people, with its own header fields and an empty line before it. */
void dsn_human_put(struct buf *out, const struct dsn_report *r);

/* Appends the fields of message/delivery-status: R3464-2.1-b. */
void dsn_status_put(struct buf *out, const struct dsn_report *r);

/* Appends s as one line of printable ASCII: line ends and tabs become blanks, other octets '?'. */
void dsn_put_ascii(struct buf *out, struct slice s);

/* The address a recipient is reported by: as it was accepted, else as it was delivered to. */
struct slice dsn_final(const struct dsn_rcpt *rcpt);

/* Behind the type of "dns; name". */
struct slice dsn_untyped(struct slice s);

/* Does s need no encoding to be text of short ASCII lines (LF or CRLF)? */
bool dsn_is_plain(struct slice s);

#endif
