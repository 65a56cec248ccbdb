/*
 * An account's Maildir and the store on it. Opened as the account, before the sandbox is on; the
 * further accounts of a worker with WORKER=uid later (docs/MAILBOXES.md section 1).
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "daemon/mailbox/worker.h"
#include "maildir/dir.h"
#include "net/log.h"

#define SYNC_THREADS 4

/* ---- the store's host ---- */

static void
turn(struct deferred *d)
{
	struct worker_account *a = d->arg;

	store_turn(a->store);
}

static void
turn_late(struct timer *t)
{
	struct worker_account *a = t->arg;

	store_turn(a->store);
}

static void
wake(void *owner, int64_t delay_ms)
{
	struct worker_account *a = owner;
	struct loop *l = a->w->loop;

	loop_timer_stop(l, &a->later);
	loop_defer_stop(&a->turn);
	if (delay_ms <= 0)
		loop_defer(l, &a->turn, turn, a);
	else
		loop_timer_at(l, &a->later, loop_now(l) + delay_ms, turn_late, a);
}

static void
note(void *owner, const struct fault *f)
{
	struct worker_account *a = owner;

	log_event(LOG_LEVEL_WARNING, "maildir", KV_SL("account", a->address), KV_FAULT(f), KV_END);
}

/* ---- where it is ---- */

/* The directory the last name of the path stands in, and that name. -1 with f. */
static int
open_parent(const struct worker_account *a, struct slice *last, struct fault *f)
{
	bool absolute = a->maildir.p[0] == '/';
	struct slice path = a->maildir, base = a->home;
	struct arena *scratch;
	size_t at;
	int fd, parent;

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (absolute) {
		at = sl_rfind(path, '/');
		base = at ? sl_sub(path, 0, at) : SL("/");
		path = sl_skip(path, at + 1);
	}
	scratch = arena_new("path", 4096);
	fd = open(arena_str(scratch, base), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	arena_free(scratch);
	if (fd < 0) {
		fault_sys(f, ST_TEMP, "4.3.0", errno, "%.*s", SL_FMT(base));
		return -1;
	}
	if (absolute) {
		*last = path;
		return fd;
	}
	parent = maildir_walk(fd, path, last, f);
	close(fd);
	return parent;
}

/* A Maildir was made: its name in the home shall survive as well. */
struct fresh {
	struct durable_item item;
	struct durable_group group;
};

static void
fresh_synced(struct durable_group *g)
{
	struct fresh *k = g->arg;

	if (k->item.result != 0)
		log_event(LOG_LEVEL_ERROR, "maildir", KV_STR("sync", "the home of an account"),
		    KV_I64("errno", -k->item.result), KV_END);
	close(k->item.fd);
	mem_free(k);
}

static void
fresh_sync(struct worker_account *a, int parent)
{
	struct fresh *k = mem_get(sizeof(*k));

	*k = (struct fresh){.item = {.fd = parent, .kind = DURABLE_DIR}};
	k->group = (struct durable_group){
	    .items = &k->item, .count = 1, .done = fresh_synced, .arg = k};
	durable_submit(a->host.durable, &k->group);
}

enum st
worker_account_open(struct worker_account *a, struct fault *f)
{
	struct maildir m = MAILDIR_CLOSED;
	struct slice last = SL_NONE;
	int parent, top;
	enum st st;

	if (a->store)
		return ST_OK;
	a->host = (struct store_host){
	    .durable = loop_durable(a->w->loop, SYNC_THREADS),
	    .wake = wake,
	    .note = note,
	    .owner = a,
	    .me = a->w->me,
	    .quota = a->quota,
	    .no_keywords = worker_conf(a->w)->keywords == 0,
	};
	parent = open_parent(a, &last, f);
	if (parent < 0)
		return f->st;
	/* Where it was lost there is something else in the home: then it waits to be put back. */
	st = maildir_open(parent, last, MAILDIR_IF_FRESH, &m, f);
	if (st == ST_OK && m.created)
		fresh_sync(a, parent);
	else
		close(parent);
	if (st != ST_OK)
		return st;
	top = m.top;
	m.top = -1;
	maildir_close(&m);
	a->store = store_new(&a->host, top, f);
	return a->store ? ST_OK : f->st;
}

void
worker_account_close(struct worker_account *a)
{
	loop_timer_stop(a->w->loop, &a->later);
	loop_defer_stop(&a->turn);
	if (a->store)
		store_free(a->store);
	a->store = NULL;
}
