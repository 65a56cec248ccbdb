/*
 * hosteddomains and esmtpacceptmailfor.dir: text files to the compiled tables.
 * Key: the domain in lower case, or ".domain" for all below it; value: the domain it stands for, or
 * empty.
 */
#ifndef ROUTE_DOMAINS_H
#define ROUTE_DOMAINS_H

#include "base/arena.h"
#include "conf/conf.h"

/*
 * Calls fn for each entry of text. aliases_allowed: "domain TAB other". "*" and "*.x" take the
 * place of the name of this server (conf->site.me), as in Courier. Mistakes go to r as file:line.
 */
void route_domains_read(const struct conf *conf, const char *file, struct slice text,
    bool aliases_allowed, bool (*fn)(void *arg, struct slice key, struct slice value), void *arg,
    struct conf_report *r);

#endif
