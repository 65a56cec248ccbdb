/*
 * tallyd: what processes that serve the same port must count together. It answers whether one more
 * connection is welcome; who does not hear from it within 200 ms lets the connection in.
 */
#include <string.h>

#include "base/attr.h"
#include "daemon/skel/proc.h"
#include "daemon/tallyd/tally.h"
#include "net/log.h"

#define PRESENT_MAX 4 /* times MAXDAEMONS */
#define LOGIN_OWNER (UINT32_C(1) << 31)

struct tallyd {
	struct tally *tally;
	uint64_t refused;
};

/* The services and where their limits stand. */
#define SMTP_LIMITS(m) offsetof(struct conf, m.max_daemons), offsetof(struct conf, m.max_per_c), \
	    offsetof(struct conf, m.max_per_ip)
#define MAIL_LIMITS(m) offsetof(struct conf, m.max_daemons), 0, offsetof(struct conf, m.max_per_ip)
static const struct service {
	const char *name;
	size_t total, per_block, per_ip; /* places in struct conf; 0: no limit */
} services[] = {
    {"smtp", SMTP_LIMITS(esmtpd)},
    {"submission", SMTP_LIMITS(msa)},
    {"smtps", SMTP_LIMITS(ssl)},
    {"imap", MAIL_LIMITS(imap)},
    {"imaps", MAIL_LIMITS(imaps)},
    {"pop3", MAIL_LIMITS(pop3)},
    {"pop3s", MAIL_LIMITS(pop3s)},
};

static uint64_t
limit(const struct conf *c, size_t place)
{
	return place ? *(const uint64_t *)(const void *)((const char *)c + place) : UINT64_MAX;
}

static bool
service_limits(const struct conf *c, struct slice name, struct tally_limits *l)
{
	for (size_t i = 0; i < COUNT_OF(services); i++) {
		if (!sl_eq(name, sl_str(services[i].name)))
			continue;
		*l = (struct tally_limits){limit(c, services[i].total),
		    limit(c, services[i].per_block), limit(c, services[i].per_ip)};
		return true;
	}
	return false;
}

/* Processes of several roles report: their numbers must not meet. */
static uint32_t
owner_of(struct proc *p, struct channel *c)
{
	uint32_t index = proc_peer_index(p, c);

	return strcmp(channel_name(c), "login") == 0 ? index | LOGIN_OWNER : index;
}

static void
on_arrive(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	struct tallyd *t = proc_state(p);
	const struct ipc_arrive *m = message;
	struct tally_limits l;
	struct fault f = FAULT_NONE;
	struct ipc_verdict v;

	(void)fd;
	if (service_limits(proc_conf(p), m->service, &l) &&
	    tally_arrive(t->tally, &l, m->service, m->ip, owner_of(p, c), &f) != ST_OK) {
		t->refused++;
		/* Courier's words for this event, so that log tools match */
		log_event(LOG_LEVEL_WARNING, "ALERT: Maximum connection limit reached",
		    KV_SL("ip", m->ip), KV_SL("service", m->service), KV_FAULT(&f), KV_END);
	}
	ipc_verdict_from(&v, &f);
	channel_reply(
	    c, sequence, IPC_arrival, &(struct ipc_arrival){.verdict = IPC_VERDICT(&v)}, -1);
}

static void
on_depart(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	struct tallyd *t = proc_state(p);
	const struct ipc_depart *m = message;

	(void)sequence;
	(void)fd;
	tally_depart(t->tally, m->service, m->ip, owner_of(p, c));
}

static void
on_present(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	struct tallyd *t = proc_state(p);
	const struct ipc_present *m = message;
	struct tally_limits l;

	(void)sequence;
	(void)fd;
	/* More than could be let in without us is not believed: memory must not grow by what is
	 * said. */
	if (service_limits(proc_conf(p), m->service, &l) &&
	    tally_total(t->tally, m->service) <= PRESENT_MAX * l.total)
		tally_present(t->tally, m->service, m->ip, owner_of(p, c), m->count);
}

/* Noted for the log; lock-outs build on it. */
static void
on_login_failed(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	const struct ipc_login_failed *m = message;

	(void)c;
	(void)sequence;
	(void)fd;
	log_event(LOG_LEVEL_INFO, "LOGIN FAILED", KV_SL("service", m->service),
	    KV_SL("user", m->user), KV_SL("ip", m->ip), KV_END);
}

static const struct channel_handler handlers[] = {
    {IPC_arrive, on_arrive},
    {IPC_depart, on_depart},
    {IPC_present, on_present},
    {IPC_login_failed, on_login_failed},
    {0, NULL},
};

/* A login logs its failures itself, in Courier's words. */
static const struct channel_handler login_handlers[] = {
    {IPC_arrive, on_arrive},
    {IPC_depart, on_depart},
    {IPC_present, on_present},
    {0, NULL},
};

static void
asker_down(struct proc *p, struct channel *c, uint32_t index)
{
	struct tallyd *t = proc_state(p);

	(void)c;
	tally_forget(t->tally, index);
}

static void
login_down(struct proc *p, struct channel *c, uint32_t index)
{
	struct tallyd *t = proc_state(p);

	(void)c;
	tally_forget(t->tally, index | LOGIN_OWNER);
}

static enum st
tallyd_start(struct proc *p, struct fault *f)
{
	struct tallyd *t = proc_state(p);

	(void)f;
	t->tally = tally_new();
	return ST_OK;
}

static void
tallyd_status(struct proc *p, struct buf *out)
{
	struct tallyd *t = proc_state(p);

	for (size_t i = 0; i < COUNT_OF(services); i++)
		buf_fmt(out, "%s=%llu\n", services[i].name,
		    (unsigned long long)tally_total(t->tally, sl_str(services[i].name)));
	buf_fmt(out, "refused=%llu\n", (unsigned long long)t->refused);
}

int
main(int argc, char **argv)
{
	static const struct proc_peer peers[] = {
	    {.role = "esmtpd",
		.sends = IPC_LINK_TALLY_SAY,
		.receives = IPC_LINK_TALLY_ASK,
		.handlers = handlers,
		.down = asker_down},
	    {.role = "login",
		.sends = IPC_LINK_TALLY_SAY,
		.receives = IPC_LINK_TALLY_ASK,
		.handlers = login_handlers,
		.down = login_down},
	    {.role = NULL},
	};
	static const struct proc_def def = {
	    .role = "tallyd",
	    .log_name = "couriertcpd",
	    .state_bytes = sizeof(struct tallyd),
	    .has_sandbox = true,
	    .sandbox = SANDBOX_PURE,
	    .peers = peers,
	    .start = tallyd_start,
	    .status = tallyd_status,
	};

	return proc_main(argc, argv, &def);
}
