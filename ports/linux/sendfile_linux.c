/*
 * sendfile(2), and the floor's way for the file systems that cannot.
 */
#include "ports/posix/sendfile_common.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/types.h>

/* The system call takes no more at once. */
#define SENDFILE_MOST_BYTES 0x7ffff000u

long
sendfile_some(int sock, int fd, uint64_t offset, size_t n)
{
	off_t at = (off_t)offset;
	ssize_t sent;

	if ((uint64_t)at != offset || at < 0)
		return -EOVERFLOW;
	do
		sent = sendfile(sock, fd, &at, n < SENDFILE_MOST_BYTES ? n : SENDFILE_MOST_BYTES);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return (long)sent;
	if (errno == EINVAL || errno == ENOSYS)
		return sendfile_by_copy(sock, fd, offset, n);
	return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}
