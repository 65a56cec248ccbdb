/*
 * The allocator of base/arena.h with a count of what lives, so that a test can see what a process
 * would lose in a long life.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "daemon/courierd/tests/world.h"

static size_t live;

size_t
world_blocks(void)
{
	return live;
}

static void *
or_abort(void *p)
{
	if (!p)
		abort();
	return p;
}

void *
mem_get(size_t n)
{
	live++;
	return or_abort(calloc(1, n ? n : 1));
}

void *
mem_resize(void *p, size_t n)
{
	live += !p;
	return or_abort(realloc(p, n ? n : 1));
}

char *
mem_str(struct slice s)
{
	char *p = mem_get(s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

void
mem_free(void *p)
{
	live -= p != NULL;
	free(p);
}

#ifdef BUILD_SANITIZE
/* courierd ends with its process and frees little; what it loses while it lives is counted here. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif
