/*
 * One recipient on its way to the final list: docs/ROUTING.md section 2.
 */
#include "route/map_int.h"

#include "base/ascii.h"

/* The job's own memory; an alias of 5000 members of 900 bytes fits twice. */
#define JOB_BYTES_MAX ((size_t)16 * 1024 * 1024)

/* Whole name, three cuts and one more, alias@domain. */
#define CANDIDATES_MAX (ROUTE_SEPARATORS_MAX + 3)

/* An address to be decided. */
struct target {
	struct slice address;
	bool is_member; /* of an alias: no alias again; no domain means local */
	bool optional;  /* one of several: may be missing */
	uint8_t notify;
};

/* An account it might be. */
struct candidate {
	struct slice account, extension;
};

struct seen {
	struct hmap_node node;
	struct slice key;
};

struct route_job {
	struct route_map *map;
	const struct route_request *request;
	struct arena *arena;
	struct slice original;

	struct target *targets;
	size_t target_count, target_at;
	struct slice target_address; /* of the present target, complete */
	struct slice expanded;	     /* an alias of several, whose expansion is to be reported */
	struct candidate candidates[CANDIDATES_MAX];
	size_t candidate_count, candidate_at;
	bool asking;

	struct route_recipient *list;
	size_t list_count, list_cap;
	struct hmap seen;
	size_t missing;

	bool done;
	struct fault fault; /* st ST_OK while nothing is wrong */
};

struct route_job *
route_job_new(struct route_map *m, const struct route_request *r)
{
	struct arena *a = arena_new("route", JOB_BYTES_MAX);
	struct route_job *j = arena_get(a, sizeof(*j));

	j->arena = a;
	j->map = m;
	j->request = r;
	hmap_init(&j->seen);
	j->original = r->original;
	if (r->original.n == 0) {
		struct buf text;

		buf_init(&text, ROUTE_ADDRESS_MAX + 16);
		buf_put_byte(&text, ';'); /* no type: nobody gave an ORCPT, R3461-6.3-c */
		buf_put(&text, r->address);
		j->original = arena_copy(a, buf_slice(&text));
		buf_fini(&text);
	}
	j->targets = arena_get(a, sizeof(*j->targets));
	j->targets[0] = (struct target){.address = r->address, .notify = r->notify};
	j->target_count = 1;
	return j;
}

void
route_job_free(struct route_job *j)
{
	if (j == NULL)
		return;
	hmap_fini(&j->seen);
	arena_free(j->arena);
}

static void
job_fail(struct route_job *j, enum st st, const char *esc, const char *what)
{
	if (j->fault.st == ST_OK)
		fault_set(&j->fault, st, esc, "%s", what);
	j->done = true;
}

static void
job_full(struct route_job *j)
{
	job_fail(j, ST_LIMIT, "4.5.3", "Too many recipients behind one address");
}

/* A table or the account service could not be asked; its own words go to the log of the caller. */
static void
job_trouble(struct route_job *j, const struct fault *f)
{
	fault_set(&j->fault, ST_TEMP, "4.3.0", "Address cannot be looked up now%s%s",
	    f != NULL && f->text[0] != '\0' ? ": " : "", f != NULL ? f->text : "");
	j->done = true;
}

/* "local@domain" in the job's memory. */
static struct slice
join(struct route_job *j, struct slice local, struct slice domain)
{
	unsigned char *p = arena_get(j->arena, local.n + 1 + domain.n);

	if (p == NULL) {
		job_full(j);
		return SL_NONE;
	}
	memcpy(p, local.p, local.n);
	p[local.n] = '@';
	memcpy(p + local.n + 1, domain.p, domain.n);
	return sl_mem(p, local.n + 1 + domain.n);
}

/* --- the list -------------------------------------------------------------- */

/* Was this mailbox or remote address in the list already? Notes it. */
static bool
seen_before(struct route_job *j, struct slice kind, struct slice a, struct slice b)
{
	struct buf key;
	struct seen *s;
	uint64_t hash;
	struct hmap_node *at;

	buf_init(&key, (size_t)4 * ROUTE_ADDRESS_MAX);
	buf_put(&key, kind);
	buf_put(&key, a);
	buf_put_byte(&key, 0);
	buf_put(&key, b);
	hash = hmap_hash(buf_slice(&key));
	for (at = hmap_first(&j->seen, hash); at != NULL; at = hmap_next(at))
		if (sl_eq(CONTAINER_OF(at, struct seen, node)->key, buf_slice(&key)))
			break;
	if (at == NULL && (s = arena_get(j->arena, sizeof(*s))) != NULL) {
		s->key = arena_copy(j->arena, buf_slice(&key));
		hmap_put(&j->seen, &s->node, hash);
	}
	buf_fini(&key);
	return at != NULL;
}

static void
list_add(struct route_job *j, struct route_recipient r)
{
	const struct target *t = &j->targets[j->target_at];

	if (j->list_count == ROUTE_RECIPIENTS_MAX ||
	    (j->list_count == j->list_cap && j->list_cap > 0)) {
		job_full(j);
		return;
	}
	if (j->list == NULL) {
		j->list_cap = j->target_count + 1; /* one for add_expanded */
		j->list = arena_get_array(j->arena, j->list_cap, sizeof(*j->list));
		if (j->list == NULL) {
			job_full(j);
			return;
		}
	}
	r.address = j->target_address;
	r.original = j->original;
	r.notify = t->notify;
	j->list[j->list_count++] = r;
}

/* R5321-2.3.11-a */
static void
add_remote(struct route_job *j, struct slice local, struct slice domain)
{
	if (!seen_before(j, SL("E"), local, domain))
		list_add(j, (struct route_recipient){.module = SL("esmtp"), .host = domain});
}

static void
add_local(struct route_job *j, struct slice account, struct slice extension)
{
	account = arena_copy(j->arena, account);
	if (account.p == NULL)
		job_full(j);
	else if (!seen_before(j, SL("L"), account, extension))
		list_add(j, (struct route_recipient){
				.module = SL("local"), .account = account, .extension = extension});
}

static void
next_target(struct route_job *j)
{
	j->target_at++;
	j->candidate_count = j->candidate_at = 0;
}

/* Nobody has this address: R3463-3.2-a. */
static void
unknown(struct route_job *j)
{
	if (j->targets[j->target_at].optional) {
		j->missing++;
	} else if (sl_eq(j->request->source, SL("local"))) {
		/* The delivery will fail, and the sender gets a report (docs/ROUTING.md section 2,
		 * step 7). */
		add_local(j, j->candidates[0].account, SL_NONE);
	} else {
		fault_set(&j->fault, ST_NOENT, "5.1.1", "User <%.*s> unknown",
		    SL_FMT(sl_sub(j->target_address, 0, 120)));
		j->done = true;
	}
	next_target(j);
}

/* --- accounts -------------------------------------------------------------- */

static void
candidate_add(struct route_job *j, struct slice name, struct slice domain, struct slice extension)
{
	if (domain.n > 0)
		name = join(j, name, domain);
	if (j->candidate_count < CANDIDATES_MAX)
		j->candidates[j->candidate_count++] =
		    (struct candidate){name, sl_sub(extension, 0, ROUTE_EXTENSION_MAX)};
}

/* The whole name, then each part before a separator that has few enough of them itself, the longest
 * first. */
static void
candidates_make(struct route_job *j, struct slice local, struct slice domain)
{
	struct slice separators = sl_str(j->map->conf->site.defaultsep);
	size_t cuts[ROUTE_SEPARATORS_MAX + 1], count = 0;

	candidate_add(j, local, domain, SL_NONE);
	for (size_t i = 0; i < local.n && count < COUNT_OF(cuts); i++)
		if (local.p[i] == '-' || sl_find(separators, local.p[i]) < separators.n)
			cuts[count++] = i;
	while (count > 0) {
		size_t cut = cuts[--count];

		if (cut > 0 && cut + 1 < local.n)
			candidate_add(j, sl_sub(local, 0, cut), domain, sl_skip(local, cut + 1));
	}
	if (domain.n > 0)
		candidate_add(j, SL("alias"), domain, j->target_address);
}

/* --- one target ------------------------------------------------------------ */

static void
target_ours(struct route_job *j, struct route_name name, struct slice domain)
{
	if (j->map->conf->site.locallowercase)
		name.local = route_lower(name.local, j->arena);
	if (name.local.n == 0 || name.local.p[0] == '.')
		job_fail(j, ST_PERM, "5.1.3", "Local part of the address is not possible here");
	else
		candidates_make(j, name.local, domain);
}

/* value of aliases: members, one a line. R3461-5.2.7-b, R3461-5.2.7-c: the only one keeps what the
 * sender asked for.
 * R5321-3.9.1-a
 */
static void
targets_from_members(struct route_job *j, struct slice value)
{
	struct slice rest = value, line;
	uint8_t notify = j->request->notify;
	size_t count = 0;

	for (size_t i = 0; i < value.n; i++)
		count += value.p[i] == '\n';
	count += value.n > 0 && value.p[value.n - 1] != '\n';
	j->targets = arena_get_array(j->arena, count, sizeof(*j->targets));
	if (j->targets == NULL || count > ROUTE_RECIPIENTS_MAX) {
		job_full(j);
		return;
	}
	j->target_count = j->target_at = 0;
	if (count > 1 && (notify & ROUTE_NOTIFY_SUCCESS))
		j->expanded = j->target_address;
	while (rest.n > 0) {
		sl_cut(&rest, '\n', &line);
		j->targets[j->target_count++] = (struct target){
		    .address = line,
		    .is_member = true,
		    .optional = count > 1,
		    .notify = count > 1 ? ROUTE_NOTIFY_NEVER : notify,
		};
	}
}

/* "@domain: account": x@domain is the local account-x. */
static void
target_from_prefix(struct route_job *j, struct slice account, struct slice local)
{
	unsigned char *p = arena_get(j->arena, account.n + 1 + local.n);

	if (p == NULL) {
		job_full(j);
		return;
	}
	memcpy(p, account.p, account.n);
	p[account.n] = '-';
	memcpy(p + account.n + 1, local.p, local.n);
	j->targets[0] = (struct target){.address = sl_mem(p, account.n + 1 + local.n),
	    .is_member = true,
	    .notify = j->request->notify};
}

/* Replaces the target when there is an alias. ST_OK it did, ST_NOENT there is none, else trouble.
 */
static enum st
alias_apply(struct route_job *j, struct route_name name, struct slice domain, struct fault *f)
{
	struct buf key;
	struct slice value;
	enum st st;

	/* Without a local part the key would be that of the whole domain. */
	if (j->map->aliases == NULL || name.local.n == 0)
		return ST_NOENT;
	buf_init(&key, (size_t)2 * ROUTE_ADDRESS_MAX);
	route_alias_key(name.local, domain, &key);
	st = dict_get(j->map->aliases, buf_slice(&key), j->arena, &value, f);
	if (st == ST_OK) {
		targets_from_members(j, value);
	} else if (st == ST_NOENT && domain.n > 0) {
		buf_clear(&key);
		route_alias_key(SL_NONE, domain, &key);
		st = dict_get(j->map->aliases, buf_slice(&key), j->arena, &value, f);
		if (st == ST_OK)
			target_from_prefix(j, value, name.local);
	}
	buf_fini(&key);
	return st;
}

/* The address with a domain, folded. */
static bool
target_complete(struct route_job *j, const struct target *t, struct route_name *name)
{
	const struct conf_site *site = &j->map->conf->site;
	struct slice written;

	if (t->address.n > ROUTE_ADDRESS_MAX || !route_name_split(t->address, j->arena, name)) {
		/* R3463-3.2-c */
		job_fail(j, ST_PERM, "5.1.3", "Address is not possible");
		return false;
	}
	written =
	    sl_sub(t->address, 0, t->address.n - (name->domain.n > 0 ? name->domain.n + 1 : 0));
	if (name->domain.n == 0)
		name->domain = sl_str(t->is_member ? site->me : site->defaultdomain);
	name->domain = route_lower(name->domain, j->arena);
	j->target_address = join(j, written, name->domain);
	return j->target_address.p != NULL && name->domain.p != NULL;
}

/* Decides the present target, or prepares the questions about it. */
static void
target_begin(struct route_job *j)
{
	const struct target *t = &j->targets[j->target_at];
	bool bare = sl_rfind(t->address, '@') == t->address.n;
	struct route_name name;
	enum route_domain kind = ROUTE_LOCAL;
	struct slice domain = SL_NONE;
	struct fault f = FAULT_NONE;
	enum st st = ST_OK;

	if (!target_complete(j, t, &name))
		return;
	/* A member without a domain is local, whatever locals says. */
	if (!(t->is_member && bare))
		st = route_domain_kind(j->map, name.domain, j->arena, &kind, &domain, &f);
	if (kind == ROUTE_LOCAL)
		domain = SL_NONE;
	/* R5321-7.9-a, R5321-3.6.2-a, R3463-3.8-a */
	if (st == ST_OK && kind == ROUTE_FOREIGN && !t->is_member && !j->request->may_relay) {
		fault_set(&j->fault, ST_DENIED, "5.7.1", "Relaying to <%.*s> denied",
		    SL_FMT(sl_sub(j->target_address, 0, 120)));
		j->done = true;
		return;
	}
	if (st == ST_OK && !t->is_member) {
		st = alias_apply(j, name, domain, &f);
		if (st == ST_OK)
			return;
		st = st == ST_NOENT ? ST_OK : st;
	}
	if (st != ST_OK) {
		job_trouble(j, &f);
	} else if (kind == ROUTE_LOCAL || kind == ROUTE_HOSTED) {
		target_ours(j, name, domain);
	} else {
		add_remote(j, name.local, name.domain);
		next_target(j);
	}
}

/* --- driving --------------------------------------------------------------- */

/*
 * R3464-3-c: nobody reports for the members, so the alias itself is a recipient that is there at
 * once, and all that it gives is a report.
 */
static void
add_expanded(struct route_job *j)
{
	if (!j->expanded.n || j->fault.st != ST_OK || j->list_count == 0)
		return;
	j->list[j->list_count++] = (struct route_recipient){.module = SL("expanded"),
	    .address = j->expanded,
	    .original = j->original,
	    .notify = ROUTE_NOTIFY_SUCCESS};
}

static void
job_finish(struct route_job *j)
{
	add_expanded(j);
	j->done = true;
	if (j->fault.st == ST_OK && j->list_count == 0)
		fault_set(&j->fault, ST_NOENT, "5.1.1",
		    "User <%.*s> unknown: no member of this alias exists",
		    SL_FMT(sl_sub(j->request->address, 0, 80)));
}

enum route_state
route_job_run(struct route_job *j, struct slice *account)
{
	while (!j->done) {
		if (j->target_at == j->target_count)
			job_finish(j);
		else if (j->candidate_count == 0)
			target_begin(j);
		else if (j->candidate_at == j->candidate_count)
			unknown(j);
		else if (j->candidates[j->candidate_at].account.n > ROUTE_ACCOUNT_MAX)
			j->candidate_at++;
		else {
			j->asking = true;
			*account = j->candidates[j->candidate_at].account;
			return ROUTE_ASKS;
		}
	}
	return ROUTE_DONE;
}

void
route_job_answer(struct route_job *j, enum st st, struct slice account, const struct fault *f)
{
	if (!j->asking)
		return;
	j->asking = false;
	if (st == ST_OK) {
		add_local(j, account, j->candidates[j->candidate_at].extension);
		next_target(j);
	} else if (st == ST_NOENT) {
		j->candidate_at++;
	} else {
		job_trouble(j, f);
	}
}

enum st
route_job_result(const struct route_job *j, const struct route_recipient **list, size_t *count,
    size_t *missing, struct fault *f)
{
	*list = j->list;
	*count = j->fault.st == ST_OK ? j->list_count : 0;
	*missing = j->missing;
	if (j->fault.st != ST_OK && f != NULL)
		*f = j->fault;
	return j->fault.st;
}
