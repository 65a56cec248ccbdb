/*
 * Quoted-printable, RFC 2045 section 6.7, in steps.
 */
#ifndef BASE_QP_H
#define BASE_QP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Zero-initialise. text keeps CRLF as line ends; otherwise CR and LF are encoded too. */
struct qp_enc {
	unsigned column;
	unsigned char held[2]; /* white space or CR whose follower is not known yet */
	unsigned held_n;
	bool text;
};
void qp_enc_feed(struct qp_enc *e, struct slice in, struct buf *out);
void qp_enc_end(struct qp_enc *e, struct buf *out);

/* Zero-initialise. Malformed sequences are passed through as they are, and noted. */
struct qp_dec {
	unsigned char held[80]; /* an unfinished "=X" or trailing white space */
	unsigned held_n;
	bool garbage;
};
void qp_dec_feed(struct qp_dec *d, struct slice in, struct buf *out);
void qp_dec_end(struct qp_dec *d, struct buf *out);

#endif
