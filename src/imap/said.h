/*
 * Values as this server says them, read back: parts of the cache, and what is derived from them.
 * RFC 3501 sections 4 and 9. For the files of src/imap only.
 */
#ifndef IMAP_SAID_H
#define IMAP_SAID_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Takes c off the front; false when it is not there. */
bool imap_said_char(struct slice *s, unsigned char c);

/* Takes one value, which may be a list, off the front; false when there is none. */
bool imap_said_value(struct slice *s, struct slice *value);

/* Appends what a string stands for; false when value is no string (NIL is none). */
bool imap_said_string(struct slice value, struct buf *out);

#endif
