/*
 * One worker, one world.
 */
#include "daemon/courierlocal/tests/one.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/check.h"

struct world w;
struct worker k;

void
begin(void)
{
	world_open(&w);
	worker_start(&w, &k, "u");
}

void
end(void)
{
	int status = worker_end(&k);

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	world_close(&w);
}

/* Delivers one message and waits for its result. */
struct parcel
deliver(const struct order *o)
{
	struct parcel p;

	parcel_send(&k, 0, &p, o);
	CHECK(world_wait(&w, &p.answers, 1));
	return p;
}

struct parcel
deliver_to(const char *extension)
{
	static unsigned number;
	char id[32];

	snprintf(id, sizeof(id), "a.b.%u", number++);
	return deliver(&(struct order){.id = id, .extension = extension, .text = SL(TEXT)});
}

bool
is(const struct parcel *p, unsigned class, unsigned subject, unsigned detail)
{
	if (p->esc[0] == class && p->esc[1] == subject && p->esc[2] == detail && !p->was_lost)
		return true;
	printf("%u.%u.%u %s\n", p->esc[0], p->esc[1], p->esc[2], p->text);
	return false;
}

pid_t
pid_in(const char *path)
{
	struct buf got;
	long pid = 0;

	buf_init(&got, 1 << 16);
	for (int i = 0; i < 3000 && pid == 0; i++) {
		world_turns(&w, 10);
		world_read(&w, path, &got);
		if (got.n && got.p[got.n - 1] == '\n')
			pid = strtol(buf_str(&got), NULL, 10);
	}
	buf_fini(&got);
	return (pid_t)pid;
}
