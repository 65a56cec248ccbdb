/*
 * What IMAP says about a message, found in one pass over its bytes: sizes, ENVELOPE and
 * BODYSTRUCTURE ready to send, and an outline of the parts, by which sections are found later
 * without reading the message again. The four go into the folder's cache (maildir/cache.h) as parts
 * of these numbers; each is opaque to the store.
 *
 * RFC 3501 sections 6.4.5 and 7.4.2. Strings are quoted where they can be, else literals.
 */
#ifndef IMAP_DESCRIBE_H
#define IMAP_DESCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "imap/ask.h"
#include "message/mime.h"

/* Numbers of cache parts. A change of meaning takes a new number. */
enum imap_part_number {
	IMAP_PART_SIZES = 1,     /* struct imap_sizes, 4 u64 big-endian */
	IMAP_PART_ENVELOPE = 2,  /* "(...)" */
	IMAP_PART_STRUCTURE = 3, /* "(...)" with extension data */
	IMAP_PART_OUTLINE = 4,
};

struct imap_sizes {
	uint64_t file_bytes, octets;          /* as stored, and with every line end as CRLF */
	uint64_t header_bytes, header_octets; /* up to and with the empty line */
};

/* Bounds: what is beyond them is described as far as it was read. */
#define IMAP_ENVELOPE_MAX (256u * 1024)
#define IMAP_STRUCTURE_MAX (512u * 1024)
#define IMAP_OUTLINE_MAX (128u * 1024)

struct imap_description {
	struct imap_sizes sizes;
	struct slice envelope, structure, outline; /* in the arena given */
};

struct imap_describer;

/* A describer whose memory lives in a (give it at least 2 MiB); NULL at its limit. */
struct imap_describer *imap_describer_new(struct arena *a);

/* The next bytes of the message, LF or CRLF. */
void imap_describer_feed(struct imap_describer *d, struct slice in);

/* The message has ended. False at the arena's limit: nothing is known. */
bool imap_describer_end(struct imap_describer *d, struct imap_description *out);

/* sizes as the cache holds them, and back; false when it is not one. */
void imap_sizes_put(struct buf *out, const struct imap_sizes *s);
bool imap_sizes_get(struct slice in, struct imap_sizes *s);

/* BODY from BODYSTRUCTURE: the same list without extension data. False when in is not one. */
bool imap_structure_to_body(struct slice in, struct buf *out);

/* A place in a message: bytes of its file, octets of the wire (every line end CRLF). */
struct imap_place {
	uint64_t bytes, octets;
};

/*
 * Where a section stands. ALL, TEXT, MIME and HEADER are [from, to); for FIELDS and FIELDS_NOT that
 * is the header to be filtered by imap_section_filter. False: there is no such part (NIL).
 */
bool imap_section_find(struct slice outline, const struct imap_section *section,
    struct imap_place *from, struct imap_place *to);

/* Appends the chosen fields of a header section (CRLF), and its empty line if it has one. */
void imap_section_filter(struct buf *out, struct slice header, const struct imap_section *section);

#endif
