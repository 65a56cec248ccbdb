/*
 * run/control/master: status, reload, stop, pause. Only for root, or for the one user of a single-user
 * instance; each command is a row.
 */
#include "daemon/master/master.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "build_config.h"
#include "net/listener.h"
#include "net/log.h"
#include "os/service.h"

#define STATUS_WAITS_MS 1000

static void
say(struct channel *c, uint32_t sequence, enum st st, struct slice text)
{
	struct ipc_verdict v;
	struct fault f = FAULT_NONE;

	if (st != ST_OK)
		fault_set(&f, st, "", "refused");
	ipc_verdict_from(&v, &f);
	channel_reply(c, sequence, IPC_cmd_done, &(struct ipc_cmd_done){ .verdict = IPC_VERDICT(&v), .text = text }, -1);
}

/* ---- status: asks every child, answers when all have answered or after a second ---- */

struct status {
	struct list_node node;
	struct master *m;
	struct channel *to;
	uint32_t sequence;
	size_t open, count;
	struct timer patience;
	struct buf text;
	struct status_call {
		struct channel_call call;
		struct status *s;
		char name[64];
	} *calls;
};

static struct list statuses;

static void
status_finish(struct status *s)
{
	list_remove(&s->node);
	for (size_t i = 0; i < s->count; i++)
		channel_cancel(&s->calls[i].call);
	loop_timer_stop(s->m->loop, &s->patience);
	if (s->to)
		say(s->to, s->sequence, ST_OK, buf_slice(&s->text));
	buf_fini(&s->text);
	mem_free(s->calls);
	mem_free(s);
}

static void
status_late(struct timer *t)
{
	status_finish(t->arg);
}

static void
status_part(struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct status_call *k = call->arg;
	struct status *s = k->s;
	const struct ipc_status *m = message;
	struct slice rest = m ? m->text : SL_NONE, line;

	(void)type;
	(void)fd;
	(void)f;
	while (rest.n) {
		sl_cut(&rest, '\n', &line);
		buf_fmt(&s->text, "%s.%.*s\n", k->name, SL_FMT(line));
	}
	if (--s->open == 0)
		status_finish(s);
}

static const char *
stage_name(const struct child *c)
{
	static const char *const names[] = { "starting", "ready", "draining" };

	return names[c->stage];
}

static void
on_status(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct master *m = channel_owner(c);
	struct status *s = mem_get(sizeof(*s));
	size_t room = 0;

	(void)message;
	(void)fd;
	memset(s, 0, sizeof(*s));
	s->m = m;
	s->to = c;
	s->sequence = sequence;
	list_node_init(&s->node);
	list_append(&statuses, &s->node);
	buf_init(&s->text, 60000);
	buf_fmt(&s->text, "version=%s\nconfiguration=%s\nready=%s\n", BUILD_VERSION,
	    m->last_good ? "LAST GOOD COPY (the files have mistakes: courier config check)" : "current", m->ready ? "yes" : "no");
	LIST_EACH(&m->children, n) {
		struct child *k = CONTAINER_OF(n, struct child, node);

		buf_fmt(&s->text, "process=%s.%u pid=%ld state=%s sandbox=%s up=%llds%s%s\n", k->role->name, (unsigned)k->index,
		    (long)k->pid, stage_name(k), k->sandbox[0] ? k->sandbox : "-",
		    (long long)((loop_now(m->loop) - k->started_ms) / 1000), k->key[0] ? " for=" : "", k->key);
		room++;
	}
	LIST_EACH(&m->vacancies, n)
		buf_fmt(&s->text, "process=%s state=WAITS-TO-START\n", CONTAINER_OF(n, struct vacancy, node)->role->name);
	s->calls = mem_get((room + 1) * sizeof(*s->calls));
	memset(s->calls, 0, (room + 1) * sizeof(*s->calls));
	loop_timer_at(m->loop, &s->patience, loop_now(m->loop) + STATUS_WAITS_MS, status_late, s);
	s->open = 1; /* ours, so that nothing finishes while we ask */
	LIST_EACH(&m->children, n) {
		struct child *k = CONTAINER_OF(n, struct child, node);
		struct status_call *part = &s->calls[s->count];

		if (k->stage != CHILD_READY || !k->control)
			continue;
		s->count++;
		s->open++;
		part->s = s;
		part->call.fn = status_part;
		part->call.arg = part;
		snprintf(part->name, sizeof(part->name), "%s.%u", k->role->name, (unsigned)k->index);
		channel_request(k->control, &part->call, IPC_ask_status, &(struct ipc_ask_status){0}, -1);
	}
	if (--s->open == 0)
		status_finish(s);
}

/* ---- reload ---- */

/* Who waits for the check; NULL for SIGHUP or when he went away. */
static struct {
	struct channel *to;
	uint32_t sequence;
} reloader;

void
master_reloaded(struct master *m, bool ok, struct slice report)
{
	log_event(ok ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "reload", KV_STR("result", ok ? "in force" : "refused"),
	    KV_SL("report", sl_trim(report)), KV_END);
	service_ready(ok ? "configuration is in force" : "new configuration refused, the old one is in force");
	if (reloader.to)
		say(reloader.to, reloader.sequence, ok ? ST_OK : ST_SYNTAX, report);
	reloader.to = NULL;
	if (ok)
		children_reload(m);
}

static void
on_reload(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct master *m = channel_owner(c);

	(void)message;
	(void)fd;
	if (reloader.to) {
		say(c, sequence, ST_TEMP, SL("another reload is under way\n"));
		return;
	}
	reloader.to = c;
	reloader.sequence = sequence;
	service_reloading();
	config_check(m, master_reloaded);
}

/* ---- stop, pause ---- */

static void
on_stop(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_cmd_stop *q = message;

	(void)fd;
	say(c, sequence, ST_OK, SL("stopping\n"));
	children_stop(channel_owner(c), q->within_ms);
}

static void
on_pause(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct master *m = channel_owner(c);
	const struct ipc_cmd_pause *q = message;

	(void)fd;
	LIST_EACH(&m->children, n) {
		struct child *k = CONTAINER_OF(n, struct child, node);

		if (k->control)
			channel_note(k->control, IPC_pause, &(struct ipc_pause){ .what = q->what, .on = q->on }, -1);
	}
	log_event(LOG_LEVEL_INFO, "pause", KV_U64("what", q->what), KV_U64("on", q->on), KV_END);
	say(c, sequence, ST_OK, SL_NONE);
}

static const struct channel_handler command_handlers[] = {
	{ IPC_cmd_status, on_status }, { IPC_cmd_reload, on_reload }, { IPC_cmd_stop, on_stop }, { IPC_cmd_pause, on_pause },
	{ 0, NULL },
};

static void
command_closed(struct channel *c, const struct fault *why)
{
	(void)why;
	if (reloader.to == c)
		reloader.to = NULL;
	LIST_EACH(&statuses, n) {
		struct status *s = CONTAINER_OF(n, struct status, node);

		if (s->to == c)
			s->to = NULL;
	}
}

static void
on_connection(void *arg, int fd, const struct net_addr *peer)
{
	struct master *m = arg;
	struct channel *c;

	(void)peer;
	c = channel_new(m->loop, fd, &(struct channel_opts){
	    .name = "command", .sends = IPC_LINK_COMMAND_SAY, .receives = IPC_LINK_COMMAND_ASK, .handlers = command_handlers,
	    .closed = command_closed, .owner = m, .frame_max_bytes = 64u << 10,
	});
	uint32_t uid = channel_peer_uid(c);
	if (uid != 0 && uid != (uint32_t)getuid()) {
		log_event(LOG_LEVEL_WARNING, "command", KV_STR("refused", "uid"), KV_U64("uid", uid), KV_END);
		channel_free(c);
	}
}

enum st
commands_open(struct master *m, struct fault *f)
{
	char path[PATHS_MAX + 32];
	int fd;

	list_init(&statuses);
	snprintf(path, sizeof(path), "%s/control/master", m->paths.run_dir);
	fd = sockets_unix(path, 0600, f);
	if (fd < 0)
		return ST_IO;
	m->commands = listener_new(m->loop, fd, on_connection, m);
	return ST_OK;
}
