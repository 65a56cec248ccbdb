/*
 * Who may connect, log in, send, and to whom: asked of tallyd, routed and authdaemond. A process
 * that cannot be asked makes a class 4 answer, except tallyd: a connection is not refused because
 * nobody counts.
 */
#include "daemon/esmtpd/esmtpd.h"

#include <stdio.h>
#include <string.h>

#include "net/log.h"

#define TALLY_PATIENCE_MS 200

/* Why a process could not be asked is for the log; the peer hears that it may come again. */
static const struct fault *
unasked(const struct client *c, const struct fault *why, struct fault *later)
{
	log_event(LOG_LEVEL_WARNING, "unasked", KV_STR("relay", c->ip), KV_FAULT(why), KV_END);
	fault_set(later, ST_TEMP, "4.3.0", "this cannot be decided now, try again later");
	return later;
}

static struct channel *
peer(const struct client *c, const char *role)
{
	return proc_peer(c->e->proc, role, UINT32_MAX);
}

/* ---- connect ---- */

static void
connect_part(struct client *c)
{
	if (--c->connect_open > 0)
		return;
	client_answer(c, c->connect_number, &c->connect_fault, NULL);
}

static void
on_tally(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct client *c = call->arg;
	const struct ipc_arrival *m = message;
	struct fault verdict;

	(void)type;
	(void)fd;
	(void)f;
	loop_timer_stop(proc_loop(c->e->proc), &c->tally_patience);
	if (m) {
		ipc_verdict_to(m->verdict.v, m->verdict.n, &verdict);
		if (verdict.st == ST_OK)
			c->counted = true;
		else if (!c->tally_late)
			c->connect_fault = verdict;
	}
	if (!c->tally_late)
		connect_part(c);
}

/* The connection is let in; the answer still counts when it comes, for the departure. */
static void
tally_late(struct timer *t)
{
	struct client *c = t->arg;

	c->tally_late = true;
	log_event(LOG_LEVEL_WARNING, "tallyd", KV_STR("late", c->ip), KV_END);
	connect_part(c);
}

/* smtpaccess: each variable is a row. */
static void
take_variable(struct client *c, const struct ipc_variable *v)
{
	if (sl_eq(v->name, SL("RELAYCLIENT")))
		c->may_relay = true;
	else if (sl_eq(v->name, SL("BLOCK")) && v->value.n)
		c->block = arena_copy(c->arena, v->value);
}

static void
on_policy(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct client *c = call->arg;
	const struct ipc_client_policy *m = message;
	struct fault verdict, later;

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, unasked(c, f, &later), &verdict);
	if (verdict.st != ST_OK && c->connect_fault.st == ST_OK)
		c->connect_fault = verdict;
	for (uint32_t i = 0; m && i < m->variables.n; i++)
		take_variable(c, &m->variables.v[i]);
	connect_part(c);
}

void
policy_connect(struct client *c, const struct engine_ask *a)
{
	struct loop *l = proc_loop(c->e->proc);

	c->connect_number = a->number;
	if (c->service->kind == SMTP_SERVICE_LOCAL) {
		client_answer(c, a->number, NULL, NULL);
		return;
	}
	c->connect_open = 2;
	c->tally_call.fn = on_tally;
	c->policy_call.fn = on_policy;
	c->tally_call.arg = c->policy_call.arg = c;
	loop_timer_at(l, &c->tally_patience, loop_now(l) + TALLY_PATIENCE_MS, tally_late, c);
	channel_request(peer(c, "tallyd"), &c->tally_call, IPC_arrive,
	    &(struct ipc_arrive){.service = sl_str(c->service->name), .ip = sl_str(c->ip)}, -1);
	channel_request(peer(c, "routed"), &c->policy_call, IPC_client,
	    &(struct ipc_client){.ip = sl_str(c->ip), .service = sl_str(c->service->name)}, -1);
}

void
policy_leave(struct client *c)
{
	loop_timer_stop(proc_loop(c->e->proc), &c->tally_patience);
	channel_cancel(&c->policy_call);
	/* A count under way is undone in order: the frames travel on one channel. One that waits
	 * never was. */
	if (channel_cancel(&c->tally_call) || c->counted)
		channel_note(peer(c, "tallyd"), IPC_depart,
		    &(struct ipc_depart){.service = sl_str(c->service->name), .ip = sl_str(c->ip)},
		    -1);
}

/* ---- questions with one frame each ---- */

static struct asked *
asked_new(struct client *c, const struct engine_ask *a,
    void (*fn)(struct channel_call *, uint16_t, const void *, int, const struct fault *))
{
	struct asked *q = mem_get(sizeof(*q));

	memset(q, 0, sizeof(*q));
	q->client = c;
	q->number = a->number;
	q->call.fn = fn;
	q->call.arg = q;
	list_node_init(&q->node);
	list_append(&c->asked, &q->node);
	return q;
}

static void
asked_done(struct asked *q, const struct fault *f, const void *detail)
{
	struct client *c = q->client;
	uint32_t number = q->number;

	list_remove(&q->node);
	mem_free(q);
	client_answer(c, number, f, detail);
}

static void
on_authed(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct asked *q = call->arg;
	struct client *c = q->client;
	const struct ipc_authed *m = message;
	struct smtp_auth_yes yes;
	struct fault verdict;

	(void)type;
	(void)fd;
	if (!m) {
		fault_set(&verdict, ST_TEMP, "4.7.0", "the password cannot be checked now");
		log_event(LOG_LEVEL_ERROR, "auth", KV_STR("ip", c->ip), KV_FAULT(f), KV_END);
		asked_done(q, &verdict, NULL);
		return;
	}
	ipc_verdict_to(m->verdict.v, m->verdict.n, &verdict);
	if (verdict.st != ST_OK) {
		channel_note(peer(c, "tallyd"), IPC_login_failed,
		    &(struct ipc_login_failed){
			.service = sl_str(c->service->name), .ip = sl_str(c->ip), .user = q->text},
		    -1);
		asked_done(q, &verdict, NULL);
		return;
	}
	log_event(LOG_LEVEL_INFO, "INFO: LOGIN", KV_SL("user", m->account), KV_STR("ip", c->ip),
	    KV_STR("protocol", "ESMTP"), KV_END);
	yes.identity = m->account;
	asked_done(q, NULL, &yes);
}

void
policy_auth(struct client *c, const struct engine_ask *a)
{
	const struct smtp_auth *d = a->detail;
	struct asked *q;
	struct fault f;

	/* R4616-2-h, R4616-2-i, R4422-3.4.1-a, R4422-3.6-a: nobody acts as somebody else. */
	if (d->authzid.n && !sl_eq(d->authzid, d->user)) {
		fault_set(&f, ST_DENIED, "5.7.8", "you may only act as yourself");
		client_answer(c, a->number, &f, NULL);
		return;
	}
	q = asked_new(c, a, on_authed);
	q->text = arena_copy(c->arena, d->user);
	channel_request(peer(c, "authdaemond"), &q->call, IPC_auth,
	    &(struct ipc_auth){.service = SL("esmtp"),
		.kind = SL("login"),
		.user = d->user,
		.secret = d->password,
		.ip = sl_str(c->ip),
		.secure = 1},
	    -1);
}

static void
on_sender(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct asked *q = call->arg;
	const struct ipc_sender_policy *m = message;
	struct fault verdict, later;

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, unasked(q->client, f, &later), &verdict);
	asked_done(q, &verdict, NULL);
}

void
policy_mail(struct client *c, const struct engine_ask *a)
{
	const struct conf_bofh *b = &proc_conf(c->e->proc)->bofh;
	const struct smtp_mail *d = a->detail;
	struct fault f;

	if (c->block.n && !client_identity(c).n) {
		fault_set(&f, ST_DENIED, "5.7.1", "%.*s", SL_FMT(c->block));
		client_answer(c, a->number, &f, NULL);
		return;
	}
	txn_free(c->txn);
	c->txn = txn_new(c, d);
	if (!b->badfrom.count && !b->freemail.count) {
		client_answer(c, a->number, NULL, NULL);
		return;
	}
	struct asked *q = asked_new(c, a, on_sender);
	channel_request(peer(c, "routed"), &q->call, IPC_sender,
	    &(struct ipc_sender){.source = client_source(c),
		.auth = client_identity(c),
		.ip = sl_str(c->ip),
		.address = d->sender.text},
	    -1);
}

/* Is there one like it already? Nobody wants a message twice. */
static bool
is_known(const struct txn *t, const struct ipc_recipient *r, uint64_t hash)
{
	for (struct hmap_node *n = hmap_first(&t->seen, hash); n; n = hmap_next(n)) {
		const struct ipc_recipient *k = &CONTAINER_OF(n, struct txn_rcpt, seen)->r;

		if (sl_eq(k->address, r->address) && sl_eq(k->module, r->module) &&
		    sl_ieq(k->host, r->host) && sl_eq(k->account, r->account) &&
		    sl_eq(k->extension, r->extension))
			return true;
	}
	return false;
}

/* The final recipients an address stands for join the transaction. */
static bool
keep_recipients(struct txn *t, const struct ipc_routed *m)
{
	for (uint32_t i = 0; i < m->recipients.n; i++) {
		const struct ipc_recipient *r = &m->recipients.v[i];
		uint64_t hash = hmap_hash(r->address);
		struct txn_rcpt *k;

		if (is_known(t, r, hash))
			continue;
		k = arena_get(t->arena, sizeof(*k));
		if (!k)
			return false;
		k->r = (struct ipc_recipient){
		    .address = arena_copy(t->arena, r->address),
		    .module = arena_copy(t->arena, r->module),
		    .host = arena_copy(t->arena, r->host),
		    .account = arena_copy(t->arena, r->account),
		    .extension = arena_copy(t->arena, r->extension),
		    .original = arena_copy(t->arena, r->original),
		    .notify = r->notify,
		};
		list_node_init(&k->node);
		list_append(&t->rcpts, &k->node);
		hmap_put(&t->seen, &k->seen, hash);
		t->rcpt_count++;
	}
	return !arena_exhausted(t->arena);
}

static void
on_routed(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct asked *q = call->arg;
	struct client *c = q->client;
	const struct ipc_routed *m = message;
	struct txn *t = c->txn;
	struct fault verdict, later;

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, unasked(c, f, &later), &verdict);
	if (verdict.st == ST_OK && t && !keep_recipients(t, m))
		fault_set(&verdict, ST_LIMIT, "4.5.3", "too many recipients for one message");
	if (verdict.st == ST_OK && t)
		t->only_rcpt = t->rcpt_count == 1 ? q->text : SL_NONE;
	if (verdict.st != ST_OK)
		/* Courier's shape of this event (COURIER.md 4.8) */
		log_event(LOG_LEVEL_WARNING, "error", KV_STR("relay", c->ip),
		    KV_SL("from", t ? t->sender : SL_NONE), KV_SL("to", q->text),
		    KV_FAULT(&verdict), KV_END);
	asked_done(q, &verdict, NULL);
}

/* The engine's NOTIFY bits as the frame has them. */
static uint8_t
notify_bits(unsigned n)
{
	return (uint8_t)((n & SMTP_NOTIFY_SUCCESS ? 1 : 0) | (n & SMTP_NOTIFY_FAILURE ? 2 : 0) |
			 (n & SMTP_NOTIFY_DELAY ? 4 : 0) | (n & SMTP_NOTIFY_NEVER ? 8 : 0));
}

void
policy_rcpt(struct client *c, const struct engine_ask *a)
{
	const struct smtp_rcpt *d = a->detail;
	struct asked *q = asked_new(c, a, on_routed);
	struct slice identity = client_identity(c);
	char original[1100];
	int n;

	/* ORCPT as given, or without a type what the client wrote: R3461-6.3-c. */
	n = d->orcpt.n ? snprintf(original, sizeof(original), "%.*s;%.*s", SL_FMT(d->orcpt_type),
			     SL_FMT(d->orcpt))
		       : snprintf(original, sizeof(original), ";%.*s", SL_FMT(d->to.text));
	q->text = arena_copy(c->txn->arena, d->to.text);
	channel_request(peer(c, "routed"), &q->call, IPC_rcpt,
	    &(struct ipc_rcpt){.source = client_source(c),
		.may_relay = c->may_relay || identity.n || c->service->kind == SMTP_SERVICE_LOCAL,
		.auth = identity,
		.sender = c->txn->sender,
		.address = d->to.text,
		.original = sl_mem(original, n > 0 && (size_t)n < sizeof(original) ? (size_t)n : 0),
		.notify = notify_bits(d->notify)},
	    -1);
}
