/*
 * The command socket: mailq, cancelmsg, courier flush, courier status. The kernel says who asks;
 * root and the user we run as may everything, others what concerns mail they submitted.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "daemon/courierd/courierd.h"
#include "net/log.h"
#include "os/accounts.h"

#define COMMANDS_MAX 64
#define BACKLOG_BYTES (256u << 10) /* a list goes on when less than this waits to be read */
#define ITEMS_A_TURN 64
#define ITEM_BYTES 60000 /* of a frame's 64 KiB */

struct command {
	struct list_node node;
	struct courierd *c;
	struct channel *channel;
	uint32_t uid;
	char user[64]; /* login name of uid, or empty */
	/* a list being written */
	bool listing;
	uint32_t sequence;
	struct buf ids;
	size_t at;
	struct timer more;
};

static void
command_free(struct command *k)
{
	loop_timer_stop(proc_loop(k->c->proc), &k->more);
	buf_fini(&k->ids);
	list_remove(&k->node);
	mem_free(k);
}

static bool
may_all(const struct command *k)
{
	return k->uid == 0 || k->uid == (uint32_t)geteuid();
}

/* Mail of the asker: submitted by his uid or under his name. */
static bool
may_see(const struct command *k, const struct queue_message *m)
{
	struct slice auth = queue_text(m, m->auth);
	char uid[24];

	if (may_all(k))
		return true;
	if (!sl_eq(queue_text(m, m->source), SL("local")) &&
	    !sl_eq(queue_text(m, m->source), SL("authsmtp")))
		return false;
	snprintf(uid, sizeof(uid), "uid%lu", (unsigned long)k->uid);
	return auth.n && (sl_eq(auth, sl_str(uid)) || sl_eq(auth, sl_str(k->user)));
}

static void
done(struct channel *channel, uint32_t sequence, const struct fault *f, struct slice text)
{
	struct ipc_verdict v;

	ipc_verdict_from(&v, f);
	channel_reply(channel, sequence, IPC_cmd_done,
	    &(struct ipc_cmd_done){ .verdict = IPC_VERDICT(&v), .text = text }, -1);
}

/* ---- list ---- */

static void
put_item(struct channel *channel, const struct queue_message *m)
{
	struct ipc_queued_rcpt *rcpts = mem_get((m->rcpt_count + 1) * sizeof(*rcpts));
	struct ipc_cmd_item item = {
	    .id = sl_str(m->id), .sender = queue_text(m, m->sender), .auth = queue_text(m, m->auth),
	    .length = m->length,
	    .arrived_sec = m->arrived_sec, .next_sec = m->next_sec, .rcpts = { rcpts, 0 },
	};
	size_t bytes = 2000;

	for (uint32_t i = 0; i < m->rcpt_count; i++) {
		const struct queue_rcpt *r = &m->rcpts[i];
		struct ipc_queued_rcpt *to = &rcpts[item.rcpts.n];

		*to = (struct ipc_queued_rcpt){ .address = queue_text(m, r->address),
		    .state = r->state, .text = queue_note_text(r->note) };
		bytes += to->address.n + to->text.n + 16;
		if (bytes > ITEM_BYTES)
			break;
		item.rcpts.n++;
	}
	channel_note(channel, IPC_cmd_item, &item, -1);
	mem_free(rcpts);
}

static void
list_more(struct timer *t)
{
	struct command *k = t->arg;
	struct fault ok = FAULT_NONE;
	int sent = 0;

	while (k->at < k->ids.n && sent < ITEMS_A_TURN &&
	    channel_backlog_bytes(k->channel) < BACKLOG_BYTES) {
		struct slice rest = sl_skip(buf_slice(&k->ids), k->at), id;
		struct queue_look look;

		sl_cut(&rest, '\n', &id);
		k->at += id.n + 1;
		sent++;
		if (!queue_look(k->c->queue, id, &look))
			continue;
		if (may_see(k, look.m))
			put_item(k->channel, look.m);
		queue_look_done(&look);
	}
	if (k->at < k->ids.n) {
		loop_timer_at(proc_loop(k->c->proc), &k->more, loop_now(proc_loop(k->c->proc)) +
		    (sent ? 1 : 20), list_more, k);
		return;
	}
	k->listing = false;
	buf_fini(&k->ids);
	done(k->channel, k->sequence, &ok, SL_NONE);
}

static void
on_list(struct channel *channel, uint32_t sequence, const void *message, int fd)
{
	struct command *k = channel_owner(channel);
	const struct ipc_cmd_list *m = message;

	(void)fd;
	k->listing = true;
	k->sequence = sequence;
	k->at = 0;
	buf_clear(&k->ids);
	if (m->id.n) {
		buf_put(&k->ids, m->id);
		buf_put_byte(&k->ids, '\n');
	} else {
		queue_ids(k->c->queue, &k->ids);
	}
	loop_timer_at(proc_loop(k->c->proc), &k->more, loop_now(proc_loop(k->c->proc)), list_more,
	    k);
}

/* ---- flush, cancel, status ---- */

static void
on_flush(struct channel *channel, uint32_t sequence, const void *message, int fd)
{
	struct command *k = channel_owner(channel);
	const struct ipc_cmd_flush *m = message;
	struct fault f = FAULT_NONE;

	(void)fd;
	if (may_all(k))
		outbound_afresh(k->c);
	if (!may_all(k)) {
		fault_set(&f, ST_DENIED, "5.7.0", "only root may flush the queue");
	} else if (m->id.n) {
		if (!queue_flush_one(k->c->queue, m->id))
			fault_set(&f, ST_NOENT, "5.3.0", "no message %.*s waits", SL_FMT(m->id));
	} else {
		queue_flush(k->c->queue);
		sched_flush(k->c->sched);
		dispatch_kick(k->c);
	}
	courierd_look(k->c);
	done(channel, sequence, &f, SL_NONE);
}

static void
on_cancel(struct channel *channel, uint32_t sequence, const void *message, int fd)
{
	struct command *k = channel_owner(channel);
	const struct ipc_cmd_cancel *m = message;
	struct fault f = FAULT_NONE;
	struct queue_look look;

	(void)fd;
	if (!queue_look(k->c->queue, m->id, &look)) {
		fault_set(&f, ST_NOENT, "5.3.0", "there is no message %.*s", SL_FMT(m->id));
	} else {
		/* One that was not his to see is not there for him. */
		bool his = may_see(k, look.m);

		struct queue_message *q = look.is_copy ? NULL : look.m;

		if (his && look.parked)
			q = queue_unpark(k->c->queue, m->id);
		queue_look_done(&look);
		if (his && q)
			work_cancel(k->c, q, k->uid, m->reason);
		else if (his)
			fault_set(&f, ST_TEMP, "4.3.0", "message %.*s cannot be read now",
			    SL_FMT(m->id));
		else
			fault_set(&f, ST_NOENT, "5.3.0", "there is no message %.*s", SL_FMT(m->id));
	}
	done(channel, sequence, &f, SL_NONE);
}

static void
on_status(struct channel *channel, uint32_t sequence, const void *message, int fd)
{
	struct command *k = channel_owner(channel);
	struct fault ok = FAULT_NONE;
	struct buf text;

	(void)message;
	(void)fd;
	buf_init(&text, 8192);
	courierd_def.status(k->c->proc, &text);
	done(channel, sequence, &ok, buf_slice(&text));
	buf_fini(&text);
}

static const struct channel_handler handlers[] = {
    { IPC_cmd_list, on_list },
    { IPC_cmd_flush, on_flush },
    { IPC_cmd_cancel, on_cancel },
    { IPC_cmd_status, on_status },
    { 0, NULL },
};

/* ---- connections ---- */

static void
closed(struct channel *channel, const struct fault *why)
{
	(void)why;
	command_free(channel_owner(channel));
}

static size_t
count_commands(struct courierd *c)
{
	size_t count = 0;

	LIST_EACH(&c->commands, n)
		count++;
	return count;
}

static void
connected(void *arg, int fd, const struct net_addr *peer)
{
	struct courierd *c = arg;
	struct accounts_entry e;
	struct command *k;

	(void)peer;
	if (count_commands(c) >= COMMANDS_MAX) {
		close(fd);
		return;
	}
	k = mem_get(sizeof(*k));
	k->c = c;
	buf_init(&k->ids, (size_t)1 << 30);
	list_node_init(&k->node);
	list_append(&c->commands, &k->node);
	k->channel = channel_new(proc_loop(c->proc), fd, &(struct channel_opts){
	    .name = "command", .sends = IPC_LINK_COMMAND_SAY, .receives = IPC_LINK_COMMAND_ASK,
	    .handlers = handlers,
	    .closed = closed, .owner = k,
	});
	k->uid = channel_peer_uid(k->channel);
	if (k->uid != UINT32_MAX && accounts_by_uid(k->uid, &e) == 0)
		snprintf(k->user, sizeof(k->user), "%s", e.name);
}

void
command_listen(struct courierd *c, int fd)
{
	if (c->control)
		listener_free(c->control);
	c->control = listener_new(proc_loop(c->proc), fd, connected, c);
}

void
command_close(struct courierd *c)
{
	struct list_node *n;

	if (c->control)
		listener_free(c->control);
	c->control = NULL;
	while ((n = list_first(&c->commands))) {
		struct command *k = CONTAINER_OF(n, struct command, node);

		channel_free(k->channel);
		command_free(k);
	}
}
