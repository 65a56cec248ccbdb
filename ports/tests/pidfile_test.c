/*
 * The contract of os/pidfile.h.
 */
#include "os/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

static char folder[64], path[96];

/* Another process that has the file until it is killed. */
static pid_t
holder(void)
{
	int fds[2];
	long other;
	pid_t pid;
	char c = '?';

	CHECK_EQ(pipe(fds), 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		ssize_t n = write(fds[1], pidfile_take(path, &other) == 0 ? "y" : "n", 1);

		while (n == 1)
			pause();
		_exit(1);
	}
	CHECK(read(fds[0], &c, 1) == 1 && c == 'y');
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static void
end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
}

static void
one_at_a_time(void)
{
	char text[32] = "", want[32];
	pid_t pid;
	long other = -1;
	int fd;

	CHECK(!pidfile_is_taken(path));
	pid = holder();
	CHECK(pidfile_is_taken(path));
	CHECK_EQ(pidfile_take(path, &other), -EAGAIN);
	CHECK_EQ(other, pid);
	fd = open(path, O_RDONLY);
	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	snprintf(want, sizeof(want), "%ld\n", (long)pid);
	CHECK_SL(sl_str(text), sl_str(want));
	/* Killed, it has nothing any more, though the file stays. */
	end(pid);
	CHECK(!pidfile_is_taken(path));
}

/* A longer number that stood there does not show behind a shorter one; nonsense is no number. */
static void
old_text(void)
{
	char text[32] = "";
	long other = -1;
	pid_t pid;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(write(fd, "1234567890123456789\n", 20) == 20);
	close(fd);
	pid = holder();
	fd = open(path, O_RDWR);
	CHECK(read(fd, text, sizeof(text)) < 12);
	CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, "nonsense\n", 9, 0) == 9);
	CHECK_EQ(pidfile_take(path, &other), -EAGAIN);
	CHECK_EQ(other, 0);
	close(fd);
	end(pid);
}

static void
mistakes(void)
{
	char link[128], missing[128];
	long other;

	snprintf(link, sizeof(link), "%s/link", folder);
	snprintf(missing, sizeof(missing), "%s/no/such", folder);
	CHECK_EQ(pidfile_take(missing, &other), -ENOENT);
	CHECK(!pidfile_is_taken(missing));
	/* Not through a link somebody laid there. */
	CHECK_EQ(symlink(path, link), 0);
	CHECK(pidfile_take(link, &other) < 0);
	CHECK(!pidfile_is_taken(link));
}

static const struct check_row rows[] = {
	{"one_at_a_time", one_at_a_time},
	{"old_text", old_text},
	{"mistakes", mistakes},
};

int
main(int argc, char **argv)
{
	int status;

	check_folder_new(NULL, folder);
	snprintf(path, sizeof(path), "%s/pid", folder);
	status = check_main(argc, argv, rows, COUNT_OF(rows));
	check_folder_remove(folder);
	return status;
}
