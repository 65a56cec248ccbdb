/*
 * Modified UTF-7, the form of mailbox names on the wire: RFC 3501 section 5.1.3.
 */
#ifndef BASE_MUTF7_H
#define BASE_MUTF7_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * Appends in as UTF-8. False, and nothing useful appended, when it is not the one right form:
 * 8-bit or control characters, printable ASCII encoded, superfluous shifts, surrogates apart, bits
 * left over.
 */
bool mutf7_decode(struct slice in, struct buf *out);

/* Appends UTF-8 text as modified UTF-7; what is not UTF-8 becomes U+FFFD. */
void mutf7_encode(struct slice in, struct buf *out);

#endif
