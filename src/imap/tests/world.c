#include "imap/tests/world.h"

#include "base/attr.h"

#define ARENA_MAX ((size_t)64 << 20)

struct session {
	struct imap_world *world;
	struct arena *arena;
	struct imap_server *server;
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

static void
asked(struct drive_conn *c, const struct engine_ask *ask)
{
	struct session *s = c->owner;
	const struct imap_rule *r = s->world->rules;
	int64_t after_ms = s->world->lazy ? 10 : 0;
	struct fault f = FAULT_NONE;
	bool changed;

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

		if (c != from && other->view.folder && other->view.store == s->view.store)
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
	store_view_fini(&s->view);
	mem_free(s);
}

static const struct drive_ops ops = {
	.asked = asked, .answer = answer, .body = body, .piece = piece, .gone = gone};

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

struct drive_conn *
imap_world_enter(struct imap_world *w, unsigned user)
{
	struct session *s = mem_get(sizeof(*s));
	struct imap_server_opts o;

	s->world = w;
	s->arena = arena_new("imap", ARENA_MAX);
	store_view_init(&s->view, &w->stores[user - 1]);
	s->view.sync_step = w->sync_step;
	s->view.fetch_step = w->fetch_step;
	s->view.handle_min = w->handle_min;
	imap_server_opts_init(&o);
	o.capability = SL("IMAP4rev1 UIDPLUS CHILDREN NAMESPACE UNSELECT IDLE LITERAL+ ID");
	o.first_tag = SL("login");
	o.host = SL("mx.example.test");
	o.keywords = true;
	o.append_max_bytes = 10485760;
	if (w->tune)
		w->tune(&o);
	s->server = imap_server_new(s->arena, &o, w->drive.now_ms);
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
