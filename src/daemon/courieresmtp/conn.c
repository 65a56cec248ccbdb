/*
 * Connections. One is made for a job; when the job is over it waits for the next one of the same
 * way, as long as the protocol's idle time lets it.
 */
#include "daemon/courieresmtp/esmtp.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/log.h"

#define CONN_MEMORY ((size_t)64 << 10)
#define IDLE_MAX 100 /* connections that are kept for nobody yet */

static const char *
relay(const struct conn *c, char text[NET_ADDR_TEXT])
{
	net_addr_ip_text(&c->target.addr, text);
	return text;
}

static void
say_trouble(const struct conn *c, const struct fault *f)
{
	char ip[NET_ADDR_TEXT];

	log_event(LOG_LEVEL_INFO, "error", KV_STR("relay", relay(c, ip)),
	    KV_U64("port", c->target.addr.port), KV_STR("msg", f->text), KV_END);
}

static void
conn_free(struct conn *c)
{
	loop_forget(&c->watch);
	loop_timer_stop(c->e->loop, &c->timer);
	if (c->fd >= 0)
		close(c->fd);
	list_remove(&c->node);
	if (c->client)
		smtp_client_free(c->client);
	arena_free(c->arena);
	mem_free(c);
}

/* ---- the engine's questions ---- */

static void
answer(struct conn *c, uint32_t number, const struct fault *f, const void *detail)
{
	struct engine_answer a = {.number = number, .detail = detail};

	if (f)
		a.fault = *f;
	session_answer(c->session, &a);
}

static size_t
idle_count(const struct esmtp *e)
{
	size_t n = 0;

	LIST_EACH (&e->conns, node)
		n += CONTAINER_OF(node, struct conn, node)->next != 0;
	return n;
}

static void
ask_next(struct conn *c, uint32_t number)
{
	struct fault f;

	memory_dead(c->e, &c->target.addr, false);
	if (c->job) {
		body_rewind(&c->job->body);
		answer(c, number, NULL, &c->job->message);
	} else if (c->e->draining || idle_count(c->e) >= IDLE_MAX ||
		   proc_conf(c->e->proc)->site.esmtptimeoutkeepalive_sec == 0) {
		fault_set(&f, ST_NOENT, "", "no further message");
		answer(c, number, &f, NULL);
	} else {
		c->next = number;
	}
}

/* R6152-3-a: what is 8 bit becomes quoted-printable or base64, or stays here. */
static void
ask_convert(struct conn *c, uint32_t number)
{
	struct smtp_client_content content;
	struct fault f = FAULT_NONE;

	if (!c->job) {
		fault_set(&f, ST_TEMP, "4.3.0", "nobody waits for it");
		answer(c, number, &f, NULL);
		return;
	}
	content = c->job->message.content;
	(void)!body_convert(&c->job->body, &content, &f);
	answer(c, number, &f, &content);
}

static void
ask_done(struct conn *c, const struct engine_ask *a)
{
	struct job *j = c->job;

	c->job = NULL;
	c->has_served = true;
	if (j) {
		j->conn = NULL;
		job_results(j, a->detail);
	}
	answer(c, a->number, NULL, NULL);
}

static void
on_ask(struct session *s, const struct engine_ask *a)
{
	struct conn *c = session_owner(s);
	struct fault f = FAULT_NONE;

	switch (a->kind) {
	case SMTP_CLIENT_ASK_NEXT:
		ask_next(c, a->number);
		break;
	case SMTP_CLIENT_ASK_CONVERT:
		ask_convert(c, a->number);
		break;
	case SMTP_CLIENT_ASK_CHECK:
		if (!c->job)
			fault_set(&f, ST_TEMP, "4.3.0", "nobody waits for it");
		else
			(void)!body_verdict(&c->job->body, &f);
		answer(c, a->number, &f, NULL);
		break;
	default:
		ask_done(c, a);
		break;
	}
}

static void
on_cancelled(struct session *s, uint32_t number)
{
	struct conn *c = session_owner(s);

	if (c->next == number)
		c->next = 0;
}

static enum st
on_piece(struct session *s, const struct engine_piece *from, unsigned char *p, size_t max,
    size_t *n)
{
	struct conn *c = session_owner(s);
	struct fault f;
	enum st st;

	if (!c->job)
		return ST_TEMP;
	st = body_read(&c->job->body, from->offset, p, max, n, &f);
	if (st != ST_OK) {
		log_event(LOG_LEVEL_ERROR, "body", KV_FAULT(&f), KV_END);
		c->job->last = f;
	}
	return st;
}

static struct tls_context *
tls_of(const struct conn *c)
{
	if (c->route.security == CONF_SECURITY_VERIFIED ||
	    proc_conf(c->e->proc)->courierd.tls_verify_domain)
		return c->e->tls_verify;
	return c->e->tls;
}

static struct tls_context *
on_tls(struct session *s)
{
	return tls_of(session_owner(s));
}

static const char *
on_tls_name(struct session *s)
{
	struct conn *c = session_owner(s);

	return c->target.host;
}

/* ---- the end of a connection ---- */

static void
why_closed(struct conn *c, enum engine_why why, struct fault *f)
{
	const struct fault *said = smtp_client_trouble(c->client);
	const struct fault *stream = session_fault(c->session);

	if (c->job && c->job->too_late)
		fault_set(f, ST_TEMP, "4.4.2", "%s took too long", c->target.host);
	else if (said->st != ST_OK)
		*f = *said;
	else if (smtp_client_stage(c->client) == SMTP_CLIENT_STARTTLS)
		fault_set(f, ST_TEMP, "4.7.5", "TLS with %s failed%s%s", c->target.host,
		    stream ? ": " : "", stream ? stream->text : "");
	else if (stream)
		fault_set(f, ST_TEMP, "4.4.2", "%s", stream->text);
	else if (why == ENGINE_WHY_TROUBLE)
		fault_set(f, ST_TEMP, "4.3.0", "the message could not be sent");
	else
		fault_set(f, ST_TEMP, "4.4.2", "%s closed the connection", c->target.host);
}

/* R3207-4.1-a: opportunistic TLS that does not work is left out next time. */
static bool
tls_failed(const struct conn *c)
{
	return smtp_client_stage(c->client) == SMTP_CLIENT_STARTTLS &&
	       !smtp_client_tls_on(c->client) && smtp_client_trouble(c->client)->st == ST_OK &&
	       c->tls == SMTP_CLIENT_TLS_MAY &&
	       !proc_conf(c->e->proc)->courierd.tls_verify_domain;
}

/* R3207-4-h */
static void
on_closed(struct session *s, enum engine_why why)
{
	struct conn *c = session_owner(s);
	struct esmtp *e = c->e;
	struct job *j = c->job;
	const struct smtp_client_result *r = NULL;
	struct target again = c->target;
	bool retry_clear, reused = c->has_served;
	struct fault f;

	why_closed(c, why, &f);
	retry_clear = j && !j->too_late && tls_failed(c);
	if (retry_clear)
		memory_tls_broken(e, &c->target.addr);
	if (j) {
		say_trouble(c, &f);
		j->conn = NULL;
		r = smtp_client_result(c->client, &f);
	}
	if (!j)
		; /* it was idle, or had said goodbye */
	else if (retry_clear)
		conn_open(j, &again);
	else if (r && (!r->untouched || j->too_late))
		job_results(j, r);
	else if (j->too_late)
		job_end(j, &f);
	else if (reused)
		job_again(j);
	else
		job_next(j, &f);
	conn_free(c); /* r lies in it */
	conns_look(e);
}

static const struct session_ops ops = {
    .ask = on_ask,
    .cancelled = on_cancelled,
    .piece = on_piece,
    .tls = on_tls,
    .secure = &stream_tls_layer,
    .tls_name = on_tls_name,
    .closed = on_closed,
};

/* ---- the beginning ---- */

/* R5321-4.5.3.2-b */
static void
fill_timeouts(const struct conf_site *site, struct smtp_client_timeouts *t)
{
	t->greeting_ms = site->esmtptimeouthelo_sec * 1000;
	t->command_ms = site->esmtptimeout_sec * 1000;
	t->block_ms = site->esmtptimeoutdata_sec * 1000;
	t->dot_ms = site->esmtptimeoutdata_sec * 2000;
	t->quit_ms = site->esmtptimeoutquit_sec * 1000;
	t->idle_ms = site->esmtptimeoutkeepalive_sec * 1000;
	t->ping_ms = site->esmtptimeoutkeepaliveping_sec * 1000;
}

/* R3207-6-a, R3207-6-b */
static enum smtp_client_tls
tls_policy(const struct conn *c)
{
	bool may = proc_conf(c->e->proc)->courierd.use_starttls && tls_of(c) &&
		   !memory_tls_is_broken(c->e, &c->target.addr);

	if (c->route.security != CONF_SECURITY_NONE)
		return SMTP_CLIENT_TLS_MUST;
	return may ? SMTP_CLIENT_TLS_MAY : SMTP_CLIENT_TLS_NEVER;
}

/* R5321-2.3.5-a: our name; or the address of this connection, when there is none to say. */
static struct slice
helo_name(struct conn *c)
{
	struct slice name = sl_str(proc_conf(c->e->proc)->site.esmtphelo);
	struct net_addr peer, local;
	char ip[NET_ADDR_TEXT];
	struct buf text;

	if (!sl_eq(name, SL("*")))
		return arena_copy(c->arena, name);
	net_peer(c->fd, &peer, &local);
	net_addr_ip_text(&local, ip);
	buf_init(&text, 100);
	buf_fmt(&text, "[%s%s]", local.family == 6 ? "IPv6:" : "", ip);
	name = arena_copy(c->arena, buf_slice(&text));
	buf_fini(&text);
	return name;
}

/* We ourselves, by a name we do not know: both ends have one address, and the port is ours. */
static bool
is_myself(struct conn *c)
{
	const struct conf_ports *ours = &proc_conf(c->e->proc)->esmtpd.port;
	struct net_addr peer, local;

	net_peer(c->fd, &peer, &local);
	if (c->target.is_static || peer.family != local.family ||
	    memcmp(peer.ip, local.ip, sizeof(peer.ip)) != 0)
		return false;
	for (size_t i = 0; i < ours->count; i++)
		if (ours->items[i].port == peer.port)
			return true;
	return false;
}

/* The place is no good. */
static void
unreachable(struct conn *c, const struct fault *f)
{
	struct job *j = c->job;

	say_trouble(c, f);
	j->conn = NULL;
	conn_free(c);
	job_next(j, f);
}

static void
converse(struct conn *c)
{
	struct smtp_client_opts o;
	struct fault f;

	loop_timer_stop(c->e->loop, &c->timer);
	if (is_myself(c)) {
		fault_set(&f, ST_PERM, "5.4.6", "mail for %.*s loops back to myself",
		    SL_FMT(sl_sub(c->job->domain, 0, 100)));
		unreachable(c, &f);
		return;
	}
	smtp_client_opts_init(&o, helo_name(c));
	fill_timeouts(&proc_conf(c->e->proc)->site, &o.timeouts);
	o.tls = tls_policy(c);
	o.tls_on = c->route.security == CONF_SECURITY_SMTPS;
	/* Never in clear, not even where TLS has failed before. */
	if (login_find(c->e, sl_str(c->relay), sl_str(c->target.host), &o))
		o.tls = SMTP_CLIENT_TLS_MUST;
	c->tls = o.tls;
	c->client = smtp_client_new(c->arena, &o, loop_now(c->e->loop));
	c->session = session_new(c->e->loop, stream_fd_new(c->fd), smtp_client_engine(c->client),
	    &ops, c);
	c->fd = -1;
	c->e->counts.connections++;
	if (o.tls_on && tls_of(c))
		session_start_tls(c->session, tls_of(c));
	else if (o.tls_on)
		session_abort(c->session);
}

static void
connect_failed(struct conn *c, int sys)
{
	struct fault f;

	memory_dead(c->e, &c->target.addr, true);
	fault_sys(&f, ST_TEMP, "4.4.1", sys, "%s cannot be reached", c->target.host);
	unreachable(c, &f);
}

static void
on_connected(struct watch *w, unsigned ready)
{
	struct conn *c = w->arg;
	socklen_t n = sizeof(int);
	int sys = 0;

	(void)ready;
	loop_forget(&c->watch);
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &sys, &n) != 0)
		sys = errno;
	if (sys != 0)
		connect_failed(c, sys);
	else
		converse(c);
}

static void
on_connect_timeout(struct timer *t)
{
	connect_failed(t->arg, ETIMEDOUT);
}

void
conn_open(struct job *j, const struct target *t)
{
	struct esmtp *e = j->e;
	struct conn *c = mem_get(sizeof(*c));
	struct fault f;
	enum st st;

	*c = (struct conn){.e = e, .job = j, .target = *t, .fd = -1};
	c->route = *search_route(j->search);
	if (c->route.relay.n) /* as esmtpauthclient(5) names it */
		snprintf(c->relay, sizeof(c->relay), c->route.port ? "%.*s,%u" : "%.*s",
		    SL_FMT(c->route.relay), c->route.port);
	c->route.relay = SL_NONE; /* it lies in the search */
	memcpy(c->key, j->key, sizeof(c->key));
	c->arena = arena_new("connection", CONN_MEMORY);
	list_node_init(&c->node);
	list_append(&e->conns, &c->node);
	j->conn = c;
	snprintf(j->peer, sizeof(j->peer), "dns; %s", t->host);
	if (memory_is_dead(e, &t->addr)) {
		fault_set(
		    &f, ST_TEMP, "4.4.1", "%s could not be reached some minutes ago", t->host);
		unreachable(c, &f);
		return;
	}
	st = net_connect(&t->addr, &c->fd, &f);
	if (st == ST_OK) {
		converse(c);
	} else if (st == ST_AGAIN) {
		loop_watch(e->loop, &c->watch, c->fd, POLLER_WRITE, on_connected, c);
		loop_timer_at(e->loop, &c->timer, loop_now(e->loop) +
		    proc_conf(e->proc)->site.esmtptimeoutconnect_sec * 1000, on_connect_timeout, c);
	} else {
		connect_failed(c, f.sys);
	}
}

/* ---- one after another ---- */

bool
conn_reuse(struct job *j)
{
	LIST_EACH (&j->e->conns, n) {
		struct conn *c = CONTAINER_OF(n, struct conn, node);
		uint32_t number = c->next;

		if (!number || strcmp(c->key, j->key) != 0)
			continue;
		c->next = 0;
		c->job = j;
		j->conn = c;
		snprintf(j->peer, sizeof(j->peer), "dns; %s", c->target.host);
		j->e->counts.reused++;
		body_rewind(&j->body);
		answer(c, number, NULL, &j->message);
		return true;
	}
	return false;
}

void
conn_abort(struct conn *c)
{
	struct fault f;

	if (c->session) {
		session_abort(c->session);
		return;
	}
	fault_set(&f, ST_TEMP, "4.4.1", "%s could not be reached in time", c->target.host);
	unreachable(c, &f);
}

void
conns_look(struct esmtp *e)
{
	if (e->draining && list_is_empty(&e->jobs) && list_is_empty(&e->conns))
		proc_exit(e->proc, 0);
}

void
conns_drain(struct esmtp *e)
{
	LIST_EACH (&e->conns, n) {
		struct conn *c = CONTAINER_OF(n, struct conn, node);

		if (c->session)
			session_event(c->session, &(struct engine_event){.kind = ENGINE_DRAIN});
	}
	conns_look(e);
}
