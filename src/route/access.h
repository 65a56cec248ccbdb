/*
 * smtpaccess: what a client may do, by its address. The single most specific entry decides
 * (docs/ROUTING.md section 5).
 */
#ifndef ROUTE_ACCESS_H
#define ROUTE_ACCESS_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/dict.h"
#include "base/fault.h"
#include "base/ip.h"
#include "conf/conf.h"

#define ACCESS_VARIABLES_MAX 64
#define ACCESS_NAME_MAX 64
#define ACCESS_VALUE_MAX 512

struct access_variable {
	struct slice name, value;
};

struct access_policy {
	bool deny; /* close at once */
	struct access_variable *variables;
	size_t count;
};

/*
 * The policy for a client; no entry (or dict NULL) is an empty policy. ST_OK, or ST_TEMP, ST_IO
 * with f. ip is taken as IPv4 when it is a mapped one.
 */
enum st access_lookup(struct dict *d, const struct ip *ip, struct arena *a,
    struct access_policy *out, struct fault *f) ATTR_CHECKED;

/* The value of a variable; false when it is not set. "RELAYCLIENT" is usually set to "". */
bool access_variable(const struct access_policy *p, struct slice name, struct slice *value);

/* --- compiling ------------------------------------------------------------- */

/* Collects entries; written by access_table_each. */
struct access_table;

/* An empty table. */
struct access_table *access_table_new(void);

/* Releases the table; NULL is allowed. */
void access_table_free(struct access_table *t);

/* Reads the text of one file; mistakes go to r as file:line. A second entry for a block is an
 * error. */
void access_table_read(
    struct access_table *t, const char *file, struct slice text, struct conf_report *r);

/* The pairs of the compiled table. fn false stops; returns false then. */
bool access_table_each(const struct access_table *t,
    bool (*fn)(void *arg, struct slice key, struct slice value), void *arg);

#endif
