/*
 * The contract of os/poller.h, for every poller that was built here.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/check.h"
#include "os/fdpass.h"
#include "os/poller.h"
#include "os/privs.h"

static const struct poller_ops *ops;

static struct poller *
fresh(void)
{
	struct poller *p = NULL;

	CHECK_EQ(ops->open(&p, 8), 0);
	return p;
}

/* One wait that must not block for long: what is ready for tag. */
static unsigned
ready_for(struct poller *p, const void *tag)
{
	struct poller_ready rows[16];
	unsigned what = 0;
	int n = ops->wait(p, rows, 16, 0), i;

	CHECK(n >= 0);
	for (i = 0; i < n; i++)
		if (rows[i].tag == tag)
			what |= rows[i].what;
	return what;
}

static void
level_triggered(void)
{
	struct poller *p = fresh();
	int pair[2], tag;
	char c;

	CHECK_EQ(fdpass_pair(pair), 0);
	CHECK_EQ(ops->set(p, pair[0], 0, POLLER_READ, &tag), 0);
	CHECK_EQ(ready_for(p, &tag), 0);
	CHECK_EQ(write(pair[1], "ab", 2), 2);
	CHECK_EQ(ready_for(p, &tag), POLLER_READ);
	CHECK_EQ(read(pair[0], &c, 1), 1);
	/* One byte is left: told again, and again. */
	CHECK_EQ(ready_for(p, &tag), POLLER_READ);
	CHECK_EQ(ready_for(p, &tag), POLLER_READ);
	CHECK_EQ(read(pair[0], &c, 1), 1);
	CHECK_EQ(ready_for(p, &tag), 0);
	ops->close(p);
	close(pair[0]);
	close(pair[1]);
}

static void
changes_what_is_wanted(void)
{
	struct poller *p = fresh();
	int pair[2], tag, other;

	CHECK_EQ(fdpass_pair(pair), 0);
	CHECK_EQ(ops->set(p, pair[0], 0, POLLER_WRITE, &tag), 0);
	CHECK_EQ(ready_for(p, &tag), POLLER_WRITE);
	CHECK_EQ(write(pair[1], "x", 1), 1);
	CHECK_EQ(ready_for(p, &tag), POLLER_WRITE);
	CHECK_EQ(ops->set(p, pair[0], POLLER_WRITE, POLLER_READ | POLLER_WRITE, &tag), 0);
	CHECK_EQ(ready_for(p, &tag), POLLER_READ | POLLER_WRITE);
	/* A new tag replaces the old one. */
	CHECK_EQ(ops->set(p, pair[0], POLLER_READ | POLLER_WRITE, POLLER_READ, &other), 0);
	CHECK_EQ(ready_for(p, &tag), 0);
	CHECK_EQ(ready_for(p, &other), POLLER_READ);
	CHECK_EQ(ops->set(p, pair[0], POLLER_READ, 0, NULL), 0);
	CHECK_EQ(ready_for(p, &other), 0);
	CHECK_EQ(ops->set(p, pair[0], 0, 0, NULL), 0);
	/* Known again after it was forgotten. */
	CHECK_EQ(ops->set(p, pair[0], 0, POLLER_READ, &tag), 0);
	CHECK_EQ(ready_for(p, &tag), POLLER_READ);
	ops->close(p);
	close(pair[0]);
	close(pair[1]);
}

static void
hang_up(void)
{
	struct poller *p = fresh();
	int pair[2], tag;
	char c;

	CHECK_EQ(fdpass_pair(pair), 0);
	CHECK_EQ(ops->set(p, pair[0], 0, POLLER_READ, &tag), 0);
	CHECK_EQ(write(pair[1], "x", 1), 1);
	close(pair[1]);
	CHECK((ready_for(p, &tag) & POLLER_READ) != 0);
	CHECK_EQ(read(pair[0], &c, 1), 1);
	CHECK(ready_for(p, &tag) != 0); /* the end is news too */
	CHECK_EQ(read(pair[0], &c, 1), 0);
	/* A hang-up comes also to him who only wants to write. */
	CHECK_EQ(ops->set(p, pair[0], POLLER_READ, POLLER_WRITE, &tag), 0);
	CHECK((ready_for(p, &tag) & POLLER_HUP) != 0);
	ops->close(p);
	close(pair[0]);
}

static void
forget_before_close(void)
{
	struct poller *p = fresh();
	int pair[2], copy, first, second, again[2];

	CHECK_EQ(fdpass_pair(pair), 0);
	CHECK_EQ(ops->set(p, pair[0], 0, POLLER_READ, &first), 0);
	/* The description lives on in a copy, as after it was sent to another process. */
	copy = dup(pair[0]);
	CHECK_EQ(write(pair[1], "x", 1), 1);
	CHECK_EQ(ready_for(p, &first), POLLER_READ);
	CHECK_EQ(ops->set(p, pair[0], POLLER_READ, 0, NULL), 0);
	close(pair[0]);
	CHECK_EQ(ready_for(p, &first), 0);
	/* The number comes back as something else. */
	CHECK_EQ(fdpass_pair(again), 0);
	CHECK(again[0] == pair[0] || again[1] == pair[0]);
	CHECK_EQ(ops->set(p, again[0], 0, POLLER_READ, &second), 0);
	CHECK_EQ(ready_for(p, &first), 0);
	CHECK_EQ(ready_for(p, &second), 0);
	CHECK_EQ(write(again[1], "y", 1), 1);
	CHECK_EQ(ready_for(p, &second), POLLER_READ);
	CHECK_EQ(ready_for(p, &first), 0);
	ops->close(p);
	close(copy);
	close(pair[1]);
	close(again[0]);
	close(again[1]);
}

static void
always_ready(void)
{
	struct poller *p = fresh();
	int null = open("/dev/null", O_RDWR), pair[2], tag_null, tag_pair, i;
	struct poller_ready rows[4];
	bool seen_null = false, seen_pair = false;

	CHECK_EQ(fdpass_pair(pair), 0);
	CHECK_EQ(ops->set(p, null, 0, POLLER_READ, &tag_null), 0);
	CHECK_EQ(ops->set(p, pair[0], 0, POLLER_WRITE, &tag_pair), 0);
	/* With room for one row both come sooner or later. */
	for (i = 0; i < 8; i++) {
		CHECK_EQ(ops->wait(p, rows, 2, -1) >= 1, 1);
		seen_null |= rows[0].tag == &tag_null;
		seen_pair |= rows[0].tag == &tag_pair;
	}
	CHECK_EQ(ready_for(p, &tag_null), POLLER_READ);
	CHECK_EQ(ready_for(p, &tag_pair), POLLER_WRITE);
	CHECK(seen_null || seen_pair);
	CHECK_EQ(ops->set(p, null, POLLER_READ, 0, NULL), 0);
	CHECK_EQ(ready_for(p, &tag_null), 0);
	ops->close(p);
	close(null);
	close(pair[0]);
	close(pair[1]);
}

#define MANY 600

static void
many_descriptors(void)
{
	static int fds[MANY], writers[MANY];
	static unsigned seen[MANY];
	struct poller *p = fresh();
	struct poller_ready rows[7];
	int i, n, turn, pair[2], missing = 0;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < MANY; i++) {
		CHECK_EQ(fdpass_pair(pair), 0);
		fds[i] = pair[0];
		writers[i] = pair[1];
		CHECK_EQ(ops->set(p, fds[i], 0, POLLER_READ, &seen[i]), 0);
		CHECK_EQ(write(writers[i], "x", 1), 1);
	}
	/* All are ready and none is used up: a small answer must still reach each of them. */
	for (turn = 0; turn < 4 * MANY / 7; turn++) {
		n = ops->wait(p, rows, 7, 0);
		CHECK(n >= 1 && n <= 7);
		for (i = 0; i < n; i++)
			++*(unsigned *)rows[i].tag;
	}
	for (i = 0; i < MANY; i++)
		missing += seen[i] == 0;
	CHECK_EQ(missing, 0);
	/* Every second one is forgotten; the rest is still told. */
	for (i = 0; i < MANY; i += 2) {
		CHECK_EQ(ops->set(p, fds[i], POLLER_READ, 0, NULL), 0);
		close(fds[i]);
		close(writers[i]);
	}
	memset(seen, 0, sizeof(seen));
	for (turn = 0; turn < 4 * MANY / 7; turn++) {
		n = ops->wait(p, rows, 7, 0);
		for (i = 0; i < n; i++)
			++*(unsigned *)rows[i].tag;
	}
	for (i = 0; i < MANY; i++)
		missing += i % 2 == 0 ? seen[i] != 0 : seen[i] == 0;
	CHECK_EQ(missing, 0);
	for (i = 1; i < MANY; i += 2) {
		close(fds[i]);
		close(writers[i]);
	}
	ops->close(p);
}

static void
bad_descriptor(void)
{
	struct poller *p = fresh();
	int tag;

	CHECK_EQ(ops->set(p, -1, 0, POLLER_READ, &tag), -EBADF);
	ops->close(p);
}

static volatile sig_atomic_t alarms;

static void
on_alarm(int signo)
{
	(void)signo;
	alarms = 1;
}

/* Waits for ever, until the signal: the result is 0 rows, not an error. */
static void
signal_ends_wait(void)
{
	struct poller *p = fresh();
	struct poller_ready rows[1];
	struct sigaction sa, old;
	struct itimerval every = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_alarm;
	CHECK_EQ(sigaction(SIGALRM, &sa, &old), 0);
	alarms = 0;
	CHECK_EQ(setitimer(ITIMER_REAL, &every, NULL), 0);
	CHECK_EQ(ops->wait(p, rows, 1, -1), 0);
	CHECK_EQ(alarms, 1);
	CHECK_EQ(setitimer(ITIMER_REAL, &never, NULL), 0);
	CHECK_EQ(sigaction(SIGALRM, &old, NULL), 0);
	ops->close(p);
}

static const struct check_row rows[] = {
	{"level_triggered", level_triggered},
	{"changes_what_is_wanted", changes_what_is_wanted},
	{"hang_up", hang_up},
	{"forget_before_close", forget_before_close},
	{"always_ready", always_ready},
	{"many_descriptors", many_descriptors},
	{"bad_descriptor", bad_descriptor},
	{"signal_ends_wait", signal_ends_wait},
};

int
main(int argc, char **argv)
{
	int rc = 0, i, chosen = 0;

	privs_limit_fds(4096);
	for (i = 0; poller_all[i]; i++) {
		ops = poller_all[i];
		chosen += ops == poller_default;
		printf("poller %s%s\n", ops->name, ops == poller_default ? " (chosen)" : "");
		rc |= check_main(argc, argv, rows, COUNT_OF(rows));
	}
	if (chosen != 1) {
		printf("the chosen poller is not among those built\n");
		rc = 1;
	}
	return rc;
}
