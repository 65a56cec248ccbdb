/*
 * The contract of os/sendfile.h, for each implementation.
 */
#include "os/sendfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "os/fdpass.h"

#define BYTES 3000000u

static unsigned char content[BYTES];

static int
file_of_content(void)
{
	FILE *f = tmpfile();
	int fd = f ? dup(fileno(f)) : -1;
	size_t i;

	if (f)
		fclose(f);
	for (i = 0; i < BYTES; i++)
		content[i] = (unsigned char)(i * 7 + i / 251);
	CHECK_EQ(write(fd, content, BYTES), (long long)BYTES);
	return fd;
}

/* All of it from an odd offset, through a socket that is full again and again. */
static void
whole_file(void)
{
	static unsigned char got[BYTES];
	int fd = file_of_content(), pair[2];
	size_t start = 12345, sent = start, received = start;
	unsigned waits = 0;
	long n;

	CHECK_EQ(fdpass_pair(pair), 0);
	while (received < BYTES) {
		n = sent < BYTES ? sendfile_some(pair[0], fd, sent, BYTES - sent) : 0;
		if (n == -EAGAIN)
			waits++;
		else if (!CHECK(n >= 0))
			break;
		if (n > 0)
			sent += (size_t)n;
		n = (long)read(pair[1], got + received, 9999);
		if (n > 0)
			received += (size_t)n;
	}
	CHECK(waits > 0);
	CHECK(memcmp(got + start, content + start, BYTES - start) == 0);
	/* The descriptor's own offset is nobody's business. */
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), (long long)BYTES);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

static void
at_the_end(void)
{
	int fd = file_of_content(), pair[2];
	unsigned char got[20];

	CHECK_EQ(fdpass_pair(pair), 0);
	CHECK_EQ(sendfile_some(pair[0], fd, BYTES, 10), 0);
	CHECK_EQ(sendfile_some(pair[0], fd, BYTES + 1000, 10), 0);
	CHECK_EQ(sendfile_some(pair[0], fd, BYTES - 4, 10), 4);
	CHECK_EQ(sendfile_some(pair[0], fd, 0, 3), 3); /* never more than asked for */
	CHECK_EQ(read(pair[1], got, sizeof(got)), 7);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

static void
errors(void)
{
	int fd = file_of_content(), pair[2];

	CHECK_EQ(fdpass_pair(pair), 0);
	CHECK_EQ(sendfile_some(pair[0], -1, 0, 10), -EBADF);
	CHECK_EQ(sendfile_some(-1, fd, 0, 10), -EBADF);
	CHECK_EQ(sendfile_some(pair[0], fd, UINT64_MAX, 10), -EOVERFLOW);
	close(pair[1]);
	CHECK_EQ(sendfile_some(pair[0], fd, 0, 10), -EPIPE);
	close(pair[0]);
	close(fd);
}

static const struct check_row rows[] = {
	{"whole_file", whole_file},
	{"at_the_end", at_the_end},
	{"errors", errors},
};

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
