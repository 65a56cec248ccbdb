/*
 * The lowest stream layer: a descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/stream.h"

static bool
is_later(int sys)
{
	return sys == EAGAIN || sys == EWOULDBLOCK;
}

static enum st
fd_read(struct stream *s, unsigned char *p, size_t max, size_t *n, struct fault *f)
{
	ssize_t r;

	do {
		r = read(s->fd, p, max);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return is_later(errno) ? ST_AGAIN : fault_sys(f, ST_IO, "4.4.2", errno, "read");
	*n = (size_t)r;
	return r == 0 ? ST_EOF : ST_OK;
}

static enum st
fd_write(struct stream *s, struct slice in, size_t *n, struct fault *f)
{
	ssize_t r;

	do {
		r = write(s->fd, in.p, in.n);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return is_later(errno) ? ST_AGAIN : fault_sys(f, ST_IO, "4.4.2", errno, "write");
	*n = (size_t)r;
	return r == 0 ? ST_AGAIN : ST_OK;
}

static unsigned
fd_want(const struct stream *s, unsigned want)
{
	(void)s;
	return want;
}

static bool
fd_pending(const struct stream *s)
{
	(void)s;
	return false;
}

static enum st
fd_shut(struct stream *s)
{
	/* A pipe, or a peer that is already gone, has nothing to be told. */
	(void)shutdown(s->fd, SHUT_WR);
	return ST_OK;
}

static void
fd_free(struct stream *s)
{
	close(s->fd);
	mem_free(s);
}

static const struct stream_ops fd_ops = {
	.name = "fd",
	.read = fd_read,
	.write = fd_write,
	.want = fd_want,
	.pending = fd_pending,
	.shut = fd_shut,
	.free = fd_free,
};

struct stream *
stream_fd_new(int fd)
{
	struct stream *s = mem_get(sizeof(*s));
	int flags = fcntl(fd, F_GETFL);
	int on = 1;

	if (flags >= 0 && !(flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	/*
	 * Replies leave in one write each, so waiting for more only delays. Refused by what is not
	 * TCP.
	 */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*s = (struct stream){.ops = &fd_ops, .below = NULL, .fd = fd};
	return s;
}

int
stream_fd_release(struct stream *s)
{
	int fd = s->ops == &fd_ops ? s->fd : -1;

	if (fd >= 0)
		mem_free(s);
	return fd;
}
