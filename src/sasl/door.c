/*
 * The engine in front of a login. Memory of a session that waits: this struct and nothing else;
 * what held a password is wiped.
 */
#include "sasl/door.h"

#include "base/base64.h"
#include "base/buf.h"

#define PATIENCE_MS 60000
#define OUT_MAX ((size_t)64 * 1024)
#define SCRATCH_MAX ((size_t)64 * 1024)
#define IN_MAX (DOOR_LINE_MAX + DOOR_LITERALS_MAX * (DOOR_LITERAL_MAX + 2))
#define TLS_TEXT_MAX 128

struct door {
	struct engine engine;
	const struct door_rules *rules;
	struct door_opts o;
	struct engine_state state;
	int64_t now_ms, until_ms;
	struct buf in;      /* of the command under way */
	size_t line_start;  /* in it: of its last line */
	size_t literal;     /* octets of one that are still to come */
	size_t line_octets; /* of it without literals */
	unsigned literals;
	struct buf out;
	size_t out_taken;
	struct buf tag, tls;
	struct arena *scratch;
	struct sasl_server *sasl;     /* in scratch, while an exchange goes on */
	struct door_auth auth;        /* of the question */
	uint32_t number, last_number; /* the open question; 0: none */
	enum door_ask kind;
	bool handed; /* the owner has seen it */
	bool tls_on, drain;
	unsigned failures, errors;
};

static struct door *
door_of(struct engine *e)
{
	return CONTAINER_OF(e, struct door, engine);
}

void
door_opts_init(struct door_opts *o, struct slice host)
{
	*o = (struct door_opts){
	    .host = host, .patience_ms = PATIENCE_MS, .failures_max = 3, .errors_max = 10};
}

struct buf *
door_out(struct door *d)
{
	return &d->out;
}

const struct door_opts *
door_opts(const struct door *d)
{
	return &d->o;
}

struct arena *
door_scratch(struct door *d)
{
	if (!d->scratch)
		d->scratch = arena_new("login", SCRATCH_MAX);
	return d->scratch;
}

bool
door_tls_on(const struct door *d)
{
	return d->tls_on;
}

bool
door_takes_passwords(const struct door *d)
{
	return d->tls_on || d->o.plaintext;
}

/* R4422-6.1.2-a, R5034-4-k, R5034-4-l, R5034-4-m */
struct slice
door_mechanisms(const struct door *d)
{
	if (!door_takes_passwords(d))
		return SL_NONE;
	return d->tls_on ? d->o.mechanisms_tls : d->o.mechanisms;
}

bool
door_offers_tls(const struct door *d)
{
	return d->o.start_tls && !d->tls_on;
}

void
door_close(struct door *d, enum engine_why why)
{
	if (d->state.phase != ENGINE_CLOSING)
		d->state = (struct engine_state){ENGINE_CLOSING, why};
}

static void
door_bye(struct door *d, enum engine_why why, const char *words)
{
	if (d->state.phase == ENGINE_CLOSING)
		return;
	d->rules->bye(d, words);
	door_close(d, why);
}

void
door_mistake(struct door *d)
{
	if (++d->errors >= d->o.errors_max)
		door_bye(d, ENGINE_WHY_LIMIT, "Too many mistakes");
}

/* ---- the command under way ---- */

static void
wipe(struct buf *b)
{
	if (b->p)
		sasl_wipe(b->p, b->cap);
	buf_fini(b);
}

/* Nothing of a command is left; what held a password holds nothing. */
static void
forget(struct door *d)
{
	if (d->sasl)
		sasl_server_wipe(d->sasl);
	d->sasl = NULL;
	if (d->auth.password.p)
		sasl_wipe((void *)(uintptr_t)d->auth.password.p, d->auth.password.n);
	d->auth = (struct door_auth){0};
	arena_free(d->scratch);
	d->scratch = NULL;
	wipe(&d->in);
	d->line_start = d->line_octets = d->literal = 0;
	d->literals = 0;
}

void
door_tag(struct door *d, struct slice tag)
{
	buf_clear(&d->tag);
	buf_put(&d->tag, tag);
}

struct slice
door_tag_of(const struct door *d)
{
	return buf_slice(&d->tag);
}

void
door_start_tls(struct door *d)
{
	d->state.phase = ENGINE_WANTS_TLS;
}

bool
door_literal(struct door *d, uint64_t n)
{
	if (n > DOOR_LITERAL_MAX || d->literals == DOOR_LITERALS_MAX)
		return false;
	d->literals++;
	d->literal = (size_t)n;
	return true;
}

/* ---- questions ---- */

static void
ask(struct door *d, enum door_ask kind)
{
	d->kind = kind;
	d->number = ++d->last_number;
	d->handed = false;
}

void
door_ask_auth(struct door *d, const char *mechanism, struct slice user, struct slice password)
{
	d->auth = (struct door_auth){.mechanism = mechanism,
	    .user = arena_copy(door_scratch(d), user),
	    .password = arena_copy(door_scratch(d), password)};
	ask(d, DOOR_ASK_AUTH);
}

static bool
is_listed(struct slice list, struct slice name)
{
	struct slice word;
	bool more = true;

	while (more) {
		more = sl_cut(&list, ' ', &word);
		if (word.n && sl_ieq(word, name))
			return true;
	}
	return false;
}

static void
sasl_step(struct door *d, bool has_response, struct slice response)
{
	struct slice challenge;
	struct fault f;

	switch (sasl_server_step(d->sasl, has_response, response, &challenge, &f)) {
	case ST_AGAIN:
		buf_put(&d->out, SL("+ "));
		base64_put(&d->out, challenge);
		buf_put(&d->out, SL("\r\n"));
		return;
	case ST_OK:
		d->auth = (struct door_auth){.mechanism = d->sasl->mech->name,
		    .authzid = d->sasl->authzid,
		    .user = d->sasl->user,
		    .password = d->sasl->password};
		ask(d, DOOR_ASK_AUTH);
		return;
	default:
		d->rules->wrong(d, f.text);
		forget(d);
	}
}

/* A response in BASE64. */
static void
sasl_response(struct door *d, struct slice line)
{
	struct buf octets;

	buf_init(&octets, DOOR_LINE_MAX);
	if (base64_get(line, &octets)) { /* R4422-3.4-a */
		sasl_step(d, true, buf_slice(&octets));
	} else {
		d->rules->wrong(d, "this is not BASE64");
		forget(d);
	}
	wipe(&octets);
}

bool
door_sasl(struct door *d, struct slice mechanism, bool has_initial, struct slice initial)
{
	const struct sasl_mech *m = sasl_mech_find(mechanism);

	if (!m || !is_listed(door_mechanisms(d), mechanism)) /* R4422-3.2-a, R4422-6.1.2-b */
		return false;
	d->sasl = arena_get(door_scratch(d), sizeof(*d->sasl));
	sasl_server_init(d->sasl, m, d->scratch);
	if (!has_initial)
		sasl_step(d, false, SL_NONE);
	else if (sl_eq(initial, SL("=")))
		sasl_step(d, true, SL_NONE);
	else
		sasl_response(d, initial);
	return true;
}

/* ---- input ---- */

static bool
may_read(const struct door *d)
{
	return d->state.phase == ENGINE_OPEN && !d->number && d->out.n < OUT_MAX / 2;
}

/* A line is complete: text is the command so far, without the end of the line. */
static void
line_ends(struct door *d)
{
	struct slice text = buf_slice(&d->in), last;
	enum door_line said;

	text.n--;
	if (text.n > d->line_start && text.p[text.n - 1] == '\r')
		text.n--;
	last = sl_skip(text, d->line_start);
	if (d->sasl && sl_eq(last, SL("*"))) { /* R4422-3.5-a */
		d->rules->wrong(d, "cancelled");
		forget(d);
		return;
	}
	if (d->sasl) {
		struct buf response = d->in; /* the exchange goes on in a command of its own */

		buf_init(&d->in, IN_MAX);
		d->line_octets = 0;
		sasl_response(d, last);
		wipe(&response);
		return;
	}
	said = d->rules->line(d, text, last);
	d->line_start = d->in.n;
	if (said == DOOR_MORE)
		return;
	/* What a question or an exchange needs is in scratch. */
	wipe(&d->in);
	d->line_start = d->line_octets = 0;
	d->literals = 0;
	if (!d->sasl && !d->number)
		forget(d);
}

/* Takes some: of a literal, or up to the end of the line. */
static size_t
take(struct door *d, struct slice in)
{
	size_t lf, n;

	if (d->literal) {
		n = in.n < d->literal ? in.n : d->literal;
		buf_put(&d->in, sl_sub(in, 0, n));
		d->literal -= n;
		d->line_start = d->in.n;
		return n;
	}
	lf = sl_find(in, '\n');
	n = lf < in.n ? lf + 1 : in.n;
	if (d->line_octets + n > DOOR_LINE_MAX) {
		door_bye(d, ENGINE_WHY_LIMIT, "A command is too long");
		return in.n;
	}
	d->line_octets += n;
	buf_put(&d->in, sl_sub(in, 0, n));
	if (lf < in.n)
		line_ends(d);
	return n;
}

/* Our side wants it to end, between two commands. */
static void
look(struct door *d)
{
	if (d->scratch && arena_exhausted(d->scratch))
		door_bye(d, ENGINE_WHY_LIMIT, "A command is too large");
	if (d->drain && !d->number && d->state.phase == ENGINE_OPEN)
		door_bye(d, ENGINE_WHY_DRAIN, "The server is going down, please come again");
	if (d->state.phase == ENGINE_CLOSING && !(d->number && d->handed)) {
		d->number = 0;
		forget(d);
	}
}

static size_t
door_feed(struct engine *e, struct slice in, bool eof, int64_t now_ms)
{
	struct door *d = door_of(e);
	size_t used = 0;

	d->now_ms = now_ms;
	if (d->state.phase == ENGINE_CLOSING)
		return in.n;
	if (!d->number && d->state.phase == ENGINE_OPEN && now_ms >= d->until_ms)
		door_bye(d, ENGINE_WHY_TIMEOUT, "You have not logged in in time");
	while (used < in.n && may_read(d))
		used += take(d, sl_skip(in, used));
	look(d);
	if (eof && used == in.n && d->state.phase != ENGINE_WANTS_HANDOFF)
		door_close(d, ENGINE_WHY_EOF);
	return d->state.phase == ENGINE_CLOSING ? in.n : used;
}

static bool
door_ask(struct engine *e, struct engine_ask *a)
{
	struct door *d = door_of(e);

	if (!d->number || d->handed)
		return false;
	d->handed = true;
	*a = (struct engine_ask){.number = d->number,
	    .kind = (uint16_t)d->kind,
	    .detail = d->kind == DOOR_ASK_AUTH ? &d->auth : NULL};
	return true;
}

static bool
door_cancelled(struct engine *e, uint32_t *number)
{
	struct door *d = door_of(e);

	if (d->state.phase != ENGINE_CLOSING || !d->number || !d->handed)
		return false;
	*number = d->number;
	d->number = 0;
	forget(d);
	return true;
}

static void
auth_answer(struct door *d, const struct fault *f)
{
	if (f->st == ST_OK) {
		forget(d);
		d->state.phase = ENGINE_WANTS_HANDOFF;
		return;
	}
	d->rules->failed(d, f);
	forget(d);
	/* R3501-11.2-c */
	if (f->st == ST_DENIED && ++d->failures >= d->o.failures_max)
		door_bye(d, ENGINE_WHY_LIMIT, "Too many logins have failed");
}

static void
door_answer(struct engine *e, const struct engine_answer *a, int64_t now_ms)
{
	struct door *d = door_of(e);

	d->now_ms = now_ms;
	if (!a->number || a->number != d->number || d->state.phase == ENGINE_CLOSING)
		return;
	d->number = 0;
	if (d->kind == DOOR_ASK_AUTH)
		auth_answer(d, &a->fault);
	else if (a->fault.st == ST_OK)
		d->rules->greet(d);
	else
		door_bye(d, ENGINE_WHY_LIMIT, a->fault.text);
	look(d);
}

static struct slice
door_body(struct engine *e)
{
	(void)e;
	return SL_NONE;
}

static void
door_body_taken(struct engine *e, size_t n, int64_t now_ms)
{
	(void)e;
	(void)n;
	(void)now_ms;
}

static size_t
door_output(struct engine *e, struct engine_piece *pieces, size_t max)
{
	struct door *d = door_of(e);

	if (max == 0 || d->out_taken == d->out.n)
		return 0;
	pieces[0] = (struct engine_piece){.bytes = sl_skip(buf_slice(&d->out), d->out_taken)};
	return 1;
}

static void
door_output_taken(struct engine *e, uint64_t n, int64_t now_ms)
{
	struct door *d = door_of(e);

	d->now_ms = now_ms;
	d->out_taken += n < d->out.n - d->out_taken ? (size_t)n : d->out.n - d->out_taken;
	if (d->out_taken < d->out.n)
		return;
	buf_clear(&d->out);
	buf_shrink(&d->out);
	d->out_taken = 0;
}

/* R2595-4-e: who the client is, it still has to say. */
static void
tls_is_on(struct door *d, const struct engine_tls *t)
{
	d->tls_on = true;
	buf_clear(&d->tls);
	if (t)
		buf_fmt(&d->tls, "%s %s %u", t->version, t->cipher, (unsigned)t->bits);
}

static void
door_event(struct engine *e, const struct engine_event *ev, int64_t now_ms)
{
	struct door *d = door_of(e);
	const struct fault *f = ev->detail;

	d->now_ms = now_ms;
	if (d->state.phase == ENGINE_CLOSING)
		return;
	if (ev->kind == ENGINE_TLS_ON) {
		tls_is_on(d, ev->detail);
		if (d->state.phase == ENGINE_WANTS_TLS)
			d->state.phase = ENGINE_OPEN;
		/* RFC 2595 section 3.1: nothing said before counts */
		forget(d);
	} else if (ev->kind == ENGINE_NOTICE && d->state.phase == ENGINE_WANTS_HANDOFF) {
		d->state.phase = ENGINE_OPEN;
		d->rules->refused(d, f);
	} else if (ev->kind == ENGINE_DRAIN) {
		d->drain = true;
	} else if (ev->kind == ENGINE_KICK) {
		door_bye(d, ENGINE_WHY_DRAIN, "The server ends this session");
	}
	look(d);
}

static int64_t
door_deadline(const struct engine *e)
{
	const struct door *d = CONTAINER_OF(e, const struct door, engine);

	return d->number || d->state.phase != ENGINE_OPEN ? ENGINE_NEVER : d->until_ms;
}

static struct engine_state
door_state(const struct engine *e)
{
	return CONTAINER_OF(e, const struct door, engine)->state;
}

static const struct engine_ops door_ops = {
    .name = "door",
    .feed = door_feed,
    .ask = door_ask,
    .answer = door_answer,
    .cancelled = door_cancelled,
    .body = door_body,
    .body_taken = door_body_taken,
    .output = door_output,
    .output_taken = door_output_taken,
    .event = door_event,
    .deadline = door_deadline,
    .state = door_state,
};

static void
door_fini(void *arg)
{
	struct door *d = arg;

	forget(d);
	buf_fini(&d->out);
	buf_fini(&d->tag);
	buf_fini(&d->tls);
}

struct door *
door_new(struct arena *a, const struct door_rules *rules, const struct door_opts *o, int64_t now_ms)
{
	struct door *d = arena_get(a, sizeof(*d));

	if (!d)
		return NULL;
	*d = (struct door){.engine.ops = &door_ops,
	    .rules = rules,
	    .o = *o,
	    .now_ms = now_ms,
	    .until_ms = now_ms + o->patience_ms,
	    .tls_on = o->tls_on};
	buf_init(&d->in, IN_MAX);
	buf_init(&d->out, OUT_MAX);
	buf_init(&d->tag, DOOR_TAG_MAX);
	buf_init(&d->tls, TLS_TEXT_MAX);
	if (!arena_defer(a, door_fini, d))
		return NULL;
	ask(d, DOOR_ASK_CONNECT);
	return d;
}

struct engine *
door_engine(struct door *d)
{
	return &d->engine;
}

void
door_facts(const struct door *d, struct door_facts *facts)
{
	*facts = (struct door_facts){.tls_on = d->tls_on,
	    .tls = buf_slice(&d->tls),
	    .tag = buf_slice(&d->tag),
	    .failures = d->failures};
}
