/*
 * File bytes to a socket without passing through us, where the system can.
 */
#ifndef OS_SENDFILE_H
#define OS_SENDFILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sends up to n bytes of fd at offset to sock. Bytes sent, 0 at the end of the file, or -errno
 * (-EAGAIN: later).
 */
long sendfile_some(int sock, int fd, uint64_t offset, size_t n);

#endif
