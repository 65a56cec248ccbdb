/*
 * Descriptors over a UNIX stream socket. The rule (docs/IPC.md): one descriptor per frame, sent by
 * a sendmsg of its own together with the first byte of its frame header; the receiver reads the
 * header alone. SCM_RIGHTS details differ (CMSG macros, MSG_CTRUNC, close-on-exec flags): they stay
 * in ports/.
 */
#ifndef OS_FDPASS_H
#define OS_FDPASS_H

#include <stddef.h>

/* A connected pair of stream sockets, non-blocking and close-on-exec. 0 or -errno. */
int fdpass_pair(int fds[2]);

/*
 * Sends up to n bytes with fd attached to the first (fd -1: none). Bytes sent, or -errno (-EAGAIN:
 * nothing was sent; -ENOBUFS: the system has no room for more descriptors on their way).
 */
long fdpass_send(int sock, const void *p, size_t n, int fd);

/*
 * Receives up to n bytes. *fd gets the descriptor that came with them (close-on-exec set), or -1.
 * Bytes, 0 at the end, or -errno. More than one descriptor, or a truncated one: all are closed and
 * -EBADMSG is returned; a descriptor lost because our table is full: -EMFILE in *lost, bytes as
 * usual.
 */
long fdpass_recv(int sock, void *p, size_t n, int *fd, int *lost);

#endif
