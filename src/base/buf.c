#include "base/buf.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/num.h"

#define BUF_FIRST 64

void
buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){.max = max_bytes};
}

void
buf_fini(struct buf *b)
{
	mem_free(b->p);
	buf_init(b, b->max);
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

void
buf_shrink(struct buf *b)
{
	if (b->n != 0)
		return;
	mem_free(b->p);
	b->p = NULL;
	b->cap = 0;
}

/* Memory for at least need bytes; doubles, so that a run of appends costs O(1) each. */
static void
grow(struct buf *b, size_t need)
{
	size_t cap = b->cap < BUF_FIRST ? BUF_FIRST : b->cap;

	while (cap < need)
		if (!num_mul_size(cap, 2, &cap))
			cap = need;
	b->p = mem_resize(b->p, cap);
	b->cap = cap;
}

/* Room for n more bytes of content, or a sticky failure. */
static bool
reserve(struct buf *b, size_t n)
{
	if (b->failed || b->n > b->max || n > b->max - b->n) {
		b->failed = true;
		return false;
	}
	if (b->p == NULL || b->n + n > b->cap)
		grow(b, b->n + n);
	return true;
}

void
buf_put(struct buf *b, struct slice s)
{
	if (s.n == 0 || !reserve(b, s.n))
		return;
	memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

void
buf_put_byte(struct buf *b, unsigned char c)
{
	/* the usual case without a call: whole messages are written in bytes */
	if (b->n < b->cap && b->n < b->max && !b->failed)
		b->p[b->n++] = c;
	else if (reserve(b, 1))
		b->p[b->n++] = c;
}

void
buf_put_str(struct buf *b, const char *s)
{
	buf_put(b, sl_str(s));
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(b, fmt, ap);
	va_end(ap);
}

void
buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int length;

	if (b->failed)
		return;
	va_copy(again, ap);
	length = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (length < 0 || !reserve(b, (size_t)length)) {
		b->failed = true;
		return;
	}
	/* The NUL that vsnprintf writes may lie one byte behind the maximum. */
	if (b->n + (size_t)length + 1 > b->cap)
		grow(b, b->n + (size_t)length + 1);
	vsnprintf((char *)b->p + b->n, (size_t)length + 1, fmt, ap);
	b->n += (size_t)length;
}

unsigned char *
buf_room(struct buf *b, size_t n)
{
	return reserve(b, n) ? b->p + b->n : NULL;
}

void
buf_added(struct buf *b, size_t n)
{
	b->n += n < b->cap - b->n ? n : b->cap - b->n;
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->n) {
		b->n = 0;
		return;
	}
	if (n == 0)
		return; /* not every memmove sees that there is nothing to do */
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

void
buf_cut(struct buf *b, size_t n)
{
	if (n < b->n)
		b->n = n;
}

const char *
buf_str(struct buf *b)
{
	if (b->failed)
		return NULL;
	if (b->n + 1 > b->cap)
		grow(b, b->n + 1);
	b->p[b->n] = '\0';
	return (const char *)b->p;
}
