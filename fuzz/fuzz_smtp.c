/*
 * An SMTP session: replies and messages do not depend on how the client's bytes are cut, on when
 * our side answers, or on how much content it takes at once; replies are well formed.
 */
#include "base/ascii.h"
#include "fuzz/fuzz.h"
#include "smtp/tests/world.h"

#define OUT_MAX (8u << 20)

static void
small_limits(struct smtp_server_opts *o)
{
	o->size_max_bytes = 4096;
	o->header_max_bytes = 1024;
	o->hops_max = 3;
	o->recipients_max = 5;
	o->command_line_max_bytes = 600;
	o->auth_plaintext = true;
	o->extensions |= SMTP_EXT_DSN;
}

static const struct world_rule rules[] = {
	{SMTP_ASK_RCPT, {(const unsigned char *)"user2@example.test", 18}, 300, {.st = ST_OK}},
	{SMTP_ASK_RCPT, {(const unsigned char *)"user3@example.test", 18}, 100,
	    {.st = ST_TEMP, .esc = {4, 3, 0}, .text = "later"}},
	{SMTP_ASK_MAIL, {(const unsigned char *)"slow@example.test", 17}, 200, {.st = ST_OK}},
	{SMTP_ASK_COMMIT, {(const unsigned char *)"*", 1}, 50, {.st = ST_OK}},
};

/* Recipients as a sum: late answers change their order and nothing else. */
static unsigned
rcpts_sum(const struct world_mail *m)
{
	unsigned sum = 0;

	for (size_t i = 0; i < m->rcpts.n; i++)
		sum += m->rcpts.p[i];
	return sum;
}

/* All that was said, then all that was delivered. */
static void
hold(struct slice in, enum world_service service, enum fuzz_cut cut, struct buf *out)
{
	struct world w;
	struct world_conn *c;
	uint64_t state = in.n;

	world_init(&w, 5);
	w.tune = small_limits;
	w.rules = rules;
	w.rule_count = COUNT_OF(rules);
	w.body_step = cut == FUZZ_WHOLE ? 0 : 5;
	c = world_connect(&w, service);
	while (in.n && !world_wants_tls(c) && !world_is_closed(c, NULL)) {
		world_send(c, fuzz_piece(cut, &state, &in), 0);
		if (cut == FUZZ_RANDOM && state % 3 == 0)
			world_hurry(c);
	}
	while (world_hurry(c))
		;
	if (world_start_tls(c))
		world_send(c, SL("EHLO x\r\nQUIT\r\n"), 0);
	world_shut(c);
	while (world_hurry(c))
		;
	FUZZ_CHECK(world_is_closed(c, NULL));
	buf_put(out, world_heard(c));
	for (const struct world_mail *m = w.mails; m; m = m->next) {
		buf_fmt(out, "%zu %u ", m->rcpts.n, rcpts_sum(m));
		buf_put(out, buf_slice(&m->content));
	}
	buf_fmt(out, "%u %u", w.mail_count, w.drop_count);
	world_fini(&w);
}

/* Reply lines, R5321-4.2-d: up to where the messages begin. */
static void
check_replies(struct slice in, enum world_service service)
{
	struct world w;
	struct world_conn *c;
	struct slice heard, line;

	world_init(&w, 5);
	w.tune = small_limits;
	c = world_connect(&w, service);
	world_send(c, in, 0);
	for (heard = world_heard(c); heard.n;) {
		FUZZ_CHECK(sl_cut(&heard, '\n', &line));
		FUZZ_CHECK(line.n >= 5 && line.n < 512 && sl_find(line, '\r') == line.n - 1);
		FUZZ_CHECK(line.p[0] >= '2' && line.p[0] <= '5' && ascii_is_digit(line.p[1]) &&
		    ascii_is_digit(line.p[2]));
		for (size_t i = 0; i + 1 < line.n; i++)
			FUZZ_CHECK(line.p[i] >= 32 && line.p[i] != 127);
	}
	world_fini(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct buf whole, cut;

	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	for (int service = WORLD_SMTP; service <= WORLD_SMTPS; service += 2) {
		check_replies(in, (enum world_service)service);
		buf_clear(&whole);
		hold(in, (enum world_service)service, FUZZ_WHOLE, &whole);
		for (int how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
			buf_clear(&cut);
			hold(in, (enum world_service)service, (enum fuzz_cut)how, &cut);
			FUZZ_SAME(buf_slice(&cut), buf_slice(&whole));
		}
	}
	buf_fini(&whole);
	buf_fini(&cut);
	return 0;
}
