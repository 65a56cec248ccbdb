/*
 * Back ends: programs started here, asked one question at a time each, started again when they end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/authdaemond/authdaemond.h"
#include "net/log.h"
#include "os/fdpass.h"
#include "os/spawn.h"

#define PATIENCE_MS 10000 /* for one answer; COURIER.md 10.1 */
#define START_AGAIN_MS 1000
#define ANSWER_MAX ((size_t)64 << 20)

static void module_next(struct module *m);

static struct loop *
loop_of(const struct backend *b)
{
	return proc_loop(b->module->d->proc);
}

static void
complain(const struct module *m, const struct fault *f)
{
	log_event(LOG_LEVEL_ERROR, "authmodule", KV_STR("module", m->name), KV_FAULT(f), KV_END);
}

/* The program is gone, or must go; its question gets no answer. */
static void
backend_end(struct backend *b, const char *why)
{
	struct query *q = b->now;
	struct fault f;

	fault_set(&f, ST_TEMP, "4.3.0", "%s", why);
	complain(b->module, &f);
	loop_forget(&b->watch);
	loop_timer_stop(loop_of(b), &b->patience);
	close(b->fd);
	if (b->pid) /* its number is its own as long as we have not seen its end */
		kill((pid_t)b->pid, SIGKILL);
	b->fd = -1;
	b->now = NULL;
	buf_fini(&b->in);
	b->module->not_before_ms = loop_now(loop_of(b)) + START_AGAIN_MS;
	if (q)
		query_answered(q, AUTH_TROUBLE);
}

/* ENUMERATE: what is complete is kept for the asker, once; ST_OK at the end of the list. */
static enum st
take_list(struct backend *b, size_t *used, struct fault *f)
{
	struct slice in = buf_slice(&b->in);
	struct auth_list_item item = {.kind = AUTH_LIST_MODULE};
	size_t one = 0, at = 0;
	enum st st = ST_OK;

	while (item.kind != AUTH_LIST_END && st == ST_OK) {
		at += one;
		st = auth_list_parse(sl_skip(in, at), &item, &one, f);
	}
	buf_put(
	    &b->now->list, sl_sub(in, 0, at)); /* without the end: another back end may follow */
	if (!buf_ok(&b->now->list))
		return fault_set(f, ST_LIMIT, "", "the list of accounts is too long");
	if (st == ST_AGAIN)
		buf_drop(&b->in, at);
	*used = at + one;
	return st;
}

static void
backend_answer(struct backend *b)
{
	struct query *q = b->now;
	enum auth_outcome outcome = AUTH_YES;
	struct fault f;
	size_t used;
	enum st st;

	if (q->request.kind == AUTH_ENUMERATE)
		st = take_list(b, &used, &f);
	else
		st = auth_answer_parse(
		    q->request.kind, buf_slice(&b->in), q->arena, &outcome, &q->account, &used, &f);
	if (st == ST_AGAIN)
		return;
	if (st != ST_OK) {
		backend_end(b, f.text);
		return;
	}
	buf_drop(&b->in, used);
	b->now = NULL;
	loop_timer_stop(loop_of(b), &b->patience);
	if (b->in.n) { /* it says more than it was asked */
		backend_end(b, "found bytes behind the answer, expected none");
		query_answered(q, AUTH_TROUBLE);
		return;
	}
	query_answered(q, outcome);
	module_next(b->module);
}

static void
backend_ready(struct watch *w, unsigned ready)
{
	struct backend *b = w->arg;
	unsigned char *room = buf_room(&b->in, 8192);
	ssize_t n = room ? read(b->fd, room, 8192) : 0;

	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		struct module *m = b->module;

		backend_end(b, n == 0 ? "the program ended" : strerror(errno));
		module_next(m);
		return;
	}
	buf_added(&b->in, (size_t)n);
	if (b->now)
		backend_answer(b);
	else
		backend_end(b, "found an answer, expected none: nothing was asked");
}

static void
backend_late(struct timer *t)
{
	struct backend *b = t->arg;
	struct module *m = b->module;

	backend_end(b, "no answer within 10 s");
	module_next(m);
}

/* The program of a module, and whether it is there. */
static bool
program_path(const struct authdaemond *d, const char *module, char *path, size_t size)
{
	snprintf(path, size, "%s/auth/%s", proc_paths(d->proc)->module_dir, module);
	return access(path, X_OK) == 0;
}

static bool
backend_start(struct backend *b)
{
	char path[PATHS_MAX + 128];
	int pair[2];
	struct fault f;
	char conf[PATHS_MAX + 32];
	const char *env[] = {"PATH=/usr/bin:/bin", conf, NULL};
	int err;

	(void)program_path(b->module->d, b->module->name, path, sizeof(path));
	if (fdpass_pair(pair) != 0)
		return false;
	fcntl(pair[1], F_SETFL, 0); /* blocking: it is a plain program */
	snprintf(conf, sizeof(conf), "AUTH_CONF_DIR=%s", proc_paths(b->module->d->proc)->conf_dir);
	err = spawn_program(&(struct spawn){.path = path,
				.env = env,
				.fd_count = 3,
				.session = true,
				.fds = (const int[]){pair[1], pair[1], SPAWN_KEEP}},
	    &b->pid);
	close(pair[1]);
	if (err) {
		close(pair[0]);
		fault_sys(&f, ST_IO, "4.3.0", -err, "%s", path);
		complain(b->module, &f);
		return false;
	}
	b->fd = pair[0];
	buf_init(&b->in, ANSWER_MAX);
	loop_watch(loop_of(b), &b->watch, b->fd, POLLER_READ, backend_ready, b);
	return true;
}

static void
backend_ask(struct backend *b, struct query *q)
{
	struct slice s = buf_slice(&q->text);
	ssize_t n;

	b->now = q;
	b->module->asked++;
	loop_timer_at(
	    loop_of(b), &b->patience, loop_now(loop_of(b)) + PATIENCE_MS, backend_late, b);
	/* A request is smaller than any socket buffer, and the program reads all of one before the
	 * next. */
	do
		n = write(b->fd, s.p, s.n);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)s.n)
		backend_end(b, "the program does not read");
}

/* A program that is free, started if need be; NULL when all are at work. */
static struct backend *
free_backend(struct module *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->backends[i].fd >= 0 && !m->backends[i].now)
			return &m->backends[i];
	for (size_t i = 0; i < m->count; i++)
		if (m->backends[i].fd < 0 && !m->backends[i].pid)
			return &m->backends[i];
	return NULL;
}

static void
module_next(struct module *m)
{
	struct list_node *n;

	while ((n = list_first(&m->queue))) {
		struct query *q = CONTAINER_OF(n, struct query, node);
		struct backend *b = free_backend(m);

		if (!b)
			return;
		list_remove(n);
		if (b->fd < 0 && (loop_now(loop_of(b)) < m->not_before_ms || !backend_start(b))) {
			if (loop_now(loop_of(b)) >= m->not_before_ms)
				m->not_before_ms = loop_now(loop_of(b)) + START_AGAIN_MS;
			query_answered(q, AUTH_TROUBLE);
			continue;
		}
		backend_ask(b, q);
	}
}

void
module_ask(struct authdaemond *d, const char *name, struct query *q)
{
	for (size_t i = 0; i < MODULES_MAX; i++) {
		struct module *m = &d->modules[i];

		if (strcmp(m->name, name) != 0)
			continue;
		list_append(&m->queue, &q->node);
		module_next(m);
		return;
	}
}

static struct module *
module_new(struct authdaemond *d, const char *name, size_t count)
{
	for (size_t i = 0; i < MODULES_MAX; i++) {
		struct module *m = &d->modules[i];

		if (strcmp(m->name, name) == 0)
			return m;
		if (m->name[0])
			continue;
		*m = (struct module){.d = d, .count = count};
		snprintf(m->name, sizeof(m->name), "%s", name);
		list_init(&m->queue);
		m->backends = mem_get(m->count * sizeof(*m->backends));
		for (size_t k = 0; k < m->count; k++)
			m->backends[k] = (struct backend){.module = m, .fd = -1};
		return m;
	}
	return NULL;
}

/*
 * Modules without a program are skipped. Programs of a module that is no longer asked end when
 * their standard input does: with us.
 */
void
modules_open(struct authdaemond *d)
{
	const struct conf_authdaemon *c = &proc_conf(d->proc)->authdaemon;

	d->serial++;
	d->name_count = 0;
	for (size_t i = 0; i < c->modules.count && d->name_count < MODULES_MAX; i++) {
		const char *name = c->modules.items[i];
		char path[PATHS_MAX + 128];
		struct module *m = NULL;

		if (program_path(d, name, path, sizeof(path)))
			m = module_new(d, name, c->daemons ? (size_t)c->daemons : 1);
		if (m)
			d->names[d->name_count++] = m->name;
		else
			log_event(LOG_LEVEL_WARNING, "authmodule", KV_STR("module", name),
			    KV_STR("skipped", "not installed"), KV_END);
	}
}

/* A program whose end was seen has no number any more; that it ended is noticed by its socket. */
void
modules_reap(struct authdaemond *d)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < MODULES_MAX; i++)
			for (size_t k = 0; k < d->modules[i].count; k++)
				if (d->modules[i].backends[k].pid == pid)
					d->modules[i].backends[k].pid = 0;
	for (size_t i = 0; i < MODULES_MAX; i++)
		if (d->modules[i].name[0])
			module_next(&d->modules[i]);
}
