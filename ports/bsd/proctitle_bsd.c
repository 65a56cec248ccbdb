/*
 * setproctitle(3) of the BSDs. The program's name stands before the title by itself.
 */
#include "os/proctitle.h"

#include <sys/types.h>

#include <stdlib.h>
#include <unistd.h>

void
proctitle_init(int argc, char **argv)
{
	(void)argc;
	(void)argv;
}

void
proctitle_set(const char *title)
{
	setproctitle("%s", title);
}
