/*
 * Mailboxes: Maildirs, each with its groups of deliveries, and mbox files, one at a time.
 */
#include "daemon/courierlocal/local.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "deliver/mbox.h"
#include "ipc/messages.h"
#include "maildir/dir.h"
#include "net/log.h"
#include "os/clock.h"
#include "os/filelock.h"

#define BOXES_MAX 64 /* of an account: more than these are forgotten when they are idle */
#define LOCK_AGAIN_MS 200
#define FROM_LINE_MAX 2048

/* A Maildir folder that was delivered to. */
struct box {
	struct list_node node;
	struct account *account;
	char *path;   /* as the instruction says it */
	char *parent; /* of an absolute path: where it is; else NULL */
	struct maildir_folder *folder;
	struct deferred turn;
	bool is_doubtful; /* the last delivery failed: look again what it is */
};

struct box *
box_of(struct list_node *n)
{
	return CONTAINER_OF(n, struct box, node);
}

bool
box_is_idle(const struct box *b)
{
	return maildir_folder_is_idle(b->folder);
}

void
box_free(struct box *b)
{
	loop_defer_stop(&b->turn);
	maildir_folder_free(b->folder);
	list_remove(&b->node);
	mem_free(b->path);
	mem_free(b->parent);
	mem_free(b);
}

/* ---- where it is ---- */

/* Behind this the rest of the path is walked without following links. */
static int
open_base(const struct account *a, const char *parent, struct fault *f)
{
	int fd;

	if (!parent)
		return account_open_home(a, f);
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fault_sys(f, ST_TEMP, errno == ENOENT ? "4.2.0" : "4.3.0", errno, "%s", parent);
	return fd;
}

static int
box_base(void *owner, struct fault *f)
{
	struct box *b = owner;

	return open_base(b->account, b->parent, f);
}

static struct slice
without_end_slashes(struct slice path)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

/* "/var/mail/u" is "u" in "/var/mail"; *parent is NULL for a path below the home. */
static struct slice
split(struct slice path, char **parent)
{
	size_t at;

	*parent = NULL;
	path = without_end_slashes(path);
	if (path.p[0] != '/')
		return path;
	at = sl_rfind(path, '/');
	*parent = mem_str(at == 0 ? SL("/") : sl_sub(path, 0, at));
	return sl_skip(path, at + 1);
}

/*
 * What a missing mailbox is to become. Yes, a Maildir, where the path says so by a slash at its
 * end, or by the name of a Maildir++ folder. The account's own, and the usual one, only in a home
 * that nobody used yet: where it was lost, mail waits until it is back. *is_maildir false: an mbox
 * file.
 */
static enum maildir_make
may_make(const struct account *a, struct slice path, bool *is_maildir)
{
	struct slice whole = without_end_slashes(path), last = whole;

	*is_maildir = true;
	last = sl_skip(last, sl_rfind(last, '/') < last.n ? sl_rfind(last, '/') + 1 : 0);
	if (sl_eq(last, SL("Maildir")) || sl_eq(whole, without_end_slashes(a->maildir)))
		return MAILDIR_IF_FRESH;
	if (whole.n < path.n || (last.n > 1 && last.p[0] == '.'))
		return MAILDIR_MAKE;
	*is_maildir = false;
	return MAILDIR_NEVER;
}

/* ---- Maildir ---- */

static void
box_run(struct deferred *d)
{
	struct box *b = d->arg;

	maildir_folder_run(b->folder);
}

void
box_wants_turn(void *owner)
{
	struct box *b = owner;

	loop_defer(b->account->l->loop, &b->turn, box_run, b);
}

static struct box *
box_find(struct account *a, struct slice path)
{
	LIST_EACH (&a->boxes, n)
		if (sl_eq(sl_str(box_of(n)->path), path))
			return box_of(n);
	return NULL;
}

static struct box *
box_new(struct account *a, struct slice path)
{
	struct box *b = mem_get(sizeof(*b));
	size_t count = 0;
	bool is_maildir;

	LIST_EACH (&a->boxes, n)
		count++;
	LIST_EACH (&a->boxes, n)
		if (count >= BOXES_MAX && box_is_idle(box_of(n))) {
			box_free(box_of(n));
			count--;
		}
	*b = (struct box){.account = a, .path = mem_str(path)};
	struct maildir_place place = {
	    .base = box_base,
	    .owner = b,
	    .path = split(sl_str(b->path), &b->parent),
	    .quota = a->quota,
	    .make = may_make(a, path, &is_maildir),
	};
	b->folder = maildir_folder_new(&a->l->host, &place);
	list_node_init(&b->node);
	list_append(&a->boxes, &b->node);
	return b;
}

static void
maildir_done(struct maildir_job *job, const struct fault *f)
{
	struct run *r = job->arg;
	struct box *b = r->box;

	b->is_doubtful = f->st != ST_OK;
	if (f->st == ST_OK)
		local_arrived(b->account->l, b->account, sl_str(b->path));
	r->box = NULL;
	run_continue(r, f);
}

static enum st
maildir_put(struct run *r, struct box *b)
{
	struct delivery *d = r->d;

	r->box = b;
	r->job = (struct maildir_job){
	    .key = {.id = d->id, .recipient = r->number, .arrived_sec = d->arrived_sec},
	    .is_retry = (d->flags & DELIVER_RETRY) != 0,
	    .head = r->head,
	    .body = &d->body,
	    .done = maildir_done,
	    .arg = r,
	};
	maildir_folder_put(b->folder, &r->job);
	return ST_AGAIN;
}

/* ---- mbox ---- */

/* The file being written; it outlives its run when that is given up during the sync. */
struct mbox_work {
	struct local *l;
	struct run *r; /* NULL: given up */
	struct deliver_mbox box;
	int parent;
	struct timer again;
	struct durable_item items[2];
	struct durable_group group;
};

static void mbox_next(struct local *l);

static void
mbox_end(struct mbox_work *w, const struct fault *f)
{
	struct local *l = w->l;
	struct run *r = w->r;

	loop_timer_stop(l->loop, &w->again);
	filelock_release(w->box.fd);
	deliver_mbox_close(&w->box);
	close(w->parent);
	mem_free(w);
	l->mbox = NULL;
	if (r)
		run_continue(r, f);
	if (!l->mbox)
		mbox_next(l);
}

static void
mbox_synced(struct durable_group *g)
{
	struct mbox_work *w = g->arg;
	struct fault f = FAULT_NONE;
	int err = 0;

	for (size_t i = 0; i < g->count; i++)
		err = err ? err : -g->items[i].result;
	if (err)
		maildir_fault(&f, err, "making the mailbox durable");
	if (err || !w->r)
		deliver_mbox_undo(&w->box);
	mbox_end(w, &f);
}

static void
mbox_write(struct mbox_work *w)
{
	struct delivery *d = w->r->d;
	struct buf from;
	struct fault f;
	enum st st;

	buf_init(&from, FROM_LINE_MAX);
	deliver_from_line(&from, d->sender, d->arrived_sec, clock_offset_minutes(d->arrived_sec));
	st = deliver_mbox_append(&w->box, buf_slice(&from), w->r->head, &d->body, &f);
	buf_fini(&from);
	if (st != ST_OK) {
		mbox_end(w, &f);
		return;
	}
	w->items[0] = (struct durable_item){.fd = w->box.fd, .kind = DURABLE_FILE};
	w->items[1] = (struct durable_item){.fd = w->parent, .kind = DURABLE_DIR};
	w->group = (struct durable_group){
	    .items = w->items, .count = w->box.created ? 2 : 1, .done = mbox_synced, .arg = w};
	durable_submit(w->l->host.durable, &w->group);
}

static void
mbox_lock(struct timer *t)
{
	struct mbox_work *w = t->arg;
	int err = filelock_try(w->box.fd);
	struct fault f;

	if (err == -EAGAIN) {
		loop_timer_at(
		    w->l->loop, &w->again, loop_now(w->l->loop) + LOCK_AGAIN_MS, mbox_lock, w);
	} else if (err) {
		maildir_fault(&f, -err, "locking the mailbox");
		mbox_end(w, &f);
	} else {
		mbox_write(w);
	}
}

/* The next one that waits; POSIX locks of one process do not keep its own deliveries apart. */
static void
mbox_next(struct local *l)
{
	struct list_node *n = list_first(&l->mbox_queue);
	struct run *r = n ? CONTAINER_OF(n, struct run, waits) : NULL;
	struct slice path, last = SL_NONE;
	struct mbox_work *w;
	struct fault f;
	char *parent;
	int base;

	if (!r || l->mbox)
		return;
	list_remove(n);
	w = l->mbox = mem_get(sizeof(*w));
	*w = (struct mbox_work){.l = l, .r = r, .parent = -1, .box = {.fd = -1}};
	w->again.arg = w;
	path = split(r->now->text, &parent);
	base = open_base(r->d->account, parent, &f);
	mem_free(parent);
	if (base >= 0) {
		w->parent = maildir_walk(base, path, &last, &f);
		close(base);
	}
	if (w->parent < 0 || deliver_mbox_open(w->parent, last, &w->box, &f) != ST_OK)
		mbox_end(w, &f);
	else
		mbox_lock(&w->again);
}

/* ---- either ---- */

/* Looks what the path is. ST_OK with *kind, or a fault of class 4. */
static enum st
look(struct run *r, struct slice path, enum maildir_kind *kind, struct fault *f)
{
	struct slice rest, last = SL_NONE;
	int base, dir = -1;
	char *parent;

	rest = split(path, &parent);
	base = open_base(r->d->account, parent, f);
	mem_free(parent);
	if (base >= 0) {
		dir = maildir_walk(base, rest, &last, f);
		close(base);
	}
	if (dir < 0)
		return f->st;
	*kind = maildir_kind_of(dir, last);
	close(dir);
	return ST_OK;
}

enum st
box_deliver(struct run *r, struct slice path, struct fault *f)
{
	struct box *b = box_find(r->d->account, path);
	enum maildir_kind kind = MAILDIR_IS_OTHER;
	bool is_maildir;
	enum st st;

	if (b && b->is_doubtful && box_is_idle(b)) {
		box_free(b);
		b = NULL;
	}
	if (b)
		return maildir_put(r, b);
	st = look(r, path, &kind, f);
	if (st != ST_OK)
		return st;
	if (kind == MAILDIR_IS_OTHER)
		return fault_set(f, ST_TEMP, "4.2.0", "%.*s is no mailbox", SL_FMT(path));
	may_make(r->d->account, path, &is_maildir);
	if (kind == MAILDIR_IS_DIR || (kind == MAILDIR_IS_MISSING && is_maildir))
		return maildir_put(r, box_new(r->d->account, path));
	run_arm(r);
	list_append(&r->d->l->mbox_queue, &r->waits);
	mbox_next(r->d->l);
	return ST_AGAIN;
}

void
box_abort(struct run *r)
{
	struct mbox_work *w = r->d->l->mbox;

	if (r->box)
		maildir_job_cancel(&r->job);
	r->box = NULL;
	if (!w || w->r != r)
		return;
	w->r = NULL;
	/* Under way in the pool of sync threads: mbox_synced ends it. Otherwise it waits for the
	 * lock. */
	if (!w->group.done)
		mbox_end(w, &FAULT_NONE);
}
