/*
 * From the login to the worker (docs/HANDOFF.md, sessions): the ticket to master, the connection to
 * the worker, and back to the door when one of them cannot.
 *
 * Until session_taken came, the connection is neither read nor written here, and kept: so a worker
 * that dies on the way costs the client an answer NO, not the connection.
 */
#include "daemon/login/login.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/log.h"
#include "os/fdpass.h"

/* ---- channels to workers ---- */

static void
link_free(struct worker_link *k)
{
	loop_defer_stop(&k->unused);
	list_remove(&k->node);
	mem_free(k);
}

/* Nobody needs it any more: not inside a call of the channel itself. */
static void
link_unused(struct deferred *d)
{
	struct worker_link *k = d->arg;

	if (!list_is_empty(&k->clients))
		return;
	channel_free(k->channel);
	link_free(k);
}

static void
link_leave(struct client *c)
{
	struct worker_link *k = c->link;

	c->link = NULL;
	list_remove(&c->linked);
	if (k && list_is_empty(&k->clients))
		loop_defer(proc_loop(k->l->proc), &k->unused, link_unused, k);
}

/* The worker says that one we gave it is over. */
static void
on_over(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	struct worker_link *k = channel_owner(ch);
	const struct ipc_session_over *m = message;

	(void)sequence;
	(void)fd;
	LIST_EACH (&k->clients, n) {
		struct client *c = CONTAINER_OF(n, struct client, linked);

		if (c->number != m->session || c->stage != CLIENT_THERE)
			continue;
		client_free(c);
		return;
	}
}

/* The worker is gone, and those of its sessions that we only count. Relays see their own end. */
static void
link_closed(struct channel *ch, const struct fault *why)
{
	struct worker_link *k = channel_owner(ch);

	(void)why;
	LIST_EACH (&k->clients, n) {
		struct client *c = CONTAINER_OF(n, struct client, linked);

		c->link = NULL;
		list_remove(n);
		if (c->stage == CLIENT_THERE)
			client_free(c);
	}
	link_free(k);
}

static const struct channel_handler link_handlers[] = {
    {IPC_session_over, on_over},
    {0, NULL},
};

/* The channel to a worker: the one there is, or this one. */
static struct worker_link *
link_get(struct client *c, uint64_t worker, int fd)
{
	struct login *l = c->l;
	struct worker_link *k;

	LIST_EACH (&l->workers, n) {
		k = CONTAINER_OF(n, struct worker_link, node);
		if (k->worker == worker && strcmp(k->service, c->service->worker) == 0) {
			close(fd);
			return k;
		}
	}
	k = mem_get(sizeof(*k));
	*k = (struct worker_link){.l = l, .service = c->service->worker, .worker = worker};
	list_init(&k->clients);
	list_append(&l->workers, &k->node);
	k->channel = channel_new(proc_loop(l->proc), fd,
	    &(struct channel_opts){.name = "worker",
		.sends = IPC_LINK_SESSION_ASK,
		.receives = IPC_LINK_SESSION_SAY,
		.handlers = link_handlers,
		.closed = link_closed,
		.owner = k,
		.frame_max_bytes = 4096});
	return k;
}

/* ---- back to the door ---- */

static void
back(struct client *c, const struct fault *why)
{
	struct fault f;

	log_event(LOG_LEVEL_WARNING, "session", KV_STR("refused", c->account), KV_STR("ip", c->ip),
	    KV_FAULT(why), KV_END);
	fault_set(&f, ST_TEMP, "4.3.0", "The mailbox cannot be opened now, try again later");
	link_leave(c);
	if (c->pair >= 0)
		close(c->pair);
	c->pair = -1;
	buf_fini(&c->unread);
	c->stage = CLIENT_DOOR;
	session_event(c->session, &(struct engine_event){.kind = ENGINE_NOTICE, .detail = &f});
	if (c->doomed)
		session_event(c->session, &(struct engine_event){.kind = ENGINE_KICK});
}

/* ---- the worker has it ---- */

static void
on_taken(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct client *c = call->arg;
	const struct ipc_session_taken *m = message;
	struct fault verdict;
	struct stream *stream;
	int pair = c->pair;

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, f, &verdict);
	if (verdict.st != ST_OK) {
		back(c, &verdict);
		return;
	}
	c->pair = -1;
	buf_fini(&c->unread);
	stream = session_release(c->session);
	c->session = NULL;
	arena_free(c->arena); /* the door: who is only counted or relayed is small */
	c->arena = NULL;
	c->door = NULL;
	if (c->doomed) /* revoked meanwhile: the connection is shut for whoever has it */
		(void)shutdown(stream->fd, SHUT_RDWR);
	if (pair >= 0 && !c->doomed) {
		relay_begin(c, stream, pair);
		return;
	}
	stream->ops->free(stream);
	if (pair >= 0)
		close(pair);
	c->stage = CLIENT_THERE;
	c->l->doors--;
	clients_look(c->l);
}

/* ---- the worker is asked ---- */

static enum st
ends(struct client *c, int *for_worker, struct fault *f)
{
	int fds[2], err;

	if (!c->tls) {
		*for_worker = fcntl(session_stream(c->session)->fd, F_DUPFD_CLOEXEC, 5);
		return *for_worker >= 0 ? ST_OK
					: fault_set(f, ST_TEMP, "4.3.2", "no descriptor is left");
	}
	err = fdpass_pair(fds);
	if (err)
		return fault_sys(f, ST_TEMP, "4.3.2", -err, "socketpair");
	c->pair = fds[0];
	*for_worker = fds[1];
	return ST_OK;
}

static void
give(struct client *c, struct worker_link *k)
{
	struct door_facts facts;
	struct fault f;
	int fd = -1;

	c->link = k;
	list_append(&k->clients, &c->linked);
	if (ends(c, &fd, &f) != ST_OK) {
		back(c, &f);
		return;
	}
	door_facts(c->door, &facts);
	c->call = (struct channel_call){.fn = on_taken, .arg = c};
	channel_request(k->channel, &c->call, IPC_session,
	    &(struct ipc_session){.session = c->number,
		.account = sl_str(c->account),
		.service = sl_str(c->service->worker),
		.tag = strcmp(c->service->worker, "imap") == 0 ? facts.tag : SL_NONE,
		.ip = sl_str(c->ip),
		.port = c->peer.port,
		.local_ip = sl_str(c->local_ip),
		.tls = c->tls,
		.tls_text = facts.tls,
		.unread = buf_slice(&c->unread)},
	    fd);
}

static void
on_redeemed(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct client *c = call->arg;
	const struct ipc_redeemed *m = message;
	struct fault verdict;

	(void)type;
	IPC_OUTCOME(m, f, &verdict);
	if (verdict.st == ST_OK && fd < 0)
		fault_set(&verdict, ST_TEMP, "4.3.2", "no channel to the worker came");
	if (verdict.st != ST_OK) {
		if (fd >= 0)
			close(fd);
		back(c, &verdict);
		return;
	}
	give(c, link_get(c, m->worker, fd));
}

void
handoff_begin(struct session *s, struct slice unread)
{
	struct client *c = session_owner(s);

	buf_clear(&c->unread);
	buf_put(&c->unread, unread);
	c->stage = CLIENT_WAITS;
	c->call = (struct channel_call){.fn = on_redeemed, .arg = c};
	channel_request(proc_control(c->l->proc), &c->call, IPC_redeem,
	    &(struct ipc_redeem){.number = sl_mem(c->ticket, TICKET_BYTES)}, -1);
}

void
handoff_leave(struct client *c)
{
	channel_cancel(&c->call);
	if (c->pair >= 0)
		close(c->pair);
	c->pair = -1;
	link_leave(c);
}
