/*
 * By which way mail for a domain leaves: the lines of esmtproutes (docs/OUTBOUND.md section 2).
 */
#ifndef ROUTE_ESMTPROUTES_H
#define ROUTE_ESMTPROUTES_H

#include <stdbool.h>

#include "conf/conf.h"
#include "conf/route_line.h"

/*
 * The first line that fits domain (any case; "dom" is itself, ".dom" what is below it, the
 * empty one every domain). False: there is none, *out is the way without one. Slices point into
 * conf.
 */
bool esmtproutes_find(const struct conf_list *lines, struct slice domain, struct conf_route *out);

#endif
