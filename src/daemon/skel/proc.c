/*
 * The daemon frame: what master says, in the order docs/PROCESSES.md gives ("Becoming").
 */
#include "daemon/skel/proc_int.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hmap.h"
#include "build_config.h"
#include "net/log.h"
#include "os/privs.h"
#include "os/proctitle.h"
#include "os/random.h"

#define CONTROL_FD 3
#define LOG_FD 4
#define DRAIN_WITHOUT_MASTER_MS 5000
#define IDLE_SAID_MS 1000             /* without work before that is said */
#define PART_MAX ((size_t)32768)     /* of a frame told */
#define SAID_MAX ((size_t)12 << 20) /* of what a process is asked for; its channel holds 16 MiB */

void *
proc_state(struct proc *p)
{
	return p->state;
}

struct loop *
proc_loop(struct proc *p)
{
	return p->loop;
}

const struct conf *
proc_conf(const struct proc *p)
{
	return p->conf;
}

const struct paths *
proc_paths(const struct proc *p)
{
	return &p->paths;
}

uint32_t
proc_index(const struct proc *p)
{
	return p->index;
}

struct channel *
proc_control(const struct proc *p)
{
	return p->control;
}

bool
proc_is_single_user(const struct proc *p)
{
	return !p->become;
}

int
proc_key(const struct proc *p, const char *path)
{
	struct list *keys = (struct list *)(uintptr_t)&p->keys;

	LIST_EACH (keys, n) {
		struct gift *g = CONTAINER_OF(n, struct gift, node);

		if (strcmp(g->name, path) == 0)
			return g->fd;
	}
	return -1;
}

void
proc_exit(struct proc *p, int status)
{
	p->status = status;
	loop_stop(p->loop);
}

static void
idle_soon(struct timer *t)
{
	struct proc *p = t->arg;
	int64_t at_ms = p->idle_ms + IDLE_SAID_MS;

	if (p->busy)
		return;
	if (loop_now(p->loop) < at_ms) {
		loop_timer_at(p->loop, t, at_ms, idle_soon, p);
		return;
	}
	p->idle = true;
	channel_note(p->control, IPC_busy, &(struct ipc_busy){.count = 0}, -1);
}

/* Deliveries come and go by the thousand: master hears of pauses, not of each. */
void
proc_busy(struct proc *p, size_t count)
{
	p->busy = count > 0;
	if (p->busy && p->idle) {
		p->idle = false;
		channel_note(
		    p->control, IPC_busy, &(struct ipc_busy){.count = (uint32_t)count}, -1);
	}
	if (p->busy)
		return;
	p->idle_ms = loop_now(p->loop);
	if (!p->idle && !heap_has(&p->quiet.node))
		loop_timer_at(p->loop, &p->quiet, p->idle_ms + IDLE_SAID_MS, idle_soon, p);
}

/* Ends the process with a reason that master and the operator can read. */
static void
proc_fail(struct proc *p, const char *what, const struct fault *f)
{
	log_event(LOG_LEVEL_ALERT, what, KV_STR("role", p->def->role), KV_FAULT(f), KV_END);
	channel_note(p->control, IPC_failed, &(struct ipc_failed){.text = sl_str(f->text)}, -1);
	proc_exit(p, 78); /* EX_CONFIG */
}

static void
gift_keep(struct list *l, struct slice name, uint32_t number, int fd)
{
	struct gift *g = mem_get(sizeof(*g));
	size_t n = name.n < sizeof(g->name) ? name.n : sizeof(g->name) - 1;

	memset(g, 0, sizeof(*g));
	memcpy(g->name, name.p, n);
	g->fd = fd;
	g->number = number;
	list_node_init(&g->node);
	list_append(l, &g->node);
}

static void
gifts_close(struct list *l)
{
	LIST_EACH (l, n) {
		struct gift *g = CONTAINER_OF(n, struct gift, node);

		list_remove(n);
		close(g->fd);
		mem_free(g);
	}
}

static void
copy_name(char *to, size_t size, struct slice from)
{
	size_t n = from.n < size ? from.n : size - 1;

	memcpy(to, from.p, n);
	to[n] = '\0';
}

/* ---- frames of master ---- */

static void
on_identity(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	const struct ipc_identity *m = message;
	char title[64];

	(void)sequence;
	(void)fd;
	copy_name(p->role, sizeof(p->role), m->role);
	copy_name(p->root_dir, sizeof(p->root_dir), m->root_dir);
	copy_name(p->paths.conf_dir, PATHS_MAX, m->conf_dir);
	copy_name(p->paths.state_dir, PATHS_MAX, m->state_dir);
	copy_name(p->paths.run_dir, PATHS_MAX, m->run_dir);
	copy_name(p->paths.queue_dir, PATHS_MAX, m->queue_dir);
	copy_name(p->paths.log_dir, PATHS_MAX, m->log_dir);
	copy_name(p->paths.module_dir, PATHS_MAX, m->module_dir);
	p->index = m->index;
	p->become = m->become != 0;
	p->uid = m->uid;
	p->gid = m->gid;
	p->extra_gid = m->extra_gid;
	p->named = true;
	snprintf(title, sizeof(title), "courier: %s %u", p->def->role, (unsigned)p->index);
	proctitle_set(title);
}

/* We serve, or drain, with what we were given last. */
static void
say_ready(struct proc *p)
{
	if (p->stage >= PROC_SERVES)
		channel_note(
		    p->control, IPC_ready, &(struct ipc_ready){.sandbox = sl_str(p->sandbox)}, -1);
}

/* A configuration: the first one before start, later ones are reloads. */
static void
on_config(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	struct conf *fresh = mem_get(sizeof(*fresh)), *old = p->conf;
	struct fault f;
	enum st st;

	(void)sequence;
	(void)message;
	memset(fresh, 0, sizeof(*fresh));
	st = conf_snapshot_read(fd, fresh, &f);
	close(fd);
	/* Who drains ends with the configuration it has: what points into it stays valid. */
	if (st != ST_OK || p->stage == PROC_DRAINS) {
		conf_fini(fresh);
		mem_free(fresh);
		if (st == ST_OK)
			return;
		if (old)
			log_event(LOG_LEVEL_ERROR, "reload", KV_FAULT(&f), KV_END);
		else
			proc_fail(p, "config", &f);
		return;
	}
	p->conf = fresh;
	if (!old)
		return;
	if (p->def->reload && p->stage != PROC_WAITS)
		p->def->reload(p);
	say_ready(p);
	gifts_close(&p->keys);
	conf_fini(old);
	mem_free(old);
}

static void
on_key(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_key *m = message;

	(void)sequence;
	gift_keep(&((struct proc *)channel_owner(c))->keys, m->name, 0, fd);
}

static void
on_listen(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	const struct ipc_listen *m = message;

	(void)sequence;
	if (p->stage == PROC_DRAINS) {
		close(fd);
		return;
	}
	gift_keep(&p->sockets, m->service, 0, fd);
	proc_try_serve(p);
}

/* What the other side says waits in its socket until start() has made what our handlers need. */
static void
on_peer(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	const struct ipc_peer *m = message;

	(void)sequence;
	if (p->stage == PROC_WAITS)
		gift_keep(&p->early_peers, m->role, m->index, fd);
	else
		proc_take_peer(p, m->role, m->index, fd);
}

static void
take_early_peers(struct proc *p)
{
	LIST_EACH (&p->early_peers, n) {
		struct gift *g = CONTAINER_OF(n, struct gift, node);

		list_remove(n);
		proc_take_peer(p, sl_str(g->name), g->number, g->fd);
		mem_free(g);
	}
}

static void
on_account(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);

	(void)sequence;
	(void)fd;
	if (p->def->account)
		p->def->account(p, message);
}

static enum st
become(struct proc *p, struct fault *f)
{
	struct privs who = {
	    .uid = p->uid,
	    .gid = p->gid,
	    .groups = &p->extra_gid,
	    .group_count = p->extra_gid != UINT32_MAX,
	    .root_dir = p->root_dir[0] ? p->root_dir : NULL,
	};

	privs_undumpable();
	return p->become ? privs_become(&who, f) : ST_OK;
}

/* Shuts the door; *applied says what is in force. */
static enum st
shut_door(struct proc *p, const char **applied, struct fault *f)
{
	struct sandbox_opts o = {.profile = p->def->sandbox};
	enum st st;

	*applied = "none";
	if (!p->def->has_sandbox)
		return ST_OK;
#ifndef BUILD_SANITIZE /* whose shadow memory is larger than any limit */
	if (p->conf)
		privs_limit_memory(p->conf->courierd.memory_max_bytes);
#endif
	if (p->def->sandbox_dirs)
		p->def->sandbox_dirs(p, &o.write_dirs, &o.read_dirs);
	st = sandbox_enter(&o, applied, f);
	if (st != ST_TEMP)
		return st;
	log_event(LOG_LEVEL_WARNING, "sandbox", KV_STR("role", p->def->role),
	    KV_STR("applied", "none"), KV_FAULT(f), KV_END);
	return ST_OK;
}

static void
on_start(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	const char *applied = "none";
	struct fault f;
	enum st st = ST_OK;

	(void)sequence;
	(void)message;
	(void)fd;
	if (!p->named || (!p->conf && !p->def->needs_no_conf) || p->stage != PROC_WAITS) {
		fault_set(&f, ST_BUG, "", "start came before identity and config");
		proc_fail(p, "start", &f);
		return;
	}
	if (p->def->start)
		st = p->def->start(p, &f);
	gifts_close(&p->keys);
	sandbox_warm();
	if (p->def->warm)
		p->def->warm();
	if (st == ST_OK)
		st = become(p, &f);
	if (st == ST_OK)
		st = shut_door(p, &applied, &f);
	if (st != ST_OK) {
		proc_fail(p, "start", &f);
		return;
	}
	p->stage = PROC_STARTED;
	p->sandbox = applied;
	take_early_peers(p);
	if (p->paused && p->def->pause)
		p->def->pause(p, p->paused, true);
	proc_try_serve(p);
}

void
proc_try_serve(struct proc *p)
{
	if (p->stage == PROC_STARTED && proc_has_required(p)) {
		p->stage = PROC_SERVES;
		if (p->def->serve)
			p->def->serve(p);
		say_ready(p);
	}
	if (p->stage != PROC_SERVES)
		return;
	LIST_EACH (&p->sockets, n) {
		struct gift *g = CONTAINER_OF(n, struct gift, node);

		list_remove(n);
		if (p->def->listen)
			p->def->listen(p, g->name, g->fd);
		else
			close(g->fd);
		mem_free(g);
	}
}

static void
drained_too_long(struct timer *t)
{
	struct proc *p = t->arg;

	log_event(
	    LOG_LEVEL_INFO, "drain", KV_STR("role", p->def->role), KV_STR("end", "time"), KV_END);
	proc_exit(p, 0);
}

static void
drain(struct proc *p, uint32_t within_ms)
{
	bool begun = p->stage != PROC_WAITS;
	int64_t until_ms = loop_now(p->loop) + within_ms;

	if (p->stage == PROC_DRAINS) { /* sooner than was said before, never later */
		if (heap_has(&p->deadline.node) && p->deadline.node.key > until_ms)
			loop_timer_at(p->loop, &p->deadline, until_ms, drained_too_long, p);
		return;
	}
	p->stage = PROC_DRAINS;
	gifts_close(&p->sockets);
	say_ready(p);
	if (!p->def->drain || !begun) {
		proc_exit(p, 0);
		return;
	}
	loop_timer_at(p->loop, &p->deadline, until_ms, drained_too_long, p);
	p->def->drain(p, within_ms);
}

static void
on_drain(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_drain *m = message;

	(void)sequence;
	(void)fd;
	drain(channel_owner(c), m->within_ms);
}

static void
on_pause(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	const struct ipc_pause *m = message;

	(void)sequence;
	(void)fd;
	p->paused = m->on ? p->paused | m->what : p->paused & ~(unsigned)m->what;
	if (p->def->pause && p->stage != PROC_WAITS)
		p->def->pause(p, m->what, m->on != 0);
}

static void
revoke(struct proc *p, struct slice account, struct buf *ended)
{
	if (p->stage == PROC_WAITS)
		return;
	if (p->def->revoke)
		p->def->revoke(p, account);
	if (p->def->kick)
		p->def->kick(p, account, ended);
}

static void
on_revoke(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	const struct ipc_revoke *m = message;
	struct buf ended;

	(void)sequence;
	(void)fd;
	buf_init(&ended, SAID_MAX);
	revoke(p, m->account, &ended);
	buf_fini(&ended);
}

static void
say_status(struct proc *p, struct slice name, struct buf *out)
{
	(void)name;
	if (p->def->status)
		p->def->status(p, out);
}

static void
say_who(struct proc *p, struct slice name, struct buf *out)
{
	(void)name;
	if (p->def->who)
		p->def->who(p, out);
}

static void
say_kicked(struct proc *p, struct slice name, struct buf *out)
{
	if (p->def->kick)
		p->def->kick(p, name, out);
}

/* In parts of whole lines, each a frame. */
static void
on_ask_status(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	static void (*const says[])(struct proc *p, struct slice name, struct buf *out) = {
	    say_status, say_who, say_kicked, revoke};
	struct proc *p = channel_owner(c);
	const struct ipc_ask_status *m = message;
	struct slice rest;
	struct buf text;

	(void)fd;
	buf_init(&text, SAID_MAX);
	if (m->what < COUNT_OF(says) && p->stage != PROC_WAITS)
		says[m->what](p, m->name, &text);
	for (rest = buf_slice(&text); rest.n > PART_MAX;) {
		size_t n = PART_MAX;

		while (n > 0 && rest.p[n - 1] != '\n')
			n--;
		if (n == 0)
			n = PART_MAX;
		channel_note(c, IPC_told, &(struct ipc_told){.text = sl_sub(rest, 0, n)}, -1);
		rest = sl_skip(rest, n);
	}
	channel_reply(c, sequence, IPC_status, &(struct ipc_status){.text = rest}, -1);
	buf_fini(&text);
}

static const struct channel_handler control_handlers[] = {
    {IPC_identity, on_identity},
    {IPC_config, on_config},
    {IPC_key, on_key},
    {IPC_listen, on_listen},
    {IPC_peer, on_peer},
    {IPC_account, on_account},
    {IPC_start, on_start},
    {IPC_drain, on_drain},
    {IPC_pause, on_pause},
    {IPC_revoke, on_revoke},
    {IPC_ask_status, on_ask_status},
    {0, NULL},
};

/* Master is gone: nothing survives it. */
static void
control_closed(struct channel *c, const struct fault *why)
{
	struct proc *p = channel_owner(c);

	(void)why;
	p->control = NULL;
	drain(p, DRAIN_WITHOUT_MASTER_MS);
}

static void
on_signal(void *arg, int signo)
{
	(void)signo;
	drain(arg, DRAIN_WITHOUT_MASTER_MS);
}

static bool
is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

int
proc_main(int argc, char **argv, const struct proc_def *def)
{
	static struct proc p;
	unsigned char seed[16];

	if (!is_socket(CONTROL_FD)) {
		fprintf(stderr, "%s: this program is started by `courier start`, not by hand\n",
		    def->role);
		return 64; /* EX_USAGE */
	}
	proctitle_init(argc, argv);
	log_open(def->log_name && is_socket(LOG_FD) ? LOG_FD : -1,
	    def->log_name ? def->log_name : def->role);
	log_gather(true);
	channel_identify(def->role, BUILD_VERSION);
	random_bytes(seed, sizeof(seed));
	hmap_seed(seed);
	durable_disabled = getenv("COURIER_TEST_NOSYNC") != NULL; /* the mutant of tests/crash */
	p.def = def;
	p.sandbox = "none";
	p.state = mem_get(def->state_bytes ? def->state_bytes : 1);
	memset(p.state, 0, def->state_bytes);
	list_init(&p.sockets);
	list_init(&p.keys);
	list_init(&p.early_peers);
	list_init(&p.links);
	p.loop = loop_new(NULL, NULL, 0);
	loop_signal(p.loop, SIGPIPE, NULL, NULL);
	loop_signal(p.loop, SIGINT, NULL, NULL); /* Ctrl-C is master's to answer */
	loop_signal(p.loop, SIGHUP, NULL, NULL);
	loop_signal(p.loop, SIGTERM, on_signal, &p);
	p.control = channel_new(p.loop, CONTROL_FD,
	    &(struct channel_opts){
		.name = "master",
		.sends = IPC_LINK_MASTER_UP,
		.receives = IPC_LINK_MASTER_DOWN,
		.handlers = control_handlers,
		.closed = control_closed,
		.owner = &p,
	    });
	loop_run(p.loop);
	channel_free(p.control);
	log_flush();
	return p.status;
}
