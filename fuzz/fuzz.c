#include "fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/check.h"

void
fuzz_fail(const char *file, int line, const char *claim)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, claim);
	abort();
}

void
fuzz_same(struct slice got, struct slice want, const char *file, int line)
{
	if (!check_same(got, want, file, line)) {
		fflush(stdout);
		abort();
	}
}

struct slice
fuzz_piece(enum fuzz_cut how, uint64_t *state, struct slice *rest)
{
	static unsigned char *copy;
	size_t n = how == FUZZ_WHOLE ? rest->n : how == FUZZ_BYTES ? 1 : 1 + check_below(state, 16);
	struct slice piece = sl_sub(*rest, 0, n);

	mem_free(copy);
	copy = (unsigned char *)mem_str(piece);
	/* Exactly as long as the piece: the NUL of mem_str must not hide an overrun. */
	copy = mem_resize(copy, piece.n);
	*rest = sl_skip(*rest, n);
	return sl_mem(copy, piece.n);
}
