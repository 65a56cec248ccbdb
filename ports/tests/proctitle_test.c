/*
 * The contract of os/proctitle.h. PORT_FLOOR: no effect.
 */
#include "os/proctitle.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

static int saved_argc;
static char **saved_argv;
static char first_argument[4096];
static char *first_before;

/* What the system shows of us; the empty string where it has no /proc. */
static void
shown(char *out, size_t room)
{
	int fd = open("/proc/self/cmdline", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, out, room - 1);

	out[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static void
keeps_arguments(void)
{
	CHECK_EQ(saved_argc >= 1, 1);
	CHECK(strcmp(saved_argv[0], first_argument) == 0);
	CHECK(getenv("PATH") != NULL);
	CHECK_EQ(setenv("PROCTITLE_TEST", "value", 1), 0);
	proctitle_set("some title");
	CHECK(strcmp(saved_argv[0], first_argument) == 0);
	CHECK(getenv("PATH") != NULL && getenv("PATH")[0] == '/');
	CHECK(getenv("PROCTITLE_TEST") && strcmp(getenv("PROCTITLE_TEST"), "value") == 0);
	CHECK_EQ(unsetenv("PROCTITLE_TEST"), 0);
	proctitle_init(saved_argc, saved_argv); /* twice does no harm */
	CHECK(strcmp(saved_argv[0], first_argument) == 0);
}

static void
titles(void)
{
	char seen[4096];
#ifndef PORT_FLOOR
	static char huge[200000];
#endif

	shown(seen, sizeof(seen));
#ifdef PORT_FLOOR
	proctitle_set("esmtpd: idle");
	CHECK(strcmp(saved_argv[0], first_before) == 0);
	shown(seen, sizeof(seen));
	CHECK(strcmp(seen, first_argument) == 0 || seen[0] == '\0');
#else
	proctitle_set("esmtpd: idle");
	shown(seen, sizeof(seen));
	CHECK(strcmp(seen, "esmtpd: idle") == 0);
	proctitle_set("x");
	shown(seen, sizeof(seen));
	CHECK(strcmp(seen, "x") == 0);
	proctitle_set("");
	shown(seen, sizeof(seen));
	CHECK(strcmp(seen, "") == 0);
	/* Cut to what fits, and nothing is overrun. */
	memset(huge, 'A', sizeof(huge) - 1);
	proctitle_set(huge);
	shown(seen, sizeof(seen));
	CHECK(strspn(seen, "A") > 10);
	CHECK_EQ(strspn(seen, "A"), strlen(seen));
	CHECK(getenv("PATH") != NULL);
	CHECK(strcmp(saved_argv[0], first_argument) == 0);
#endif
}

static const struct check_row rows[] = {
	{"keeps_arguments", keeps_arguments},
	{"titles", titles},
};

int
main(int argc, char **argv)
{
	snprintf(first_argument, sizeof(first_argument), "%s", argv[0]);
	first_before = argv[0];
	proctitle_init(argc, argv);
	saved_argc = argc;
	saved_argv = argv;
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
