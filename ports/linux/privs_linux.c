/*
 * PR_SET_DUMPABLE also makes the process untraceable by its own uid; close_range(2) closes without
 * looking.
 */
#include "ports/posix/privs_common.h"

#include <limits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436 /* on all but Alpha; kernels before 5.9 say ENOSYS */
#endif

void
privs_undumpable(void)
{
	privs_no_core();
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void
privs_close_from(int from)
{
	if (syscall(SYS_close_range, (unsigned)(from < 0 ? 0 : from), UINT_MAX, 0u) != 0)
		privs_close_each(from);
}
