/*
 * A lookup table of names: key bytes to value bytes. Back ends: src/ext/map_bdb.c (Berkeley DB),
 * src/base/dict_mem.c (in memory, tests and small lists).
 */
#ifndef BASE_DICT_H
#define BASE_DICT_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "base/slice.h"

struct dict;

struct dict_ops {
	const char *name;
	/* ST_OK with the value copied into a | ST_NOENT | ST_TEMP, ST_IO with f filled. */
	enum st (*get)(struct dict *d, struct slice key, struct arena *a,
	    struct slice *value, struct fault *f);
	void (*close)(struct dict *d);
};

struct dict {
	const struct dict_ops *ops;
};

static inline enum st
dict_get(struct dict *d, struct slice key, struct arena *a, struct slice *value, struct fault *f)
{
	return d->ops->get(d, key, a, value, f);
}

static inline void
dict_close(struct dict *d)
{
	if (d)
		d->ops->close(d);
}

/* An in-memory dictionary; keys compare exactly. */
struct dict *dict_mem_new(void);
void dict_mem_put(struct dict *d, struct slice key, struct slice value);

#endif
