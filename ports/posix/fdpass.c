/*
 * Descriptor passing with SCM_RIGHTS over a stream socket.
 */
#include "os/fdpass.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SIGPIPE is ignored by every process */
#endif
#ifndef MSG_CMSG_CLOEXEC
#define MSG_CMSG_CLOEXEC 0
#endif

/* Room for more descriptors than the one allowed, so that a surplus is seen and closed. */
#define FDPASS_ROOM 4

union fdpass_control {
	struct cmsghdr align;
	unsigned char bytes[CMSG_SPACE(FDPASS_ROOM * sizeof(int))];
};

static int
fdpass_prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return -errno;
	return 0;
}

int
fdpass_pair(int fds[2])
{
	int rc;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		return -errno;
	rc = fdpass_prepare(fds[0]);
	if (rc == 0)
		rc = fdpass_prepare(fds[1]);
	if (rc != 0) {
		close(fds[0]);
		close(fds[1]);
	}
	return rc;
}

long
fdpass_send(int sock, const void *p, size_t n, int fd)
{
	union fdpass_control control;
	struct iovec iov;
	struct msghdr msg;
	struct cmsghdr *c;
	ssize_t sent;

	if (n == 0)
		return -EINVAL; /* a descriptor travels with a byte */
	memset(&msg, 0, sizeof(msg));
	iov.iov_base = (void *)(size_t)p;
	iov.iov_len = n;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (fd >= 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return (long)sent;
#ifdef ETOOMANYREFS
	if (errno == ETOOMANYREFS) /* Linux: as many descriptors are on their way as may be */
		return -ENOBUFS;
#endif
	return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

/* Collects the descriptors of msg into fds; returns their number, at most FDPASS_ROOM. */
static size_t
fdpass_collect(struct msghdr *msg, int fds[FDPASS_ROOM])
{
	struct cmsghdr *c;
	size_t count = 0, in_this, i;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		    c->cmsg_len < CMSG_LEN(0))
			continue;
		in_this = (size_t)(c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < in_this && count < FDPASS_ROOM; i++, count++)
			memcpy(&fds[count], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
	}
	return count;
}

long
fdpass_recv(int sock, void *p, size_t n, int *fd, int *lost)
{
	union fdpass_control control;
	struct iovec iov;
	struct msghdr msg;
	int fds[FDPASS_ROOM];
	size_t count, i;
	ssize_t got;

	*fd = -1;
	*lost = 0;
	if (n == 0)
		return -EINVAL; /* it could not be told from the end */
	memset(&msg, 0, sizeof(msg));
	iov.iov_base = p;
	iov.iov_len = n;
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.bytes;
	msg.msg_controllen = sizeof(control.bytes);
	do
		got = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	count = fdpass_collect(&msg, fds);
	if (count > 1 || (count == 1 && (msg.msg_flags & MSG_CTRUNC))) {
		for (i = 0; i < count; i++)
			close(fds[i]);
		return -EBADMSG;
	}
	if (count == 1) {
		if (MSG_CMSG_CLOEXEC == 0)
			fcntl(fds[0], F_SETFD, FD_CLOEXEC);
		*fd = fds[0];
	} else if (msg.msg_flags & MSG_CTRUNC) {
		*lost = -EMFILE; /* there was room for the message, so the table had none */
	}
	return (long)got;
}
