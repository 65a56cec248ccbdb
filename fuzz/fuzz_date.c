/* Dates of messages: what is read can be written, and reads back as the same moment and offset. */
#include "base/date.h"
#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct date d, again;
	int64_t t, t_again;
	struct buf out;

	if (!date_parse_rfc5322(sl_mem(data, size), &d))
		return 0;
	FUZZ_CHECK(date_to_seconds(&d, &t));
	FUZZ_CHECK(d.weekday >= 0 && d.weekday <= 6);
	FUZZ_CHECK(!d.offset_unknown || d.offset_minutes == 0);
	/* At the edges of the calendar a leap second belongs to a year that cannot be written. */
	if (d.second == 60 && (d.year == 9999 || d.year == 1900))
		return 0;
	buf_init(&out, 64);
	date_put_rfc5322(&out, t, d.offset_minutes);
	FUZZ_CHECK(buf_ok(&out) && date_parse_rfc5322(buf_slice(&out), &again));
	FUZZ_CHECK(date_to_seconds(&again, &t_again) && t_again == t);
	FUZZ_CHECK(again.offset_minutes == d.offset_minutes && !again.offset_unknown);
	FUZZ_CHECK(d.second == 60 ||
		   (again.weekday == d.weekday && again.day == d.day && again.hour == d.hour));
	buf_fini(&out);
	return 0;
}
