/*
 * A hash as a table of functions, so that protocol code can hash without knowing a library.
 * src/ext/hash_openssl.c fills it; L5 hands it down.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>

#include "base/slice.h"

#define DIGEST_MAX 64
#define DIGEST_SHA256 32

struct digest_ops {
	const char *name;
	size_t size; /* bytes of the result */
	void *(*start)(void);
	void (*update)(void *state, struct slice in);
	void (*finish)(void *state, unsigned char out[DIGEST_MAX]); /* frees state */
	void (*abandon)(void *state);                               /* frees state; NULL allowed */
};

#endif
