/*
 * The engine around the commands: input into lines or content, questions out and answers in,
 * output, time. Which command does what stands in server_command.c.
 */
#include "smtp/server_cmd.h"

#define MINUTES(n) ((int64_t)(n) * 60 * 1000)

/*
 * R5321-4.5.3.1.4-a, R5321-4.5.3.1.7-a, R5321-4.5.3.1.8-a, R5321-4.5.3.2.7-a, R5321-6.3-b,
 * R3461-5.4-a
 */
void
smtp_server_opts_init(struct smtp_server_opts *o, enum smtp_service service, struct slice host)
{
	*o = (struct smtp_server_opts){
		.service = service,
		.host = host,
		.extensions = SMTP_EXT_DEFAULT,
		.auth_failures_max = 3,
		.size_max_bytes = 10 * 1024 * 1024,
		.recipients_max = 100,
		.command_line_max_bytes = 2048,
		.header_max_bytes = 512 * 1024,
		.hops_max = 100,
		.errors_max = 20,
		.timeouts = {.command_ms = MINUTES(5), .data_ms = MINUTES(5)},
	};
}

static struct smtp_server *
server_of(struct engine *e)
{
	return CONTAINER_OF(e, struct smtp_server, engine);
}

struct arena *
server_scratch(struct smtp_server *s)
{
	if (!s->scratch)
		s->scratch = arena_new("smtp-ask", SERVER_SCRATCH_MAX);
	return s->scratch;
}

uint32_t
server_number(struct smtp_server *s)
{
	if (++s->last_number == 0)
		s->last_number = 1;
	return s->last_number;
}

void
server_ask(struct smtp_server *s, enum smtp_ask kind, const void *detail)
{
	s->single = (struct server_question){
		.number = server_number(s),
		.kind = (uint16_t)kind,
		.detail = detail,
	};
}

const char *
server_esc(const struct smtp_server *s, const char *esc)
{
	return s->o.extensions & SMTP_EXT_ENHANCEDSTATUSCODES ? esc : NULL;
}

void
server_reply(struct smtp_server *s, unsigned code, const char *esc, const char *text)
{
	reply_put(&s->out, code, esc ? server_esc(s, esc) : NULL, "%s", text);
}

void
server_refuse(struct smtp_server *s, const struct fault *f, enum reply_to to)
{
	reply_fault(&s->out, f, to, server_esc(s, "") != NULL);
}

void
server_count_error(struct smtp_server *s)
{
	s->errors++;
	if (s->o.errors_max && s->errors >= s->o.errors_max)
		s->enough = true;
}

void
server_bad(struct smtp_server *s, unsigned code, const char *esc, const char *text)
{
	server_reply(s, code, esc, text);
	server_count_error(s);
}

/* R3030-2-o, R3030-2-p */
void
server_reset(struct smtp_server *s)
{
	if (s->in_transaction)
		s->reset_number = server_number(s);
	s->in_transaction = false;
	s->committing = s->chunks = false;
	s->accepted = s->tried = 0;
	buf_fini(&s->body);
	s->body_taken = 0;
}

/* R5321-4.1.1.10-c */
void
server_close(struct smtp_server *s, enum engine_why why)
{
	if (s->state.phase == ENGINE_CLOSING)
		return;
	s->state = (struct engine_state){.phase = ENGINE_CLOSING, .why = why};
	server_reset(s);
	buf_fini(&s->line);
	s->line_held = false;
}

void
server_goodbye(struct smtp_server *s, enum engine_why why, const char *esc, const char *text)
{
	reply_put(&s->out, 421, server_esc(s, esc), "%.*s %s", SL_FMT(s->o.host), text);
	server_close(s, why);
}

bool
server_may_read(const struct smtp_server *s)
{
	return s->state.phase == ENGINE_OPEN && s->single.number == 0 && !s->enough &&
	       !s->committing && s->mode != MODE_GREETING &&
	       s->out.n - s->out_taken < SERVER_OUT_HIGH;
}

/* Forgets what only open questions needed. */
static void
scratch_settle(struct smtp_server *s)
{
	if (!s->scratch || s->single.number || s->rcpts || s->mode == MODE_AUTH ||
	    s->mode == MODE_DATA || s->mode == MODE_CHUNK || s->chunks)
		return;
	s->sasl = NULL;
	s->content = NULL;
	if (s->in_transaction) {
		arena_reset(s->scratch);
		return;
	}
	arena_free(s->scratch);
	s->scratch = NULL;
}

/* What follows from a change: replies that may leave now, an end that was waiting. */
static void
settle(struct smtp_server *s)
{
	if (s->state.phase == ENGINE_OPEN && s->rcpts)
		server_rcpt_flush(s);
	server_content_settle(s);
	if (s->scratch && arena_exhausted(s->scratch) && s->state.phase == ENGINE_OPEN)
		server_goodbye(s, ENGINE_WHY_LIMIT, "4.3.2", "Out of memory for this session");
	scratch_settle(s);
	if (s->state.phase != ENGINE_OPEN || s->rcpts || s->single.number)
		return;
	if (s->enough)
		server_goodbye(s, ENGINE_WHY_LIMIT, "4.7.0", "Too many errors, closing");
	else if (s->drain && !s->in_transaction && s->mode != MODE_AUTH && s->mode != MODE_GREETING)
		server_goodbye(s, ENGINE_WHY_DRAIN, "4.3.2", "Service closing, try again later");
	else if (s->eof_taken && !s->line_held && server_may_read(s))
		server_close(s, ENGINE_WHY_EOF);
}

/* --- the engine's calls --------------------------------------------------------------------- */

static void
timeout(struct smtp_server *s)
{
	if (s->state.phase == ENGINE_WANTS_TLS) {
		server_close(s, ENGINE_WHY_TIMEOUT);
		return;
	}
	server_goodbye(s, ENGINE_WHY_TIMEOUT, "4.4.2", "Timeout, closing"); /* R5321-4.5.3.2.7-a */
}

/*
 * Is there something to send? R2920-3.2-b: replies to a group of MAIL, RCPT and RSET leave as a
 * unit, while more of the group is there and waits for an answer of ours. R2920-3.2-g: never
 * longer.
 */
static bool
output_ready(const struct smtp_server *s)
{
	size_t n = s->out.n - s->out_taken;
	bool asked = s->rcpts || s->single.number;

	if (s->more && asked && !s->urgent && s->state.phase == ENGINE_OPEN && n < SERVER_OUT_HELD)
		return false;
	return n > 0;
}

static int64_t
server_deadline(const struct engine *e)
{
	const struct smtp_server *s = CONTAINER_OF(e, const struct smtp_server, engine);
	bool output = output_ready(s);

	if (s->state.phase == ENGINE_CLOSING || s->mode == MODE_GREETING)
		return ENGINE_NEVER;
	if (!output &&
	    (s->single.number || s->rcpts_asked || s->committing || s->body.n > s->body_taken))
		return ENGINE_NEVER; /* they wait for us */
	return s->last_ms +
	       (output || s->mode == MODE_DATA || s->mode == MODE_CHUNK ? s->o.timeouts.data_ms
								      : s->o.timeouts.command_ms);
}

static size_t
server_feed(struct engine *e, struct slice in, bool eof, int64_t now_ms)
{
	struct smtp_server *s = server_of(e);
	size_t used = 0, n;

	s->now_ms = now_ms;
	if (s->state.phase == ENGINE_CLOSING)
		return in.n;
	if (in.n == 0 && !eof && now_ms >= server_deadline(e)) {
		timeout(s);
		return 0;
	}
	s->eof = s->eof || eof;
	server_line_retry(s);
	settle(s);
	while (used < in.n && server_may_read(s) && !s->line_held) {
		if (s->mode == MODE_DATA)
			n = server_content_feed(s, sl_skip(in, used));
		else if (s->mode == MODE_CHUNK)
			n = server_chunk_feed(s, sl_skip(in, used));
		else
			n = server_line_feed(s, sl_skip(in, used));
		settle(s);
		if (n == 0)
			break;
		used += n;
	}
	/*
	 * R3207-4.2-b: what came with STARTTLS was sent in clear and is not read, neither now nor
	 * under TLS. What comes after our end does not matter.
	 */
	if (s->state.phase != ENGINE_OPEN)
		used = in.n;
	s->eof_taken = s->eof && used == in.n;
	s->more = used < in.n || s->line_held;
	settle(s);
	return used;
}

static bool
hand_out(struct server_question *q, struct engine_ask *ask)
{
	if (q->number == 0 || q->handed)
		return false;
	q->handed = true;
	*ask = (struct engine_ask){.number = q->number, .kind = q->kind, .detail = q->detail};
	return true;
}

static bool
server_next_ask(struct engine *e, struct engine_ask *ask)
{
	struct smtp_server *s = server_of(e);

	if (s->reset_number) {
		*ask = (struct engine_ask){.number = s->reset_number, .kind = SMTP_ASK_RESET};
		s->reset_number = 0;
		return true;
	}
	if (s->state.phase == ENGINE_CLOSING)
		return false;
	for (struct server_rcpt *r = s->rcpts; r; r = r->next)
		if (hand_out(&r->question, ask))
			return true;
	return hand_out(&s->single, ask);
}

/* R5321-3.1-a, R5321-3.1-b, R5321-3.1-d, R5321-4.3.1-a: nothing is read before this. */
static void
connect_answer(struct smtp_server *s, const struct engine_answer *a)
{
	struct slice extra = s->o.greeting;

	if (a->fault.st == ST_OK) {
		reply_put(&s->out, 220, NULL, "%.*s ESMTP%s%.*s", SL_FMT(s->o.host),
		    extra.n ? " " : "", SL_FMT(extra));
		s->mode = MODE_COMMAND;
		return;
	}
	/* R2034-4-a: no enhanced code in the greeting. */
	reply_put(&s->out, reply_code(&a->fault, REPLY_TO_CONNECT), NULL, "%.*s %s",
	    SL_FMT(s->o.host), a->fault.text);
	s->mode = MODE_REFUSED;
	if (reply_code(&a->fault, REPLY_TO_CONNECT) == 421)
		server_close(s, ENGINE_WHY_TROUBLE);
}

static const struct {
	enum smtp_ask kind;
	void (*answer)(struct smtp_server *s, const struct engine_answer *a);
} answer_rows[] = {
	{SMTP_ASK_CONNECT, connect_answer},
	{SMTP_ASK_HELO, server_helo_answer},
	{SMTP_ASK_AUTH, server_auth_answer},
	{SMTP_ASK_MAIL, server_mail_answer},
	{SMTP_ASK_DATA, server_data_answer},
	{SMTP_ASK_COMMIT, server_commit_answer},
};

static void
server_answer(struct engine *e, const struct engine_answer *a, int64_t now_ms)
{
	struct smtp_server *s = server_of(e);
	uint16_t kind = s->single.kind;

	s->now_ms = now_ms;
	if (s->state.phase == ENGINE_CLOSING || a->number == 0)
		return;
	if (a->number == s->single.number) {
		s->single.number = 0;
		s->last_ms = now_ms;
		for (size_t i = 0; i < COUNT_OF(answer_rows); i++)
			if (answer_rows[i].kind == kind)
				answer_rows[i].answer(s, a);
	} else if (server_rcpt_answer(s, a)) {
		s->last_ms = now_ms;
	} else {
		return;
	}
	settle(s);
	server_line_retry(s);
	settle(s);
}

/* Takes the number of a question back that the owner has seen. */
static bool
take_back(struct server_question *q, uint32_t *number)
{
	if (q->number == 0 || !q->handed)
		return false;
	*number = q->number;
	q->number = 0;
	return true;
}

static bool
server_cancelled(struct engine *e, uint32_t *number)
{
	struct smtp_server *s = server_of(e);

	if (s->state.phase != ENGINE_CLOSING)
		return false;
	for (struct server_rcpt *r = s->rcpts; r; r = r->next)
		if (take_back(&r->question, number))
			return true;
	return take_back(&s->single, number);
}

static struct slice
server_body(struct engine *e)
{
	struct smtp_server *s = server_of(e);

	return sl_skip(buf_slice(&s->body), s->body_taken);
}

static void
server_body_taken(struct engine *e, size_t n, int64_t now_ms)
{
	struct smtp_server *s = server_of(e);

	s->now_ms = now_ms;
	s->body_taken += n;
	if (s->body_taken >= s->body.n) {
		buf_clear(&s->body);
		s->body_taken = 0;
		s->last_ms = now_ms;
	}
	settle(s);
}

static size_t
server_output(struct engine *e, struct engine_piece *pieces, size_t max)
{
	struct smtp_server *s = server_of(e);

	if (max == 0 || !output_ready(s))
		return 0;
	pieces[0] = (struct engine_piece){.bytes = sl_skip(buf_slice(&s->out), s->out_taken)};
	return 1;
}

static void
server_output_taken(struct engine *e, uint64_t n, int64_t now_ms)
{
	struct smtp_server *s = server_of(e);

	s->now_ms = s->last_ms = now_ms;
	s->out_taken += n < s->out.n - s->out_taken ? (size_t)n : s->out.n - s->out_taken;
	if (s->out_taken == s->out.n) {
		buf_clear(&s->out);
		buf_shrink(&s->out);
		s->out_taken = 0;
		s->urgent = false;
	}
	server_line_retry(s);
	settle(s);
}

static void
tls_start(struct smtp_server *s, const struct engine_tls *tls)
{
	s->tls_on = true;
	if (!tls)
		return;
	buf_clear(&s->tls_version);
	buf_clear(&s->tls_cipher);
	buf_put_str(&s->tls_version, tls->version);
	buf_put_str(&s->tls_cipher, tls->cipher);
	s->tls_bits = tls->bits;
}

static void
server_event(struct engine *e, const struct engine_event *ev, int64_t now_ms)
{
	struct smtp_server *s = server_of(e);

	s->now_ms = now_ms;
	if (s->state.phase == ENGINE_CLOSING)
		return;
	if (ev->kind == ENGINE_TLS_ON && s->state.phase == ENGINE_WANTS_TLS) {
		tls_start(s, ev->detail);
		s->state.phase = ENGINE_OPEN;
		s->last_ms = now_ms;
	} else if (ev->kind == ENGINE_TLS_ON && s->tls_on && s->tls_version.n == 0) {
		tls_start(s, ev->detail); /* TLS from the first byte: what was agreed on */
	} else if (ev->kind == ENGINE_DRAIN) {
		s->drain = true; /* R5321-3.8-b */
	} else if (ev->kind == ENGINE_KICK) {
		/*
		 * A commit under way may already be true: its reply is waited for, so that nothing
		 * comes twice.
		 */
		if (s->single.number && s->single.kind == SMTP_ASK_COMMIT)
			s->drain = true;
		else
			server_goodbye(
			    s, ENGINE_WHY_DRAIN, "4.3.2", "Service closing, try again later");
	}
	settle(s);
}

static struct engine_state
server_state(const struct engine *e)
{
	return CONTAINER_OF(e, const struct smtp_server, engine)->state;
}

static const struct engine_ops server_ops = {
	.name = "smtp-server",
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
	struct smtp_server *s = arg;
	struct buf *bufs[] = {
	    &s->line, &s->out, &s->body, &s->helo, &s->identity, &s->tls_version, &s->tls_cipher};

	for (size_t i = 0; i < COUNT_OF(bufs); i++)
		buf_fini(bufs[i]);
	if (s->scratch)
		arena_free(s->scratch);
}

struct smtp_server *
smtp_server_new(struct arena *a, const struct smtp_server_opts *o, int64_t now_ms)
{
	struct smtp_server *s = arena_get(a, sizeof(*s));

	if (!s)
		return NULL;
	s->engine.ops = &server_ops;
	s->o = *o;
	s->o.tls = NULL;
	s->now_ms = s->last_ms = now_ms;
	buf_init(&s->line, SERVER_AUTH_LINE_MAX + o->command_line_max_bytes);
	buf_init(&s->out, SERVER_OUT_MAX);
	buf_init(&s->body, SMTP_BODY_MAX);
	buf_init(&s->helo, SERVER_HELO_MAX);
	buf_init(&s->identity, SERVER_IDENTITY_MAX);
	buf_init(&s->tls_version, 32);
	buf_init(&s->tls_cipher, 96);
	if (!arena_defer(a, server_fini, s))
		return NULL;
	if (o->tls_on)
		tls_start(s, o->tls);
	server_ask(s, SMTP_ASK_CONNECT, NULL);
	return s;
}

struct engine *
smtp_server_engine(struct smtp_server *s)
{
	return &s->engine;
}

/*
 * R5321-4.4-k, R4954-7-a: S for TLS, A for a login; HELO has neither. R3848-1-a, R3848-1-b,
 * R3848-1-c, R3848-1-d, R3848-1-e, R3848-1-g, R3848-1-h.
 */
static const char *
with_name(const struct smtp_server *s)
{
	static const char *const names[2][2] = {{"ESMTP", "ESMTPA"}, {"ESMTPS", "ESMTPSA"}};

	return s->esmtp ? names[s->tls_on][s->authenticated] : "SMTP";
}

void
smtp_server_facts(const struct smtp_server *s, struct smtp_facts *facts)
{
	bool local = s->o.service == SMTP_SERVICE_LOCAL;

	*facts = (struct smtp_facts){
	    .service = s->o.service,
	    .esmtp = s->esmtp,
	    .helo = buf_slice(&s->helo),
	    .tls_on = s->tls_on,
	    .tls_version = buf_slice(&s->tls_version),
	    .tls_cipher = buf_slice(&s->tls_cipher),
	    .tls_bits = s->tls_bits,
	    .authenticated = s->authenticated,
	    .identity = s->authenticated || !local ? buf_slice(&s->identity) : s->o.local_identity,
	    .mechanism = s->mechanism,
	    .with = with_name(s),
	    .in_transaction = s->in_transaction,
	    .commands = s->commands,
	    .errors = s->errors,
	};
}
