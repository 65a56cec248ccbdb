/* Allocation that never fails: a process out of memory ends with 75 and is started again. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

#define EXIT_TEMPORARY 75

static void *
or_exit(void *p, size_t n)
{
	if (p == NULL) {
		fprintf(stderr, "out of memory (%zu bytes wanted)\n", n);
		_Exit(EXIT_TEMPORARY);
	}
	return p;
}

void *
mem_get(size_t n)
{
	return or_exit(calloc(1, n == 0 ? 1 : n), n);
}

void *
mem_resize(void *p, size_t n)
{
	return or_exit(realloc(p, n == 0 ? 1 : n), n);
}

char *
mem_str(struct slice s)
{
	char *copy = mem_get(s.n + 1);

	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	return copy;
}

void
mem_free(void *p)
{
	free(p);
}
