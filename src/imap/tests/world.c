#include "imap/tests/world.h"

#include "base/attr.h"
#include "base/num.h"
#include "imap/login.h"

#define ARENA_MAX ((size_t)64 << 20)

struct session {
	struct imap_world *world;
	struct arena *arena;
	struct door *door;          /* before the login */
	unsigned user;              /* who has logged in; 0: nobody yet */
	struct imap_server *server; /* behind it, or NULL */
	struct store_view view;
};

/* What a question is about, as rules name it. */
static struct slice
key_of(const struct engine_ask *ask)
{
	switch (ask->kind) {
	case IMAP_ASK_SELECT:
		return ((const struct imap_select *)ask->detail)->name;
	case IMAP_ASK_STATUS:
	case IMAP_ASK_CREATE:
	case IMAP_ASK_DELETE:
	case IMAP_ASK_SUBSCRIBE:
	case IMAP_ASK_UNSUBSCRIBE:
		return ((const struct imap_name *)ask->detail)->name;
	case IMAP_ASK_RENAME:
		return ((const struct imap_rename *)ask->detail)->from;
	case IMAP_ASK_APPEND:
		return ((const struct imap_append *)ask->detail)->mailbox;
	case IMAP_ASK_COPY:
		return ((const struct imap_copy *)ask->detail)->mailbox;
	default:
		return SL_NONE;
	}
}

static bool
is_notice(unsigned kind)
{
	return kind == IMAP_ASK_APPEND_DROP || kind == IMAP_ASK_RELEASE;
}

/* Whose address this is, or 0. */
static unsigned
user_of(struct slice address)
{
	static const char domain[] = "@" IMAP_WORLD_DOMAIN;
	uint64_t n;

	if (!sl_istarts(address, SL("user")) || !sl_iends(address, sl_str(domain)))
		return 0;
	address = sl_sub(address, 4, address.n - (sizeof(domain) - 1));
	return num_u64(address, IMAP_WORLD_USERS, &n) ? (unsigned)n : 0;
}

/* A question before the login. */
static void
door_asked(struct drive_conn *c, const struct engine_ask *ask)
{
	struct session *s = c->owner;
	const struct door_auth *auth = ask->kind == DOOR_ASK_AUTH ? ask->detail : NULL;
	struct fault f = FAULT_NONE;

	if (auth) {
		s->user = user_of(auth->user);
		if (!s->user || !sl_eq(auth->password, SL(IMAP_WORLD_PASSWORD)) ||
		    (auth->authzid.n && !sl_ieq(auth->authzid, auth->user)))
			fault_set(&f, ST_DENIED, "5.7.8", "Authentication failed");
	}
	drive_pend(c, ask, &f, s->world->lazy ? 10 : 0);
}

static void
asked(struct drive_conn *c, const struct engine_ask *ask)
{
	struct session *s = c->owner;
	const struct imap_rule *r = s->world->rules;
	int64_t after_ms = s->world->lazy ? 10 : 0;
	struct fault f = FAULT_NONE;
	bool changed;

	if (!s->server) {
		door_asked(c, ask);
		return;
	}
	if (is_notice(ask->kind)) {
		store_do(&s->view, ask->kind, ask->detail, &f, &changed);
		return;
	}
	for (size_t i = 0; i < s->world->rule_count; i++, r++)
		if (r->kind == ask->kind &&
		    (sl_eq(r->key, SL("*")) || sl_eq(r->key, key_of(ask)))) {
			f = r->fault;
			after_ms = r->after_ms;
			break;
		}
	drive_pend(c, ask, &f, after_ms);
}

/* Sessions that have the same folder selected hear of it. */
static void
notify(struct drive_conn *from)
{
	const struct session *s = from->owner;

	for (struct drive_conn *c = from->drive->conns; c; c = c->next) {
		const struct session *other = c->owner;

		if (c != from && other->server && other->view.folder &&
		    other->view.store == s->view.store)
			drive_event(c, ENGINE_NOTICE);
	}
}

static void
answer(struct drive_conn *c, const struct drive_pending *p)
{
	struct session *s = c->owner;
	struct drive_pending done = *p;
	const void *detail = NULL;
	bool changed = false;

	if (!s->server) {
		drive_answer(c, p, NULL);
		return;
	}
	if (p->fault.st == ST_OK)
		detail = store_do(&s->view, p->kind, p->detail, &done.fault, &changed);
	drive_answer(c, &done, done.fault.st == ST_OK ? detail : NULL);
	if (changed)
		notify(c);
}

static size_t
body(struct drive_conn *c, struct slice chunk)
{
	struct session *s = c->owner;

	if (s->world->body_step && chunk.n > s->world->body_step)
		chunk.n = s->world->body_step;
	buf_put(&s->view.append_body, chunk);
	return chunk.n;
}

static bool
piece(struct drive_conn *c, const struct engine_piece *p, struct buf *out)
{
	struct session *s = c->owner;
	const struct store_handle *h = &s->view.handles[p->handle - 1];

	if (!h->in_use || p->offset + p->length > h->content.n)
		return false;
	buf_put(out, sl_sub(buf_slice(&h->content), (size_t)p->offset,
			 (size_t)(p->offset + p->length)));
	return true;
}

static void
gone(struct drive_conn *c)
{
	struct session *s = c->owner;

	arena_free(s->arena);
	if (s->server)
		store_view_fini(&s->view);
	mem_free(s);
}

/* The session behind the login; tag is that of the command that logged in. */
static void
serve(struct session *s, unsigned user, struct slice tag)
{
	struct imap_world *w = s->world;
	struct imap_server_opts o;

	store_view_init(&s->view, &w->stores[user - 1]);
	s->view.sync_step = w->sync_step;
	s->view.fetch_step = w->fetch_step;
	s->view.handle_min = w->handle_min;
	imap_server_opts_init(&o);
	o.capability = SL(IMAP_WORLD_CAPABILITY);
	o.first_tag = tag;
	o.host = SL("mx." IMAP_WORLD_DOMAIN);
	o.keywords = true;
	o.has_id = true;
	o.append_max_bytes = 10485760;
	if (w->tune)
		w->tune(&o);
	s->server = imap_server_new(s->arena, &o, w->drive.now_ms);
}

static void
handoff(struct drive_conn *c)
{
	struct session *s = c->owner;
	struct door_facts facts;

	door_facts(s->door, &facts);
	serve(s, s->user, arena_copy(s->arena, facts.tag));
	c->engine = imap_server_engine(s->server);
}

static const struct drive_ops ops = {
	.asked = asked,
	.answer = answer,
	.body = body,
	.piece = piece,
	.handoff = handoff,
	.gone = gone,
};

void
imap_world_init(struct imap_world *w)
{
	*w = (struct imap_world){0};
	drive_init(&w->drive, &ops, w);
	for (size_t i = 0; i < IMAP_WORLD_USERS; i++)
		store_init(&w->stores[i]);
}

void
imap_world_fini(struct imap_world *w)
{
	drive_fini(&w->drive);
	for (size_t i = 0; i < IMAP_WORLD_USERS; i++)
		store_fini(&w->stores[i]);
}

static struct session *
session_new(struct imap_world *w)
{
	struct session *s = mem_get(sizeof(*s));

	s->world = w;
	s->arena = arena_new("imap", ARENA_MAX);
	return s;
}

struct drive_conn *
imap_world_knock(struct imap_world *w, bool tls_on)
{
	struct session *s = session_new(w);
	struct door_opts o;

	door_opts_init(&o, SL("mx." IMAP_WORLD_DOMAIN));
	o.words = o.words_tls = SL(IMAP_WORLD_CAPABILITY " SASL-IR");
	o.mechanisms = o.mechanisms_tls = SL("PLAIN LOGIN");
	o.start_tls = !tls_on;
	o.tls_on = tls_on;
	o.has_id = true;
	s->door = imap_login_new(s->arena, &o, w->drive.now_ms);
	return drive_connect(&w->drive, door_engine(s->door), s);
}

struct drive_conn *
imap_world_enter(struct imap_world *w, unsigned user)
{
	struct session *s = session_new(w);

	serve(s, user, SL("login"));
	return drive_connect(&w->drive, imap_server_engine(s->server), s);
}

struct imap_server *
imap_world_server(const struct drive_conn *c)
{
	return ((const struct session *)c->owner)->server;
}

struct store_view *
imap_world_view(const struct drive_conn *c)
{
	return &((struct session *)c->owner)->view;
}
