/*
 * run/control/master: status, reload, stop, pause. Only for root, or for the one user of a
 * single-user instance; each command is a row.
 */
#include "daemon/master/master.h"

#include <stdio.h>
#include <unistd.h>

#include "build_config.h"
#include "net/listener.h"
#include "net/log.h"
#include "os/background.h"
#include "os/service.h"

#define SURVEY_MS 2000
#define SETTLE_MS 10000
#define TEXT_MAX 59000

/* Who waits for the end of a command; to NULL: nobody, or gone. */
struct waiter {
	struct channel *to;
	uint32_t sequence;
};

static struct {
	struct waiter status, reload;
	bool surveying, settling; /* status: until all have answered; reload: until all are ready */
	size_t open;
	struct timer survey, settle;
	struct buf report;
} cmd;

static void
say(struct waiter *w, enum st st, struct slice text)
{
	struct ipc_verdict v = {.st = (uint8_t)st, .text = SL("refused")};

	if (w->to)
		channel_reply(w->to, w->sequence, IPC_cmd_done,
		    &(struct ipc_cmd_done){
			.verdict = IPC_VERDICT(&v), .text = sl_sub(text, 0, TEXT_MAX)},
		    -1);
	w->to = NULL;
}

/* ---- the survey: what processes say is handed on unread, by its own frames ---- */

static void
survey_end(struct timer *t)
{
	struct master *m = t->arg;
	struct buf text;

	cmd.surveying = false;
	loop_timer_stop(m->loop, t);
	EACH_CHILD(m, c)
	channel_cancel(&c->status);
	buf_init(&text, TEXT_MAX);
	buf_fmt(&text, "version=%s\nconfiguration=%s\nready=%s\npaused=%s%s%s\n", BUILD_VERSION,
	    m->last_good ? "LAST GOOD COPY (courier config check shows the mistakes)" : "current",
	    children_are_ready(m) ? "yes" : "no", m->paused & 1 ? "in " : "",
	    m->paused & 2 ? "out " : "", m->paused & 4 ? "local" : "");
	if (cmd.open)
		buf_fmt(&text, "unanswered=%zu\n", cmd.open);
	say(&cmd.status, ST_OK, buf_slice(&text));
	buf_fini(&text);
}

static void
survey_hand_on(const struct child *c, struct slice text)
{
	if (cmd.status.to && text.n)
		channel_note(cmd.status.to, IPC_cmd_part,
		    &(struct ipc_cmd_part){.role = sl_str(c->role->name), .index = c->index,
			.pid = (uint64_t)c->pid, .text = text},
		    -1);
}

void
command_told(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	const struct child *c = channel_owner(ch);

	(void)sequence;
	(void)fd;
	if (c->status.channel) /* it was asked, and has not said the last of it */
		survey_hand_on(c, ((const struct ipc_told *)message)->text);
}

static void
survey_part(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	const struct ipc_status *last = message;

	(void)type;
	(void)fd;
	(void)f;
	if (last)
		survey_hand_on(call->arg, last->text);
	if (--cmd.open == 0)
		survey_end(&cmd.survey);
}

static void
survey_begin(struct master *m, const struct ipc_cmd_status *q)
{
	int64_t now = loop_now(m->loop);

	cmd.surveying = true;
	cmd.open = 1; /* ours, so that nothing ends while we ask */
	loop_timer_at(m->loop, &cmd.survey, now + SURVEY_MS, survey_end, m);
	EACH_CHILD(m, c)
	{
		if (q->what == 0)
			channel_note(cmd.status.to, IPC_cmd_process,
			    &(struct ipc_cmd_process){.role = sl_str(c->role->name),
				.index = c->index, .pid = (uint64_t)c->pid,
				.stage = (uint8_t)c->stage, .sandbox = sl_str(c->sandbox),
				.up_sec = (uint64_t)(now - c->started_ms) / 1000,
				.key = sl_str(c->key), .failed = sl_str(c->failed)},
			    -1);
		if (!c->control)
			continue;
		c->status = (struct channel_call){.fn = survey_part, .arg = c};
		cmd.open++;
		channel_request(c->control, &c->status, IPC_ask_status,
		    &(struct ipc_ask_status){.what = q->what, .name = q->name}, -1);
	}
	if (--cmd.open == 0)
		survey_end(&cmd.survey);
}

static void
on_status(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_cmd_status *q = message;
	struct waiter me = {ch, sequence};

	(void)fd;
	if (cmd.surveying) {
		say(&me, ST_TEMP, SL("somebody else asks at this moment\n"));
		return;
	}
	if (q->name.n)
		log_event(LOG_LEVEL_INFO, "command", KV_U64("what", q->what),
		    KV_SL("name", q->name), KV_END);
	cmd.status = me;
	survey_begin(channel_owner(ch), q);
}

/* ---- reload ---- */

static void
settled(struct timer *t)
{
	struct master *m = t->arg;

	cmd.settling = false;
	loop_timer_stop(m->loop, t);
	say(&cmd.reload, ST_OK, buf_slice(&cmd.report));
	buf_fini(&cmd.report);
}

void
command_settled(struct master *m)
{
	if (!m->ready && !m->failed) {
		m->ready = true;
		service_ready("all processes are ready");
		background_ready();
	}
	if (cmd.settling)
		settled(&cmd.settle);
}

static void
reloaded(struct master *m, bool ok, struct slice report)
{
	log_event(ok ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "reload",
	    KV_STR("result", ok ? "in force" : "refused"), KV_SL("report", sl_trim(report)),
	    KV_END);
	service_ready(ok ? "configuration is in force"
			 : "new configuration refused, the old one is in force");
	if (!ok || m->stopping) {
		say(&cmd.reload, ok ? ST_TEMP : ST_SYNTAX, report);
		return;
	}
	buf_init(&cmd.report, TEXT_MAX);
	buf_put(&cmd.report, sl_sub(report, 0, TEXT_MAX)); /* warnings */
	children_reload(m);
	cmd.settling = true;
	loop_timer_at(m->loop, &cmd.settle, loop_now(m->loop) + SETTLE_MS, settled, m);
}

void
command_hangup(struct master *m)
{
	service_reloading();
	config_check(m, reloaded);
}

static void
on_reload(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	struct waiter me = {ch, sequence};

	(void)message;
	(void)fd;
	if (cmd.reload.to || cmd.settling) {
		say(&me, ST_TEMP, SL("another reload is under way\n"));
		return;
	}
	cmd.reload = me;
	service_reloading();
	if (!config_check(channel_owner(ch), reloaded))
		say(&cmd.reload, ST_TEMP, SL("another check is under way\n"));
}

/* ---- stop, pause ---- */

static void
on_stop(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_cmd_stop *q = message;

	(void)fd;
	say(&(struct waiter){ch, sequence}, ST_OK, SL("stopping\n"));
	children_stop(channel_owner(ch), q->within_ms);
}

static void
on_pause(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	struct master *m = channel_owner(ch);
	const struct ipc_cmd_pause *q = message;

	(void)fd;
	m->paused = q->on ? m->paused | q->what : m->paused & ~(unsigned)q->what;
	EACH_CHILD(m, c)
	channel_note(c->control, IPC_pause, &(struct ipc_pause){.what = q->what, .on = q->on}, -1);
	log_event(LOG_LEVEL_INFO, "pause", KV_U64("what", q->what), KV_U64("on", q->on), KV_END);
	say(&(struct waiter){ch, sequence}, ST_OK, SL_NONE);
}

/* ---- connections ---- */

static const struct channel_handler handlers[] = {
    {IPC_cmd_status, on_status}, {IPC_cmd_reload, on_reload}, {IPC_cmd_stop, on_stop},
    {IPC_cmd_pause, on_pause}, {0, NULL},
};

static void
on_closed(struct channel *ch, const struct fault *why)
{
	(void)why;
	if (cmd.status.to == ch)
		cmd.status.to = NULL;
	if (cmd.reload.to == ch)
		cmd.reload.to = NULL;
}

static void
on_connection(void *arg, int fd, const struct net_addr *peer)
{
	struct master *m = arg;
	struct channel *ch = channel_new(m->loop, fd,
	    &(struct channel_opts){.name = "command",
		.sends = IPC_LINK_COMMAND_SAY, .receives = IPC_LINK_COMMAND_ASK,
		.handlers = handlers, .closed = on_closed, .owner = m,
		.frame_max_bytes = 64u << 10});
	uint32_t uid = channel_peer_uid(ch);

	(void)peer;
	if (uid == 0 || uid == (uint32_t)getuid())
		return;
	log_event(
	    LOG_LEVEL_WARNING, "command", KV_STR("refused", "uid"), KV_U64("uid", uid), KV_END);
	channel_free(ch);
}

enum st
commands_open(struct master *m, struct fault *f)
{
	static struct bound_set socket; /* as long as we live */
	char path[PATHS_MAX + 32];
	enum st st;

	snprintf(path, sizeof(path), "%s/control/master", m->paths.run_dir);
	bound_init(&socket);
	st = bound_path(&socket, NULL, path, 0600, f);
	if (st == ST_OK)
		m->commands = listener_new(m->loop,
		    CONTAINER_OF(list_first(&socket.list), struct bound, node)->fd, on_connection,
		    m);
	return st;
}
