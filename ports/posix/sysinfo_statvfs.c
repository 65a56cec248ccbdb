/*
 * Space by fstatvfs, the part that is the same everywhere.
 */
#include "ports/posix/sysinfo_common.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

int
sysinfo_space_statvfs(int fd, struct sysinfo_space *out)
{
	struct statvfs st;
	uint64_t unit;

	while (fstatvfs(fd, &st) != 0)
		if (errno != EINTR)
			return -errno;
	memset(out, 0, sizeof(*out));
	unit = st.f_frsize ? st.f_frsize : st.f_bsize;
	out->free_bytes = (uint64_t)st.f_bavail * unit;
	out->total_bytes = (uint64_t)st.f_blocks * unit;
	/* File systems that make inodes as they need them say 0 of 0. */
	out->free_inodes = st.f_files == 0 ? UINT64_MAX : (uint64_t)st.f_favail;
	out->is_read_only = (st.f_flag & ST_RDONLY) != 0;
	return 0;
}
