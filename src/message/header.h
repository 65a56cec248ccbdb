/*
 * Header sections of messages and parts, RFC 5322 sections 2.2 and 3.6.8, obsolete syntax 4.5, read
 * in pieces of any size. Lines may end with CRLF (wire, queue) or LF (Maildir files).
 */
#ifndef MESSAGE_HEADER_H
#define MESSAGE_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

#define HEADER_FIELD_MAX \
	65536 /* octets of a field that are kept; the rest is counted and dropped */
#define HEADER_NAME_MAX 256    /* a longer field name is none */

/* One field as it stood. Slices are borrowed for the call. */
struct header_field {
	struct slice name;  /* without the colon and blanks before it */
	struct slice value; /* behind the colon, with its folding, without the last line end */
	struct slice raw;   /* all of it as written, with the last line end */
	uint64_t at;        /* octets before it, counted from the start of the section */
	uint64_t length;    /* octets of it, more than raw.n when it was cut */
	bool is_cut;        /* passed HEADER_FIELD_MAX */
};

typedef void header_fn(void *arg, const struct header_field *field);

enum header_state {
	HEADER_LINE,     /* before the first octet of a line */
	HEADER_NAME,     /* in a field name, no colon yet */
	HEADER_VALUE,    /* behind the colon, or in a folded line */
	HEADER_EMPTY_CR, /* behind a CR that began a line */
	HEADER_ENDED,
};

struct header_parser {
	header_fn *field;
	void *arg;
	enum header_state state;
	struct buf raw;  /* the line or field being read, as far as it is kept */
	uint64_t at;     /* octets before it */
	uint64_t length; /* octets of it */
	size_t name_end, colon; /* indexes in raw */
	bool is_cut;
	bool is_envelope;  /* it is the "From " line of an mbox, which is skipped */
	bool body_in_line; /* ended before a line that is no field: there was no empty line */
	uint64_t consumed; /* octets of the section: known once it has ended */
	uint64_t lines;    /* line ends in it so far */
};

/* Prepares a parser; each whole field is given to field(arg). */
void header_parser_init(struct header_parser *p, header_fn *field, void *arg);

/* Releases its memory. */
void header_parser_fini(struct header_parser *p);

/*
 * Reads on. *used is how much of in belongs to the section.
 *   ST_AGAIN  all was taken, more may come
 *   ST_OK     the section has ended: behind its empty line, or (body_in_line) before a line that is
 *             no field. That line may have begun in an earlier piece: what was taken of it is in
 *             header_parser_rest()
 */
enum st header_parser_feed(struct header_parser *p, struct slice in, size_t *used) ATTR_CHECKED;

/* The input has ended: gives out the last field. */
void header_parser_end(struct header_parser *p);

/* Octets already taken that belong to the body (body_in_line only). */
struct slice header_parser_rest(const struct header_parser *p);

/* As header_unfold, a copy in an arena; p == NULL: its limit was reached. */
struct slice header_unfolded(struct arena *a, struct slice value);

/* Appends the value on one line, R5322-2.2.3-a: only line ends go; blanks at both ends too. */
void header_unfold(struct buf *out, struct slice value);

#endif
