/*
 * The contract of os/spawn.h. The program started is this one again: it says what it found.
 */
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

#define CHILD "say"
#define FDS_LOOKED_AT 200
#define OTHER_UID 65534u

extern char **environ;

static char me[4096];

/* What the started program has to say, to descriptor 1. */
static int
say(const char *name)
{
	struct sigaction sa;
	struct rlimit fds;
	sigset_t blocked;
	struct stat sb;
	int i, odd = 0;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	/* Sanitizers have handlers for faults of their own. */
	for (i = 1; i < 32; i++)
		odd += i != SIGSEGV && i != SIGBUS && i != SIGFPE && i != SIGILL &&
		       (sigismember(&blocked, i) == 1 ||
			(sigaction(i, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL));
	getrlimit(RLIMIT_NOFILE, &fds);
	printf("name %s\numask %03o\nodd signals %d\nleads %d\nuid %lu\nfd limit %lu\n", name,
	    (unsigned)umask(0), odd, getsid(0) == getpid(), (unsigned long)getuid(),
	    (unsigned long)fds.rlim_cur);
	for (i = 0; environ[i]; i++)
		printf("env %s\n", environ[i]);
	for (i = 0; i < FDS_LOOKED_AT; i++)
		if (fstat(i, &sb) == 0)
			printf("open %d %llu %s\n", i, (unsigned long long)sb.st_ino,
			    S_ISCHR(sb.st_mode) ? "device" : "other");
	return 0;
}

struct heard {
	char text[4096];
	int status;
};

/* Starts s with a pipe at 1 and reads it to its end. */
static struct heard
hear(struct spawn s, int at0, int at2, int at3)
{
	struct heard h = {.status = -1};
	int fds[2], list[4];
	size_t n = 0;
	ssize_t got;
	long pid = 0;

	CHECK_EQ(pipe(fds), 0);
	list[0] = at0;
	list[1] = fds[1];
	list[2] = at2;
	list[3] = at3;
	s.path = s.path ? s.path : me;
	s.argument = CHILD;
	s.fds = list;
	s.fd_count = at3 == SPAWN_NULL ? 3 : 4;
	if (CHECK_EQ(spawn_program(&s, &pid), 0)) {
		close(fds[1]);
		while ((got = read(fds[0], h.text + n, sizeof(h.text) - 1 - n)) > 0)
			n += (size_t)got;
		CHECK_EQ(waitpid((pid_t)pid, &h.status, 0), pid);
	} else
		close(fds[1]);
	close(fds[0]);
	return h;
}

static bool
says(const struct heard *h, const char *line)
{
	char want[320];

	snprintf(want, sizeof(want), "%s\n", line);
	if (strstr(h->text, want))
		return true;
	printf("expected %s, found:\n%s", line, h->text);
	return false;
}

static bool
says_number(const struct heard *h, const char *form, unsigned long long n)
{
	char want[256];

	snprintf(want, sizeof(want), "%s %llu", form, n);
	return says(h, want);
}

static size_t
lines_with(const struct heard *h, const char *start)
{
	size_t n = 0;

	for (const char *p = h->text; (p = strstr(p, start)) != NULL; p++)
		n += p == h->text || p[-1] == '\n';
	return n;
}

/* Nothing of ours reaches it: no descriptor, no signal, no umask, no environment. */
static void
nothing_of_ours(void)
{
	sigset_t term;
	struct heard h;
	int extra = dup2(0, 77), high = dup2(0, 190);
	mode_t old = umask(002);

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	signal(SIGPIPE, SIG_IGN);
	h = hear((struct spawn){.env = NULL}, SPAWN_NULL, SPAWN_NULL, SPAWN_NULL);
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	signal(SIGPIPE, SIG_DFL);
	umask(old);
	close(extra);
	close(high);
	CHECK_EQ(h.status, 0);
	CHECK(says(&h, "umask 077"));
	CHECK(says(&h, "odd signals 0"));
	CHECK(says(&h, "leads 0"));
	CHECK(says(&h, "name spawn_test"));
	CHECK_EQ(lines_with(&h, "open "), 3);
	CHECK_EQ(lines_with(&h, "env "), 0);
	CHECK_EQ(lines_with(&h, "open 0 "), 1);
}

static void
what_is_given(void)
{
	static const char *const env[] = {"A=1", "B=two words", NULL};
	struct heard h = hear((struct spawn){.env = env, .session = true, .fd_limit = 64},
	    SPAWN_NULL, SPAWN_KEEP, SPAWN_NULL);

	CHECK_EQ(h.status, 0);
	CHECK_EQ(lines_with(&h, "env "), 2);
	CHECK(says(&h, "env A=1"));
	CHECK(says(&h, "env B=two words"));
	CHECK(says(&h, "leads 1"));
	CHECK(says(&h, "fd limit 64"));
}

/* Descriptors that stand in each other's place arrive where they are wanted. */
static void
crossed(void)
{
	struct stat a, b;
	char path[64], name[96];
	struct heard h;
	int three, zero;

	check_folder_new(NULL, path);
	snprintf(name, sizeof(name), "%s/x", path);
	three = open(name, O_RDWR | O_CREAT, 0600);
	zero = open(path, O_RDONLY);
	CHECK(fstat(three, &a) == 0 && fstat(zero, &b) == 0);
	CHECK(dup2(three, 100) == 100 && dup2(zero, 101) == 101);
	close(three);
	close(zero);
	/* At 3 stands what is wanted at 0, and the other way round. */
	CHECK(dup2(101, 3) == 3);
	h = hear((struct spawn){.env = NULL}, 3, SPAWN_KEEP, 100);
	close(3);
	close(100);
	close(101);
	CHECK_EQ(lines_with(&h, "open "), 4);
	snprintf(name, sizeof(name), "open 0 %llu other", (unsigned long long)b.st_ino);
	CHECK(says(&h, name));
	snprintf(name, sizeof(name), "open 3 %llu other", (unsigned long long)a.st_ino);
	CHECK(says(&h, name));
	check_folder_remove(path);
}

/* Only root can make somebody else of it; whoever is asked in vain says so by status 77. */
static void
becomes(void)
{
	struct privs who = {.uid = OTHER_UID, .gid = OTHER_UID};
	struct privs root = {.uid = 0, .gid = 0};
	struct heard h = hear((struct spawn){.who = &root}, SPAWN_NULL, SPAWN_NULL, SPAWN_NULL);

	CHECK(WIFEXITED(h.status) && WEXITSTATUS(h.status) == 77);
	CHECK_EQ(h.text[0], '\0');
	/* The folder of this program may be closed to others: a program of the system then. */
	h = hear((struct spawn){.who = &who, .path = "/usr/bin/id"}, SPAWN_NULL, SPAWN_NULL,
	    SPAWN_NULL);
	if (geteuid() == 0)
		CHECK(WIFEXITED(h.status) && WEXITSTATUS(h.status) != 77);
	else
		CHECK(WIFEXITED(h.status) && WEXITSTATUS(h.status) == 77);
	h = hear((struct spawn){.who = NULL}, SPAWN_NULL, SPAWN_NULL, SPAWN_NULL);
	CHECK(says_number(&h, "uid", (unsigned long long)getuid()));
}

static void
mistakes(void)
{
	char path[64], name[96];
	int fds[3] = {SPAWN_NULL, SPAWN_NULL, SPAWN_NULL}, fd, status;
	struct spawn s = {.path = "/no/such/program", .fds = fds, .fd_count = 3};
	long pid = -1;

	CHECK_EQ(spawn_program(&s, &pid), -ENOENT);
	s.path = me;
	s.fd_count = 2;
	CHECK_EQ(spawn_program(&s, &pid), -EINVAL);
	s.fd_count = SPAWN_FDS_MAX + 1;
	CHECK_EQ(spawn_program(&s, &pid), -EINVAL);
	CHECK_EQ(pid, -1);
	/* May be executed, but is no program. */
	check_folder_new(NULL, path);
	snprintf(name, sizeof(name), "%s/x", path);
	fd = open(name, O_WRONLY | O_CREAT, 0700);
	CHECK(write(fd, "\0\0\0\0", 4) == 4);
	close(fd);
	s.path = name;
	s.fd_count = 3;
	CHECK_EQ(spawn_program(&s, &pid), 0);
	CHECK(waitpid((pid_t)pid, &status, 0) == pid && WIFEXITED(status) &&
	      WEXITSTATUS(status) == 72);
	/* A descriptor that is not open. */
	fds[1] = 150;
	s.path = me;
	CHECK_EQ(spawn_program(&s, &pid), 0);
	CHECK(waitpid((pid_t)pid, &status, 0) == pid && WIFEXITED(status) &&
	      WEXITSTATUS(status) == 71);
	check_folder_remove(path);
}

static const struct check_row rows[] = {
	{"nothing_of_ours", nothing_of_ours},
	{"what_is_given", what_is_given},
	{"crossed", crossed},
	{"becomes", becomes},
	{"mistakes", mistakes},
};

int
main(int argc, char **argv)
{
	size_t n;

	if (argc == 2 && strcmp(argv[1], CHILD) == 0)
		return say(argv[0]);
	if (argv[0][0] != '/') {
		if (!getcwd(me, sizeof(me)))
			return 1;
		n = strlen(me);
		snprintf(me + n, sizeof(me) - n, "/%s", argv[0]);
	} else
		snprintf(me, sizeof(me), "%s", argv[0]);
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
