/*
 * The engine around the commands: input into lines, questions out and answers in, output, time.
 * Which command does what stands in server_command.c.
 */
#include "pop3/server.h"

#include "base/attr.h"
#include "pop3/server_int.h"

#define MINUTES(n) ((int64_t)(n) * 60 * 1000)

/* R1939-3-j, R2449-4-a */
void
pop3_server_opts_init(struct pop3_server_opts *o, struct slice host)
{
	*o = (struct pop3_server_opts){
		.host = host,
		.line_max_bytes = 255,
		.errors_max = 20,
		.timeouts = {.idle_ms = MINUTES(10), .output_ms = MINUTES(10)},
	};
}

static struct pop3_server *
server_of(struct engine *e)
{
	return CONTAINER_OF(e, struct pop3_server, engine);
}

size_t
pop_waiting(const struct pop3_server *s)
{
	return s->out.n - s->out_taken;
}

/* R2449-6.6-c: nothing here waits for the peer to read; what it does not take bounds our work. */
bool
pop_may_work(const struct pop3_server *s)
{
	return s->state.phase == ENGINE_OPEN && s->question.number == 0 &&
	       s->job.kind == JOB_NONE && pop_waiting(s) < POP3_OUTPUT_HIGH;
}

void
pop_ask(struct pop3_server *s, enum pop3_ask kind, const void *detail)
{
	if (++s->last_number == 0)
		s->last_number = 1;
	s->question = (struct server_question){
		.number = s->last_number,
		.kind = (uint16_t)kind,
		.detail = detail,
	};
}

void
pop_close(struct pop3_server *s, enum engine_why why)
{
	if (s->state.phase == ENGINE_CLOSING)
		return;
	s->state = (struct engine_state){.phase = ENGINE_CLOSING, .why = why};
	if (s->question.number && s->question.handed)
		s->cancelled = s->question.number;
	s->question.number = 0;
	s->job.kind = JOB_NONE;
	buf_fini(&s->line);
}

void
pop_goodbye(struct pop3_server *s, enum engine_why why, const char *text)
{
	if (s->job.kind == JOB_NONE || !s->job.is_begun)
		pop3_err(&s->out, "SYS/TEMP", "%s", text);
	pop_close(s, why);
}

void
pop_bad(struct pop3_server *s, const char *text)
{
	bool enough = s->o.errors_max && ++s->errors_in_row >= s->o.errors_max;

	s->facts.errors++;
	pop3_err(&s->out, NULL, "%s%s", text, enough ? "; too many errors, closing" : "");
	if (enough)
		pop_close(s, ENGINE_WHY_LIMIT);
}

/* What has to go on by itself: a job, an end that was waiting. */
static void
settle(struct pop3_server *s)
{
	if (s->job.kind == JOB_LIST || s->job.kind == JOB_UIDL)
		pop_list_step(s);
	else if (s->job.kind != JOB_NONE)
		pop_message_step(s);
	if (!pop_may_work(s))
		return;
	/* A client that marked messages may still say QUIT: R1939-6-e. */
	if (s->drain && s->marked == 0)
		pop_goodbye(s, ENGINE_WHY_DRAIN, "Service closing, try again later");
	else if (s->eof_taken)
		pop_close(s, ENGINE_WHY_EOF); /* R1939-6-e, R1939-8-a */
}

/* --- the engine's calls --------------------------------------------------------------------- */

static int64_t
server_deadline(const struct engine *e)
{
	const struct pop3_server *s = CONTAINER_OF(e, const struct pop3_server, engine);

	if (s->state.phase == ENGINE_CLOSING)
		return ENGINE_NEVER;
	if (pop_waiting(s))
		return s->last_ms + s->o.timeouts.output_ms;
	return s->question.number ? ENGINE_NEVER : s->last_ms + s->o.timeouts.idle_ms;
}

static size_t
server_feed(struct engine *e, struct slice in, bool eof, int64_t now_ms)
{
	struct pop3_server *s = server_of(e);
	size_t used = 0;

	s->now_ms = now_ms;
	if (s->state.phase == ENGINE_CLOSING)
		return in.n;
	if (in.n == 0 && !eof && now_ms >= server_deadline(e)) {
		pop_close(s, ENGINE_WHY_TIMEOUT); /* R1939-3-i, R1939-3-k, R1939-3-l */
		return 0;
	}
	s->eof = s->eof || eof;
	settle(s);
	while (used < in.n && pop_may_work(s)) {
		used += pop_line_feed(s, sl_skip(in, used));
		settle(s);
	}
	if (s->state.phase == ENGINE_CLOSING)
		used = in.n;
	s->eof_taken = s->eof && used == in.n;
	settle(s);
	return used;
}

static bool
server_next_ask(struct engine *e, struct engine_ask *ask)
{
	struct server_question *q = &server_of(e)->question;

	if (q->number == 0 || q->handed)
		return false;
	q->handed = true;
	*ask = (struct engine_ask){.number = q->number, .kind = q->kind, .detail = q->detail};
	return true;
}

/* R1939-4-c, R1939-4-d, R1939-4-i */
static void
open_answer(struct pop3_server *s, const struct engine_answer *a)
{
	if (a->fault.st != ST_OK || !a->detail) {
		pop3_fault(&s->out, &a->fault, "The maildrop cannot be opened");
		pop_close(s, ENGINE_WHY_TROUBLE);
		return;
	}
	s->drop = *(const struct pop3_maildrop *)a->detail;
	s->octets = 0;
	for (size_t i = 0; i < s->drop.count; i++)
		s->octets += s->drop.items[i].size_bytes;
	s->facts.messages = s->drop.count;
	pop3_ok(&s->out, "Logged in, %zu messages", s->drop.count);
}

static const struct {
	enum pop3_ask kind;
	void (*answer)(struct pop3_server *s, const struct engine_answer *a);
} answer_rows[] = {
	{POP3_ASK_OPEN, open_answer},
	{POP3_ASK_READ, pop_read_answer},
	{POP3_ASK_COMMIT, pop_commit_answer},
};

static void
server_answer(struct engine *e, const struct engine_answer *a, int64_t now_ms)
{
	struct pop3_server *s = server_of(e);

	s->now_ms = now_ms;
	if (a->number == 0 || a->number != s->question.number || !s->question.handed)
		return;
	s->question.number = 0;
	s->last_ms = now_ms;
	for (size_t i = 0; i < COUNT_OF(answer_rows); i++)
		if (answer_rows[i].kind == s->question.kind)
			answer_rows[i].answer(s, a);
	settle(s);
}

static bool
server_cancelled(struct engine *e, uint32_t *number)
{
	struct pop3_server *s = server_of(e);

	*number = s->cancelled;
	s->cancelled = 0;
	return *number != 0;
}

static struct slice
server_body(struct engine *e)
{
	(void)e;
	return SL_NONE; /* POP3 takes no messages */
}

static void
server_body_taken(struct engine *e, size_t n, int64_t now_ms)
{
	(void)n;
	server_of(e)->now_ms = now_ms;
}

static size_t
server_output(struct engine *e, struct engine_piece *pieces, size_t max)
{
	struct pop3_server *s = server_of(e);

	if (max == 0 || pop_waiting(s) == 0)
		return 0;
	pieces[0] = (struct engine_piece){.bytes = sl_skip(buf_slice(&s->out), s->out_taken)};
	return 1;
}

static void
server_output_taken(struct engine *e, uint64_t n, int64_t now_ms)
{
	struct pop3_server *s = server_of(e);
	size_t waiting = pop_waiting(s), taken = n < waiting ? (size_t)n : waiting;

	s->now_ms = s->last_ms = now_ms;
	s->out_taken += taken;
	if (taken == waiting) {
		buf_clear(&s->out);
		s->out_taken = 0;
	} else if (s->out_taken >= POP3_OUTPUT_HIGH / 2) {
		buf_drop(&s->out, s->out_taken);
		s->out_taken = 0;
	}
	settle(s);
	if (s->out.n == 0 && s->job.kind == JOB_NONE)
		buf_shrink(&s->out);
}

static void
server_event(struct engine *e, const struct engine_event *ev, int64_t now_ms)
{
	struct pop3_server *s = server_of(e);

	s->now_ms = now_ms;
	if (s->state.phase == ENGINE_CLOSING)
		return;
	if (ev->kind == ENGINE_DRAIN)
		s->drain = true;
	/* A commit under way may already be true: the client is told. */
	else if (ev->kind == ENGINE_KICK && !(s->quitting && s->question.number))
		pop_goodbye(s, ENGINE_WHY_DRAIN, "Service closing, try again later");
	settle(s);
}

static struct engine_state
server_state(const struct engine *e)
{
	return CONTAINER_OF(e, const struct pop3_server, engine)->state;
}

static const struct engine_ops server_ops = {
	.name = "pop3-server",
	.feed = server_feed,
	.ask = server_next_ask,
	.answer = server_answer,
	.cancelled = server_cancelled,
	.body = server_body,
	.body_taken = server_body_taken,
	.output = server_output,
	.output_taken = server_output_taken,
	.event = server_event,
	.deadline = server_deadline,
	.state = server_state,
};

static void
server_fini(void *arg)
{
	struct pop3_server *s = arg;

	buf_fini(&s->line);
	buf_fini(&s->out);
}

struct pop3_server *
pop3_server_new(struct arena *a, const struct pop3_server_opts *o, int64_t now_ms)
{
	struct pop3_server *s = arena_get(a, sizeof(*s));

	if (!s)
		return NULL;
	s->engine.ops = &server_ops;
	s->o = *o;
	s->o.capa.stls = false; /* R2595-4-b */
	s->arena = a;
	s->now_ms = s->last_ms = now_ms;
	buf_init(&s->line, o->line_max_bytes);
	buf_init(&s->out, SERVER_OUT_MAX);
	if (!arena_defer(a, server_fini, s))
		return NULL;
	pop_ask(s, POP3_ASK_OPEN, NULL);
	return s;
}

struct engine *
pop3_server_engine(struct pop3_server *s)
{
	return &s->engine;
}

void
pop3_server_facts(const struct pop3_server *s, struct pop3_facts *facts)
{
	*facts = s->facts;
	facts->deleted = s->marked;
}
