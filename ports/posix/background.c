/*
 * Into the background, with a pipe on which the starter waits.
 */
#include "os/background.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKGROUND_KILLED 71 /* EX_OSERR: by a signal */
#define BACKGROUND_LATE 75   /* EX_TEMPFAIL */
#define BACKGROUND_PATIENCE_MS 30000

static int background_pipe = -1;

/* The starter's part. */
static void
background_wait(pid_t child, int ready)
{
	struct pollfd p = {.fd = ready, .events = POLLIN};
	int status = 0, some;
	ssize_t n;
	char c;

	do
		some = poll(&p, 1, BACKGROUND_PATIENCE_MS);
	while (some < 0 && errno == EINTR);
	if (some == 0)
		_exit(BACKGROUND_LATE);
	do
		n = read(ready, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(0);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : BACKGROUND_KILLED);
}

int
background_start(void)
{
	int fds[2];
	pid_t child;

	if (pipe(fds) != 0)
		return -errno;
	child = fork();
	if (child < 0) {
		int sys = errno;

		close(fds[0]);
		close(fds[1]);
		return -sys;
	}
	if (child > 0) {
		close(fds[1]);
		background_wait(child, fds[0]);
	}
	close(fds[0]);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	background_pipe = fds[1];
	setsid();
	return 0;
}

void
background_ready(void)
{
	int null, fd;
	ssize_t n;

	if (background_pipe < 0)
		return;
	null = open("/dev/null", O_RDWR);
	n = write(background_pipe, "1", 1);
	(void)n; /* he may have gone: that is his choice */
	close(background_pipe);
	background_pipe = -1;
	for (fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}
