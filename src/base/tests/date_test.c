/* Tests of date.h; RFC 5322 sections 3.3 and 4.3. */
#include "base/attr.h"
#include "base/check.h"
#include "base/date.h"

static void
written(void)
{
	static const struct {
		int64_t t;
		int offset;
		const char *mail, *iso;
	} rows[] = {
		{0, 0, "Thu, 01 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z"},
		{-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000", "1969-12-31T23:59:59Z"},
		{1795287900, 0, "Sat, 21 Nov 2026 19:05:00 +0000", "2026-11-21T19:05:00Z"},
		{1795287900, -330, "Sat, 21 Nov 2026 13:35:00 -0530", "2026-11-21T19:05:00Z"},
		{1795287900, 840, "Sun, 22 Nov 2026 09:05:00 +1400", "2026-11-21T19:05:00Z"},
		{951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000", "2000-02-29T00:00:00Z"},
		{4107542400, 0, "Mon, 01 Mar 2100 00:00:00 +0000", "2100-03-01T00:00:00Z"},
		{INT64_MAX, 0, "Fri, 31 Dec 9999 23:59:59 +0000", "9999-12-31T23:59:59Z"},
		{INT64_MIN, 0, "Mon, 01 Jan 1900 00:00:00 +0000", "1900-01-01T00:00:00Z"},
		{0, 100000, "Mon, 05 Jan 1970 03:59:00 +9959", "1970-01-01T00:00:00Z"},
	};
	struct buf b;

	buf_init(&b, 64);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		date_put_rfc5322(&b, rows[i].t, rows[i].offset);
		CHECK_SL(buf_slice(&b), sl_str(rows[i].mail));
		buf_clear(&b);
		date_put_iso(&b, rows[i].t);
		CHECK_SL(buf_slice(&b), sl_str(rows[i].iso));
	}
	buf_clear(&b);
	date_put_iso_ms(&b, 1795287900123);
	CHECK_SL(buf_slice(&b), SL("2026-11-21T19:05:00.123Z"));
	buf_clear(&b);
	date_put_iso_ms(&b, -1);
	CHECK_SL(buf_slice(&b), SL("1969-12-31T23:59:59.999Z"));
	buf_fini(&b);
}

static const struct {
	const char *text, *iso; /* NULL: refused */
	int offset;
	bool unknown;
} parse_rows[] = {
	{"Sat, 21 Nov 2026 19:05:00 +0000", "2026-11-21T19:05:00Z", 0, false},
	{"21 Nov 2026 19:05:00 +0130", "2026-11-21T17:35:00Z", 90, false},
	{"21 Nov 2026 19:05 -0800", "2026-11-22T03:05:00Z", -480, false},
	{"sat,21 nov 2026 19:05:00 -0000", "2026-11-21T19:05:00Z", 0, true},
	{"\tSat,\r\n 21 Nov 2026\r\n 19:05:00 +0000 (UTC)\r\n", "2026-11-21T19:05:00Z", 0,
	    false},
	{"1 Jan 2000 00:00:60 +0000", "2000-01-01T00:00:59Z", 0, false},
	{"29 Feb 2000 00:00:00 +0000", "2000-02-29T00:00:00Z", 0, false},
	{"Mon, 1 Jan 1900 00:00:00 +0000", "1900-01-01T00:00:00Z", 0, false},
	/* obsolete years, zones, comments and white space */
	{"21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z", 0, false},
	{"21 Nov 49 09:55:06 UT", "2049-11-21T09:55:06Z", 0, false},
	{"21 Nov 50 09:55:06 UT", "1950-11-21T09:55:06Z", 0, false},
	{"21 Nov 126 09:55:06 UT", "2026-11-21T09:55:06Z", 0, false},
	{"21 Nov 2026 09:55:06 EST", "2026-11-21T14:55:06Z", -300, false},
	{"21 Nov 2026 09:55:06 EDT", "2026-11-21T13:55:06Z", -240, false},
	{"21 Nov 2026 09:55:06 pst", "2026-11-21T17:55:06Z", -480, false},
	{"21 Nov 2026 09:55:06 Z", "2026-11-21T09:55:06Z", 0, true},
	{"21 Nov 2026 09:55:06 A", "2026-11-21T09:55:06Z", 0, true},
	{"21 Nov 2026 09:55:06 CEST", "2026-11-21T09:55:06Z", 0, true},
	{"Sat(day) , (a (nested \\) ) comment) 21(x)Nov(y)2026 09 : 55 (m): 06 (s)GMT(z)",
	    "2026-11-21T09:55:06Z", 0, false},
	/* a weekday that does not fit is corrected, not refused */
	{"Fri, 21 Nov 2026 19:05:00 +0000", "2026-11-21T19:05:00Z", 0, false},
	/* refused */
	{"", NULL, 0, false},
	{"Sat, ", NULL, 0, false},
	{"Sam, 21 Nov 2026 19:05:00 +0000", NULL, 0, false},
	{"Sat 21 Nov 2026 19:05:00 +0000", NULL, 0, false},
	{"32 Jan 2026 00:00:00 +0000", NULL, 0, false},
	{"0 Jan 2026 00:00:00 +0000", NULL, 0, false},
	{"29 Feb 2100 00:00:00 +0000", NULL, 0, false},
	{"31 Apr 2026 00:00:00 +0000", NULL, 0, false},
	{"1 Foo 2026 00:00:00 +0000", NULL, 0, false},
	{"1 January 2026 00:00:00 +0000", NULL, 0, false},
	{"1 Jan 6 00:00:00 +0000", NULL, 0, false},
	{"1 Jan 1899 00:00:00 +0000", NULL, 0, false},
	{"1 Jan 10000 00:00:00 +0000", NULL, 0, false},
	{"1 Jan 2026 24:00:00 +0000", NULL, 0, false},
	{"1 Jan 2026 00:60:00 +0000", NULL, 0, false},
	{"1 Jan 2026 00:00:61 +0000", NULL, 0, false},
	{"1 Jan 2026 0:00:00 +0000", NULL, 0, false},
	{"1 Jan 2026 00:00:00", NULL, 0, false},
	{"1 Jan 2026 00:00:00 +000", NULL, 0, false},
	{"1 Jan 2026 00:00:00 +00000", NULL, 0, false},
	{"1 Jan 2026 00:00:00 +0060", NULL, 0, false},
	{"1 Jan 2026 00:00:00 + 0000", NULL, 0, false},
	{"1 Jan 2026 00:00:00 +0000 x", NULL, 0, false},
	{"1 Jan 2026 00:00:00 +0000 (open", NULL, 0, false},
	{"1 Jan 2026 00:00:00 +0000 (open\\", NULL, 0, false},
	{"1 Jan 2026 00:00:00 +0000 )", NULL, 0, false},
	{"2026-01-01T00:00:00Z", NULL, 0, false},
};

static void
parsed(void)
{
	for (size_t i = 0; i < COUNT_OF(parse_rows); i++) {
		struct date d = {.year = 7}, same;
		struct buf b;
		int64_t t = 0;

		if (!CHECK_EQ(date_parse_rfc5322(sl_str(parse_rows[i].text), &d),
			parse_rows[i].iso != NULL) ||
		    parse_rows[i].iso == NULL) {
			CHECK(parse_rows[i].iso != NULL || d.year == 7);
			continue;
		}
		CHECK(date_to_seconds(&d, &t));
		buf_init(&b, 32);
		date_put_iso(&b, t);
		CHECK_SL(buf_slice(&b), sl_str(parse_rows[i].iso));
		buf_fini(&b);
		CHECK_EQ(d.offset_minutes, parse_rows[i].offset);
		CHECK_EQ(d.offset_unknown, parse_rows[i].unknown);
		date_from_seconds(t, d.offset_minutes, &same);
		CHECK_EQ(d.weekday, same.weekday);
	}
}

static void
range(void)
{
	const struct date good = {.year = 2024, .month = 2, .day = 29};
	struct date d = good;
	int64_t t;

	CHECK(date_to_seconds(&d, &t));
	d.day = 30;
	CHECK(!date_to_seconds(&d, &t));
	d = good, d.month = 0;
	CHECK(!date_to_seconds(&d, &t));
	d = good, d.month = 13;
	CHECK(!date_to_seconds(&d, &t));
	d = good, d.hour = -1;
	CHECK(!date_to_seconds(&d, &t));
	d = good, d.second = 61;
	CHECK(!date_to_seconds(&d, &t));
	d = good, d.offset_minutes = 6000;
	CHECK(!date_to_seconds(&d, &t));
	d = good, d.year = 10000;
	CHECK(!date_to_seconds(&d, &t));
}

/* Day by day from 1900 to 9999: the calendar advances as it should, and every date reads back. */
static void
every_day(void)
{
	struct date before, d;
	int64_t t = -2208988800, back;

	date_from_seconds(t - 1, 0, &before);
	CHECK_EQ(before.year, 1900); /* clamped */
	date_from_seconds(t, 0, &before);
	for (t += 86400; t < 253402300800; t += 86400) {
		bool first = true;

		date_from_seconds(t, 0, &d);
		first = d.day == before.day + 1 && d.month == before.month && d.year == before.year;
		if (!first)
			first = d.day == 1 && before.day >= 28 &&
				((d.month == before.month + 1 && d.year == before.year) ||
				    (d.month == 1 && before.month == 12 && before.day == 31 &&
					d.year == before.year + 1));
		if (!CHECK(first && d.weekday == (before.weekday + 1) % 7 && d.hour == 0 &&
			   d.second == 0) ||
		    !CHECK(date_to_seconds(&d, &back) && back == t))
			break;
		before = d;
	}
	CHECK_EQ(before.year, 9999);
	CHECK_EQ(before.month * 100 + before.day, 1231);
}

/* What is written reads back, whatever the time and the offset. */
static void
round_trip(void)
{
	uint64_t seed = 9;

	for (int i = 0; i < 20000; i++) {
		int64_t t = (int64_t)(check_random(&seed) % 255600000000) - 2200000000, back = 0;
		int offset = (int)check_below(&seed, 1681) - 840;
		struct date d;
		struct buf b;

		buf_init(&b, 64);
		date_put_rfc5322(&b, t, offset);
		if (!CHECK(date_parse_rfc5322(buf_slice(&b), &d) && date_to_seconds(&d, &back)) ||
		    !CHECK_EQ(back, t) || !CHECK_EQ(d.offset_minutes, offset))
			i = 20000;
		buf_fini(&b);
	}
}

static const struct check_row rows[] = {
	{"written", written},
	{"parsed", parsed},
	{"range", range},
	{"every_day", every_day},
	{"round_trip", round_trip},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
