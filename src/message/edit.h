/*
 * What a submission agent adds to a header (RFC 6409 section 8): which fields are there, and those
 * that are missing. Also Message-IDs.
 */
#ifndef MESSAGE_EDIT_H
#define MESSAGE_EDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "message/header.h"

/* Fields that are counted; the names are in edit.c. */
enum census_field {
	CENSUS_DATE,
	CENSUS_FROM,
	CENSUS_SENDER,
	CENSUS_REPLY_TO,
	CENSUS_TO,
	CENSUS_CC,
	CENSUS_BCC,
	CENSUS_MESSAGE_ID,
	CENSUS_SUBJECT,
	CENSUS_MIME_VERSION,
	CENSUS_RECEIVED,
	CENSUS_RETURN_PATH,
	CENSUS_DELIVERED_TO,
	CENSUS_RESENT, /* any Resent- field */
	CENSUS_FIELDS,
};

struct census {
	uint32_t count[CENSUS_FIELDS];
	uint32_t total;
};

/* Counts a field; a header_fn with a struct census as arg. */
void census_field(void *census, const struct header_field *field);

/* What to add. */
struct edit_missing {
	struct slice from; /* local@domain for a missing From, local part unquoted; empty: none */
	struct slice host;     /* right side of a Message-ID */
	uint64_t unique[2];    /* makes the Message-ID unique: the queue id's clock and counter, or
				  random */
	int64_t at_sec;        /* seconds since 1970 */
	int offset_minutes;
};

/* Appends the fields Date, From and Message-ID that the census lacks, each with CRLF. */
void edit_put_missing(struct buf *out, const struct census *c, const struct edit_missing *m);

/* Appends "<...@host>" made of the two numbers. */
void edit_put_message_id(struct buf *out, const uint64_t unique[2], struct slice host);

/*
 * Takes the next msg-id off *value (Message-ID, In-Reply-To, References): with its brackets,
 * comments skipped.
 */
bool edit_message_id_next(struct slice *value, struct slice *id);

#endif
