/*
 * For src/route/alias*.c alone: definitions while they are collected and expanded.
 */
#ifndef ROUTE_ALIAS_INT_H
#define ROUTE_ALIAS_INT_H

#include "route/alias.h"
#include "route/map_int.h"

struct alias_member {
	struct alias_member *next;
	struct slice address;
};

enum alias_state { ALIAS_NEW, ALIAS_OPEN, ALIAS_DONE };

struct alias_entry {
	struct hmap_node node;
	struct slice key;
	const char *file;
	unsigned line;
	bool is_prefix; /* "@domain" */
	enum alias_state state;
	struct alias_member *members,
	    **members_end;   /* as written; after expansion as they are delivered to */
	size_t member_count; /* after expansion */
};

struct alias_table {
	struct route_map *map;
	const struct conf *conf;
	alias_include_fn *include;
	void *include_arg;
	struct arena *arena;
	struct hmap by_key;
	size_t count;
	struct alias_entry **sorted; /* by key, after expansion */
};

/* The definition of a key, or NULL. */
struct alias_entry *alias_entry_find(const struct alias_table *t, struct slice key);

#endif
