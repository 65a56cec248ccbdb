/*
 * The floor: processors by sysconf, no way to tell a network file system.
 */
#include "ports/posix/sysinfo_common.h"

#include <unistd.h>

unsigned
sysinfo_cpus(void)
{
#ifdef _SC_NPROCESSORS_ONLN
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (unsigned)n;
#else
	return 1;
#endif
}

int
sysinfo_space(int fd, struct sysinfo_space *out)
{
	return sysinfo_space_statvfs(fd, out);
}
