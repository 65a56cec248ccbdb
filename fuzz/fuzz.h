/*
 * The frame of the fuzz harnesses. A harness is fuzz/fuzz_<name>.c with LLVMFuzzerTestOneInput; its
 * seeds lie in fuzz/seeds/<name>/. Two mains fit it: libFuzzer's (./configure --enable-fuzzing) and
 * fuzz/replay.c, which make check runs over the seeds and over mutations of them that are the same
 * each time.
 *
 * An oracle is a claim about any input: what was written reads back (round trip), the result does
 * not depend on how the input was cut (chunk invariance), two ways of computing agree.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* The entry of each harness; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, naming the claim, when it does not hold. */
#define FUZZ_CHECK(claim) ((claim) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #claim))
void fuzz_fail(const char *file, int line, const char *claim);

/* Claims that both are the same bytes; prints them when they are not. */
#define FUZZ_SAME(got, want) fuzz_same((got), (want), __FILE__, __LINE__)
void fuzz_same(struct slice got, struct slice want, const char *file, int line);

/* The ways to cut an input that each chunk-invariance oracle tries. */
enum fuzz_cut { FUZZ_WHOLE, FUZZ_BYTES, FUZZ_RANDOM, FUZZ_CUTS };

/*
 * Takes the next piece off *rest: all, one byte, or 1 to 16 bytes. *state starts as any number, the
 * same for the same cuts. Call it while rest->n > 0. The piece lies in memory of its own, so that a
 * sanitizer sees each byte read beyond it; it is valid until the next call.
 */
struct slice fuzz_piece(enum fuzz_cut how, uint64_t *state, struct slice *rest);

#endif
