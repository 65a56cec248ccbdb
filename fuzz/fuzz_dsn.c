/*
 * Delivery reports: whatever stands in the fields of a message, what is written reads back as a
 * report with the same recipients and the original unchanged; reading any bytes at all ends well.
 *
 * The input: first octet: what is asked for; then lines: me, return path, envelope id, from-mta,
 * and for each recipient address, original, text, peer up to an empty address; the rest is the
 * original.
 */
#include "base/arena.h"
#include "dsn/dsn.h"
#include "dsn/parse.h"
#include "fuzz/fuzz.h"

#define RCPTS 8
#define WHEN INT64_C(1795287900)

static struct slice
line(struct slice *in, size_t max)
{
	struct slice s;

	sl_cut(in, '\n', &s);
	return sl_sub(s, 0, max);
}

static size_t
take_recipients(struct slice *in, unsigned what, struct dsn_rcpt rcpts[RCPTS])
{
	size_t n = 0;

	do {
		struct slice address = line(in, 500);

		if (n && !address.n)
			break;
		rcpts[n] = (struct dsn_rcpt){
		    .address = address,
		    .original = line(in, 500),
		    .text = line(in, 160),
		    .peer = line(in, 300),
		    .action = (enum dsn_action)(1 + (what + n) % 5),
		    .esc = {(uint8_t)(what % 7), (uint8_t)n, 3},
		    .last_attempt_sec = what & 1 ? WHEN : 0,
		    .give_up_sec = WHEN,
		};
	} while (++n < RCPTS);
	return n;
}

static void
check_read(struct slice message)
{
	struct arena *a = arena_new("fuzz", (size_t)8 << 20);
	struct dsn_parsed p;
	struct fault f;
	enum st st = dsn_parse(a, message, &p, &f);

	FUZZ_CHECK(st == ST_OK || f.text[0]);
	FUZZ_CHECK(st != ST_OK || p.rcpt_count > 0);
	arena_free(a);
}

static void
check_trip(struct slice in, unsigned what)
{
	struct arena *a = arena_new("fuzz", (size_t)8 << 20);
	struct dsn_rcpt rcpts[RCPTS];
	struct dsn_report r = {
	    .from = SL("postmaster@example"),
	    .arrived_sec = WHEN,
	    .now_sec = WHEN,
	    .unique = {in.n, what},
	    .ret = what & 2 ? 'H' : 0,
	    .limit = 60000,
	    .rcpts = rcpts,
	    .has_8bit = true,
	};
	struct dsn_parsed p;
	struct fault f;
	struct buf wire;

	buf_init(&wire, (size_t)16 << 20);
	r.me = line(&in, 255);
	r.to = line(&in, 500);
	r.envid = line(&in, 100);
	r.from_mta = line(&in, 500);
	r.rcpt_count = take_recipients(&in, what, rcpts);
	r.length = in.n;
	dsn_put(&wire, &r, in);
	FUZZ_CHECK(buf_ok(&wire));
	/* A field that must be there and has no content, or an original that knows the boundary,
	 * makes no report. */
	for (size_t i = 0; i < r.rcpt_count; i++)
		if (!sl_trim(sl_starts(rcpts[i].original, SL(";")) ? sl_skip(rcpts[i].original, 1)
								   : rcpts[i].address)
			 .n)
			goto out;
	if (!sl_trim(r.me).n || sl_search(in, SL("--=_")) < in.n)
		goto out;
	FUZZ_CHECK(dsn_parse(a, buf_slice(&wire), &p, &f) == ST_OK);
	FUZZ_CHECK(p.rcpt_count == r.rcpt_count);
	for (size_t i = 0; i < r.rcpt_count; i++)
		FUZZ_CHECK(p.rcpts[i].action == rcpts[i].action);
	FUZZ_CHECK(p.returned_message == dsn_returns_message(&r));
	if (p.returned_message)
		FUZZ_SAME(p.returned, in);
out:
	buf_fini(&wire);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);

	check_read(in);
	if (size > 0)
		check_trip(sl_skip(in, 1), data[0]);
	return 0;
}
