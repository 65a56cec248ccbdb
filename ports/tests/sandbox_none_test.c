/*
 * The contract of os/sandbox.h for the implementation that has no sandbox: it says so.
 */
#include "os/sandbox.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

static void
says_so(void)
{
	struct sandbox_opts o = {.profile = SANDBOX_PURE};
	struct fault f = FAULT_NONE;
	const char *applied = NULL;
	int fd;

	sandbox_warm();
	CHECK_EQ(sandbox_enter(&o, &applied, &f), ST_TEMP);
	CHECK(applied && strcmp(applied, "none") == 0);
	CHECK(strcmp(sandbox_name, "none") == 0);
	CHECK(f.text[0] != '\0');
	/* And indeed nothing was closed. */
	fd = open("/dev/null", O_RDONLY);
	CHECK(fd >= 0);
	close(fd);
}

static const struct check_row rows[] = {
	{"says_so", says_so},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
