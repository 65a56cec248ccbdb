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

struct tallyd {
	struct tally *tally;
	uint64_t refused;
};

static const struct conf_esmtpd *
service_conf(const struct conf *c, struct slice service)
{
	if (sl_eq(service, SL("submission")))
		return &c->msa;
	if (sl_eq(service, SL("smtps")))
		return &c->ssl;
	return sl_eq(service, SL("smtp")) ? &c->esmtpd : NULL;
}

static void
on_arrive(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	struct tallyd *t = proc_state(p);
	const struct ipc_arrive *m = message;
	const struct conf_esmtpd *e = service_conf(proc_conf(p), m->service);
	struct fault f = FAULT_NONE;
	struct ipc_verdict v;

	(void)fd;
	if (e && tally_arrive(t->tally,
		     &(struct tally_limits){e->max_daemons, e->max_per_c, e->max_per_ip},
		     m->service, m->ip, proc_peer_index(p, c), &f) != ST_OK) {
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
	tally_depart(t->tally, m->service, m->ip, proc_peer_index(p, c));
}

static void
on_present(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct proc *p = channel_owner(c);
	struct tallyd *t = proc_state(p);
	const struct ipc_present *m = message;
	const struct conf_esmtpd *e = service_conf(proc_conf(p), m->service);

	(void)sequence;
	(void)fd;
	/* More than could be let in without us is not believed: memory must not grow by what is
	 * said. */
	if (e && tally_total(t->tally, m->service) <= PRESENT_MAX * e->max_daemons)
		tally_present(t->tally, m->service, m->ip, proc_peer_index(p, c), m->count);
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

static void
asker_down(struct proc *p, struct channel *c, uint32_t index)
{
	struct tallyd *t = proc_state(p);

	(void)c;
	tally_forget(t->tally, index);
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
	static const char *const services[] = {"smtp", "submission", "smtps"};

	for (size_t i = 0; i < COUNT_OF(services); i++)
		buf_fmt(out, "%s=%llu\n", services[i],
		    (unsigned long long)tally_total(t->tally, sl_str(services[i])));
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
