/*
 * mbox quoting: however the text is cut the result is the same, no line of it begins with "From ",
 * and taking one '>' off gives the text again.
 */
#include "deliver/mbox.h"
#include "fuzz/fuzz.h"

/* The line behind its '>' marks. */
static struct slice
unmarked(struct slice line)
{
	while (line.n && line.p[0] == '>')
		line = sl_skip(line, 1);
	return line;
}

static void
unquote(struct slice in, struct buf *out)
{
	struct slice line;

	while (in.n) {
		FUZZ_CHECK(sl_cut(&in, '\n', &line));
		FUZZ_CHECK(!sl_starts(line, SL("From ")));
		if (sl_starts(unmarked(line), SL("From ")))
			line = sl_skip(line, 1);
		buf_put(out, line);
		buf_put_byte(out, '\n');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out[FUZZ_CUTS], back;

	if (size > 900) /* beyond a thousand marks a line is not looked at */
		return 0;
	for (int how = 0; how < FUZZ_CUTS; how++) {
		struct deliver_quote q = {.is_line_start = true};
		struct slice rest = sl_mem(data, size);
		uint64_t state = 1;

		buf_init(&out[how], 1 << 20);
		while (rest.n)
			deliver_quote(&q, fuzz_piece((enum fuzz_cut)how, &state, &rest), &out[how]);
		deliver_quote_end(&q, &out[how]);
		FUZZ_SAME(buf_slice(&out[how]), buf_slice(&out[0]));
	}
	buf_init(&back, 1 << 20);
	unquote(buf_slice(&out[0]), &back);
	if (size && data[size - 1] != '\n')
		FUZZ_CHECK(back.n == size + 1);
	FUZZ_SAME(sl_sub(buf_slice(&back), 0, size), sl_mem(data, size));
	for (int how = 0; how < FUZZ_CUTS; how++)
		buf_fini(&out[how]);
	buf_fini(&back);
	return 0;
}
