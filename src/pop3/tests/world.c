#include "pop3/tests/world.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/num.h"

#define MECHANISMS "PLAIN LOGIN"
#define ARENA_MAX ((size_t)256 << 20)

struct session {
	struct pop3_world *world;
	struct pop3_box *box;
	struct arena *arena;
	struct door *door;          /* before the login */
	struct pop3_server *server; /* after it */
	unsigned user;
	struct pop3_message *view; /* and which mail each of them is */
	size_t *which;
	size_t count;
};

/* The number in "userN@example.test"; 0: there is no such user. */
static unsigned
user_number(struct slice name)
{
	uint64_t n;

	if (name.n != sizeof("userN@example.test") - 1 || !sl_istarts(name, SL("user")) ||
	    !sl_iends(name, SL("@example.test")) ||
	    !num_u64(sl_sub(name, 4, 5), POP3_WORLD_USERS, &n))
		return 0;
	return (unsigned)n;
}

/* As the daemon does it: a refusal comes late. */
static void
judge_login(const struct door_auth *auth, struct fault *f, int64_t *after_ms)
{
	if (user_number(auth->user) && sl_eq(auth->password, SL("secret")) &&
	    (auth->authzid.n == 0 || sl_ieq(auth->authzid, auth->user)))
		return;
	fault_set(f, ST_DENIED, "5.7.8", "Authentication failed");
	*after_ms = 5000;
}

static void
judge(struct session *s, const struct engine_ask *ask, struct fault *f, int64_t *after_ms)
{
	unsigned kind = s->server ? ask->kind : POP3_WORLD_CONNECT + ask->kind;
	const struct pop3_read *read = kind == POP3_WORLD_READ ? ask->detail : NULL;
	const struct pop3_rule *r = s->world->rules;

	*f = FAULT_NONE;
	*after_ms = 0;
	for (size_t i = 0; i < s->world->rule_count; i++, r++) {
		if (r->kind != kind || (read && read->offset < r->offset))
			continue;
		*f = r->fault;
		*after_ms = r->after_ms;
		return;
	}
	if (kind == POP3_WORLD_LOGIN)
		judge_login(ask->detail, f, after_ms);
	if (read && s->box->mails[s->which[read->index]].is_gone)
		fault_set(f, ST_NOENT, "", "The message is gone");
}

/* Who it is that logs in, if the answer is yes. */
static void
note_user(struct session *s, const struct engine_ask *ask)
{
	unsigned n;

	if (s->server || ask->kind != DOOR_ASK_AUTH)
		return;
	n = user_number(((const struct door_auth *)ask->detail)->user);
	if (n)
		s->user = n;
}

static void
asked(struct drive_conn *c, const struct engine_ask *ask)
{
	struct fault f;
	int64_t after_ms;

	judge(c->owner, ask, &f, &after_ms);
	note_user(c->owner, ask);
	drive_pend(c, ask, &f, after_ms);
}

static void
open_answer(struct drive_conn *c, const struct drive_pending *p)
{
	struct session *s = c->owner;
	struct pop3_maildrop drop = {.uidvalidity = POP3_WORLD_UIDVALIDITY};

	s->view = arena_get_array(s->arena, s->box->count, sizeof(*s->view));
	s->which = arena_get_array(s->arena, s->box->count, sizeof(*s->which));
	for (size_t i = 0; i < s->box->count; i++) {
		const struct pop3_mail *m = &s->box->mails[i];

		if (m->is_gone)
			continue;
		s->which[drop.count] = i;
		s->view[drop.count++] = (struct pop3_message){
			.size_bytes = m->content.n,
			.uid = m->uid,
			.uidl = m->uidl,
		};
	}
	drop.items = s->view;
	drive_answer(c, p, &drop);
}

static void
read_answer(struct drive_conn *c, const struct drive_pending *p)
{
	struct session *s = c->owner;
	const struct pop3_read *r = p->detail;
	struct pop3_mail *m = &s->box->mails[s->which[r->index]];
	struct slice rest = sl_skip(m->content, (size_t)r->offset);
	size_t max = s->world->read_step && s->world->read_step < r->max ? s->world->read_step
									 : r->max;
	struct pop3_octets octets = {.bytes = sl_sub(rest, 0, max), .is_end = rest.n <= max};

	m->is_seen = m->is_seen || (r->is_retr && p->fault.st == ST_OK);
	drive_answer(c, p, &octets);
}

static void
commit_answer(struct drive_conn *c, const struct drive_pending *p)
{
	struct session *s = c->owner;
	const struct pop3_commit *commit = p->detail;

	s->world->commits++;
	for (size_t i = 0; p->fault.st == ST_OK && i < commit->count; i++)
		s->box->mails[s->which[commit->deleted[i]]].is_gone = true;
	drive_answer(c, p, NULL);
}

static void
answer(struct drive_conn *c, const struct drive_pending *p)
{
	if (!((struct session *)c->owner)->server)
		drive_answer(c, p, NULL);
	else if (p->kind == POP3_ASK_OPEN)
		open_answer(c, p);
	else if (p->kind == POP3_ASK_READ)
		read_answer(c, p);
	else
		commit_answer(c, p);
}

static void
gone(struct drive_conn *c)
{
	struct session *s = c->owner;

	arena_free(s->arena);
	mem_free(s);
}

static void serve(struct session *s, bool tls);

/* Logged in: the other engine goes on. */
static void
handoff(struct drive_conn *c)
{
	struct session *s = c->owner;
	struct door_facts facts;

	door_facts(s->door, &facts);
	serve(s, facts.tls_on);
	c->engine = pop3_server_engine(s->server);
}

static const struct drive_ops ops = {
	.asked = asked, .answer = answer, .handoff = handoff, .gone = gone};

void
pop3_world_init(struct pop3_world *w)
{
	*w = (struct pop3_world){0};
	drive_init(&w->drive, &ops, w);
}

void
pop3_world_fini(struct pop3_world *w)
{
	drive_fini(&w->drive);
	for (size_t i = 0; i < POP3_WORLD_USERS; i++)
		mem_free(w->boxes[i].mails);
}

void
pop3_world_put(struct pop3_world *w, unsigned user, struct slice content, const char *uidl)
{
	struct pop3_box *b = &w->boxes[user - 1];

	if (b->count == b->room) {
		b->room = b->room ? 2 * b->room : 16;
		b->mails = mem_resize(b->mails, b->room * sizeof(*b->mails));
	}
	b->mails[b->count++] =
	    (struct pop3_mail){.content = content, .uid = ++b->uidnext, .uidl = uidl};
}

static struct session *
session_make(struct pop3_world *w, unsigned user)
{
	struct session *s = mem_get(sizeof(*s));

	memset(s, 0, sizeof(*s));
	s->world = w;
	s->user = user;
	s->arena = arena_new("pop3", ARENA_MAX);
	return s;
}

/* The engine behind the login. */
static void
serve(struct session *s, bool tls)
{
	struct pop3_server_opts o;

	s->box = &s->world->boxes[s->user - 1];
	pop3_server_opts_init(&o, SL("mx.example.test"));
	o.capa = (struct pop3_capa){
		.user = true,
		.sasl = tls ? SL(MECHANISMS) : SL_NONE,
		.auth_codes = true,
		.expire = SL("NEVER"),
		.implementation = SL("world"),
	};
	if (s->world->tune)
		s->world->tune(&o);
	s->server = pop3_server_new(s->arena, &o, s->world->drive.now_ms);
}

struct drive_conn *
pop3_world_enter(struct pop3_world *w, unsigned user)
{
	struct session *s = session_make(w, user);

	serve(s, true);
	return drive_connect(&w->drive, pop3_server_engine(s->server), s);
}

struct drive_conn *
pop3_world_connect(struct pop3_world *w, bool tls)
{
	struct session *s = session_make(w, 1);
	struct door_opts o;

	door_opts_init(&o, SL("mx.example.test"));
	o.mechanisms_tls = SL(MECHANISMS);
	o.start_tls = !tls;
	o.plaintext = true;
	o.tls_on = tls;
	o.patience_ms = 600000;
	s->door = pop3_login_new(s->arena, &o, w->drive.now_ms);
	return drive_connect(&w->drive, door_engine(s->door), s);
}

size_t
pop3_world_count(const struct pop3_world *w, unsigned user)
{
	const struct pop3_box *b = &w->boxes[user - 1];
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++)
		n += !b->mails[i].is_gone;
	return n;
}

void
pop3_world_facts(const struct drive_conn *c, struct pop3_facts *facts)
{
	const struct session *s = c->owner;

	pop3_server_facts(s->server, facts);
}
