/* NIL or a string, and dates. */
#include "base/date.h"
#include "imap/reply/reply.h"

void
imap_put_nstring(struct buf *out, struct slice s)
{
	if (s.p)
		imap_put_string(out, s);
	else
		buf_put(out, SL("NIL"));
}

void
imap_put_date(struct buf *out, int64_t seconds)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct date d;

	date_from_seconds(seconds, 0, &d);
	/* R3501-9-f: a day below ten has a blank before it */
	buf_fmt(out, "\"%2d-%.3s-%04d %02d:%02d:%02d +0000\"", d.day, months + (d.month - 1) * 3,
	    d.year, d.hour, d.minute, d.second);
}
