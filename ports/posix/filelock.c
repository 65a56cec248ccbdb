/*
 * POSIX record locks over the whole file, which also work over NFS.
 */
#include "os/filelock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int
filelock_apply(int fd, short type)
{
	struct flock lock;

	memset(&lock, 0, sizeof(lock));
	lock.l_type = type;
	lock.l_whence = SEEK_SET;
	while (fcntl(fd, F_SETLK, &lock) != 0) {
		if (errno == EACCES || errno == EAGAIN)
			return -EAGAIN;
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int
filelock_try(int fd)
{
	return filelock_apply(fd, F_WRLCK);
}

int
filelock_release(int fd)
{
	return filelock_apply(fd, F_UNLCK);
}
