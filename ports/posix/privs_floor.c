/*
 * The parts of os/privs.h which systems do differently, in the way that always works.
 */
#include "ports/posix/privs_common.h"

#include <unistd.h>

void
privs_undumpable(void)
{
	privs_no_core();
}

void
privs_close_from(int from)
{
#ifdef HAVE_CLOSEFROM
	closefrom(from);
#else
	privs_close_each(from);
#endif
}
