/*
 * imapd, imapd-ssl, pop3d, pop3d-ssl. As in Courier, what concerns TLS stands in the -ssl files and
 * counts for STARTTLS on the plain port too.
 */
#include "conf/rows.h"

#define S struct conf_mailservice
#define MECHANISMS "PLAIN LOGIN CRAM-MD5 CRAM-SHA1 CRAM-SHA256"
#define SUPERVISED \
	"Accepted and without effect: the master process starts, watches and names the server " \
	"itself."
#define BUILD_SAYS "Accepted and without effect: it was chosen when the build was configured."
#define TLS_CACHE "Accepted and without effect: sessions are resumed by tickets."
#define NO_PROXY "Proxies to other servers, which this version does not have."
#define ONE_AUTH \
	"Other service names for the account back ends, which this version does not ask for."
#define NO_DELETION_LOG \
	"Logging of each deleted message, which this version does not do."
#define NO_TRASH \
	"A folder for deleted messages that the server fills or empties by itself: it does " \
	"neither."
#define NO_SHARED \
	"Folders shared through an index file, which this version does not have."
#define NO_OUTBOX "Sending what is put into a folder, which this version does not do."

/* clang-format off */
#define COMMON \
	{"MAXDAEMONS", ROW_UINT(S, max_daemons), .dflt = "40", .min = 1, .max = 1000000, \
	    .unit = "sessions", \
	    .doc = "Most sessions at once; further clients are told to come back later."}, \
	{"MAXPERIP", ROW_UINT(S, max_per_ip), .dflt = "4", .min = 1, .max = 1000000, \
	    .unit = "sessions", .doc = "Most sessions at once from one address."}, \
	{"DEFDOMAIN", ROW_STRING(S, def_domain), .dflt = "", .max = 255, \
	    .doc = "Put behind names without an @ at login, such as @example.com."}, \
	{"MAILDIRPATH", ROW_STRING(S, maildir), .dflt = "Maildir", .max = 1023, \
	    .doc = "The mailbox below the home of accounts that name none."}, \
	{"TCPDOPTS", ROW_NOEFFECT, \
	    .doc = "Accepted and without effect: options of a listener program that this server " \
		   "does not have."}, \
	{"LOGGEROPTS", ROW_NOEFFECT, .doc = SUPERVISED}, \
	{"PROXY_HOSTNAME", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = NO_PROXY}, \
	{"DOMAINSEP", ROW_NOEFFECT, .flags = CONF_MATTERS, \
	    .doc = "Another sign than @ in names of accounts, which this version does not have."}, \
	{"AUTH_MKHOMEDIR_SKEL", ROW_NOEFFECT, .flags = CONF_MATTERS, \
	    .doc = "Making homes at login: only that in courierd counts, at a delivery."}, \
	{"prefix", ROW_NOEFFECT, .doc = BUILD_SAYS}, \
	{"exec_prefix", ROW_NOEFFECT, .doc = BUILD_SAYS}, \
	{"SHELL", ROW_NOEFFECT, \
	    .doc = "Accepted and without effect: the server starts no programs."}
#define PORT(start_name, what, number) \
	{start_name, ROW_YESNO(S, start), .dflt = "NO", .when = CONF_WHEN_RESTART, \
	    .doc = "YES starts the " what "."}, \
	{"PORT", ROW_PORTS(S, port), .dflt = number, .when = CONF_WHEN_RESTART, \
	    .doc = "The ports to listen on, separated by commas; address.port listens on one " \
		   "address only."}, \
	{"ADDRESS", ROW_ADDRESS(S, address), .dflt = "0", .when = CONF_WHEN_RESTART, \
	    .doc = "The address to listen on, for ports without one of their own; 0 means all."}, \
	{"PIDFILE", ROW_NOEFFECT, .doc = SUPERVISED}
#define SSL(start_name, what, number, starttls_name, required_name, alpn, pem) \
	{start_name, ROW_YESNO(S, start), .dflt = "NO", .when = CONF_WHEN_RESTART, \
	    .doc = "YES starts the " what " with TLS from the first byte."}, \
	{"SSLPORT", ROW_PORTS(S, port), .dflt = number, .when = CONF_WHEN_RESTART, \
	    .doc = "The ports to listen on, separated by commas; address.port listens on one " \
		   "address only."}, \
	{"SSLADDRESS", ROW_ADDRESS(S, address), .dflt = "0", .when = CONF_WHEN_RESTART, \
	    .doc = "The address to listen on, for ports without one of their own; 0 means all."}, \
	{starttls_name, ROW_YESNO(S, start_tls), .dflt = "YES", \
	    .doc = "YES offers STARTTLS on the plain port when there is a certificate."}, \
	{required_name, ROW_BOOL(S, tls_required), .dflt = "1", \
	    .doc = "1 refuses logins without TLS; 0 also takes passwords that cross the network " \
		   "in the clear. Courier's default is 0."}, \
	{"SSLPIDFILE", ROW_NOEFFECT, .doc = SUPERVISED}, \
	{"SSLLOGGEROPTS", ROW_NOEFFECT, .doc = SUPERVISED}, \
	{"COURIERTLS", ROW_NOEFFECT, \
	    .doc = "Accepted and without effect: TLS is part of the server."}, \
	{"TLS_CERTFILE", ROW_PATH(S, tls.certfile), .dflt = "$sysconfdir/" pem, \
	    .doc = "The certificate, its chain and, unless TLS_PRIVATE_KEYFILE names another " \
		   "file, the private key, in PEM. Without this file there is no TLS."}, \
	{"TLS_PRIVATE_KEYFILE", ROW_PATH(S, tls.private_keyfile), .dflt = "", \
	    .doc = "The private key in PEM; empty means it stands in TLS_CERTFILE."}, \
	{"TLS_TRUSTCERTS", ROW_PATH(S, tls.trustcerts), .dflt = "", \
	    .doc = "Authorities whose client certificates are believed: a file in PEM."}, \
	{"TLS_VERIFYPEER", ROW_ENUM(S, tls.verify_peer), .dflt = "NONE", \
	    .words = "NONE PEER REQUIREPEER", \
	    .doc = "Whether clients are asked for a certificate: NONE does not, PEER asks, " \
		   "REQUIREPEER insists."}, \
	{"TLS_PROTOCOL", ROW_WORD(S, tls.protocol), .dflt = "TLSv1.2++", \
	    .words = ROWS_TLS_PROTOCOLS, \
	    .doc = "The TLS versions that are spoken: one version, or with ++ also all later " \
		   "ones. RFC 8996 ends TLSv1 and TLSv1.1."}, \
	{"TLS_CIPHER_LIST", ROW_STRING(S, tls.cipher_list), .dflt = "", .max = 1000, \
	    .doc = "Cipher suites in the notation of the library; empty takes its default."}, \
	{"TLS_STARTTLS_PROTOCOL", ROW_NOEFFECT, .flags = CONF_MATTERS, \
	    .doc = "Other TLS versions for STARTTLS: TLS_PROTOCOL counts for both."}, \
	{"TLS_DHPARAMS", ROW_NOEFFECT, \
	    .doc = "Accepted and without effect: the TLS library has groups of its own."}, \
	{"TLS_EXTERNAL", ROW_NOEFFECT, .flags = CONF_MATTERS, \
	    .doc = "Logins by client certificate, which this version does not have."}, \
	{"TLS_PRIORITY", ROW_NOEFFECT, .flags = CONF_MATTERS, \
	    .doc = "A setting of another TLS library; use TLS_PROTOCOL and TLS_CIPHER_LIST."}, \
	{"TLS_MIN_DH_BITS", ROW_NOEFFECT, \
	    .doc = "Accepted and without effect: the TLS library refuses weak groups itself."}, \
	{"TLS_TIMEOUT", ROW_NOEFFECT, \
	    .doc = "Accepted and without effect: Courier never used it."}, \
	{"TLS_CACHEFILE", ROW_NOEFFECT, .doc = TLS_CACHE}, \
	{"TLS_CACHESIZE", ROW_NOEFFECT, .doc = TLS_CACHE}, \
	{"TLS_ALPN", ROW_NOEFFECT, \
	    .doc = "Accepted and without effect: clients are not asked for the word " alpn "."}
/* clang-format on */

const struct conf_row rows_imapd[] = {
    COMMON,
    {"IMAP_CAPABILITY", ROW_WORDS(S, capability),
	.dflt = "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE UNSELECT IDLE LITERAL+ SASL-IR",
	.doc = "What CAPABILITY tells without TLS. Words that are not built in are not told; AUTH= "
	       "words count only where IMAP_TLS_REQUIRED is 0."},
    {"IMAP_CAPABILITY_TLS", ROW_WORDS(S, capability_tls), .dflt = "",
	.doc = "What CAPABILITY tells under TLS; empty means IMAP_CAPABILITY, AUTH=PLAIN and "
	       "AUTH=LOGIN."},
    {"IMAP_KEYWORDS", ROW_UINT(S, keywords), .dflt = "1", .max = 2,
	.doc = "0 keeps no keywords of clients beside the system flags; 1 and 2 do."},
    {"IMAP_IDLE_TIMEOUT", ROW_DURATION(S, idle_poll_sec), .dflt = "60", .min = 1, .max = 3600,
	.doc = "How often a selected folder is looked at during IDLE where the system cannot watch "
	       "it."},
    {"IMAPD_TIMEOUT", ROW_DURATION(S, timeout_sec), .dflt = "30m", .min = 1800, .max = 604800,
	.flags = CONF_OURS,
	.doc = "A client that is silent for longer loses its session. RFC 3501 section 5.4 asks "
	       "for at least 30 minutes."},
    {"IMAP_ID_FIELDS", ROW_WORD(S, id_fields), .dflt = "", .words = "0 1 2 3 4 5 6 7",
	.doc = "Empty offers no ID (RFC 2971). Else a sum: 1 tells the version, 2 and 4 (the "
	       "system and its release) tell nothing here."},
    {"IMAP_TRASHFOLDERNAME", ROW_NOEFFECT, .doc = NO_TRASH},
    {"IMAP_EMPTYTRASH", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = NO_TRASH},
    {"IMAP_MOVE_EXPUNGE_TO_TRASH", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = NO_TRASH},
    {"IMAP_CAPABILITY_ORIG", ROW_NOEFFECT,
	.doc = "Accepted and without effect: read by the web administration alone."},
    {"IMAP_CAPABILITY_TLS_ORIG", ROW_NOEFFECT,
	.doc = "Accepted and without effect: read by the web administration alone."},
    {"IMAP_ACL", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Access control lists, which this version does not have."},
    {"SMAP_CAPABILITY", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "A protocol of Courier's own, which this version does not speak."},
    {"IMAP_PROXY", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = NO_PROXY},
    {"IMAP_PROXY_FOREIGN", ROW_NOEFFECT, .doc = NO_PROXY},
    {"IMAP_MAILBOX_SANITY_CHECK", ROW_NOEFFECT,
	.doc = "Accepted and without effect: a mailbox is always opened as its own user."},
    {"IMAP_DISABLETHREADSORT", ROW_NOEFFECT,
	.doc = "Accepted and without effect: IMAP_CAPABILITY says what is offered."},
    {"IMAP_CHECK_ALL_FOLDERS", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "New mail in any folder shown as new mail, which this version does not do."},
    {"IMAP_OBSOLETE_CLIENT", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "Answers for clients older than RFC 3348, which this version does not give."},
    {"IMAP_UMASK", ROW_NOEFFECT,
	.doc = "Accepted and without effect: mailboxes are readable by their own user only."},
    {"IMAP_ULIMITD", ROW_NOEFFECT,
	.doc = "Accepted and without effect: the memory of a session has limits of its own."},
    {"IMAP_USELOCKS", ROW_NOEFFECT, .doc = "Accepted and without effect: locks are always used."},
    {"IMAP_SHAREDINDEXFILE", ROW_NOEFFECT, .doc = NO_SHARED},
    {"IMAP_SHAREDMUNGENAMES", ROW_NOEFFECT, .doc = NO_SHARED},
    {"IMAP_ENHANCEDIDLE", ROW_NOEFFECT,
	.doc = "Accepted and without effect: IDLE is told of new mail at once."},
    {"IMAP_LOG_DELETIONS", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = NO_DELETION_LOG},
    {"IMAPDEBUGFILE", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "A copy of what is said in a file of the user, which this version does not write."},
    {"IMAPACCESSFILE", ROW_NOEFFECT, .flags = CONF_MATTERS,
	.doc = "A table of who may connect, which this version does not read."},
    {"OUTBOX", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = NO_OUTBOX},
    {"OUTBOX_MULTIPLE_SEND", ROW_NOEFFECT, .doc = NO_OUTBOX},
    {"SENDMAIL", ROW_NOEFFECT, .doc = NO_OUTBOX},
    {"HEADERFROM", ROW_NOEFFECT, .doc = NO_OUTBOX},
    {"AUTHSERVICE143", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = ONE_AUTH},
    {"AUTHSERVICE993", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = ONE_AUTH},
    {NULL},
};

const struct conf_row rows_imap[] = {PORT("IMAPDSTART", "IMAP server", "143"), {NULL}};

const struct conf_row rows_imaps[] = {
    SSL("IMAPDSSLSTART", "IMAP server", "993", "IMAPDSTARTTLS", "IMAP_TLS_REQUIRED", "imap",
	"imapd.pem"),
    {NULL},
};

const struct conf_row rows_pop3d[] = {
    COMMON,
    {"POP3AUTH", ROW_WORDS(S, auth), .dflt = "", .words = MECHANISMS,
	.doc =
	    "SASL mechanisms offered without TLS, where POP3_TLS_REQUIRED is 0. Mechanisms that "
	    "are not built in (now: the CRAM family) are not offered."},
    {"POP3AUTH_TLS", ROW_WORDS(S, auth_tls), .dflt = "PLAIN LOGIN", .words = MECHANISMS,
	.doc = "SASL mechanisms offered under TLS. Mechanisms that are not built in (now: the CRAM "
	       "family) are not offered. Courier's default is empty."},
    {"POP3D_TIMEOUT", ROW_DURATION(S, timeout_sec), .dflt = "10m", .min = 600, .max = 604800,
	.flags = CONF_OURS,
	.doc = "A client that is silent for longer loses its session. RFC 1939 section 3 asks for "
	       "at least 10 minutes."},
    {"POP3AUTH_ORIG", ROW_NOEFFECT,
	.doc = "Accepted and without effect: read by the web administration alone."},
    {"POP3AUTH_TLS_ORIG", ROW_NOEFFECT,
	.doc = "Accepted and without effect: read by the web administration alone."},
    {"POP3_PROXY", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = NO_PROXY},
    {"POP3_LOG_DELETIONS", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = NO_DELETION_LOG},
    {"MIME_UNICODE_MESSAGE_TYPE", ROW_NOEFFECT,
	.doc = "Accepted and without effect: messages are given as they are."},
    {"AUTHSERVICE110", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = ONE_AUTH},
    {"AUTHSERVICE995", ROW_NOEFFECT, .flags = CONF_MATTERS, .doc = ONE_AUTH},
    {NULL},
};

const struct conf_row rows_pop3[] = {PORT("POP3DSTART", "POP3 server", "110"), {NULL}};

const struct conf_row rows_pop3s[] = {
    SSL("POP3DSSLSTART", "POP3 server", "995", "POP3_STARTTLS", "POP3_TLS_REQUIRED", "pop3",
	"pop3d.pem"),
    {NULL},
};
