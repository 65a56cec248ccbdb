/*
 * The records of a folder's facts: their form, written and read. docs/FACTS.md, "facts". No I/O:
 * mailbox_facts.c keeps the file.
 */
#ifndef MAILDIR_FACTS_H
#define MAILDIR_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/slice.h"

#define FACTS_HEADER "couriermail facts 1\n"
#define FACTS_HEADER_BYTES (sizeof(FACTS_HEADER) - 1)
#define FACTS_FRAME_BYTES 9            /* length, kind, sum */
#define FACTS_PAYLOAD_MAX (128u << 10) /* bytes of one record's content */
#define FACTS_LIST_MAX 8192            /* entries of one F, X or G */
#define FACTS_OBJECT_ID_BYTES 16

enum facts_kind {
	FACTS_BEGIN = 'V',
	FACTS_ADDED = 'A',
	FACTS_KEYWORD = 'K',
	FACTS_FLAGS = 'F',
	FACTS_EXPUNGED = 'X', /* its file shall go */
	FACTS_GONE = 'G',     /* its file is not there any more */
	FACTS_HIGHEST = 'N',
	FACTS_TOGETHER = 'B', /* the next records count all or not at all */
	FACTS_POP3_ID = 'U',
};

/* Bits of the flags in an F record. */
#define FACTS_FLAG_LETTERS "DFPRST"

struct facts_flags {
	uint32_t uid;
	uint64_t keywords;
	uint8_t flags; /* bit n: letter n of FACTS_FLAG_LETTERS */
};

struct facts_record {
	enum facts_kind kind;
	uint32_t uidvalidity; /* V */
	uint32_t uidnext;     /* V N */
	uint32_t uid;         /* A U */
	uint64_t modseq;      /* V A F X G N */
	int64_t saved_sec;    /* A */
	struct slice object_id;
	struct slice name; /* A: base name; K: keyword; U: what POP3 calls the message */
	uint8_t number;    /* K */
	uint32_t count;    /* F X G: entries; B: records */
	struct slice list; /* F X G: the entries as they stand */
};

/* Entry i of a list. i < count. */
struct facts_flags facts_flags_at(const struct facts_record *r, uint32_t i);
uint32_t facts_uid_at(const struct facts_record *r, uint32_t i);

/*
 * Takes the first record off *rest. ST_OK; ST_EOF: no more records, or only zeros follow; ST_AGAIN:
 * it is cut off (it may be whole when there are more bytes); ST_SYNTAX: damaged. *rest moves at
 * ST_OK only; r borrows from it.
 */
enum st facts_next(struct slice *rest, struct facts_record *r);

/* Append a record. Names longer than 255 bytes, and more than FACTS_LIST_MAX entries, are the
 * caller's mistake. */
void facts_put_begin(struct buf *out, uint32_t uidvalidity, uint32_t uidnext, uint64_t modseq);
void facts_put_added(struct buf *out, uint32_t uid, uint64_t modseq, int64_t saved_sec,
    const unsigned char object_id[FACTS_OBJECT_ID_BYTES], struct slice base);
void facts_put_keyword(struct buf *out, uint8_t number, struct slice name);
void
facts_put_flags(struct buf *out, uint64_t modseq, const struct facts_flags *rows, uint32_t count);
/* kind: FACTS_EXPUNGED or FACTS_GONE. */
void facts_put_uids(
    struct buf *out, enum facts_kind kind, uint64_t modseq, const uint32_t *uids, uint32_t count);
void facts_put_highest(struct buf *out, uint64_t modseq, uint32_t uidnext);
void facts_put_together(struct buf *out, uint32_t records);
void facts_put_pop3_id(struct buf *out, uint32_t uid, struct slice id);

/* A record with any content, right or not, for fuzz/fuzz_facts.c. */
void facts_put_raw(struct buf *out, enum facts_kind kind, struct slice payload);

/* MESSAGE_ bits of mailbox.h to the bits of a record, and back. */
uint8_t facts_flags_pack(uint32_t flags);
uint32_t facts_flags_unpack(uint8_t bits);

#endif
