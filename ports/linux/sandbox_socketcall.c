/*
 * Where the C library makes all calls of sockets by one system call (socketcall, on i386 and
 * s390x), a filter cannot see their arguments: they hide behind a pointer. The kernel has them as
 * calls of their own too (Linux 4.3), so the functions whose arguments the filter judges are
 * defined here, and stand before those of the C library for our code and for the libraries we
 * link. What the C library calls inside itself goes on by socketcall and is refused where
 * sandbox_calls.c says so. Elsewhere this file is empty.
 */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ports/linux/sandbox_linux.h"

#if defined(__NR_socketcall) && defined(__NR_socket)

int
socket(int family, int kind, int protocol)
{
	return (int)syscall(__NR_socket, family, kind, protocol);
}

ssize_t
sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t to_n)
{
	return syscall(__NR_sendto, fd, bytes, n, flags, to, to_n);
}

ssize_t
send(int fd, const void *bytes, size_t n, int flags)
{
	return sendto(fd, bytes, n, flags, NULL, 0);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	return syscall(__NR_sendmsg, fd, message, flags);
}

int
sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
	return (int)syscall(__NR_sendmmsg, fd, messages, n, flags);
}

#endif
