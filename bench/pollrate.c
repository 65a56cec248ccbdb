/*
 * pollrate.c - what the pollers of this build can do: for 100, 1,000 and 10,000 descriptors, of
 * which most are idle, as those of mail servers are.
 *
 *   add    descriptors asked for, a second
 *   mod    changes of what is wanted, a second
 *   idle   looks when nothing is ready, a second
 *   one    a byte written to one of them, seen, read: a second
 *   many   the same with 100 of them at a time: events a second
 *
 * Each figure is the best of five short runs.
 *
 * pollrate [--only NAME] [--label WORDS] [--most N] prints a row of a table for each poller and
 * number; bench/poller puts the tables together.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/num.h"
#include "base/slice.h"
#include "os/clock.h"
#include "os/fdpass.h"
#include "os/poller.h"

enum { ACTIVE = 100, ROWS = 64, SPARE = 64, RUN_MS = 150, RUNS = 5 };

struct bench {
	const struct poller_ops *ops;
	struct poller *poller;
	int *fds; /* the first ACTIVE are ends of pairs, the others are idle */
	int peers[ACTIVE];
	unsigned count;
	int idle[2];
};

static void
die(const char *what, int error)
{
	fprintf(stderr, "pollrate: %s: %s\n", what, strerror(error));
	exit(1);
}

/* Runs fn until RUN_MS are over; how often a second it did what it counts. */
static double
rate_once(uint64_t (*fn)(struct bench *), struct bench *b)
{
	int64_t begun = clock_mono_ms(), now;
	uint64_t done = 0;

	do {
		done += fn(b);
		now = clock_mono_ms();
	} while (now - begun < RUN_MS);
	return (double)done * 1000.0 / (double)(now - begun);
}

static void
want(struct bench *b, unsigned i, unsigned was, unsigned now)
{
	int rc = b->ops->set(b->poller, b->fds[i], was, now, &b->fds[i]);

	if (rc != 0)
		die(b->ops->name, -rc);
}

/* The best of some runs: other work on the machine only takes away. */
static double
rate(uint64_t (*fn)(struct bench *), struct bench *b)
{
	double best = 0;

	for (int i = 0; i < RUNS; i++) {
		double now = rate_once(fn, b);

		best = now > best ? now : best;
	}
	return best;
}

/* Forgets all and asks for all. */
static uint64_t
adds(struct bench *b)
{
	for (unsigned i = 0; i < b->count; i++)
		want(b, i, POLLER_READ, 0);
	for (unsigned i = 0; i < b->count; i++)
		want(b, i, 0, POLLER_READ);
	return 2 * (uint64_t)b->count;
}

static uint64_t
mods(struct bench *b)
{
	for (unsigned i = 0; i < b->count; i++) {
		want(b, i, POLLER_READ, POLLER_READ | POLLER_WRITE);
		want(b, i, POLLER_READ | POLLER_WRITE, POLLER_READ);
	}
	return 2 * (uint64_t)b->count;
}

static uint64_t
looks(struct bench *b)
{
	struct poller_ready rows[ROWS];
	int n = b->ops->wait(b->poller, rows, ROWS, 0);

	if (n != 0)
		die("something is ready that must not be", n < 0 ? -n : 0);
	return 1;
}

/* A byte to each of n descriptors; waits until all of them were seen and read. */
static uint64_t
events(struct bench *b, unsigned n)
{
	struct poller_ready rows[ROWS];
	unsigned left = n;
	char c;

	for (unsigned i = 0; i < n; i++)
		if (write(b->peers[i], "x", 1) != 1)
			die("write", errno);
	while (left > 0) {
		int got = b->ops->wait(b->poller, rows, ROWS, 1000);

		if (got <= 0)
			die("what is ready is not seen", got < 0 ? -got : ETIMEDOUT);
		for (int i = 0; i < got; i++, left--)
			if (read(*(int *)rows[i].tag, &c, 1) != 1)
				die("read", errno);
	}
	return n;
}

static uint64_t
one(struct bench *b)
{
	return events(b, 1);
}

static uint64_t
many(struct bench *b)
{
	return events(b, ACTIVE);
}

static void
open_all(struct bench *b)
{
	int pair[2], rc;

	b->fds = calloc(b->count, sizeof(*b->fds));
	if (!b->fds || pipe(b->idle) != 0)
		die("memory or pipe", errno);
	for (unsigned i = 0; i < b->count; i++) {
		if (i < ACTIVE) {
			rc = fdpass_pair(pair);
			if (rc != 0)
				die("socketpair", -rc);
			b->fds[i] = pair[0];
			b->peers[i] = pair[1];
		} else {
			b->fds[i] = fcntl(b->idle[0], F_DUPFD_CLOEXEC, 0);
			if (b->fds[i] < 0)
				die("dup", errno);
		}
	}
	rc = b->ops->open(&b->poller, b->count);
	if (rc != 0)
		die(b->ops->name, -rc);
	for (unsigned i = 0; i < b->count; i++)
		want(b, i, 0, POLLER_READ);
}

static void
close_all(struct bench *b)
{
	b->ops->close(b->poller);
	for (unsigned i = 0; i < b->count; i++) {
		close(b->fds[i]);
		if (i < ACTIVE)
			close(b->peers[i]);
	}
	close(b->idle[0]);
	close(b->idle[1]);
	free(b->fds);
}

static void
measure(const struct poller_ops *ops, unsigned count, const char *label)
{
	struct bench b = {.ops = ops, .count = count};

	open_all(&b);
	printf("| %s%s | %u", ops->name, label, count);
	printf(" | %.0f", rate(adds, &b));
	printf(" | %.0f", rate(mods, &b));
	printf(" | %.0f", rate(looks, &b));
	printf(" | %.0f", rate(one, &b));
	printf(" | %.0f |\n", rate(many, &b));
	fflush(stdout);
	close_all(&b);
}

/* Room for so many descriptors, or false. */
static bool
raise_limit(unsigned count)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return false;
	if (l.rlim_cur < count && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
	return getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur >= count;
}

int
main(int argc, char **argv)
{
	static const unsigned counts[] = {100, 1000, 10000};
	const char *only = NULL, *label = "";
	uint64_t most = 10000;

	for (int i = 1; i < argc; i += 2) {
		if (i + 1 < argc && strcmp(argv[i], "--only") == 0)
			only = argv[i + 1];
		else if (i + 1 < argc && strcmp(argv[i], "--label") == 0)
			label = argv[i + 1];
		else if (i + 1 >= argc || strcmp(argv[i], "--most") != 0 ||
			 !num_u64(sl_str(argv[i + 1]), 10000, &most)) {
			fputs("usage: pollrate [--only NAME] [--label WORDS] [--most N]\n", stderr);
			return 2;
		}
	}
	for (size_t p = 0; poller_all[p]; p++)
		for (size_t i = 0; i < COUNT_OF(counts) && counts[i] <= most; i++) {
			if (only && strcmp(only, poller_all[p]->name) != 0)
				continue;
			if (raise_limit(counts[i] + ACTIVE + SPARE))
				measure(poller_all[p], counts[i], label);
			else
				printf("| %s%s | %u | skipped: too few descriptors |\n",
				    poller_all[p]->name, label, counts[i]);
		}
	return 0;
}
