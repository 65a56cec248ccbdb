/*
 * A system where a process cannot change what ps shows.
 */
#include "os/proctitle.h"

void
proctitle_init(int argc, char **argv)
{
	(void)argc;
	(void)argv;
}

void
proctitle_set(const char *title)
{
	(void)title;
}
