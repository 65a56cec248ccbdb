/*
 * The contract of os/filelock.h.
 */
#include "os/filelock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

static char path[] = "/tmp/filelock_test.XXXXXX";

struct holder {
	pid_t pid;
	int said; /* the holder's answer, one byte: '0' has the lock, 'A' -EAGAIN, 'E' other */
};

/* A process that tries the lock, says how it went, and keeps the descriptor until it is killed. */
static struct holder
start_holder(void)
{
	struct holder h;
	int fds[2];

	CHECK_EQ(pipe(fds), 0);
	fflush(stdout);
	h.pid = fork();
	if (h.pid == 0) {
		int fd = open(path, O_RDWR), rc = filelock_try(fd);
		ssize_t n = write(fds[1], rc == 0 ? "0" : rc == -EAGAIN ? "A" : "E", 1);

		while (n == 1)
			pause();
		_exit(1);
	}
	close(fds[1]);
	h.said = fds[0];
	return h;
}

static char
answer(const struct holder *h)
{
	char c = '?';

	CHECK_EQ(read(h->said, &c, 1), 1);
	return c;
}

static void
stop_holder(struct holder *h)
{
	int status;

	kill(h->pid, SIGKILL);
	CHECK_EQ(waitpid(h->pid, &status, 0), h->pid);
	close(h->said);
}

static void
one_at_a_time(void)
{
	int fd = open(path, O_RDWR);
	struct holder h;

	CHECK_EQ(filelock_try(fd), 0);
	CHECK_EQ(filelock_try(fd), 0); /* the holder's own second try does no harm */
	h = start_holder();
	CHECK_EQ(answer(&h), 'A');
	stop_holder(&h);
	CHECK_EQ(filelock_release(fd), 0);
	h = start_holder();
	CHECK_EQ(answer(&h), '0');
	CHECK_EQ(filelock_try(fd), -EAGAIN);
	stop_holder(&h);
	close(fd);
}

static void
holder_killed(void)
{
	int fd = open(path, O_RDWR), i;
	struct holder h;

	for (i = 0; i < 10; i++) {
		h = start_holder();
		CHECK_EQ(answer(&h), '0');
		CHECK_EQ(filelock_try(fd), -EAGAIN);
		stop_holder(&h);
		CHECK_EQ(filelock_try(fd), 0);
		CHECK_EQ(filelock_release(fd), 0);
	}
	close(fd);
}

static void
closed_is_released(void)
{
	int fd = open(path, O_RDWR), unrelated;
	struct holder h;

	CHECK_EQ(filelock_try(fd), 0);
	/* Another file's descriptor may come and go. */
	unrelated = open("/dev/null", O_RDONLY);
	close(unrelated);
	h = start_holder();
	CHECK_EQ(answer(&h), 'A');
	stop_holder(&h);
	close(fd);
	h = start_holder();
	CHECK_EQ(answer(&h), '0');
	stop_holder(&h);
}

static void
errors(void)
{
	int fd = open(path, O_RDONLY);

	CHECK_EQ(filelock_try(-1), -EBADF);
	CHECK_EQ(filelock_try(fd), -EBADF); /* a write lock needs a writable descriptor */
	close(fd);
}

static const struct check_row rows[] = {
	{"one_at_a_time", one_at_a_time},
	{"holder_killed", holder_killed},
	{"closed_is_released", closed_is_released},
	{"errors", errors},
};

int
main(int argc, char **argv)
{
	int fd = mkstemp(path), rc;

	if (fd < 0) {
		perror(path);
		return 1;
	}
	close(fd);
	rc = check_main(argc, argv, rows, COUNT_OF(rows));
	unlink(path);
	return rc;
}
