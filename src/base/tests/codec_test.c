/* Tests of base64.h and qp.h; RFC 4648 section 10, RFC 2045 sections 6.7 and 6.8. */
#include "base/arena.h"
#include "base/attr.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "base/qp.h"

#define OUT_MAX 100000

enum codec { BASE64_ENC, BASE64_DEC, QP_ENC_TEXT, QP_ENC_BINARY, QP_DEC };

/* Runs one codec over in, in pieces of the sizes that seed gives (seed 0: in one piece). */
static bool
run(enum codec codec, struct slice in, uint64_t seed, struct buf *out)
{
	struct base64_enc be = {.held_n = 0};
	struct base64_dec bd = {.garbage = false};
	struct qp_enc qe = {.text = codec == QP_ENC_TEXT};
	struct qp_dec qd = {.garbage = false};
	bool whole = seed == 0;

	buf_clear(out);
	while (in.n > 0) {
		/* A copy for each piece: the sanitizer sees reading past its end. */
		size_t n = whole ? in.n : 1 + check_below(&seed, 5);
		struct slice piece = sl_sub(in, 0, n);
		char *copy = mem_str(piece);

		piece.p = (unsigned char *)copy;
		if (codec == BASE64_ENC)
			base64_enc_feed(&be, piece, out);
		else if (codec == BASE64_DEC)
			base64_dec_feed(&bd, piece, out);
		else if (codec == QP_DEC)
			qp_dec_feed(&qd, piece, out);
		else
			qp_enc_feed(&qe, piece, out);
		mem_free(copy);
		in = sl_skip(in, n);
	}
	if (codec == BASE64_ENC)
		base64_enc_end(&be, out);
	if (codec == QP_DEC)
		qp_dec_end(&qd, out);
	if (codec == QP_ENC_TEXT || codec == QP_ENC_BINARY)
		qp_enc_end(&qe, out);
	return bd.garbage || qd.garbage;
}

static void
base64_line(void)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
		{"\xff\xfe\xfb", "//77"},
	};
	struct buf b;

	buf_init(&b, OUT_MAX);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		base64_put(&b, sl_str(rows[i][0]));
		CHECK_SL(buf_slice(&b), sl_str(rows[i][1]));
		buf_clear(&b);
		CHECK(base64_get(sl_str(rows[i][1]), &b));
		CHECK_SL(buf_slice(&b), sl_str(rows[i][0]));
	}
	buf_fini(&b);
}

static void
base64_strict(void)
{
	static const char *const rows[] = {
		"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zm9v=", "Zh==", "Zm9=", "Zm 9",
		"Zm9v\r\n", "Z=g=", "Zg==Zg==", "Zm9-", "Zm9_", "Zm9\x80",
	};
	struct buf b;

	buf_init(&b, OUT_MAX);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK(!base64_get(sl_str(rows[i]), &b));
	CHECK(!base64_get(SL("AA\0A"), &b));
	buf_fini(&b);
}

static void
base64_tolerant(void)
{
	static const struct {
		const char *in, *out;
		bool garbage;
	} rows[] = {
		{"Zm9v\r\nYmFy\r\n", "foobar", false},
		{"Zm9vYg==\r\n", "foob", false},
		{"Zm9vYmE", "fooba", false}, /* padding missing */
		{"Zg==Zm8=", "ffo", false},  /* two encodings, one behind the other */
		{"Z m\t9-v", "foo", true},
		{"=", "", false},
		{"!!!", "", true},
	};
	struct buf b;

	buf_init(&b, OUT_MAX);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CHECK_EQ(run(BASE64_DEC, sl_str(rows[i].in), 0, &b), rows[i].garbage);
		CHECK_SL(buf_slice(&b), sl_str(rows[i].out));
	}
	buf_fini(&b);
}

#define DIGITS_50 "01234567890123456789012345678901234567890123456789"

static void
qp_encoded(void)
{
	static const struct {
		bool text;
		const char *in, *out;
	} rows[] = {
		{true, "", ""},
		{true, "plain\r\ntext", "plain\r\ntext"},
		{true, "a=b\xfc", "a=3Db=FC"},
		{true, "end \r\n\t\r\nmid dle", "end=20\r\n=09\r\nmid dle"},
		{true, "last ", "last=20"},
		{true, "two  ", "two =20"},
		{true, "bare\rcr\nlf \n", "bare=0Dcr=0Alf =0A"},
		{true, "\r", "=0D"},
		{true, "\r\r\n", "=0D\r\n"},
		{true, " \r", " =0D"},
		{true, " \r \r\n", " =0D=20\r\n"},
		{false, "a\r\nb ", "a=0D=0Ab=20"},
		{false, " \r\n", " =0D=0A"},
		{true, DIGITS_50 "01234567890123456789012345",
		    DIGITS_50 "0123456789012345678901234=\r\n5"},
		{true, DIGITS_50 "012345678901234567890123\xff",
		    DIGITS_50 "012345678901234567890123=\r\n=FF"},
	};
	struct buf b;

	buf_init(&b, OUT_MAX);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		run(rows[i].text ? QP_ENC_TEXT : QP_ENC_BINARY, sl_str(rows[i].in), 0, &b);
		CHECK_SL(buf_slice(&b), sl_str(rows[i].out));
	}
	buf_fini(&b);
}

static void
qp_decoded(void)
{
	static const struct {
		const char *in, *out;
		bool garbage;
	} rows[] = {
		{"", "", false},
		{"a=3Db=fc=FC", "a=b\xfc\xfc", false},
		{"soft=\r\nbreak=  \r\nhere=\nlf", "softbreakherelf", false},
		{"trail \t\r\ning \nspace  ", "trail\r\ning\nspace", false},
		{"in  ner\r\n", "in  ner\r\n", false},
		{"bad=zz=4=", "bad=zz=4=", true},
		{"==41", "=A", true},
		{"=4=41", "=4A", true},
		{"= x", "= x", true},
		{"=\rx", "=\rx", true},
		{"=4\r\n", "=4\r\n", true},
		{"a \rb", "a \rb", false},
		{"a\rb", "a\rb", false},
		{"=\r", "=\r", true},
		{"a \r", "a \r", true},
		{"a \r \r\n", "a \r\r\n", false},
	};
	struct buf b;

	buf_init(&b, OUT_MAX);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CHECK_EQ(run(QP_DEC, sl_str(rows[i].in), 0, &b), rows[i].garbage);
		CHECK_SL(buf_slice(&b), sl_str(rows[i].out));
	}
	buf_fini(&b);
}

/* More white space than a line may have passes through. */
static void
qp_long_space(void)
{
	char in[300], want[300];
	struct buf b;

	memset(in, ' ', sizeof(in));
	memset(want, ' ', sizeof(want));
	in[200] = 'x';
	buf_init(&b, OUT_MAX);
	CHECK(run(QP_DEC, sl_mem(in, 201), 0, &b));
	want[200] = 'x';
	CHECK_SL(buf_slice(&b), sl_mem(want, 201));
	buf_fini(&b);
}

/* No line of an encoded body is longer than 76 characters or ends in white space. */
static bool
lines_are_safe(struct slice s, bool *has_8bit)
{
	struct slice line;

	while (s.n > 0) {
		sl_cut(&s, '\n', &line);
		if (sl_ends(line, SL("\r")))
			line.n--;
		for (size_t i = 0; i < line.n; i++)
			*has_8bit = *has_8bit || line.p[i] >= 0x7f ||
				    (line.p[i] < 0x20 && line.p[i] != '\t');
		if (line.n > 76 || sl_ends(line, SL(" ")) || sl_ends(line, SL("\t")))
			return false;
	}
	return true;
}

static void
random_bytes(uint64_t *seed, unsigned char *p, size_t n)
{
	static const unsigned char likely[] = " \t\r\n\r\n==0aAfZ/+=\xff.";
	bool structured = check_below(seed, 2) == 0;

	for (size_t i = 0; i < n; i++)
		p[i] = structured ? likely[check_below(seed, sizeof(likely) - 1)]
				  : (unsigned char)check_random(seed);
}

/* Decoding undoes encoding; the result does not depend on how the input is cut into pieces. */
static void
property(void)
{
	static const struct {
		enum codec enc, dec;
	} pairs[] = {{BASE64_ENC, BASE64_DEC}, {QP_ENC_TEXT, QP_DEC}, {QP_ENC_BINARY, QP_DEC}};
	uint64_t seed = 21;
	struct buf a, b, c;

	buf_init(&a, OUT_MAX);
	buf_init(&b, OUT_MAX);
	buf_init(&c, OUT_MAX);
	for (int round = 0; round < 3000; round++) {
		unsigned char in[400];
		size_t n = check_below(&seed, sizeof(in));
		bool good = true;

		random_bytes(&seed, in, n);
		for (size_t i = 0; i < COUNT_OF(pairs); i++) {
			bool has_8bit = false;

			run(pairs[i].enc, sl_mem(in, n), 0, &a);
			run(pairs[i].enc, sl_mem(in, n), 1 + check_random(&seed), &b);
			good &= CHECK_SL(buf_slice(&b), buf_slice(&a));
			good &= CHECK(lines_are_safe(buf_slice(&a), &has_8bit) && !has_8bit);
			good &= CHECK(!run(pairs[i].dec, buf_slice(&a), 0, &b));
			good &= CHECK_SL(buf_slice(&b), sl_mem(in, n));
			/* The decoder alone, on bytes that are no encoding. */
			good &= CHECK_EQ(run(pairs[i].dec, sl_mem(in, n), 0, &b),
			    run(pairs[i].dec, sl_mem(in, n), 1 + check_random(&seed), &c));
			good &= CHECK_SL(buf_slice(&c), buf_slice(&b));
		}
		if (!good)
			break;
	}
	buf_fini(&a);
	buf_fini(&b);
	buf_fini(&c);
}

/* RFC 3720 appendix B.4, and any cut gives the same sum. */
static void
crc_known(void)
{
	unsigned char p[32] = {0};

	CHECK_EQ(crc32c(0, SL("123456789")), 0xe3069283u);
	CHECK_EQ(crc32c(0, sl_mem(p, 32)), 0x8a9136aau);
	for (unsigned i = 0; i < 32; i++)
		p[i] = (unsigned char)i;
	CHECK_EQ(crc32c(0, sl_mem(p, 32)), 0x46dd794eu);
	for (size_t cut = 0; cut <= 32; cut++)
		CHECK_EQ(crc32c(crc32c(0, sl_mem(p, cut)), sl_mem(p + cut, 32 - cut)), 0x46dd794eu);
}

static const struct check_row rows[] = {
	{"crc_known", crc_known},
	{"base64_line", base64_line},
	{"base64_strict", base64_strict},
	{"base64_tolerant", base64_tolerant},
	{"qp_encoded", qp_encoded},
	{"qp_decoded", qp_decoded},
	{"qp_long_space", qp_long_space},
	{"property", property},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
