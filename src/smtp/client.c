/*
 * The engine around the steps of an SMTP client: questions and answers, output, time, the end.
 */
#include "smtp/client_int.h"

#define MINUTES(n) ((int64_t)(n) * 60 * 1000)
#define DOT ".\r\n"
#define DOT_BYTES 3

/*
 * R5321-4.5.3.2.1-a, R5321-4.5.3.2.2-a, R5321-4.5.3.2.3-a, R5321-4.5.3.2.4-a, R5321-4.5.3.2.5-a,
 * R5321-4.5.3.2.6-a
 */
void
smtp_client_opts_init(struct smtp_client_opts *o, struct slice helo)
{
	*o = (struct smtp_client_opts){
	    .helo = helo,
	    .tls = SMTP_CLIENT_TLS_MAY,
	    .timeouts = {.greeting_ms = MINUTES(5), .command_ms = MINUTES(5),
		.block_ms = MINUTES(3), .dot_ms = MINUTES(10), .quit_ms = 10000, .idle_ms = 60000},
	};
}

static struct smtp_client *
client_of(struct engine *e)
{
	return CONTAINER_OF(e, struct smtp_client, engine);
}

void
client_await(struct smtp_client *c, enum client_step step, int64_t within_ms)
{
	c->step = step;
	c->deadline = c->now_ms + within_ms;
}

void
client_ask(struct smtp_client *c, enum smtp_client_ask kind, const void *detail)
{
	if (++c->last_number == 0)
		c->last_number = 1;
	c->ask = (struct engine_ask){.number = c->last_number, .kind = (uint16_t)kind,
	    .detail = detail};
	c->ask_handed = false;
	c->deadline = ENGINE_NEVER; /* our own side's time */
}

/* Nobody needs the answer any more. */
static void
withdraw(struct smtp_client *c)
{
	if (c->ask.number && c->ask_handed)
		c->cancel = c->ask.number;
	c->ask.number = 0;
}

static void
close_for(struct smtp_client *c, enum engine_why why)
{
	if (c->state.phase == ENGINE_CLOSING)
		return;
	withdraw(c);
	c->state = (struct engine_state){.phase = ENGINE_CLOSING, .why = why};
	c->step = STEP_OVER;
	c->deadline = ENGINE_NEVER;
	buf_fini(&c->line);
}

void
client_fail(struct smtp_client *c, enum engine_why why, const struct fault *f)
{
	if (c->trouble.st == ST_OK)
		c->trouble = *f;
	buf_clear(&c->out); /* what was not sent has no meaning any more */
	c->out_taken = 0;
	close_for(c, why);
}

void
client_break(struct smtp_client *c, const char *what)
{
	struct fault f;

	fault_set(&f, ST_TEMP, "4.5.0", "protocol error of the server: %s", what);
	client_fail(c, ENGINE_WHY_PROTOCOL, &f);
}

/*
 * R5321-4.1.4-h: the last command; its reply is waited for.
 * R5321-4.1.1.10-e
 */
void
client_quit(struct smtp_client *c)
{
	withdraw(c);
	if (c->trouble.st == ST_OK)
		c->stage = SMTP_CLIENT_QUIT;
	buf_put(&c->out, SL("QUIT\r\n"));
	client_await(c, STEP_QUIT, c->o.timeouts.quit_ms);
}

void
client_idle(struct smtp_client *c)
{
	int64_t ping = c->o.timeouts.ping_ms;

	c->step = STEP_NEXT;
	c->deadline = c->idle_until;
	if (ping > 0 && c->now_ms + ping < c->deadline)
		c->deadline = c->now_ms + ping;
}

void
client_ready(struct smtp_client *c)
{
	if (c->drain) {
		client_quit(c);
		return;
	}
	c->idle_until = c->now_ms + c->o.timeouts.idle_ms;
	client_ask(c, SMTP_CLIENT_ASK_NEXT, NULL);
	client_idle(c);
}

/* R5321-4.2-e: the code decides; the text is for people. */
void
client_fault(const struct smtp_client *c, struct fault *f)
{
	const struct client_reply *r = &c->reply;
	bool permanent = r->code >= 500;

	fault_set(f, permanent ? ST_PERM : ST_TEMP, permanent ? "5.0.0" : "4.0.0", "%.*s",
	    SL_FMT(buf_slice(&c->text)));
	if (r->esc[0] == f->esc[0])
		memcpy(f->esc, r->esc, sizeof(f->esc));
}

/* ---- time ---- */

static void
timed_out(struct smtp_client *c)
{
	static const char *const waits[] = {[STEP_GREETING] = "the greeting",
	    [STEP_EHLO] = "the reply to EHLO", [STEP_HELO] = "the reply to HELO",
	    [STEP_STARTTLS] = "the reply to STARTTLS",
	    [STEP_AUTH] = "the reply to AUTH", [STEP_PING] = "the reply to RSET",
	    [STEP_SEND] = "the reply to MAIL, RCPT or DATA",
	    [STEP_CONTENT] = "the server to take the message",
	    [STEP_DOT] = "the reply to the message", [STEP_RSET] = "the reply to RSET"};
	const char *what = c->step < COUNT_OF(waits) ? waits[c->step] : NULL;
	struct fault f;

	if (c->step == STEP_NEXT && c->now_ms >= c->idle_until) {
		client_quit(c);
	} else if (c->step == STEP_NEXT) {
		buf_put(&c->out, SL("RSET\r\n"));
		client_await(c, STEP_PING, c->o.timeouts.quit_ms);
	} else if (c->step == STEP_QUIT) {
		close_for(c, ENGINE_WHY_QUIT);
	} else {
		fault_set(&f, ST_TEMP, "4.4.2", "timeout while waiting for %s",
		    what ? what : "a reply");
		client_fail(c, ENGINE_WHY_TIMEOUT, &f); /* R5321-4.5.3.2-a */
	}
}

/* R5321-3.8-c */
static void
lost(struct smtp_client *c)
{
	struct fault f;

	if (c->step == STEP_QUIT) {
		close_for(c, ENGINE_WHY_QUIT);
	} else if (c->step == STEP_NEXT || c->step == STEP_PING) {
		close_for(c, ENGINE_WHY_EOF);
	} else {
		fault_set(&f, ST_TEMP, "4.4.2", "the server closed the connection");
		client_fail(c, ENGINE_WHY_EOF, &f);
	}
}

/* ---- the engine's calls ---- */

static size_t
feed(struct engine *e, struct slice in, bool eof, int64_t now_ms)
{
	struct smtp_client *c = client_of(e);
	size_t n;

	c->now_ms = now_ms;
	if (c->state.phase == ENGINE_CLOSING)
		return in.n;
	if (c->state.phase != ENGINE_OPEN)
		return 0;
	n = client_feed(c, in);
	c->eof = eof && n == in.n;
	if (c->eof && client_may_take(c))
		lost(c);
	else if (c->state.phase == ENGINE_OPEN && in.n == 0 && now_ms >= c->deadline)
		timed_out(c);
	return n;
}

static bool
ask(struct engine *e, struct engine_ask *q)
{
	struct smtp_client *c = client_of(e);

	if (!c->ask.number || c->ask_handed)
		return false;
	c->ask_handed = true;
	*q = c->ask;
	if (c->eof && q->kind == SMTP_CLIENT_ASK_NEXT && client_may_take(c))
		lost(c); /* and the question is cancelled */
	return true;
}

static void
answer_next(struct smtp_client *c, const struct engine_answer *a)
{
	if (a->fault.st != ST_OK || !a->detail) {
		if (c->step == STEP_NEXT)
			client_quit(c);
		else
			c->drain = true; /* behind the reply to the ping */
		return;
	}
	if (c->step == STEP_NEXT)
		client_message(c, a->detail);
	else
		c->early = a->detail;
}

static void
answer(struct engine *e, const struct engine_answer *a, int64_t now_ms)
{
	struct smtp_client *c = client_of(e);
	uint16_t kind = c->ask.kind;

	c->now_ms = now_ms;
	if (a->number != c->ask.number || !a->number || c->state.phase != ENGINE_OPEN)
		return;
	c->ask.number = 0;
	if (kind == SMTP_CLIENT_ASK_NEXT)
		answer_next(c, a);
	else if (kind == SMTP_CLIENT_ASK_CONVERT)
		client_converted(c, a);
	else if (kind == SMTP_CLIENT_ASK_CHECK)
		client_checked(c, &a->fault);
	else
		client_message_done(c);
}

static bool
cancelled(struct engine *e, uint32_t *number)
{
	struct smtp_client *c = client_of(e);

	*number = c->cancel;
	c->cancel = 0;
	return *number != 0;
}

static struct slice
body(struct engine *e)
{
	(void)e;
	return SL_NONE;
}

static void
body_taken(struct engine *e, size_t n, int64_t now_ms)
{
	(void)e;
	(void)n;
	(void)now_ms;
}

static size_t
output(struct engine *e, struct engine_piece *pieces, size_t max)
{
	struct smtp_client *c = client_of(e);
	size_t count = 0;

	if (c->out.n > c->out_taken && count < max)
		pieces[count++] = (struct engine_piece){
		    .bytes = sl_skip(buf_slice(&c->out), c->out_taken)};
	if (c->step != STEP_CONTENT)
		return count;
	if (c->content_taken < c->content.wire_bytes && count < max)
		pieces[count++] = (struct engine_piece){.handle = c->content.handle,
		    .offset = c->content_taken,
		    .length = c->content.wire_bytes - c->content_taken};
	if (c->content.is_checked && count < max)
		pieces[count++] =
		    (struct engine_piece){.bytes = sl_skip(SL(DOT), c->dot_taken)};
	return count;
}

static void
output_taken(struct engine *e, uint64_t n, int64_t now_ms)
{
	struct smtp_client *c = client_of(e);
	uint64_t left = c->out.n - c->out_taken, part = n < left ? n : left;

	c->now_ms = now_ms;
	c->out_taken += (size_t)part;
	n -= part;
	if (c->out_taken == c->out.n) {
		buf_clear(&c->out);
		buf_shrink(&c->out);
		c->out_taken = 0;
	}
	if (c->step == STEP_CONTENT) {
		left = c->content.wire_bytes - c->content_taken;
		part = n < left ? n : left;
		c->dot_taken += (unsigned)(n - part);
		client_content_taken(c, part);
	} else if (c->step == STEP_SEND) {
		client_send(c);
	}
	if (c->eof && client_may_take(c))
		lost(c);
}

static void
event(struct engine *e, const struct engine_event *ev, int64_t now_ms)
{
	struct smtp_client *c = client_of(e);
	struct fault f;

	c->now_ms = now_ms;
	switch (ev->kind) {
	case ENGINE_TLS_ON:
		c->tls_on = true;
		if (c->step != STEP_TLS)
			break;
		c->state.phase = ENGINE_OPEN;
		client_hello(c); /* R3207-4.2-d: what was said before does not count */
		break;
	case ENGINE_DRAIN:
		c->drain = true;
		if (c->step == STEP_NEXT)
			client_quit(c);
		break;
	case ENGINE_KICK:
		fault_set(&f, ST_TEMP, "4.3.2", "the delivery was ended by our side");
		client_fail(c, ENGINE_WHY_DRAIN, &f);
		break;
	default:
		break;
	}
}

static int64_t
deadline(const struct engine *e)
{
	const struct smtp_client *c = CONTAINER_OF(e, const struct smtp_client, engine);

	return c->state.phase == ENGINE_OPEN ? c->deadline : ENGINE_NEVER;
}

static struct engine_state
state(const struct engine *e)
{
	return CONTAINER_OF(e, const struct smtp_client, engine)->state;
}

static const struct engine_ops ops = {
    .name = "smtp-client",
    .feed = feed,
    .ask = ask,
    .answer = answer,
    .cancelled = cancelled,
    .body = body,
    .body_taken = body_taken,
    .output = output,
    .output_taken = output_taken,
    .event = event,
    .deadline = deadline,
    .state = state,
};

/* ---- life ---- */

struct smtp_client *
smtp_client_new(struct arena *a, const struct smtp_client_opts *o, int64_t now_ms)
{
	struct smtp_client *c = arena_get(a, sizeof(*c));

	if (!c)
		return NULL;
	c->engine.ops = &ops;
	c->o = *o;
	c->tls_on = o->tls_on;
	c->now_ms = now_ms;
	buf_init(&c->line, SMTP_REPLY_LINE_MAX);
	buf_init(&c->text, CLIENT_TEXT_MAX);
	buf_init(&c->out, CLIENT_OUT_MAX);
	client_await(c, STEP_GREETING, o->timeouts.greeting_ms);
	return c;
}

struct engine *
smtp_client_engine(struct smtp_client *c)
{
	return &c->engine;
}

void
smtp_client_free(struct smtp_client *c)
{
	buf_fini(&c->line);
	buf_fini(&c->text);
	buf_fini(&c->out);
	arena_free(c->arena);
	c->arena = NULL;
}

const struct fault *
smtp_client_trouble(const struct smtp_client *c)
{
	return &c->trouble;
}

const struct smtp_client_result *
smtp_client_result(struct smtp_client *c, const struct fault *why)
{
	if (!c->m)
		return NULL;
	client_message_end(c, why);
	return &c->result;
}

bool
smtp_client_tls_on(const struct smtp_client *c)
{
	return c->tls_on;
}

enum smtp_client_stage
smtp_client_stage(const struct smtp_client *c)
{
	return c->stage;
}
