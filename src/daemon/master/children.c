/*
 * Children: started, told what they need, joined by channels, watched, started again with growing
 * patience, replaced by generations, ended.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/log.h"
#include "os/fdpass.h"
#include "os/service.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS 60000
#define LIVED_WELL_MS 60000
#define DELIVERER_GRACE_MS 2000 /* to notice that their asker is gone */
#define ORPHAN_GRACE_MS 10000   /* to end when the control channel is gone */
#define DRAIN_GRACE_MS 2000
#define STOP_LEAST_MS 500
#define LOOK_AGAIN_MS 50
#define FRAME_MAX_BYTES (64u << 10)

struct child *
child_first(struct master *m)
{
	struct list_node *n = list_first(&m->children);

	return n ? CONTAINER_OF(n, struct child, node) : NULL;
}

struct child *
child_next(struct child *c)
{
	struct list_node *n = list_next(&c->m->children, &c->node);

	return n ? CONTAINER_OF(n, struct child, node) : NULL;
}

bool
children_are_ready(struct master *m)
{
	EACH_CHILD(m, c)
	if (c->role->user && !c->role->is_checker && (c->told || c->stage <= CHILD_STARTING))
		return false;
	return true;
}

/* Does this role start for tickets of the other one, and not outlive him? */
static bool
works_for(const struct role *worker, const struct role *asker)
{
	return worker->ends_with_asker && strcmp(worker->asker, asker->name) == 0;
}

/* ---- frames of children ---- */

void
child_forbidden(struct child *c, const char *what)
{
	log_event(LOG_LEVEL_ERROR, "forbidden", KV_STR("role", c->role->name),
	    KV_U64("pid", (uint64_t)c->pid), KV_STR("frame", what), KV_END);
	if (c->pid)
		kill((pid_t)c->pid, SIGKILL);
}

static void drain_older(struct master *m, const struct role *role);

static void
on_ready(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	struct child *c = channel_owner(ch);
	struct master *m = c->m;
	const struct ipc_ready *r = message;

	(void)sequence;
	(void)fd;
	if (!c->told || c->role->is_checker)
		return;
	c->told = false;
	if (c->stage == CHILD_STARTING) {
		c->stage = CHILD_READY;
		snprintf(c->sandbox, sizeof(c->sandbox), "%.*s", SL_FMT(r->sandbox));
		log_event(LOG_LEVEL_INFO, "ready", KV_STR("role", c->role->name),
		    KV_U64("pid", (uint64_t)c->pid), KV_STR("sandbox", c->sandbox), KV_END);
	}
	if (c->role->by_generation && c->stage == CHILD_READY)
		drain_older(m, c->role);
	if (!m->stopping && children_are_ready(m))
		command_settled(m);
}

static void
on_failed(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	struct child *c = channel_owner(ch);
	const struct ipc_failed *f = message;

	(void)sequence;
	(void)fd;
	snprintf(c->failed, sizeof(c->failed), "%.*s", SL_FMT(f->text));
}

static const struct channel_handler child_handlers[] = {
    {IPC_ready, on_ready}, {IPC_failed, on_failed}, {IPC_ticket_issue, workers_issue},
    {IPC_redeem, workers_redeem}, {IPC_checked, config_checked}, {IPC_told, command_told},
    {IPC_busy, workers_busy}, {IPC_revoke_account, workers_revoke}, {0, NULL},
};

static void
child_kill(struct timer *t)
{
	struct child *c = t->arg;

	/* A worker leads a session: what it runs goes with it. */
	if (c->pid)
		kill((pid_t)(c->role->user ? c->pid : -c->pid), SIGKILL);
}

/* At the latest so soon; an earlier end stays. */
static void
kill_within(struct child *c, int64_t ms)
{
	int64_t at = loop_now(c->m->loop) + ms;

	if (!heap_has(&c->due.node) || c->due.node.key > at)
		loop_timer_at(c->m->loop, &c->due, at, child_kill, c);
}

/* It ended, or it will: without master nothing goes on. Or it broke a rule, and must go now. */
static void
control_closed(struct channel *ch, const struct fault *why)
{
	struct child *c = channel_owner(ch);

	c->control = NULL;
	if (why->st != ST_EOF)
		child_forbidden(c, "channel");
	else
		kill_within(c, ORPHAN_GRACE_MS);
}

/* ---- what a child is given ---- */

static void
give_identity(struct child *c)
{
	const struct master *m = c->m;
	const struct role *r = c->role;
	const struct paths *p = &m->paths;
	bool becomes = m->root && r->user;

	channel_note(c->control, IPC_identity,
	    &(struct ipc_identity){
		.role = sl_str(r->name), .index = c->index, .become = becomes,
		.uid = m->who[r - roles].uid, .gid = m->who[r - roles].gid,
		.extra_gid = r->mail_group ? m->mail.gid : UINT32_MAX,
		.root_dir = becomes && r->empty_root ? sl_str(p->empty_dir) : SL_NONE,
		.conf_dir = sl_str(p->conf_dir), .state_dir = sl_str(p->state_dir),
		.run_dir = sl_str(p->run_dir), .queue_dir = sl_str(p->queue_dir),
		.log_dir = sl_str(p->log_dir), .module_dir = sl_str(p->module_dir),
	    },
	    -1);
}

/* A certificate or key: opened as root, so that no process has to be root to read its own. */
static void
give_key(struct child *c, const char *path, bool must)
{
	int fd = *path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
	struct fault f;

	if (fd >= 0) {
		channel_note(c->control, IPC_key, &(struct ipc_key){.name = sl_str(path)}, fd);
	} else if (*path && (must || errno != ENOENT)) {
		fault_sys(&f, ST_IO, "", errno, "%s", path);
		log_event(
		    LOG_LEVEL_WARNING, "tls", KV_STR("role", c->role->name), KV_FAULT(&f), KV_END);
	}
}

static void
give_keys(struct child *c)
{
	const char *conf = (const char *)c->m->conf;
	const struct conf_tls *first = NULL;

	for (size_t i = 0; i < COUNT_OF(c->role->tls) && c->role->tls[i]; i++) {
		const struct conf_tls *t = (const void *)(conf + c->role->tls[i]);

		if (first && strcmp(t->certfile, first->certfile) == 0 &&
		    strcmp(t->private_keyfile, first->private_keyfile) == 0)
			continue;
		first = first ? first : t;
		give_key(c, t->certfile, true);
		give_key(c, t->private_keyfile, true);
		give_key(c, t->trustcerts, true);
	}
	if (c->role->secret)
		give_key(c, *(const char *const *)(const void *)(conf + c->role->secret), false);
}

static void
give_config(struct child *c)
{
	int fd = c->m->conf ? fcntl(c->m->snapshot_fd, F_DUPFD_CLOEXEC, 5) : -1; /* read by pread */

	c->told = true;
	if (fd >= 0)
		channel_note(
		    c->control, IPC_config, &(struct ipc_config){.serial = c->m->serial}, fd);
}

/* A channel between two children. Who drains still asks, but is asked no more. */
static void
join(struct child *asker, struct child *answerer)
{
	int fds[2];

	if (!asker->control || !answerer->control || answerer->stage == CHILD_DRAINING ||
	    fdpass_pair(fds) != 0)
		return;
	channel_note(asker->control, IPC_peer,
	    &(struct ipc_peer){.role = sl_str(answerer->role->name), .index = answerer->index},
	    fds[0]);
	channel_note(answerer->control, IPC_peer,
	    &(struct ipc_peer){.role = sl_str(asker->role->name), .index = asker->index}, fds[1]);
}

static void
join_all(struct child *c)
{
	EACH_CHILD(c->m, other)
	{
		if (strcmp(c->key, other->key) != 0)
			continue; /* of two workers those of the same accounts */
		if (role_asks(c->role, other->role))
			join(c, other);
		if (role_asks(other->role, c->role))
			join(other, c);
	}
}

/* ---- starting ---- */

static enum st
spawn(struct child *c, const struct ipc_account *account, int *control, struct fault *f)
{
	const struct master *m = c->m;
	bool is_logd = strcmp(c->role->name, "logd") == 0;
	int out = m->foreground ? SPAWN_KEEP : SPAWN_NULL; /* a crash may say why on the terminal */
	struct privs who = {0};
	int pair[2], err = fdpass_pair(pair);

	if (err)
		return fault_sys(f, ST_IO, "", -err, "control channel");
	if (account)
		who = (struct privs){.uid = account->uid, .gid = account->gid};
	err = master_spawn(m, c->role->name,
	    &(struct spawn){.fd_count = 5,
		.fds = (const int[]){SPAWN_NULL, out, out, pair[1], m->log_fds[is_logd ? 0 : 1]},
		.who = account && m->root ? &who : NULL, .session = account,
		.fd_limit = role_fds(c->role, m->conf)},
	    &c->pid);
	close(pair[1]);
	*control = pair[0];
	if (err == 0)
		return ST_OK;
	close(pair[0]);
	return fault_sys(f, ST_IO, "", -err, "%s/%s", m->paths.daemon_dir, c->role->name);
}

/* Puts a process into the place and gives it what it needs. False (logged) when that cannot be now.
 */
static bool
child_start(struct child *c, const struct ipc_account *account)
{
	struct master *m = c->m;
	struct fault f;
	int control = -1;

	if (spawn(c, account, &control, &f) != ST_OK) {
		log_event(
		    LOG_LEVEL_ALERT, "start", KV_STR("role", c->role->name), KV_FAULT(&f), KV_END);
		if (!m->ready)
			master_failed(m, c->role->name, f.text);
		return false;
	}
	c->index = m->next_index[c->role - roles]++;
	c->generation = m->serial;
	c->stage = CHILD_STARTING;
	c->started_ms = loop_now(m->loop);
	c->sandbox[0] = c->failed[0] = '\0';
	c->control = channel_new(m->loop, control,
	    &(struct channel_opts){.name = c->role->name,
		.sends = IPC_LINK_MASTER_DOWN, .receives = IPC_LINK_MASTER_UP,
		.handlers = child_handlers, .closed = control_closed, .owner = c,
		.frame_max_bytes = c->role->is_checker ? 0 : FRAME_MAX_BYTES});
	give_identity(c);
	give_keys(c);
	give_config(c);
	if (account)
		channel_note(c->control, IPC_account, account, -1);
	sockets_give(c);
	join_all(c);
	if (m->paused)
		channel_note(c->control, IPC_pause,
		    &(struct ipc_pause){.what = (uint8_t)m->paused, .on = 1}, -1);
	channel_note(c->control, IPC_start, &(struct ipc_start){.serial = m->serial}, -1);
	return true;
}

static struct child *
child_new(struct master *m, const struct role *role)
{
	struct child *c = mem_get(sizeof(*c));

	*c = (struct child){.m = m, .role = role};
	list_node_init(&c->node);
	list_append(&m->children, &c->node);
	return c;
}

static void
child_free(struct child *c)
{
	loop_timer_stop(c->m->loop, &c->due);
	channel_free(c->control);
	list_remove(&c->node);
	mem_free(c);
}

struct child *
child_worker(
    struct master *m, const struct role *role, const struct ipc_account *account, const char *key)
{
	struct child *c = child_new(m, role);

	snprintf(c->key, sizeof(c->key), "%s", key);
	if (child_start(c, account))
		return c;
	child_free(c);
	return NULL;
}

static void child_start_later(struct child *c, int64_t wait_ms);

/* Nobody begins anew what workers of the last one may still complete. */
static void
child_retry(struct timer *t)
{
	struct child *c = t->arg;

	EACH_CHILD(c->m, w)
	if (works_for(w->role, c->role)) {
		loop_timer_at(c->m->loop, t, loop_now(c->m->loop) + LOOK_AGAIN_MS, child_retry, c);
		return;
	}
	if (!child_start(c, NULL))
		child_start_later(c, 2 * c->backoff_ms);
}

static void
child_start_later(struct child *c, int64_t wait_ms)
{
	c->stage = CHILD_WAITING;
	c->backoff_ms = wait_ms < BACKOFF_MAX_MS ? wait_ms : BACKOFF_MAX_MS;
	loop_timer_at(c->m->loop, &c->due, loop_now(c->m->loop) + c->backoff_ms, child_retry, c);
}

static void
role_start(struct master *m, const struct role *role)
{
	for (unsigned n = role_number(role, m->conf); n > 0 && !m->stopping; n--) {
		struct child *c = child_new(m, role);

		if (!child_start(c, NULL))
			child_start_later(c, BACKOFF_FIRST_MS);
	}
}

void
children_start(struct master *m)
{
	for (size_t i = 0; i < role_count; i++)
		role_start(m, &roles[i]);
}

/* ---- ending ---- */

void
child_drain(struct child *c, int64_t within_ms)
{
	c->told = c->told || c->stage != CHILD_DRAINING;
	c->stage = CHILD_DRAINING;
	channel_note(
	    c->control, IPC_drain, &(struct ipc_drain){.within_ms = (uint32_t)within_ms}, -1);
	kill_within(c, within_ms + DRAIN_GRACE_MS);
}

/* When all of the newest generation serve, the others have had their time. */
static void
drain_older(struct master *m, const struct role *role)
{
	EACH_CHILD(m, c)
	if (c->role == role && c->generation == m->serial && c->stage <= CHILD_STARTING)
		return;
	EACH_CHILD(m, c)
	if (c->role == role && c->generation != m->serial && c->stage != CHILD_DRAINING)
		child_drain(c, m->conf->courierd.drain_time_sec * 1000);
}

/* The last row of the table with living processes goes, then the one before it. */
static void
stop_next(struct master *m)
{
	int64_t left = m->stop_at_ms - loop_now(m->loop);
	bool any = false;

	for (size_t i = role_count; i-- > 0 && !any;)
		EACH_CHILD(m, c)
	if (c->role == &roles[i]) {
		child_drain(c, left > STOP_LEAST_MS ? left : STOP_LEAST_MS);
		any = true;
	}
	if (!any)
		master_over(m);
}

static void
say_ended(const struct child *c, long pid, int status, bool expected)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	const char *how = WIFSIGNALED(status) ? "signal" : "status";
	char words[64];

	if (!expected || WIFSIGNALED(status))
		log_event(expected ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "ended",
		    KV_STR("role", c->role->name), KV_U64("pid", (uint64_t)pid),
		    KV_U64(how, (uint64_t)number), KV_END);
	snprintf(words, sizeof(words), "it ended with %s %d", how, number);
	if (!expected && !c->m->ready)
		master_failed(c->m, c->role->name, c->failed[0] ? c->failed : words);
}

/* What becomes of a place whose process has ended. */
static void
child_gone(struct child *c, int status)
{
	struct master *m = c->m;
	bool lived_well = loop_now(m->loop) - c->started_ms >= LIVED_WELL_MS || c->backoff_ms == 0;
	long pid = c->pid;
	bool expected;

	c->pid = 0;
	channel_hear(c->control); /* its last words */
	channel_free(c->control);
	c->control = NULL;
	loop_timer_stop(m->loop, &c->due);
	expected = c->stage == CHILD_DRAINING || m->stopping || !c->role->user;
	say_ended(c, pid, status, expected);
	/* Its workers notice; those that do not are ended before it is started again. */
	EACH_CHILD(m, w)
	if (works_for(w->role, c->role) && !m->stopping) {
		w->stage = CHILD_DRAINING;
		kill_within(w, DELIVERER_GRACE_MS);
	}
	if (c->role->is_checker)
		config_unchecked(c);
	if (!c->role->user && WIFSIGNALED(status) && !m->stopping && c->stage != CHILD_DRAINING)
		workers_died(m, c);
	if (expected || m->stopping || c->role->is_checker ||
	    (c->role->by_generation && c->generation != m->serial))
		child_free(c);
	else
		child_start_later(c, lived_well ? BACKOFF_FIRST_MS : 2 * c->backoff_ms);
	if (m->stopping)
		stop_next(m);
}

void
child_ended(struct master *m, long pid, int status)
{
	EACH_CHILD(m, c)
	if (c->pid == pid) {
		child_gone(c, status);
		return;
	}
}

/* Places without a process, of all roles or of those that change by generation, are given up. */
static void
free_waiting(struct master *m, bool all)
{
	LIST_EACH (&m->children, n) {
		struct child *c = CONTAINER_OF(n, struct child, node);

		if (c->stage == CHILD_WAITING && (all || c->role->by_generation))
			child_free(c);
	}
}

void
children_reload(struct master *m)
{
	free_waiting(m, false);
	EACH_CHILD(m, c)
	{
		if (!c->role->user)
			child_drain(c, m->conf->courierd.drain_time_sec * 1000);
		else if (!c->role->by_generation)
			give_config(c);
	}
	for (size_t i = 0; i < role_count; i++)
		if (roles[i].by_generation)
			role_start(m, &roles[i]);
}

void
children_stop(struct master *m, uint32_t within_ms)
{
	if (m->stopping)
		return;
	m->stopping = true;
	m->stop_at_ms = loop_now(m->loop) + within_ms;
	service_stopping();
	log_event(LOG_LEVEL_INFO, "stopping", KV_U64("within_ms", within_ms), KV_END);
	bound_close_all(&m->sockets);
	free_waiting(m, true);
	stop_next(m);
}
