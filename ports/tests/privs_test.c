/*
 * The contract of os/privs.h, for each implementation, in children. PORT_FLOOR: no protection from
 * tracing.
 */
#include "os/privs.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/ptrace.h>
#endif

#include "base/check.h"

/*
 * Runs fn in a child; its status. Children say 0 when all held, or the number of the step that did
 * not.
 */
static int
in_child(int (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(fn());
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static const uint32_t two_groups[] = {12400, 12401};

static int
child_become(void)
{
	struct privs p = {.uid = 12345, .gid = 12346, .groups = two_groups, .group_count = 2};
	struct fault f = FAULT_NONE;
	gid_t got[8];
	int n;

	if (privs_become(&p, &f) != ST_OK)
		return 1;
	if (getuid() != 12345 || geteuid() != 12345 || getgid() != 12346 || getegid() != 12346)
		return 2;
	n = getgroups(8, got);
	if (n != 2 || got[0] + got[1] != 12400 + 12401)
		return 3;
	if (setuid(0) == 0 || seteuid(0) == 0 || setreuid((uid_t)-1, 0) == 0 || setreuid(0, 0) == 0)
		return 4;
	if (setgid(0) == 0 || setegid(0) == 0 || setregid(0, 0) == 0 || setgroups(0, NULL) == 0)
		return 5;
	if (getuid() != 12345 || geteuid() != 12345)
		return 6;
	return open("/etc/shadow", O_RDONLY) >= 0 ? 7 : 0;
}

static int
child_twice(void)
{
	struct privs p = {.uid = 12345, .gid = 12346}, q = {.uid = 12347, .gid = 12347};
	struct fault f = FAULT_NONE;
	gid_t got[8];

	if (privs_become(&p, &f) != ST_OK || getgroups(8, got) != 0)
		return 1;
	if (privs_become(&q, &f) != ST_DENIED)
		return 2;
	return f.text[0] == '\0' || f.sys != EPERM ? 3 : 0;
}

static char jail[] = "/tmp/privs_test.XXXXXX";

static int
child_chroot(void)
{
	struct privs p = {.uid = 12345, .gid = 12346, .root_dir = jail};
	struct fault f = FAULT_NONE;
	char here[64];

	if (privs_become(&p, &f) != ST_OK)
		return 1;
	if (!getcwd(here, sizeof(here)) || strcmp(here, "/") != 0)
		return 2;
	if (open("/etc/passwd", O_RDONLY) >= 0 || open("../../etc/passwd", O_RDONLY) >= 0)
		return 3;
	return open("/inside", O_RDONLY) < 0 ? 4 : 0;
}

static int
child_bad_root(void)
{
	struct privs p = {.uid = 12345, .gid = 12346, .root_dir = "/nowhere/at/all"};
	struct fault f = FAULT_NONE;

	if (privs_become(&p, &f) != ST_IO || f.sys != ENOENT)
		return 1;
	return getuid() == 0 ? 0 : 2;
}

static void
become(void)
{
	char inside[64];
	int fd;

	CHECK_EQ(in_child(child_become), 0);
	CHECK_EQ(in_child(child_twice), 0);
	CHECK_EQ(in_child(child_bad_root), 0);
	CHECK(mkdtemp(jail) != NULL);
	CHECK_EQ(chmod(jail, 0755), 0);
	snprintf(inside, sizeof(inside), "%s/inside", jail);
	fd = open(inside, O_CREAT | O_WRONLY, 0644);
	CHECK_EQ(in_child(child_chroot), 0);
	close(fd);
	unlink(inside);
	rmdir(jail);
}

/* Nobody becomes root, nor somebody with root's group, whoever asks. */
static void
root_refused(void)
{
	static const uint32_t zero_group[] = {12400, 0};
	static const struct privs refused[] = {
	    {.uid = 0, .gid = 12346},
	    {.uid = 12345, .gid = 0},
	    {.uid = 12345, .gid = 12346, .groups = zero_group, .group_count = 2},
	    {.uid = UINT32_MAX, .gid = 12346},
	    {.uid = 12345, .gid = UINT32_MAX},
	};
	struct fault f = FAULT_NONE;
	uid_t before = getuid();
	size_t i;

	for (i = 0; i < COUNT_OF(refused); i++) {
		CHECK_EQ(privs_become(&refused[i], &f), ST_DENIED);
		CHECK(f.text[0] != '\0');
	}
	CHECK_EQ(getuid(), before);
}

static int
child_close_from(void)
{
	int fd, low = dup(0), high, i;

	for (i = 0; i < 50; i++)
		if (dup(0) < 0)
			return 1;
	high = fcntl(0, F_DUPFD, 900);
	if (high < 900)
		return 2;
	privs_close_from(low + 1);
	if (fcntl(low, F_GETFD) < 0)
		return 3;
	for (fd = low + 1; fd <= high; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 4;
	privs_close_from(0);
	return fcntl(0, F_GETFD) >= 0 || fcntl(2, F_GETFD) >= 0 ? 5 : 0;
}

/* A limit lowered after descriptors above it were opened does not hide them. */
static int
child_close_above_limit(void)
{
	struct rlimit low;
	int high = fcntl(0, F_DUPFD, 700);

	if (high < 700 || getrlimit(RLIMIT_NOFILE, &low) != 0)
		return 1;
	low.rlim_cur = 100;
	if (setrlimit(RLIMIT_NOFILE, &low) != 0)
		return 2;
	privs_close_from(3);
	return fcntl(high, F_GETFD) >= 0 ? 3 : 0;
}

static void
close_from(void)
{
	CHECK_EQ(in_child(child_close_from), 0);
	CHECK_EQ(in_child(child_close_above_limit), 0);
}

static int
child_limit(void)
{
	struct rlimit l;
	int fd;

	if (privs_limit_fds(64) != 64 || getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur != 64 ||
	    l.rlim_max != 64)
		return 1;
	for (fd = dup(0); fd >= 0 && fd < 100; fd = dup(0))
		continue;
	if (errno != EMFILE)
		return 2;
	/*
	 * More than the hard limit is for the privileged; the answer says what is in force, and no
	 * error stops us.
	 */
	fd = (int)privs_limit_fds(80);
	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || (int)l.rlim_cur != fd)
		return 3;
	return fd == 64 || fd == 80 ? 0 : 4;
}

/* More than the limit is refused, less is given; it cannot be raised again. */
static int
child_memory(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return 0; /* its shadow memory is far above any limit */
#else
	const size_t limit = (size_t)64 << 20;
	struct rlimit l;
	char *p;

	if (privs_limit_memory(0) || !privs_limit_memory(limit))
		return 1;
	if (getrlimit(RLIMIT_DATA, &l) != 0 || l.rlim_cur != limit || l.rlim_max != limit)
		return 2;
	p = malloc(limit / 2);
	if (!p)
		return 3;
	p[limit / 4] = 1;
	free(p);
#ifdef __linux__
	p = malloc(2 * limit);
	if (p)
		return 4;
#endif
	return privs_limit_memory(2 * limit) && getrlimit(RLIMIT_DATA, &l) == 0 &&
		       l.rlim_cur > (rlim_t)limit
		   ? 5
		   : 0;
#endif
}

static void
limit_memory(void)
{
	CHECK_EQ(in_child(child_memory), 0);
}

static void
limit_fds(void)
{
	CHECK_EQ(in_child(child_limit), 0);
}

static int
child_undumpable(void)
{
	struct rlimit l;

	privs_undumpable();
	if (getrlimit(RLIMIT_CORE, &l) != 0 || l.rlim_cur != 0 || l.rlim_max != 0)
		return 1;
#if defined(__linux__) && !defined(PORT_FLOOR)
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 2;
#endif
	return 0;
}

#if defined(__linux__) && !defined(PORT_FLOOR)
/* Another process of the same uid (not root) cannot attach. */
static int
child_untraceable(void)
{
	struct privs p = {.uid = 12345, .gid = 12346};
	struct fault f = FAULT_NONE;
	int ready[2], hold[2], status, rc;
	pid_t target;
	char c;

	if (privs_become(&p, &f) != ST_OK || pipe(ready) != 0 || pipe(hold) != 0)
		return 1;
	target = fork();
	if (target == 0) {
		close(hold[1]);
		privs_undumpable();
		rc = write(ready[1], "r", 1) == 1 && read(hold[0], &c, 1) == 0 ? 0 : 1;
		_exit(rc);
	}
	close(hold[0]);
	if (read(ready[0], &c, 1) != 1)
		return 2;
	rc = ptrace(PTRACE_ATTACH, target, NULL, NULL) == 0 ? 3 : errno == EPERM ? 0 : 4;
	close(hold[1]);
	if (rc == 3)
		kill(target, SIGKILL);
	waitpid(target, &status, 0);
	return rc;
}
#endif

static void
undumpable(void)
{
	CHECK_EQ(in_child(child_undumpable), 0);
}

#if defined(__linux__) && !defined(PORT_FLOOR)
static void
untraceable(void)
{
	CHECK_EQ(in_child(child_untraceable), 0);
}
#endif

static const struct check_row rows[] = {
	{"root_refused", root_refused},
	{"close_from", close_from},
	{"limit_fds", limit_fds},
	{"limit_memory", limit_memory},
	{"undumpable", undumpable},
};

static const struct check_row root_rows[] = {
	{"root_refused", root_refused},
	{"close_from", close_from},
	{"limit_fds", limit_fds},
	{"limit_memory", limit_memory},
	{"undumpable", undumpable},
	{"become", become},
#if defined(__linux__) && !defined(PORT_FLOOR)
	{"untraceable", untraceable},
#endif
};

int
main(int argc, char **argv)
{
	if (geteuid() == 0)
		return check_main(argc, argv, root_rows, COUNT_OF(root_rows));
	printf("become, untraceable: skipped: they need root\n");
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
