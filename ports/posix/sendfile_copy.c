/*
 * The floor.
 */
#include "ports/posix/sendfile_common.h"

long
sendfile_some(int sock, int fd, uint64_t offset, size_t n)
{
	return sendfile_by_copy(sock, fd, offset, n);
}
