/*
 * From a domain to addresses. A search asks the name servers only as far as it has to: the
 * addresses of a host when its turn comes.
 */
#include "daemon/courieresmtp/esmtp.h"

#include <stdio.h>

#include "os/random.h"
#include "route/esmtproutes.h"

#define SEARCH_MEMORY ((size_t)2 << 20)
#define ADDRESSES_MAX 16 /* of one host */

/* A question to the name servers. */
struct lookup {
	struct search *s;
	struct dns_call call;
	enum dns_type type;
	uint16_t id;
	struct slice name;
	bool open;
};

enum phase { PHASE_ROUTE, PHASE_MX, PHASE_HOSTS, PHASE_END };

struct search {
	struct esmtp *e;
	struct arena *arena;
	struct slice domain; /* whose mail it is */
	struct slice asked;  /* whose MX counts */
	struct conf_route route;
	bool is_static;
	void (*found)(void *arg, const struct target *t, const struct fault *f);
	void *arg;
	enum phase phase;
	bool wanted; /* search_next waits for its answer */
	struct deferred later;

	struct lookup mx, a4, a6;
	struct slice *hosts;
	size_t host_count, host_at;
	struct ip addresses[ADDRESSES_MAX];
	size_t address_count, address_at;
	bool implicit;      /* there is no MX: the domain itself */
	bool begun;         /* with the first host */
	struct fault temp, perm; /* what was in the way */
};

static uint64_t
chance(void *arg)
{
	uint64_t n;

	(void)arg;
	random_bytes(&n, sizeof(n));
	return n;
}

static void step(struct deferred *later);

static void
go_on(struct search *s)
{
	loop_defer(s->e->loop, &s->later, step, s);
}

/* ---- answers ---- */

static void
note(struct search *s, const struct fault *f)
{
	struct fault *to = fault_is_temporary(f) ? &s->temp : &s->perm;

	if (to->st == ST_OK)
		*to = *f;
}

static void
tell(struct search *s, const struct target *t, const struct fault *f)
{
	s->wanted = false;
	s->found(s->arg, t, f);
}

/*
 * There is no (further) place. R5321-5.1-c: trouble now means to try again.
 * R5321-5.1-h, R3463-3.2-b
 * R3463-3.5-a
 */
static void
tell_end(struct search *s)
{
	struct fault f;

	s->phase = PHASE_END;
	if (s->temp.st != ST_OK)
		f = s->temp;
	else if (s->perm.st != ST_OK)
		f = s->perm;
	else
		fault_set(&f, ST_PERM, "5.4.4", "%.*s has no mail host with an address",
		    SL_FMT(sl_sub(s->asked, 0, 100)));
	tell(s, NULL, &f);
}

/* Reads a reply; everything lies in the search's arena. */
static enum st
read_reply(struct lookup *q, struct slice bytes, const struct fault *sent, struct dns_reply *r,
    struct slice *name, struct fault *f)
{
	enum st st;

	q->open = false;
	*f = *sent;
	if (f->st != ST_OK)
		return f->st;
	st = dns_reply_get(q->s->arena, bytes, r, f);
	if (st != ST_OK)
		return st;
	if (!dns_reply_fits(r, q->id, q->name, q->type))
		return fault_set(f, ST_TEMP, "4.4.3", "the name server answered another question");
	return dns_reply_result(r, name, f);
}

static void
ask(struct lookup *q, struct slice name, enum dns_type type,
    void (*fn)(struct dns_call *call, struct slice reply, const struct fault *f))
{
	struct search *s = q->s;
	struct fault f;
	struct buf out;

	q->type = type;
	q->name = name;
	q->call = (struct dns_call){.fn = fn, .arg = q};
	random_bytes(&q->id, sizeof(q->id));
	buf_init(&out, DNS_QUERY_MAX);
	if (dns_query_put(&out, q->id, name, type, &f) == ST_OK) {
		q->open = true;
		dns_loop_ask(s->e->dns, &q->call, buf_slice(&out));
	} else {
		note(s, &f);
	}
	buf_fini(&out);
}

/* ---- MX ---- */

static void
order(struct search *s, const struct mx_record *v, size_t n)
{
	struct mx_ask a = {.domain = s->asked, .records = v, .count = n,
	    .self = &proc_conf(s->e->proc)->site, .is_static = s->is_static, .random = chance};
	struct fault f;

	s->implicit = n == 0;
	s->phase = PHASE_HOSTS;
	if (mx_order(s->arena, &a, &s->hosts, &s->host_count, &f) != ST_OK) {
		s->host_count = 0;
		note(s, &f);
	}
}

static void
mx_records(struct search *s, const struct dns_reply *r, struct slice name)
{
	struct mx_record *v = arena_get_array(s->arena, r->answer_count, sizeof(*v));
	const struct dns_record *rec;
	size_t at = 0, n = 0;

	while (v && (rec = dns_reply_next(r, name, &at)))
		v[n++] = (struct mx_record){.host = rec->name, .preference = rec->preference};
	order(s, v, n);
}

static void
on_mx(struct dns_call *call, struct slice reply, const struct fault *sent)
{
	struct lookup *q = call->arg;
	struct search *s = q->s;
	struct slice name;
	struct dns_reply r;
	struct fault f;

	switch (read_reply(q, reply, sent, &r, &name, &f)) {
	case ST_OK:
		mx_records(s, &r, name);
		break;
	case ST_NOENT: /* R5321-5.1-a */
		s->asked = name;
		order(s, NULL, 0);
		break;
	default: /* R5321-5.1-b, R5321-5.1-c */
		note(s, &f);
		s->phase = PHASE_END;
		break;
	}
	go_on(s);
}

/* ---- addresses ---- */

static void
on_addresses(struct dns_call *call, struct slice reply, const struct fault *sent)
{
	struct lookup *q = call->arg;
	struct search *s = q->s;
	const struct dns_record *rec;
	struct slice name;
	struct dns_reply r;
	struct fault f;
	size_t at = 0;
	enum st st = read_reply(q, reply, sent, &r, &name, &f);

	/* "No such name" and "no address" of one host among several: the others count. */
	if (st != ST_OK && (fault_is_temporary(&f) || (st == ST_PERM && s->implicit)))
		note(s, &f);
	while (st == ST_OK && (rec = dns_reply_next(&r, name, &at)))
		if (s->address_count < ADDRESSES_MAX)
			s->addresses[s->address_count++] = rec->ip;
	if (!s->a4.open && !s->a6.open)
		go_on(s);
}

/* R5321-5.1-f: all of a host's addresses are tried; one kind first. */
static void
sort_addresses(struct search *s)
{
	unsigned char first = proc_conf(s->e->proc)->courierd.prefer_ipv6_mx ? 6 : 4;
	struct ip sorted[ADDRESSES_MAX];
	size_t n = 0;

	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < s->address_count; i++)
			if ((s->addresses[i].family == first) == (round == 0))
				sorted[n++] = s->addresses[i];
	memcpy(s->addresses, sorted, n * sizeof(sorted[0]));
}

static void
ask_addresses(struct search *s)
{
	struct slice host = s->hosts[s->host_at];

	s->address_count = s->address_at = 0;
	if (s->route.family != 6)
		ask(&s->a4, host, DNS_A, on_addresses);
	if (s->route.family != 4)
		ask(&s->a6, host, DNS_AAAA, on_addresses);
	if (!s->a4.open && !s->a6.open)
		go_on(s);
}

/* ---- the steps ---- */

static void
give(struct search *s, struct slice host, const struct ip *ip)
{
	struct target t = {.is_static = s->is_static};
	struct fault ok = FAULT_NONE;

	snprintf(t.host, sizeof(t.host), "%.*s", SL_FMT(host));
	t.addr.family = ip->family;
	memcpy(t.addr.ip, ip->bytes, sizeof(t.addr.ip));
	t.addr.port = s->route.port ? s->route.port
		      : s->route.security == CONF_SECURITY_SMTPS ? 465 : 25;
	tell(s, &t, &ok);
}

/* "[1.2.3.4]", "[IPv6:::1]": RFC 5321 section 4.1.3. */
static bool
literal(struct slice domain, struct ip *ip)
{
	if (domain.n < 3 || domain.p[0] != '[' || domain.p[domain.n - 1] != ']')
		return false;
	domain = sl_sub(domain, 1, domain.n - 1);
	return ip_parse(sl_istarts(domain, SL("IPv6:")) ? sl_skip(domain, 5) : domain, ip);
}

/* What to begin with. */
static void
begin(struct search *s)
{
	struct ip ip;

	s->phase = PHASE_END; /* when there is only one */
	if (s->route.ip.family) {
		give(s, s->route.relay, &s->route.ip);
	} else if (!s->route.relay.n && literal(s->domain, &ip)) {
		give(s, s->domain, &ip);
	} else {
		s->asked = s->route.relay.n ? s->route.relay : s->domain;
		s->phase = PHASE_MX;
		ask(&s->mx, s->asked, DNS_MX, on_mx);
		if (!s->mx.open)
			tell_end(s);
	}
}

static void
step(struct deferred *later)
{
	struct search *s = later->arg;

	if (!s->wanted || s->mx.open || s->a4.open || s->a6.open)
		return;
	if (s->phase == PHASE_ROUTE) {
		begin(s);
	} else if (s->phase == PHASE_END) {
		tell_end(s);
	} else if (s->address_at < s->address_count) {
		if (s->address_at == 0)
			sort_addresses(s);
		give(s, s->hosts[s->host_at], &s->addresses[s->address_at++]);
	} else {
		/* The first host, or the one behind. */
		if (s->begun)
			s->host_at++;
		s->begun = true;
		if (s->host_at >= s->host_count)
			tell_end(s);
		else
			ask_addresses(s);
	}
}

struct search *
search_new(struct esmtp *e, struct slice domain,
    void (*found)(void *arg, const struct target *t, const struct fault *f), void *arg)
{
	struct arena *a = arena_new("search", SEARCH_MEMORY);
	struct search *s = arena_get(a, sizeof(*s));

	*s = (struct search){.e = e, .arena = a, .found = found, .arg = arg};
	s->domain = arena_copy(a, domain);
	s->mx.s = s->a4.s = s->a6.s = s;
	/* The configuration may be replaced while we search. */
	if (esmtproutes_find(&proc_conf(e->proc)->site.esmtproutes, domain, &s->route))
		s->route.relay = arena_copy(a, s->route.relay);
	s->route.domain = SL_NONE;
	s->is_static = s->route.relay.n > 0;
	return s;
}

void
search_next(struct search *s)
{
	s->wanted = true;
	go_on(s);
}

const struct conf_route *
search_route(const struct search *s)
{
	return &s->route;
}

void
search_free(struct search *s)
{
	if (!s)
		return;
	dns_loop_cancel(&s->mx.call);
	dns_loop_cancel(&s->a4.call);
	dns_loop_cancel(&s->a6.call);
	loop_defer_stop(&s->later);
	arena_free(s->arena);
}
