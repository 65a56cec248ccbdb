/*
 * UTF-8, RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * Takes the first character off s; returns its bytes (1-4) and the code point, or 0 when s is empty
 * or malformed there.
 */
size_t utf8_next(struct slice s, uint32_t *code_point);

/* Is all of s well-formed? */
bool utf8_valid(struct slice s);

/* Any byte above 0x7f? */
bool utf8_has_8bit(struct slice s);

/* Appends a code point; an invalid one is appended as U+FFFD. */
void utf8_put(struct buf *out, uint32_t code_point);

/* The character without regard to case: what is the same in either case folds to the same one. */
uint32_t utf8_fold(uint32_t code_point);

/*
 * Appends text with each character folded; what is malformed becomes U+FFFD. Returns how much was
 * used: unless it is the last piece, a character cut off at the end is left.
 */
size_t utf8_put_folded(struct buf *out, struct slice text, bool last);

#endif
