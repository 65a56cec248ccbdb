/*
 * courierlocal: the worker that delivers as an account.
 */
#include "daemon/courierlocal/local.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "net/log.h"

#define ACCOUNT_MAX (64u << 10)
#define IDLE_LEAST_MS 1000

/* ---- accounts ---- */

struct account *
account_find(struct local *l, struct slice address)
{
	LIST_EACH (&l->accounts, n) {
		struct account *a = CONTAINER_OF(n, struct account, node);

		if (!a->is_gone && sl_eq(a->address, address))
			return a;
	}
	return NULL;
}

int
account_open_home(const struct account *a, struct fault *f)
{
	int fd = open(a->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		fault_sys(f, ST_TEMP, "4.3.0", errno, "the home of the account");
	return fd;
}

/* A path, even when it looks like another instruction. */
static void
plan_maildir(struct account *a, struct slice path)
{
	a->own.kind = DELIVER_MAILBOX;
	a->own.text = path;
	a->plan = (struct deliver_plan){.first = &a->own, .count = 1};
}

/* What the account, or else courierd's configuration, says where mail goes. */
static void
account_plan(struct account *a)
{
	struct slice text = a->delivery;

	a->plan_fault = FAULT_NONE;
	if (text.n == 0 && a->maildir.n) {
		plan_maildir(a, a->maildir);
		return;
	}
	if (text.n == 0)
		text = sl_str(proc_conf(a->l->p)->courierd.default_delivery);
	if (deliver_parse(text, a->arena, &a->plan, &a->plan_fault) != ST_OK)
		log_event(LOG_LEVEL_ERROR, "defaultdelivery", KV_SL("account", a->address),
		    KV_FAULT(&a->plan_fault), KV_END);
	else if (a->plan.is_empty)
		plan_maildir(a, SL("./Maildir"));
}

static bool
account_same(const struct account *a, const struct ipc_account *m)
{
	return sl_eq(sl_str(a->home), m->home) && sl_eq(a->maildir, m->maildir) &&
	       sl_eq(a->quota, m->quota) && sl_eq(a->delivery, m->delivery);
}

void
account_release(struct account *a)
{
	if (!a->is_gone || a->open)
		return;
	LIST_EACH (&a->boxes, n)
		if (!box_is_idle(box_of(n)))
			return;
	LIST_EACH (&a->boxes, n)
		box_free(box_of(n));
	list_remove(&a->node);
	arena_free(a->arena);
	mem_free(a);
}

static void
account_drop(struct account *a)
{
	a->is_gone = true;
	account_release(a);
}

static void
account_add(struct local *l, const struct ipc_account *m)
{
	struct account *a = mem_get(sizeof(*a));

	*a = (struct account){.l = l, .arena = arena_new("account", ACCOUNT_MAX)};
	list_init(&a->boxes);
	list_node_init(&a->node);
	a->address = arena_copy(a->arena, m->address);
	a->home = arena_str(a->arena, m->home);
	a->maildir = arena_copy(a->arena, m->maildir);
	a->quota = arena_copy(a->arena, m->quota);
	a->delivery = arena_copy(a->arena, m->delivery);
	if (!a->home || arena_exhausted(a->arena)) {
		log_event(LOG_LEVEL_ERROR, "account", KV_SL("refused", m->address), KV_END);
		arena_free(a->arena);
		mem_free(a);
		return;
	}
	account_plan(a);
	list_append(&l->accounts, &a->node);
}

static void
on_account(struct proc *p, const struct ipc_account *m)
{
	struct local *l = proc_state(p);
	struct account *old;

	if (!l->p) { /* the first frame of all that concerns us */
		l->p = p;
		l->loop = proc_loop(p);
		list_init(&l->accounts);
	}
	if (m->uid != (uint32_t)geteuid()) {
		log_event(LOG_LEVEL_ERROR, "account", KV_SL("refused", m->address),
		    KV_U64("uid", m->uid), KV_END);
		return;
	}
	old = account_find(l, m->address);
	if (old && account_same(old, m))
		return;
	if (old)
		account_drop(old);
	account_add(l, m);
}

/* ---- the end of work ---- */

static void
local_exit(struct local *l)
{
	l->ended = true;
	LIST_EACH (&l->links, n)
		channel_free(CONTAINER_OF(n, struct link_to, node)->c);
	proc_exit(l->p, 0);
}

static void
local_drain(struct proc *p, uint32_t within_ms)
{
	struct local *l = proc_state(p);

	(void)within_ms;
	l->draining = true;
	/* What was sent and is not read yet was not begun: courierd gives it to our successor. */
	LIST_EACH (&l->links, n)
		channel_pause(CONTAINER_OF(n, struct link_to, node)->c, true);
	if (list_is_empty(&l->deliveries))
		local_exit(l);
}

static int64_t
idle_after_ms(const struct local *l)
{
	int64_t ms = proc_conf(l->p)->courierd.worker_idle_sec * 1000;

	return ms < IDLE_LEAST_MS ? IDLE_LEAST_MS : ms;
}

/* Says so on each channel; courierd closes those it does not need, and the last one ends us. */
static void
idle_look(struct timer *t)
{
	struct local *l = t->arg;
	int64_t now = loop_now(l->loop), since = now - l->worked_ms, after = idle_after_ms(l);

	LIST_EACH (&l->accounts, n)
		account_release(CONTAINER_OF(n, struct account, node));
	if (list_is_empty(&l->deliveries) && since >= after) {
		struct ipc_idle idle = {.since_sec = (uint32_t)(since / 1000)};

		LIST_EACH (&l->links, n)
			channel_note(CONTAINER_OF(n, struct link_to, node)->c, IPC_idle, &idle, -1);
		since = 0;
	}
	if (!list_is_empty(&l->deliveries))
		since = 0;
	loop_timer_at(l->loop, &l->idle, now + after - since, idle_look, l);
}

void
local_delivered(struct local *l)
{
	proc_busy(l->p, list_is_empty(&l->deliveries) ? 0 : 1);
	l->worked_ms = loop_now(l->loop);
	if (l->draining && !l->ended && list_is_empty(&l->deliveries))
		local_exit(l);
}

/* ---- channels ---- */

static void
link_add(struct list *links, struct channel *c)
{
	struct link_to *k = mem_get(sizeof(*k));

	k->c = c;
	list_node_init(&k->node);
	list_append(links, &k->node);
}

static void
link_drop(struct list *links, const struct channel *c)
{
	LIST_EACH (links, n) {
		struct link_to *k = CONTAINER_OF(n, struct link_to, node);

		if (k->c != c)
			continue;
		list_remove(n);
		mem_free(k);
	}
}

static void
courierd_up(struct proc *p, struct channel *c, uint32_t index)
{
	struct local *l = proc_state(p);

	(void)index;
	link_add(&l->links, c);
	if (l->draining)
		channel_pause(c, true);
}

/* courierd is gone, or wants us no more: what has no name in new/ yet never gets one. */
static void
courierd_down(struct proc *p, struct channel *c, uint32_t index)
{
	struct local *l = proc_state(p);

	(void)index;
	delivery_abort_all(l, c);
	link_drop(&l->links, c);
	if (list_is_empty(&l->links) && !l->ended) {
		l->ended = true;
		proc_exit(p, 0);
	}
}

static void
imapd_up(struct proc *p, struct channel *c, uint32_t index)
{
	struct local *l = proc_state(p);

	(void)index;
	link_add(&l->readers, c);
}

static void
imapd_down(struct proc *p, struct channel *c, uint32_t index)
{
	struct local *l = proc_state(p);

	(void)index;
	link_drop(&l->readers, c);
}

void
local_arrived(struct local *l, const struct account *a, struct slice path)
{
	struct ipc_arrived m = {.account = a->address, .folder = path};

	LIST_EACH (&l->readers, n)
		channel_note(CONTAINER_OF(n, struct link_to, node)->c, IPC_arrived, &m, -1);
}

/* ---- the daemon ---- */

static enum st
local_start(struct proc *p, struct fault *f)
{
	struct local *l = proc_state(p);
	const struct conf *c = proc_conf(p);

	if (!l->p)
		return fault_set(f, ST_BUG, "", "start came before account");
	list_init(&l->deliveries);
	list_init(&l->links);
	list_init(&l->readers);
	list_init(&l->programs);
	list_init(&l->program_queue);
	list_init(&l->mbox_queue);
	/* The folder we were started in may be one that shall be unmounted. */
	if (chdir("/") != 0)
		return fault_sys(f, ST_IO, "", errno, "chdir /");
	l->host = (struct maildir_host){
	    .durable = loop_durable(l->loop, (unsigned)c->courierd.durable_threads),
	    .me = sl_str(mem_str(sl_str(c->site.me))), /* the configuration may be replaced */
	    .turn = box_wants_turn,
	    .describer = &local_describer,
	};
	loop_signal(l->loop, SIGCHLD, program_reap, l);
	return ST_OK;
}

static void
local_serve(struct proc *p)
{
	struct local *l = proc_state(p);

	l->worked_ms = loop_now(l->loop);
	loop_timer_at(l->loop, &l->idle, l->worked_ms + idle_after_ms(l), idle_look, l);
}

static void
local_revoke(struct proc *p, struct slice address)
{
	struct local *l = proc_state(p);
	struct account *a = account_find(l, address);

	if (!a)
		return;
	log_event(LOG_LEVEL_INFO, "revoked", KV_SL("account", address), KV_END);
	account_drop(a);
	LIST_EACH (&l->accounts, n)
		if (!CONTAINER_OF(n, struct account, node)->is_gone)
			return;
	local_drain(p, 0);
}

static void
local_status(struct proc *p, struct buf *out)
{
	struct local *l = proc_state(p);
	unsigned accounts = 0, open = 0;

	LIST_EACH (&l->accounts, n)
		accounts++;
	LIST_EACH (&l->deliveries, n)
		open++;
	buf_fmt(out, "accounts=%u\nopen=%u\nprograms=%zu\n", accounts, open, l->programs_running);
	buf_fmt(out, "delivered=%llu\ndeferred=%llu\nfailed=%llu\n",
	    (unsigned long long)l->delivered, (unsigned long long)l->deferred,
	    (unsigned long long)l->failed);
}

int
main(int argc, char **argv)
{
	static const struct channel_handler handlers[] = {
	    {IPC_deliver, delivery_take},
	    {0, NULL},
	};
	static const struct proc_peer peers[] = {
	    {.role = "courierd",
		.sends = IPC_LINK_DELIVER_SAY,
		.receives = IPC_LINK_DELIVER_ASK,
		.handlers = handlers,
		.up = courierd_up,
		.down = courierd_down},
	    {.role = "imapd",
		.sends = IPC_LINK_NOTICE,
		.receives = IPC_LINK_NONE,
		.up = imapd_up,
		.down = imapd_down},
	    {.role = NULL},
	};
	static const struct proc_def def = {
	    .role = "courierlocal",
	    .log_name = "courierlocal",
	    .state_bytes = sizeof(struct local),
	    .peers = peers,
	    .start = local_start,
	    .serve = local_serve,
	    .account = on_account,
	    .drain = local_drain,
	    .revoke = local_revoke,
	    .status = local_status,
	};

	return proc_main(argc, argv, &def);
}
