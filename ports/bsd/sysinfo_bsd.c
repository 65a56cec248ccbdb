/*
 * Processors, and whether other machines can change a file system. FreeBSD and OpenBSD say the type
 * in statfs, NetBSD in statvfs; MNT_LOCAL is the same everywhere.
 */
#include "ports/posix/sysinfo_common.h"

#include <sys/types.h>
#include <sys/param.h>

#include <errno.h>
#include <sys/mount.h>
#include <unistd.h>
#ifdef __NetBSD__
#include <sys/statvfs.h>
#endif

unsigned
sysinfo_cpus(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (unsigned)n;
}

int
sysinfo_space(int fd, struct sysinfo_space *out)
{
	int rc = sysinfo_space_statvfs(fd, out);
#ifdef __NetBSD__
	struct statvfs st;

	if (rc == 0 && fstatvfs(fd, &st) != 0)
		rc = -errno;
	if (rc == 0)
		out->is_network = !(st.f_flag & ST_LOCAL);
#else
	struct statfs st;

	if (rc == 0 && fstatfs(fd, &st) != 0)
		rc = -errno;
	if (rc == 0)
		out->is_network = !(st.f_flags & MNT_LOCAL);
#endif
	return rc;
}
