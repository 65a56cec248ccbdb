/*
 * Random bytes by getrandom(2): no descriptor, no path.
 */
#include "os/random.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>
#include <unistd.h>

void
random_bytes(void *p, size_t n)
{
	unsigned char *at = p;

	while (n > 0) {
		/* Up to 256 bytes come in one piece, whatever signals arrive. */
		ssize_t got = getrandom(at, n < 256 ? n : 256, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			fprintf(stderr, "random: getrandom: %s\n", strerror(errno));
			_exit(75);
		}
		at += got;
		n -= (size_t)got;
	}
}
