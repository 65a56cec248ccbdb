/*
 * Who there is, who talks to whom, who listens where.
 */
#include "daemon/master/roles.h"

#include <string.h>

#include "base/attr.h"
#include "build_config.h"
#include "os/sysinfo.h"

/* Channels, segments, log, libraries: what any process needs beside its work. */
#define FDS_SPARE 64

static unsigned
one(const struct conf *c)
{
	(void)c;
	return 1;
}

static unsigned
none(const struct conf *c)
{
	(void)c;
	return 0;
}

static unsigned
routed_number(const struct conf *c)
{
	return c->courierd.routed_processes ? (unsigned)c->courierd.routed_processes : 1;
}

static bool
any_esmtpd(const struct conf *c)
{
	return c->esmtpd.start || c->msa.start || c->ssl.start;
}

static unsigned
esmtpd_number(const struct conf *c)
{
	/* Even with no port open, sendmail(1) needs one behind the local socket. */
	if (!any_esmtpd(c))
		return 1;
	return c->esmtpd.processes ? (unsigned)c->esmtpd.processes : sysinfo_cpus();
}

static size_t
fds_plain(const struct conf *c)
{
	(void)c;
	return 256;
}

static size_t
fds_esmtpd(const struct conf *c)
{
	return (size_t)(c->esmtpd.max_daemons + c->msa.max_daemons + c->ssl.max_daemons) + 256 + FDS_SPARE;
}

static size_t
fds_courierd(const struct conf *c)
{
	return (size_t)(2 * (c->local.max_dels + c->esmtp.max_dels) + c->courierd.worker_max) + 1024 + FDS_SPARE;
}

/* Started in this order, stopped in the other one. */
const struct role roles[] = {
	{ "logd", BUILD_USER_LOG, 1, false, false, false, one, fds_plain },
	{ "tallyd", BUILD_USER_TALLY, 2, true, false, false, one, fds_plain },
	{ "authdaemond", BUILD_USER_AUTH, 3, false, false, true, one, fds_plain },
	{ "routed", BUILD_USER_ROUTE, 4, false, false, true, routed_number, fds_plain },
	{ "courierd", BUILD_USER_MAIL, 0, false, false, false, one, fds_courierd },
	{ "courierdsn", BUILD_USER_OUT, 5, true, false, false, one, fds_plain },
	{ "esmtpd", BUILD_USER_SMTP, 6, true, true, false, esmtpd_number, fds_esmtpd },
	{ "courierlocal", NULL, 0, false, false, false, none, fds_plain },
};
const size_t role_count = COUNT_OF(roles);

const struct role_link role_links[] = {
	{ "routed", "authdaemond" },
	{ "courierd", "authdaemond" },
	{ "courierd", "courierdsn" },
	{ "courierdsn", "routed" },
	{ "esmtpd", "tallyd" },
	{ "esmtpd", "authdaemond" },
	{ "esmtpd", "routed" },
	{ "esmtpd", "courierd" },
};
const size_t role_link_count = COUNT_OF(role_links);

const struct role *
role_find(const char *name)
{
	for (size_t i = 0; i < role_count; i++)
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	return NULL;
}

static bool
always(const struct conf *c)
{
	(void)c;
	return true;
}

static bool
esmtpd_wanted(const struct conf *c)
{
	return c->esmtpd.start;
}

static bool
msa_wanted(const struct conf *c)
{
	return c->msa.start;
}

static bool
ssl_wanted(const struct conf *c)
{
	return c->ssl.start;
}

static const struct conf_esmtpd *
esmtpd_ports(const struct conf *c)
{
	return &c->esmtpd;
}

static const struct conf_esmtpd *
msa_ports(const struct conf *c)
{
	return &c->msa;
}

static const struct conf_esmtpd *
ssl_ports(const struct conf *c)
{
	return &c->ssl;
}

const struct role_socket role_sockets[] = {
	{ "smtp", "esmtpd", NULL, 0, esmtpd_wanted, esmtpd_ports },
	{ "submission", "esmtpd", NULL, 0, msa_wanted, msa_ports },
	{ "smtps", "esmtpd", NULL, 0, ssl_wanted, ssl_ports },
	{ "local", "esmtpd", "smtp/socket", 0666, always, NULL },
	{ "control", "courierd", "control/courierd", 0666, always, NULL },
	{ "auth", "authdaemond", "auth/socket", 0777, always, NULL },
};
const size_t role_socket_count = COUNT_OF(role_sockets);
