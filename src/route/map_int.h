/*
 * For src/route alone: the tables, and splitting addresses.
 */
#ifndef ROUTE_MAP_INT_H
#define ROUTE_MAP_INT_H

#include "base/hmap.h"
#include "route/route.h"

struct route_map {
	const struct conf *conf;
	struct arena *arena;
	struct hmap locals, accepted; /* of the configuration */
	struct dict *aliases, *hosted, *accepted_dat;
};

/* A copy with ASCII letters in lower case; p NULL when a is full. */
struct slice route_lower(struct slice s, struct arena *a);

/* An address in pieces. */
struct route_name {
	struct slice local;  /* unquoted */
	struct slice domain; /* as written; empty when there is none */
};

/* Splits at the last "@" and unquotes the local part (in a). False: a bad quoted string, or a is
 * full. */
bool route_name_split(struct slice address, struct arena *a, struct route_name *out);

/* The key of aliases for a name: lower case, "@domain" behind it unless domain is empty. Appended.
 */
void route_alias_key(struct slice local, struct slice domain, struct buf *key);

#endif
