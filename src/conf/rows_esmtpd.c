/*
 * esmtpd, esmtpd-msa, esmtpd-ssl.
 */
#include "conf/rows.h"

#define S struct conf_esmtpd
#define MECHANISMS "PLAIN LOGIN CRAM-MD5 CRAM-SHA1 CRAM-SHA256"
#define SUPERVISED                                                                              \
	"Accepted and without effect: the master process starts, watches and names the server " \
	"itself."
#define BUILD_SAYS "Accepted and without effect: it was chosen when the build was configured."

const struct conf_row rows_esmtpd[] = {
    {"MAXDAEMONS", ROW_UINT(S, max_daemons), .dflt = "40", .min = 1, .max = 1000000,
	.unit = "sessions",
	.doc = "Most sessions at once; further clients are told to come back later."},
    {"MAXPERC", ROW_UINT(S, max_per_c), .dflt = "5", .min = 1, .max = 1000000, .unit = "sessions",
	.doc = "Most sessions at once from one block of addresses: all that differ in the last "
	       "byte only."},
    {"MAXPERIP", ROW_UINT(S, max_per_ip), .dflt = "5", .min = 1, .max = 1000000, .unit = "sessions",
	.doc = "Most sessions at once from one address. MAXCPERIP in smtpaccess overrides it for "
	       "some clients."},
    {"ESMTPD_PROCESSES", ROW_UINT(S, processes), .dflt = "0", .max = 1024, .unit = "processes",
	.flags = CONF_OURS,
	.doc = "How many processes serve the sessions, each one many of them; 0 means as many as "
	       "there are processors. The value of esmtpd counts for all three services."},
    {"ESMTPD_TIMEOUT", ROW_DURATION(S, timeout_sec), .dflt = "5m", .min = 1, .max = 86400,
	.flags = CONF_OURS,
	.doc = "A client that is silent for longer loses its session. RFC 5321 section 4.5.3.2.7 "
	       "asks for at least five minutes."},
    {"ESMTPAUTH", ROW_WORDS(S, auth), .dflt = "", .words = MECHANISMS,
	.doc = "SASL mechanisms offered to clients without TLS. Passwords then cross the network "
	       "in the clear with PLAIN and LOGIN. Mechanisms that are not built in (now: the CRAM "
	       "family) are not offered."},
    {"ESMTPAUTH_TLS", ROW_WORDS(S, auth_tls), .dflt = "", .words = MECHANISMS,
	.doc = "SASL mechanisms offered under TLS. Mechanisms that are not built in (now: the CRAM "
	       "family) are not offered."},
    {"ESMTPAUTH_WEBADMIN", ROW_NOEFFECT,
	.doc =
	    "Accepted and without effect: what the web administration would put into ESMTPAUTH."},
    {"ESMTPAUTH_TLS_WEBADMIN", ROW_NOEFFECT,
	.doc = "Accepted and without effect: what the web administration would put into "
	       "ESMTPAUTH_TLS."},
    {"AUTH_REQUIRED", ROW_BOOL(S, auth_required), .dflt = "0",
	.doc = "1 refuses mail from clients that have not logged in. AUTH_REQUIRED in smtpaccess "
	       "overrides it."},
    /* R3207-4-d */
    {"ESMTP_TLS_REQUIRED", ROW_BOOL(S, tls_required), .dflt = "0",
	.doc =
	    "1 refuses mail before STARTTLS. RFC 3207 section 4 forbids this on a public port 25."},
    {"BOFHCHECKDNS", ROW_BOOL(S, check_dns), .dflt = "1",
	.doc = "1 refuses return addresses whose domain has no mail server in DNS."},
    {"BOFHNOEXPN", ROW_BOOL(S, no_expn), .dflt = "0",
	.doc = "1 answers EXPN with 252 instead of the members of an alias. This version always "
	       "does."},
    {"BOFHNOVRFY", ROW_BOOL(S, no_vrfy), .dflt = "0",
	.doc =
	    "1 answers VRFY with 252 instead of looking the address up. This version always does."},
    {"TARPIT", ROW_BOOL(S, tarpit), .dflt = "1",
	.doc = "1 delays the answers to a client that keeps making errors, longer each time."},
    {"NOADDMSGID", ROW_BOOL(S, no_add_msgid), .dflt = "1",
	.doc = "1 leaves messages without a Message-ID as they are; 0 adds one."},
    {"NOADDDATE", ROW_BOOL(S, no_add_date), .dflt = "1",
	.doc = "1 leaves messages without a Date as they are; 0 adds one."},
    {"NOADDRREWRITE", ROW_UINT(S, no_add_rrewrite), .dflt = "0", .max = 2,
	.doc = "0 completes addresses without a domain in header fields; 1 never changes them; 2 "
	       "leaves signed messages alone."},
    {"ACCESSFILE", ROW_PATH(S, access_file), .dflt = "$sysconfdir/smtpaccess",
	.doc = "The table of what clients may do, without the .dat that makesmtpaccess adds."},
    {"ESMTP_LOG_DIALOG", ROW_BOOL(S, log_dialog), .dflt = "0",
	.doc = "1 logs every command and reply of every session up to its STARTTLS, without "
	       "passwords and messages."},
    {"TLS_CERTFILE", ROW_PATH(S, tls.certfile), .dflt = "$sysconfdir/esmtpd.pem",
	.doc = "The certificate, its chain and, unless TLS_PRIVATE_KEYFILE names another file, the "
	       "private key, in PEM. Without this file STARTTLS is not offered."},
    {"TLS_PRIVATE_KEYFILE", ROW_PATH(S, tls.private_keyfile), .dflt = "",
	.doc = "The private key in PEM; empty means it stands in TLS_CERTFILE."},
    {"TLS_DHPARAMS", ROW_PATH(S, tls.dhparams), .dflt = "",
	.doc = "Parameters for Diffie-Hellman key exchange in PEM; empty takes the groups of the "
	       "library."},
    {"TLS_TRUSTCERTS", ROW_PATH(S, tls.trustcerts), .dflt = "",
	.doc = "Authorities whose client certificates are believed: a file in PEM."},
    {"TLS_VERIFYPEER", ROW_ENUM(S, tls.verify_peer), .dflt = "NONE",
	.words = "NONE PEER REQUIREPEER",
	.doc = "Whether clients are asked for a certificate: NONE does not, PEER asks, REQUIREPEER "
	       "insists."},
    {"TLS_PROTOCOL", ROW_WORD(S, tls.protocol), .dflt = "TLSv1.2++", .words = ROWS_TLS_PROTOCOLS,
	.doc = "The TLS versions that are spoken: one version, or with ++ also all later ones. RFC "
	       "8996 ends TLSv1 and TLSv1.1."},
    {"TLS_CIPHER_LIST", ROW_STRING(S, tls.cipher_list), .dflt = "", .max = 1000,
	.doc = "Cipher suites in the notation of the library; empty takes its default."},
    {"TLS_EXTERNAL", ROW_STRING(S, tls.external), .dflt = "", .max = 64,
	.doc = "The field of a client certificate's subject that must equal the login for SASL "
	       "EXTERNAL; empty switches EXTERNAL off."},
    {"TLS_PRIORITY", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "A setting of another TLS library; use TLS_PROTOCOL and TLS_CIPHER_LIST."},
    {"TLS_MIN_DH_BITS", ROW_NOEFFECT,
	.doc = "Accepted and without effect: the TLS library refuses weak groups itself."},
    {"TLS_TIMEOUT", ROW_NOEFFECT, .doc = "Accepted and without effect: Courier never used it."},
    {"TLS_CACHEFILE", ROW_NOEFFECT,
	.doc = "Accepted and without effect: sessions are resumed by tickets."},
    {"TLS_CACHESIZE", ROW_NOEFFECT,
	.doc = "Accepted and without effect: sessions are resumed by tickets."},
    {"COURIERTLS", ROW_NOEFFECT, .doc = "Accepted and without effect: TLS is part of the server."},
    {"BLACKLISTS", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "DNS lists. This version asks none."},
    {"ALLOW_EXCLUSIVE", ROW_NOEFFECT,
	.doc = "Trust in the results of DNS lists. This version asks none."},
    {"DROP", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Closing connections of listed clients. This version asks no DNS lists."},
    {"TCPDOPTS", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Options of a listener program that this server does not have."},
    {"ULIMIT", ROW_NOEFFECT, .doc = SUPERVISED},
    {"SYSLOGNAME", ROW_NOEFFECT, .doc = SUPERVISED},
    {"PATH", ROW_NOEFFECT, .doc = "Accepted and without effect: the server starts no programs."},
    {"SHELL", ROW_NOEFFECT, .doc = "Accepted and without effect: the server starts no programs."},
    {"MAILUSER", ROW_NOEFFECT, .doc = BUILD_SAYS},
    {"MAILGROUP", ROW_NOEFFECT, .doc = BUILD_SAYS},
    {"prefix", ROW_NOEFFECT, .doc = BUILD_SAYS},
    {"exec_prefix", ROW_NOEFFECT, .doc = BUILD_SAYS},
    {"sysconfdir", ROW_NOEFFECT, .doc = BUILD_SAYS},
    {"MISC", ROW_NOEFFECT, .doc = "Accepted and without effect: nothing reads it."},
    {"CUSTOM", ROW_NOEFFECT, .doc = "Accepted and without effect: nothing reads it."},
    {NULL},
};

const struct conf_row rows_smtp[] = {
    {"ESMTPDSTART", ROW_YESNO(S, start), .dflt = "NO", .when = CONF_WHEN_RESTART,
	.doc = "YES starts the SMTP server."},
    {"PORT", ROW_PORTS(S, port), .dflt = "smtp", .when = CONF_WHEN_RESTART,
	.doc = "The ports to listen on, separated by commas; address.port listens on one address "
	       "only."},
    {"ADDRESS", ROW_ADDRESS(S, address), .dflt = "0", .when = CONF_WHEN_RESTART,
	.doc = "The address to listen on, for ports without one of their own; 0 means all."},
    {"PIDFILE", ROW_NOEFFECT, .doc = SUPERVISED},
    {NULL},
};

const struct conf_row rows_msa[] = {
    {"ESMTPDSTART", ROW_YESNO(S, start), .dflt = "NO", .when = CONF_WHEN_RESTART,
	.doc = "YES starts the submission server."},
    {"PORT", ROW_PORTS(S, port), .dflt = "587", .when = CONF_WHEN_RESTART,
	.doc = "The ports to listen on, separated by commas; address.port listens on one address "
	       "only."},
    {"ADDRESS", ROW_ADDRESS(S, address), .dflt = "0", .when = CONF_WHEN_RESTART,
	.doc = "The address to listen on, for ports without one of their own; 0 means all."},
    {"NOADDMSGID", ROW_BOOL(S, no_add_msgid), .dflt = "0",
	.doc = "1 leaves messages without a Message-ID as they are; 0 adds one (RFC 6409 section "
	       "8.3)."},
    {"NOADDDATE", ROW_BOOL(S, no_add_date), .dflt = "0",
	.doc = "1 leaves messages without a Date as they are; 0 adds one (RFC 6409 section 8.2)."},
    {"PIDFILE", ROW_NOEFFECT, .doc = SUPERVISED},
    {NULL},
};

const struct conf_row rows_ssl[] = {
    {"ESMTPDSSLSTART", ROW_YESNO(S, start), .dflt = "NO", .when = CONF_WHEN_RESTART,
	.doc = "YES starts the submission server with TLS from the first byte."},
    {"SSLPORT", ROW_PORTS(S, port), .dflt = "465", .when = CONF_WHEN_RESTART,
	.doc = "The ports to listen on, separated by commas; address.port listens on one address "
	       "only."},
    {"SSLADDRESS", ROW_ADDRESS(S, address), .dflt = "0", .when = CONF_WHEN_RESTART,
	.doc = "The address to listen on, for ports without one of their own; 0 means all."},
    {"SSLPIDFILE", ROW_NOEFFECT, .doc = SUPERVISED},
    {NULL},
};
