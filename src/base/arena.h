/*
 * Memory with one lifetime: process, connection, transaction, command. Everything taken from an
 * arena is released together. Each arena has a byte limit, so a peer that makes us remember things
 * ends its own session and nothing else. When the system itself is out of memory the process logs
 * one line and exits 75 (the supervisor restarts it): there are no untested NULL paths.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"
#include "base/slice.h"

struct arena;

/*
 * A new, empty arena. label (static) names it in diagnostics; limit_bytes bounds all it hands out.
 */
struct arena *arena_new(const char *label, size_t limit_bytes);

/* Runs the deferred calls, releases everything and the arena itself. NULL is allowed. */
void arena_free(struct arena *a);

/*
 * n zeroed bytes, aligned for any type; NULL only when the limit would be passed. n = 0 gives a
 * valid pointer.
 */
void *arena_get(struct arena *a, size_t n);

/* As arena_get for count items of size bytes; the product is checked for overflow. */
void *arena_get_array(struct arena *a, size_t count, size_t size);

/*
 * A copy of s in the arena with a NUL behind it; p == NULL in the result means the limit was hit.
 */
struct slice arena_copy(struct arena *a, struct slice s);

/* As arena_copy, as a C string; NULL at the limit or when s contains a NUL. */
char *arena_str(struct arena *a, struct slice s);

/* Call fn(arg) when the arena is reset or freed, last in first out. False at the limit. */
bool arena_defer(struct arena *a, void (*fn)(void *), void *arg) ATTR_CHECKED;

/* Runs the deferred calls and takes back all memory; keeps at most one small block for reuse. */
void arena_reset(struct arena *a);

/* Bytes handed out since the last reset, and whether the limit was ever hit since then. */
size_t arena_used(const struct arena *a);
bool arena_exhausted(const struct arena *a);

/*
 * malloc (zeroed), realloc (the new part is not zeroed) and strdup that never return NULL: out of
 * memory logs to stderr and exits 75. mem_free(NULL) does nothing. For L2, L4, L5.
 */
void *mem_get(size_t n);
void *mem_resize(void *p, size_t n);
char *mem_str(struct slice s);
void mem_free(void *p);

#endif
