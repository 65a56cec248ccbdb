#include "base/arena.h"

#include <stdalign.h>

#include "base/num.h"

/*
 * A chain of blocks, the current one first. A new block is half of what is there, at least: an idle
 * session costs little, a busy one few calls of malloc.
 */
#ifdef BUILD_SANITIZE
#define BLOCK_FIRST 0 /* each request its own block, so that the sanitizer sees every overrun */
#define BLOCK_LARGEST 0
#else
#define BLOCK_FIRST 448
#define BLOCK_LARGEST 65536
#endif
#define BLOCK_KEPT 1024 /* the largest block that survives a reset */

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *arg;
};

struct arena {
	const char *label;
	size_t limit, used;
	bool exhausted;
	struct block *blocks;
	struct deferred *deferred;
};

struct arena *
arena_new(const char *label, size_t limit_bytes)
{
	struct arena *a = mem_get(sizeof(*a));

	a->label = label;
	a->limit = limit_bytes;
	return a;
}

static void
run_deferred(struct arena *a)
{
	while (a->deferred != NULL) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		d->fn(d->arg);
	}
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	mem_free(a->blocks);
	mem_free(a);
}

static struct block *
block_add(struct arena *a, size_t n)
{
	size_t size = a->used / 2 <= BLOCK_FIRST ? BLOCK_FIRST : a->used / 2;
	struct block *b;

	if (size > BLOCK_LARGEST)
		size = BLOCK_LARGEST;
	if (size < n)
		size = n;
	b = mem_get(sizeof(*b) + size);
	b->size = size;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

/* n zeroed bytes at a multiple of align; what alignment costs is counted too. */
static void *
take(struct arena *a, size_t n, size_t align)
{
	struct block *b = a->blocks;
	size_t pad = b == NULL ? 0 : (align - b->used % align) % align;
	void *p;

	if (n > a->limit - a->used || pad > a->limit - a->used - n) {
		a->exhausted = true;
		return NULL;
	}
	if (b == NULL || b->size - b->used < pad || b->size - b->used - pad < n) {
		b = block_add(a, n);
		pad = 0;
	}
	p = b->bytes + b->used + pad;
	b->used += pad + n;
	a->used += pad + n;
	return p;
}

void *
arena_get(struct arena *a, size_t n)
{
	/* Requests of nothing are counted as one byte: they are bounded like all others. */
	return take(a, n == 0 ? 1 : n, alignof(max_align_t));
}

void *
arena_get_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (!num_mul_size(count, size, &n)) {
		a->exhausted = true;
		return NULL;
	}
	return arena_get(a, n);
}

struct slice
arena_copy(struct arena *a, struct slice s)
{
	unsigned char *p = s.n == SIZE_MAX ? NULL : take(a, s.n + 1, 1);

	if (p == NULL)
		return SL_NONE;
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return sl_mem(p, s.n);
}

char *
arena_str(struct arena *a, struct slice s)
{
	struct slice copy;

	if (sl_find(s, '\0') != s.n)
		return NULL;
	copy = arena_copy(a, s);
	return (char *)(uintptr_t)copy.p;
}

bool
arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
	struct deferred *d = arena_get(a, sizeof(*d));

	if (d == NULL)
		return false;
	*d = (struct deferred){.next = a->deferred, .fn = fn, .arg = arg};
	a->deferred = d;
	return true;
}

void
arena_reset(struct arena *a)
{
	struct block *kept = NULL;

	run_deferred(a);
	while (a->blocks != NULL) {
		struct block *b = a->blocks;

		a->blocks = b->next;
		if (kept == NULL && b->size > 0 && b->size <= BLOCK_KEPT)
			kept = b;
		else
			mem_free(b);
	}
	if (kept != NULL) {
		memset(kept->bytes, 0, kept->used);
		kept->used = 0;
		kept->next = NULL;
		a->blocks = kept;
	}
	a->used = 0;
	a->exhausted = false;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}

bool
arena_exhausted(const struct arena *a)
{
	return a->exhausted;
}
