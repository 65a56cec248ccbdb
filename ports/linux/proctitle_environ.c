/*
 * The title is written over the memory which held the arguments and the environment when the
 * process started: the kernel shows that memory. Both are copied away first.
 */
#include "os/proctitle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *
    *title_environ; /* the copy; setenv may later replace the list, not what it points to */
static char *title_start;
static size_t title_room; /* bytes at title_start, 0 before proctitle_init */

/*
 * Copies each string of list that stands exactly at *end, and moves *end behind it; false when
 * memory is short.
 */
static bool
title_move(char **list, char **end)
{
	char *copy;
	size_t i;

	for (i = 0; list[i]; i++) {
		if (list[i] == *end)
			*end = list[i] + strlen(list[i]) + 1;
		copy = strdup(list[i]);
		if (!copy)
			return false;
		list[i] = copy;
	}
	return true;
}

void
proctitle_init(int argc, char **argv)
{
	char **moved, *start, *end;
	size_t count = 0;

	if (argc < 1 || !argv[0] || title_environ)
		return;
	while (environ && environ[count])
		count++;
	moved = calloc(count + 1, sizeof(*moved));
	if (!moved)
		return;
	if (count > 0)
		memcpy(moved, environ, count * sizeof(*moved));
	start = end = argv[0];
	/* Without memory for a copy the old strings stay in use, so the title stays as it is. */
	if (!title_move(argv, &end) || !title_move(moved, &end))
		return;
	environ = title_environ = moved;
	title_start = start;
	title_room = (size_t)(end - start);
}

void
proctitle_set(const char *title)
{
	size_t n;

	if (title_room < 2)
		return;
	n = strlen(title);
	if (n > title_room - 1)
		n = title_room - 1;
	memcpy(title_start, title, n);
	memset(title_start + n, 0, title_room - n);
}
