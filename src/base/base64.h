/*
 * Base64, RFC 4648 section 4, for SASL lines (one line, strict) and MIME bodies (lines of 76,
 * RFC 2045 section 6.8, tolerant).
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* Appends the encoding on one line, padded. */
void base64_put(struct buf *out, struct slice in);

/* Strict: alphabet only, right padding, zero spare bits. False: *out may hold a part. */
bool base64_get(struct slice in, struct buf *out);

/* Encoder of MIME bodies in steps: lines of 76 ended by CRLF. Zero-initialise. */
struct base64_enc {
	unsigned char held[3];
	unsigned held_n, column;
};
void base64_enc_feed(struct base64_enc *e, struct slice in, struct buf *out);
void base64_enc_end(struct base64_enc *e, struct buf *out);

/*
 * Decoder of MIME bodies in steps: bytes outside the alphabet are skipped, padding ends a group.
 * Zero-initialise.
 */
struct base64_dec {
	uint32_t bits;
	unsigned n;
	bool garbage; /* something was skipped that was not a line end */
};
void base64_dec_feed(struct base64_dec *d, struct slice in, struct buf *out);

#endif
