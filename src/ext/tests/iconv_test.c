/* Charsets by the system's iconv. */
#include "ext/iconv.h"

#include "base/check.h"

/* The one that is asked first. */
static bool
only_koi8(void *arg, struct slice charset, struct slice in, struct buf *out)
{
	(void)arg;
	if (!sl_ieq(charset, SL("koi8-r")))
		return false;
	buf_put(out, in);
	return true;
}

static const struct charset_ops first = {.name = "first", .to_utf8 = only_koi8};

static bool
to_utf8(struct slice charset, struct slice in, struct buf *out)
{
	struct charset_ops cs;

	charset_iconv_warm();
	charset_iconv_init(&cs, &first);
	return cs.to_utf8(cs.arg, charset, in, out);
}

static void
known(void)
{
	static const struct {
		const char *charset, *in, *want;
	} rows[] = {
	    {"ISO-2022-JP", "a\x1b$BF|K\\\x1b(B.", "a\xe6\x97\xa5\xe6\x9c\xac."},
	    {"euc-jp", "\xc6\xfc\xcb\xdc", "\xe6\x97\xa5\xe6\x9c\xac"},
	    {"Shift_JIS", "\x93\xfa\x96\x7b", "\xe6\x97\xa5\xe6\x9c\xac"},
	    {"GB2312", "\xc8\xd5\xb1\xbe", "\xe6\x97\xa5\xe6\x9c\xac"},
	    {"gb18030", "\xc8\xd5", "\xe6\x97\xa5"},
	    {"Big5", "\xa4\xe9\xa5\xbb", "\xe6\x97\xa5\xe6\x9c\xac"},
	    {"ks_c_5601-1987", "\xc0\xcf", "\xec\x9d\xbc"},
	    {"koi8-r", "first", "first"},
	    /* what is cut off, and what is none */
	    {"euc-jp", "a\xc6", "a\xef\xbf\xbd"},
	    {"euc-kr", "\xff\xc0\xcf", "\xef\xbf\xbd\xec\x9d\xbc"},
	};
	struct buf out;

	charset_iconv_warm();
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&out);
		CHECK(to_utf8(sl_str(rows[i].charset), sl_str(rows[i].in), &out));
		CHECK_SL(buf_slice(&out), sl_str(rows[i].want));
	}
	buf_fini(&out);
}

/* A text longer than the room for one step, and state that must not leak into the next text. */
static void
long_and_fresh(void)
{
	struct buf in, out;

	charset_iconv_warm();
	buf_init(&in, 1 << 20);
	buf_init(&out, 1 << 20);
	for (int i = 0; i < 5000; i++)
		buf_put_str(&in, "\xc6\xfc");
	CHECK(to_utf8(SL("euc-jp"), buf_slice(&in), &out));
	CHECK_EQ(out.n, 15000);
	buf_clear(&out);
	CHECK(to_utf8(SL("iso-2022-jp"), SL("\x1b$BF|"), &out));
	buf_clear(&out);
	CHECK(to_utf8(SL("iso-2022-jp"), SL("plain"), &out));
	CHECK_SL(buf_slice(&out), SL("plain"));
	/* The byte order that one text began with says nothing of the next. */
	buf_clear(&out);
	CHECK(to_utf8(SL("utf-16"), SL("\xff\xfe\xe5\x65"), &out));
	CHECK(to_utf8(SL("utf-16"), SL("\xfe\xff\x65\xe5"), &out));
	CHECK_SL(buf_slice(&out), SL("\xe6\x97\xa5\xe6\x97\xa5"));
	buf_fini(&in);
	buf_fini(&out);
}

static void
unknown(void)
{
	static const char *const rows[] = {
	    "", "x-none", "iso-2022-cn-ext", "utf-7", "ISO-2022-JP//TRANSLIT"};
	struct buf out;

	charset_iconv_warm();
	buf_init(&out, 4096);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK(!to_utf8(sl_str(rows[i]), SL("x"), &out));
	CHECK_EQ(out.n, 0);
	charset_iconv_names(&out);
	CHECK(sl_search(buf_slice(&out), SL("shift_jis")) < out.n);
	buf_fini(&out);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"known", known},
	    {"long_and_fresh", long_and_fresh},
	    {"unknown", unknown},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
