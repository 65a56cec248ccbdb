/*
 * The engine around the commands: questions out and answers in, output, time, events. Which
 * command does what stands in the rows of server_command.c.
 */
#include "imap/server.h"

#include "imap/server_int.h"

#define MINUTES(n) ((int64_t)(n) * 60 * 1000)

/* R3501-5.4-a: at least 30 minutes. */
void
imap_server_opts_init(struct imap_server_opts *o)
{
	*o = (struct imap_server_opts){
		.line_max_bytes = 64 * 1024,
		.literal_max_bytes = 64 * 1024,
		.memory_max_bytes = 4 * 1024 * 1024,
		.errors_max = 20,
		.timeouts = {.idle_ms = MINUTES(30), .command_ms = MINUTES(5)},
	};
}

static struct imap_server *
server_of(struct engine *e)
{
	return CONTAINER_OF(e, struct imap_server, engine);
}

static uint32_t
next_number(struct imap_server *s)
{
	if (++s->last_number == 0)
		s->last_number = 1;
	return s->last_number;
}

void
imap_ask(struct imap_server *s, enum imap_ask kind, const void *detail)
{
	s->question = (struct server_question){
		.number = next_number(s),
		.kind = (uint16_t)kind,
		.detail = detail,
	};
	if (kind == IMAP_ASK_APPEND_END)
		s->is_appending = false;
}

void
imap_append_drop(struct imap_server *s)
{
	if (s->is_appending)
		s->drop_number = next_number(s);
	s->is_appending = false;
	buf_fini(&s->body);
	s->body_taken = 0;
}

void
imap_bye(struct imap_server *s, enum engine_why why, const char *words)
{
	if (s->state.phase == ENGINE_CLOSING)
		return;
	if (words) {
		buf_put(imap_out(s), SL("* BYE "));
		buf_put_str(imap_out(s), words);
		buf_put(imap_out(s), SL("\r\n"));
	}
	s->state = (struct engine_state){.phase = ENGINE_CLOSING, .why = why};
	imap_append_drop(s);
}

/* --- what follows from a change ------------------------------------------------------------- */

/*
 * May input be looked at? R3501-5.5-a, R3501-5.5-b: not while a command is worked on.
 */
static bool
may_read(const struct imap_server *s)
{
	return s->state.phase == ENGINE_OPEN && s->question.number == 0 && !s->syncing &&
	       !s->sync_waits && (!s->run.row || s->reading >= READ_BODY) && !s->body_ended &&
	       s->body.n == s->body_taken && imap_out_waiting(s) < IMAP_OUTPUT_HIGH;
}

/* Is the session between two commands, or in IDLE (R2177-3-e: whose time ends too)? */
static bool
at_boundary(const struct imap_server *s)
{
	return s->question.number == 0 &&
	       (s->reading == READ_IDLE || (!s->run.row && !s->syncing && s->text.n == 0 &&
					       s->reading == READ_LINE));
}

/* What a command waits for besides answers: output that leaves, content that is taken. */
static void
go_on(struct imap_server *s)
{
	const struct imap_command *row = s->run.row;

	if (s->state.phase != ENGINE_OPEN || s->question.number)
		return;
	if (s->body_ended && s->body.n == s->body_taken) {
		s->body_ended = false;
		imap_ask(s, IMAP_ASK_APPEND_END, NULL);
	} else if (imap_out_waiting(s) >= IMAP_OUTPUT_HIGH) {
		return;
	} else if (s->sync_waits) {
		imap_sync_resume(s);
	} else if (row && row->taken && !s->syncing && s->reading == READ_LINE) {
		row->taken(s);
	}
}

static void
settle(struct imap_server *s)
{
	go_on(s);
	if (s->state.phase != ENGINE_OPEN)
		return;
	if (!buf_ok(imap_out(s)) || !buf_ok(&s->text) || !buf_ok(&s->tagged))
		imap_bye(s, ENGINE_WHY_LIMIT, "[LIMIT] A command needs too much memory");
	else if (s->o.errors_max && s->bad_in_row >= s->o.errors_max)
		imap_bye(s, ENGINE_WHY_LIMIT, "Too many mistakes");
	else if (s->drain && at_boundary(s))
		imap_bye(s, ENGINE_WHY_DRAIN, "[UNAVAILABLE] The server ends this session");
	else if (s->eof_taken && may_read(s))
		imap_bye(s, ENGINE_WHY_EOF, NULL);
}

/* --- the engine's calls --------------------------------------------------------------------- */

/* R9051-5.4-c: from what was heard last. */
static int64_t
server_deadline(const struct engine *e)
{
	const struct imap_server *s = CONTAINER_OF(e, const struct imap_server, engine);

	if (s->state.phase == ENGINE_CLOSING)
		return ENGINE_NEVER;
	if (imap_out_waiting(s))
		return s->last_ms + s->o.timeouts.command_ms;
	if (!may_read(s))
		return ENGINE_NEVER; /* the client waits for us */
	return s->last_ms +
	       (at_boundary(s) ? s->o.timeouts.idle_ms : s->o.timeouts.command_ms);
}

static size_t
server_feed(struct engine *e, struct slice in, bool eof, int64_t now_ms)
{
	struct imap_server *s = server_of(e);
	size_t used = 0;

	s->now_ms = now_ms;
	if (s->state.phase == ENGINE_CLOSING)
		return in.n;
	if (in.n == 0 && !eof && now_ms >= server_deadline(e)) {
		imap_bye(s, ENGINE_WHY_TIMEOUT, "Nothing was heard for too long"); /* R3501-5.4-b */
		return 0;
	}
	s->eof = s->eof || eof;
	while (used < in.n && may_read(s)) {
		used += imap_read(s, sl_skip(in, used));
		s->last_ms = now_ms;
		settle(s);
	}
	if (s->state.phase != ENGINE_OPEN)
		used = in.n;
	s->eof_taken = s->eof && used == in.n;
	settle(s);
	return used;
}

static bool
server_next_ask(struct engine *e, struct engine_ask *ask)
{
	struct imap_server *s = server_of(e);
	struct server_question *q = &s->question;

	if (imap_out_release(s, &s->release.handle)) {
		*ask = (struct engine_ask){.number = next_number(s), .kind = IMAP_ASK_RELEASE,
		    .detail = &s->release};
		return true;
	}
	if (s->drop_number) {
		*ask = (struct engine_ask){.number = s->drop_number, .kind = IMAP_ASK_APPEND_DROP};
		s->drop_number = 0;
		return true;
	}
	if (s->state.phase == ENGINE_CLOSING || q->number == 0 || q->handed)
		return false;
	q->handed = true;
	*ask = (struct engine_ask){.number = q->number, .kind = q->kind, .detail = q->detail};
	return true;
}

static void
server_answer(struct engine *e, const struct engine_answer *a, int64_t now_ms)
{
	struct imap_server *s = server_of(e);

	s->now_ms = now_ms;
	if (s->state.phase == ENGINE_CLOSING || a->number == 0 || a->number != s->question.number)
		return;
	s->question.number = 0;
	s->last_ms = now_ms;
	if (s->question.kind == IMAP_ASK_SYNC)
		imap_sync_answer(s, a);
	else
		s->run.row->answered(s, a);
	settle(s);
}

static bool
server_cancelled(struct engine *e, uint32_t *number)
{
	struct imap_server *s = server_of(e);
	struct server_question *q = &s->question;

	if (s->state.phase != ENGINE_CLOSING || q->number == 0 || !q->handed)
		return false;
	*number = q->number;
	q->number = 0;
	return true;
}

static struct slice
server_body(struct engine *e)
{
	struct imap_server *s = server_of(e);

	return sl_skip(buf_slice(&s->body), s->body_taken);
}

static void
server_body_taken(struct engine *e, size_t n, int64_t now_ms)
{
	struct imap_server *s = server_of(e);

	s->now_ms = now_ms;
	s->body_taken += n < s->body.n - s->body_taken ? n : s->body.n - s->body_taken;
	if (s->body_taken == s->body.n) {
		buf_clear(&s->body);
		s->body_taken = 0;
		s->last_ms = now_ms;
		if (s->reading != READ_BODY)
			buf_shrink(&s->body);
	}
	settle(s);
}

static size_t
server_output(struct engine *e, struct engine_piece *pieces, size_t max)
{
	return imap_out_pieces(server_of(e), pieces, max);
}

static void
server_output_taken(struct engine *e, uint64_t n, int64_t now_ms)
{
	struct imap_server *s = server_of(e);

	s->now_ms = s->last_ms = now_ms;
	imap_out_taken(s, n);
	settle(s);
}

/* May what is asked now already be true? Then its answer is waited for, lest it come twice. */
static bool
is_changing(const struct imap_server *s)
{
	return s->question.number && s->question.handed &&
	       (s->question.kind == IMAP_ASK_APPEND_END || s->question.kind == IMAP_ASK_COPY);
}

static void
server_event(struct engine *e, const struct engine_event *ev, int64_t now_ms)
{
	struct imap_server *s = server_of(e);

	s->now_ms = now_ms;
	if (s->state.phase == ENGINE_CLOSING)
		return;
	if (ev->kind == ENGINE_DRAIN || (ev->kind == ENGINE_KICK && is_changing(s)))
		s->drain = true;
	else if (ev->kind == ENGINE_KICK)
		imap_bye(s, ENGINE_WHY_DRAIN, "[UNAVAILABLE] The server ends this session");
	else if (ev->kind == ENGINE_NOTICE && s->reading == READ_IDLE && s->is_selected)
		imap_idle_sync(s);
	settle(s);
}

static struct engine_state
server_state(const struct engine *e)
{
	return CONTAINER_OF(e, const struct imap_server, engine)->state;
}

static const struct engine_ops server_ops = {
	.name = "imap-server",
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
	struct imap_server *s = arg;

	buf_fini(&s->text);
	buf_fini(&s->body);
	buf_fini(&s->tagged);
	buf_fini(&s->selected);
	imap_out_fini(&s->out);
	arena_free(s->run.a);
}

/* R3501-7.1.4-a, R9051-7.1.4-a: PREAUTH; behind a login its tagged OK, with what can be done. */
static void
greet(struct imap_server *s)
{
	struct slice tag = s->o.first_tag;

	if (tag.n)
		buf_fmt(imap_out(s), "%.*s OK [CAPABILITY %.*s] LOGIN completed\r\n", SL_FMT(tag),
		    SL_FMT(s->o.capability));
	else
		buf_fmt(imap_out(s), "* PREAUTH [CAPABILITY %.*s] %.*s is ready\r\n",
		    SL_FMT(s->o.capability), SL_FMT(s->o.host));
}

struct imap_server *
imap_server_new(struct arena *a, const struct imap_server_opts *o, int64_t now_ms)
{
	struct imap_server *s = arena_get(a, sizeof(*s));

	if (!s)
		return NULL;
	s->engine.ops = &server_ops;
	s->o = *o;
	s->now_ms = s->last_ms = now_ms;
	buf_init(&s->text, o->memory_max_bytes);
	buf_init(&s->body, IMAP_BODY_MAX);
	buf_init(&s->tagged, SERVER_OUT_MAX);
	buf_init(&s->selected, 4096);
	imap_out_init(&s->out);
	if (!arena_defer(a, server_fini, s))
		return NULL;
	greet(s);
	return s;
}

struct engine *
imap_server_engine(struct imap_server *s)
{
	return &s->engine;
}

void
imap_server_facts(const struct imap_server *s, struct imap_facts *facts)
{
	*facts = (struct imap_facts){
		.selected = buf_slice(&s->selected),
		.is_idling = s->reading == READ_IDLE,
		.commands = s->commands,
		.errors = s->errors,
		.header_octets = s->header_octets,
		.body_octets = s->body_octets,
	};
}
