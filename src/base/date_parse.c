/* Reading dates of messages: RFC 5322 section 3.3, with the obsolete forms of section 4.3. */
#include <stddef.h>

#include "base/ascii.h"
#include "base/date.h"
#include "base/num.h"

/* Comments and folding white space, sections 3.2.2 and 4.2. False when a comment does not end. */
static bool
skip_cfws(struct slice *s)
{
	size_t depth = 0, i = 0;

	for (; i < s->n; i++) {
		unsigned char c = s->p[i];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0)
			i++;
		else if (depth == 0 && !ascii_is_space(c))
			break;
	}
	*s = sl_skip(*s, i);
	return depth == 0;
}

/* A run of digits, min to max of them, with white space and comments before it. */
static bool
take_digits(struct slice *s, size_t min, size_t max, int *value, size_t *count)
{
	size_t n = 0;
	uint64_t v;

	if (!skip_cfws(s))
		return false;
	while (n < s->n && ascii_is_digit(s->p[n]))
		n++;
	if (n < min || n > max || !num_u64(sl_sub(*s, 0, n), 99999, &v))
		return false;
	*s = sl_skip(*s, n);
	*value = (int)v;
	*count = n;
	return true;
}

static struct slice
take_letters(struct slice *s)
{
	size_t n = 0;
	struct slice word;

	while (n < s->n && ascii_is_alpha(s->p[n]))
		n++;
	word = sl_sub(*s, 0, n);
	*s = sl_skip(*s, n);
	return word;
}

static bool
take_char(struct slice *s, unsigned char c)
{
	if (!skip_cfws(s) || s->n == 0 || s->p[0] != c)
		return false;
	*s = sl_skip(*s, 1);
	return true;
}

/*
 * "Sat,": may be absent. A name that is none of the seven is an error, a wrong one of them is not.
 */
static bool
take_weekday(struct slice *s)
{
	static const char names[] = "SunMonTueWedThuFriSat";
	struct slice word;

	if (!skip_cfws(s))
		return false;
	if (s->n == 0 || !ascii_is_alpha(s->p[0]))
		return true;
	word = take_letters(s);
	for (size_t i = 0; i < 7; i++)
		if (sl_ieq(word, sl_mem(names + 3 * i, 3)))
			return take_char(s, ',');
	return false;
}

static bool
take_month(struct slice *s, int *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct slice word;

	if (!skip_cfws(s))
		return false;
	word = take_letters(s);
	for (int i = 0; i < 12; i++)
		if (sl_ieq(word, sl_mem(names + 3 * i, 3))) {
			*month = i + 1;
			return true;
		}
	return false;
}

/* Section 4.3: 50 to 99 and three digits count from 1900, 00 to 49 from 2000. R5322-4.3-a. */
static bool
take_year(struct slice *s, int *year)
{
	size_t digits;

	if (!take_digits(s, 2, 5, year, &digits))
		return false;
	if (digits == 3 || (digits == 2 && *year >= 50))
		*year += 1900;
	else if (digits == 2)
		*year += 2000;
	return true;
}

static bool
take_time(struct slice *s, struct date *d)
{
	size_t digits;

	if (!take_digits(s, 2, 2, &d->hour, &digits) || !take_char(s, ':') ||
	    !take_digits(s, 2, 2, &d->minute, &digits))
		return false;
	d->second = 0;
	return !take_char(s, ':') || take_digits(s, 2, 2, &d->second, &digits);
}

/*
 * The names of section 4.3; every other one, also a military letter, says nothing: "-0000".
 * R5322-4.3-a, R5322-4.3-b.
 */
static void
named_zone(struct slice name, struct date *d)
{
	static const struct {
		char name[4];
		int hours;
	} zones[] = {
		{"UT", 0},
		{"GMT", 0},
		{"EDT", -4},
		{"EST", -5},
		{"CDT", -5},
		{"CST", -6},
		{"MDT", -6},
		{"MST", -7},
		{"PDT", -7},
		{"PST", -8},
	};

	d->offset_minutes = 0;
	d->offset_unknown = true;
	for (size_t i = 0; i < COUNT_OF(zones); i++)
		if (sl_ieq(name, sl_str(zones[i].name))) {
			d->offset_minutes = zones[i].hours * 60;
			d->offset_unknown = false;
		}
}

static bool
take_zone(struct slice *s, struct date *d)
{
	bool minus;
	int number;
	size_t digits;

	if (!skip_cfws(s) || s->n == 0)
		return false;
	if (ascii_is_alpha(s->p[0])) {
		named_zone(take_letters(s), d);
		return true;
	}
	minus = s->p[0] == '-';
	if (!minus && s->p[0] != '+')
		return false;
	*s = sl_skip(*s, 1);
	if (s->n == 0 || !ascii_is_digit(s->p[0]) || !take_digits(s, 4, 4, &number, &digits) ||
	    number % 100 > 59)
		return false;
	d->offset_minutes = (number / 100 * 60 + number % 100) * (minus ? -1 : 1);
	d->offset_unknown = minus && number == 0;
	return true;
}

/* R5322-3.3-a */
bool
date_parse_rfc5322(struct slice s, struct date *d)
{
	struct date read = {0}, same_day;
	size_t digits;
	int64_t t;

	if (!take_weekday(&s) || !take_digits(&s, 1, 2, &read.day, &digits) ||
	    !take_month(&s, &read.month) || !take_year(&s, &read.year) || !take_time(&s, &read) ||
	    !take_zone(&s, &read))
		return false;
	if (!skip_cfws(&s) || s.n != 0 || !date_to_seconds(&read, &t))
		return false;
	/* The civil time taken for UTC has the same weekday. */
	date_from_seconds(t + (int64_t)read.offset_minutes * 60, 0, &same_day);
	read.weekday = same_day.weekday;
	*d = read;
	return true;
}
