/*
 * The charsets every build knows.
 */
#include "message/charset.h"

#include "base/attr.h"
#include "base/utf8.h"
#include "message/charset_int.h"

/* Takes what is US-ASCII at the front over as it is. */
static void
ascii_put(struct slice *in, struct buf *out)
{
	size_t n = 0;

	while (n < in->n && in->p[n] < 128)
		n++;
	buf_put(out, sl_sub(*in, 0, n));
	*in = sl_skip(*in, n);
}

static void
from_utf8(struct slice in, struct buf *out)
{
	uint32_t c;
	size_t n;

	for (ascii_put(&in, out); in.n; ascii_put(&in, out)) {
		n = utf8_next(in, &c);
		utf8_put(out, n ? c : 0xfffd);
		in = sl_skip(in, n ? n : 1);
	}
}

static void
from_ascii(struct slice in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++)
		utf8_put(out, in.p[i] < 128 ? in.p[i] : 0xfffd);
}

static void
from_latin1(struct slice in, struct buf *out)
{
	for (ascii_put(&in, out); in.n; ascii_put(&in, out)) {
		utf8_put(out, in.p[0]);
		in = sl_skip(in, 1);
	}
}

/* One octet a character. */
static void
from_table(const uint16_t *high, struct slice in, struct buf *out)
{
	for (ascii_put(&in, out); in.n; ascii_put(&in, out)) {
		uint32_t c = high[in.p[0] - 0x80];

		utf8_put(out, c ? c : 0xfffd);
		in = sl_skip(in, 1);
	}
}

/* R2046-4.1.2-c */
static bool
builtin_to_utf8(void *arg, struct slice charset, struct slice in, struct buf *out)
{
	static const struct {
		const char *name;
		void (*convert)(struct slice in, struct buf *out);
	} rows[] = {
	    {"utf-8", from_utf8},
	    {"utf8", from_utf8},
	    {"us-ascii", from_ascii},
	    {"ascii", from_ascii},
	    {"ansi_x3.4-1968", from_ascii},
	    {"iso-8859-1", from_latin1},
	    {"iso8859-1", from_latin1},
	    {"latin1", from_latin1},
	};

	(void)arg;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (sl_ieq(charset, sl_str(rows[i].name))) { /* R2046-4.1.2-c */
			rows[i].convert(in, out);
			return true;
		}
	for (size_t i = 0; i < charset_table_count; i++)
		if (sl_ieq(charset, sl_str(charset_tables[i].name))) {
			from_table(charset_tables[i].high, in, out);
			return true;
		}
	return false;
}

const struct charset_ops charset_builtin = {.name = "builtin", .to_utf8 = builtin_to_utf8};
