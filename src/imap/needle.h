/*
 * Looking for a text without regard to case in bytes that come in pieces. Linear in the input,
 * whatever is looked for (the automaton of Knuth, Morris and Pratt); where nothing is matched yet
 * it jumps by what stands at the needle's end (Horspool), so that usual text costs a fraction of
 * that.
 */
#ifndef IMAP_NEEDLE_H
#define IMAP_NEEDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

struct imap_needle {
	struct slice text; /* folded (utf8_put_folded) */
	bool is_ascii;     /* then octets are compared as they are, ASCII letters folded */
	uint32_t *fall; /* fall[i]: how much of text is still matched when text[i] does not fit */
	unsigned char skip[256]; /* how far the needle may move when this octet is at its end */
};

/* Where the search stands; zero at the beginning of a text. */
struct imap_needle_place {
	uint32_t matched;
	bool found;
};

/* Prepares to look for text (UTF-8, any case), in a; false at the arena's limit. */
bool imap_needle_init(struct imap_needle *n, struct slice text, struct arena *a);

/*
 * The next piece. For a needle that is not ASCII the octets must be folded UTF-8. True once the
 * needle has been found.
 */
bool imap_needle_feed(const struct imap_needle *n, struct imap_needle_place *at, struct slice in);

/* Is it in this text (UTF-8, any case)? */
bool imap_needle_in(const struct imap_needle *n, struct slice text);

#endif
