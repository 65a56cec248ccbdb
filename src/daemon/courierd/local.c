/*
 * Local deliveries: a channel to each account's worker, obtained by a ticket (docs/HANDOFF.md). The
 * other end runs with a user's uid: what it says is checked against what it was asked, and a wrong
 * answer ends the channel.
 */
#include <errno.h>
#include <unistd.h>

#include "base/arena.h"
#include "daemon/courierd/courierd.h"
#include "net/log.h"

#define SOON_FIRST_MS 1000
#define SOON_TIMES 6 /* then it counts as an attempt: about a minute */

struct account {
	struct hmap_node node;
	struct courierd *c;
	struct channel *channel; /* to its worker, or NULL */
	struct channel_call call; /* for a ticket, for a worker */
	bool asking;
	struct list waiting; /* deliveries without a channel */
	unsigned deliveries; /* all */
	unsigned failures;   /* in a row: no worker, or it was lost */
	size_t name_n;
	unsigned char name[];
};

static struct slice
account_name(const struct account *a)
{
	return sl_mem(a->name, a->name_n);
}

static struct account *
account_find(struct courierd *c, struct slice name)
{
	for (struct hmap_node *n = hmap_first(&c->accounts, hmap_hash(name)); n; n = hmap_next(n)) {
		struct account *a = CONTAINER_OF(n, struct account, node);

		if (sl_eq(account_name(a), name))
			return a;
	}
	return NULL;
}

static struct account *
account_get(struct courierd *c, struct slice name)
{
	struct account *a = account_find(c, name);

	if (a)
		return a;
	a = mem_get(sizeof(*a) + name.n);
	a->c = c;
	a->name_n = name.n;
	if (name.n)
		memcpy(a->name, name.p, name.n);
	list_init(&a->waiting);
	hmap_put(&c->accounts, &a->node, hmap_hash(name));
	return a;
}

/* Forgets an account with nothing to remember. */
static void
account_settle(struct account *a)
{
	if (a->deliveries || a->channel || a->asking || a->failures)
		return;
	hmap_remove(&a->c->accounts, &a->node);
	mem_free(a);
}

/* The delivery is over, one way or the other. */
static void
end(struct delivery *d, int64_t not_before_ms)
{
	d->account->deliveries--;
	delivery_end(d, not_before_ms);
}

/* ---- when there is no way ---- */

static int64_t
soon_ms(const struct account *a)
{
	return (int64_t)SOON_FIRST_MS << (a->failures < SOON_TIMES ? a->failures : SOON_TIMES - 1);
}

/* Not tried, or tried with an unknown end: soon again, for the retry finds its own file. After a
 * while it counts. */
static void
end_untried(struct delivery *d, const struct fault *why)
{
	struct account *a = d->account;
	int64_t wait = soon_ms(a);

	for (uint32_t i = 0; i < d->count && a->failures >= SOON_TIMES; i++)
		delivery_result(d, i, why, SL_NONE);
	if (a->failures < SOON_TIMES)
		delivery_soon(d, wait);
	end(d, courierd_now_ms(d->c) + wait);
}

static void
end_refused(struct delivery *d, const struct fault *why)
{
	for (uint32_t i = 0; i < d->count; i++)
		delivery_result(d, i, why, SL_NONE);
	end(d, 0);
}

/* Everybody who waits for this account's channel hears why there is none. */
static void
account_fail(struct account *a, const struct fault *why)
{
	struct list_node *n;
	struct list all;

	a->asking = false;
	list_init(&all);
	while ((n = list_first(&a->waiting))) {
		list_remove(n);
		list_append(&all, n);
	}
	if (fault_is_temporary(why))
		log_event(LOG_LEVEL_WARNING, "worker", KV_SL("account", account_name(a)),
		    KV_FAULT(why), KV_END);
	while ((n = list_first(&all))) {
		struct delivery *d = CONTAINER_OF(n, struct delivery, waits);

		list_remove(n);
		if (fault_is_temporary(why))
			end_untried(d, why);
		else
			end_refused(d, why);
	}
	a->failures = fault_is_temporary(why) ? a->failures + 1 : 0;
	account_settle(a);
}

/* ---- one delivery ---- */

static void
drop_channel(struct account *a)
{
	struct channel *channel = a->channel;

	a->channel = NULL;
	channel_free(channel);
}

static void
delivered(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *lost)
{
	struct delivery *d = call->arg;
	struct account *a = d->account;
	struct fault f;

	(void)type;
	(void)fd;
	if (!message) {
		a->c->counts.lost++;
		end_untried(d, lost);
		return;
	}
	if (delivery_take(d, message)) {
		a->failures = 0;
		end(d, 0);
		return;
	}
	fault_set(&f, ST_TEMP, "4.3.0",
	    "the account's process gave an answer that does not belong to its question");
	log_event(LOG_LEVEL_ERROR, "worker", KV_SL("account", account_name(a)), KV_FAULT(&f),
	    KV_END);
	a->deliveries++; /* keeps a while its other deliveries end */
	drop_channel(a);
	end_untried(d, &f);
	a->failures++;
	a->deliveries--;
	account_settle(a);
}

static void
send(struct delivery *d)
{
	struct fault f;

	if (delivery_send(d, d->account->channel, account_name(d->account), delivered, &f) != ST_OK)
		end_refused(d, &f);
}

/* ---- the channel ---- */

static void
on_idle(struct channel *channel, uint32_t sequence, const void *message, int fd)
{
	struct account *a = channel_owner(channel);

	(void)sequence;
	(void)message;
	(void)fd;
	if (a->deliveries)
		return; /* it was said before our last frame came */
	drop_channel(a);
	account_settle(a);
}

static const struct channel_handler worker_handlers[] = {
    { IPC_idle, on_idle },
    { 0, NULL },
};

static void ask_ticket(struct account *a);

static void
worker_closed(struct channel *channel, const struct fault *why)
{
	struct account *a = channel_owner(channel);

	(void)why;
	a->channel = NULL;
	if (!list_is_empty(&a->waiting))
		ask_ticket(a);
	account_settle(a);
}

/* The deliveries on it have ended untried by now: that was one failure, however many they were. */
static void
worker_lost(struct channel *channel, const struct fault *why)
{
	struct account *a = channel_owner(channel);

	a->failures++;
	worker_closed(channel, why);
}

static void
on_redeemed(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *lost)
{
	struct account *a = call->arg;
	const struct ipc_redeemed *m = message;
	struct list_node *n;
	struct fault f;

	(void)type;
	IPC_OUTCOME(m, lost, &f);
	if (f.st == ST_OK && fd < 0)
		fault_set(&f, ST_TEMP, "4.3.2", "no descriptor came with the worker");
	if (f.st != ST_OK) {
		if (fd >= 0)
			close(fd);
		if (f.esc[0] != 4)
			/* of ours, not of the mailbox */
			memcpy(f.esc, ((uint8_t[]){ 4, 3, 0 }), sizeof(f.esc));
		account_fail(a, &f);
		return;
	}
	a->asking = false;
	a->channel = channel_new(proc_loop(a->c->proc), fd, &(struct channel_opts){
	    .name = "courierlocal", .sends = IPC_LINK_DELIVER_ASK, .receives = IPC_LINK_DELIVER_SAY,
	    .handlers = worker_handlers, .closed = worker_lost, .owner = a,
	});
	while (a->channel && (n = list_first(&a->waiting))) {
		list_remove(n);
		send(CONTAINER_OF(n, struct delivery, waits));
	}
}

static void
on_ticket(struct channel_call *call, uint16_t type, const void *message, int fd,
    const struct fault *lost)
{
	struct account *a = call->arg;
	const struct ipc_ticket *m = message;
	struct fault f;

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, lost, &f);
	if (f.st != ST_OK) {
		account_fail(a, &f);
		return;
	}
	a->call.fn = on_redeemed;
	channel_request(proc_control(a->c->proc), &a->call, IPC_redeem,
	    &(struct ipc_redeem){ .number = m->number }, -1);
}

static void
ask_ticket(struct account *a)
{
	if (a->asking)
		return;
	a->asking = true;
	a->call = (struct channel_call){ .fn = on_ticket, .arg = a };
	channel_request(proc_peer(a->c->proc, "authdaemond", UINT32_MAX), &a->call,
	    IPC_delivery_ticket, &(struct ipc_delivery_ticket){ .account = account_name(a) }, -1);
}

void
local_begin(struct delivery *d)
{
	struct account *a = account_get(d->c, queue_text(d->m, d->m->rcpts[d->rcpts[0]].account));

	d->account = a;
	a->deliveries++;
	if (a->channel) {
		send(d);
		return;
	}
	list_append(&a->waiting, &d->waits);
	ask_ticket(a);
}

void
local_revoke(struct courierd *c, struct slice account)
{
	struct account *a = account_find(c, account);

	if (!a || !a->channel)
		return;
	a->deliveries++;
	drop_channel(a); /* what is on it comes again soon, with a new ticket */
	a->deliveries--;
	if (!list_is_empty(&a->waiting))
		ask_ticket(a);
	account_settle(a);
}

size_t
local_workers(const struct courierd *c)
{
	struct hmap_cursor at = {0};
	struct hmap_node *n;
	size_t count = 0;

	while ((n = hmap_walk(&c->accounts, &at)))
		count += CONTAINER_OF(n, struct account, node)->channel != NULL;
	return count;
}
