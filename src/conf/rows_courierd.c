/*
 * courierd: Courier's names first, then our own.
 */
#include "conf/rows.h"

#include "build_config.h"

#define S struct conf_courierd
#define BUILD_SAYS "Accepted and without effect: it was chosen when the build was configured."
#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

const struct conf_row rows_courierd[] = {
    {"DEFAULTDELIVERY", ROW_TEXT(S, default_delivery), .dflt = "./Maildir", .max = 8192,
	.doc = "The delivery instructions of accounts that have none of their own, a line each, as "
	       "in a .courier file."},
    {"MAILDROPDEFAULT", ROW_STRING(S, maildrop_default), .dflt = "./Maildir", .max = 1023,
	.doc = "The mailbox maildrop delivers to when its filter names none."},
    {"PATH", ROW_STRING(S, path), .dflt = "/usr/local/bin:/usr/bin:/bin", .max = 4096,
	.doc = "Where programs of delivery instructions are looked for."},
    {"SHELL", ROW_PATH(S, shell), .dflt = "/bin/sh",
	.doc = "The shell that runs the programs of delivery instructions."},
    {"DSNNOTIFY", ROW_STRING(S, dsn_notify), .dflt = "", .max = 64,
	.doc = "The delivery reports asked for when mail is forwarded by instructions, as in "
	       "NOTIFY of RFC 3461; empty asks for the usual ones. N asks for none."},
    {"DSNTOAUTHADDR", ROW_BOOL(S, dsn_to_auth_addr), .dflt = "0",
	.doc = "1 sends reports about mail of a client that had logged in to its account, not to "
	       "the return address."},
    {"DYNAMICDELIVERIES", ROW_BOOL(S, dynamic_deliveries), .dflt = "1",
	.doc = "1 allows instructions of the form ||command, whose output is read as more "
	       "instructions."},
    {"AUTH_MKHOMEDIR_SKEL", ROW_PATH(S, mkhomedir_skel), .dflt = "",
	.doc = "A folder that is copied when the home of an account does not exist; empty makes no "
	       "homes."},
    {"ESMTP_BLOCKBACKSCATTER", ROW_STRING(S, block_backscatter), .dflt = "smtp/dsn", .max = 200,
	.doc = "Whose mail gets no delivery reports to other hosts: smtp/dsn (clients that have "
	       "not logged in: their sender is often forged), authsmtp/dsn (those that have), with "
	       "a comma between them. Empty sends all reports."},
    {"ARCHIVEDIR", ROW_PATH(S, archive_dir), .dflt = "",
	.doc = "A folder that gets a copy of every message; empty keeps none."},
    {"ESMTP_USE_STARTTLS", ROW_BOOL(S, use_starttls), .dflt = "1",
	.doc = "1 uses STARTTLS when another server offers it."},
    {"ESMTP_TLS_VERIFY_DOMAIN", ROW_BOOL(S, tls_verify_domain), .dflt = "0",
	.doc = "1 delivers under TLS only to servers whose certificate has their name. Needs "
	       "TLS_TRUSTCERTS."},
    {"ESMTP_PREFER_IPV6_MX", ROW_BOOL(S, prefer_ipv6_mx), .dflt = "1",
	.doc = "1 tries the IPv6 addresses of a server before the IPv4 ones."},
    {"TLS_CERTFILE", ROW_PATH(S, tls.certfile), .dflt = "",
	.doc = "The certificate shown to other servers, in PEM; usually none."},
    {"TLS_PRIVATE_KEYFILE", ROW_PATH(S, tls.private_keyfile), .dflt = "",
	.doc = "Its private key in PEM; empty means it stands in TLS_CERTFILE."},
    {"TLS_TRUSTCERTS", ROW_PATH(S, tls.trustcerts), .dflt = "",
	.doc = "Authorities whose server certificates are believed: a file in PEM."},
    {"TLS_VERIFYPEER", ROW_ENUM(S, tls.verify_peer), .dflt = "NONE",
	.words = "NONE PEER REQUIREPEER",
	.doc = "Whether the certificates of other servers are checked."},
    {"TLS_PROTOCOL", ROW_WORD(S, tls.protocol), .dflt = "TLSv1.2++", .words = ROWS_TLS_PROTOCOLS,
	.doc = "The TLS versions that are spoken to other servers: one version, or with ++ also "
	       "all later ones."},
    {"TLS_CIPHER_LIST", ROW_STRING(S, tls.cipher_list), .dflt = "", .max = 1000,
	.doc = "Cipher suites in the notation of the library; empty takes its default."},
    {"TLS_PRIORITY", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "A setting of another TLS library; use TLS_PROTOCOL and TLS_CIPHER_LIST."},
    {"TLS_TRUSTSECURITYCERTS", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Authorities for the SECURITY extension, which this version does not have."},
    {"TLS_MIN_DH_BITS", ROW_NOEFFECT,
	.doc = "Accepted and without effect: the TLS library refuses weak groups itself."},
    {"TLS_TIMEOUT", ROW_NOEFFECT, .doc = "Accepted and without effect: Courier never used it."},
    {"COURIERTLS", ROW_NOEFFECT, .doc = "Accepted and without effect: TLS is part of the server."},
    {"ESMTP_CORK", ROW_NOEFFECT,
	.doc = "Accepted and without effect: output is always sent in full segments."},
    {"SOURCE_ADDRESS", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Replaced in Courier by the file ipout."},
    {"SOURCE_ADDRESS_IPV6", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Replaced in Courier by the file ip6out."},
    {"UUXFLAGS", ROW_NOEFFECT, .doc = "Accepted and without effect: this version has no UUCP."},
    {"LANG", ROW_NOEFFECT,
	.doc =
	    "Accepted and without effect: programs of delivery instructions run in the C locale."},
    {"LC_ALL", ROW_NOEFFECT,
	.doc =
	    "Accepted and without effect: programs of delivery instructions run in the C locale."},
    {"prefix", ROW_NOEFFECT, .doc = BUILD_SAYS},
    {"exec_prefix", ROW_NOEFFECT, .doc = BUILD_SAYS},
    {"WORKER", ROW_ENUM(S, worker), .dflt = "account", .words = "account uid session",
	.flags = CONF_OURS,
	.doc = "Who shares a process that reads a mailbox: account gives each mailbox one process "
	       "for all its sessions, uid shares processes between all mailboxes of a system user, "
	       "session gives each session its own."},
    {"WORKERIDLE", ROW_DURATION(S, worker_idle_sec), .dflt = "60", .max = 86400, .flags = CONF_OURS,
	.doc = "A mailbox process without work ends after this time."},
    {"WORKERMAX", ROW_UINT(S, worker_max), .dflt = "1000", .min = 1, .max = 100000,
	.unit = "processes", .flags = CONF_OURS,
	.doc = "Most mailbox processes at once; the one that has been idle longest ends for a new "
	       "one."},
    {"DRAINTIME", ROW_DURATION(S, drain_time_sec), .dflt = "5m", .max = 86400, .flags = CONF_OURS,
	.doc = "After a reload, sessions of the old configuration may go on for this time."},
    {"DURABLE_THREADS", ROW_UINT(S, durable_threads), .dflt = "16", .min = 1, .max = 64,
	.unit = "threads", .flags = CONF_OURS, .when = CONF_WHEN_RESTART,
	.doc = "How many files a process makes durable at the same time."},
    {"LOG", ROW_PATH(S, log), .dflt = "syslog", .words = "syslog", .flags = CONF_OURS,
	.when = CONF_WHEN_RESTART,
	.doc = "Where the log goes: syslog, or a file by its path."},
    {"ROUTED_PROCESSES", ROW_UINT(S, routed_processes), .dflt = "1", .min = 1, .max = 64,
	.unit = "processes", .flags = CONF_OURS, .when = CONF_WHEN_RESTART,
	.doc = "How many processes decide where addresses go."},
    {"LOGIN_PROCESSES", ROW_UINT(S, login_processes), .dflt = "0", .max = 1024, .unit = "processes",
	.flags = CONF_OURS,
	.doc = "How many processes take IMAP and POP3 clients until they have logged in, and "
	       "encrypt for those with TLS; 0 means as many as there are processors."},
    {"ESMTP_PROCESSES", ROW_UINT(S, esmtp_processes), .dflt = "2", .min = 1, .max = 64,
	.unit = "processes", .flags = CONF_OURS, .when = CONF_WHEN_RESTART,
	.doc = "How many processes deliver to other hosts; each of them serves many connections."},
    {"ESMTPAUTHCLIENT", ROW_PATH(S, auth_client), .dflt = "$sysconfdir/esmtpauthclient",
	.flags = CONF_OURS,
	.doc = "The file with our logins at other servers, see esmtpauthclient(5). It may be "
	       "missing; it must not be readable by group or others."},
    {"DNS_SERVERS", ROW_STRING(S, dns_servers), .dflt = "", .max = 500, .flags = CONF_OURS,
	.doc = "The name servers that are asked where mail for other hosts goes: addresses with "
	       "or without a port, such as 127.0.0.1:53,[::1]:5353, separated by commas. Empty "
	       "means those of /etc/resolv.conf."},
    {"MEMORYMAX", ROW_SIZE(S, memory_max_bytes), .dflt = "2048M", .max = UINT64_C(1) << 40,
	.flags = CONF_OURS, .when = CONF_WHEN_RESTART,
	.doc = "The most memory of its own a process may have; one that wants more ends and is "
	       "started again. 0 means no limit. Programs that users' instructions start are "
	       "not limited by it."},
    {"MINUID", ROW_UINT(S, min_uid), .dflt = STRINGIFY(BUILD_MIN_UID), .min = 1, .max = 4294967294,
	.flags = CONF_OURS, .when = CONF_WHEN_RESTART,
	.doc = "No account with a smaller uid is served, whatever an account back end says."},
    {"VIRTUALUIDS", ROW_UIDS(S, virtual_uids), .dflt = "", .flags = CONF_OURS,
	.when = CONF_WHEN_RESTART,
	.doc = "Uids of virtual accounts although the system knows them, as numbers and ranges "
	       "such as 5000-5999: their homes need not be the home of that system user."},
    {NULL},
};
