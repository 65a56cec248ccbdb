/*
 * pop3d: the worker that serves POP3 as an account.
 */
#include "build_config.h"
#include "conf/conf.h"
#include "daemon/pop3d/pop3d.h"

/* The list of what is removed, marks, the engine. */
#define SESSION_MEMORY ((size_t)64 << 20)
#define MECHANISMS_MAX 256

/* ---- questions ---- */

void
pop3_answer(struct pop3_client *k, const struct fault *f, const void *detail)
{
	uint32_t number = k->asked;

	k->asked = 0;
	client_answer(&k->client, number, f, detail);
}

static void (*const answerers[])(struct pop3_client *k) = {
	[POP3_ASK_OPEN] = pop3_open,
	[POP3_ASK_READ] = pop3_read,
	[POP3_ASK_COMMIT] = pop3_update,
};

static void
on_ask(struct session *s, const struct engine_ask *a)
{
	struct pop3_client *k = pop3_client_of(s);

	k->asked = a->number;
	k->again = false;
	k->read = a->kind == POP3_ASK_READ ? a->detail : NULL;
	k->commit = a->kind == POP3_ASK_COMMIT ? a->detail : NULL;
	answerers[a->kind](k);
}

/* Nobody waits any more: what is under way ends with the session. */
static void
on_cancelled(struct session *s, uint32_t number)
{
	struct pop3_client *k = pop3_client_of(s);

	if (k->asked != number)
		return;
	store_op_cancel(&k->op);
	loop_defer_stop(&k->step);
	k->asked = 0;
}

static const struct session_ops session_rows = {
	.ask = on_ask,
	.cancelled = on_cancelled,
	.closed = client_closed,
};

static void
refreshed(struct store_op *op, const struct fault *f)
{
	struct pop3_client *k = CONTAINER_OF(op, struct pop3_client, op);

	k->then(k, f);
}

void
pop3_refresh(struct pop3_client *k, void (*then)(struct pop3_client *k, const struct fault *f))
{
	k->op.done = refreshed;
	k->then = then;
	mailbox_refresh(k->mailbox, &k->op);
}

/* ---- sessions ---- */

/* R2449-6.7-b: nothing here removes messages by itself. */
static void
fill_capa(const struct pop3d *d, bool tls, struct pop3_capa *capa)
{
	*capa = (struct pop3_capa){
		.user = tls || d->user,
		.sasl = buf_slice(tls ? &d->sasl_tls : &d->sasl),
		.auth_codes = true,
		.expire = SL("NEVER"),
		.implementation = SL(BUILD_NAME),
	};
}

static struct engine *
open_session(struct client *c, const struct ipc_session *m, struct fault *f)
{
	struct pop3_client *k = (struct pop3_client *)(void *)c;
	const struct pop3d *d = (const struct pop3d *)(const void *)c->w;
	struct pop3_server_opts o;

	(void)m;
	k->text = TEXT_CLOSED;
	pop3_server_opts_init(&o, c->w->me);
	fill_capa(d, c->tls, &o.capa);
	o.timeouts.idle_ms = worker_conf(c->w)->timeout_sec * 1000;
	k->server = pop3_server_new(c->arena, &o, loop_now(c->w->loop));
	if (k->server)
		return pop3_server_engine(k->server);
	fault_set(f, ST_LIMIT, "4.3.0", "no room for a session");
	return NULL;
}

/* Its figures are those of the LOGOUT line that Courier writes. */
static void
end_session(struct client *c, struct kv figures[WORKER_FIGURES + 1])
{
	struct pop3_client *k = (struct pop3_client *)(void *)c;
	struct pop3_facts facts;

	store_op_cancel(&k->op);
	loop_defer_stop(&k->step);
	text_close(&k->text);
	if (k->mailbox) {
		pop3_mark_later(k);
		mailbox_close(k->mailbox);
	}
	mem_free(k->items);
	mem_free(k->own);
	pop3_server_facts(k->server, &facts);
	figures[0] = KV_U64(" top", facts.top_octets);
	figures[1] = KV_U64(" retr", facts.retr_octets);
	figures[2] = KV_END;
}

/* ---- configuration ---- */

static void
list_words(const struct conf_list *words, struct buf *out)
{
	if (!out->max)
		buf_init(out, MECHANISMS_MAX);
	buf_clear(out);
	for (size_t i = 0; i < words->count; i++)
		buf_fmt(out, "%s%s", out->n ? " " : "", words->items[i]);
}

/* R2449-5-b: the same that login announced. */
static enum st
configure(struct worker *w, struct fault *f)
{
	struct pop3d *d = (struct pop3d *)(void *)w;
	const struct conf_mailservice *c = worker_conf(w);

	(void)f;
	if (d->octets.max)
		return ST_OK; /* sessions borrow them; a reload ends the process */
	list_words(&c->auth, &d->sasl);
	list_words(&c->auth_tls, &d->sasl_tls);
	d->user = !c->tls_required;
	if (c->tls_required)
		buf_clear(&d->sasl);
	buf_init(&d->octets, POP3_READ_MAX);
	return ST_OK;
}

static const struct conf_mailservice *
conf_pop3(const struct conf *c)
{
	return &c->pop3;
}

int
main(int argc, char **argv)
{
	static const struct worker_def def = {
		.role = "pop3d",
		.service = "pop3",
		.protocol = "POP3",
		.state_bytes = sizeof(struct pop3d),
		.client_bytes = sizeof(struct pop3_client),
		.memory_max = SESSION_MEMORY,
		.session = &session_rows,
		.conf = conf_pop3,
		.configure = configure,
		.open = open_session,
		.end = end_session,
	};

	return worker_main(argc, argv, &def);
}
