/*
 * A POP3 session: what is said and what is left in the maildrop do not depend on how the client's
 * bytes are cut, on how content is handed over, or on when our side answers; messages come out as
 * they went in. The input is a message up to the first NUL, then what the client sends: once behind
 * a login, and once as the first it says, in clear text and under TLS.
 */
#include "fuzz/fuzz.h"
#include "pop3/tests/world.h"

#define OUT_MAX (8u << 20)

static void
small_limits(struct pop3_server_opts *o)
{
	o->line_max_bytes = 64;
	o->errors_max = 6;
}

static const struct pop3_rule late[] = {
	{POP3_ASK_READ, 0, 30, {.st = ST_OK}},
	{POP3_ASK_COMMIT, 0, 70, {.st = ST_OK}},
};

static void
fill(struct pop3_world *w, struct slice message)
{
	pop3_world_init(w);
	w->tune = small_limits;
	pop3_world_put(w, 1, message, NULL);
	pop3_world_put(w, 1, SL("Subject: x\r\n\r\n.\r\n..a\r\ntext\r\n"), "abc");
	pop3_world_put(w, 1, SL_NONE, NULL);
}

enum begin { BEHIND_LOGIN, IN_CLEAR, UNDER_TLS, BEGINS };

static struct drive_conn *
begin(struct pop3_world *w, enum begin how)
{
	return how == BEHIND_LOGIN ? pop3_world_enter(w, 1)
				   : pop3_world_connect(w, how == UNDER_TLS);
}

/* All that was said, then what is left. */
static void
hold(struct slice message, struct slice in, enum begin how, enum fuzz_cut cut, struct buf *out)
{
	struct pop3_world w;
	struct drive_conn *c;
	uint64_t state = in.n;

	fill(&w, message);
	w.read_step = cut == FUZZ_WHOLE ? 0 : cut == FUZZ_BYTES ? 1 : 5;
	if (cut == FUZZ_RANDOM) {
		w.rules = late;
		w.rule_count = COUNT_OF(late);
	}
	c = begin(&w, how);
	while (in.n && !c->closed && !drive_wants_tls(c)) {
		drive_send(c, fuzz_piece(cut, &state, &in), 0);
		if (state % 3 == 0)
			drive_hurry(c);
	}
	while (drive_hurry(c))
		;
	if (drive_start_tls(c))
		drive_send(c, SL("CAPA\r\nQUIT\r\n"), 0);
	while (drive_hurry(c))
		;
	drive_shut(c);
	while (drive_hurry(c))
		;
	FUZZ_CHECK(c->closed);
	buf_put(out, buf_slice(&c->out));
	buf_fmt(out, "%zu %u", pop3_world_count(&w, 1), w.commits);
	pop3_world_fini(&w);
}

/* Unstuffed, a RETR is the message: R1939-3-g, R1939-3-h. */
static void
check_retr(struct slice message)
{
	struct pop3_world w;
	struct drive_conn *c;
	struct slice rest, line;
	struct buf got;
	bool is_end = false;

	fill(&w, message);
	buf_init(&got, OUT_MAX);
	w.read_step = 7;
	c = pop3_world_enter(&w, 1);
	buf_clear(&c->out);
	drive_send(c, SL("RETR 1\r\n"), 0);
	rest = buf_slice(&c->out);
	FUZZ_CHECK(sl_starts(rest, SL("+OK ")));
	sl_cut(&rest, '\n', &line);
	while (!is_end) {
		FUZZ_CHECK(sl_cut(&rest, '\n', &line));
		is_end = sl_eq(line, SL(".\r"));
		if (!is_end && line.n && line.p[0] == '.')
			line = sl_skip(line, 1);
		if (!is_end) {
			buf_put(&got, line);
			buf_put_byte(&got, '\n');
		}
	}
	FUZZ_CHECK(rest.n == 0);
	if (message.n && message.p[message.n - 1] != '\n' && got.n >= 2)
		buf_cut(&got, got.n - 2); /* the line end that was added */
	FUZZ_SAME(buf_slice(&got), message);
	buf_fini(&got);
	pop3_world_fini(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size), message;
	struct buf whole, cut;

	sl_cut(&in, '\0', &message);
	check_retr(message);
	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	for (int first = BEHIND_LOGIN; first < BEGINS; first++) {
		buf_clear(&whole);
		hold(message, in, (enum begin)first, FUZZ_WHOLE, &whole);
		for (int how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
			buf_clear(&cut);
			hold(message, in, (enum begin)first, (enum fuzz_cut)how, &cut);
			FUZZ_SAME(buf_slice(&cut), buf_slice(&whole));
		}
	}
	buf_fini(&whole);
	buf_fini(&cut);
	return 0;
}
