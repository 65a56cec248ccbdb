/*
 * The contract of os/clock.h.
 */
#include "os/clock.h"

#include <stdlib.h>
#include <time.h>

#include "base/check.h"

static void
never_back(void)
{
	int64_t us = clock_mono_us(), ms = clock_mono_ms(), next;
	int i, back = 0;

	for (i = 0; i < 100000; i++) {
		next = clock_mono_us();
		back += next < us;
		us = next;
	}
	CHECK_EQ(back, 0);
	next = clock_mono_ms();
	CHECK(next >= ms);
	/* Both count the same clock. */
	CHECK(clock_mono_us() / 1000 >= next);
	CHECK(clock_mono_us() / 1000 - next < 60000);
}

static void
wall(void)
{
	int64_t before = (int64_t)time(NULL), now = clock_wall_ms(),
		after = (int64_t)time(NULL) + 1;

	CHECK(now >= before * 1000 - 1000);
	CHECK(now <= after * 1000 + 1000);
}

/* Rules written out in TZ need no file. */
static void
zone(const char *tz, int64_t at, int minutes)
{
	setenv("TZ", tz, 1);
	tzset();
	CHECK_EQ(clock_offset_minutes(at), minutes);
}

static void
offsets(void)
{
	zone("UTC0", 0, 0);
	zone("XXX-1", 1000000000, 60);
	zone("XXX5", 1000000000, -300);
	zone("XXX-5:30", 1000000000, 330);
	zone("XXX3:30", 1000000000, -210);
	/* Summer time: last Sunday of March to last Sunday of October. */
	zone("CET-1CEST,M3.5.0,M10.5.0/3", 1704067200, 60);  /* 2024-01-01 */
	zone("CET-1CEST,M3.5.0,M10.5.0/3", 1719792000, 120); /* 2024-07-01 */
	/* Over the turn of a year in both directions. */
	zone("XXX-14", 1704067200 - 3600, 840);
	zone("XXX12", 1704067200 + 3600, -720);
	zone("XXX-14", -3600, 840); /* before 1970 */
	zone("UTC0", INT64_MAX, 0); /* no such date: no offset */
}

static const struct check_row rows[] = {
	{"never_back", never_back},
	{"wall", wall},
	{"offsets", offsets},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
