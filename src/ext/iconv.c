/* See iconv.h. */
#include "ext/iconv.h"

#include <errno.h>
#include <iconv.h>

#include "base/attr.h"
#include "base/utf8.h"

#define SPELLINGS 4

/*
 * names: as mail writes them (the first is said in reports). spellings: as systems do, in the order
 * glibc and GNU libiconv, Solaris, AIX. sample is what `want` is in this charset.
 */
static const struct {
	const char *names[4];
	const char *spellings[SPELLINGS];
	const char *sample, *want;
	size_t sample_bytes;
} rows[] = {
#define SAMPLE(octets, text) octets, text, sizeof(octets) - 1
    {{"iso-2022-jp", "csiso2022jp"}, {"ISO-2022-JP", "ISO-2022-JP-2", "IBM-fold7"},
	SAMPLE("\x1b$BF|\x1b(B", "\xe6\x97\xa5")},
    {{"euc-jp", "x-euc-jp", "eucjp"}, {"EUC-JP", "eucJP", "IBM-eucJP"},
	SAMPLE("\xc6\xfc", "\xe6\x97\xa5")},
    {{"shift_jis", "shift-jis", "x-sjis", "sjis"}, {"SHIFT_JIS", "SJIS", "PCK", "IBM-943"},
	SAMPLE("\x93\xfa", "\xe6\x97\xa5")},
    {{"windows-31j", "cp932", "ms932"}, {"CP932", "PCK", "IBM-943"},
	SAMPLE("\x93\xfa", "\xe6\x97\xa5")},
    {{"gb2312", "euc-cn", "csgb2312"}, {"EUC-CN", "GB2312", "gb2312", "IBM-eucCN"},
	SAMPLE("\xc8\xd5", "\xe6\x97\xa5")},
    {{"gbk", "cp936", "x-gbk"}, {"GBK", "CP936", "IBM-1386"}, SAMPLE("\xc8\xd5", "\xe6\x97\xa5")},
    {{"gb18030"}, {"GB18030", "gb18030", "GBK"}, SAMPLE("\xc8\xd5", "\xe6\x97\xa5")},
    {{"big5", "csbig5", "x-big5"}, {"BIG5", "big5", "IBM-950"}, SAMPLE("\xa4\xe9", "\xe6\x97\xa5")},
    {{"big5-hkscs"}, {"BIG5-HKSCS", "hkscs", "Big5-HKSCS"}, SAMPLE("\xa4\xe9", "\xe6\x97\xa5")},
    {{"euc-kr", "cseuckr"}, {"EUC-KR", "ko_KR-euc", "5601", "IBM-eucKR"},
	SAMPLE("\xc0\xcf", "\xec\x9d\xbc")},
    {{"ks_c_5601-1987", "windows-949", "cp949"}, {"CP949", "UHC", "ko_KR-cp949", "EUC-KR"},
	SAMPLE("\xc0\xcf", "\xec\x9d\xbc")},
    {{"iso-2022-kr"}, {"ISO-2022-KR", "ko_KR-iso2022-7"},
	SAMPLE("\x1b$)C\x0e@O\x0f", "\xec\x9d\xbc")},
    {{"tis-620", "iso-8859-11"}, {"TIS-620", "TIS620", "ISO-8859-11", "CP874"},
	SAMPLE("\xa1", "\xe0\xb8\x81")},
    {{"utf-16be"}, {"UTF-16BE", "UCS-2BE", "UTF-16"}, SAMPLE("\x65\xe5", "\xe6\x97\xa5")},
    {{"utf-16le"}, {"UTF-16LE", "UCS-2LE"}, SAMPLE("\xe5\x65", "\xe6\x97\xa5")},
#undef SAMPLE
};

/* A text that leaves a state behind, and one that tells it from a fresh state. */
static const struct {
	const char *charset, *leaves;
	size_t leaves_bytes;
	const char *fresh;
	size_t fresh_bytes;
	const char *want;
} states[] = {
#define TEXTS(leaves, fresh) leaves, sizeof(leaves) - 1, fresh, sizeof(fresh) - 1
    {"iso-2022-jp", TEXTS("\x1b$BF|", "F|"), "F|"},
    {"iso-2022-kr", TEXTS("\x1b$)C\x0e@O", "@O"), "@O"},
#undef TEXTS
};

static struct {
	iconv_t cd;
	bool is_open;
	/*
	 * The system's reset does nothing (musl): each text gets a descriptor of its own, by these
	 * names. Elsewhere that would read files, which a sandbox refuses.
	 */
	bool keeps_state;
	const char *to, *from;
} converters[COUNT_OF(rows)];

static bool is_warm;

/* All of in, from a fresh state; what cannot be converted becomes U+FFFD, octet by octet. */
static void
convert(iconv_t cd, struct slice in, struct buf *out)
{
	char *from = (char *)(uintptr_t)in.p, room[1024];
	size_t left = in.n;

	iconv(cd, NULL, NULL, NULL, NULL);
	while (left) {
		char *to = room;
		size_t free_bytes = sizeof(room), before = left;
		size_t done = iconv(cd, &from, &left, &to, &free_bytes);
		int err = done == (size_t)-1 ? errno : 0;

		buf_put(out, sl_mem(room, sizeof(room) - free_bytes));
		if (err == E2BIG && left < before)
			continue;
		if (err == 0)
			continue;
		utf8_put(out, 0xfffd);
		if (err == EINVAL)
			break; /* a character is cut off at the end */
		from++;
		left--;
	}
}

/* Does an earlier text show in a later one? */
static bool
does_keep_state(size_t row)
{
	struct buf got;
	bool keeps = false;

	buf_init(&got, 256);
	for (size_t i = 0; i < COUNT_OF(states); i++) {
		if (!sl_eq(sl_str(states[i].charset), sl_str(rows[row].names[0])))
			continue;
		convert(converters[row].cd, sl_mem(states[i].leaves, states[i].leaves_bytes), &got);
		buf_clear(&got);
		convert(converters[row].cd, sl_mem(states[i].fresh, states[i].fresh_bytes), &got);
		keeps = !sl_eq(buf_slice(&got), sl_str(states[i].want));
	}
	buf_fini(&got);
	return keeps;
}

/* Does this spelling mean what we mean? */
static bool
try_open(size_t row, const char *spelling)
{
	static const char *const utf8[] = {"UTF-8", "UTF8"};
	iconv_t cd = (iconv_t)-1;
	struct buf got;
	size_t i;
	bool ok;

	for (i = 0; i < COUNT_OF(utf8) && cd == (iconv_t)-1; i++)
		cd = iconv_open(utf8[i], spelling);
	if (cd == (iconv_t)-1)
		return false;
	buf_init(&got, 256);
	convert(cd, sl_mem(rows[row].sample, rows[row].sample_bytes), &got);
	ok = sl_eq(buf_slice(&got), sl_str(rows[row].want));
	buf_fini(&got);
	if (!ok) {
		iconv_close(cd);
		return false;
	}
	converters[row].cd = cd;
	converters[row].is_open = true;
	converters[row].to = utf8[i - 1];
	converters[row].from = spelling;
	converters[row].keeps_state = does_keep_state(row);
	return true;
}

void
charset_iconv_warm(void)
{
	if (is_warm)
		return;
	is_warm = true;
	for (size_t row = 0; row < COUNT_OF(rows); row++)
		for (size_t i = 0; i < SPELLINGS && rows[row].spellings[i]; i++)
			if (try_open(row, rows[row].spellings[i]))
				break;
}

/* A descriptor without an earlier text's state; false when there is none. */
static bool
refresh(size_t row)
{
	if (!converters[row].keeps_state)
		return true;
	iconv_close(converters[row].cd);
	converters[row].cd = iconv_open(converters[row].to, converters[row].from);
	converters[row].is_open = converters[row].cd != (iconv_t)-1;
	return converters[row].is_open;
}

static bool
is_named(size_t row, struct slice charset)
{
	for (size_t i = 0; i < COUNT_OF(rows[row].names) && rows[row].names[i]; i++)
		if (sl_ieq(charset, sl_str(rows[row].names[i])))
			return true;
	return false;
}

/*
 * Which of the two a text in UTF-16 is, by its byte order mark, which is taken off (RFC 2781
 * section 4.3). Converters for "UTF-16" of some systems go on with the order of an earlier text.
 */
static struct slice
utf16_of(struct slice *in)
{
	if (sl_starts(*in, SL("\xff\xfe"))) {
		*in = sl_skip(*in, 2);
		return SL("utf-16le");
	}
	if (sl_starts(*in, SL("\xfe\xff")))
		*in = sl_skip(*in, 2);
	return SL("utf-16be");
}

static bool
iconv_to_utf8(void *arg, struct slice charset, struct slice in, struct buf *out)
{
	const struct charset_ops *first = arg;

	if (first->to_utf8(first->arg, charset, in, out))
		return true;
	if (sl_ieq(charset, SL("utf-16")))
		charset = utf16_of(&in);
	for (size_t row = 0; row < COUNT_OF(rows); row++) {
		if (!converters[row].is_open || !is_named(row, charset) || !refresh(row))
			continue;
		convert(converters[row].cd, in, out);
		return true;
	}
	return false;
}

void
charset_iconv_init(struct charset_ops *cs, const struct charset_ops *first)
{
	*cs = (struct charset_ops){
	    .name = "iconv", .arg = (void *)(uintptr_t)first, .to_utf8 = iconv_to_utf8};
}

void
charset_iconv_names(struct buf *out)
{
	const char *blank = "";

	for (size_t row = 0; row < COUNT_OF(rows); row++) {
		if (!converters[row].is_open)
			continue;
		buf_put_str(out, blank);
		buf_put_str(out, rows[row].names[0]);
		blank = " ";
		if (sl_eq(sl_str(rows[row].names[0]), SL("utf-16be")))
			buf_put_str(out, " utf-16");
	}
}
