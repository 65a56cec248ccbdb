/*
 * The contract of os/durable.h.
 */
#include "os/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

static pthread_t loop_thread;
static unsigned done_count, wrong_thread;
static struct durable_group *done_order[4096];

static void
on_done(struct durable_group *g)
{
	if (!pthread_equal(pthread_self(), loop_thread))
		wrong_thread++;
	if (done_count < COUNT_OF(done_order))
		done_order[done_count] = g;
	done_count++;
	if (g->arg)
		++*(unsigned *)g->arg;
}

static struct durable *
fresh(unsigned threads)
{
	struct durable *d = NULL;

	loop_thread = pthread_self();
	done_count = wrong_thread = 0;
	CHECK_EQ(durable_new(&d, threads), 0);
	CHECK_EQ(durable_pending(d), 0);
	return d;
}

/* As a loop would: wait for the descriptor, then dispatch. */
static void
run(struct durable *d)
{
	struct pollfd pfd = {.fd = durable_fd(d), .events = POLLIN};

	while (durable_pending(d) > 0) {
		CHECK_EQ(poll(&pfd, 1, 60000), 1);
		durable_dispatch(d);
	}
}

static int
temporary(void)
{
	FILE *f = tmpfile();
	int fd = f ? dup(fileno(f)) : -1;

	if (f)
		fclose(f);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "data", 4), 4);
	return fd;
}

static void
limits(void)
{
	struct durable *d = NULL;

	CHECK_EQ(durable_new(&d, 0), -EINVAL);
	CHECK_EQ(durable_new(&d, 65), -EINVAL);
	d = fresh(64);
	durable_free(d);
	durable_free(NULL);
}

static void
each_kind(void)
{
	struct durable *d = fresh(4);
	int fd = temporary(), dir = open(".", O_RDONLY | O_DIRECTORY);
	struct durable_item items[] = {
	    {fd, DURABLE_DATA, 99}, {fd, DURABLE_FILE, 99}, {dir, DURABLE_DIR, 99}};
	struct durable_group g = {.items = items, .count = 3, .done = on_done};
	size_t i;

	durable_submit(d, &g);
	CHECK_EQ(durable_pending(d), 1);
	run(d);
	CHECK_EQ(done_count, 1);
	for (i = 0; i < 3; i++)
		CHECK_EQ(items[i].result, 0);
	CHECK_EQ(durable_now(fd, DURABLE_DATA), 0);
	CHECK_EQ(durable_now(dir, DURABLE_DIR), 0);
	CHECK_EQ(durable_now(-1, DURABLE_FILE), -EBADF);
	durable_free(d);
	close(fd);
	close(dir);
}

/*
 * Each item has its own answer: a pipe cannot be synced, a closed number is nothing, the rest is
 * well.
 */
static void
one_fails(void)
{
	struct durable *d = fresh(4);
	int fd = temporary(), fds[2];
	struct durable_item items[4];
	struct durable_group g = {.items = items, .count = 4, .done = on_done};

	CHECK_EQ(pipe(fds), 0);
	items[0] = (struct durable_item){fd, DURABLE_FILE, 99};
	items[1] = (struct durable_item){fds[1], DURABLE_FILE, 99};
	items[2] = (struct durable_item){-1, DURABLE_DATA, 99};
	items[3] = (struct durable_item){fd, DURABLE_DATA, 99};
	durable_submit(d, &g);
	run(d);
	CHECK_EQ(items[0].result, 0);
	CHECK_EQ(items[1].result, -EINVAL);
	CHECK_EQ(items[2].result, -EBADF);
	CHECK_EQ(items[3].result, 0);
	durable_free(d);
	close(fd);
	close(fds[0]);
	close(fds[1]);
}

static void
empty_group(void)
{
	struct durable *d = fresh(1);
	struct durable_group g = {.count = 0, .done = on_done};
	struct pollfd pfd = {.fd = durable_fd(d), .events = POLLIN};

	durable_submit(d, &g);
	CHECK_EQ(done_count, 0); /* not from within submit */
	CHECK_EQ(poll(&pfd, 1, 60000), 1);
	durable_dispatch(d);
	CHECK_EQ(done_count, 1);
	CHECK_EQ(durable_pending(d), 0);
	CHECK_EQ(poll(&pfd, 1, 0), 0); /* quiet again */
	durable_dispatch(d);
	CHECK_EQ(done_count, 1);
	durable_free(d);
}

/* One thread: groups are done in the order of submission. */
static void
in_order(void)
{
	static struct durable_group groups[50];
	static struct durable_item items[50][2];
	struct durable *d = fresh(1);
	int fd = temporary();
	size_t i, wrong = 0;

	for (i = 0; i < 50; i++) {
		items[i][0] = items[i][1] = (struct durable_item){fd, DURABLE_DATA, 99};
		groups[i] = (struct durable_group){.items = items[i], .count = 2, .done = on_done};
		durable_submit(d, &groups[i]);
	}
	run(d);
	CHECK_EQ(done_count, 50);
	for (i = 0; i < 50; i++)
		wrong += done_order[i] != &groups[i];
	CHECK_EQ(wrong, 0);
	durable_free(d);
	close(fd);
}

static void
many_groups(void)
{
	enum { GROUPS = 2000, ITEMS = 7 };
	static struct durable_group groups[GROUPS];
	static struct durable_item items[GROUPS][ITEMS];
	static unsigned times[GROUPS];
	static const unsigned threads[] = {1, 3, 16, 64};
	int fd = temporary();
	size_t t, i, k, wrong;

	for (t = 0; t < COUNT_OF(threads); t++) {
		struct durable *d = fresh(threads[t]);

		memset(times, 0, sizeof(times));
		for (i = 0; i < GROUPS; i++) {
			for (k = 0; k < ITEMS; k++)
				items[i][k] =
				    (struct durable_item){k == 3 ? -1 : fd, DURABLE_DATA, 99};
			groups[i] =
			    (struct durable_group){items[i], ITEMS, on_done, &times[i], NULL, 0};
			durable_submit(d, &groups[i]);
			if (i % 100 == 0)
				durable_dispatch(d);
		}
		run(d);
		wrong = 0;
		for (i = 0; i < GROUPS; i++) {
			wrong += times[i] != 1;
			for (k = 0; k < ITEMS; k++)
				wrong += items[i][k].result != (k == 3 ? -EBADF : 0);
		}
		CHECK_EQ(wrong, 0);
		CHECK_EQ(done_count, GROUPS);
		CHECK_EQ(wrong_thread, 0);
		durable_free(d);
	}
	close(fd);
}

static struct durable *again_pool;
static unsigned again_left;

static void
submit_again(struct durable_group *g)
{
	if (again_left > 0) {
		again_left--;
		durable_submit(again_pool, g);
	}
}

/* done() may submit the same group again. */
static void
submit_from_done(void)
{
	struct durable *d = fresh(2);
	int fd = temporary();
	struct durable_item item = {fd, DURABLE_DATA, 99};
	struct durable_group g = {.items = &item, .count = 1, .done = submit_again};

	again_pool = d;
	again_left = 500;
	durable_submit(d, &g);
	run(d);
	CHECK_EQ(again_left, 0);
	durable_free(d);
	close(fd);
}

/* Freed with groups under way: waits for the items that run, calls nobody. */
static void
free_with_pending(void)
{
	static struct durable_group groups[200];
	static struct durable_item items[200];
	struct durable *d;
	int fd = temporary(), round;
	size_t i;

	for (round = 0; round < 20; round++) {
		d = fresh(8);
		for (i = 0; i < 200; i++) {
			items[i] = (struct durable_item){fd, DURABLE_FILE, 99};
			groups[i] =
			    (struct durable_group){.items = &items[i], .count = 1, .done = on_done};
			durable_submit(d, &groups[i]);
		}
		durable_free(d);
		CHECK_EQ(done_count, 0);
	}
	close(fd);
}

/* The mutant: success without a sync, which a descriptor that cannot be synced shows. */
static void
disabled(void)
{
	CHECK_EQ(durable_now(-1, DURABLE_FILE), -EBADF);
	durable_disabled = true;
	CHECK_EQ(durable_now(-1, DURABLE_FILE), 0);
	durable_disabled = false;
}

static const struct check_row rows[] = {
	{"limits", limits},
	{"each_kind", each_kind},
	{"one_fails", one_fails},
	{"empty_group", empty_group},
	{"in_order", in_order},
	{"many_groups", many_groups},
	{"submit_from_done", submit_from_done},
	{"free_with_pending", free_with_pending},
	{"disabled", disabled},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
