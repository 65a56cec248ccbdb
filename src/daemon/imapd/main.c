/*
 * imapd: the worker that serves IMAP as an account.
 */
#include "daemon/imapd/answer.h"

#include "base/attr.h"
#include "build_config.h"
#include "conf/conf.h"
#include "ext/iconv.h"
#include "message/charset.h"

/* An engine's arena: commands have their own below it. */
#define SESSION_MEMORY ((size_t)8 << 20)

/* ---- questions ---- */

static void (*const answerers[])(struct imap_client *k, const struct engine_ask *a) = {
    [IMAP_ASK_LIST] = ask_list,
    [IMAP_ASK_SELECT] = ask_select,
    [IMAP_ASK_CLOSE] = ask_close,
    [IMAP_ASK_STATUS] = ask_status,
    [IMAP_ASK_CREATE] = ask_create,
    [IMAP_ASK_DELETE] = ask_delete,
    [IMAP_ASK_RENAME] = ask_rename,
    [IMAP_ASK_SUBSCRIBE] = ask_subscribe,
    [IMAP_ASK_UNSUBSCRIBE] = ask_unsubscribe,
    [IMAP_ASK_APPEND] = ask_append,
    [IMAP_ASK_APPEND_END] = ask_append_end,
    [IMAP_ASK_APPEND_DROP] = ask_append_drop,
    [IMAP_ASK_SYNC] = ask_sync,
    [IMAP_ASK_FETCH] = ask_fetch,
    [IMAP_ASK_STORE] = ask_store,
    [IMAP_ASK_COPY] = ask_copy,
    [IMAP_ASK_EXPUNGE] = ask_expunge,
    [IMAP_ASK_SEARCH] = ask_search,
    [IMAP_ASK_RELEASE] = ask_release,
};

static void
on_ask(struct session *s, const struct engine_ask *a)
{
	answerers[a->kind](client_of(s), a);
}

static void
on_cancelled(struct session *s, uint32_t number)
{
	struct imap_client *k = client_of(s);

	if (k->work && k->work->number == number)
		work_free(k->work);
}

static const struct session_ops session_rows = {
    .ask = on_ask,
    .cancelled = on_cancelled,
    .body = append_body,
    .piece = handle_piece,
    .closed = client_closed,
};

/* ---- sessions ---- */

static struct engine *
open_session(struct client *c, const struct ipc_session *m, struct fault *f)
{
	struct imap_client *k = (struct imap_client *)(void *)c;
	struct imapd *d = (struct imapd *)(void *)c->w;
	const struct conf_mailservice *conf = worker_conf(c->w);
	struct imap_server_opts o;

	list_init(&k->handles);
	imap_server_opts_init(&o);
	/* The engine borrows them for life; a reload ends the process, so these stay. */
	o.capability = buf_slice(c->tls ? &d->capability_tls : &d->capability);
	o.first_tag = arena_copy(c->arena, m->tag);
	o.host = c->w->me;
	o.keywords = conf->keywords != 0;
	o.has_id = conf->id_fields && conf->id_fields[0];
	/* The sum of IMAP_ID_FIELDS has 1: the version. */
	if (o.has_id && (conf->id_fields[0] - '0') % 2 == 1)
		o.version = SL(BUILD_VERSION);
	o.charsets = &d->charsets;
	o.timeouts.idle_ms = conf->timeout_sec * 1000;
	k->server = imap_server_new(c->arena, &o, loop_now(c->w->loop));
	if (k->server)
		return imap_server_engine(k->server);
	fault_set(f, ST_LIMIT, "4.3.0", "no room for a session");
	return NULL;
}

/* Its figures are those of the LOGOUT line that Courier writes. */
static void
end_session(struct client *c, struct kv figures[WORKER_FIGURES + 1])
{
	struct imap_client *k = (struct imap_client *)(void *)c;
	struct imap_facts facts = {0};

	work_free(k->work);
	append_end(k);
	select_end(k);
	handles_close(k, 0);
	imap_server_facts(k->server, &facts);
	figures[0] = KV_U64(" headers", facts.header_octets);
	figures[1] = KV_U64(" body", facts.body_octets);
	figures[2] = KV_END;
}

/* ---- configuration ---- */

/* What is built in, whatever the file names. */
static const char *const built_in[] = {
    "IMAP4rev1", "UIDPLUS", "CHILDREN", "NAMESPACE", "UNSELECT", "IDLE", "LITERAL+"};

static void
list_capability(const struct conf_list *words, bool id, struct buf *out)
{
	buf_init(out, 4096);
	for (size_t i = 0; i < words->count; i++)
		for (size_t k = 0; k < COUNT_OF(built_in); k++)
			if (sl_ieq(sl_str(words->items[i]), sl_str(built_in[k])))
				buf_fmt(out, "%s%s", out->n ? " " : "", built_in[k]);
	if (id)
		buf_put_str(out, " ID");
}

static enum st
configure(struct worker *w, struct fault *f)
{
	struct imapd *d = (struct imapd *)(void *)w;
	const struct conf_mailservice *c = worker_conf(w);
	const struct conf_list *tls = c->capability_tls.count ? &c->capability_tls : &c->capability;
	bool id = c->id_fields && c->id_fields[0];

	(void)f;
	if (d->capability.max)
		return ST_OK;
	/*
	 * Converters of the system cost each process 240 KiB: only one that serves many accounts
	 * opens them. Others know the charsets of src/message.
	 */
	if (w->conf->courierd.worker == CONF_WORKER_UID)
		charset_iconv_warm();
	charset_iconv_init(&d->charsets, &charset_builtin);
	list_capability(&c->capability, id, &d->capability);
	list_capability(tls, id, &d->capability_tls);
	return ST_OK;
}

/* The charsets of SEARCH beyond those that are built in. */
static void
say_status(const struct worker *w, struct buf *out)
{
	(void)w;
	buf_put_str(out, "charsets=");
	charset_iconv_names(out);
	buf_put_byte(out, '\n');
}

static const struct conf_mailservice *
conf_imap(const struct conf *c)
{
	return &c->imap;
}

int
main(int argc, char **argv)
{
	static const struct worker_def def = {
	    .role = "imapd",
	    .service = "imap",
	    .protocol = "IMAP",
	    .state_bytes = sizeof(struct imapd),
	    .client_bytes = sizeof(struct imap_client),
	    .memory_max = SESSION_MEMORY,
	    .session = &session_rows,
	    .conf = conf_imap,
	    .configure = configure,
	    .status = say_status,
	    .open = open_session,
	    .end = end_session,
	};

	return worker_main(argc, argv, &def);
}
