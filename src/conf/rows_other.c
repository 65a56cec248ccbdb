/*
 * authdaemonrc and the module files.
 */
#include "conf/rows.h"

#define A struct conf_authdaemon
#define M struct conf_module
#define FIXED "Accepted and without effect: the module is part of the server."

const struct conf_row rows_authdaemon[] = {
    {"authmodulelist", ROW_WORDS(A, modules), .dflt = "authuserdb",
	.words = "authuserdb authpam authpgsql authldap authmysql authsqlite authcustom authpipe "
		 "authpwd authshadow",
	.doc = "The account back ends, in the order in which they are asked. Each is a program; "
	       "names of programs that are not installed are skipped, and logged."},
    {"authmodulelistorig", ROW_NOEFFECT,
	.doc = "Accepted and without effect: the list of all back ends there are."},
    {"daemons", ROW_UINT(A, daemons), .dflt = "5", .min = 1, .max = 256, .unit = "processes",
	.doc = "How many processes of each back end there are at most; each answers one request at "
	       "a time."},
    {"authdaemonvar", ROW_PATH(A, socket_dir), .dflt = "", .when = CONF_WHEN_RESTART,
	.doc = "The folder of the socket that other programs ask for accounts; empty is the folder "
	       "auth among the sockets of this build."},
    {"DEBUG_LOGIN", ROW_UINT(A, debug_login), .dflt = "0", .max = 2,
	.doc = "1 logs each step of a login; 2 also logs passwords, in the clear."},
    {"DEFAULTOPTIONS", ROW_STRING(A, default_options), .dflt = "", .max = 1024,
	.doc = "Options of every account, a comma separated list such as disablewebmail=1; options "
	       "of the account itself override them."},
    {"LOGGEROPTS", ROW_NOEFFECT,
	.doc =
	    "Accepted and without effect: there is one log for all; LOG in courierd says where."},
    {"LDAPTLS_CACERT", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Environment of a directory back end, which this version does not have."},
    {"LDAPTLS_REQCERT", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Environment of a directory back end, which this version does not have."},
    {"LDAPTLS_CERT", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Environment of a directory back end, which this version does not have."},
    {"LDAPTLS_KEY", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Environment of a directory back end, which this version does not have."},
    {NULL},
};

/* clang-format off */
#define MODULE_FIXED \
	{"NAME", ROW_NOEFFECT, .doc = FIXED}, {"PRIORITY", ROW_NOEFFECT, .doc = FIXED}, \
	{"PROG", ROW_NOEFFECT, .doc = FIXED}
#define MAXDELS(n) \
	{"MAXDELS", ROW_UINT(M, max_dels), .dflt = n, .min = 1, .max = 100000, \
	    .unit = "deliveries", .doc = "Most deliveries of this module at once."}
#define MAXHOST(n, what) \
	{"MAXHOST", ROW_UINT(M, max_host), .dflt = n, .min = 1, .max = 100000, \
	    .unit = "deliveries", .doc = "Most deliveries at once to one " what "."}
/* clang-format on */

const struct conf_row rows_module_local[] = {
    /* A delivery is a frame to a process that writes many at once, not a process of its own. */
    MAXDELS("1000"),
    MAXHOST("64", "account"),
    {"MAXRCPT", ROW_UINT(M, max_rcpt), .dflt = "1", .min = 1, .max = 1, .unit = "recipients",
	.doc = "Most recipients of one delivery; local deliveries have one."},
    MODULE_FIXED,
    {NULL},
};

const struct conf_row rows_module_esmtp[] = {
    /* So many servers can stall at a time before others have to wait for them. */
    MAXDELS("400"),
    MAXHOST("4", "host"),
    {"MAXRCPT", ROW_UINT(M, max_rcpt), .dflt = "100", .min = 1, .max = 100000, .unit = "recipients",
	.doc = "Most recipients of one delivery."},
    MODULE_FIXED,
    {NULL},
};

const struct conf_row rows_module_dsn[] = {
    MAXDELS("4"),
    MAXHOST("1", "sender"),
    {"MAXRCPT", ROW_UINT(M, max_rcpt), .dflt = "1", .min = 1, .max = 1, .unit = "recipients",
	.doc = "Most recipients of one report; a report has one."},
    MODULE_FIXED,
    {NULL},
};
