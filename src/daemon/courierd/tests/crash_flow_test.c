/*
 * A life of courierd cut off at each of its syncs, by a kill or by power, and taken up by the next:
 * nothing that was answered yes is lost, nothing is delivered under two names, and the sender hears
 * of every failure. R5321-2.1-a, R5321-4.2.5-b, R5321-6.1-a
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "daemon/courierd/tests/world.h"
#include "net/log.h"
#include "queue/tests/disk.h"

#define MESSAGES 6

/* What outlives a process: what was answered yes, and the folders. */
static struct {
	char queue[64], keep[64], mail[64], yes[100];
} place;

static unsigned answered;

static const struct {
	const char *rcpts;
	size_t length;
} mails[MESSAGES] = {
    { "user1@example.test,user2@example.test", 400 },
    { "user1@example.test", 90000 },
    { "bad1@example.test,user3@example.test", 400 },
    { "late1@example.test", 3000 },
    { "user2@example.test", 60000 },
    { "user1@example.test,user2@example.test,user3@example.test", 100 },
};

/* A line for each message that was answered yes, written as the answer comes. */
static void
note_answers(const char ids[MESSAGES][64])
{
	for (; answered < w.accepted && answered < MESSAGES; answered++) {
		int fd = open(place.yes, O_WRONLY | O_APPEND | O_CREAT, 0600);

		dprintf(fd, "%u %s\n", answered, ids[answered]);
		close(fd);
	}
}

/* Sends the mails one after the other, with a retry of one, a move of one, a report about one. */
static bool
live(void)
{
	char ids[MESSAGES][64];

	w.mood_bad = WORKER_UNKNOWN;
	for (int i = 0; i < MESSAGES; i++) {
		w.mood = i == 3 ? WORKER_FULL : WORKER_GOOD;
		snprintf(ids[i], sizeof(ids[i]), "%s",
		    world_submit("sender@example.test", mails[i].rcpts, mails[i].length, 0));
		for (int k = 0; k < 20; k++) {
			world_run(10);
			note_answers(ids);
		}
		world_run(i == 4 ? 9000 : 200);
	}
	w.mood = WORKER_GOOD;
	world_run(400000);
	return w.accepted == MESSAGES;
}

/* Everything that can end ends. */
static bool
finish(void)
{
	w.mood = WORKER_GOOD;
	w.mood_bad = WORKER_UNKNOWN;
	world_run(2 * 3600000);
	return world_queue() == 0;
}

/* In a process of its own: fn in a world on the folders as they are. */
static int
process(bool (*fn)(void), unsigned die_at_sync, const char *image, uint64_t seed)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (image)
			disk_start(place.keep);
		disk_die(die_at_sync, image ? place.queue : NULL, image, seed);
		world_at(place.queue, place.mail);
		_exit(fn() ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Counts recipients of acknowledged messages that were not delivered. */
static unsigned
missing(void)
{
	FILE *f = fopen(place.yes, "r");
	unsigned lost = 0, i;
	char id[64];

	while (f && fscanf(f, "%u %63s", &i, id) == 2) {
		const char *p = mails[i].rcpts;

		if (i == 2) /* a report about the failure of bad1 */
			lost += world_reports_in(place.mail) == 0;
		for (unsigned r = 0; p; r++, p = strchr(p, ',')) {
			p += *p == ',';
			if (strncmp(p, "bad", 3) != 0)
				lost += world_delivered_in(place.mail, id, r) == 0;
		}
	}
	if (f)
		fclose(f);
	return lost;
}

static void
place_new(void)
{
	check_folder_new(NULL, place.queue);
	check_folder_new(NULL, place.keep);
	check_folder_new(NULL, place.mail);
	snprintf(place.yes, sizeof(place.yes), "%s/yes", place.mail);
}

static void
place_end(void)
{
	check_folder_remove(place.queue);
	check_folder_remove(place.keep);
	check_folder_remove(place.mail);
}

/* One life cut at its nth sync, then one that ends in order. False: the first ended before its
 * cut. */
static bool
cut_at(unsigned n, bool power, uint64_t seed)
{
	char image[64] = "";
	int status;

	place_new();
	if (power)
		check_folder_new(NULL, image);
	status = process(live, n, power ? image : NULL, seed);
	CHECK(status == 77 || status == 0);
	if (power && status == 77) {
		check_folder_remove(place.queue);
		CHECK_EQ(rename(image, place.queue), 0);
	} else if (power) {
		check_folder_remove(image);
	}
	CHECK_EQ(process(finish, 0, NULL, 0), 0);
	if (!CHECK_EQ(missing(), 0))
		fprintf(stderr, "cut at sync %u, power %d, seed %llu\n", n, power,
		    (unsigned long long)seed);
	place_end();
	return status == 77;
}

static void
test_kill(void)
{
	unsigned n = 1;

	while (cut_at(n, false, 0))
		n++;
	CHECK(n > 15); /* the life had as many syncs to be cut at */
}

static void
test_power(void)
{
	for (unsigned n = 1; cut_at(n, true, n % 3 ? n * 7919 : 0); n++)
		continue;
}

static const struct check_row rows[] = {
    { "kill", test_kill },
    { "power", test_power },
};

int
main(int argc, char **argv)
{
	log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), "crash_flow_test");
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
