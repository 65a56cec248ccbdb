/* 8 bit content made 7 bit, in pieces of any size. */
#include "base/check.h"
#include "message/downgrade.h"

static enum st
convert(struct slice in, size_t step, struct buf *out, struct fault *f)
{
	struct arena *a = arena_new("test", 4u << 20);
	struct downgrade *d = downgrade_new(a);
	struct downgrade_run run = {.at = 0};
	enum st st;

	buf_init(&run.header, DOWNGRADE_HEADER_MAX);
	for (size_t i = 0; i < in.n; i += step)
		downgrade_look(d, sl_sub(in, i, i + step));
	st = downgrade_looked(d, f);
	for (size_t i = 0; i < in.n && st == ST_OK; i += step)
		downgrade_scan(d, sl_sub(in, i, i + step));
	if (st == ST_OK)
		st = downgrade_scanned(d, f);
	for (size_t i = 0; i < in.n && st == ST_OK; i += step)
		downgrade_feed(d, &run, sl_sub(in, i, i + step), out);
	if (st == ST_OK)
		downgrade_end(d, &run, out);
	buf_fini(&run.header);
	arena_free(a);
	return st;
}

static void
expect(const char *in, const char *want)
{
	static const size_t steps[] = {1, 3, 7, 100000};
	struct buf out;
	struct fault f;

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		buf_init(&out, 1 << 20);
		CHECK_EQ(convert(sl_str(in), steps[i], &out, &f), ST_OK);
		CHECK_SL(buf_slice(&out), sl_str(want));
		buf_fini(&out);
	}
}

static void
refuse(const char *in, const char *words)
{
	struct buf out;
	struct fault f;

	buf_init(&out, 1 << 20);
	CHECK_EQ(convert(sl_str(in), 5, &out, &f), ST_PERM);
	CHECK(f.esc[0] == 5 && f.esc[1] == 6 && f.esc[2] == 3);
	CHECK(strstr(f.text, words) != NULL);
	buf_fini(&out);
}

#define CAFE "caf\xc3\xa9"

/* R6152-3-a */
static void
test_plain(void)
{
	expect("Subject: x\r\n\r\n" CAFE "\r\n.\r\n",
	    "Subject: x\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=unknown-8bit\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9\r\n.\r\n");
	expect("MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n charset=utf-8\r\n"
	       "content-transfer-encoding: 8bit\r\nTo: a\r\n\r\n" CAFE " \r\n",
	    "MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n charset=utf-8\r\nTo: a\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9=20\r\n");
}

static void
test_nothing_to_do(void)
{
	expect("Subject: x\r\n\r\ntext\r\n", "Subject: x\r\n\r\ntext\r\n");
	expect("Content-Transfer-Encoding: 8bit\r\n\r\ntext\r\n", "\r\ntext\r\n");
}

static void
test_multipart(void)
{
	expect("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	       "Content-Transfer-Encoding: 8bit\r\n\r\npreamble\r\n"
	       "--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
	       "Content-Transfer-Encoding: 8bit\r\n\r\n" CAFE "\r\n"
	       "--b\r\nContent-Type: application/octet-stream\r\n"
	       "Content-Transfer-Encoding: 8bit\r\n\r\n\xff\xfe\r\n"
	       "--b\r\n\r\nplain\r\n--b--\r\nepilogue\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
	    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9\r\n"
	    "--b\r\nContent-Type: application/octet-stream\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n//4=\r\n\r\n"
	    "--b\r\n\r\nplain\r\n--b--\r\nepilogue\r\n");
}

static void
test_message_inside(void)
{
	expect("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	       "Subject: in\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" CAFE "\r\n",
	    "Content-Type: message/rfc822\r\n\r\n"
	    "Subject: in\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9\r\n");
}

static void
test_refused(void)
{
	refuse("Subject: " CAFE "\r\n\r\ntext\r\n", "header");
	refuse("Content-Transfer-Encoding: base64\r\n\r\n" CAFE "\r\n", "encoded"); /* R3030-3-k */
	refuse("Content-Type: multipart/mixed; boundary=b\r\n\r\n" CAFE "\r\n"
	       "--b\r\n\r\nx\r\n--b--\r\n", "between");
	refuse("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n" CAFE "\r\n"
	       "--b\r\n\r\nx\r\n--b--\r\n", "signed");
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"plain", test_plain},
	    {"nothing_to_do", test_nothing_to_do},
	    {"multipart", test_multipart},
	    {"message_inside", test_message_inside},
	    {"refused", test_refused},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
