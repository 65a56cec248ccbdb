/*
 * Encoded words in header fields, RFC 2047 (and the language suffix of RFC 2231 section 5).
 */
#ifndef MESSAGE_ENCWORD_H
#define MESSAGE_ENCWORD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "message/charset.h"

#define ENCWORD_MAX 75 /* characters of one encoded word, R2047-2-b */

/*
 * Appends the text of an unstructured value, phrase or comment as UTF-8: encoded words decoded,
 * white space between adjacent ones dropped, everything else as it is. Words that are malformed or
 * in an unknown charset are left as written; octets that are no UTF-8 become U+FFFD.
 */
void encword_decode(struct buf *out, struct slice value, const struct charset_ops *cs);

/*
 * Appends UTF-8 text for a field: as it is when it is ASCII that needs nothing, else in encoded
 * words (Q or B, whichever is shorter), separated by CRLF SP where a line would pass column 76.
 * column is where the line stands now. The words may stand in phrases too (R2047-5-d).
 */
void encword_encode(struct buf *out, struct slice text, size_t column);

#endif
