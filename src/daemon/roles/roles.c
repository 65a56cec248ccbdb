/*
 * Who there is, who talks to whom, who listens where.
 */
#include "daemon/roles/roles.h"

#include <string.h>

#include "base/attr.h"
#include "build_config.h"
#include "os/sysinfo.h"

#define IN_CONF(member) offsetof(struct conf, member)
#define FDS_PLAIN 256 /* channels, log, libraries: what any process needs beside its work */

const struct role roles[] = {
	{.name = "logd", .user = BUILD_USER_LOG, .uid_offset = 1, .fds = FDS_PLAIN},
	{.name = "confcheck", .user = BUILD_USER_MAIL, .is_checker = true, .fds = FDS_PLAIN},
	{.name = "tallyd", .user = BUILD_USER_TALLY, .uid_offset = 2, .empty_root = true,
	    .fds = FDS_PLAIN},
	{.name = "authdaemond", .user = BUILD_USER_AUTH, .uid_offset = 3, .mail_group = true,
	    .fds = 2 * FDS_PLAIN},
	{.name = "routed", .user = BUILD_USER_ROUTE, .uid_offset = 4, .mail_group = true,
	    .asks = {"authdaemond"}, .number = IN_CONF(courierd.routed_processes),
	    .fds = FDS_PLAIN},
	{.name = "imapd", .service = "imap", .asker = "login", .fds = 4 * FDS_PLAIN,
	    .fds_by = {IN_CONF(imap.max_daemons), IN_CONF(imaps.max_daemons)},
	    .fds_names = "MAXDAEMONS of imapd"},
	{.name = "pop3d", .service = "pop3", .asker = "login", .fds = 4 * FDS_PLAIN,
	    .fds_by = {IN_CONF(pop3.max_daemons), IN_CONF(pop3s.max_daemons)},
	    .fds_names = "MAXDAEMONS of pop3d"},
	{.name = "courierlocal", .service = "deliver", .asker = "courierd", .ends_with_asker = true,
	    .asks = {"imapd"}, .fds = FDS_PLAIN},
	{.name = "courierdsn", .user = BUILD_USER_OUT, .uid_offset = 5, .empty_root = true,
	    .asks = {"routed"}, .fds = FDS_PLAIN},
	{.name = "courieresmtp", .user = BUILD_USER_OUT, .uid_offset = 5, .empty_root = true,
	    .by_generation = true, .number = IN_CONF(courierd.esmtp_processes), .fds = FDS_PLAIN,
	    .fds_by = {IN_CONF(esmtp.max_dels), IN_CONF(esmtp.max_dels), IN_CONF(esmtp.max_dels)},
	    .tls = {IN_CONF(courierd.tls)}, .secret = IN_CONF(courierd.auth_client),
	    .fds_names = "MAXDELS of module.esmtp"},
	{.name = "courierd", .user = BUILD_USER_MAIL,
	    .asks = {"authdaemond", "courierdsn", "courieresmtp"},
	    .fds = 1024,
	    .fds_by = {IN_CONF(local.max_dels), IN_CONF(local.max_dels), IN_CONF(esmtp.max_dels),
		IN_CONF(esmtp.max_dels), IN_CONF(courierd.worker_max)},
	    .fds_names = "MAXDELS and WORKERMAX"},
	{.name = "esmtpd", .user = BUILD_USER_SMTP, .uid_offset = 6, .empty_root = true,
	    .by_generation = true, .asks = {"tallyd", "authdaemond", "routed", "courierd"},
	    .number = IN_CONF(esmtpd.processes), .fds = FDS_PLAIN,
	    .tls = {IN_CONF(esmtpd.tls), IN_CONF(msa.tls), IN_CONF(ssl.tls)},
	    .fds_by = {IN_CONF(esmtpd.max_daemons), IN_CONF(msa.max_daemons),
		IN_CONF(ssl.max_daemons)},
	    .fds_names = "MAXDAEMONS"},
	/* A session under TLS has two descriptors as long as it lasts, the others one at most. */
	{.name = "login", .user = BUILD_USER_LOGIN, .uid_offset = 7, .empty_root = true,
	    .by_generation = true, .asks = {"tallyd", "authdaemond"},
	    .number = IN_CONF(courierd.login_processes), .fds = FDS_PLAIN,
	    .tls = {IN_CONF(imaps.tls), IN_CONF(pop3s.tls)},
	    .wanted = {IN_CONF(imap.start), IN_CONF(imaps.start), IN_CONF(pop3.start),
		IN_CONF(pop3s.start)},
	    .fds_by = {IN_CONF(imap.max_daemons), IN_CONF(imaps.max_daemons),
		IN_CONF(imaps.max_daemons), IN_CONF(pop3.max_daemons), IN_CONF(pop3s.max_daemons),
		IN_CONF(pop3s.max_daemons), IN_CONF(courierd.worker_max)},
	    .fds_names = "MAXDAEMONS of imapd and pop3d, and WORKERMAX"},
};
const size_t role_count = COUNT_OF(roles);
_Static_assert(COUNT_OF(roles) <= ROLES_MAX, "ROLES_MAX");

const struct role_socket role_sockets[] = {
	{.service = "smtp", .role = "esmtpd", .ports = IN_CONF(esmtpd)},
	{.service = "submission", .role = "esmtpd", .ports = IN_CONF(msa)},
	{.service = "smtps", .role = "esmtpd", .ports = IN_CONF(ssl)},
	{.service = "imap", .role = "login", .mail_ports = IN_CONF(imap)},
	{.service = "imaps", .role = "login", .mail_ports = IN_CONF(imaps)},
	{.service = "pop3", .role = "login", .mail_ports = IN_CONF(pop3)},
	{.service = "pop3s", .role = "login", .mail_ports = IN_CONF(pop3s)},
	{.service = "local", .role = "esmtpd", .path = "smtp/socket", .mode = 0666},
	{.service = "control", .role = "courierd", .path = "control/courierd", .mode = 0666},
	{.service = "auth", .role = "authdaemond", .path = "auth/socket", .mode = 0777},
};
const size_t role_socket_count = COUNT_OF(role_sockets);

bool
role_asks(const struct role *asker, const struct role *answerer)
{
	for (size_t i = 0; i < COUNT_OF(asker->asks) && asker->asks[i]; i++)
		if (strcmp(asker->asks[i], answerer->name) == 0)
			return true;
	return false;
}

static uint64_t
in_conf(const struct conf *c, size_t place)
{
	return *(const uint64_t *)(const void *)((const char *)c + place);
}

static bool
is_wanted(const struct role *r, const struct conf *c)
{
	for (size_t i = 0; i < COUNT_OF(r->wanted) && r->wanted[i]; i++)
		if (*(const bool *)((const char *)c + r->wanted[i]))
			return true;
	return r->wanted[0] == 0;
}

unsigned
role_number(const struct role *r, const struct conf *c)
{
	uint64_t said = r->number ? in_conf(c, r->number) : 1;

	if (!r->user || r->is_checker || !is_wanted(r, c))
		return 0;
	return said ? (unsigned)said : sysinfo_cpus();
}

size_t
role_fds(const struct role *r, const struct conf *c)
{
	size_t n = r->fds;

	if (!is_wanted(r, c))
		return n;
	for (size_t i = 0; i < COUNT_OF(r->fds_by) && r->fds_by[i]; i++)
		n += (size_t)in_conf(c, r->fds_by[i]);
	return n;
}

bool
role_socket_listens(const struct role_socket *row, const struct conf *c,
    const struct conf_ports **port, const char **address)
{
	const char *base = (const char *)c;

	if (row->mail_ports) {
		const struct conf_mailservice *m = (const void *)(base + row->mail_ports);

		*port = &m->port;
		*address = m->address;
		return m->start;
	}
	if (row->path)
		return false;
	const struct conf_esmtpd *e = (const void *)(base + row->ports);

	*port = &e->port;
	*address = e->address;
	return e->start;
}
