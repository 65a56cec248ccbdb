/*
 * Clocks by clock_gettime. The time zone's rules are read once (sandbox_warm calls tzset).
 */
#include "os/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t
clock_us(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_mono_ms(void)
{
	return clock_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_mono_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ms(void)
{
	return clock_us(CLOCK_REALTIME) / 1000;
}

/* tm_gmtoff is not everywhere: the offset is the difference of the two broken-down times. */
int
clock_offset_minutes(int64_t t)
{
	time_t when = (time_t)t;
	struct tm local, utc;
	int days;

	if ((int64_t)when != t || !localtime_r(&when, &local) || !gmtime_r(&when, &utc))
		return 0;
	if (local.tm_year != utc.tm_year)
		days = local.tm_year > utc.tm_year ? 1 : -1;
	else
		days = local.tm_yday - utc.tm_yday;
	return (days * 24 + local.tm_hour - utc.tm_hour) * 60 + local.tm_min - utc.tm_min;
}
