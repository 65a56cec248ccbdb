/*
 * Records of segments and of .env files: docs/QUEUE.md, "Segments".
 */
#ifndef QUEUE_RECORD_H
#define QUEUE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

#define QUEUE_BLOCK 4096u
#define RECORD_HEAD 39u
#define RECORD_MIN 40u /* an empty payload, with its LF */
#define SEGMENT_HEAD 64u

enum record_type { RECORD_MESSAGE = 'M', RECORD_LINES = 'L', RECORD_PADDING = 'P' };

struct record {
	char type;
	struct slice payload; /* borrowed */
	size_t payload_at;    /* its offset in the file */
	size_t end;           /* where the next record would be */
};

/* Starts a record at the end of out, which holds the file from offset `base` on; the payload is
 * appended by the caller. */
size_t record_begin(struct buf *out, char type);

/* Completes the record that began at `start` (as record_begin said): length, sum, fill. */
void record_end(struct buf *out, size_t start, uint32_t serial, uint32_t base);

/* Pads out (whose first byte is at base, a block boundary) to a block boundary, not beyond `limit`
 * bytes in all. */
void record_pad(struct buf *out, uint32_t serial, uint32_t base, size_t limit);

/* Reads the record at offset `at` of a file. False: that is none. */
bool record_get(struct slice file, uint32_t serial, size_t at, struct record *r);

/* The 64 bytes at the start of a segment. */
void segment_head_put(unsigned char head[SEGMENT_HEAD], uint32_t serial, bool clean);

/* False: not a segment of ours. A clean one has serial 0. */
bool segment_head_get(struct slice head, uint32_t *serial);

#endif
