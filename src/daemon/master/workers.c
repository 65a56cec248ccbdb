/*
 * Tickets and workers (docs/HANDOFF.md): who may have a process running as an account, and the
 * channel to it. uid and home come from authdaemond's record, never from the asker.
 */
#include "daemon/master/master.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "net/log.h"
#include "os/accounts.h"
#include "os/fdpass.h"

#define TICKET_LIFE_MS 10000
#define TICKETS_MAX 4096
#define NUMBER_BYTES 16
#define ALONE_MS 3600000
#define EVICT_MS 2000

struct ticket {
	struct list_node node;
	struct master *m;
	struct ipc_ticket_issue *issue; /* owned */
	struct timer life;
};

static void
refuse(struct child *to, uint32_t sequence, const char *what, const char *words)
{
	struct ipc_verdict v;
	struct fault f;

	fault_set(&f, ST_TEMP, "4.3.0", "%s", words);
	log_event(LOG_LEVEL_WARNING, "ticket", KV_STR("refused", what),
	    KV_STR("asker", to->role->name), KV_FAULT(&f), KV_END);
	ipc_verdict_from(&v, &f);
	channel_reply(to->control, sequence, IPC_redeemed,
	    &(struct ipc_redeemed){.verdict = IPC_VERDICT(&v)}, -1);
}

/*
 * May we run a process as this account? NULL, or what is wrong. A uid of the system's goes with the
 * home and the group that the system says; nobody becomes one of the mail server's own users.
 */
static const char *
account_wrong(const struct master *m, const struct ipc_account *a)
{
	const struct conf_courierd *c = &m->conf->courierd;
	const struct accounts_entry *e = NULL;
	int known = -ENOENT;

	if (!m->root)
		return a->uid == (uint32_t)getuid() ? NULL : "uid";
	if (a->uid == 0 || a->uid < c->min_uid)
		return "uid";
	for (size_t i = 0; i < role_count; i++)
		if (roles[i].user && a->uid == m->who[i].uid)
			return "uid";
	if (a->home.n == 0 || a->home.p[0] != '/')
		return "home";
	if (!conf_uid_listed(&c->virtual_uids, a->uid))
		known = accounts_said_of_uid(a->uid, loop_now(m->loop), &e);
	if (known == -ENOENT)
		return a->gid == 0 || a->gid < c->min_uid ? "gid" : NULL;
	if (known != 0)
		return "passwd"; /* it cannot be asked now */
	if (a->gid == 0 || a->gid != e->gid)
		return "gid";
	return sl_eq(a->home, sl_str(e->home)) ? NULL : "home";
}

/* The program that this ticket starts for him; NULL: it is not his. */
static const struct role *
program_for(const struct ipc_ticket_issue *t, const struct child *asker)
{
	if (!sl_eq(t->asker, sl_str(asker->role->name)) || t->asker_index != asker->index)
		return NULL;
	for (const struct role *r = roles; r < roles + role_count; r++)
		if (r->service && sl_eq(t->service, sl_str(r->service)) &&
		    strcmp(r->asker, asker->role->name) == 0)
			return r;
	return NULL;
}

/* ---- accounts that had a worker die get one for each session ---- */

struct alone {
	struct list_node node;
	struct timer life;
	struct master *m;
	char key[512];
};

static void
alone_free(struct timer *life)
{
	struct alone *a = life->arg;

	loop_timer_stop(a->m->loop, life);
	list_remove(&a->node);
	mem_free(a);
}

static struct alone *
alone_find(struct master *m, const char *key)
{
	LIST_EACH (&m->alone, n)
		if (strcmp(CONTAINER_OF(n, struct alone, node)->key, key) == 0)
			return CONTAINER_OF(n, struct alone, node);
	return NULL;
}

void
workers_died(struct master *m, const struct child *c)
{
	struct alone *a = alone_find(m, c->key);

	if (strstr(c->key, " #"))
		return; /* it was alone already */
	if (!a) {
		a = mem_get(sizeof(*a));
		*a = (struct alone){.m = m};
		snprintf(a->key, sizeof(a->key), "%s", c->key);
		list_append(&m->alone, &a->node);
		log_event(LOG_LEVEL_WARNING, "worker", KV_STR("alone", c->key), KV_END);
	}
	loop_timer_at(m->loop, &a->life, loop_now(m->loop) + ALONE_MS, alone_free, a);
}

/* Accounts with the same key share a worker (WORKER): always one uid and gid. */
static void
worker_key(struct master *m, const struct ipc_account *a, char *key, size_t size)
{
	int mode = m->conf->courierd.worker;
	size_t n = (size_t)snprintf(key, size, "%u.%u", (unsigned)a->uid, (unsigned)a->gid);

	if (mode == CONF_WORKER_ACCOUNT)
		n += (size_t)snprintf(key + n, size - n, " %.*s", SL_FMT(a->address));
	if (mode == CONF_WORKER_SESSION || alone_find(m, key))
		snprintf(key + n, size - n, " #%u", (unsigned)m->next_join);
}

/* Room for one more: the worker that has had nothing to do for longest ends. */
static bool
evict(struct master *m)
{
	struct child *idlest = NULL;

	EACH_CHILD(m, c)
	if (!c->role->user && c->stage == CHILD_READY && c->idle_ms &&
	    (!idlest || c->idle_ms < idlest->idle_ms))
		idlest = c;
	if (idlest)
		child_drain(idlest, EVICT_MS);
	return idlest != NULL;
}

void
workers_busy(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	struct child *c = channel_owner(ch);

	(void)sequence;
	(void)fd;
	c->idle_ms = ((const struct ipc_busy *)message)->count ? 0 : loop_now(c->m->loop);
}

void
workers_revoke(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_revoke_account *r = message;
	struct child *from = channel_owner(ch);

	(void)sequence;
	(void)fd;
	if (strcmp(from->role->name, "authdaemond") != 0) {
		child_forbidden(from, "revoke_account");
		return;
	}
	log_event(LOG_LEVEL_INFO, "revoke", KV_SL("account", r->account), KV_END);
	EACH_CHILD(from->m, c)
	channel_note(c->control, IPC_revoke, &(struct ipc_revoke){.account = r->account}, -1);
}

/* A worker with this key, running or started now; NULL: *why says what is in the way. */
static struct child *
worker_get(struct master *m, const struct role *program, const struct ipc_account *a,
    bool *existing, const char **why)
{
	struct child *found = NULL;
	uint64_t count = 0;
	char key[512];

	worker_key(m, a, key, sizeof(key));
	EACH_CHILD(m, c)
	{
		count += !c->role->user && c->stage != CHILD_DRAINING;
		if (c->role == program && c->stage != CHILD_DRAINING && c->control &&
		    strcmp(c->key, key) == 0)
			found = c;
	}
	*existing = found != NULL;
	*why = "the account's process cannot be started now";
	if (found) /* a further account of its uid, or the same one, which may have changed */
		channel_note(found->control, IPC_account, a, -1);
	else if (count < m->conf->courierd.worker_max || evict(m))
		found = child_worker(m, program, a, key);
	else
		*why = "as many accounts are at work as WORKERMAX allows";
	return found;
}

static void
redeem(struct child *from, uint32_t sequence, const struct ipc_ticket_issue *t)
{
	struct master *m = from->m;
	struct ipc_account a = {.address = t->address,
	    .uid = t->uid, .gid = t->gid, .home = t->home, .maildir = t->maildir, .quota = t->quota,
	    .options = t->options, .delivery = t->delivery, .name = t->name};
	const struct role *program = program_for(t, from);
	const char *wrong = program ? account_wrong(m, &a) : "asker", *why;
	struct ipc_redeemed yes = {.verdict = IPC_VERDICT(&(struct ipc_verdict){.st = ST_OK})};
	struct child *worker;
	bool existing;
	int fds[2];

	if (wrong || m->stopping) {
		refuse(
		    from, sequence, wrong ? wrong : "stopping", "the ticket is not good for this");
		return;
	}
	worker = worker_get(m, program, &a, &existing, &why);
	if (!worker || fdpass_pair(fds) != 0) {
		refuse(from, sequence, "start", why);
		return;
	}
	/* Each join is a channel of its own: what is under way on an earlier one goes on. */
	channel_note(worker->control, IPC_peer,
	    &(struct ipc_peer){.role = sl_str(from->role->name), .index = m->next_join++}, fds[0]);
	yes.worker = worker->index;
	yes.existing = existing;
	channel_reply(from->control, sequence, IPC_redeemed, &yes, fds[1]);
}

/* ---- tickets ---- */

static void
ticket_free(struct timer *life)
{
	struct ticket *t = life->arg;

	loop_timer_stop(t->m->loop, life);
	list_remove(&t->node);
	t->m->ticket_count--;
	mem_free(t->issue);
	mem_free(t);
}

void
workers_issue(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_ticket_issue *i = message;
	struct child *from = channel_owner(ch);
	struct master *m = from->m;
	struct ipc_verdict v = {.st = m->ticket_count < TICKETS_MAX ? ST_OK : ST_TEMP};
	struct ticket *t;

	(void)fd;
	if (strcmp(from->role->name, "authdaemond") != 0 || i->number.n != NUMBER_BYTES) {
		child_forbidden(from, "ticket_issue");
		return;
	}
	channel_reply(ch, sequence, IPC_ticket_kept,
	    &(struct ipc_ticket_kept){.verdict = IPC_VERDICT(&v)}, -1);
	if (v.st != ST_OK)
		return;
	t = mem_get(sizeof(*t));
	*t = (struct ticket){.m = m, .issue = ipc_keep(ipc_row(IPC_ticket_issue), i)};
	list_append(&m->tickets, &t->node);
	m->ticket_count++;
	loop_timer_at(m->loop, &t->life, loop_now(m->loop) + TICKET_LIFE_MS, ticket_free, t);
}

void
workers_redeem(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_redeem *q = message;
	struct child *from = channel_owner(ch);
	bool may = false;

	(void)fd;
	for (size_t i = 0; i < role_count; i++)
		may |= roles[i].asker && strcmp(roles[i].asker, from->role->name) == 0;
	if (!may) {
		child_forbidden(from, "redeem");
		return;
	}
	LIST_EACH (&from->m->tickets, n) {
		struct ticket *t = CONTAINER_OF(n, struct ticket, node);

		if (!sl_eq(t->issue->number, q->number))
			continue;
		redeem(from, sequence, t->issue);
		ticket_free(&t->life); /* good or not, it is used */
		return;
	}
	refuse(from, sequence, "unknown", "no such ticket");
}
