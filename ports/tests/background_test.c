/*
 * The contract of os/background.h: each case is played by a starter of its own, whose end is what
 * a person at a terminal would see.
 */
#include "os/background.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

/* What the one in the background does; it writes to fd what the test wants to know. */
typedef void act_fn(int fd);

struct seen {
	int status; /* of the starter */
	char said[64];
};

static struct seen
play(act_fn *act)
{
	struct seen s = {.status = -1};
	int fds[2];
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	CHECK_EQ(pipe(fds), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		if (background_start() != 0)
			_exit(99);
		act(fds[1]);
		_exit(0);
	}
	close(fds[1]);
	CHECK_EQ(waitpid(pid, &s.status, 0), pid);
	while ((got = read(fds[0], s.said + n, sizeof(s.said) - 1 - n)) > 0)
		n += (size_t)got;
	close(fds[0]);
	return s;
}

static void
say(int fd, const char *text)
{
	ssize_t n = write(fd, text, strlen(text));

	(void)n;
}

static bool
is_null(int fd)
{
	struct stat sb, null;

	return fstat(fd, &sb) == 0 && stat("/dev/null", &null) == 0 && S_ISCHR(sb.st_mode) &&
	       sb.st_rdev == null.st_rdev;
}

static void
gets_ready(int fd)
{
	say(fd, getsid(0) == getpid() ? "leads " : "follows ");
	background_ready();
	say(fd, is_null(0) && is_null(1) && is_null(2) ? "quiet" : "loud");
}

static void
ready(void)
{
	struct seen s = play(gets_ready);

	CHECK(WIFEXITED(s.status) && WEXITSTATUS(s.status) == 0);
	CHECK_SL(sl_str(s.said), SL("leads quiet"));
}

/* The starter goes when the other is ready, not when that ends. */
static void
stays(int fd)
{
	pid_t starter = getppid();

	background_ready();
	say(fd, "on ");
	while (getppid() == starter)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	say(fd, "alone");
}

static void
outlives(void)
{
	struct seen s = play(stays);

	CHECK(WIFEXITED(s.status) && WEXITSTATUS(s.status) == 0);
	CHECK_SL(sl_str(s.said), SL("on alone"));
}

static void
gives_up(int fd)
{
	say(fd, "78");
	_exit(78);
}

static void
dies(int fd)
{
	say(fd, "killed");
	raise(SIGKILL);
}

/* Whoever ends before he is ready: his status is the starter's. */
static void
not_ready(void)
{
	struct seen s = play(gives_up);

	CHECK(WIFEXITED(s.status) && WEXITSTATUS(s.status) == 78);
	CHECK_SL(sl_str(s.said), SL("78"));
	s = play(dies);
	CHECK(WIFEXITED(s.status) && WEXITSTATUS(s.status) == 71);
	CHECK_SL(sl_str(s.said), SL("killed"));
}

/* Without background_start nothing happens; a second call has no effect. */
static void
no_start(void)
{
	struct stat before, after;

	CHECK_EQ(fstat(1, &before), 0);
	background_ready();
	background_ready();
	CHECK_EQ(fstat(1, &after), 0);
	CHECK(before.st_ino == after.st_ino && before.st_dev == after.st_dev);
}

static const struct check_row rows[] = {
	{"ready", ready},
	{"outlives", outlives},
	{"not_ready", not_ready},
	{"no_start", no_start},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
