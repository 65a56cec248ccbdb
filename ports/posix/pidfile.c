/*
 * The file of a number, with a record lock.
 */
#include "os/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/filelock.h"

#define PIDFILE_DIGITS 20

/* The number in the file; 0 when there is none. */
static long
pidfile_read(int fd)
{
	char text[PIDFILE_DIGITS];
	ssize_t n = pread(fd, text, sizeof(text), 0), i;
	long pid = 0;

	for (i = 0; i < n && text[i] >= '0' && text[i] <= '9' && pid < 1000000000; i++)
		pid = 10 * pid + (text[i] - '0');
	return pid;
}

int
pidfile_take(const char *path, long *pid)
{
	char text[PIDFILE_DIGITS + 4];
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644), rc, n;

	*pid = 0;
	if (fd < 0)
		return -errno;
	rc = filelock_try(fd);
	if (rc != 0) {
		*pid = pidfile_read(fd);
		close(fd);
		return rc;
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) == n)
		return 0;
	rc = -errno;
	close(fd);
	return rc;
}

bool
pidfile_is_taken(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), rc;

	if (fd < 0)
		return false;
	rc = filelock_try(fd);
	close(fd);
	return rc == -EAGAIN;
}
