/*
 * aliases: members that are aliases are replaced by their members, once, when the table is built.
 */
#include <stdlib.h>

#include "route/alias_int.h"

struct known {
	struct hmap_node node;
	struct slice key;
};

struct expansion {
	struct alias_table *table;
	struct conf_report *report;
	const struct alias_entry *path[ALIAS_DEPTH_MAX];
	size_t depth;
};

static void expand_entry(struct expansion *x, struct alias_entry *e);

/* --- one list without doubles ---------------------------------------------- */

struct collector {
	struct expansion *x;
	struct alias_entry *entry;
	struct hmap seen;
	struct alias_member *first, **last;
	size_t count;
};

/* Adds a final address whose key is key. */
static void
collect(struct collector *c, struct slice address, struct slice key)
{
	struct arena *a = c->x->table->arena;
	struct alias_member *m;
	struct known *k;
	struct hmap_node *at;

	for (at = hmap_first(&c->seen, hmap_hash(key)); at != NULL; at = hmap_next(at))
		if (sl_eq(CONTAINER_OF(at, struct known, node)->key, key))
			return;
	m = arena_get(a, sizeof(*m));
	k = arena_get(a, sizeof(*k));
	if (m == NULL || k == NULL || (k->key = arena_copy(a, key)).p == NULL) {
		if (c->count++ == 0)
			conf_error(c->x->report, c->entry->file, c->entry->line,
			    "found more aliases than fit, expected less");
		return;
	}
	hmap_put(&c->seen, &k->node, hmap_hash(k->key));
	m->address = address;
	*c->last = m;
	c->last = &m->next;
	if (++c->count == ALIAS_MEMBERS_MAX + 1)
		conf_error(c->x->report, c->entry->file, c->entry->line,
		    "found more than %d members of %.*s when all is expanded, expected less",
		    ALIAS_MEMBERS_MAX, SL_FMT(sl_sub(c->entry->key, 0, 60)));
}

/* "a comes back to itself through b": the way from the open entry to here. */
static void
loop_error(const struct expansion *x, const struct alias_entry *again)
{
	struct buf way;
	bool inside = false;

	buf_init(&way, 300);
	for (size_t i = 0; i < x->depth; i++) {
		inside = inside || x->path[i] == again;
		if (inside && x->path[i] != again)
			buf_fmt(&way, "%s%.*s", way.n > 0 ? ", " : "",
			    SL_FMT(sl_sub(x->path[i]->key, 0, 60)));
	}
	conf_error(x->report, again->file, again->line,
	    "found that %.*s comes back to itself through %s, expected an end",
	    SL_FMT(sl_sub(again->key, 0, 60)), buf_ok(&way) ? buf_str(&way) : "many others");
	buf_fini(&way);
}

static void
expand_member(struct collector *c, const struct alias_member *m)
{
	struct expansion *x = c->x;
	struct alias_entry *other;
	struct buf key;
	struct fault f = FAULT_NONE;

	buf_init(&key, 2048);
	if (alias_key(x->table->map, m->address, &key, &f) != ST_OK) {
		conf_error(x->report, c->entry->file, c->entry->line, "%s", f.text);
		buf_fini(&key);
		return;
	}
	other = alias_entry_find(x->table, buf_slice(&key));
	if (other == NULL || other == c->entry) {
		/* An alias that names itself means the account of that name. */
		collect(c, m->address, buf_slice(&key));
	} else if (other->state == ALIAS_OPEN) {
		loop_error(x, other);
	} else {
		expand_entry(x, other);
		for (const struct alias_member *each = other->members; each != NULL;
		     each = each->next) {
			buf_clear(&key);
			if (alias_key(x->table->map, each->address, &key, NULL) == ST_OK)
				collect(c, each->address, buf_slice(&key));
		}
	}
	buf_fini(&key);
}

/* At most ALIAS_DEPTH_MAX deep. */
static void
expand_entry(struct expansion *x, struct alias_entry *e)
{
	struct collector c = {.x = x, .entry = e};

	if (e->state != ALIAS_NEW || e->is_prefix)
		return;
	if (x->depth == ALIAS_DEPTH_MAX) {
		conf_error(x->report, e->file, e->line,
		    "found %.*s more than %d aliases deep, expected less",
		    SL_FMT(sl_sub(e->key, 0, 60)), ALIAS_DEPTH_MAX);
		return;
	}
	e->state = ALIAS_OPEN;
	x->path[x->depth++] = e;
	hmap_init(&c.seen);
	c.last = &c.first;
	for (const struct alias_member *m = e->members; m != NULL; m = m->next)
		expand_member(&c, m);
	hmap_fini(&c.seen);
	x->depth--;
	e->members = c.first;
	e->member_count = c.count;
	e->state = ALIAS_DONE;
}

/* --- the whole table ------------------------------------------------------- */

static int
by_key(const void *a, const void *b)
{
	return sl_cmp((*(const struct alias_entry *const *)a)->key,
	    (*(const struct alias_entry *const *)b)->key);
}

/* In the order of keys, so that messages and table do not depend on the hash. */
static void
sort_entries(struct alias_table *t)
{
	struct hmap_cursor cursor = {0};
	struct hmap_node *at;
	size_t n = 0;

	t->sorted = mem_get((t->count + 1) * sizeof(struct alias_entry *));
	while ((at = hmap_walk(&t->by_key, &cursor)) != NULL)
		t->sorted[n++] = CONTAINER_OF(at, struct alias_entry, node);
	qsort(t->sorted, n, sizeof(struct alias_entry *), by_key);
}

void
alias_table_expand(struct alias_table *t, struct conf_report *r)
{
	struct expansion x = {.table = t, .report = r};

	sort_entries(t);
	for (size_t i = 0; i < t->count; i++)
		expand_entry(&x, t->sorted[i]);
}

bool
alias_table_each(const struct alias_table *t,
    bool (*fn)(void *arg, struct slice key, struct slice value), void *arg)
{
	struct buf value;
	bool going = true;

	buf_init(&value, (size_t)(ALIAS_MEMBERS_MAX + 1) * (ALIAS_ADDRESS_MAX + 1));
	for (size_t i = 0; going && t->sorted != NULL && i < t->count; i++) {
		const struct alias_entry *e = t->sorted[i];

		buf_clear(&value);
		for (const struct alias_member *m = e->members; m != NULL; m = m->next) {
			if (value.n > 0)
				buf_put_byte(&value, '\n');
			buf_put(&value, m->address);
		}
		if (value.n > 0)
			going = fn(arg, e->key, buf_slice(&value));
	}
	buf_fini(&value);
	return going;
}
