/*
 * One connection: engine, session, and the table from the engine's questions to who answers them.
 */
#include "daemon/esmtpd/esmtpd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/log.h"
#include "os/accounts.h"
#include "os/peercred.h"

/* All memory of one connection outside the engine's buffers; a transaction has its own. */
#define CLIENT_MEMORY ((size_t)1 << 20)
#define IDLE_HINT_RCPTS 100

void
client_answer(struct client *c, uint32_t number, const struct fault *f, const void *detail)
{
	struct engine_answer a = {.number = number, .detail = detail};

	if (f)
		a.fault = *f;
	session_answer(c->session, &a);
}

struct slice
client_identity(const struct client *c)
{
	struct smtp_facts facts;

	if (c->service->kind == SMTP_SERVICE_LOCAL)
		return sl_str(c->local_user);
	smtp_server_facts(c->engine, &facts);
	return facts.authenticated ? facts.identity : SL_NONE;
}

struct slice
client_source(const struct client *c)
{
	if (c->service->kind == SMTP_SERVICE_LOCAL)
		return SL("local");
	return c->may_relay || client_identity(c).n ? SL("authsmtp") : SL("esmtp");
}

/* ---- questions ---- */

static void
ask_yes(struct client *c, const struct engine_ask *a)
{
	client_answer(c, a->number, NULL, NULL);
}

static void
ask_reset(struct client *c, const struct engine_ask *a)
{
	(void)a;
	txn_free(c->txn);
	c->txn = NULL;
}

static void (*const answerers[])(struct client *c, const struct engine_ask *a) = {
    [SMTP_ASK_CONNECT] = policy_connect,
    [SMTP_ASK_HELO] = ask_yes,
    [SMTP_ASK_AUTH] = policy_auth,
    [SMTP_ASK_MAIL] = policy_mail,
    [SMTP_ASK_RCPT] = policy_rcpt,
    [SMTP_ASK_DATA] = txn_data,
    [SMTP_ASK_COMMIT] = txn_commit,
    [SMTP_ASK_RESET] = ask_reset,
};

static void
on_ask(struct session *s, const struct engine_ask *a)
{
	struct client *c = session_owner(s);

	answerers[a->kind](c, a);
}

/* The engine no longer needs an answer: so do we not. */
static void
on_cancelled(struct session *s, uint32_t number)
{
	struct client *c = session_owner(s);

	LIST_EACH (&c->asked, n) {
		struct asked *q = CONTAINER_OF(n, struct asked, node);

		if (q->number == number) {
			channel_cancel(&q->call);
			list_remove(&q->node);
			mem_free(q);
		}
	}
	if (c->txn && c->txn->commit_number == number)
		c->txn->commit_number = 0; /* it is being committed: that cannot be called back */
}

static size_t
on_body(struct session *s, struct slice chunk)
{
	struct client *c = session_owner(s);

	return c->txn ? txn_body(c->txn, chunk) : chunk.n;
}

static struct tls_context *
on_tls(struct session *s)
{
	struct client *c = session_owner(s);

	return c->service->tls;
}

static void
on_closed(struct session *s, enum engine_why why)
{
	struct client *c = session_owner(s);
	struct esmtpd *e = c->e;
	static const char *const words[] = {
	    [ENGINE_WHY_TIMEOUT] = "timeout",
	    [ENGINE_WHY_LIMIT] = "limit",
	    [ENGINE_WHY_PROTOCOL] = "protocol",
	    [ENGINE_WHY_TROUBLE] = "trouble",
	};

	if (why < COUNT_OF(words) && words[why])
		log_event(LOG_LEVEL_INFO, "closed", KV_STR("relay", c->ip),
		    KV_STR("why", words[why]), KV_END);
	policy_leave(c);
	LIST_EACH (&c->asked, n) {
		struct asked *q = CONTAINER_OF(n, struct asked, node);

		channel_cancel(&q->call);
		list_remove(&q->node);
		mem_free(q);
	}
	txn_free(c->txn);
	list_remove(&c->node);
	e->client_count--;
	arena_free(c->arena);
	mem_free(c);
	clients_look(e);
}

static const struct session_ops ops = {
    .ask = on_ask,
    .cancelled = on_cancelled,
    .body = on_body,
    .tls = on_tls,
    .secure = &stream_tls_layer,
    .closed = on_closed,
};

/* ---- a new connection ---- */

/* Who calls the local socket: by name when the system knows one, else by number. */
static bool
local_user(struct client *c, int fd)
{
	struct accounts_entry e;
	uint32_t uid, gid;

	if (peercred_get(fd, &uid, &gid) != 0)
		return false;
	if (accounts_by_uid(uid, &e) == 0)
		snprintf(c->local_user, sizeof(c->local_user), "%s", e.name);
	else
		snprintf(c->local_user, sizeof(c->local_user), "uid%u", (unsigned)uid);
	return true;
}

/* R6409-7-a */
static void
fill_options(struct client *c, struct smtp_server_opts *o)
{
	const struct conf *cf = proc_conf(c->e->proc);
	const struct conf_esmtpd *e = c->service->conf ? c->service->conf(cf) : NULL;

	smtp_server_opts_init(o, c->service->kind, sl_str(cf->site.me));
	o->greeting = sl_str(cf->site.esmtpgreeting);
	o->extensions |= SMTP_EXT_DSN;
	o->size_max_bytes = cf->site.sizelimit_bytes;
	o->recipients_max = cf->bofh.max_rcpts ? (unsigned)cf->bofh.max_rcpts : IDLE_HINT_RCPTS;
	if (c->service->kind == SMTP_SERVICE_LOCAL) {
		o->local_identity = sl_str(c->local_user);
		o->recipients_max = 5000;
		return;
	}
	if (c->service->tls && !c->service->implicit_tls)
		o->extensions |= SMTP_EXT_STARTTLS;
	if (c->service->auth.n) {
		o->extensions |= SMTP_EXT_AUTH;
		o->auth_mechanisms = c->service->auth;
		o->auth_plaintext = c->service->auth_plaintext;
	}
	o->tls_on = c->service->implicit_tls; /* R8314-3.3-a, R8314-3.3-b, R8314-3-a */
	o->auth_required = e->auth_required; /* R8314-3.3-d */
	o->tls_required = e->tls_required && !c->service->implicit_tls;
	o->timeouts.command_ms = e->timeout_sec * 1000;
	o->timeouts.data_ms = e->timeout_sec * 1000;
}

/* What a line of the client is, by what was said before: neither passwords nor messages are
 * logged. */
static struct slice
dialog_line(struct client *c, char dir, struct slice line)
{
	struct slice words = line, word;

	if (dir == 'S' && c->dialog == DIALOG_CHUNKS)
		return line;
	if (dir == 'S') {
		c->dialog = sl_starts(line, SL("334"))   ? DIALOG_SECRET
			    : sl_starts(line, SL("354")) ? DIALOG_CONTENT
							 : DIALOG_COMMANDS;
		return line;
	}
	if (c->dialog == DIALOG_SECRET)
		return SL("(hidden)");
	if (c->dialog == DIALOG_CONTENT || c->dialog == DIALOG_CHUNKS)
		return SL_NONE;
	if (sl_istarts(line, SL("BDAT "))) {
		c->dialog = DIALOG_CHUNKS; /* where commands go on is not known here */
		return line;
	}
	if (!sl_istarts(line, SL("AUTH ")))
		return line;
	c->dialog = DIALOG_SECRET; /* until we have answered */
	sl_cut(&words, ' ', &word);
	sl_cut(&words, ' ', &word);
	return sl_sub(line, 0, 5 + word.n);
}

/* ESMTP_LOG_DIALOG; under TLS there is nothing to read here. */
static void
log_dialog(void *arg, char dir, struct slice bytes)
{
	struct client *c = arg;
	struct smtp_facts facts;

	smtp_server_facts(c->engine, &facts);
	for (struct slice line; bytes.n && !facts.tls_on;) {
		sl_cut(&bytes, '\n', &line);
		line = dialog_line(c, dir, sl_trim(line));
		if (line.n)
			log_event(LOG_LEVEL_INFO, "dialog", KV_STR("relay", c->ip),
			    KV_SL(dir == 'C' ? "C" : "S", line), KV_END);
	}
}

void
client_accept(void *arg, int fd, const struct net_addr *peer)
{
	struct service *v = arg;
	struct esmtpd *e = v->e;
	struct client *c = mem_get(sizeof(*c));
	struct smtp_server_opts o;
	struct stream *stream;

	memset(c, 0, sizeof(*c));
	*c = (struct client){.e = e, .service = v, .peer = *peer, .number = ++e->numbers,
	    .since_ms = loop_now(proc_loop(e->proc))};
	net_addr_ip_text(peer, c->ip);
	list_node_init(&c->node);
	list_init(&c->asked);
	if (v->kind == SMTP_SERVICE_LOCAL && !local_user(c, fd)) {
		close(fd);
		mem_free(c);
		return;
	}
	fill_options(c, &o);
	c->arena = arena_new("smtp client", CLIENT_MEMORY);
	c->engine = smtp_server_new(c->arena, &o, loop_now(proc_loop(e->proc)));
	stream = stream_fd_new(fd);
	if (v->conf && v->conf(proc_conf(e->proc))->log_dialog && !v->implicit_tls)
		stream = stream_transcript_new(stream, log_dialog, c);
	list_append(&e->clients, &c->node);
	e->client_count++;
	e->served++;
	c->session =
	    session_new(proc_loop(e->proc), stream, smtp_server_engine(c->engine), &ops, c);
	if (v->implicit_tls)
		session_start_tls(c->session, v->tls);
	clients_look(e);
}

static void
listeners_pause(struct esmtpd *e, bool paused)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		for (size_t k = 0; k < e->services[i].listener_count; k++)
			listener_pause(e->services[i].listeners[k], paused);
}

void
clients_look(struct esmtpd *e)
{
	bool full = e->client_count >= e->client_max;

	if (full != e->full && !e->draining)
		listeners_pause(e, full);
	e->full = full;
	if (e->draining && e->client_count == 0 && e->abandoned == 0)
		proc_exit(e->proc, 0);
}

/* No new connections; those there are end when their protocol allows. */
void
clients_drain(struct esmtpd *e)
{
	e->draining = true;
	listeners_pause(e, true);
	LIST_EACH (&e->clients, n)
		session_event(CONTAINER_OF(n, struct client, node)->session,
		    &(struct engine_event){.kind = ENGINE_DRAIN});
	clients_look(e);
}

static struct proc_session
client_shown(const struct client *c)
{
	struct smtp_facts facts;

	smtp_server_facts(c->engine, &facts);
	return (struct proc_session){.number = c->number, .service = c->service->name,
	    .account = client_identity(c), .ip = c->ip,
	    .tls = facts.tls_on || c->service->implicit_tls, .since_ms = c->since_ms,
	    .heard_ms = session_heard_ms(c->session)};
}

void
clients_who(struct esmtpd *e, struct buf *out)
{
	LIST_EACH (&e->clients, n) {
		struct proc_session s = client_shown(CONTAINER_OF(n, struct client, node));

		proc_session_put(e->proc, &s, out);
	}
}

void
clients_kick(struct esmtpd *e, struct slice what, struct buf *ended)
{
	LIST_EACH (&e->clients, n) {
		struct client *c = CONTAINER_OF(n, struct client, node);
		struct proc_session s = client_shown(c);

		if (!proc_session_is(e->proc, &s, what))
			continue;
		proc_session_put(e->proc, &s, ended);
		session_event(c->session, &(struct engine_event){.kind = ENGINE_KICK});
	}
}
