/*
 * A small world in front of a login, in virtual time: everybody may come in; user1 with "secret"
 * may log in, user2 too but no worker takes him, others may not. For unit tests and fuzz harnesses.
 */
#ifndef SASL_TESTS_DOORWORLD_H
#define SASL_TESTS_DOORWORLD_H

#include "base/tests/drive.h"
#include "sasl/door.h"

typedef struct door *door_new_fn(struct arena *a, const struct door_opts *o, int64_t now_ms);

struct door_world {
	struct drive drive;
	struct drive_conn *conn;
	struct arena *arena;
	struct door *door;
	unsigned asked, handed; /* logins; connections that were taken over */
	struct buf given;       /* "mechanism user password" of each login, a line */
	struct buf unread;      /* what came behind the last login */
	int64_t late_ms;        /* each answer comes so much later */
	bool full;              /* nobody may come in */
};

/* Options that tests begin with: TLS offered, passwords taken without, PLAIN and LOGIN. */
void door_world_opts(struct door_opts *o);

void door_world_open(struct door_world *w, door_new_fn *new_door, const struct door_opts *o);
void door_world_close(struct door_world *w);

/* What was said since the last call. */
struct slice door_world_say(struct door_world *w, const char *text);

#endif
