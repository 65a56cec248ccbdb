/*
 * The content of a message on its way into a mailbox: it comes as wire octets (CRLF line ends),
 * inline or behind a descriptor, with its exact length and SHA-256 (or whatever hash the caller
 * gives), and leaves with LF line ends. Nothing may count as delivered before the reader has said
 * ST_OK: then exactly `length` octets were there and the digest is theirs.
 *
 * A Return-Path that came with the message becomes Old-Return-Path, when it stands in the first
 * piece: the delivered message has exactly one, ours.
 *
 * RFC 5321 sections 2.3.8 (line ends on the wire), 4.4 (Return-Path).
 */
#ifndef MAILDIR_BODY_H
#define MAILDIR_BODY_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/fault.h"

/* Most octets one call of maildir_reader_next takes from the source. */
#define MAILDIR_PIECE_BYTES 131072u

struct maildir_body {
	struct slice bytes; /* the content, when fd is -1 */
	int fd;             /* or the file it stands in, from offset 0; read by pread */
	uint64_t length;    /* wire octets */
	unsigned char digest[DIGEST_MAX];
	const struct digest_ops *hash;
};

struct maildir_reader {
	const struct maildir_body *body;
	void *hash;
	uint64_t at;     /* wire octets taken */
	bool as_wire;    /* leave line ends as they are */
	bool pending_cr; /* the last octet was CR, and what follows decides */
	unsigned added;  /* octets put in: "Old-" before a Return-Path that came along */
};

/* Begins at the first octet; as_wire: line ends stay CRLF. Needs maildir_reader_stop. */
void maildir_reader_start(struct maildir_reader *r, const struct maildir_body *body, bool as_wire);

/*
 * Appends the next piece to out. ST_AGAIN: there is more. ST_OK: that was all, and the digest is
 * right. Else a fault of class 4: the source is shorter, cannot be read, is not what was announced.
 */
enum st
maildir_reader_next(struct maildir_reader *r, struct buf *out, struct fault *f) ATTR_CHECKED;

/* Releases what the reader holds, at the end or before it. */
void maildir_reader_stop(struct maildir_reader *r);

/* Appends trace fields, written with CRLF, with the line ends of a file. */
void maildir_head_put(struct buf *out, struct slice head);

/* Reads it all, for those who must know before they begin (programs). As maildir_reader_next, never
 * ST_AGAIN. */
enum st maildir_body_check(const struct maildir_body *body, struct fault *f) ATTR_CHECKED;

#endif
