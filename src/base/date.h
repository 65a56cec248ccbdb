/*
 * Dates without time_t: seconds since 1970 as int64_t, the proleptic Gregorian calendar, offsets in
 * minutes. RFC 5322 section 3.3 (and 4.3 when reading), RFC 3501 date-time, ISO 8601 for logs.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct date {
	int year;       /* 1900-9999 */
	int month, day; /* from 1 */
	int hour, minute, second;
	int weekday;        /* 0 = Sunday */
	int offset_minutes; /* local minus UTC */
	bool offset_unknown; /* "-0000" */
};

/*
 * The civil time of t (seconds since 1970) at an offset; t outside the years 1900-9999 is clamped.
 */
void date_from_seconds(int64_t t, int offset_minutes, struct date *d);

/* Seconds since 1970; a date out of range gives false. */
bool date_to_seconds(const struct date *d, int64_t *t);

/* "Sat, 21 Nov 2026 19:05:00 +0000", RFC 5322 section 3.3. */
void date_put_rfc5322(struct buf *out, int64_t t, int offset_minutes);

/* "2026-11-21T19:05:00Z"; with milliseconds "2026-11-21T19:05:00.123Z". */
void date_put_iso(struct buf *out, int64_t t);
void date_put_iso_ms(struct buf *out, int64_t t_ms);

/* Reads an RFC 5322 date-time, obsolete forms and comments included (sections 3.3, 4.3). */
bool date_parse_rfc5322(struct slice s, struct date *d);

#endif
