/*
 * The contract of os/sysinfo.h, for each implementation.
 */
#include "os/sysinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"

static void
cpus(void)
{
	unsigned n = sysinfo_cpus();

	CHECK(n >= 1);
	CHECK(n <= 65536);
}

static void
space(void)
{
	struct sysinfo_space s;
	char path[] = "/tmp/sysinfo_test.XXXXXX";
	int fd = mkstemp(path);

	CHECK_EQ(sysinfo_space(fd, &s), 0);
	CHECK(s.total_bytes > 0);
	CHECK(s.free_bytes <= s.total_bytes);
	CHECK(s.free_inodes > 0);
	CHECK(!s.is_read_only);
	CHECK(!s.is_network);
	close(fd);
	unlink(path);
	CHECK_EQ(sysinfo_space(fd, &s), -EBADF);
}

/* The space goes down when a file grows. */
static void
space_is_used(void)
{
	struct sysinfo_space before, after;
	char path[] = "./sysinfo_test.XXXXXX";
	static char block[1 << 20];
	int fd = mkstemp(path), i;

	CHECK_EQ(sysinfo_space(fd, &before), 0);
	for (i = 0; i < 8; i++) {
		block[0] = (char)i;
		CHECK_EQ(write(fd, block, sizeof(block)), (long long)sizeof(block));
	}
	CHECK_EQ(fsync(fd), 0);
	CHECK_EQ(sysinfo_space(fd, &after), 0);
	CHECK_EQ(after.total_bytes, before.total_bytes);
	CHECK(after.free_bytes != before.free_bytes);
	close(fd);
	unlink(path);
}

#ifdef __linux__
static void
no_inode_table(void)
{
	struct sysinfo_space s;
	int fd = open("/proc", O_RDONLY);

	CHECK_EQ(sysinfo_space(fd, &s), 0);
	CHECK_EQ(s.free_inodes == UINT64_MAX, 1);
	close(fd);
}
#endif

static const struct check_row rows[] = {
	{"cpus", cpus},
	{"space", space},
	{"space_is_used", space_is_used},
#ifdef __linux__
	{"no_inode_table", no_inode_table},
#endif
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
