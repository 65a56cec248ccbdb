/*
 * login: services, keys, peers.
 */
#include <string.h>
#include <unistd.h>

#include "daemon/login/login.h"
#include "ext/hash.h"
#include "imap/login.h"
#include "net/log.h"
#include "pop3/login.h"

static const struct conf_mailservice *
conf_imap(const struct conf *c)
{
	return &c->imap;
}

static const struct conf_mailservice *
conf_imaps(const struct conf *c)
{
	return &c->imaps;
}

static const struct conf_mailservice *
conf_pop3(const struct conf *c)
{
	return &c->pop3;
}

static const struct conf_mailservice *
conf_pop3s(const struct conf *c)
{
	return &c->pop3s;
}

static const struct service service_rows[SERVICE_COUNT] = {
    {.name = "imap",
	.worker = "imap",
	.protocol = "IMAP",
	.conf = conf_imap,
	.tls_conf = conf_imaps,
	.door = imap_login_new},
    {.name = "imaps",
	.worker = "imap",
	.protocol = "IMAP",
	.conf = conf_imaps,
	.tls_conf = conf_imaps,
	.door = imap_login_new,
	.implicit_tls = true},
    {.name = "pop3",
	.worker = "pop3",
	.protocol = "POP3",
	.conf = conf_pop3,
	.tls_conf = conf_pop3s,
	.door = pop3_login_new},
    {.name = "pop3s",
	.worker = "pop3",
	.protocol = "POP3",
	.conf = conf_pop3s,
	.tls_conf = conf_pop3s,
	.door = pop3_login_new,
	.implicit_tls = true},
};

/* Capabilities that are told before the login: what is built in, whatever the file names. */
static const char *const built_in[] = {
    "IMAP4rev1", "UIDPLUS", "CHILDREN", "NAMESPACE", "UNSELECT", "IDLE", "LITERAL+", "SASL-IR"};

static void
put_word(struct buf *out, struct slice word)
{
	if (out->n)
		buf_put_byte(out, ' ');
	buf_put(out, word);
}

/* IMAP_CAPABILITY: words to tell, mechanisms among them. */
static void
fill_capability(const struct conf_list *list, struct buf *words, struct buf *mechanisms)
{
	for (size_t i = 0; i < list->count; i++) {
		struct slice word = sl_str(list->items[i]);

		if (sl_istarts(word, SL("AUTH=")) && sasl_mech_find(sl_skip(word, 5)))
			put_word(mechanisms, sl_skip(word, 5));
		for (size_t k = 0; k < COUNT_OF(built_in); k++)
			if (sl_ieq(word, sl_str(built_in[k])))
				put_word(words, sl_str(built_in[k]));
	}
}

static void
fill_mechanisms(const struct conf_list *list, struct buf *mechanisms)
{
	for (size_t i = 0; i < list->count; i++)
		if (sasl_mech_find(sl_str(list->items[i])))
			put_word(mechanisms, sl_str(list->items[i]));
}

static void
fill_words(struct service *v, const struct conf_mailservice *m)
{
	const struct conf_list *tls = m->capability_tls.count ? &m->capability_tls : &m->capability;

	buf_init(&v->words, 4096);
	buf_init(&v->words_tls, 4096);
	buf_init(&v->mechanisms, 1024);
	buf_init(&v->mechanisms_tls, 1024);
	fill_capability(&m->capability, &v->words, &v->mechanisms);
	fill_capability(tls, &v->words_tls, &v->mechanisms_tls);
	fill_mechanisms(&m->auth, &v->mechanisms);
	fill_mechanisms(&m->auth_tls, &v->mechanisms_tls);
	if (strcmp(v->worker, "imap") == 0 && !m->capability_tls.count &&
	    !v->mechanisms_tls.n) /* what empty stands for */
		buf_put_str(&v->mechanisms_tls, "PLAIN LOGIN");
}

/* Descriptors for sessions, as master computed them: one that is relayed has two. */
static size_t
descriptors_max(const struct conf *c)
{
	return (size_t)(c->imap.max_daemons + 2 * c->imaps.max_daemons + c->pop3.max_daemons +
			2 * c->pop3s.max_daemons);
}

static enum st
login_start(struct proc *p, struct fault *f)
{
	struct login *l = proc_state(p);

	(void)f;
	l->proc = p;
	list_init(&l->clients);
	list_init(&l->workers);
	l->fds_max = descriptors_max(proc_conf(p));
	memcpy(l->services, service_rows, sizeof(service_rows));
	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		struct service *v = &l->services[i];

		v->l = l;
		fill_words(v, v->conf(proc_conf(p)));
		if (v->conf(proc_conf(p))->start)
			v->tls = proc_tls(p, &v->tls_conf(proc_conf(p))->tls, v->name);
	}
	return ST_OK;
}

static void
login_listen(struct proc *p, const char *name, int fd)
{
	struct login *l = proc_state(p);

	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		struct service *v = &l->services[i];

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
login_drain(struct proc *p, uint32_t within_ms)
{
	(void)within_ms;
	clients_drain(proc_state(p));
}

static void
login_status(struct proc *p, struct buf *out)
{
	struct login *l = proc_state(p);

	buf_fmt(out, "doors=%zu\nrelayed=%zu\nserved=%llu\nfailed_logins=%llu\n",
	    l->doors - l->relays, l->relays, (unsigned long long)l->served,
	    (unsigned long long)l->failures);
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (l->services[i].listener_count)
			buf_fmt(out, "service=%s tls=%s\n", l->services[i].name,
			    l->services[i].tls ? "yes" : "no");
}

static void
login_who(struct proc *p, struct buf *out)
{
	clients_who(proc_state(p), out);
}

static void
login_kick(struct proc *p, struct slice what, struct buf *ended)
{
	clients_kick(proc_state(p), what, ended);
}

/* A new tallyd has to be told who is there. */
static void
tallyd_up(struct proc *p, struct channel *ch, uint32_t index)
{
	struct login *l = proc_state(p);

	(void)index;
	LIST_EACH (&l->clients, n) {
		struct client *c = CONTAINER_OF(n, struct client, node);

		if (c->tally.channel)
			continue;
		c->counted = true;
		channel_note(ch, IPC_present,
		    &(struct ipc_present){
			.service = sl_str(c->service->name), .ip = sl_str(c->ip), .count = 1},
		    -1);
	}
}

int
main(int argc, char **argv)
{
	static const struct proc_peer peers[] = {
	    {.role = "tallyd",
		.sends = IPC_LINK_TALLY_ASK,
		.receives = IPC_LINK_TALLY_SAY,
		.up = tallyd_up},
	    {.role = "authdaemond", .sends = IPC_LINK_AUTH_ASK, .receives = IPC_LINK_AUTH_SAY},
	    {.role = NULL},
	};
	static const struct proc_def def = {
	    .role = "login",
	    .log_name = "imaplogin", /* a name that tools which read logs know */
	    .state_bytes = sizeof(struct login),
	    .has_sandbox = true,
	    .warm = hash_warm,
	    .sandbox = SANDBOX_NET_IN,
	    .peers = peers,
	    .start = login_start,
	    .listen = login_listen,
	    .drain = login_drain,
	    .status = login_status,
	    .who = login_who,
	    .kick = login_kick,
	};

	return proc_main(argc, argv, &def);
}
