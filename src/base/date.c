#include "base/date.h"

#include <stddef.h>

#define DAY 86400
#define YEAR_MIN 1900
#define YEAR_MAX 9999
#define OFFSET_MAX (99 * 60 + 59)

static const char month_names[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};
static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int year, int month)
{
	static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1 January of year 1 to 1 January of this year. */
static int64_t
days_before_year(int year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

/* Days from 1970-01-01 to a date that exists. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t days = days_before_year(year) - days_before_year(1970) + day - 1;

	for (int m = 1; m < month; m++)
		days += days_in_month(year, m);
	return days;
}

static int64_t
clamp(int64_t t, int64_t min, int64_t max)
{
	return t < min ? min : t > max ? max : t;
}

void
date_from_seconds(int64_t t, int offset_minutes, struct date *d)
{
	int64_t offset = clamp(offset_minutes, -OFFSET_MAX, OFFSET_MAX);
	int64_t first = days_of(YEAR_MIN, 1, 1) * DAY;
	int64_t last = days_of(YEAR_MAX, 12, 31) * DAY + DAY - 1;
	int64_t local = clamp(t, first - offset * 60, last - offset * 60) + offset * 60;
	int64_t days = local / DAY - (local % DAY < 0), rest = local - days * DAY;
	int year, month = 1;

	/* The estimate by the mean length of a year misses by one at most. */
	year = (int)(1970 + days * 400 / 146097);
	while (days_of(year, 1, 1) > days)
		year--;
	while (days_of(year + 1, 1, 1) <= days)
		year++;
	while (month < 12 && days_of(year, month + 1, 1) <= days)
		month++;
	*d = (struct date){
		.year = year,
		.month = month,
		.day = (int)(days - days_of(year, month, 1)) + 1,
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
		.weekday = (int)(((days + 4) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
		.offset_minutes = (int)offset,
	};
}

bool
date_to_seconds(const struct date *d, int64_t *t)
{
	if (d->year < YEAR_MIN || d->year > YEAR_MAX || d->month < 1 || d->month > 12 ||
	    d->day < 1 || d->day > days_in_month(d->year, d->month))
		return false;
	/* RFC 5322 section 3.3: a leap second; it counts as the last one of its minute and day. */
	if (d->hour < 0 || d->hour > 23 || d->minute < 0 || d->minute > 59 || d->second < 0 ||
	    d->second > 60)
		return false;
	if (d->offset_minutes < -OFFSET_MAX || d->offset_minutes > OFFSET_MAX)
		return false;
	*t = days_of(d->year, d->month, d->day) * DAY + d->hour * 3600 + d->minute * 60 +
	     (d->second > 59 ? 59 : d->second) - (int64_t)d->offset_minutes * 60;
	return true;
}

void
date_put_rfc5322(struct buf *out, int64_t t, int offset_minutes)
{
	struct date d;
	int offset;

	date_from_seconds(t, offset_minutes, &d);
	offset = d.offset_minutes < 0 ? -d.offset_minutes : d.offset_minutes;
	buf_fmt(out, "%s, %02d %s %04d %02d:%02d:%02d %c%02d%02d", day_names[d.weekday], d.day,
	    month_names[d.month - 1], d.year, d.hour, d.minute, d.second,
	    d.offset_minutes < 0 ? '-' : '+', offset / 60, offset % 60);
}

static void
put_iso_seconds(struct buf *out, int64_t t)
{
	struct date d;

	date_from_seconds(t, 0, &d);
	buf_fmt(out, "%04d-%02d-%02dT%02d:%02d:%02d", d.year, d.month, d.day, d.hour, d.minute,
	    d.second);
}

void
date_put_iso(struct buf *out, int64_t t)
{
	put_iso_seconds(out, t);
	buf_put_byte(out, 'Z');
}

void
date_put_iso_ms(struct buf *out, int64_t t_ms)
{
	int64_t t = t_ms / 1000 - (t_ms % 1000 < 0);

	put_iso_seconds(out, t);
	buf_fmt(out, ".%03dZ", (int)(t_ms - t * 1000));
}
