/*
 * Random bytes from /dev/urandom, whose descriptor stays open from the first use (sandbox_warm), as
 * later there may be no path to it.
 */
#include "os/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int random_fd = -1;
static struct stat random_stat;

static void
random_fail(const char *what)
{
	fprintf(stderr, "random: %s: %s\n", what, strerror(errno));
	_exit(75);
}

/*
 * Somebody may have closed every descriptor since, and the number may now be another file's: bytes
 * from there would not be secret at all. So each use looks whether it is still the same device.
 */
static bool
random_is_open(void)
{
	struct stat st;

	return random_fd >= 0 && fstat(random_fd, &st) == 0 && st.st_dev == random_stat.st_dev &&
	       st.st_ino == random_stat.st_ino && S_ISCHR(st.st_mode);
}

static void
random_open(void)
{
	random_fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (random_fd < 0 || fstat(random_fd, &random_stat) != 0)
		random_fail("/dev/urandom");
	if (!S_ISCHR(random_stat.st_mode)) {
		errno = ENODEV;
		random_fail("/dev/urandom");
	}
}

void
random_bytes(void *p, size_t n)
{
	unsigned char *at = p;

	if (!random_is_open())
		random_open();
	while (n > 0) {
		ssize_t got = read(random_fd, at, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			random_fail("read");
		at += got;
		n -= (size_t)got;
	}
}
