/*
 * A session: taken from login, driven, ended, logged.
 */
#include "daemon/mailbox/worker.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/engine.h"
#include "net/log.h"

/* So long a session waits to hear whose it is. */
#define EARLY_MS 2000

void
client_answer(struct client *c, uint32_t number, const struct fault *f, const void *detail)
{
	struct engine_answer a = {.number = number, .detail = detail};

	if (f)
		a.fault = *f;
	session_answer(c->session, &a);
}

void
clients_tell(struct worker *w, const struct worker_account *a, enum engine_event_kind kind)
{
	LIST_EACH (&w->clients, n) {
		struct client *c = CONTAINER_OF(n, struct client, node);

		if (!a || c->account == a)
			session_event(c->session, &(struct engine_event){.kind = kind});
	}
}

/* ---- `courier who`, `courier kick` ---- */

static struct proc_session
client_facts(const struct client *c)
{
	return (struct proc_session){
	    .number = c->number,
	    .service = c->w->def->service,
	    .account = c->account->address,
	    .ip = c->ip,
	    .tls = c->tls,
	    .since_ms = c->since_ms,
	    .heard_ms = session_heard_ms(c->session),
	};
}

void
clients_who(struct proc *p, struct buf *out)
{
	struct worker *w = proc_state(p);

	LIST_EACH (&w->clients, n) {
		struct proc_session s = client_facts(CONTAINER_OF(n, struct client, node));

		proc_session_put(p, &s, out);
	}
}

void
clients_kick(struct proc *p, struct slice what, struct buf *ended)
{
	struct worker *w = proc_state(p);

	LIST_EACH (&w->clients, n) {
		struct client *c = CONTAINER_OF(n, struct client, node);
		struct proc_session s = client_facts(c);

		if (!proc_session_is(p, &s, what))
			continue;
		proc_session_put(p, &s, ended);
		session_event(c->session, &(struct engine_event){.kind = ENGINE_KICK});
	}
}

/* ---- the log ---- */

/* Courier's lines, which programs that read logs know: "INFO: LOGIN, user=..., ip=[...]". */
struct log_words {
	char ip[sizeof(((struct client *)0)->ip) + 2];
	char port[16];
};

static void
log_words(const struct client *c, struct log_words *words)
{
	snprintf(words->ip, sizeof(words->ip), "[%s]", c->ip);
	snprintf(words->port, sizeof(words->port), "[%u]", (unsigned)c->port);
}

static void
log_login(const struct client *c)
{
	struct log_words words;

	log_words(c, &words);
	log_event(LOG_LEVEL_INFO, "INFO: LOGIN", KV_SL(" user", c->account->address),
	    KV_STR(" ip", words.ip), KV_STR(" port", words.port),
	    KV_STR(" protocol", c->w->def->protocol),
	    c->tls ? KV_STR(" stls", "1") : KV_END, KV_END);
}

static void
log_end(const struct client *c, enum engine_why why, const struct kv *figures)
{
	struct kv row[5 + WORKER_FIGURES + 4];
	struct log_words words;
	const char *event = "INFO: DISCONNECTED";
	uint64_t received, sent;
	size_t n = 0;

	if (why == ENGINE_WHY_QUIT)
		event = "INFO: LOGOUT";
	else if (why == ENGINE_WHY_TIMEOUT)
		event = "INFO: TIMEOUT";
	log_words(c, &words);
	session_traffic(c->session, &received, &sent);
	row[n++] = KV_SL(" user", c->account->address);
	row[n++] = KV_STR(" ip", words.ip);
	row[n++] = KV_STR(" port", words.port);
	while (figures->type != KV_TYPE_END)
		row[n++] = *figures++;
	row[n++] = KV_U64(" rcvd", received);
	row[n++] = KV_U64(" sent", sent);
	row[n++] = KV_I64(" time", (loop_now(c->w->loop) - c->since_ms) / 1000);
	if (c->tls)
		row[n++] = KV_STR(" stls", "1");
	row[n] = KV_END;
	log_event_pairs(LOG_LEVEL_INFO, event, row);
}

/* ---- the end ---- */

static void
client_free(struct client *c)
{
	struct worker_account *a = c->account;

	list_remove(&c->node);
	c->w->client_count--;
	worker_busy(c->w);
	a->sessions--;
	arena_free(c->arena);
	mem_free(c);
	worker_left(a);
}

void
client_closed(struct session *s, enum engine_why why)
{
	struct kv figures[WORKER_FIGURES + 1] = {KV_END};
	struct client *c = session_owner(s);

	c->w->def->end(c, figures);
	log_end(c, why, figures);
	if (c->login)
		channel_note(c->login, IPC_session_over,
		    &(struct ipc_session_over){.session = c->login_number}, -1);
	client_free(c);
}

/* ---- the beginning ---- */

enum st
client_begin(struct worker_account *a, const struct ipc_session *m, struct channel *login,
    struct stream *stream, struct fault *f)
{
	struct worker *w = a->w;
	struct engine *engine = NULL;
	struct client *c;

	if (worker_account_open(a, f) != ST_OK) {
		stream->ops->free(stream);
		return f->st;
	}
	c = mem_get(w->def->client_bytes);
	c->w = w;
	c->account = a;
	c->arena = arena_new("session", w->def->memory_max);
	c->number = ++w->served;
	c->login = login;
	c->login_number = m->session;
	c->since_ms = loop_now(w->loop);
	c->port = m->port;
	c->tls = m->tls != 0;
	snprintf(c->ip, sizeof(c->ip), "%.*s", SL_FMT(m->ip));
	list_node_init(&c->node);
	list_append(&w->clients, &c->node);
	w->client_count++;
	worker_busy(w);
	a->sessions++;
	engine = w->def->open(c, m, f);
	if (!engine) {
		client_free(c);
		stream->ops->free(stream);
		return f->st;
	}
	c->session = session_new(w->loop, stream, engine, w->def->session, c);
	session_preload(c->session, m->unread);
	log_login(c);
	return ST_OK;
}

static bool
is_connection(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static enum st
take(struct worker *w, const struct ipc_session *m, int fd, struct fault *f)
{
	if (w->draining)
		return fault_set(f, ST_TEMP, "4.3.2", "this process is about to end");
	if (!sl_eq(m->service, sl_str(w->def->service)) || !is_connection(fd))
		return fault_set(f, ST_BUG, "4.3.0", "a session of another service");
	if (!worker_account_find(w, m->account))
		return fault_set(f, ST_NOENT, "4.3.0", "the account is not served here");
	return ST_OK;
}

/* Begins it, or says why not; fd is taken over. */
static void
decide(struct worker *w, struct channel *ch, uint32_t sequence, const struct ipc_session *m, int fd)
{
	struct fault f = FAULT_NONE;
	struct ipc_verdict verdict;

	if (take(w, m, fd, &f) == ST_OK)
		(void)client_begin(
		    worker_account_find(w, m->account), m, ch, stream_fd_new(fd), &f);
	else
		close(fd);
	if (f.st == ST_NOENT)
		f.st = ST_TEMP;
	if (f.st != ST_OK)
		log_event(LOG_LEVEL_WARNING, "refused", KV_SL("user", m->account),
		    KV_SL("ip", m->ip), KV_FAULT(&f), KV_END);
	ipc_verdict_from(&verdict, &f);
	channel_reply(ch, sequence, IPC_session_taken,
	    &(struct ipc_session_taken){.verdict = IPC_VERDICT(&verdict)}, -1);
}

/*
 * With WORKER=uid a session of a further account comes over a channel that login has already, and
 * may overtake the frame by which master says whose it is.
 */
struct early {
	struct list_node node;
	struct worker *w;
	struct channel *ch;
	uint32_t sequence;
	struct ipc_session *m; /* owned */
	int fd;
	struct timer patience;
};

/* Out of the list; its connection is the caller's. */
static void
early_free(struct early *e)
{
	loop_timer_stop(e->w->loop, &e->patience);
	list_remove(&e->node);
	mem_free(e->m);
	mem_free(e);
}

static void
early_over(struct timer *t)
{
	struct early *e = t->arg;

	decide(e->w, e->ch, e->sequence, e->m, e->fd);
	early_free(e);
}

void
clients_retry(struct worker *w)
{
	LIST_EACH (&w->early, n) {
		struct early *e = CONTAINER_OF(n, struct early, node);

		if (worker_account_find(w, e->m->account))
			early_over(&e->patience);
	}
}

void
clients_forget(struct worker *w, const struct channel *login)
{
	LIST_EACH (&w->clients, n)
		if (CONTAINER_OF(n, struct client, node)->login == login)
			CONTAINER_OF(n, struct client, node)->login = NULL;
	LIST_EACH (&w->early, n) {
		struct early *e = CONTAINER_OF(n, struct early, node);

		if (e->ch != login)
			continue;
		close(e->fd);
		early_free(e);
	}
}

void
client_take(struct channel *ch, uint32_t sequence, const void *message, int fd)
{
	struct worker *w = proc_state(channel_owner(ch));
	const struct ipc_session *m = message;
	struct fault f = FAULT_NONE;
	struct early *e;

	if (take(w, m, fd, &f) != ST_NOENT) {
		decide(w, ch, sequence, m, fd);
		return;
	}
	e = mem_get(sizeof(*e));
	*e = (struct early){.w = w, .ch = ch, .sequence = sequence, .fd = fd,
	    .m = ipc_keep(ipc_row(IPC_session), m)};
	e->patience.arg = e;
	list_node_init(&e->node);
	list_append(&w->early, &e->node);
	loop_timer_at(w->loop, &e->patience, loop_now(w->loop) + EARLY_MS, early_over, e);
}
