/*
 * A connection until its login: who may come in (tallyd), who it is (authdaemond). tallyd counts
 * it until the session ends, also when that is in another process.
 */
#include "daemon/login/login.h"

#include <string.h>
#include <stdio.h>
#include <unistd.h>

#include "build_config.h"
#include "net/log.h"

#define CLIENT_MEMORY ((size_t)64 << 10)
#define TALLY_PATIENCE_MS 200
#define FAILURE_DELAY_MS 5000

static struct channel *
peer(const struct client *c, const char *role)
{
	return proc_peer(c->l->proc, role, UINT32_MAX);
}

static struct loop *
loop_of(const struct client *c)
{
	return proc_loop(c->l->proc);
}

static void
answer(struct client *c, const struct fault *f)
{
	struct engine_answer a = {.number = c->asked};

	if (f)
		a.fault = *f;
	c->asked = 0;
	session_answer(c->session, &a);
}

/* ---- may it come in? ---- */

static void
on_tally(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct client *c = call->arg;
	const struct ipc_arrival *m = message;
	struct fault verdict = FAULT_NONE;

	(void)type;
	(void)fd;
	(void)f;
	if (m)
		ipc_verdict_to(m->verdict.v, m->verdict.n, &verdict);
	c->counted = m && verdict.st == ST_OK;
	if (c->tally_late)
		return;
	loop_timer_stop(loop_of(c), &c->patience);
	answer(c, &verdict); /* nobody is refused because nobody counts */
}

static void
tally_late(struct timer *t)
{
	struct client *c = t->arg;

	c->tally_late = true;
	log_event(LOG_LEVEL_WARNING, "tallyd", KV_STR("late", c->ip), KV_END);
	answer(c, NULL);
}

static void
ask_connect(struct client *c)
{
	c->tally.fn = on_tally;
	c->tally.arg = c;
	loop_timer_at(
	    loop_of(c), &c->patience, loop_now(loop_of(c)) + TALLY_PATIENCE_MS, tally_late, c);
	channel_request(peer(c, "tallyd"), &c->tally, IPC_arrive,
	    &(struct ipc_arrive){.service = sl_str(c->service->name), .ip = sl_str(c->ip)}, -1);
}

/* ---- who is it? ---- */

static void
delay_over(struct timer *t)
{
	struct client *c = t->arg;

	answer(c, &c->later);
}

/* A wrong password costs time (COURIER.md 4.8 has the words of the line). */
static void
login_failed(struct client *c, struct slice user, const struct fault *f)
{
	char ip[NET_ADDR_TEXT + 2];

	snprintf(ip, sizeof(ip), "[%s]", c->ip);
	log_event(LOG_LEVEL_WARNING, "LOGIN FAILED", KV_SL(" user", user), KV_STR(" ip", ip),
	    KV_STR(" protocol", c->service->protocol), KV_END);
	c->l->failures++;
	c->later = *f;
	loop_timer_at(
	    loop_of(c), &c->patience, loop_now(loop_of(c)) + FAILURE_DELAY_MS, delay_over, c);
}

static void
on_authed(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct client *c = call->arg;
	const struct ipc_authed *m = message;
	struct fault verdict;

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, f, &verdict);
	if (verdict.st == ST_OK && m->number.n != TICKET_BYTES)
		fault_set(&verdict, ST_TEMP, "4.3.0", "there is no ticket for this session");
	if (verdict.st == ST_DENIED) {
		login_failed(c, sl_str(c->account), &verdict);
		return;
	}
	if (verdict.st == ST_OK) {
		snprintf(c->account, sizeof(c->account), "%.*s", SL_FMT(m->account));
		memcpy(c->ticket, m->number.p, TICKET_BYTES);
		answer(c, NULL);
		return;
	}
	log_event(LOG_LEVEL_WARNING, "unasked", KV_STR("ip", c->ip), KV_FAULT(&verdict), KV_END);
	answer(c, &verdict);
}

static void
ask_auth(struct client *c, const struct door_auth *d)
{
	const char *domain = c->service->conf(proc_conf(c->l->proc))->def_domain;
	bool has_at = sl_find(d->user, '@') < d->user.n;
	struct fault f;
	int n = snprintf(c->account, sizeof(c->account), "%.*s%s", SL_FMT(d->user),
	    has_at || d->user.n == 0 ? "" : domain);

	/* R4616-2-h, R4616-2-i, R4422-3.4.1-a, R4422-3.6-a: nobody acts as somebody else. */
	if (n < 0 || (size_t)n > 320 || d->user.n == 0 ||
	    (d->authzid.n && !sl_eq(d->authzid, d->user))) {
		fault_set(&f, ST_DENIED, "5.7.8", "you may only act as yourself");
		login_failed(c, sl_sub(d->user, 0, 320), &f);
		return;
	}
	c->call.fn = on_authed;
	c->call.arg = c;
	channel_request(peer(c, "authdaemond"), &c->call, IPC_auth,
	    &(struct ipc_auth){.service = sl_str(c->service->worker),
		.kind = SL("login"),
		.user = sl_str(c->account),
		.secret = d->password,
		.ip = sl_str(c->ip),
		.secure = c->tls},
	    -1);
}

static void
on_ask(struct session *s, const struct engine_ask *a)
{
	struct client *c = session_owner(s);
	struct door_facts facts;

	door_facts(c->door, &facts);
	c->tls = facts.tls_on;
	c->asked = a->number;
	if (a->kind == DOOR_ASK_CONNECT)
		ask_connect(c);
	else
		ask_auth(c, a->detail);
}

static void
on_cancelled(struct session *s, uint32_t number)
{
	struct client *c = session_owner(s);

	(void)number;
	c->asked = 0;
	loop_timer_stop(loop_of(c), &c->patience);
	channel_cancel(&c->call);
}

static struct tls_context *
on_tls(struct session *s)
{
	return ((struct client *)session_owner(s))->service->tls;
}

/* ---- the end ---- */

void
client_free(struct client *c)
{
	struct login *l = c->l;

	loop_timer_stop(loop_of(c), &c->patience);
	handoff_leave(c);
	/* A count under way is undone in order: the frames travel on one channel. */
	if (channel_cancel(&c->tally) || c->counted)
		channel_note(peer(c, "tallyd"), IPC_depart,
		    &(struct ipc_depart){.service = sl_str(c->service->name), .ip = sl_str(c->ip)},
		    -1);
	if (c->stage != CLIENT_THERE)
		l->doors--;
	buf_fini(&c->unread);
	list_remove(&c->node);
	arena_free(c->arena);
	mem_free(c);
	clients_look(l);
}

static void
on_closed(struct session *s, enum engine_why why)
{
	struct client *c = session_owner(s);

	if (why == ENGINE_WHY_LIMIT || why == ENGINE_WHY_TIMEOUT)
		log_event(LOG_LEVEL_INFO, "closed", KV_STR("ip", c->ip),
		    KV_STR("protocol", c->service->protocol),
		    KV_STR("why", why == ENGINE_WHY_LIMIT ? "limit" : "timeout"), KV_END);
	client_free(c);
}

const struct session_ops client_ops = {
    .ask = on_ask,
    .cancelled = on_cancelled,
    .tls = on_tls,
    .secure = &stream_tls_layer,
    .handoff = handoff_begin,
    .closed = on_closed,
};

/* ---- a new connection ---- */

/*
 * R2595-2.2-a, R2595-2.2-b: TLS_REQUIRED says whether passwords are taken without it. R8314-3.1-a,
 * R8314-3.2-a, R8314-3-b, R8314-4-a, R8314-4-b, R9051-11.2-b, R9051-11.2-c, R9051-11.2-d: TLS from
 * the first octet, or when it is asked for.
 */
static void
fill_options(const struct client *c, struct door_opts *o)
{
	const struct service *v = c->service;
	const struct conf *cf = proc_conf(c->l->proc);
	const struct conf_mailservice *m = v->conf(cf), *t = v->tls_conf(cf);

	door_opts_init(o, sl_str(cf->site.me));
	o->words = buf_slice(&v->words);
	o->words_tls = buf_slice(&v->words_tls);
	o->mechanisms = buf_slice(&v->mechanisms);
	o->mechanisms_tls = buf_slice(&v->mechanisms_tls);
	o->tls_on = v->implicit_tls;
	o->start_tls = v->tls && t->start_tls && !v->implicit_tls;
	o->plaintext = !t->tls_required;
	o->has_id = m->id_fields && m->id_fields[0];
	/* The sum of IMAP_ID_FIELDS has 1: the version. */
	if (o->has_id && (m->id_fields[0] - '0') % 2 == 1)
		o->version = SL(BUILD_VERSION);
}

void
client_accept(void *arg, int fd, const struct net_addr *peer)
{
	struct service *v = arg;
	struct login *l = v->l;
	struct client *c = mem_get(sizeof(*c));
	struct net_addr from, local;
	struct door_opts o;

	*c = (struct client){.l = l,
	    .service = v,
	    .peer = *peer,
	    .number = ++l->numbers,
	    .since_ms = loop_now(proc_loop(l->proc)),
	    .pair = -1,
	    .tls = v->implicit_tls};
	net_peer(fd, &from, &local);
	net_addr_ip_text(peer, c->ip);
	net_addr_ip_text(&local, c->local_ip);
	list_node_init(&c->linked);
	buf_init(&c->unread, 65536);
	list_append(&l->clients, &c->node);
	c->arena = arena_new("login client", CLIENT_MEMORY);
	fill_options(c, &o);
	c->door = v->door(c->arena, &o, c->since_ms);
	c->session = session_new(
	    proc_loop(l->proc), stream_fd_new(fd), door_engine(c->door), &client_ops, c);
	if (v->implicit_tls)
		session_start_tls(c->session, v->tls);
	l->doors++;
	l->served++;
	clients_look(l);
}

/* ---- all of them ---- */

static void
listeners_pause(struct login *l, bool paused)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		for (size_t k = 0; k < l->services[i].listener_count; k++)
			listener_pause(l->services[i].listeners[k], paused);
}

void
clients_look(struct login *l)
{
	bool full = l->doors + l->relays >= l->fds_max;

	if (full != l->full && !l->draining)
		listeners_pause(l, full);
	l->full = full;
	if (l->draining && l->doors == 0)
		proc_exit(l->proc, 0);
}

void
clients_drain(struct login *l)
{
	l->draining = true;
	listeners_pause(l, true);
	LIST_EACH (&l->clients, n) {
		struct client *c = CONTAINER_OF(n, struct client, node);

		if (c->stage <= CLIENT_WAITS)
			session_event(c->session, &(struct engine_event){.kind = ENGINE_DRAIN});
	}
	clients_look(l);
}

static struct proc_session
shown(const struct client *c)
{
	bool here = c->stage <= CLIENT_WAITS;
	struct slice account = here && !c->link ? SL_NONE : sl_str(c->account);

	return (struct proc_session){.number = c->number,
	    .service = c->service->name,
	    .account = account,
	    .ip = c->ip,
	    .tls = c->tls,
	    .since_ms = c->since_ms,
	    .heard_ms = here       ? session_heard_ms(c->session)
			: c->relay ? relay_heard_ms(c->relay)
				   : c->since_ms};
}

/* Those who have logged in are shown by their worker. */
void
clients_who(struct login *l, struct buf *out)
{
	LIST_EACH (&l->clients, n) {
		struct client *c = CONTAINER_OF(n, struct client, node);
		struct proc_session s = shown(c);

		if (c->stage <= CLIENT_WAITS)
			proc_session_put(l->proc, &s, out);
	}
}

void
clients_kick(struct login *l, struct slice what, struct buf *ended)
{
	LIST_EACH (&l->clients, n) {
		struct client *c = CONTAINER_OF(n, struct client, node);
		struct proc_session s = shown(c);

		if (!proc_session_is(l->proc, &s, what) &&
		    !(c->stage == CLIENT_WAITS && sl_eq(what, sl_str(c->account))))
			continue;
		if (c->stage <= CLIENT_WAITS)
			proc_session_put(l->proc, &s, ended);
		if (c->stage == CLIENT_DOOR)
			session_event(c->session, &(struct engine_event){.kind = ENGINE_KICK});
		else if (c->stage == CLIENT_WAITS)
			c->doomed = true;
		else if (c->stage == CLIENT_RELAYED)
			relay_end(c);
	}
}
