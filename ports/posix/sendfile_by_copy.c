/*
 * pread, then send. What the socket does not take is read again next time.
 */
#include "ports/posix/sendfile_common.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SIGPIPE is ignored by every process */
#endif

#define SENDFILE_CHUNK_BYTES (32 * 1024)

long
sendfile_by_copy(int sock, int fd, uint64_t offset, size_t n)
{
	unsigned char chunk[SENDFILE_CHUNK_BYTES];
	ssize_t got, sent;

	if ((uint64_t)(off_t)offset != offset || (off_t)offset < 0)
		return -EOVERFLOW;
	do
		got = pread(fd, chunk, n < sizeof(chunk) ? n : sizeof(chunk), (off_t)offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (got == 0)
		return 0;
	do
		sent = send(sock, chunk, (size_t)got, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return (long)sent;
}
