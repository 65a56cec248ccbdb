/*
 * Owned, growable bytes with a maximum. Failure is sticky: once an append did not fit, the content
 * stays as it was before that append, later appends do nothing, and buf_ok() is false until
 * buf_clear(). So a run of appends needs one check at its end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct buf {
	unsigned char *p;
	size_t n;    /* bytes in use */
	size_t cap;  /* bytes allocated */
	size_t max;  /* never more than this */
	bool failed; /* sticky */
};

/* An empty buffer that will never hold more than max_bytes. Allocates nothing yet. */
void buf_init(struct buf *b, size_t max_bytes);

/* Releases the memory; the buffer is empty and usable again with the same maximum. */
void buf_fini(struct buf *b);

/* Empties the buffer and forgets a failure; keeps the memory. */
void buf_clear(struct buf *b);

/* Gives the memory back when the buffer is empty (idle sessions must be small). */
void buf_shrink(struct buf *b);

/* True while no append has failed. */
static inline bool
buf_ok(const struct buf *b)
{
	return !b->failed;
}

/* The content, borrowed until the next call that changes the buffer. */
static inline struct slice
buf_slice(const struct buf *b)
{
	return (struct slice){b->p, b->n};
}

/* Append. s must not point into b. */
void buf_put(struct buf *b, struct slice s);
void buf_put_byte(struct buf *b, unsigned char c);
void buf_put_str(struct buf *b, const char *s);
void buf_fmt(struct buf *b, const char *fmt, ...) ATTR_PRINTF(2, 3);
void buf_vfmt(struct buf *b, const char *fmt, va_list ap) ATTR_PRINTF(2, 0);

/*
 * Room for n more bytes at the end: a pointer to write to, or NULL (and failed) when it would pass
 * the maximum. The caller then sets the real number with buf_added(). For read(2) into a buffer.
 */
unsigned char *buf_room(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);

/* Drops n bytes (at most all) from the front. */
void buf_drop(struct buf *b, size_t n);

/* Shortens the content to n bytes (no effect when it is shorter). */
void buf_cut(struct buf *b, size_t n);

/*
 * A NUL behind the content (not counted); returns the content as a C string, NULL when it did not
 * fit.
 */
const char *buf_str(struct buf *b);

#endif
