/*
 * authdaemond: the frames of other processes.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hmap.h"
#include "daemon/authdaemond/authdaemond.h"
#include "net/log.h"
#include "os/accounts.h"
#include "os/random.h"

#define NUMBER_BYTES 16 /* of a ticket */

/* Who asked, until the query is done. A channel that closes meanwhile drops the reply by itself. */
struct asker {
	struct list_node node;
	struct channel *channel;
	uint32_t sequence;
	struct query *query; /* NULL: it has been answered, master is asked */
	struct channel_call kept;
	const struct worker *worker; /* it gets a ticket for one; NULL: none */
	bool is_secure;
	unsigned char number[NUMBER_BYTES];
	uint64_t worker_key;
	char *address, *options; /* of a login */
};

/* Tickets that this role may have, and how it is told. */
struct worker {
	const char *asker, *service;
	void (*reply)(struct asker *a, struct ipc_verdict *v, struct slice number);
};

static struct list askers;

static struct asker *
asker_new(struct channel *c, uint32_t sequence)
{
	struct asker *a = mem_get(sizeof(*a));

	*a = (struct asker){.channel = c, .sequence = sequence};
	list_node_init(&a->node);
	list_append(&askers, &a->node);
	return a;
}

static void
asker_free(struct asker *a)
{
	channel_cancel(&a->kept);
	list_remove(&a->node);
	mem_free(a->address);
	mem_free(a->options);
	mem_free(a);
}

static void
peer_down(struct proc *p, struct channel *c, uint32_t index)
{
	(void)p;
	(void)index;
	LIST_EACH (&askers, n) {
		struct asker *a = CONTAINER_OF(n, struct asker, node);

		if (a->channel == c) {
			if (a->query)
				query_abandon(a->query);
			asker_free(a);
		}
	}
}

static void
ask(struct asker *a, const struct auth_request *r, query_fn *done)
{
	struct query *q = query_start(proc_state(channel_owner(a->channel)), r, done, a);

	if (q) /* else done was called already, and a is gone */
		a->query = q;
}

/* The verdict of an outcome, in words for the log and the peer. */
static void
verdict(enum auth_outcome outcome, const char *no_code, const char *no, struct fault *f)
{
	*f = FAULT_NONE;
	if (outcome == AUTH_NO)
		fault_set(f, ST_DENIED, no_code, "%s", no);
	else if (outcome == AUTH_TROUBLE)
		fault_set(f, ST_TEMP, "4.3.0", "the account database cannot be asked now");
}

/* ---- tickets ---- */

/* uid and gid of a record; a system user's come from the system. */
static bool
record_ids(const struct account *acc, uint32_t *uid, uint32_t *gid)
{
	struct accounts_entry e;
	char name[64];

	if (acc->has_ids) {
		*uid = acc->uid;
		*gid = acc->gid;
		return true;
	}
	if (acc->username.n == 0 || acc->username.n >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", SL_FMT(acc->username));
	if (accounts_by_name(name, &e) != 0)
		return false;
	*uid = e.uid;
	*gid = e.gid;
	return true;
}

/* Deliveries with the same key go to the same worker; master decides by the same rule (WORKER). */
static uint64_t
worker_key(struct proc *p, const struct account *acc, uint32_t uid, uint32_t gid,
    const unsigned char *number)
{
	uint64_t ids = hmap_hash_u64((uint64_t)uid << 32 | gid);

	switch (proc_conf(p)->courierd.worker) {
	case CONF_WORKER_UID:
		return ids | 1;
	case CONF_WORKER_SESSION:
		return hmap_hash(sl_mem(number, NUMBER_BYTES)) | 1;
	default:
		return (hmap_hash(acc->address) ^ ids) | 1;
	}
}

/* Master has the ticket: who asked for it may redeem it. */
static void
on_kept(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct asker *a = call->arg;
	const struct ipc_ticket_kept *m = message;
	struct ipc_verdict v;
	struct fault verdict;

	(void)type;
	(void)fd;
	if (m)
		ipc_verdict_to(m->verdict.v, m->verdict.n, &verdict);
	else
		verdict = *f;
	ipc_verdict_from(&v, &verdict);
	a->worker->reply(a, &v, verdict.st == ST_OK ? sl_mem(a->number, NUMBER_BYTES) : SL_NONE);
	asker_free(a);
}

static void
reply_ticket(struct asker *a, struct ipc_verdict *v, struct slice number)
{
	channel_reply(a->channel, a->sequence, IPC_ticket,
	    &(struct ipc_ticket){
		.verdict = IPC_VERDICT(v), .number = number, .worker_key = a->worker_key},
	    -1);
}

static void
reply_authed(struct asker *a, struct ipc_verdict *v, struct slice number)
{
	bool yes = v->st == ST_OK;

	channel_reply(a->channel, a->sequence, IPC_authed,
	    &(struct ipc_authed){.verdict = IPC_VERDICT(v),
		.account = yes ? sl_str(a->address) : SL_NONE,
		.options = yes ? sl_str(a->options) : SL_NONE,
		.number = number},
	    -1);
}

/* Who gets tickets for which workers. */
static const struct worker workers[] = {
    {"courierd", "deliver", reply_ticket},
    {"login", "imap", reply_authed},
    {"login", "pop3", reply_authed},
};

static const struct worker *
worker_for(const char *asker, struct slice service)
{
	for (size_t i = 0; i < COUNT_OF(workers); i++)
		if (strcmp(workers[i].asker, asker) == 0 &&
		    sl_eq(service, sl_str(workers[i].service)))
			return &workers[i];
	return NULL;
}

static void
issue(struct proc *p, struct asker *a, const struct account *acc, uint32_t uid, uint32_t gid)
{
	random_bytes(a->number, NUMBER_BYTES);
	a->worker_key = worker_key(p, acc, uid, gid, a->number);
	a->kept.fn = on_kept;
	a->kept.arg = a;
	channel_request(proc_control(p), &a->kept, IPC_ticket_issue,
	    &(struct ipc_ticket_issue){.number = sl_mem(a->number, NUMBER_BYTES),
		.service = sl_str(a->worker->service),
		.asker = sl_str(a->worker->asker),
		.asker_index = proc_peer_index(p, a->channel),
		.address = acc->address,
		.uid = uid,
		.gid = gid,
		.home = acc->home,
		.maildir = acc->maildir,
		.quota = acc->quota,
		.options = acc->options,
		.delivery = acc->delivery,
		.name = acc->name},
	    -1);
}

/* ---- auth ---- */

/* R2595-2.3-b: an account may refuse logins without TLS by an option of its own. */
static void
authed(struct query *q, enum auth_outcome outcome, const struct account *acc, struct slice list)
{
	struct asker *a = q->arg;
	uint32_t uid = 0, gid = 0;
	struct ipc_verdict v;
	struct fault f;

	(void)list;
	verdict(outcome, "5.7.8", "user name or password is wrong", &f); /* RFC 4954 section 6 */
	if (outcome == AUTH_TROUBLE)
		fault_set(&f, ST_TEMP, "4.7.0", "the password cannot be checked now");
	if (outcome == AUTH_YES &&
	    !account_service_is_allowed(acc->options, q->request.service, a->is_secure))
		fault_set(&f, ST_DENIED, "5.7.8", "this account may not use the service");
	if (f.st == ST_OK && a->worker && !record_ids(acc, &uid, &gid))
		fault_set(&f, ST_TEMP, "4.3.5", "the account has no user of the system");
	if (f.st == ST_OK) {
		a->address = mem_str(acc->address);
		a->options = mem_str(acc->options);
	}
	if (f.st == ST_OK && a->worker) {
		a->query = NULL;
		issue(q->d->proc, a, acc, uid, gid);
		return;
	}
	ipc_verdict_from(&v, &f);
	reply_authed(a, &v, SL_NONE);
	asker_free(a);
}

static void
on_auth(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_auth *m = message;
	struct asker *a = asker_new(c, sequence);

	(void)fd;
	a->is_secure = m->secure != 0;
	a->worker = worker_for(channel_name(c), m->service);
	ask(a,
	    &(struct auth_request){.kind = AUTH_LOGIN,
		.module = SL("."),
		.service = m->service,
		.type = m->kind,
		.user = m->user,
		.secret = m->secret,
		.remote_ip = m->ip},
	    authed);
}

/* ---- exists ---- */

static void
existing(struct query *q, enum auth_outcome outcome, const struct account *acc, struct slice list)
{
	struct asker *a = q->arg;
	struct ipc_verdict v;
	struct fault f;

	(void)list;
	verdict(outcome, "5.1.1", "no such user", &f);
	if (outcome == AUTH_NO)
		f.st = ST_NOENT;
	ipc_verdict_from(&v, &f);
	channel_reply(a->channel, a->sequence, IPC_existing,
	    &(struct ipc_existing){.verdict = IPC_VERDICT(&v),
		.account = f.st == ST_OK ? acc->address : SL_NONE,
		.home = f.st == ST_OK ? acc->home : SL_NONE},
	    -1);
	asker_free(a);
}

static void
on_exists(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_exists *m = message;

	(void)fd;
	ask(asker_new(c, sequence),
	    &(struct auth_request){
		.kind = AUTH_PRE, .module = SL("."), .service = SL("courier"), .user = m->address},
	    existing);
}

/* ---- tickets of deliveries ---- */

static void
ticketed(struct query *q, enum auth_outcome outcome, const struct account *acc, struct slice list)
{
	struct asker *a = q->arg;
	struct ipc_verdict v;
	uint32_t uid = 0, gid = 0;
	struct fault f;

	(void)list;
	verdict(outcome, "5.1.1", "no such user", &f);
	if (outcome == AUTH_YES && !record_ids(acc, &uid, &gid))
		fault_set(&f, ST_TEMP, "4.3.5", "the account has no user of the system");
	a->query = NULL;
	if (f.st == ST_OK) {
		issue(q->d->proc, a, acc, uid, gid);
		return;
	}
	ipc_verdict_from(&v, &f);
	channel_reply(a->channel, a->sequence, IPC_ticket,
	    &(struct ipc_ticket){.verdict = IPC_VERDICT(&v)}, -1);
	asker_free(a);
}

static void
on_delivery_ticket(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_delivery_ticket *m = message;

	struct asker *a = asker_new(c, sequence);

	(void)fd;
	a->worker = worker_for(channel_name(c), SL("deliver"));
	ask(a,
	    &(struct auth_request){
		.kind = AUTH_PRE, .module = SL("."), .service = SL("courier"), .user = m->account},
	    ticketed);
}

/* ---- frame ---- */

static void
on_sigchld(void *arg, int signo)
{
	(void)signo;
	modules_reap(arg);
}

static enum st
authdaemond_start(struct proc *p, struct fault *f)
{
	struct authdaemond *d = proc_state(p);

	(void)f;
	d->proc = p;
	list_init(&d->clients);
	loop_signal(proc_loop(p), SIGCHLD, on_sigchld, d);
	modules_open(d);
	return ST_OK;
}

static void
authdaemond_reload(struct proc *p)
{
	modules_open(proc_state(p));
}

static void
authdaemond_listen(struct proc *p, const char *service, int fd)
{
	if (strcmp(service, "auth") == 0)
		listener_new(proc_loop(p), fd, text_accept, proc_state(p));
	else
		close(fd);
}

static void
authdaemond_status(struct proc *p, struct buf *out)
{
	struct authdaemond *d = proc_state(p);

	buf_fmt(out, "yes=%llu\nno=%llu\ntrouble=%llu\n", (unsigned long long)d->yes,
	    (unsigned long long)d->no, (unsigned long long)d->trouble);
	for (size_t i = 0; i < MODULES_MAX; i++)
		if (d->modules[i].name[0])
			buf_fmt(out, "module=%s asked=%llu\n", d->modules[i].name,
			    (unsigned long long)d->modules[i].asked);
}

static const struct channel_handler handlers[] = {
    {IPC_auth, on_auth},
    {IPC_exists, on_exists},
    {0, NULL},
};

/* esmtpd gets an identity, never a ticket (docs/HANDOFF.md): only courierd's channel has the row.
 */
static const struct channel_handler courierd_handlers[] = {
    {IPC_exists, on_exists},
    {IPC_delivery_ticket, on_delivery_ticket},
    {0, NULL},
};

int
main(int argc, char **argv)
{
	static const struct proc_peer peers[] = {
	    {.role = "esmtpd",
		.sends = IPC_LINK_AUTH_SAY,
		.receives = IPC_LINK_AUTH_ASK,
		.handlers = handlers,
		.down = peer_down},
	    {.role = "login",
		.sends = IPC_LINK_AUTH_SAY,
		.receives = IPC_LINK_AUTH_ASK,
		.handlers = handlers,
		.down = peer_down},
	    {.role = "routed",
		.sends = IPC_LINK_AUTH_SAY,
		.receives = IPC_LINK_AUTH_ASK,
		.handlers = handlers,
		.down = peer_down},
	    {.role = "courierd",
		.sends = IPC_LINK_AUTH_SAY,
		.receives = IPC_LINK_AUTH_ASK,
		.handlers = courierd_handlers,
		.down = peer_down},
	    {.role = NULL},
	};
	static const struct proc_def def = {
	    .role = "authdaemond",
	    .log_name = "authdaemond",
	    .state_bytes = sizeof(struct authdaemond),
	    .has_sandbox = false,
	    .peers = peers,
	    .start = authdaemond_start,
	    .listen = authdaemond_listen,
	    .reload = authdaemond_reload,
	    .status = authdaemond_status,
	};

	list_init(&askers);
	return proc_main(argc, argv, &def);
}
