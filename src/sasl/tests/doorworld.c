#include "sasl/tests/doorworld.h"

#define DELAY_MS 5000

static struct door_world *
world_of(const struct drive_conn *c)
{
	return c->owner;
}

static void
asked(struct drive_conn *c, const struct engine_ask *ask)
{
	struct door_world *w = world_of(c);
	const struct door_auth *auth = ask->detail;
	struct fault f = FAULT_NONE;
	int64_t after_ms = w->late_ms;

	if (ask->kind == DOOR_ASK_CONNECT) {
		if (w->full)
			fault_set(&f, ST_LIMIT, "4.7.0", "too many connections");
		drive_pend(c, ask, &f, after_ms);
		return;
	}
	w->asked++;
	buf_fmt(&w->given, "%s ", auth->mechanism);
	buf_put(&w->given, auth->user);
	buf_put_byte(&w->given, ' ');
	buf_put(&w->given, auth->password);
	buf_put_byte(&w->given, '\n');
	if (!sl_eq(auth->password, SL("secret")) ||
	    !(sl_eq(auth->user, SL("user1")) || sl_eq(auth->user, SL("user2")))) {
		fault_set(&f, ST_DENIED, "5.7.8", "no");
		after_ms += DELAY_MS;
	}
	drive_pend(c, ask, &f, after_ms);
}

static void
answer(struct drive_conn *c, const struct drive_pending *p)
{
	drive_answer(c, p, NULL);
}

/* The last login of user2 comes back; everybody else is gone from here. */
static void
handoff(struct drive_conn *c)
{
	struct door_world *w = world_of(c);
	struct slice given = buf_slice(&w->given);
	struct engine_event back = {.kind = ENGINE_NOTICE};
	struct fault f;

	buf_clear(&w->unread);
	buf_put(&w->unread, buf_slice(&c->in));
	if (!sl_ends(given, SL(" user2 secret\n"))) {
		w->handed++;
		return;
	}
	fault_set(&f, ST_TEMP, "4.3.0", "come again");
	back.detail = &f;
	c->engine->ops->event(c->engine, &back, c->drive->now_ms);
}

static void
gone(struct drive_conn *c)
{
	(void)c;
}

void
door_world_opts(struct door_opts *o)
{
	door_opts_init(o, SL("mail.example.test"));
	o->words = o->words_tls = SL("IMAP4rev1 LITERAL+ SASL-IR");
	o->mechanisms = o->mechanisms_tls = SL("PLAIN LOGIN");
	o->start_tls = o->plaintext = o->has_id = true;
	o->version = SL("1");
}

void
door_world_open(struct door_world *w, door_new_fn *new_door, const struct door_opts *o)
{
	static const struct drive_ops ops = {
	    .asked = asked, .answer = answer, .handoff = handoff, .gone = gone};
	bool full = w->full;
	int64_t late_ms = w->late_ms;

	*w = (struct door_world){.full = full, .late_ms = late_ms};
	drive_init(&w->drive, &ops, w);
	w->arena = arena_new("door", 65536);
	buf_init(&w->given, 1 << 20);
	buf_init(&w->unread, 1 << 20);
	w->door = new_door(w->arena, o, w->drive.now_ms);
	w->conn = drive_connect(&w->drive, door_engine(w->door), w);
}

void
door_world_close(struct door_world *w)
{
	drive_fini(&w->drive);
	arena_free(w->arena);
	buf_fini(&w->given);
	buf_fini(&w->unread);
}

struct slice
door_world_say(struct door_world *w, const char *text)
{
	buf_clear(&w->conn->out);
	if (*text)
		drive_send(w->conn, sl_str(text), 0);
	return buf_slice(&w->conn->out);
}
