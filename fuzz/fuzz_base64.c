/* Base64: encoding and decoding undo each other, in one go and in pieces. */
#include "base/base64.h"
#include "fuzz/fuzz.h"

#define OUT_MAX (8u << 20)

static void
encode(struct slice in, enum fuzz_cut how, struct buf *out)
{
	struct base64_enc e = {.held_n = 0};
	uint64_t state = in.n;

	buf_clear(out);
	while (in.n > 0)
		base64_enc_feed(&e, fuzz_piece(how, &state, &in), out);
	base64_enc_end(&e, out);
}

static bool
decode(struct slice in, enum fuzz_cut how, struct buf *out)
{
	struct base64_dec d = {.garbage = false};
	uint64_t state = in.n;

	buf_clear(out);
	while (in.n > 0)
		base64_dec_feed(&d, fuzz_piece(how, &state, &in), out);
	return !d.garbage;
}

/* A strict decoding is unique: what it accepts is exactly what the encoder writes. */
static void
strict(struct slice in, struct buf *a, struct buf *b)
{
	buf_clear(a);
	buf_clear(b);
	base64_put(a, in);
	FUZZ_CHECK(base64_get(buf_slice(a), b));
	FUZZ_SAME(buf_slice(b), in);
	buf_clear(a);
	buf_clear(b);
	if (!base64_get(in, a))
		return;
	base64_put(b, buf_slice(a));
	FUZZ_SAME(buf_slice(b), in);
	FUZZ_CHECK(decode(in, FUZZ_WHOLE, b));
	FUZZ_SAME(buf_slice(b), buf_slice(a));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct buf a, b;
	bool clean;

	buf_init(&a, OUT_MAX);
	buf_init(&b, OUT_MAX);
	strict(in, &a, &b);
	for (int cut = FUZZ_WHOLE + 1; cut < FUZZ_CUTS; cut++) {
		clean = decode(in, FUZZ_WHOLE, &a);
		FUZZ_CHECK(decode(in, (enum fuzz_cut)cut, &b) == clean);
		FUZZ_SAME(buf_slice(&b), buf_slice(&a));
		encode(in, FUZZ_WHOLE, &a);
		encode(in, (enum fuzz_cut)cut, &b);
		FUZZ_SAME(buf_slice(&b), buf_slice(&a));
		FUZZ_CHECK(decode(buf_slice(&a), (enum fuzz_cut)cut, &b));
		FUZZ_SAME(buf_slice(&b), in);
	}
	buf_fini(&a);
	buf_fini(&b);
	return 0;
}
