/*
 * No watching: every directory is polled by its reader.
 */
#include "os/dirwatch.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

struct dirwatch {
	char unused;
};

const char *const dirwatch_name = "poll";

int
dirwatch_new(struct dirwatch **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void
dirwatch_free(struct dirwatch *w)
{
	free(w);
}

int
dirwatch_fd(const struct dirwatch *w)
{
	(void)w;
	return -1;
}

int
dirwatch_add(struct dirwatch *w, int dirfd, void *tag)
{
	(void)w;
	(void)dirfd;
	(void)tag;
	return -ENOTSUP;
}

void
dirwatch_remove(struct dirwatch *w, int handle)
{
	(void)w;
	(void)handle;
}

void *
dirwatch_next(struct dirwatch *w)
{
	(void)w;
	return NULL;
}
