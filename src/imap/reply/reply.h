/*
 * What the server says, written straight into a buffer: RFC 3501 section 7.
 */
#ifndef IMAP_REPLY_H
#define IMAP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"
#include "imap/ask.h"

/*
 * The response code of a fault (imap/ask.h), static; NULL: none fits. trycreate: ST_NOENT is
 * about the mailbox that APPEND or COPY wants to write to.
 */
const char *imap_fault_code(const struct fault *f, bool trycreate);

/* Words for people: 7-bit, one line, never empty, never a "[" first. */
void imap_put_words(struct buf *out, struct slice words);

/* A decimal number, with bytes before and behind it. */
void imap_put_number(struct buf *out, struct slice before, uint64_t n, struct slice behind);

/* A string: quoted where it can be, else a literal. */
void imap_put_string(struct buf *out, struct slice s);

/* As imap_put_string; s.p == NULL: NIL. */
void imap_put_nstring(struct buf *out, struct slice s);

/* A date-time of seconds since 1970, in UTC, with its quotes. */
void imap_put_date(struct buf *out, int64_t seconds);

/* The name of a mailbox, UTF-8, as an astring in modified UTF-7 (section 5.1.3). */
void imap_put_mailbox(struct buf *out, struct slice utf8);

/* "* ID (...)": who we are; version may be empty. */
void imap_put_id(struct buf *out, struct slice version);

/* "(\Seen $Forwarded)": flags, and names of the bits in keywords. */
void imap_put_flags(struct buf *out, unsigned flags, uint64_t keywords,
    const struct imap_keywords *names);

/* "* FLAGS (...)" and "* OK [PERMANENTFLAGS (...)] ...". */
void imap_put_flag_lists(struct buf *out, const struct imap_keywords *names, bool read_only);

/* "* 4 FETCH (UID 9 FLAGS (\Seen))", UID with with_uid. */
void imap_put_fetch_flags(struct buf *out, const struct imap_flags *f,
    const struct imap_keywords *names, bool with_uid);

#endif
