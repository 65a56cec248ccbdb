/* Quoted-printable: decoding undoes encoding, cuts change nothing, encoded lines are safe. */
#include "base/qp.h"
#include "fuzz/fuzz.h"

#define OUT_MAX (8u << 20)

static void
encode(bool text, struct slice in, enum fuzz_cut how, struct buf *out)
{
	struct qp_enc e = {.text = text};
	uint64_t state = in.n;

	buf_clear(out);
	while (in.n > 0)
		qp_enc_feed(&e, fuzz_piece(how, &state, &in), out);
	qp_enc_end(&e, out);
}

static bool
decode(struct slice in, enum fuzz_cut how, struct buf *out)
{
	struct qp_dec d = {.garbage = false};
	uint64_t state = in.n;

	buf_clear(out);
	while (in.n > 0)
		qp_dec_feed(&d, fuzz_piece(how, &state, &in), out);
	qp_dec_end(&d, out);
	return !d.garbage;
}

/* RFC 2045 section 6.7: at most 76 characters a line, printable, no white space at its end. */
static void
check_lines(struct slice s)
{
	struct slice line;

	while (s.n > 0) {
		bool ended = sl_cut(&s, '\n', &line);

		FUZZ_CHECK(!ended || sl_ends(line, SL("\r")));
		line.n -= ended;
		FUZZ_CHECK(line.n <= 76);
		FUZZ_CHECK(!sl_ends(line, SL(" ")) && !sl_ends(line, SL("\t")));
		for (size_t i = 0; i < line.n; i++)
			FUZZ_CHECK(line.p[i] == '\t' || (line.p[i] >= 0x20 && line.p[i] < 0x7f));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct buf a, b;

	buf_init(&a, OUT_MAX);
	buf_init(&b, OUT_MAX);
	for (int cut = FUZZ_WHOLE + 1; cut < FUZZ_CUTS; cut++) {
		bool clean = decode(in, FUZZ_WHOLE, &a);

		FUZZ_CHECK(decode(in, (enum fuzz_cut)cut, &b) == clean);
		FUZZ_SAME(buf_slice(&b), buf_slice(&a));
		for (int text = 0; text < 2; text++) {
			encode(text == 1, in, FUZZ_WHOLE, &a);
			encode(text == 1, in, (enum fuzz_cut)cut, &b);
			FUZZ_SAME(buf_slice(&b), buf_slice(&a));
			check_lines(buf_slice(&a));
			FUZZ_CHECK(decode(buf_slice(&a), (enum fuzz_cut)cut, &b));
			FUZZ_SAME(buf_slice(&b), in);
		}
	}
	buf_fini(&a);
	buf_fini(&b);
	return 0;
}
