#include "pop3/tests/world.h"

#include "base/arena.h"
#include "base/attr.h"

#define ARENA_MAX ((size_t)256 << 20)

struct session {
	struct pop3_world *world;
	struct pop3_box *box;
	struct arena *arena;
	struct pop3_server *server;
	struct pop3_message *view; /* and which mail each of them is */
	size_t *which;
	size_t count;
};

static void
judge(const struct session *s, const struct engine_ask *ask, struct fault *f, int64_t *after_ms)
{
	const struct pop3_read *read = ask->kind == POP3_ASK_READ ? ask->detail : NULL;
	const struct pop3_rule *r = s->world->rules;

	*f = FAULT_NONE;
	*after_ms = 0;
	for (size_t i = 0; i < s->world->rule_count; i++, r++) {
		if (r->kind != ask->kind || (read && read->offset < r->offset))
			continue;
		*f = r->fault;
		*after_ms = r->after_ms;
		return;
	}
	if (read && s->box->mails[s->which[read->index]].is_gone)
		fault_set(f, ST_NOENT, "", "The message is gone");
}

static void
asked(struct drive_conn *c, const struct engine_ask *ask)
{
	struct fault f;
	int64_t after_ms;

	judge(c->owner, ask, &f, &after_ms);
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
	if (p->kind == POP3_ASK_OPEN)
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

static const struct drive_ops ops = {.asked = asked, .answer = answer, .gone = gone};

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

struct drive_conn *
pop3_world_enter(struct pop3_world *w, unsigned user)
{
	struct session *s = mem_get(sizeof(*s));
	struct pop3_server_opts o;

	memset(s, 0, sizeof(*s));
	s->world = w;
	s->box = &w->boxes[user - 1];
	s->arena = arena_new("pop3", ARENA_MAX);
	pop3_server_opts_init(&o, SL("mx.example.test"));
	o.capa = (struct pop3_capa){
		.user = true,
		.sasl = SL("PLAIN LOGIN"),
		.auth_codes = true,
		.expire = SL("NEVER"),
		.implementation = SL("world"),
	};
	if (w->tune)
		w->tune(&o);
	s->server = pop3_server_new(s->arena, &o, w->drive.now_ms);
	return drive_connect(&w->drive, pop3_server_engine(s->server), s);
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
