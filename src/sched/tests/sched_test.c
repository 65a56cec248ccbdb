/*
 * The scheduler in virtual time.
 */
#include <stdio.h>

#include "base/check.h"
#include "sched/sched.h"

#define ESMTP 0
#define LOCAL 1

static struct sched *s;
static struct sched_item items[64];
static struct sched_item *got[64];
static struct sched_dest *dest;

static void
begin(uint64_t dels, uint64_t host, uint64_t rcpt)
{
	memset(items, 0, sizeof(items));
	s = sched_new();
	sched_set_limits(s, ESMTP, &(struct sched_limits){ dels, host, rcpt });
	sched_set_limits(s, LOCAL, &(struct sched_limits){ 0, 0, 1 });
}

static size_t
next(int64_t now)
{
	return sched_next(s, now, ~0u, got, COUNT_OF(got), &dest);
}

static void
put(int i, const char *host, const void *message, int64_t due)
{
	sched_put(s, &items[i], ESMTP, sl_str(host), message, due);
}

static void
test_time(void)
{
	begin(10, 10, 100);
	put(0, "a.example", "m1", 100);
	CHECK_EQ(sched_deadline(s), 100);
	CHECK(!sched_any(s, 99));
	CHECK_EQ(next(99), 0);
	CHECK(sched_any(s, 100));
	CHECK_EQ(sched_deadline(s), INT64_MAX); /* ready, so time brings nothing more */
	CHECK(sched_any(s, 100));
	CHECK_EQ(next(100), 1);
	CHECK(!sched_any(s, 100));
	CHECK(got[0] == &items[0]);
	CHECK_SL(sched_dest_host(dest), SL("a.example"));
	CHECK_EQ(sched_deadline(s), INT64_MAX);
	CHECK_EQ(sched_count(s), 0);
	CHECK_EQ(sched_under_way(s, ESMTP), 1);
	sched_done(s, dest, 0);
	CHECK_EQ(sched_under_way(s, ESMTP), 0);
	sched_free(s);
}

/* Items of one message to one destination leave together, up to MAXRCPT; others do not join
 * them. */
static void
test_batch(void)
{
	static const char m1[] = "1", m2[] = "2";

	begin(10, 10, 3);
	for (int i = 0; i < 5; i++)
		put(i, "A.example", m1, 0);
	put(5, "a.EXAMPLE", m2, 0);
	put(6, "b.example", m1, 0);
	CHECK_EQ(next(1), 3);
	CHECK_EQ(next(1), 1); /* b has its turn between */
	CHECK(got[0] == &items[6]);
	CHECK_EQ(next(1), 2);
	CHECK_EQ(next(1), 1);
	CHECK(got[0] == &items[5]);
	CHECK_EQ(next(1), 0);
	sched_free(s);
}

static void
test_limits(void)
{
	struct sched_dest *a;

	begin(3, 2, 1);
	for (int i = 0; i < 4; i++)
		put(i, "a.example", &items[i], 0);
	put(4, "b.example", "b", 0);
	put(5, "c.example", "c", 0);
	CHECK_EQ(next(1), 1);
	a = dest;
	CHECK_EQ(next(1), 1); /* b */
	CHECK(got[0] == &items[4]);
	CHECK_EQ(next(1), 1); /* c */
	CHECK(!sched_any(s, 1)); /* MAXDELS */
	CHECK_EQ(next(1), 0);
	sched_done(s, dest, 0);
	CHECK_EQ(next(1), 1); /* a again */
	CHECK(dest == a);
	CHECK_EQ(next(1), 0);
	sched_set_limits(s, ESMTP, &(struct sched_limits){ 10, 2, 1 });
	CHECK_EQ(next(1), 0); /* MAXHOST of a */
	sched_done(s, a, 0);
	CHECK_EQ(next(1), 1);
	CHECK(dest == a);
	sched_free(s);
}

/* A destination that failed waits; the others do not. Its items keep their order. */
static void
test_held(void)
{
	begin(10, 10, 1);
	put(0, "a.example", &items[0], 0);
	put(1, "a.example", &items[1], 0);
	CHECK_EQ(next(1), 1);
	put(0, "a.example", &items[0], 500);
	sched_done(s, dest, 300);
	put(2, "b.example", &items[2], 0);
	CHECK_EQ(next(2), 1);
	CHECK(got[0] == &items[2]);
	CHECK_EQ(next(299), 0);
	CHECK_EQ(sched_deadline(s), 300);
	CHECK_EQ(next(300), 1);
	CHECK(got[0] == &items[1]);
	CHECK_EQ(next(300), 0);
	CHECK_EQ(next(500), 1);
	sched_free(s);
}

static void
test_flush_pause_remove(void)
{
	begin(10, 10, 1);
	put(0, "a.example", &items[0], 1000);
	put(1, "b.example", &items[1], 2000);
	put(2, "c.example", &items[2], 3000);
	sched_hurry(s, &items[1]);
	CHECK_EQ(next(1), 1);
	CHECK(got[0] == &items[1]);
	sched_done(s, dest, 5000);
	put(1, "b.example", &items[1], 4000);
	sched_pause(s, ESMTP, true);
	sched_flush(s);
	CHECK_EQ(next(1), 0);
	sched_pause(s, ESMTP, false);
	sched_remove(s, &items[0]);
	CHECK_EQ(sched_count(s), 2);
	CHECK_EQ(next(1), 1);
	CHECK_EQ(next(1), 1);
	CHECK_EQ(next(1), 0);
	sched_free(s);
}

/* No destination is served twice while another waits for its first turn. */
static void
test_fair(void)
{
	char host[16];
	int seen[8] = {0};

	begin(0, 0, 1);
	for (int i = 0; i < 64; i++) {
		snprintf(host, sizeof(host), "h%d.example", i % 8);
		put(i, host, &items[i], 0);
	}
	for (int round = 0; round < 8; round++) {
		for (int i = 0; i < 8; i++) {
			CHECK_EQ(next(1), 1);
			seen[sched_dest_host(dest).p[1] - '0']++;
		}
		for (int i = 0; i < 8; i++)
			CHECK_EQ(seen[i], round + 1);
	}
	sched_free(s);
}

/* One module waits for its time (courierd's waves) while another goes on. */
static void
test_modules(void)
{
	begin(0, 0, 1);
	put(0, "a.example", &items[0], 0);
	sched_put(s, &items[1], LOCAL, SL("anna"), &items[1], 0);
	CHECK_EQ(sched_any(s, 1), 1u << ESMTP | 1u << LOCAL);
	CHECK_EQ(sched_next(s, 1, 1u << LOCAL, got, COUNT_OF(got), &dest), 1);
	CHECK(got[0] == &items[1]);
	CHECK_EQ(sched_next(s, 1, 1u << LOCAL, got, COUNT_OF(got), &dest), 0);
	CHECK_EQ(sched_any(s, 1), 1u << ESMTP);
	CHECK_EQ(next(1), 1);
	CHECK(got[0] == &items[0]);
	CHECK_EQ(sched_any(s, 1), 0);
	sched_free(s);
}

/* R5321-4.5.4.1-b: by the settings it is given. */
static void
test_schedule(void)
{
	struct sched_policy p = { .alpha_sec = 300, .gamma_sec = 900, .beta = 3, .maxdelta = 3,
	    .queuetime_sec = 604800 };
	static const int minutes[] = { 5, 5, 15, 5, 5, 30, 5, 5, 60, 5, 5, 120, 5, 5, 120 };

	for (uint64_t i = 0; i < COUNT_OF(minutes); i++)
		CHECK_EQ(sched_retry_sec(&p, i + 1), minutes[i] * 60);
	p.maxdelta = UINT64_MAX; /* never runs away */
	CHECK(sched_retry_sec(&p, 3000000) <= 2 * p.queuetime_sec);
	p.beta = 0;
	CHECK_EQ(sched_retry_sec(&p, 1), 900);
}

static const struct check_row tests[] = {
	{ "time", test_time }, { "batch", test_batch }, { "limits", test_limits },
	    { "held", test_held },
	{ "flush_pause_remove", test_flush_pause_remove }, { "fair", test_fair },
	    { "modules", test_modules }, { "schedule", test_schedule },
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, tests, COUNT_OF(tests));
}
