/*
 * Processors this process may run on, and the type of a file system.
 */
#include "ports/posix/sysinfo_common.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/attr.h"

/* File systems whose files other machines change. The numbers are the kernel's (statfs(2)). */
static const uint32_t sysinfo_network_types[] = {
	0x6969,     /* NFS */
	0x517b,     /* SMB */
	0xfe534d42, /* SMB2 */
	0xff534d42, /* CIFS */
	0x00c36400, /* Ceph */
	0x01021997, /* 9P */
	0x01161970, /* GFS2 */
	0x7461636f, /* OCFS2 */
	0x0bd00bd0, /* Lustre */
	0x5346414f, /* AFS (OpenAFS) */
	0x6b414653, /* AFS (kernel) */
	0x73757245, /* Coda */
};

unsigned
sysinfo_cpus(void)
{
	cpu_set_t set;
	long n;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return (unsigned)CPU_COUNT(&set);
	n = sysconf(_SC_NPROCESSORS_ONLN); /* more processors than a cpu_set_t holds */
	return n < 1 ? 1 : (unsigned)n;
}

int
sysinfo_space(int fd, struct sysinfo_space *out)
{
	struct statfs st;
	size_t i;
	int rc = sysinfo_space_statvfs(fd, out);

	if (rc != 0)
		return rc;
	if (fstatfs(fd, &st) != 0)
		return -errno;
	for (i = 0; i < COUNT_OF(sysinfo_network_types); i++)
		if ((uint32_t)st.f_type == sysinfo_network_types[i])
			out->is_network = true;
	return 0;
}
