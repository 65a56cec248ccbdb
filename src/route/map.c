/*
 * What a domain is to us.
 */
#include "route/map_int.h"

#include "base/ascii.h"

/* --- lists of the configuration -------------------------------------------- */

struct name_node {
	struct hmap_node node;
	struct slice name;
};

static void
list_index(struct arena *a, struct hmap *m, const struct conf_list *list)
{
	hmap_init(m);
	for (size_t i = 0; i < list->count; i++) {
		struct name_node *n = arena_get(a, sizeof(*n));

		if (n == NULL)
			return;
		n->name = sl_str(list->items[i]);
		hmap_put(m, &n->node, hmap_hash(n->name));
	}
}

static bool
list_has(const struct hmap *m, struct slice name)
{
	struct hmap_node *at;

	for (at = hmap_first(m, hmap_hash(name)); at != NULL; at = hmap_next(at))
		if (sl_eq(CONTAINER_OF(at, struct name_node, node)->name, name))
			return true;
	return false;
}

static bool
list_has_excluded(const struct hmap *m, struct slice domain)
{
	struct buf name;
	bool there;

	buf_init(&name, ROUTE_ADDRESS_MAX + 1);
	buf_put_byte(&name, '!');
	buf_put(&name, domain);
	there = buf_ok(&name) && list_has(m, buf_slice(&name));
	buf_fini(&name);
	return there;
}

/* Takes the first label off: "a.b.c" gives ".b.c", that gives ".c". False at the end. */
static bool
parent_next(struct slice *domain)
{
	size_t dot = sl_find(sl_skip(*domain, 1), '.') + 1;

	if (dot >= domain->n)
		return false;
	*domain = sl_skip(*domain, dot);
	return true;
}

static bool
list_matches(const struct hmap *m, struct slice domain)
{
	struct slice parent = domain;

	if (m->count == 0 || list_has_excluded(m, domain))
		return false;
	if (list_has(m, domain))
		return true;
	for (int i = 0; i < ROUTE_PARENTS_MAX && parent_next(&parent); i++)
		if (list_has(m, parent))
			return true;
	return false;
}

/* --- compiled tables ------------------------------------------------------- */

/* ST_OK found, ST_NOENT not, else trouble. */
static enum st
dict_match(
    struct dict *d, struct slice domain, struct arena *a, struct slice *value, struct fault *f)
{
	struct slice parent = domain;
	enum st st;

	if (d == NULL)
		return ST_NOENT;
	st = dict_get(d, domain, a, value, f);
	for (int i = 0; st == ST_NOENT && i < ROUTE_PARENTS_MAX && parent_next(&parent); i++)
		st = dict_get(d, parent, a, value, f);
	return st;
}

/* --- the map --------------------------------------------------------------- */

struct route_map *
route_map_new(const struct conf *conf)
{
	size_t names = conf->site.locals.count + conf->site.esmtpacceptmailfor.count;
	struct route_map *m = mem_get(sizeof(*m));

	*m = (struct route_map){.conf = conf,
	    .arena = arena_new("route map", names * 2 * sizeof(struct name_node) + 65536)};
	list_index(m->arena, &m->locals, &conf->site.locals);
	list_index(m->arena, &m->accepted, &conf->site.esmtpacceptmailfor);
	return m;
}

void
route_map_free(struct route_map *m)
{
	if (m == NULL)
		return;
	hmap_fini(&m->locals);
	hmap_fini(&m->accepted);
	arena_free(m->arena);
	mem_free(m);
}

void
route_map_set_aliases(struct route_map *m, struct dict *aliases)
{
	m->aliases = aliases;
}

void
route_map_set_hosted(struct route_map *m, struct dict *hosteddomains)
{
	m->hosted = hosteddomains;
}

void
route_map_set_accepted(struct route_map *m, struct dict *esmtpacceptmailfor)
{
	m->accepted_dat = esmtpacceptmailfor;
}

struct slice
route_lower(struct slice s, struct arena *a)
{
	unsigned char *copy = arena_get(a, s.n + 1);

	if (copy == NULL)
		return SL_NONE;
	for (size_t i = 0; i < s.n; i++)
		copy[i] = ascii_lower(s.p[i]);
	return sl_mem(copy, s.n);
}

enum st
route_domain_kind(struct route_map *m, struct slice domain, struct arena *a,
    enum route_domain *kind, struct slice *as, struct fault *f)
{
	struct slice name = route_lower(domain, a), value;
	enum st st;

	/* An entry that stands for another domain is followed once. */
	for (int hops = 0; hops < 2; hops++) {
		*as = name;
		if (name.p == NULL)
			return fault_set(f, ST_TEMP, "4.3.0", "no room left for a domain");
		*kind = ROUTE_LOCAL;
		if (list_matches(&m->locals, name))
			return ST_OK;
		st = dict_match(m->hosted, name, a, &value, f);
		if (st == ST_NOENT && hops == 0)
			break;
		*kind = ROUTE_HOSTED;
		if (st == ST_NOENT || (st == ST_OK && (value.n == 0 || hops == 1)))
			return ST_OK;
		if (st != ST_OK)
			return st;
		name = route_lower(value, a);
	}
	*kind = ROUTE_ACCEPTED;
	if (list_matches(&m->accepted, name))
		return ST_OK;
	st = dict_match(m->accepted_dat, name, a, &value, f);
	*kind = st == ST_OK ? ROUTE_ACCEPTED : ROUTE_FOREIGN;
	return st == ST_NOENT ? ST_OK : st;
}
