/*
 * routed: where addresses go. The decisions are src/route; here are the tables (opened again when
 * they were compiled anew), the questions to authdaemond, and the frames.
 */
#include <string.h>

#include "base/ip.h"
#include "base/list.h"
#include "daemon/routed/known.h"
#include "daemon/skel/proc.h"
#include "ext/map.h"
#include "net/log.h"
#include "route/access.h"
#include "route/route.h"

#define LOOK_EVERY_MS 500 /* how soon a table that was compiled anew is used */

/* What the frame client_policy carries. */
#define VARIABLES_MAX 64
#define VARIABLE_NAME_MAX 64
#define VARIABLE_VALUE_MAX 512

enum table_id { TABLE_ALIASES, TABLE_HOSTED, TABLE_ACCEPTED, TABLE_ACCESS, TABLE_COUNT };

static const char *const table_names[TABLE_COUNT] = {
    [TABLE_ALIASES] = "aliases.dat",
    [TABLE_HOSTED] = "hosteddomains.dat",
    [TABLE_ACCEPTED] = "esmtpacceptmailfor.dat",
    [TABLE_ACCESS] = "smtpaccess.dat",
};

struct routed {
	struct proc *proc;
	struct route_map *map;
	struct dict *tables[TABLE_COUNT];
	struct timer look;
	struct known *known;
	struct list jobs;
	uint64_t routed, refused, asked;
	const char *read_dirs[2];
};

/* One address on its way; the request's fields are its own. */
struct job {
	struct list_node node;
	struct routed *r;
	struct channel *channel;
	uint32_t sequence;
	struct arena *arena;
	struct route_request request;
	struct route_job *route;
	struct channel_call call;
	struct slice asked; /* the name authdaemond is asked about */
};

/* ---- tables ---- */

static void
give_tables(struct routed *r)
{
	route_map_set_aliases(r->map, r->tables[TABLE_ALIASES]);
	route_map_set_hosted(r->map, r->tables[TABLE_HOSTED]);
	route_map_set_accepted(r->map, r->tables[TABLE_ACCEPTED]);
}

/* Opens a table that is new or was replaced; a broken one leaves the old one in use. */
static bool
look_at(struct routed *r, enum table_id id)
{
	struct dict *fresh;
	struct fault f;
	enum st st;

	if (r->tables[id] && !map_is_stale(r->tables[id]))
		return false;
	st = map_open(proc_paths(r->proc)->conf_dir, table_names[id], &fresh, &f);
	if (st == ST_NOENT && !r->tables[id])
		return false;
	if (st != ST_OK && st != ST_NOENT) {
		log_event(LOG_LEVEL_ERROR, "table", KV_STR("name", table_names[id]), KV_FAULT(&f),
		    KV_END);
		return false;
	}
	dict_close(r->tables[id]);
	r->tables[id] = st == ST_OK ? fresh : NULL;
	log_event(LOG_LEVEL_INFO, "table", KV_STR("name", table_names[id]),
	    KV_STR("state", st == ST_OK ? "opened" : "gone"), KV_END);
	return true;
}

static void
look(struct timer *t)
{
	struct routed *r = t->arg;
	bool changed = false;

	for (int id = 0; id < TABLE_COUNT; id++)
		changed |= look_at(r, (enum table_id)id);
	if (changed)
		give_tables(r);
	loop_timer_at(proc_loop(r->proc), t, loop_now(proc_loop(r->proc)) + LOOK_EVERY_MS, look, r);
}

/* ---- rcpt ---- */

static void
job_free(struct job *j)
{
	channel_cancel(&j->call);
	list_remove(&j->node);
	route_job_free(j->route);
	arena_free(j->arena);
	mem_free(j);
}

static void
job_reply(struct job *j)
{
	const struct route_recipient *list;
	struct ipc_recipient *out = NULL;
	struct ipc_verdict v;
	size_t count, missing;
	struct fault f = FAULT_NONE;

	if (route_job_result(j->route, &list, &count, &missing, &f) == ST_OK) {
		out = arena_get_array(j->arena, count, sizeof(*out));
		if (!out)
			fault_set(&f, ST_LIMIT, "4.5.3", "too many recipients");
		for (size_t i = 0; out && i < count; i++)
			out[i] = (struct ipc_recipient){.address = list[i].address,
			    .module = list[i].module,
			    .host = list[i].host,
			    .account = list[i].account,
			    .extension = list[i].extension,
			    .original = list[i].original,
			    .notify = list[i].notify};
		if (missing)
			log_event(LOG_LEVEL_WARNING, "alias", KV_SL("address", j->request.address),
			    KV_U64("missing", missing), KV_END);
	}
	f.st == ST_OK ? j->r->routed++ : j->r->refused++;
	ipc_verdict_from(&v, &f);
	channel_reply(j->channel, j->sequence, IPC_routed,
	    &(struct ipc_routed){.verdict = IPC_VERDICT(&v),
		.recipients = {out, out && f.st == ST_OK ? (uint32_t)count : 0}},
	    -1);
	job_free(j);
}

static void job_run(struct job *j);

static void
on_existing(
    struct channel_call *call, uint16_t type, const void *message, int fd, const struct fault *f)
{
	struct job *j = call->arg;
	struct routed *r = j->r;
	const struct ipc_existing *m = message;
	struct slice account = SL_NONE;
	struct fault verdict;

	(void)type;
	(void)fd;
	IPC_OUTCOME(m, f, &verdict);
	if (m) {
		account = m->account;
		known_put(r->known, j->asked, verdict.st, account, loop_now(proc_loop(r->proc)));
	}
	route_job_answer(j->route, verdict.st, account, &verdict);
	job_run(j);
}

static void
job_run(struct job *j)
{
	struct routed *r = j->r;
	struct slice name, account;

	while (route_job_run(j->route, &name) == ROUTE_ASKS) {
		enum st st = known_get(r->known, name, loop_now(proc_loop(r->proc)), &account);

		if (st == ST_AGAIN) {
			r->asked++;
			j->asked = arena_copy(j->arena, name);
			j->call.fn = on_existing;
			j->call.arg = j;
			channel_request(proc_peer(r->proc, "authdaemond", UINT32_MAX), &j->call,
			    IPC_exists, &(struct ipc_exists){.address = j->asked}, -1);
			return;
		}
		route_job_answer(j->route, st, account, NULL);
	}
	job_reply(j);
}

static void
on_rcpt(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct routed *r = proc_state(channel_owner(c));
	const struct ipc_rcpt *m = message;
	struct job *j = mem_get(sizeof(*j));

	(void)fd;
	memset(j, 0, sizeof(*j));
	j->r = r;
	j->channel = c;
	j->sequence = sequence;
	j->arena = arena_new("route", (size_t)16 << 20);
	list_node_init(&j->node);
	list_append(&r->jobs, &j->node);
	j->request = (struct route_request){.source = arena_copy(j->arena, m->source),
	    .may_relay = m->may_relay != 0,
	    .address = arena_copy(j->arena, m->address),
	    .original = arena_copy(j->arena, m->original),
	    .notify = m->notify};
	j->route = route_job_new(r->map, &j->request);
	job_run(j);
}

/* ---- client, sender ---- */

static void
on_client(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct routed *r = proc_state(channel_owner(c));
	const struct ipc_client *m = message;
	struct arena *a = arena_new("access", 256u << 10);
	struct access_policy policy = {0};
	struct ipc_variable *vars;
	uint32_t n = 0;
	struct fault f = FAULT_NONE;
	struct ipc_verdict v;
	struct ip ip;

	(void)fd;
	if (ip_parse(m->ip, &ip) &&
	    access_lookup(r->tables[TABLE_ACCESS], &ip, a, &policy, &f) == ST_OK && policy.deny)
		fault_set(&f, ST_DENIED, "5.7.1", "your address may not connect");
	vars = arena_get_array(a, VARIABLES_MAX, sizeof(*vars));
	for (size_t i = 0; vars && i < policy.count && n < VARIABLES_MAX; i++)
		vars[n++] =
		    (struct ipc_variable){sl_sub(policy.variables[i].name, 0, VARIABLE_NAME_MAX),
			sl_sub(policy.variables[i].value, 0, VARIABLE_VALUE_MAX)};
	ipc_verdict_from(&v, &f);
	channel_reply(c, sequence, IPC_client_policy,
	    &(struct ipc_client_policy){.verdict = IPC_VERDICT(&v), .variables = {vars, n}}, -1);
	arena_free(a);
}

static void
on_sender(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct routed *r = proc_state(channel_owner(c));
	const struct ipc_sender *m = message;
	struct fault f = FAULT_NONE;
	struct ipc_verdict v;

	(void)fd;
	if (m->auth.n == 0 && route_sender(proc_conf(r->proc), m->address, &f) == ST_OK)
		f = FAULT_NONE;
	ipc_verdict_from(&v, &f);
	channel_reply(c, sequence, IPC_sender_policy,
	    &(struct ipc_sender_policy){.verdict = IPC_VERDICT(&v)}, -1);
}

static const struct channel_handler handlers[] = {
    {IPC_client, on_client},
    {IPC_rcpt, on_rcpt},
    {IPC_sender, on_sender},
    {0, NULL},
};

static void
asker_down(struct proc *p, struct channel *c, uint32_t index)
{
	struct routed *r = proc_state(p);

	(void)index;
	LIST_EACH (&r->jobs, n) {
		struct job *j = CONTAINER_OF(n, struct job, node);

		if (j->channel == c)
			job_free(j);
	}
}

/* ---- frame ---- */

static enum st
routed_start(struct proc *p, struct fault *f)
{
	struct routed *r = proc_state(p);

	(void)f;
	r->proc = p;
	list_init(&r->jobs);
	r->known = known_new();
	r->map = route_map_new(proc_conf(p));
	return ST_OK;
}

static void
routed_dirs(struct proc *p, const char *const **write_dirs, const char *const **read_dirs)
{
	struct routed *r = proc_state(p);

	r->read_dirs[0] = proc_paths(p)->conf_dir;
	*write_dirs = NULL;
	*read_dirs = r->read_dirs;
}

static void
routed_serve(struct proc *p)
{
	struct routed *r = proc_state(p);

	r->look.arg = r;
	look(&r->look);
}

/* The map points into the configuration, which is about to go: jobs under way begin anew with the
 * new one. */
static void
routed_reload(struct proc *p)
{
	struct routed *r = proc_state(p);
	struct route_map *old = r->map;

	r->map = route_map_new(proc_conf(p));
	give_tables(r);
	known_forget(r->known);
	LIST_EACH (&r->jobs, n) {
		struct job *j = CONTAINER_OF(n, struct job, node);

		channel_cancel(&j->call);
		route_job_free(j->route);
		j->route = route_job_new(r->map, &j->request);
		job_run(j);
	}
	route_map_free(old);
}

static void
routed_revoke(struct proc *p, struct slice account)
{
	struct routed *r = proc_state(p);

	(void)account;
	known_forget(r->known);
}

static void
routed_status(struct proc *p, struct buf *out)
{
	struct routed *r = proc_state(p);

	buf_fmt(out, "routed=%llu\nrefused=%llu\nasked=%llu\n", (unsigned long long)r->routed,
	    (unsigned long long)r->refused, (unsigned long long)r->asked);
	for (int id = 0; id < TABLE_COUNT; id++)
		buf_fmt(out, "table=%s %s\n", table_names[id], r->tables[id] ? "open" : "none");
}

int
main(int argc, char **argv)
{
	static const struct proc_peer peers[] = {
	    {.role = "authdaemond", .sends = IPC_LINK_AUTH_ASK, .receives = IPC_LINK_AUTH_SAY},
	    {.role = "esmtpd",
		.sends = IPC_LINK_ROUTE_SAY,
		.receives = IPC_LINK_ROUTE_ASK,
		.handlers = handlers,
		.down = asker_down},
	    {.role = "courierdsn",
		.sends = IPC_LINK_ROUTE_SAY,
		.receives = IPC_LINK_ROUTE_ASK,
		.handlers = handlers,
		.down = asker_down},
	    {.role = NULL},
	};
	static const struct proc_def def = {
	    .role = "routed",
	    .log_name = "courierrouted",
	    .state_bytes = sizeof(struct routed),
	    .has_sandbox = true,
	    .sandbox = SANDBOX_LOOKUP,
	    .peers = peers,
	    .start = routed_start,
	    .sandbox_dirs = routed_dirs,
	    .serve = routed_serve,
	    .reload = routed_reload,
	    .revoke = routed_revoke,
	    .status = routed_status,
	};

	return proc_main(argc, argv, &def);
}
