/*
 * The contract of os/fdpass.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/check.h"
#include "os/fdpass.h"

static int pair[2];

static void
open_pair(void)
{
	CHECK_EQ(fdpass_pair(pair), 0);
}

static void
close_pair(void)
{
	close(pair[0]);
	close(pair[1]);
}

/* A file whose size is its mark. */
static int
marked_file(off_t mark)
{
	FILE *f = tmpfile();
	int fd;

	CHECK(f != NULL);
	if (!f)
		return -1;
	fd = dup(fileno(f));
	fclose(f);
	CHECK_EQ(ftruncate(fd, mark), 0);
	return fd;
}

static off_t
mark_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_size : -1;
}

static int
count_open(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
pair_flags(void)
{
	int i;

	open_pair();
	for (i = 0; i < 2; i++) {
		CHECK((fcntl(pair[i], F_GETFD) & FD_CLOEXEC) != 0);
		CHECK((fcntl(pair[i], F_GETFL) & O_NONBLOCK) != 0);
	}
	close_pair();
}

static void
nothing_there(void)
{
	int fd, lost;
	char c;

	open_pair();
	CHECK_EQ(fdpass_recv(pair[1], &c, 1, &fd, &lost), -EAGAIN);
	CHECK_EQ(fd, -1);
	CHECK_EQ(lost, 0);
	close(pair[0]);
	CHECK_EQ(fdpass_recv(pair[1], &c, 1, &fd, &lost), 0);
	CHECK_EQ(fdpass_recv(pair[1], &c, 0, &fd, &lost), -EINVAL);
	CHECK_EQ(fdpass_send(pair[1], "", 0, -1), -EINVAL);
	CHECK_EQ(fdpass_send(pair[1], "x", 1, -1), -EPIPE); /* and no SIGPIPE */
	close(pair[1]);
}

static void
full_socket(void)
{
	static char block[65536];
	long n = 0;
	int i, fd = marked_file(1), before;

	open_pair();
	before = count_open();
	for (i = 0; i < 1000 && n >= 0; i++)
		n = fdpass_send(pair[0], block, sizeof(block), -1);
	CHECK_EQ(n, -EAGAIN);
	CHECK_EQ(fdpass_send(pair[0], "h", 1, fd), -EAGAIN);
	CHECK_EQ(count_open(), before);
	close(fd);
	close_pair();
}

/*
 * The rule of docs/IPC.md: three frames written back to back, descriptors on the first and third,
 * read byte by byte.
 */
static void
three_frames(void)
{
	int files[2] = {marked_file(11), marked_file(33)}, fd, lost, i, before = count_open();
	char c;

	open_pair();
	CHECK_EQ(fdpass_send(pair[0], "AAAA", 4, files[0]), 4);
	CHECK_EQ(fdpass_send(pair[0], "BBBB", 4, -1), 4);
	CHECK_EQ(fdpass_send(pair[0], "CCCC", 4, files[1]), 4);
	for (i = 0; i < 12; i++) {
		CHECK_EQ(fdpass_recv(pair[1], &c, 1, &fd, &lost), 1);
		CHECK_EQ(c, "ABC"[i / 4]);
		CHECK_EQ(lost, 0);
		CHECK_EQ(fd >= 0, i == 0 || i == 8);
		if (fd >= 0) {
			CHECK_EQ(mark_of(fd), i == 0 ? 11 : 33);
			CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
			close(fd);
		}
	}
	close_pair();
	CHECK_EQ(count_open(), before);
	close(files[0]);
	close(files[1]);
}

/*
 * Headers read alone and exactly: payloads in between are never mixed with the next frame's
 * descriptor.
 */
static void
headers_alone(void)
{
	int file = marked_file(7), fd, lost;
	char got[16];

	open_pair();
	CHECK_EQ(fdpass_send(pair[0], "hhhhpp", 6, -1), 6);
	CHECK_EQ(fdpass_send(pair[0], "HHHH", 4, file), 4);
	CHECK_EQ(fdpass_recv(pair[1], got, 4, &fd, &lost), 4);
	CHECK_EQ(fd, -1);
	CHECK_EQ(fdpass_recv(pair[1], got, 2, &fd, &lost), 2);
	CHECK_EQ(fd, -1);
	CHECK_SL(sl_mem(got, 2), SL("pp"));
	CHECK_EQ(fdpass_recv(pair[1], got, 4, &fd, &lost), 4);
	CHECK_EQ(mark_of(fd), 7);
	close(fd);
	close(file);
	close_pair();
}

/* What a peer that keeps no rule can do: count descriptors in one message. */
static void
send_many(int sock, const int *fds, size_t count)
{
	union {
		struct cmsghdr align;
		unsigned char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control;
	char byte = 'x';
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg;
	struct cmsghdr *c;

	memset(&msg, 0, sizeof(msg));
	memset(&control, 0, sizeof(control));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.bytes;
	msg.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof(int));
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	CHECK_EQ(sendmsg(sock, &msg, 0), 1);
}

static void
more_than_one(void)
{
	int fds[16], i, fd, lost, before;
	size_t count;
	char c;

	for (i = 0; i < 16; i++)
		fds[i] = marked_file(i);
	before = count_open();
	for (count = 2; count <= 16; count++) {
		open_pair();
		send_many(pair[0], fds, count);
		CHECK_EQ(fdpass_recv(pair[1], &c, 1, &fd, &lost), -EBADMSG);
		CHECK_EQ(fd, -1);
		close_pair();
		CHECK_EQ(count_open(), before);
	}
	for (i = 0; i < 16; i++)
		close(fds[i]);
}

/*
 * Our table is full: the bytes come, and the loss is told; afterwards the socket works as before.
 */
static void
table_full(void)
{
	struct rlimit old, low;
	int file = marked_file(5), fd, lost;
	char c;

	open_pair();
	CHECK_EQ(fdpass_send(pair[0], "1", 1, file), 1);
	CHECK_EQ(fdpass_send(pair[0], "2", 1, file), 1);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = 0;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
	CHECK_EQ(fdpass_recv(pair[1], &c, 1, &fd, &lost), 1);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	CHECK_EQ(c, '1');
	CHECK_EQ(fd, -1);
	CHECK_EQ(lost, -EMFILE);
	CHECK_EQ(fdpass_recv(pair[1], &c, 1, &fd, &lost), 1);
	CHECK_EQ(c, '2');
	CHECK_EQ(lost, 0);
	CHECK_EQ(mark_of(fd), 5);
	close(fd);
	close(file);
	close_pair();
}

static const struct check_row rows[] = {
	{"pair_flags", pair_flags},
	{"nothing_there", nothing_there},
	{"full_socket", full_socket},
	{"three_frames", three_frames},
	{"headers_alone", headers_alone},
	{"more_than_one", more_than_one},
	{"table_full", table_full},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
