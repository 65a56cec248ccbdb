/*
 * The rows of a worker: accounts, channels, and its end.
 */
#include "daemon/mailbox/worker.h"

#include <errno.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/log.h"

#define ACCOUNT_MAX (16u << 10)
#define IDLE_LEAST_MS 1000

/* A channel to login, or to a deliverer. */
struct worker_link {
	struct list_node node;
	struct channel *c;
};

static const struct worker_def *worker_def; /* this program's; set once, by main */

const struct conf_mailservice *
worker_conf(const struct worker *w)
{
	return w->def->conf(w->conf);
}

void
worker_init(struct worker *w)
{
	list_init(&w->accounts);
	list_init(&w->clients);
	list_init(&w->early);
	list_init(&w->links);
	list_init(&w->watched);
}

void
worker_busy(struct worker *w)
{
	if (w->p)
		proc_busy(w->p, w->client_count);
}

/* ---- accounts ---- */

struct worker_account *
worker_account_find(struct worker *w, struct slice address)
{
	LIST_EACH (&w->accounts, n) {
		struct worker_account *a = CONTAINER_OF(n, struct worker_account, node);

		if (!a->is_gone && sl_eq(a->address, address))
			return a;
	}
	return NULL;
}

static void
account_free(struct worker_account *a)
{
	worker_account_close(a);
	list_remove(&a->node);
	arena_free(a->arena);
	mem_free(a);
}

/* No session of it is begun any more; those there are end as soon as they can. */
static void
account_drop(struct worker_account *a, enum engine_event_kind kind)
{
	a->is_gone = true;
	clients_tell(a->w, a, kind);
	if (a->sessions == 0)
		account_free(a);
}

enum st
worker_account_new(struct worker *w, const struct ipc_account *m, struct worker_account **out,
    struct fault *f)
{
	struct worker_account *a = mem_get(sizeof(*a));
	struct slice maildir = m->maildir.n ? m->maildir : sl_str(worker_conf(w)->maildir);

	*out = NULL;
	*a = (struct worker_account){.w = w, .arena = arena_new("account", ACCOUNT_MAX)};
	list_node_init(&a->node);
	list_append(&w->accounts, &a->node);
	a->address = arena_copy(a->arena, m->address);
	a->home = arena_copy(a->arena, m->home);
	a->quota = arena_copy(a->arena, m->quota);
	a->maildir = arena_copy(a->arena, maildir.n ? maildir : SL("Maildir"));
	if (arena_exhausted(a->arena) || a->home.n == 0 || sl_find(a->home, '\0') < a->home.n ||
	    sl_find(a->maildir, '\0') < a->maildir.n) {
		account_free(a);
		return fault_set(f, ST_BUG, "4.3.0", "the record of the account");
	}
	*out = a;
	return ST_OK;
}

static bool
account_same(const struct worker_account *a, const struct ipc_account *m)
{
	struct slice said = m->maildir.n ? m->maildir : sl_str(worker_conf(a->w)->maildir);

	return sl_eq(a->home, m->home) && sl_eq(a->quota, m->quota) && sl_eq(a->maildir, said);
}

static void worker_drain(struct proc *p, uint32_t within_ms);

/*
 * Before start() it is kept for it; afterwards it is a further account of this uid, or one that
 * changed. A Maildir that moved may lie behind the sandbox: a worker of one account gives way to
 * its successor.
 */
static void
on_account(struct proc *p, const struct ipc_account *m)
{
	struct worker *w = proc_state(p);
	struct worker_account *old, *a;
	struct fault f = FAULT_NONE;

	if (!proc_conf(p)) /* it could not be read: the process is about to end */
		return;
	if (!w->p) { /* the first frame of all that concerns us */
		w->p = p;
		w->loop = proc_loop(p);
		w->def = worker_def;
		worker_init(w);
	}
	w->conf = proc_conf(p);
	if (m->uid != (uint32_t)geteuid()) {
		log_event(LOG_LEVEL_ERROR, "account", KV_SL("refused", m->address),
		    KV_U64("uid", m->uid), KV_END);
		return;
	}
	old = worker_account_find(w, m->address);
	if (old && account_same(old, m))
		return;
	if (old)
		account_drop(old, ENGINE_DRAIN);
	if (old && w->conf->courierd.worker != CONF_WORKER_UID) {
		worker_drain(p, 0);
		return;
	}
	if (worker_account_new(w, m, &a, &f) != ST_OK)
		log_event(LOG_LEVEL_ERROR, "account", KV_SL("refused", m->address), KV_FAULT(&f),
		    KV_END);
	else
		clients_retry(w);
}

static void
worker_revoke(struct proc *p, struct slice address)
{
	struct worker *w = proc_state(p);
	struct worker_account *a = worker_account_find(w, address);

	if (!a)
		return;
	log_event(LOG_LEVEL_INFO, "revoked", KV_SL("account", address), KV_END);
	account_drop(a, ENGINE_KICK);
	LIST_EACH (&w->accounts, n)
		if (!CONTAINER_OF(n, struct worker_account, node)->is_gone)
			return;
	worker_drain(p, 0);
}

/* ---- the end of work ---- */

static void
worker_exit(struct worker *w)
{
	if (w->ended)
		return;
	w->ended = true;
	LIST_EACH (&w->links, n)
		channel_free(CONTAINER_OF(n, struct worker_link, node)->c);
	watch_free(w);
	if (w->p)
		proc_exit(w->p, 0);
}

static void
worker_drain(struct proc *p, uint32_t within_ms)
{
	struct worker *w = proc_state(p);

	(void)within_ms;
	w->draining = true;
	clients_tell(w, NULL, ENGINE_DRAIN);
	if (w->client_count == 0)
		worker_exit(w);
}

static int64_t
idle_after_ms(const struct worker *w)
{
	int64_t ms = w->conf->courierd.worker_idle_sec * 1000;

	if (ms < IDLE_LEAST_MS || w->conf->courierd.worker == CONF_WORKER_SESSION)
		ms = IDLE_LEAST_MS;
	return ms;
}

/* Nobody came for so long. What was sent to us meanwhile and is not read yet is a session too. */
static void
idle_over(struct timer *t)
{
	struct worker *w = t->arg;

	LIST_EACH (&w->links, n)
		channel_hear(CONTAINER_OF(n, struct worker_link, node)->c);
	if (w->client_count == 0)
		worker_exit(w);
}

static void
idle_begin(struct worker *w)
{
	w->idle_since_ms = loop_now(w->loop);
	loop_timer_at(w->loop, &w->idle, w->idle_since_ms + idle_after_ms(w), idle_over, w);
}

void
worker_left(struct worker_account *a)
{
	struct worker *w = a->w;

	if (a->is_gone && a->sessions == 0)
		account_free(a);
	if (w->client_count)
		return;
	if (w->draining)
		worker_exit(w);
	else
		idle_begin(w);
}

/* ---- login ---- */

static void
link_up(struct proc *p, struct channel *c, uint32_t index)
{
	struct worker *w = proc_state(p);
	struct worker_link *k = mem_get(sizeof(*k));

	(void)index;
	k->c = c;
	list_node_init(&k->node);
	list_append(&w->links, &k->node);
}

/* Its sessions go on: they are ours. */
static void
link_down(struct proc *p, struct channel *c, uint32_t index)
{
	struct worker *w = proc_state(p);

	(void)index;
	clients_forget(w, c);
	LIST_EACH (&w->links, n) {
		struct worker_link *k = CONTAINER_OF(n, struct worker_link, node);

		if (k->c != c)
			continue;
		list_remove(n);
		mem_free(k);
	}
}

/* ---- the daemon ---- */

static enum st
worker_start(struct proc *p, struct fault *f)
{
	struct worker *w = proc_state(p);

	if (!w->p || list_is_empty(&w->accounts))
		return fault_set(f, ST_BUG, "", "start came before account");
	/* The folder we were started in may be one that shall be unmounted. */
	if (chdir("/") != 0)
		return fault_sys(f, ST_IO, "", errno, "chdir /");
	w->conf = proc_conf(p);
	w->me = sl_str(mem_str(sl_str(w->conf->site.me))); /* outlives the configuration */
	LIST_EACH (&w->accounts, n)
		if (worker_account_open(CONTAINER_OF(n, struct worker_account, node), f) != ST_OK)
			return f->st;
	return w->def->configure ? w->def->configure(w, f) : ST_OK;
}

/*
 * One account: its Maildir, nothing else. The accounts of a uid come one after the other, and
 * nobody says beforehand where they are: there the uid is the only limit for paths.
 */
static void
worker_dirs(struct proc *p, const char *const **write_dirs, const char *const **read_dirs)
{
	struct worker *w = proc_state(p);
	struct worker_account *a =
	    CONTAINER_OF(list_first(&w->accounts), struct worker_account, node);
	struct buf path;

	*read_dirs = NULL;
	*write_dirs = w->write_dirs;
	w->write_dirs[0] = "/";
	if (w->conf->courierd.worker == CONF_WORKER_UID)
		return;
	buf_init(&path, 4096);
	if (a->maildir.p[0] != '/')
		buf_fmt(&path, "%.*s/", SL_FMT(a->home));
	buf_put(&path, a->maildir);
	w->write_dirs[0] = mem_str(buf_slice(&path));
	buf_fini(&path);
}

static void
worker_serve(struct proc *p)
{
	idle_begin(proc_state(p));
}

static void
worker_reload(struct proc *p)
{
	struct worker *w = proc_state(p);
	struct fault f = FAULT_NONE;

	w->conf = proc_conf(p);
	if (w->def->configure && w->def->configure(w, &f) != ST_OK)
		log_event(LOG_LEVEL_ERROR, "reload", KV_FAULT(&f), KV_END);
}

static void
worker_status(struct proc *p, struct buf *out)
{
	struct worker *w = proc_state(p);
	unsigned accounts = 0, folders = 0;

	LIST_EACH (&w->accounts, n)
		accounts++;
	LIST_EACH (&w->watched, n)
		folders++;
	buf_fmt(out, "accounts=%u\nsessions=%zu\nserved=%llu\nfolders=%u\n", accounts,
	    w->client_count, (unsigned long long)w->served, folders);
	if (w->def->status)
		w->def->status(w, out);
}

int
worker_main(int argc, char **argv, const struct worker_def *def)
{
	static const struct channel_handler sessions[] = {
	    {IPC_session, client_take},
	    {0, NULL},
	};
	static const struct channel_handler notices[] = {
	    {IPC_arrived, watch_arrived},
	    {0, NULL},
	};
	static const struct proc_peer peers[] = {
	    {.role = "login",
		.sends = IPC_LINK_SESSION_SAY,
		.receives = IPC_LINK_SESSION_ASK,
		.handlers = sessions,
		.up = link_up,
		.down = link_down},
	    {.role = "courierlocal",
		.sends = IPC_LINK_NONE,
		.receives = IPC_LINK_NOTICE,
		.handlers = notices},
	    {.role = NULL},
	};
	const struct proc_def proc = {
	    .role = def->role,
	    .log_name = def->role,
	    .state_bytes = def->state_bytes,
	    .has_sandbox = true,
	    .sandbox = SANDBOX_STORE,
	    .peers = peers,
	    .start = worker_start,
	    .sandbox_dirs = worker_dirs,
	    .serve = worker_serve,
	    .reload = worker_reload,
	    .account = on_account,
	    .drain = worker_drain,
	    .revoke = worker_revoke,
	    .status = worker_status,
	    .who = clients_who,
	    .kick = clients_kick,
	};

	worker_def = def;
	if (argc == 2)
		return worker_shell(argv[1], def);
	return proc_main(argc, argv, &proc);
}
