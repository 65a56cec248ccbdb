/*
 * The configuration: what the administrator wrote, checked, typed, in one struct that never changes
 * once it is loaded. docs/CONFIG.md is the normative text; every name stands in a row (conf/row.h),
 * which carries its type, range, default and manual text.
 *
 * All strings are UTF-8, end in NUL, are never NULL (empty instead) and live as long as the struct.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "conf/parts.h"
#include "conf/report.h"
#include "conf/snapshot.h"

/* Most bytes of one configuration file, and of all values together. */
#define CONF_FILE_MAX ((size_t)16 * 1024 * 1024)
#define CONF_TOTAL_MAX ((size_t)128 * 1024 * 1024)

enum conf_worker { CONF_WORKER_ACCOUNT, CONF_WORKER_UID, CONF_WORKER_SESSION };
enum conf_dotfiles { CONF_DOT_COURIER, CONF_DOT_QMAIL };

/* esmtpd, esmtpd-msa, esmtpd-ssl: one struct each, inheritance already applied. */
struct conf_esmtpd {
	bool start;                /* ESMTPDSTART, ESMTPDSSLSTART: is this service wanted? */
	struct conf_ports port;    /* PORT, SSLPORT */
	const char *address;       /* ADDRESS, SSLADDRESS: "0" = any */
	uint64_t max_daemons;      /* MAXDAEMONS: sessions in all */
	uint64_t max_per_c;        /* MAXPERC: sessions from one block (IPv4 /24, IPv6 /120) */
	uint64_t max_per_ip;       /* MAXPERIP: sessions from one address */
	uint64_t processes;        /* ESMTPD_PROCESSES, 0 = one for each processor */
	struct conf_list auth;     /* ESMTPAUTH: mechanisms offered without TLS */
	struct conf_list auth_tls; /* ESMTPAUTH_TLS: under TLS */
	bool auth_required;        /* AUTH_REQUIRED */
	bool tls_required;         /* ESMTP_TLS_REQUIRED */
	bool check_dns;            /* BOFHCHECKDNS */
	bool no_expn, no_vrfy;     /* BOFHNOEXPN, BOFHNOVRFY */
	bool tarpit;               /* TARPIT */
	bool no_add_msgid;         /* NOADDMSGID */
	bool no_add_date;          /* NOADDDATE */
	uint64_t no_add_rrewrite;  /* NOADDRREWRITE: 0, 1, 2 */
	const char *access_file;   /* ACCESSFILE without ".dat" */
	bool log_dialog;           /* ESMTP_LOG_DIALOG */
	int64_t timeout_sec;       /* ESMTPD_TIMEOUT: silence of the peer */
	struct conf_tls tls;
};

/* courierd: the environment of deliveries and our own knobs. */
struct conf_courierd {
	const char *default_delivery;  /* DEFAULTDELIVERY, lines of instructions */
	const char *maildrop_default;  /* MAILDROPDEFAULT */
	const char *path;              /* PATH of delivery programs */
	const char *shell;             /* SHELL */
	const char *dsn_notify;        /* DSNNOTIFY */
	bool dsn_to_auth_addr;         /* DSNTOAUTHADDR */
	bool dynamic_deliveries;       /* DYNAMICDELIVERIES */
	const char *mkhomedir_skel;    /* AUTH_MKHOMEDIR_SKEL */
	const char *block_backscatter; /* ESMTP_BLOCKBACKSCATTER */
	const char *archive_dir;       /* ARCHIVEDIR */
	bool use_starttls;             /* ESMTP_USE_STARTTLS */
	bool tls_verify_domain;        /* ESMTP_TLS_VERIFY_DOMAIN */
	bool prefer_ipv6_mx;           /* ESMTP_PREFER_IPV6_MX */
	struct conf_tls tls;           /* client side */
	int worker;                    /* WORKER, enum conf_worker */
	int64_t worker_idle_sec;       /* WORKERIDLE */
	uint64_t worker_max;           /* WORKERMAX */
	int64_t drain_time_sec;        /* DRAINTIME */
	uint64_t durable_threads;      /* DURABLE_THREADS */
	const char *log;               /* LOG: "syslog" or a path */
	uint64_t routed_processes;     /* ROUTED_PROCESSES */
	uint64_t esmtp_processes;      /* ESMTP_PROCESSES */
	const char *dns_servers;       /* DNS_SERVERS; empty = those of the system */
	const char *auth_client;       /* ESMTPAUTHCLIENT: a path; the file may be missing */
	uint64_t login_processes;      /* LOGIN_PROCESSES, 0 = one for each processor */
	uint64_t memory_max_bytes;     /* MEMORYMAX, 0 = no limit */
	uint64_t min_uid;              /* MINUID */
	struct conf_list virtual_uids; /* VIRTUALUIDS: "5000", "5000-5999" */
};

/* Files that hold one value or a list. */
struct conf_site {
	const char *me;
	const char *defaultdomain;
	struct conf_list locals;             /* "dom", ".dom", "!host"; lower case */
	struct conf_list esmtpacceptmailfor; /* "dom", ".dom" */
	const char *defaultsep;
	int dotextension; /* enum conf_dotfiles */
	bool locallowercase;
	const char *msgidhost;
	const char *esmtphelo;
	const char *esmtpgreeting; /* empty = built in; lines separated by LF */
	int64_t queuetime_sec, warntime_sec;
	int64_t retryalpha_sec, retrygamma_sec;
	uint64_t retrybeta, retrymaxdelta; /* counts */
	uint64_t queuelo, queuehi;         /* 0 = computed */
	uint64_t batchsize;                /* recipients */
	uint64_t sizelimit_bytes;          /* 0 = no limit */
	int64_t submitdelay_sec;
	int64_t localtimeout_sec;
	uint64_t dsnlimit_bytes;
	const char *dsnfrom;
	struct conf_list enablefiltering; /* esmtp local uucp */
	struct conf_list esmtproutes;     /* lines, see conf/route_line.h */
	int64_t esmtpdelay_sec;           /* a host that cannot be reached rests; 0 = not */
	int64_t esmtptimeout_sec;         /* silence in a dialog */
	int64_t esmtptimeoutconnect_sec;
	int64_t esmtptimeouthelo_sec; /* greeting, EHLO, HELO */
	int64_t esmtptimeoutdata_sec; /* the message, and the reply to it */
	int64_t esmtptimeoutquit_sec;
	int64_t esmtptimeoutkeepalive_sec;     /* a connection waits for the next message */
	int64_t esmtptimeoutkeepaliveping_sec; /* RSET so often meanwhile; 0 = never */
};

struct conf_bofh {
	struct conf_list badfrom;    /* user@dom @dom @.dom user@.dom */
	struct conf_list badmx;      /* addresses */
	struct conf_list freemail;   /* "dom dom2 ..." */
	struct conf_list spamtrap;   /* user@dom */
	uint64_t max_rcpts;          /* maxrcpts N */
	bool max_rcpts_hard;         /* maxrcpts N hard */
	uint64_t check_helo;         /* opt BOFHCHECKHELO */
	uint64_t header_limit_bytes; /* opt BOFHHEADERLIMIT */
};

struct conf_authdaemon {
	struct conf_list modules;    /* authmodulelist: back ends in the order they are asked */
	uint64_t daemons;            /* processes of each back end */
	const char *socket_dir;      /* authdaemonvar; empty = the build's */
	uint64_t debug_login;        /* DEBUG_LOGIN: 0, 1, 2 (2 also logs passwords) */
	const char *default_options; /* DEFAULTOPTIONS */
};

/* module.local, module.esmtp, module.dsn */
struct conf_module {
	uint64_t max_dels; /* MAXDELS: deliveries at once */
	uint64_t max_host; /* MAXHOST: at once to one host */
	uint64_t max_rcpt; /* MAXRCPT: recipients of one delivery */
};

struct conf {
	struct conf_site site;
	struct conf_bofh bofh;
	struct conf_courierd courierd;
	struct conf_esmtpd esmtpd, msa, ssl;
	struct conf_mailservice imap, imaps, pop3, pop3s;
	struct conf_authdaemon authdaemon;
	struct conf_module local, esmtp, dsn;
	struct arena *arena;      /* private: all strings */
	struct conf_where *where; /* private: where each row was set */
};

/* --- reading --------------------------------------------------------------- */

struct conf_source {
	int dirfd;            /* the configuration folder, or AT_FDCWD with dir "." */
	const char *dir;      /* its path, for messages only */
	const char *hostname; /* what "me" defaults to; NULL = gethostname(2) */
};

/*
 * Reads all files of src into *out. ST_OK; ST_SYNTAX when there was any error (out is empty then, r
 * has them all). Warnings do not count. Needs conf_fini when ST_OK.
 */
enum st
conf_load(const struct conf_source *src, struct conf *out, struct conf_report *r) ATTR_CHECKED;

/* The same for me, defaultdomain and msgidhost alone: a mistake elsewhere does not matter. */
enum st conf_load_names(
    const struct conf_source *src, struct conf *out, struct conf_report *r) ATTR_CHECKED;

/* The defaults alone (tests). */
void conf_defaults(const char *hostname, struct conf *out);

/* Releases everything; c may be zeroed. */
void conf_fini(struct conf *c);

/* Is uid in a list such as virtual_uids? */
bool conf_uid_listed(const struct conf_list *uids, uint32_t uid);

#endif
