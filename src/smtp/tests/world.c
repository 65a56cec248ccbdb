#include "smtp/tests/world.h"

#include "base/arena.h"
#include "base/num.h"

#define MUCH ((size_t)1 << 30)
#define OPEN_MAX 80

struct pending { /* an answer that comes later */
	uint32_t number; /* 0: free */
	uint16_t kind;
	int64_t due_ms;
	struct fault fault;
	struct slice rcpt; /* in the connection's arena */
};

struct world_conn {
	struct world *world;
	struct world_conn *next;
	struct arena *arena;
	struct smtp_server *server;
	struct engine *engine;
	struct buf in, out;
	bool eof, closed;
	enum engine_why why;
	struct pending pending[OPEN_MAX];
	bool in_transaction;
	struct buf content, rcpts;
};

/* All connections of all worlds; tests have one world at a time. */
static struct world_conn *conns;

void
world_init(struct world *w, unsigned users)
{
	*w = (struct world){.users = users, .now_ms = 1000};
	w->mails_end = &w->mails;
}

void
world_fini(struct world *w)
{
	struct world_mail *m;

	while (conns)
		world_abort(conns);
	while ((m = w->mails) != NULL) {
		w->mails = m->next;
		buf_fini(&m->content);
		buf_fini(&m->rcpts);
		mem_free(m);
	}
}

static bool
is_user(const struct world *w, struct slice address)
{
	uint64_t n;

	if (!sl_iends(address, SL("@" WORLD_DOMAIN)) || !sl_istarts(address, SL("user")))
		return false;
	address = sl_sub(address, 4, address.n - sizeof("@" WORLD_DOMAIN) + 1);
	return num_u64(address, w->users, &n) && n > 0 && address.p[0] != '0';
}

/* What the question is about, as rules name it. */
static struct slice
key_of(const struct engine_ask *ask)
{
	switch (ask->kind) {
	case SMTP_ASK_AUTH:
		return ((const struct smtp_auth *)ask->detail)->user;
	case SMTP_ASK_MAIL:
		return ((const struct smtp_mail *)ask->detail)->sender.text;
	case SMTP_ASK_RCPT:
		return ((const struct smtp_rcpt *)ask->detail)->to.text;
	default:
		return SL("*");
	}
}

static void
judge_rcpt(struct world_conn *c, const struct smtp_rcpt *rcpt, struct fault *f)
{
	struct smtp_facts facts;

	smtp_server_facts(c->server, &facts);
	if (is_user(c->world, rcpt->to.text) || sl_ieq(rcpt->to.text, SL("postmaster")) ||
	    sl_ieq(rcpt->to.text, SL("postmaster@" WORLD_DOMAIN)))
		return;
	if (sl_ieq(rcpt->to.domain, SL(WORLD_DOMAIN)))
		fault_set(f, ST_NOENT, "5.1.1", "No such user here");
	else if (!facts.authenticated)
		fault_set(f, ST_DENIED, "5.7.1", "Relaying denied");
}

static void
judge_auth(struct world_conn *c, const struct smtp_auth *auth, struct fault *f)
{
	if (!is_user(c->world, auth->user) || !sl_eq(auth->password, SL(WORLD_PASSWORD)) ||
	    (auth->authzid.n && !sl_ieq(auth->authzid, auth->user)))
		fault_set(f, ST_DENIED, "5.7.8", "Authentication failed");
}

static void
judge(struct world_conn *c, const struct engine_ask *ask, struct fault *f, int64_t *after_ms)
{
	const struct world_rule *r = c->world->rules;

	*f = FAULT_NONE;
	*after_ms = 0;
	for (size_t i = 0; i < c->world->rule_count; i++, r++) {
		if (r->kind != ask->kind ||
		    !(sl_eq(r->key, SL("*")) || sl_ieq(r->key, key_of(ask))))
			continue;
		*f = r->fault;
		*after_ms = r->after_ms;
		return;
	}
	if (ask->kind == SMTP_ASK_RCPT)
		judge_rcpt(c, ask->detail, f);
	else if (ask->kind == SMTP_ASK_AUTH)
		judge_auth(c, ask->detail, f);
}

static void
transaction_end(struct world_conn *c)
{
	c->in_transaction = false;
	buf_clear(&c->content);
	buf_clear(&c->rcpts);
}

static void
commit(struct world_conn *c)
{
	struct world_mail *m = mem_get(sizeof(*m));

	m->next = NULL;
	m->content = c->content;
	m->rcpts = c->rcpts;
	buf_init(&c->content, MUCH);
	buf_init(&c->rcpts, MUCH);
	*c->world->mails_end = m;
	c->world->mails_end = &m->next;
	c->world->mail_count++;
}

/* Gives an answer, and remembers what it means. */
static void
answer(struct world_conn *c, struct pending *p)
{
	struct engine_answer a = {.number = p->number, .fault = p->fault};
	struct smtp_commit_yes yes = {.id = SL("world-1")};
	bool ok = p->fault.st == ST_OK;

	if (p->kind == SMTP_ASK_MAIL && ok)
		c->in_transaction = true;
	if (p->kind == SMTP_ASK_RCPT && ok) {
		buf_put(&c->rcpts, p->rcpt);
		buf_put_byte(&c->rcpts, '\0');
	}
	if (p->kind == SMTP_ASK_COMMIT && ok) {
		commit(c);
		a.detail = &yes;
	}
	if (p->kind == SMTP_ASK_COMMIT)
		transaction_end(c);
	p->number = 0;
	c->engine->ops->answer(c->engine, &a, c->world->now_ms);
}

static struct pending *
pending_free(struct world_conn *c)
{
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (c->pending[i].number == 0)
			return &c->pending[i];
	return NULL;
}

static void
asked(struct world_conn *c, const struct engine_ask *ask)
{
	struct pending *p = pending_free(c);
	int64_t after_ms;

	if (ask->kind == SMTP_ASK_RESET) {
		c->world->drop_count++;
		transaction_end(c);
		return;
	}
	if (!p)
		return; /* more questions than the contract allows: nothing answers them, the test
			   fails */
	p->number = ask->number;
	p->kind = ask->kind;
	judge(c, ask, &p->fault, &after_ms);
	if (ask->kind == SMTP_ASK_RCPT)
		p->rcpt = arena_copy(c->arena, key_of(ask));
	p->due_ms = c->world->now_ms + after_ms;
	if (after_ms == 0)
		answer(c, p);
}

static void
cancelled(struct world_conn *c, uint32_t number)
{
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (c->pending[i].number == number)
			c->pending[i].number = 0;
}

static bool
take_output(struct world_conn *c)
{
	struct engine_piece piece;
	bool any = false;

	while (c->engine->ops->output(c->engine, &piece, 1) == 1) {
		size_t n = piece.bytes.n;

		buf_put(&c->out, piece.bytes);
		c->engine->ops->output_taken(c->engine, n, c->world->now_ms);
		any = true;
	}
	return any;
}

static bool
take_body(struct world_conn *c)
{
	struct slice chunk = c->engine->ops->body(c->engine);
	bool any = false;

	while (chunk.n) {
		if (c->world->body_step && chunk.n > c->world->body_step)
			chunk.n = c->world->body_step;
		buf_put(&c->content, chunk);
		c->engine->ops->body_taken(c->engine, chunk.n, c->world->now_ms);
		chunk = c->engine->ops->body(c->engine);
		any = true;
	}
	return any;
}

static bool
take_questions(struct world_conn *c)
{
	struct engine_ask ask;
	uint32_t number;
	bool any = false;

	while (c->engine->ops->ask(c->engine, &ask)) {
		asked(c, &ask);
		any = true;
	}
	while (c->engine->ops->cancelled(c->engine, &number)) {
		cancelled(c, number);
		any = true;
	}
	return any;
}

/* Feeds what is at hand; true when some of it was taken. */
static bool
feed(struct world_conn *c)
{
	struct engine_state st = c->engine->ops->state(c->engine);
	size_t used;

	if (st.phase == ENGINE_CLOSING) {
		c->closed = true;
		c->why = st.why;
	}
	if (st.phase == ENGINE_WANTS_TLS) { /* docs/ENGINE.md: thrown away */
		buf_clear(&c->in);
		return false;
	}
	if (c->in.n == 0)
		return false;
	used = c->engine->ops->feed(c->engine, buf_slice(&c->in), false, c->world->now_ms);
	buf_drop(&c->in, used);
	return used > 0;
}

static void
turn(struct world_conn *c)
{
	bool moved = true;

	while (moved) {
		moved = take_output(c);
		moved = take_body(c) || moved;
		moved = take_questions(c) || moved;
		moved = feed(c) || moved;
	}
}

struct world_conn *
world_connect(struct world *w, enum world_service service)
{
	static const struct engine_tls tls = {
	    .version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .bits = 256};
	struct world_conn *c = mem_get(sizeof(*c));
	struct smtp_server_opts o;

	memset(c, 0, sizeof(*c));
	c->world = w;
	c->arena = arena_new("conn", MUCH);
	buf_init(&c->in, MUCH);
	buf_init(&c->out, MUCH);
	buf_init(&c->content, MUCH);
	buf_init(&c->rcpts, MUCH);
	smtp_server_opts_init(&o, service == WORLD_SMTP ? SMTP_SERVICE_MX : SMTP_SERVICE_SUBMISSION,
	    SL("mx." WORLD_DOMAIN));
	o.size_max_bytes = WORLD_SIZE_MAX;
	o.extensions |= SMTP_EXT_STARTTLS;
	if (service != WORLD_SMTP) {
		o.extensions |= SMTP_EXT_AUTH;
		o.auth_mechanisms = SL("PLAIN LOGIN");
		o.auth_required = true;
	}
	if (service == WORLD_SMTPS) {
		o.tls_on = true;
		o.tls = &tls;
	}
	if (w->tune)
		w->tune(&o);
	c->server = smtp_server_new(c->arena, &o, w->now_ms);
	c->engine = smtp_server_engine(c->server);
	c->next = conns;
	conns = c;
	turn(c);
	return c;
}

void
world_abort(struct world_conn *c)
{
	struct world_conn **at = &conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (c->in_transaction)
		c->world->drop_count++;
	arena_free(c->arena);
	buf_fini(&c->in);
	buf_fini(&c->out);
	buf_fini(&c->content);
	buf_fini(&c->rcpts);
	mem_free(c);
}

void
world_send(struct world_conn *c, struct slice in, size_t chunk)
{
	if (world_wants_tls(c) && in.n) {
		c->closed = true;
		c->why = ENGINE_WHY_PROTOCOL;
	}
	while (in.n && !c->closed && !world_wants_tls(c)) {
		size_t n = chunk && chunk < in.n ? chunk : in.n;

		buf_put(&c->in, sl_sub(in, 0, n));
		in = sl_skip(in, n);
		turn(c);
	}
}

void
world_shut(struct world_conn *c)
{
	size_t used;

	if (c->eof || c->closed)
		return;
	c->eof = true;
	used = c->engine->ops->feed(c->engine, buf_slice(&c->in), true, c->world->now_ms);
	buf_drop(&c->in, used);
	turn(c);
}

bool
world_start_tls(struct world_conn *c)
{
	static const struct engine_tls tls = {
	    .version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .bits = 256};
	struct engine_event ev = {.kind = ENGINE_TLS_ON, .detail = &tls};

	if (c->closed || !world_wants_tls(c))
		return false;
	c->engine->ops->event(c->engine, &ev, c->world->now_ms);
	turn(c);
	return true;
}

void
world_event(struct world_conn *c, enum engine_event_kind kind)
{
	struct engine_event ev = {.kind = kind};

	c->engine->ops->event(c->engine, &ev, c->world->now_ms);
	turn(c);
}

/* The earliest delayed answer of c, or NULL. */
static struct pending *
pending_first(struct world_conn *c)
{
	struct pending *first = NULL;

	for (size_t i = 0; i < OPEN_MAX; i++)
		if (c->pending[i].number && (!first || c->pending[i].due_ms < first->due_ms))
			first = &c->pending[i];
	return first;
}

/* When c next needs us, and what for. */
static int64_t
conn_due(struct world_conn *c, struct pending **p)
{
	int64_t deadline = c->closed ? ENGINE_NEVER : c->engine->ops->deadline(c->engine);

	*p = c->closed ? NULL : pending_first(c);
	if (*p && (*p)->due_ms <= deadline)
		return (*p)->due_ms;
	*p = NULL;
	return deadline;
}

static void
conn_run(struct world_conn *c, struct pending *p)
{
	if (p)
		answer(c, p);
	else
		c->engine->ops->feed(c->engine, SL_NONE, false, c->world->now_ms);
	turn(c);
}

void
world_wait(struct world *w, int64_t ms)
{
	int64_t end = w->now_ms + ms;

	for (;;) {
		struct world_conn *next = NULL;
		struct pending *p, *next_p = NULL;
		int64_t due = ENGINE_NEVER, t;

		for (struct world_conn *c = conns; c; c = c->next) {
			t = conn_due(c, &p);
			if (t < due) {
				due = t;
				next = c;
				next_p = p;
			}
		}
		if (!next || due > end)
			break;
		if (due > w->now_ms)
			w->now_ms = due;
		conn_run(next, next_p);
	}
	w->now_ms = end;
}

bool
world_hurry(struct world_conn *c)
{
	struct pending *p = c->closed ? NULL : pending_first(c);

	if (!p)
		return false;
	world_wait(c->world, p->due_ms > c->world->now_ms ? p->due_ms - c->world->now_ms : 0);
	return true;
}

struct slice
world_heard(const struct world_conn *c)
{
	return buf_slice(&c->out);
}

void
world_heard_drop(struct world_conn *c, size_t n)
{
	buf_drop(&c->out, n);
}

bool
world_is_closed(const struct world_conn *c, enum engine_why *why)
{
	if (why)
		*why = c->why;
	return c->closed;
}

bool
world_wants_tls(const struct world_conn *c)
{
	return c->engine->ops->state(c->engine).phase == ENGINE_WANTS_TLS;
}

struct smtp_server *
world_server(struct world_conn *c)
{
	return c->server;
}
