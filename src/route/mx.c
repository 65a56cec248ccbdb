/*
 * Which hosts take the mail of a domain.
 */
#include "route/mx.h"

#include "base/ip.h"

static struct slice
without_dot(struct slice name)
{
	return name.n && name.p[name.n - 1] == '.' ? sl_sub(name, 0, name.n - 1) : name;
}

/* The lines of locals as docs/ROUTING.md section 1 has them: dom, .dom, and !host wins. */
bool
mx_is_self(const struct conf_site *self, struct slice host)
{
	bool is = false;

	host = without_dot(host);
	if (sl_ieq(host, sl_str(self->me)))
		return true;
	for (size_t i = 0; i < self->locals.count; i++) {
		struct slice line = sl_str(self->locals.items[i]);

		if (line.p[0] == '!' && sl_ieq(sl_skip(line, 1), host))
			return false;
		if (line.p[0] == '.' ? host.n > line.n && sl_iends(host, line)
				     : sl_ieq(line, host))
			is = true;
	}
	return is;
}

/* R5321-5.1-d: chance decides between equals, so that the load is spread. */
static void
order(struct mx_record *v, size_t n, const struct mx_ask *ask)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)(ask->random(ask->random_arg) % i);
		struct mx_record t = v[i - 1];

		v[i - 1] = v[k];
		v[k] = t;
	}
	for (size_t i = 1; i < n; i++) {
		struct mx_record t = v[i];
		size_t k = i;

		for (; k > 0 && v[k - 1].preference > t.preference; k--)
			v[k] = v[k - 1];
		v[k] = t;
	}
}

static bool
is_address(struct slice host)
{
	struct ip ip;

	return ip_parse(without_dot(host), &ip);
}

static enum st
check(const struct mx_ask *ask, struct fault *f)
{
	/* R7505-3-a, R7505-4.1-a */
	if (ask->count == 1 && sl_eq(ask->records[0].host, SL(".")))
		return fault_set(f, ST_PERM, "5.1.10", "%.*s accepts no mail (null MX)",
		    SL_FMT(sl_sub(ask->domain, 0, 100)));
	for (size_t i = 0; i < ask->count; i++)
		if (is_address(ask->records[i].host))
			return fault_set(f, ST_PERM, "5.4.4",
			    "the DNS of %.*s violates RFC 1035: an MX is an address",
			    SL_FMT(sl_sub(ask->domain, 0, 80)));
	return ST_OK;
}

static enum st
loops(const struct mx_ask *ask, struct fault *f)
{
	return fault_set(f, ST_PERM, "5.4.6", "mail for %.*s loops back to myself",
	    SL_FMT(sl_sub(ask->domain, 0, 100)));
}

enum st
mx_order(struct arena *a, const struct mx_ask *ask, struct slice **hosts, size_t *count,
    struct fault *f)
{
	struct mx_record *v = arena_get_array(a, ask->count + 1, sizeof(*v));
	size_t n = 0, top;
	enum st st = check(ask, f);

	if (st != ST_OK)
		return st;
	*hosts = arena_get_array(a, MX_HOSTS_MAX, sizeof(**hosts));
	if (!v || !*hosts)
		return fault_set(f, ST_LIMIT, "4.4.3", "too many MX records");
	for (size_t i = 0; i < ask->count; i++) /* R7505-3-b: among others it means nothing */
		if (!sl_eq(ask->records[i].host, SL(".")))
			v[n++] = ask->records[i];
	if (n == 0) /* R5321-5.1-a: the implicit MX */
		v[n++] = (struct mx_record){.host = ask->domain};
	order(v, n, ask);
	top = n;
	for (size_t i = 0; i < n && !ask->is_static; i++) { /* R5321-5.1-e */
		if (!mx_is_self(ask->self, v[i].host))
			continue;
		for (top = i; top > 0 && v[top - 1].preference == v[i].preference;)
			top--;
		break;
	}
	if (top == 0)
		return loops(ask, f);
	*count = top < MX_HOSTS_MAX ? top : MX_HOSTS_MAX;
	for (size_t i = 0; i < *count; i++)
		(*hosts)[i] = arena_copy(a, without_dot(v[i].host));
	return arena_exhausted(a) ? fault_set(f, ST_LIMIT, "4.4.3", "too many MX records") : ST_OK;
}
