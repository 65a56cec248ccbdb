/*
 * The inside of loading, for src/conf alone (and its tests): files come from a function.
 */
#ifndef CONF_LOAD_INT_H
#define CONF_LOAD_INT_H

#include "conf/row.h"

/* Where a row was set; file is NULL for a default. */
struct conf_where {
	const char *file;
	unsigned line;
};

static inline struct conf_where *
conf_where_at(struct conf_where *where, const struct conf_file *f, size_t at)
{
	return &where[(size_t)(f - conf_files) * CONF_ROWS_MAX + at];
}

/* Appends the file `name`; results as conf_file_read. */
typedef enum st conf_get_fn(void *arg, const char *name, struct buf *out, struct fault *f);

/* As conf_load with another way to files; get NULL has none. */
enum st conf_load_with(const struct conf_source *src, conf_get_fn *get, void *arg, struct conf *out,
    struct conf_report *r);

#endif
