/*
 * Tickets and workers (docs/HANDOFF.md): who may have a process running as an account, and the channel
 * to it. uid and home come from authdaemond's record, never from the asker.
 */
#include "daemon/master/master.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/log.h"
#include "os/accounts.h"
#include "os/fdpass.h"

#define TICKET_LIFE_MS 10000
#define REDEEM_WAITS_MS 2000
#define NUMBER_BYTES 16

struct ticket {
	struct list_node node;
	struct master *m;
	struct timer life;
	unsigned char number[NUMBER_BYTES];
	char service[17], asker[17];
	uint32_t asker_index;
	struct ipc_account *account;
};

/* A redeem that came before its ticket: the two travel on different channels. */
struct redeem {
	struct list_node node;
	struct child *from;
	uint32_t sequence;
	unsigned char number[NUMBER_BYTES];
	struct timer patience;
};

/* Which program serves a service. */
static const struct {
	const char *service, *program, *asker;
} services[] = {
	{ "deliver", "courierlocal", "courierd" },
};

void
workers_init(struct master *m)
{
	list_init(&m->tickets);
	list_init(&m->redeems);
}

/* A copy of an account record in one block. */
static struct ipc_account *
account_keep(const struct ipc_ticket_issue *t)
{
	struct ipc_account a = { .address = t->address, .uid = t->uid, .gid = t->gid, .home = t->home, .maildir = t->maildir,
	    .quota = t->quota, .options = t->options, .delivery = t->delivery, .name = t->name };
	struct slice *fields[] = { &a.address, &a.home, &a.maildir, &a.quota, &a.options, &a.delivery, &a.name };
	size_t need = sizeof(a);
	struct ipc_account *kept;

	for (size_t i = 0; i < COUNT_OF(fields); i++)
		need += fields[i]->n + 1;
	kept = mem_get(need);
	unsigned char *at = (unsigned char *)(kept + 1);
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		if (fields[i]->n)
			memcpy(at, fields[i]->p, fields[i]->n);
		at[fields[i]->n] = '\0';
		fields[i]->p = at;
		at += fields[i]->n + 1;
	}
	*kept = a;
	return kept;
}

static void
ticket_free(struct ticket *t)
{
	loop_timer_stop(t->m->loop, &t->life);
	list_remove(&t->node);
	mem_free(t->account);
	mem_free(t);
}

static void
ticket_expired(struct timer *timer)
{
	ticket_free(timer->arg);
}

static void
refuse(struct child *to, uint32_t sequence, const char *what, const char *words)
{
	struct ipc_verdict v;
	struct fault f;

	fault_set(&f, ST_TEMP, "4.3.0", "%s", words);
	log_event(LOG_LEVEL_WARNING, "ticket", KV_STR("refused", what), KV_STR("asker", to->role->name), KV_FAULT(&f), KV_END);
	ipc_verdict_from(&v, &f);
	channel_reply(to->control, sequence, IPC_redeemed, &(struct ipc_redeemed){ .verdict = IPC_VERDICT(&v) }, -1);
}

/* May we run a process as this account? NULL, or what is wrong. */
static const char *
account_wrong(const struct master *m, const struct ipc_account *a)
{
	struct accounts_entry e;

	if (!m->root)
		return a->uid == (uint32_t)getuid() ? NULL : "uid";
	if (a->uid == 0 || a->gid == 0 || a->uid < m->conf->courierd.min_uid)
		return "uid";
	if (accounts_by_uid(a->uid, &e) == 0 && !sl_eq(a->home, sl_str(e.home)))
		return "home"; /* a uid of the system's goes with the system's home */
	if (a->home.n == 0 || a->home.p[0] != '/')
		return "home";
	return NULL;
}

/* Accounts with the same key share a worker (WORKER). */
static void
worker_key(const struct master *m, const struct ticket *t, char *key, size_t size)
{
	switch (m->conf->courierd.worker) {
	case CONF_WORKER_UID:
		snprintf(key, size, "%s:uid %u", t->service, (unsigned)t->account->uid);
		return;
	case CONF_WORKER_SESSION:
		snprintf(key, size, "%s:ticket %p", t->service, (const void *)t);
		return;
	default:
		snprintf(key, size, "%s:%.*s", t->service, SL_FMT(t->account->address));
	}
}

static struct child *
worker_find(struct master *m, const char *key)
{
	LIST_EACH(&m->children, n) {
		struct child *c = CONTAINER_OF(n, struct child, node);

		if (!c->role->user && c->stage != CHILD_DRAINING && c->control && strcmp(c->key, key) == 0)
			return c;
	}
	return NULL;
}

/* WORKERMAX is reached: the deliverers say themselves when they are idle; until then the asker waits. */
static bool
too_many_workers(const struct master *m)
{
	struct list *l = (struct list *)(uintptr_t)&m->children;
	uint64_t count = 0;

	LIST_EACH(l, n)
		if (!CONTAINER_OF(n, struct child, node)->role->user)
			count++;
	return m->conf->courierd.worker_max && count >= m->conf->courierd.worker_max;
}

static void
redeem_now(struct child *from, uint32_t sequence, struct ticket *t)
{
	struct master *m = t->m;
	const char *program = NULL, *wrong;
	struct child *worker;
	char key[512];
	int fds[2];

	for (size_t i = 0; i < COUNT_OF(services); i++)
		if (strcmp(services[i].service, t->service) == 0 && strcmp(services[i].asker, from->role->name) == 0)
			program = services[i].program;
	wrong = account_wrong(m, t->account);
	if (!program || strcmp(t->asker, from->role->name) != 0 || t->asker_index != from->index)
		wrong = "asker";
	if (wrong) {
		refuse(from, sequence, wrong, "the ticket is not good for this");
		return;
	}
	worker_key(m, t, key, sizeof(key));
	worker = worker_find(m, key);
	bool existing = worker != NULL;
	if (!worker && too_many_workers(m)) {
		refuse(from, sequence, "number", "as many accounts are at work as WORKERMAX allows");
		return;
	}
	if (!worker)
		worker = child_start(m, role_find(program), t->account, key);
	else /* a further account of its uid, or the same one, which may have changed */
		channel_note(worker->control, IPC_account, t->account, -1);
	if (!worker || fdpass_pair(fds) != 0) {
		refuse(from, sequence, "start", "the account's process cannot be started now");
		return;
	}
	/* Each join is a channel of its own: what is under way on an earlier one goes on. */
	channel_note(worker->control, IPC_peer,
	    &(struct ipc_peer){ .role = sl_str(from->role->name), .index = m->next_join++ }, fds[0]);
	struct ipc_verdict yes = { .st = ST_OK };
	channel_reply(from->control, sequence, IPC_redeemed,
	    &(struct ipc_redeemed){ .verdict = IPC_VERDICT(&yes), .worker = worker->index, .existing = existing }, fds[1]);
}

static void
redeem_free(struct redeem *r)
{
	loop_timer_stop(r->from->m->loop, &r->patience);
	list_remove(&r->node);
	mem_free(r);
}

static void
redeem_too_late(struct timer *timer)
{
	struct redeem *r = timer->arg;

	refuse(r->from, r->sequence, "unknown", "no such ticket");
	redeem_free(r);
}

void
workers_take_ticket(struct child *from, const struct ipc_ticket_issue *i)
{
	struct master *m = from->m;
	struct ticket *t;

	if (strcmp(from->role->name, "authdaemond") != 0 || i->number.n != NUMBER_BYTES) {
		log_event(LOG_LEVEL_ERROR, "ticket", KV_STR("refused", "issuer"), KV_STR("role", from->role->name), KV_END);
		return;
	}
	t = mem_get(sizeof(*t));
	*t = (struct ticket){ .m = m, .asker_index = i->asker_index, .account = account_keep(i) };
	memcpy(t->number, i->number.p, NUMBER_BYTES);
	snprintf(t->service, sizeof(t->service), "%.*s", SL_FMT(i->service));
	snprintf(t->asker, sizeof(t->asker), "%.*s", SL_FMT(i->asker));
	list_node_init(&t->node);
	LIST_EACH(&m->redeems, n) {
		struct redeem *r = CONTAINER_OF(n, struct redeem, node);

		if (memcmp(r->number, t->number, NUMBER_BYTES) != 0)
			continue;
		redeem_now(r->from, r->sequence, t);
		redeem_free(r);
		ticket_free(t);
		return;
	}
	list_append(&m->tickets, &t->node);
	loop_timer_at(m->loop, &t->life, loop_now(m->loop) + TICKET_LIFE_MS, ticket_expired, t);
}

void
workers_redeem(struct child *from, uint32_t sequence, const struct ipc_redeem *q)
{
	struct master *m = from->m;
	struct redeem *r;

	if (q->number.n != NUMBER_BYTES) {
		refuse(from, sequence, "number", "no such ticket");
		return;
	}
	LIST_EACH(&m->tickets, n) {
		struct ticket *t = CONTAINER_OF(n, struct ticket, node);

		if (memcmp(t->number, q->number.p, NUMBER_BYTES) != 0)
			continue;
		redeem_now(from, sequence, t);
		ticket_free(t); /* good or not, it is used */
		return;
	}
	r = mem_get(sizeof(*r));
	*r = (struct redeem){ .from = from, .sequence = sequence };
	memcpy(r->number, q->number.p, NUMBER_BYTES);
	list_node_init(&r->node);
	list_append(&m->redeems, &r->node);
	loop_timer_at(m->loop, &r->patience, loop_now(m->loop) + REDEEM_WAITS_MS, redeem_too_late, r);
}

/* A child ended: what it asked for is moot, and so are tickets it was given. */
void
workers_forget(struct master *m, struct child *gone)
{
	LIST_EACH(&m->redeems, n) {
		struct redeem *r = CONTAINER_OF(n, struct redeem, node);

		if (r->from == gone)
			redeem_free(r);
	}
	mem_free(gone->account);
	gone->account = NULL;
}
