/*
 * Borrowed bytes. A slice points into memory somebody else owns, may contain NUL, is never freed
 * through this type, and is passed by value. Comparison ignoring case is ASCII only, never locale.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const unsigned char *p;
	size_t n;
};

/* A slice of a string literal, for initialisers and calls. */
#define SL(literal) ((struct slice){(const unsigned char *)(literal), sizeof(literal) - 1})
#define SL_NONE ((struct slice){NULL, 0})

/* For printf("%.*s", SL_FMT(s)). */
#define SL_FMT(s)                           \
	(int)((s).n > 65535 ? 65535 : (s).n), \
	    (const char *)((s).n ? (s).p : (const unsigned char *)"")

/* A slice of n bytes at p. */
static inline struct slice
sl_mem(const void *p, size_t n)
{
	return (struct slice){p, n};
}

/* A slice of a NUL-terminated string, without its NUL; NULL gives the empty slice. */
static inline struct slice
sl_str(const char *s)
{
	return (struct slice){(const unsigned char *)s, s ? strlen(s) : 0};
}

/* Same bytes? */
bool sl_eq(struct slice a, struct slice b);

/* Same bytes when ASCII letters are folded? */
bool sl_ieq(struct slice a, struct slice b);

/* Bytewise order as memcmp, shorter first on a common prefix: < 0, 0, > 0. */
int sl_cmp(struct slice a, struct slice b);

/* As sl_cmp with ASCII letters folded. */
int sl_icmp(struct slice a, struct slice b);

/* Does s begin or end with these bytes? The i forms fold ASCII letters. An empty one always
 * fits. */
bool sl_starts(struct slice s, struct slice prefix);
bool sl_istarts(struct slice s, struct slice prefix);
bool sl_ends(struct slice s, struct slice suffix);
bool sl_iends(struct slice s, struct slice suffix);

/* The bytes [from, to); both are clamped to the slice, from > to gives an empty slice. */
struct slice sl_sub(struct slice s, size_t from, size_t to);

/* The slice without its first n bytes (empty when shorter). */
struct slice sl_skip(struct slice s, size_t n);

/* Index of the first/last byte c, or s.n when there is none. */
size_t sl_find(struct slice s, unsigned char c);
size_t sl_rfind(struct slice s, unsigned char c);

/* Index of the first occurrence of needle, or s.n. An empty needle is found at 0. */
size_t sl_search(struct slice s, struct slice needle);

/*
 * Split rest at the first sep: *head gets what is before it, *rest what is after.
 * Without sep *head gets all, *rest becomes empty, and the result is false.
 */
bool sl_cut(struct slice *rest, unsigned char sep, struct slice *head);

/* Without leading and trailing space, tab, CR and LF. */
struct slice sl_trim(struct slice s);

#endif
