/*
 * courieresmtp: mail to other hosts.
 */
#include <unistd.h>

#include "daemon/courieresmtp/esmtp.h"
#include "ext/hash.h"
#include "net/log.h"

/* A client without authorities believes nobody, and encrypts all the same. */
static void
open_tls(struct esmtp *e)
{
	const struct conf_tls *t = &proc_conf(e->proc)->courierd.tls;
	struct tls_opts o = {
	    .cert_fd = t->certfile[0] ? proc_key(e->proc, t->certfile) : -1,
	    .key_fd = t->private_keyfile[0] ? proc_key(e->proc, t->private_keyfile) : -1,
	    .trust_fd = t->trustcerts[0] ? proc_key(e->proc, t->trustcerts) : -1,
	    .min_protocol = t->protocol,
	    .cipher_list = t->cipher_list[0] ? t->cipher_list : NULL,
	};
	struct fault f;

	/* Without authorities nobody could be believed. */
	o.verify_peer = o.trust_fd >= 0 && t->verify_peer != CONF_VERIFY_NONE;

	if (tls_context_new(&o, &e->tls, &f) != ST_OK)
		log_event(LOG_LEVEL_ERROR, "tls", KV_STR("client", "no TLS"), KV_FAULT(&f), KV_END);
	if (o.trust_fd < 0)
		return;
	o.verify_peer = true;
	if (tls_context_new(&o, &e->tls_verify, &f) != ST_OK)
		log_event(LOG_LEVEL_ERROR, "tls", KV_STR("client", "no verified TLS"), KV_FAULT(&f),
		    KV_END);
}

static enum st
esmtp_start(struct proc *p, struct fault *f)
{
	struct esmtp *e = proc_state(p);

	e->proc = p;
	e->loop = proc_loop(p);
	list_init(&e->jobs);
	list_init(&e->conns);
	list_init(&e->hosts_old);
	hmap_init(&e->hosts);
	open_tls(e);
	login_load(e);
	return dns_loop_new(e->loop, proc_conf(p)->courierd.dns_servers, &e->dns, f);
}

static void
courierd_up(struct proc *p, struct channel *c, uint32_t index)
{
	struct esmtp *e = proc_state(p);

	(void)index;
	e->courierd = c;
	channel_grant(c, IPC_deliver, (uint32_t)proc_conf(p)->esmtp.max_dels);
	if (e->draining)
		channel_note(c, IPC_idle, &(struct ipc_idle){.since_sec = 0}, -1);
}

/*
 * Without courierd nobody hears the result: what is under way is cut off, so that no final dot
 * leaves any more, and the next courierd gets a new process.
 */
static void
courierd_down(struct proc *p, struct channel *c, uint32_t index)
{
	struct esmtp *e = proc_state(p);

	(void)index;
	if (c != e->courierd)
		return;
	log_flush();
	_exit(0); /* at once: not one octet more leaves */
}

/* What was sent to us is done; nothing new is to come. */
static void
esmtp_drain(struct proc *p, uint32_t within_ms)
{
	struct esmtp *e = proc_state(p);

	(void)within_ms;
	e->draining = true;
	if (e->courierd)
		channel_note(e->courierd, IPC_idle, &(struct ipc_idle){.since_sec = 0}, -1);
	conns_drain(e);
}

static void
esmtp_status(struct proc *p, struct buf *out)
{
	struct esmtp *e = proc_state(p);
	unsigned jobs = 0, conns = 0, idle = 0;

	LIST_EACH (&e->jobs, n)
		jobs++;
	LIST_EACH (&e->conns, n) {
		conns++;
		idle += CONTAINER_OF(n, struct conn, node)->next != 0;
	}
	buf_fmt(out, "jobs=%u\nconnections=%u\nidle=%u\nmade=%llu\nreused=%llu\n", jobs, conns,
	    idle, (unsigned long long)e->counts.connections, (unsigned long long)e->counts.reused);
	buf_fmt(out, "sent=%llu\ndeferred=%llu\nfailed=%llu\n", (unsigned long long)e->counts.sent,
	    (unsigned long long)e->counts.deferred, (unsigned long long)e->counts.failed);
}

int
main(int argc, char **argv)
{
	static const struct proc_peer peers[] = {
	    {.role = "courierd",
		.sends = IPC_LINK_DELIVER_SAY,
		.receives = IPC_LINK_DELIVER_ASK,
		.handlers = job_handlers,
		.up = courierd_up,
		.down = courierd_down},
	    {.role = NULL},
	};
	static const struct proc_def def = {
	    .role = "courieresmtp",
	    .log_name = "courieresmtp",
	    .state_bytes = sizeof(struct esmtp),
	    .has_sandbox = true,
	    .warm = hash_warm,
	    .sandbox = SANDBOX_NET_OUT,
	    .peers = peers,
	    .start = esmtp_start,
	    .drain = esmtp_drain,
	    .status = esmtp_status,
	};

	return proc_main(argc, argv, &def);
}
