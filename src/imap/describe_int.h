/*
 * What the files of imap/describe.h share.
 */
#ifndef IMAP_DESCRIBE_INT_H
#define IMAP_DESCRIBE_INT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "imap/describe.h"
#include "message/header.h"
#include "message/mime.h"

#define IMAP_SCRATCH_MAX (4u * 1024 * 1024) /* of the arena in which address lists are read */

/* The fields of an envelope in the order in which they are said, RFC 3501 section 7.4.2. */
enum imap_envelope_field {
	IMAP_ENVELOPE_DATE,
	IMAP_ENVELOPE_SUBJECT,
	IMAP_ENVELOPE_FROM,
	IMAP_ENVELOPE_SENDER,
	IMAP_ENVELOPE_REPLY_TO,
	IMAP_ENVELOPE_TO,
	IMAP_ENVELOPE_CC,
	IMAP_ENVELOPE_BCC,
	IMAP_ENVELOPE_IN_REPLY_TO,
	IMAP_ENVELOPE_MESSAGE_ID,
	IMAP_ENVELOPE_FIELDS,
};

/* A field may stand in a header more than once. */
struct imap_envelope_value {
	struct imap_envelope_value *next;
	struct slice text; /* unfolded */
};

struct imap_envelope {
	struct imap_envelope_value *first[IMAP_ENVELOPE_FIELDS];
};

/* Notes a field of a message's header, if it is one of an envelope. What is kept lives in a. */
void imap_envelope_note(struct imap_envelope *e, struct arena *a, const struct header_field *f);

/* Appends an envelope; e may be NULL. scratch is reset. At most IMAP_ENVELOPE_MAX bytes. */
void imap_envelope_put(struct buf *out, const struct imap_envelope *e, struct arena *scratch);

/*
 * Appends the BODYSTRUCTURE of the tree; part->mark is the struct imap_envelope of a message, or
 * NULL. out is empty and holds at most IMAP_STRUCTURE_MAX bytes: what would pass it is said in
 * brief, and further parts are left out.
 */
void imap_structure_put(struct buf *out, const struct mime_part *root, struct arena *scratch);

/* Appends the outline of the tree: as many parts as out holds. */
void imap_outline_put(struct buf *out, const struct mime_part *root);

/* ---- reading an outline ---- */

struct imap_outline_part {
	unsigned depth;
	bool is_multipart, is_message;
	struct imap_place header, body, end;
};

struct imap_outline_reader {
	struct slice rest;
	struct imap_place header; /* of the part read last */
};

/* The next part (a part stands before those in it); false at the end, or when it is not one. */
bool imap_outline_next(struct imap_outline_reader *r, struct imap_outline_part *part);

#endif
