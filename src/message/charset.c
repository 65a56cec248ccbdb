/*
 * The charsets every build knows.
 */
#include "message/charset.h"

#include "base/attr.h"
#include "base/utf8.h"

/* Code points of 0x80-0x9f in windows-1252; 0 is not assigned. */
static const uint16_t cp1252[32] = {
    0x20ac,
    0,
    0x201a,
    0x0192,
    0x201e,
    0x2026,
    0x2020,
    0x2021,
    0x02c6,
    0x2030,
    0x0160,
    0x2039,
    0x0152,
    0,
    0x017d,
    0,
    0,
    0x2018,
    0x2019,
    0x201c,
    0x201d,
    0x2022,
    0x2013,
    0x2014,
    0x02dc,
    0x2122,
    0x0161,
    0x203a,
    0x0153,
    0,
    0x017e,
    0x0178,
};

static void
from_utf8(struct slice in, struct buf *out)
{
	uint32_t c;
	size_t n;

	while (in.n) {
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
	for (size_t i = 0; i < in.n; i++)
		utf8_put(out, in.p[i]);
}

static void
from_cp1252(struct slice in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		uint32_t c = in.p[i];

		if (c >= 0x80 && c < 0xa0)
			c = cp1252[c - 0x80] ? cp1252[c - 0x80] : 0xfffd;
		utf8_put(out, c);
	}
}

static bool
builtin_to_utf8(void *arg, struct slice charset, struct slice in, struct buf *out)
{
	static const struct {
		const char *name;
		void (*convert)(struct slice in, struct buf *out);
	} rows[] = {
		{"utf-8", from_utf8},         {"utf8", from_utf8},       {"us-ascii", from_ascii},
		{"ascii", from_ascii},        {"iso-8859-1", from_latin1}, {"latin1", from_latin1},
		{"windows-1252", from_cp1252}, {"cp1252", from_cp1252},
	};

	(void)arg;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (sl_ieq(charset, sl_str(rows[i].name))) { /* R2046-4.1.2-c */
			rows[i].convert(in, out);
			return true;
		}
	return false;
}

const struct charset_ops charset_builtin = {.name = "builtin", .to_utf8 = builtin_to_utf8};
