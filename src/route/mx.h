/*
 * From MX records to hosts in the order in which they are tried. Pure: what the name servers said
 * comes in, chance too. RFC 5321 section 5.1, RFC 7505, docs/OUTBOUND.md section 3.
 */
#ifndef ROUTE_MX_H
#define ROUTE_MX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "base/slice.h"
#include "conf/conf.h"

#define MX_HOSTS_MAX 20 /* further ones are not tried; RFC 5321 5.1 wants at least two */

struct mx_record {
	struct slice host; /* "." in a null MX */
	unsigned preference;
};

struct mx_ask {
	struct slice domain;
	const struct mx_record *records;
	size_t count; /* 0: the domain has none */
	const struct conf_site *self; /* me and locals are our own names */
	bool is_static;               /* a line of esmtproutes sends it there: no loop is seen */
	uint64_t (*random)(void *arg);
	void *random_arg;
};

/*
 * The hosts to try, best first, equal preferences in random order; without MX records the domain
 * itself. Hosts of our preference and worse are left out when one of them is us.
 *   result  ST_OK with at least one host in a | ST_PERM: 5.1.10 null MX, 5.4.4 a host that is an
 *           address, 5.4.6 it loops back to us
 */
enum st mx_order(struct arena *a, const struct mx_ask *ask, struct slice **hosts, size_t *count,
    struct fault *f) ATTR_CHECKED;

/* Is it one of our own names? */
bool mx_is_self(const struct conf_site *self, struct slice host);

#endif
