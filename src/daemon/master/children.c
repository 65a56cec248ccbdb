/*
 * Children: started, told what they need, joined by channels, watched, started again with growing
 * patience, replaced by generations, ended.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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
#define DELIVERER_GRACE_MS 2000
#define READS_FROM_CHILD_MAX (64u << 10)

static size_t
role_place(const struct role *r)
{
	return (size_t)(r - roles);
}

/* ---- frames of children ---- */

/* Whoever started us may go on: he gets his word, and his terminal or pipe back. */
static void
leave_starter(struct master *m)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ssize_t n = write(m->ready_fd, "1", 1);

	(void)n; /* he may have gone: that is his choice */
	close(m->ready_fd);
	m->ready_fd = -1;
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

static void
on_ready(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	struct child *c = channel_owner(ch);
	const struct ipc_ready *r = message;

	(void)sequence;
	(void)fd;
	snprintf(c->sandbox, sizeof(c->sandbox), "%.*s", SL_FMT(r->sandbox));
	if (c->stage == CHILD_STARTING)
		c->stage = CHILD_READY;
	log_event(LOG_LEVEL_INFO, "ready", KV_STR("role", c->role->name), KV_U64("pid", (uint64_t)c->pid),
	    KV_STR("sandbox", c->sandbox), KV_END);
	if (!c->m->ready && children_all_ready(c->m)) {
		c->m->ready = true;
		service_ready("all processes are ready");
		if (c->m->ready_fd >= 0)
			leave_starter(c->m);
	}
}

static void
on_ticket_issue(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	(void)sequence;
	(void)fd;
	workers_take_ticket(channel_owner(ch), message);
}

static void
on_redeem(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	(void)fd;
	workers_redeem(channel_owner(ch), sequence, message);
}

static const struct channel_handler child_handlers[] = {
	{ IPC_ready, on_ready }, { IPC_ticket_issue, on_ticket_issue }, { IPC_redeem, on_redeem }, { 0, NULL },
};

static void
child_channel_closed(struct channel *ch, const struct fault *why)
{
	struct child *c = channel_owner(ch);

	c->control = NULL;
	/* Gone, and its end is about to be reaped; or it broke a rule, and must go. */
	if (why->st != ST_EOF)
		kill(c->pid, SIGKILL);
}

/* ---- starting ---- */

bool
children_all_ready(const struct master *m)
{
	struct list *l = (struct list *)(uintptr_t)&m->children;

	if (list_first((struct list *)(uintptr_t)&m->vacancies))
		return false;
	LIST_EACH(l, n)
		if (CONTAINER_OF(n, struct child, node)->stage == CHILD_STARTING)
			return false;
	return true;
}

void
child_join(struct child *asker, struct child *answerer)
{
	int fds[2];

	if (!asker->control || !answerer->control || fdpass_pair(fds) != 0)
		return;
	channel_note(asker->control, IPC_peer,
	    &(struct ipc_peer){ .role = sl_str(answerer->role->name), .index = answerer->index }, fds[0]);
	channel_note(answerer->control, IPC_peer,
	    &(struct ipc_peer){ .role = sl_str(asker->role->name), .index = asker->index }, fds[1]);
}

/* The place-th of a role's living children; NULL behind the last. */
static struct child *
nth_of_role(struct master *m, const char *role, size_t place)
{
	LIST_EACH(&m->children, n) {
		struct child *c = CONTAINER_OF(n, struct child, node);

		if (c->stage != CHILD_DRAINING && c->control && strcmp(c->role->name, role) == 0 && place-- == 0)
			return c;
	}
	return NULL;
}

static void
join_all(struct child *c)
{
	struct child *other;

	for (size_t i = 0; i < role_link_count; i++) {
		const struct role_link *k = &role_links[i];
		bool asks = strcmp(k->asker, c->role->name) == 0;

		if (!asks && strcmp(k->answerer, c->role->name) != 0)
			continue;
		for (size_t n = 0; (other = nth_of_role(c->m, asks ? k->answerer : k->asker, n)); n++)
			child_join(asks ? c : other, asks ? other : c);
	}
}

/* Certificates and keys: opened here as root, so that no process has to be root to read its own. */
static void
give_key(struct child *c, const char *path)
{
	int fd;

	if (!path[0])
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		struct fault f;

		fault_sys(&f, ST_IO, "", errno, "%s", path);
		log_event(LOG_LEVEL_WARNING, "tls", KV_STR("role", c->role->name), KV_FAULT(&f), KV_END);
		return;
	}
	channel_note(c->control, IPC_key, &(struct ipc_key){ .name = sl_str(path) }, fd);
}

static void
give_keys(struct child *c)
{
	const struct conf *cf = c->m->conf;
	const struct conf_tls *all[] = { &cf->esmtpd.tls, &cf->msa.tls, &cf->ssl.tls };
	const char *given[9] = {0};
	size_t given_n = 0;

	if (strcmp(c->role->name, "esmtpd") != 0)
		return;
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		const char *want[] = { all[i]->certfile, all[i]->private_keyfile, all[i]->trustcerts };

		for (size_t k = 0; k < COUNT_OF(want); k++) {
			size_t g = 0;

			while (g < given_n && strcmp(given[g], want[k]) != 0)
				g++;
			if (g < given_n)
				continue;
			given[given_n++] = want[k];
			give_key(c, want[k]);
		}
	}
}

static void
give_config(struct child *c)
{
	int fd = fcntl(c->m->snapshot_fd, F_DUPFD_CLOEXEC, 5); /* readers use pread: a shared offset is no harm */

	if (fd >= 0)
		channel_note(c->control, IPC_config, &(struct ipc_config){ .serial = c->m->serial }, fd);
}

struct child *
child_start(struct master *m, const struct role *role, const struct ipc_account *account, const char *key)
{
	struct ipc_identity id;
	struct child *c;
	struct fault f;
	int control, err;
	pid_t pid;

	if (spawn_identity(m, role, &id, &f) != ST_OK) {
		log_event(LOG_LEVEL_ALERT, "start", KV_STR("role", role->name), KV_FAULT(&f), KV_END);
		return NULL;
	}
	err = spawn_process(m, role, account, &pid, &control);
	if (err) {
		fault_sys(&f, ST_IO, "", -err, "starting %s", role->name);
		log_event(LOG_LEVEL_ALERT, "start", KV_STR("role", role->name), KV_FAULT(&f), KV_END);
		return NULL;
	}
	c = mem_get(sizeof(*c));
	*c = (struct child){ .m = m, .role = role, .pid = pid, .index = m->next_index[role_place(role)]++,
	    .started_ms = loop_now(m->loop) };
	snprintf(c->key, sizeof(c->key), "%s", key ? key : "");
	list_node_init(&c->node);
	c->control = channel_new(m->loop, control, &(struct channel_opts){
	    .name = role->name, .sends = IPC_LINK_MASTER_DOWN, .receives = IPC_LINK_MASTER_UP, .handlers = child_handlers,
	    .closed = child_channel_closed, .owner = c, .frame_max_bytes = READS_FROM_CHILD_MAX,
	});
	id.index = c->index;
	channel_note(c->control, IPC_identity, &id, -1);
	give_keys(c);
	give_config(c);
	if (account)
		channel_note(c->control, IPC_account, account, -1);
	sockets_give(c);
	join_all(c);
	list_append(&m->children, &c->node);
	channel_note(c->control, IPC_start, &(struct ipc_start){ .serial = m->serial }, -1);
	return c;
}

static void vacancy_open(struct master *m, const struct role *role, int64_t wait_ms);

static bool
deliverers_left(struct master *m)
{
	LIST_EACH(&m->children, n)
		if (!CONTAINER_OF(n, struct child, node)->role->user)
			return true;
	return false;
}

static void
vacancy_fill(struct timer *t)
{
	struct vacancy *v = t->arg;
	struct master *m = v->m;
	const struct role *role = v->role;

	/* No courierd while a deliverer of the last one lives: it could deliver what the next one schedules again. */
	if (strcmp(role->name, "courierd") == 0 && deliverers_left(m)) {
		loop_timer_at(m->loop, &v->timer, loop_now(m->loop) + 50, vacancy_fill, v);
		return;
	}
	list_remove(&v->node);
	mem_free(v);
	if (!m->stopping && !child_start(m, role, NULL, NULL))
		vacancy_open(m, role, BACKOFF_MAX_MS);
}

static void
vacancy_open(struct master *m, const struct role *role, int64_t wait_ms)
{
	struct vacancy *v = mem_get(sizeof(*v));

	*v = (struct vacancy){ .m = m, .role = role };
	list_node_init(&v->node);
	list_append(&m->vacancies, &v->node);
	loop_timer_at(m->loop, &v->timer, loop_now(m->loop) + wait_ms, vacancy_fill, v);
}

void
children_start_all(struct master *m)
{
	for (size_t i = 0; i < role_count; i++)
		for (unsigned n = roles[i].count(m->conf); n > 0; n--)
			if (!child_start(m, &roles[i], NULL, NULL))
				vacancy_open(m, &roles[i], BACKOFF_FIRST_MS);
}

/* ---- ending ---- */

static void
child_kill(struct timer *t)
{
	struct child *c = t->arg;

	kill(c->role->user ? c->pid : -c->pid, SIGKILL); /* a worker leads a session: its programs go with it */
}

void
child_drain(struct child *c, uint32_t within_ms)
{
	if (c->stage == CHILD_DRAINING)
		return;
	c->stage = CHILD_DRAINING;
	if (c->control)
		channel_note(c->control, IPC_drain, &(struct ipc_drain){ .within_ms = within_ms }, -1);
	loop_timer_at(c->m->loop, &c->kill, loop_now(c->m->loop) + within_ms + 2000, child_kill, c);
}

/* courierd died: its deliverers have 2 s to notice, then they are ended. */
static void
end_deliverers(struct master *m)
{
	LIST_EACH(&m->children, n) {
		struct child *c = CONTAINER_OF(n, struct child, node);

		if (c->role->user)
			continue;
		c->stage = CHILD_DRAINING;
		loop_timer_at(m->loop, &c->kill, loop_now(m->loop) + DELIVERER_GRACE_MS, child_kill, c);
	}
}

static int64_t
next_backoff(struct master *m, const struct child *c)
{
	int64_t *wait = &m->backoff_ms[role_place(c->role)];

	if (loop_now(m->loop) - c->started_ms >= LIVED_WELL_MS || *wait == 0)
		*wait = BACKOFF_FIRST_MS;
	else if (*wait < BACKOFF_MAX_MS)
		*wait = *wait * 2 < BACKOFF_MAX_MS ? *wait * 2 : BACKOFF_MAX_MS;
	return *wait;
}

static void
child_ended(struct child *c, int status)
{
	struct master *m = c->m;
	bool expected = c->stage == CHILD_DRAINING || m->stopping || !c->role->user;

	if (!expected || WIFSIGNALED(status))
		log_event(expected ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "ended", KV_STR("role", c->role->name),
		    KV_U64("pid", (uint64_t)c->pid), KV_STR("by", WIFSIGNALED(status) ? "signal" : "exit"),
		    KV_U64("status", (uint64_t)(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status))), KV_END);
	list_remove(&c->node);
	loop_timer_stop(m->loop, &c->kill);
	workers_forget(m, c);
	channel_free(c->control);
	if (strcmp(c->role->name, "courierd") == 0 && c->stage != CHILD_DRAINING)
		end_deliverers(m);
	if (!expected)
		vacancy_open(m, c->role, next_backoff(m, c));
	mem_free(c);
	if (m->stopping && list_is_empty(&m->children))
		loop_stop(m->loop);
}

void
children_reap(struct master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (config_checked(m, pid, status))
			continue;
		LIST_EACH(&m->children, n) {
			struct child *c = CONTAINER_OF(n, struct child, node);

			if (c->pid == pid) {
				child_ended(c, status);
				break;
			}
		}
	}
}

/* A new configuration is in force: tell those who read it in place, replace the others. */
void
children_reload(struct master *m)
{
	uint32_t within_ms = (uint32_t)(m->conf->courierd.drain_time_sec * 1000);

	LIST_EACH(&m->children, n) {
		struct child *c = CONTAINER_OF(n, struct child, node);

		if (c->role->by_generation || !c->role->user)
			child_drain(c, within_ms);
		else if (c->control)
			give_config(c);
	}
	for (size_t i = 0; i < role_count; i++)
		if (roles[i].by_generation)
			for (unsigned k = roles[i].count(m->conf); k > 0; k--)
				if (!child_start(m, &roles[i], NULL, NULL))
					vacancy_open(m, &roles[i], BACKOFF_FIRST_MS);
}

/* All at once, with logd last: it hears the others' last words. */
static void
stop_logd(struct timer *t)
{
	struct master *m = t->arg;
	bool others = false;

	LIST_EACH(&m->children, n)
		if (strcmp(CONTAINER_OF(n, struct child, node)->role->name, "logd") != 0)
			others = true;
	if (others) {
		loop_timer_at(m->loop, t, loop_now(m->loop) + 20, stop_logd, m);
		return;
	}
	LIST_EACH(&m->children, n)
		child_drain(CONTAINER_OF(n, struct child, node), 1000);
	if (list_is_empty(&m->children))
		loop_stop(m->loop);
}

void
children_stop(struct master *m, uint32_t within_ms)
{
	if (m->stopping)
		return;
	m->stopping = true;
	service_stopping();
	log_event(LOG_LEVEL_INFO, "stopping", KV_U64("within_ms", within_ms), KV_END);
	sockets_close_all(m);
	LIST_EACH(&m->children, n) {
		struct child *c = CONTAINER_OF(n, struct child, node);

		if (strcmp(c->role->name, "logd") != 0)
			child_drain(c, within_ms);
	}
	loop_timer_at(m->loop, &m->stop_timer, loop_now(m->loop) + 20, stop_logd, m);
}
