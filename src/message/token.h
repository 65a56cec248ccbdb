/*
 * The lexical tokens of RFC 5322 section 3.2, taken off the front of a slice. Tolerant: octets
 * above 127 count as text (RFC 6532), line ends and other controls as white space (section 4).
 */
#ifndef MESSAGE_TOKEN_H
#define MESSAGE_TOKEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * Comments deeper than this are read as one level (they need no memory; the limit is for the eye).
 */
#define TOKEN_COMMENT_DEPTH_MAX 64

/* May c stand in an atom (RFC 5322 3.2.3, RFC 6532 3.2)? In a token of MIME (RFC 2045 5.1)? */
bool token_is_atext(unsigned char c);
bool token_is_mime(unsigned char c);

/* Is all of s atoms with single dots between them (RFC 5322 3.2.3)? */
bool token_is_dot_atom(struct slice s);

/*
 * Skips white space and comments at the front of *s; true when there was any. comment, when not
 * NULL, gets the text of the last comment, without its outer brackets and quoting.
 */
bool token_skip(struct slice *s, struct buf *comment);

/* The longest run of atext; empty when there is none. */
struct slice token_atom(struct slice *s);

/* The longest run of characters of a MIME token. */
struct slice token_word(struct slice *s);

/*
 * A quoted string: its value is appended to out, line folding taken out. False (nothing taken) when
 * *s does not begin with a quote; without a closing quote everything is taken and *open set.
 */
bool token_quoted(struct slice *s, struct buf *out, bool *open);

/* A domain literal with its brackets, blanks and folding taken out; false when there is none. */
bool token_literal(struct slice *s, struct buf *out);

/* Appends text as a quoted string. CR, LF and NUL become blanks. */
void token_put_quoted(struct buf *out, struct slice text);

#endif
