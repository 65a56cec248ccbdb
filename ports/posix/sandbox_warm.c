/*
 * Libraries open some files when they are first used; afterwards there may be no path to them.
 * Charsets and TLS are warmed by src/ext, which knows them.
 */
#include "ports/sandbox_warm.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "os/random.h"

void
sandbox_warm_libraries(void)
{
	unsigned char byte;
	time_t now = time(NULL);
	struct tm tm;

	tzset();
	localtime_r(&now, &tm);
	random_bytes(&byte, 1);
	(void)strerror(0);
	(void)sysconf(_SC_NPROCESSORS_ONLN);
}
