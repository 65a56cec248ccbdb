/*
 * The self test's facts about a file system: what the queue and the Maildirs build on.
 */
#include "ports/selftest/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "config.h"
#include "os/durable.h"
#include "os/filelock.h"
#include "os/sysinfo.h"

/* The result of a call: 0, or errno. */
static int
result(int rc)
{
	return rc < 0 ? errno : 0;
}

static int
make(int dir, const char *name)
{
	return openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void
space(int dir)
{
	struct sysinfo_space s;
	int err = sysinfo_space(dir, &s);

	if (err != 0) {
		report_fact("space", "%s", report_errno(-err));
		return;
	}
	report_fact("space", "%" PRIu64 " of %" PRIu64 " MiB free", s.free_bytes >> 20,
	    s.total_bytes >> 20);
	if (s.free_inodes == UINT64_MAX)
		report_fact("inodes", "no fixed number");
	else
		report_fact("inodes", "%" PRIu64 " free", s.free_inodes);
	report_fact("network, read-only", "%s, %s", s.is_network ? "yes" : "no",
	    s.is_read_only ? "yes" : "no");
	report_fact("length of a name", "%ld", fpathconf(dir, _PC_NAME_MAX));
}

/* Which of the calls that the commit rule needs say yes here. */
static void
durability(int dir)
{
	int fd = make(dir, "sync");

	if (fd < 0 || write(fd, "x", 1) != 1) {
		report_fact("durability", "%s", report_errno(errno));
		return;
	}
	report_fact("fsync of a file", "%s", report_errno(result(fsync(fd))));
#ifdef HAVE_FDATASYNC
	report_fact("fdatasync of a file", "%s", report_errno(result(fdatasync(fd))));
#else
	report_fact("fdatasync of a file", "not there");
#endif
	report_fact("fsync of a folder", "%s", report_errno(result(fsync(dir))));
	report_fact("durable data", "%s", report_errno(-durable_now(fd, DURABLE_DATA)));
	report_fact("durable folder", "%s", report_errno(-durable_now(dir, DURABLE_DIR)));
#ifdef HAVE_SYNCFS
	report_fact("syncfs", "there");
#else
	report_fact("syncfs", "not there");
#endif
	report_fact("rename of an open file",
	    "%s", report_errno(result(renameat(dir, "sync", dir, "sync2"))));
	report_fact(
	    "unlink of an open file", "%s", report_errno(result(unlinkat(dir, "sync2", 0))));
	report_fact(
	    "writing behind that", "%s", report_errno(result((int)pwrite(fd, "y", 1, 4096))));
#ifdef HAVE_POSIX_FALLOCATE
	report_fact("posix_fallocate", "%s", report_errno(posix_fallocate(fd, 0, 1 << 20)));
#endif
	close(fd);
}

/* What opening through a link says: everything here relies on it being refused. */
static void
links(int dir)
{
	int fd = make(dir, "target");

	close(fd);
	if (symlinkat("target", dir, "link") != 0) {
		report_fact("a link", "%s", report_errno(errno));
		return;
	}
	fd = openat(dir, "link", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	report_fact("O_NOFOLLOW on a link", "%s", report_errno(result(fd)));
	if (fd >= 0)
		close(fd);
	if (mkdirat(dir, "folder", 0700) != 0 || symlinkat("folder", dir, "link2") != 0) {
		report_fact("a folder, and a link to it", "%s", report_errno(errno));
		return;
	}
	fd = openat(dir, "link2", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	report_fact("and O_DIRECTORY", "%s", report_errno(result(fd)));
	if (fd >= 0)
		close(fd);
	fd = openat(dir, "link", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	report_fact("O_EXCL on a link", "%s", report_errno(result(fd)));
	if (fd >= 0)
		close(fd);
	fd = openat(dir, "folder", O_RDWR | O_CLOEXEC);
	report_fact("a folder for writing", "%s", report_errno(result(fd)));
	if (fd >= 0)
		close(fd);
	report_fact(
	    "link of a link", "%s", report_errno(result(linkat(dir, "link", dir, "hard", 0))));
	report_fact("rename over a folder", "%s",
	    report_errno(result(renameat(dir, "target", dir, "folder"))));
	report_fact("unlink of a folder", "%s", report_errno(result(unlinkat(dir, "folder", 0))));
}

/* Names that Maildir needs, and what the file system makes of them. */
static void
names(int dir)
{
	static const char mail[] = "1795313901.Q6b0250ed.1R0.host,S=352,W=364:2,FRS";
	struct stat st;
	int fd = make(dir, mail);

	report_fact("a name of Maildir", "%s", report_errno(result(fd)));
	if (fd >= 0)
		close(fd);
	fd = make(dir, "CaSe");
	if (fd >= 0)
		close(fd);
	report_fact("names differ by case",
	    "%s", fstatat(dir, "case", &st, AT_SYMLINK_NOFOLLOW) == 0 ? "no" : "yes");
	fd = make(dir, "octets-\xff\xfe");
	report_fact("a name that is not UTF-8", "%s", report_errno(result(fd)));
	if (fd >= 0)
		close(fd);
}

static void
times(int dir)
{
	struct stat st;

	if (fstat(dir, &st) != 0)
		return;
#if defined(HAVE_STRUCT_STAT_ST_MTIM)
	report_fact("time of the last change", "nanoseconds %ld", (long)st.st_mtim.tv_nsec);
#elif defined(HAVE_STRUCT_STAT_ST_MTIMESPEC)
	report_fact("time of the last change", "nanoseconds %ld", (long)st.st_mtimespec.tv_nsec);
#else
	report_fact("time of the last change", "seconds only");
#endif
	report_fact("group of a new file", "%s", st.st_gid == getegid() ? "ours" : "the folder's");
}

/* A lock that another process must not get. */
static void
locks(int dir)
{
	int fd = make(dir, "lock"), status = 0;
	pid_t pid;

	if (fd < 0)
		return;
	report_fact("lock", "%s", report_errno(-filelock_try(fd)));
	pid = fork();
	if (pid == 0)
		_exit(-filelock_try(fd) & 0xff);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		report_fact("the same lock elsewhere", "%s", report_errno(WEXITSTATUS(status)));
	close(fd);
}

void
facts_files(const char *folder)
{
	char path[64];
	int dir;

	report_fact("folder", "%s", folder);
	check_folder_new(NULL, path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		report_fact("folder", "%s", report_errno(errno));
		return;
	}
	space(dir);
	durability(dir);
	links(dir);
	names(dir);
	times(dir);
	locks(dir);
	close(dir);
	check_folder_remove(path);
}
