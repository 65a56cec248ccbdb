/*
 * esmtpd: services, keys, peers.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/esmtpd/esmtpd.h"
#include "ext/hash.h"
#include "net/log.h"

static const struct conf_esmtpd *
conf_mx(const struct conf *c)
{
	return &c->esmtpd;
}

static const struct conf_esmtpd *
conf_msa(const struct conf *c)
{
	return &c->msa;
}

static const struct conf_esmtpd *
conf_ssl(const struct conf *c)
{
	return &c->ssl;
}

/* R6409-3.1-a */
static const struct service service_rows[SERVICE_COUNT] = {
    {.name = "smtp", .kind = SMTP_SERVICE_MX, .conf = conf_mx},
    {.name = "submission", .kind = SMTP_SERVICE_SUBMISSION, .conf = conf_msa},
    {.name = "smtps", .kind = SMTP_SERVICE_SUBMISSION, .conf = conf_ssl, .implicit_tls = true},
    {.name = "local", .kind = SMTP_SERVICE_LOCAL},
};

/* Under TLS the words of ESMTPAUTH_TLS; without it those of ESMTPAUTH, which is empty unless
 * somebody wants it. */
static void
fill_auth(struct service *v, const struct conf_esmtpd *e)
{
	const struct conf_list *words = e->auth.count ? &e->auth : &e->auth_tls;

	v->auth_plaintext = e->auth.count > 0;
	buf_init(&v->auth_words, 1024);
	for (size_t i = 0; i < words->count; i++)
		buf_fmt(&v->auth_words, "%s%s", i ? " " : "", words->items[i]);
	v->auth = buf_slice(&v->auth_words);
}

/* What master computed the descriptor limit of this process from. */
static size_t
esmtpd_sessions(const struct conf *c)
{
	return (size_t)(c->esmtpd.max_daemons + c->msa.max_daemons + c->ssl.max_daemons);
}

static enum st
esmtpd_start(struct proc *p, struct fault *f)
{
	struct esmtpd *e = proc_state(p);

	(void)f;
	e->proc = p;
	list_init(&e->clients);
	list_init(&e->txns);
	e->client_max = esmtpd_sessions(proc_conf(p));
	memcpy(e->services, service_rows, sizeof(service_rows));
	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		struct service *v = &e->services[i];

		v->e = e;
		if (!v->conf)
			continue;
		v->tls = proc_tls(p, &v->conf(proc_conf(p))->tls, v->name);
		fill_auth(v, v->conf(proc_conf(p)));
	}
	return ST_OK;
}

static void
esmtpd_listen(struct proc *p, const char *name, int fd)
{
	struct esmtpd *e = proc_state(p);

	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		struct service *v = &e->services[i];

		if (strcmp(v->name, name) != 0 || v->listener_count == COUNT_OF(v->listeners))
			continue;
		if (v->implicit_tls && !v->tls) {
			log_event(LOG_LEVEL_ERROR, "tls", KV_STR("service", v->name),
			    KV_STR("closed", "no certificate"), KV_END);
			break;
		}
		v->listeners[v->listener_count++] =
		    listener_new(proc_loop(p), fd, client_accept, v);
		return;
	}
	close(fd);
}

static void
esmtpd_drain(struct proc *p, uint32_t within_ms)
{
	(void)within_ms;
	clients_drain(proc_state(p));
}

static void
esmtpd_pause(struct proc *p, unsigned what, bool on)
{
	struct esmtpd *e = proc_state(p);

	if (what & 1) /* in */
		e->paused = on;
}

static void
esmtpd_status(struct proc *p, struct buf *out)
{
	struct esmtpd *e = proc_state(p);

	buf_fmt(out, "sessions=%zu\nserved=%llu\naccepted=%llu\n", e->client_count,
	    (unsigned long long)e->served, (unsigned long long)e->accepted);
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (e->services[i].listener_count)
			buf_fmt(out, "service=%s tls=%s auth=%.*s\n", e->services[i].name,
			    e->services[i].tls ? "yes" : "no", SL_FMT(e->services[i].auth));
}

static void
esmtpd_who(struct proc *p, struct buf *out)
{
	clients_who(proc_state(p), out);
}

static void
esmtpd_kick(struct proc *p, struct slice what, struct buf *ended)
{
	clients_kick(proc_state(p), what, ended);
}

/* ---- peers ---- */

/* A new tallyd has to be told what is open, also what was let in while nobody counted. */
static void
tallyd_up(struct proc *p, struct channel *c, uint32_t index)
{
	struct esmtpd *e = proc_state(p);

	(void)index;
	LIST_EACH (&e->clients, n) {
		struct client *k = CONTAINER_OF(n, struct client, node);

		if (k->service->kind == SMTP_SERVICE_LOCAL || !k->connect_number ||
		    k->tally_call.channel)
			continue;
		k->counted = true;
		channel_note(c, IPC_present,
		    &(struct ipc_present){
			.service = sl_str(k->service->name), .ip = sl_str(k->ip), .count = 1},
		    -1);
	}
}

static void
on_id_prefix(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct esmtpd *e = proc_state(channel_owner(c));
	const struct ipc_id_prefix *m = message;

	(void)sequence;
	(void)fd;
	e->custody = c;
	snprintf(e->id_prefix, sizeof(e->id_prefix), "%.*s", SL_FMT(m->prefix));
	e->id_counter = 0;
}

static void
courierd_down(struct proc *p, struct channel *c, uint32_t index)
{
	struct esmtpd *e = proc_state(p);

	(void)index;
	if (c != e->custody)
		return;
	e->custody = NULL;
	txns_lose_custody(e);
}

static const struct channel_handler custody_handlers[] = {{IPC_id_prefix, on_id_prefix}, {0, NULL}};

int
main(int argc, char **argv)
{
	static const struct proc_peer peers[] = {
	    {.role = "tallyd",
		.sends = IPC_LINK_TALLY_ASK,
		.receives = IPC_LINK_TALLY_SAY,
		.up = tallyd_up},
	    {.role = "authdaemond", .sends = IPC_LINK_AUTH_ASK, .receives = IPC_LINK_AUTH_SAY},
	    {.role = "routed",
		.sends = IPC_LINK_ROUTE_ASK,
		.receives = IPC_LINK_ROUTE_SAY,
		.required = true},
	    {.role = "courierd",
		.sends = IPC_LINK_CUSTODY_ASK,
		.receives = IPC_LINK_CUSTODY_SAY,
		.handlers = custody_handlers,
		.required = true,
		.down = courierd_down},
	    {.role = NULL},
	};
	static const struct proc_def def = {
	    .role = "esmtpd",
	    .log_name = "courieresmtpd",
	    .state_bytes = sizeof(struct esmtpd),
	    .has_sandbox = true,
	    .warm = hash_warm,
	    .sandbox = SANDBOX_NET_IN,
	    .peers = peers,
	    .start = esmtpd_start,
	    .listen = esmtpd_listen,
	    .drain = esmtpd_drain,
	    .pause = esmtpd_pause,
	    .status = esmtpd_status,
	    .who = esmtpd_who,
	    .kick = esmtpd_kick,
	};

	return proc_main(argc, argv, &def);
}
