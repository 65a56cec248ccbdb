/*
 * 8 bit content for a server that takes 7 bits only: leaf parts with 8 bits become quoted-printable
 * (text) or base64, and their headers say so. RFC 6152 section 3, RFC 2045 sections 6.2 to 6.8,
 * RFC 1428 (content whose character set nobody named).
 *
 * The content is read several times from its first octet, in pieces of any size, CRLF line ends:
 * downgrade_look once, downgrade_scan once, then downgrade_feed as often as it is written.
 * Headers are never encoded: 8 bits there, in what stands between parts, in parts that are encoded
 * already and in signed ones cannot be helped.
 */
#ifndef MESSAGE_DOWNGRADE_H
#define MESSAGE_DOWNGRADE_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/qp.h"
#include "base/base64.h"
#include "message/mime.h"

#define DOWNGRADE_HEADER_MAX (256 * 1024) /* octets of a header section that can be changed */

struct downgrade;

/* Where a reader is; zero-initialise, and buf_init header with DOWNGRADE_HEADER_MAX. */
struct downgrade_run {
	uint64_t at;
	size_t piece;
	bool begun; /* the piece's encoder has something */
	struct qp_enc qp;
	struct base64_enc base64;
	struct buf header;
};

/* A plan whose memory is in a. */
struct downgrade *downgrade_new(struct arena *a);

/* First reading: the structure. */
void downgrade_look(struct downgrade *d, struct slice in);
/* It has ended. ST_OK, or ST_PERM 5.6.3: too many parts. */
enum st downgrade_looked(struct downgrade *d, struct fault *f) ATTR_CHECKED;

/* Second reading: where 8 bits are. */
void downgrade_scan(struct downgrade *d, struct slice in);
/* It has ended. ST_OK, or ST_PERM 5.6.3: not everything can be made 7 bit. */
enum st downgrade_scanned(struct downgrade *d, struct fault *f) ATTR_CHECKED;

/* Appends what becomes of the next octets; a part of it may come later. */
void downgrade_feed(
    const struct downgrade *d, struct downgrade_run *r, struct slice in, struct buf *out);
void downgrade_end(const struct downgrade *d, struct downgrade_run *r, struct buf *out);

#endif
