/*
 * aliases: text files to the compiled table. docs/ROUTING.md section 4.
 *
 * Compiled: key is the address in lower case (without domain for domains in locals, "@domain" for a
 * whole domain); value is the final list of addresses, one a line, or the account prefix of a whole
 * domain.
 */
#ifndef ROUTE_ALIAS_H
#define ROUTE_ALIAS_H

#include "base/dict.h"
#include "conf/conf.h"
#include "route/route.h"

/* Members one alias may have when all is expanded, and files deep :include: and alias may go. */
#define ALIAS_MEMBERS_MAX ROUTE_RECIPIENTS_MAX
#define ALIAS_DEPTH_MAX 50
#define ALIAS_ADDRESS_MAX 900

struct alias_table;

/* How :include: files are read: appends path to out; ST_OK, ST_NOENT, ST_IO ... with f. */
typedef enum st alias_include_fn(void *arg, const char *path, struct buf *out, struct fault *f);

/* map says which domains are local; it must outlive the table. */
struct alias_table *
alias_table_new(struct route_map *m, const struct conf *conf, alias_include_fn *include, void *arg);
void alias_table_free(struct alias_table *t);

/* Reads the text of one file; mistakes go to r as file:line. */
void
alias_table_read(struct alias_table *t, const char *file, struct slice text, struct conf_report *r);

/* Expands everything once, when all files were read: members that are aliases are replaced, doubles
 * removed. Loops are errors. */
void alias_table_expand(struct alias_table *t, struct conf_report *r);

/* The pairs of the compiled table, in the order of keys. fn false stops; returns false then. */
bool alias_table_each(const struct alias_table *t,
    bool (*fn)(void *arg, struct slice key, struct slice value), void *arg);

/* The key of an address (any case; "name" or "name@domain"), appended to key. ST_OK, or ST_TEMP,
 * ST_IO of the domain tables. */
enum st alias_key(struct route_map *m, struct slice address, struct buf *key, struct fault *f);

#endif
