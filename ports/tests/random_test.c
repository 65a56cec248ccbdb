/*
 * The contract of os/random.h, for each implementation.
 */
#include "os/random.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "os/privs.h"

/* Every size is filled to its end, and not a byte more. */
static void
fills_exactly(void)
{
	static unsigned char p[5000], q[5000];
	static const size_t sizes[] = {0, 1, 2, 16, 255, 256, 257, 4096, 4999};
	size_t i, k, round;
	bool changed;

	for (i = 0; i < COUNT_OF(sizes); i++) {
		memset(p, 0, sizeof(p));
		random_bytes(p, sizes[i]);
		memset(q, 0, sizeof(q));
		CHECK(memcmp(p + sizes[i], q, sizeof(p) - sizes[i]) == 0);
		if (sizes[i] == 0)
			continue;
		changed =
		    false; /* the last byte is written, too: zero 64 times in a row is no chance */
		for (round = 0; round < 64; round++) {
			random_bytes(p, sizes[i]);
			changed |= p[sizes[i] - 1] != 0;
		}
		CHECK(changed);
	}
	for (k = 0; k < 2; k++)
		random_bytes(k == 0 ? p : q, 32);
	CHECK(memcmp(p, q, 32) != 0);
}

/* All byte values come, none of them far too often. */
static void
looks_even(void)
{
	static unsigned char p[65536];
	unsigned count[256] = {0}, wrong = 0;
	size_t i;

	random_bytes(p, sizeof(p));
	for (i = 0; i < sizeof(p); i++)
		count[p[i]]++;
	for (i = 0; i < 256; i++)
		wrong += count[i] < 128 || count[i] > 384; /* 256 expected, standard deviation 16 */
	CHECK_EQ(wrong, 0);
}

/* Parent and child do not get the same bytes after fork. */
static void
differs_after_fork(void)
{
	unsigned char mine[32], theirs[32];
	int fds[2], status;
	pid_t pid;

	random_bytes(mine, 1);
	CHECK_EQ(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		random_bytes(mine, sizeof(mine));
		_exit(write(fds[1], mine, sizeof(mine)) == (ssize_t)sizeof(mine) ? 0 : 1);
	}
	random_bytes(mine, sizeof(mine));
	CHECK_EQ(read(fds[0], theirs, sizeof(theirs)), (long long)sizeof(theirs));
	CHECK(memcmp(mine, theirs, sizeof(mine)) != 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	close(fds[0]);
	close(fds[1]);
}

/*
 * Somebody closes every descriptor and opens a file of zeros in its place: the bytes still are
 * random.
 */
static void
survives_close(void)
{
	unsigned char p[32], zero[32] = {0};
	int status, fd = -1, i;
	pid_t pid;

	random_bytes(p, sizeof(p));
	pid = fork();
	if (pid == 0) {
		privs_close_from(3);
		for (i = 0; i < 8; i++)
			fd = open("/dev/zero", O_RDONLY);
		memset(p, 0, sizeof(p));
		random_bytes(p, sizeof(p));
		_exit(fd > 3 && memcmp(p, zero, sizeof(p)) != 0 ? 0 : 1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static const struct check_row rows[] = {
	{"fills_exactly", fills_exactly},
	{"looks_even", looks_even},
	{"differs_after_fork", differs_after_fork},
	{"survives_close", survives_close},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
