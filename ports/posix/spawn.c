/*
 * Starting a program by fork and exec.
 */
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define SPAWN_ENV_MAX 8
#define SPAWN_HIGH 16 /* above all that are wanted */

/* The descriptors of s at 0, 1 ..., open over the exec. */
static bool
spawn_place(const struct spawn *s)
{
	int null = open("/dev/null", O_RDWR), high[SPAWN_FDS_MAX];
	size_t i;

	/* They may stand in each other's place: up first. */
	for (i = 0; i < s->fd_count; i++) {
		int from = s->fds[i];

		if (from == SPAWN_NULL)
			from = null;
		else if (from == SPAWN_KEEP)
			from = (int)i;
		high[i] = fcntl(from, F_DUPFD, SPAWN_HIGH);
		if (high[i] < 0)
			return false;
	}
	for (i = 0; i < s->fd_count; i++)
		if (dup2(high[i], (int)i) < 0)
			return false;
	privs_close_from((int)s->fd_count);
	return true;
}

/* The child's life before its program. */
static void
spawn_run(const struct spawn *s)
{
	const char *slash = strrchr(s->path, '/');
	char *argv[3] = {
	    (char *)(uintptr_t)(slash ? slash + 1 : s->path), (char *)(uintptr_t)s->argument, NULL};
	char *env[SPAWN_ENV_MAX + 1] = {NULL};
	struct fault f;
	sigset_t none;
	int signo;
	size_t i;

	for (i = 0; i < SPAWN_ENV_MAX && s->env && s->env[i]; i++)
		env[i] = (char *)(uintptr_t)s->env[i];
	if (!spawn_place(s))
		_exit(71);
	if (s->fd_limit > 0)
		privs_limit_fds(s->fd_limit);
	for (signo = 1; signo < 32; signo++)
		signal(signo, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(077);
	if (s->session)
		setsid();
	if (s->who && privs_become(s->who, &f) != ST_OK)
		_exit(77);
	execve(s->path, argv, env);
	_exit(72);
}

int
spawn_program(const struct spawn *s, long *pid)
{
	pid_t child;

	if (s->fd_count < 3 || s->fd_count > SPAWN_FDS_MAX)
		return -EINVAL;
	if (access(s->path, X_OK) != 0)
		return -errno;
	child = fork();
	if (child == 0)
		spawn_run(s);
	if (child < 0)
		return -errno;
	*pid = child;
	return 0;
}
