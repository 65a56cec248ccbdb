/*
 * The SMTP client and a server that says anything: the result does not depend on how the octets are
 * cut, nothing grows without bound, no message counts as sent without a reply to it, and no dot
 * leaves before the content was checked.
 *
 * The first octet chooses options; then come the server's octets, in which FE is half a minute, FD
 * starts TLS, FC brings the next message.
 */
#include "fuzz/fuzz.h"
#include "smtp/tests/client_world.h"

struct outcome {
	struct buf said;
	enum engine_phase phase;
	enum engine_why why;
	unsigned done;
	struct fault results[3];
	struct fault trouble;
};

static void
set_up(struct cworld *w, unsigned options)
{
	static const char *const addresses[] = {"one@b.example", "two@b.example", "\xc3\xa9@x"};

	cworld_init(w);
	w->opts.tls = (enum smtp_client_tls)(options % 3);
	w->checks_itself = options & 4;
	w->is_wrong = (options & 12) == 12;
	w->message.has_8bit = options & 16;
	w->convert = options & 32 ? CWORLD_CONVERTS : CWORLD_REFUSES;
	w->messages = options & 64 ? 3 : 1;
	w->message.sender = options & 128 ? SL_NONE : SL("sender@a.example");
	for (size_t i = 0; i < 3; i++)
		w->rcpts[i] = (struct smtp_client_rcpt){.address = sl_str(addresses[i]),
		    .orcpt = SL("rfc822;a+b@c"), .notify = i == 0 ? 0 : SMTP_NOTIFY_FAILURE};
	w->message.rcpt_count = 3;
	w->message.ret = 'F';
	w->message.envid = SL("e=1");
	w->content = SL("Subject: x\r\n\r\n.dot\r\nend");
	cworld_begin(w);
}

static void
check_said(const struct cworld *w)
{
	struct slice said = buf_slice(&w->said);

	FUZZ_CHECK(said.n < 100000);
	if (w->checks_itself && w->is_wrong)
		FUZZ_CHECK(sl_search(said, SL("end\r\n.\r\n")) == said.n);
	FUZZ_CHECK(sl_search(said, SL("\xc3")) == said.n);
}

static void
step(struct cworld *w, struct slice piece)
{
	for (size_t from = 0, i = 0; i <= piece.n; i++) {
		bool special = i < piece.n && piece.p[i] >= 0xfc && piece.p[i] <= 0xfe;

		if (i < piece.n && !special)
			continue;
		cworld_hear(w, sl_sub(piece, from, i), 0);
		from = i + 1;
		if (!special)
			break;
		if (piece.p[i] == 0xfe)
			cworld_wait(w, 30000);
		else if (piece.p[i] == 0xfd)
			(void)cworld_start_tls(w);
		else
			(void)cworld_next(w);
	}
}

static void
play(struct slice in, unsigned options, enum fuzz_cut how, struct outcome *out)
{
	uint64_t state = 7;
	struct cworld w;
	struct engine_state s;

	set_up(&w, options);
	while (in.n)
		step(&w, fuzz_piece(how, &state, &in));
	cworld_shut(&w);
	(void)cworld_cut(&w);
	check_said(&w);
	s = smtp_client_engine(w.c)->ops->state(smtp_client_engine(w.c));
	*out = (struct outcome){.phase = s.phase, .why = s.why, .done = w.done,
	    .trouble = *smtp_client_trouble(w.c)};
	buf_init(&out->said, 1 << 20);
	buf_put(&out->said, buf_slice(&w.said));
	for (size_t i = 0; i < 3; i++) {
		out->results[i] = w.results[i];
		FUZZ_CHECK(w.results[i].st != ST_AGAIN);
		if (w.done && w.results[i].st == ST_OK)
			FUZZ_CHECK(sl_search(buf_slice(&w.said), SL("\r\n.\r\n")) < w.said.n);
	}
	cworld_fini(&w);
}

/* Without TLS, which throws away what came with it, the cut does not matter. */
static bool
is_cut_free(struct slice in)
{
	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] == 0xfd)
			return false;
	return true;
}

/* What had not left when the session failed is not said any more: one may be shorter. */
static void
check_same_words(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	FUZZ_SAME(sl_sub(a, 0, n), sl_sub(b, 0, n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct outcome whole, other;
	unsigned options = size ? data[0] : 0;

	if (size == 0 || size > 20000)
		return 0;
	in = sl_skip(in, 1);
	play(in, options, FUZZ_WHOLE, &whole);
	for (enum fuzz_cut how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
		play(in, options, how, &other);
		if (is_cut_free(in) || (options % 3) == SMTP_CLIENT_TLS_NEVER) {
			check_same_words(buf_slice(&other.said), buf_slice(&whole.said));
			FUZZ_CHECK(other.phase == whole.phase && other.done == whole.done);
			for (size_t i = 0; i < 3; i++)
				FUZZ_CHECK(other.results[i].st == whole.results[i].st);
		}
		buf_fini(&other.said);
	}
	buf_fini(&whole.said);
	return 0;
}
