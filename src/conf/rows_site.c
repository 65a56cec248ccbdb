/*
 * Files that hold one value or a list, and the tables that are compiled.
 */
#include "conf/rows.h"

#define S struct conf_site
#define DAY_SEC (24 * 3600)
#define YEAR_SEC (366 * DAY_SEC)

const struct conf_row rows_site[] = {
    /* "me" stands first: other defaults refer to it. */
    {"me", ROW_DOMAIN(S, me), .dflt = "$hostname", .flags = CONF_MASK, .when = CONF_WHEN_RESTART,
	.doc = "The name of this mail server, used in greetings, Received: lines and Message-IDs. "
	       "It should be fully qualified and resolve to this machine. With *.example.com the "
	       "first label of the host's name takes the place of the asterisk. Without the file "
	       "the host's own name is used."},
    {"defaultdomain", ROW_DOMAIN(S, defaultdomain), .dflt = "$me", .flags = CONF_MASK,
	.doc =
	    "The domain that is appended to addresses written without one in local submissions."},
    {"locals", ROW_DOMAINS(S, locals), .dflt = "$me",
	.doc = "Domains whose addresses are accounts of this system: the domain is removed before "
	       "the account is looked up. One a line; .example.com stands for everything below "
	       "example.com, and !host.example.com takes one name out of such a line. Run "
	       "makealiases after a change."},
    {"esmtpacceptmailfor", ROW_DOMAINS(S, esmtpacceptmailfor), .dflt = "$me",
	.doc = "Domains for which mail is accepted from everybody, in addition to hosteddomains "
	       "and to the compiled esmtpacceptmailfor.dat. One a line; .example.com stands for "
	       "everything below example.com."},
    {"defaultsep", ROW_STRING(S, defaultsep), .dflt = "+", .max = 16,
	.doc = "The characters that, beside the hyphen, separate an account from its extension in "
	       "user+extension. An empty line leaves only the hyphen."},
    {"dotextension", ROW_ENUM(S, dotextension), .dflt = "courier", .words = "courier qmail",
	.doc = "Which files in a home give delivery instructions: courier reads .courier and "
	       ".courier-extension, qmail reads .qmail and .qmail-extension."},
    {"locallowercase", ROW_PRESENT(S, locallowercase),
	.doc = "When this file exists, the local part of addresses in our own domains is folded to "
	       "lower case before it is looked up."},
    {"msgidhost", ROW_DOMAIN(S, msgidhost), .dflt = "$me", .flags = CONF_MASK,
	.doc =
	    "The right side of the Message-ID fields this server adds to messages that have none."},
    {"esmtphelo", ROW_STRING(S, esmtphelo), .dflt = "$me", .max = 255,
	.doc = "The name this server gives to others when it delivers mail by SMTP. An asterisk "
	       "stands for the name that DNS has for the local address of the connection."},
    {"esmtpgreeting", ROW_TEXT(S, esmtpgreeting), .dflt = "", .max = 4096,
	.doc = "The text of the first SMTP reply, behind the code 220. It may have several lines. "
	       "The first word of the first line should be the name of the server (RFC 5321 "
	       "section 4.2). An empty text is the built-in greeting."},
    {"queuetime", ROW_DURATION(S, queuetime_sec), .dflt = "1w", .min = 60, .max = YEAR_SEC,
	.doc = "How long delivery of a message is tried before its sender is told that it failed. "
	       "RFC 5321 section 4.5.4.1 asks for at least four to five days."},
    {"warntime", ROW_DURATION(S, warntime_sec), .dflt = "4h", .max = YEAR_SEC,
	.doc = "After this time without success the sender is told once that the message is "
	       "delayed; 0 means never."},
    {"retryalpha", ROW_DURATION(S, retryalpha_sec), .dflt = "5m", .min = 1, .max = 30 * DAY_SEC,
	.doc = "The time between the attempts of one round of retrybeta attempts."},
    {"retrybeta", ROW_UINT(S, retrybeta), .dflt = "3", .min = 1, .max = 1000, .unit = "attempts",
	.doc = "How many attempts make a round."},
    {"retrygamma", ROW_DURATION(S, retrygamma_sec), .dflt = "15m", .min = 1, .max = 30 * DAY_SEC,
	.doc =
	    "The time after the first round of attempts; it doubles after each following round."},
    {"retrymaxdelta", ROW_UINT(S, retrymaxdelta), .dflt = "3", .max = 16, .unit = "times",
	.doc = "How often retrygamma doubles at most."},
    {"queuelo", ROW_UINT(S, queuelo), .dflt = "0", .max = 10000000, .unit = "messages",
	.doc = "When fewer messages than this are scheduled in memory, the queue on disk is read "
	       "for more. 0 computes it from the MAXDELS of all modules, at least 200."},
    {"queuehi", ROW_UINT(S, queuehi), .dflt = "0", .max = 20000000, .unit = "messages",
	.doc = "At most this many messages are scheduled in memory; those due later wait on disk. "
	       "0 computes it from queuelo: twice as many below 500, else 1000 more."},
    {"batchsize", ROW_UINT(S, batchsize), .dflt = "100", .min = 1, .max = 100000,
	.unit = "recipients",
	.doc = "Most recipients of one queued message; a message with more is queued in several "
	       "parts."},
    {"sizelimit", ROW_SIZE(S, sizelimit_bytes), .dflt = "10485760", .max = UINT64_C(1) << 40,
	.doc = "Largest message that is accepted, in bytes; 0 means no limit. SMTP clients see it "
	       "in the SIZE extension (RFC 1870)."},
    {"submitdelay", ROW_DURATION(S, submitdelay_sec), .dflt = "0", .max = 30 * DAY_SEC,
	.doc = "A pause between the arrival of a message and the first attempt to deliver it."},
    {"localtimeout", ROW_DURATION(S, localtimeout_sec), .dflt = "15m", .min = 1,
	.max = 30 * DAY_SEC,
	.doc = "A local delivery that runs longer, usually a program of the recipient, is ended "
	       "and tried again later."},
    {"dsnlimit", ROW_SIZE(S, dsnlimit_bytes), .dflt = "32K", .max = UINT64_C(1) << 40,
	.doc = "A report about a failed message returns the whole message when it is not larger "
	       "than this, else its header only."},
    {"dsnfrom", ROW_STRING(S, dsnfrom), .dflt = "\"Courier mail server at $me\" <@>", .max = 998,
	.doc = "The From field of delivery reports. <@> stands for the address MAILER-DAEMON at "
	       "this server."},
    {"enablefiltering", ROW_WORDS(S, enablefiltering), .dflt = "", .words = "esmtp local uucp",
	.doc = "Which sources of mail pass the global filters."},
    {"esmtproutes", ROW_ROUTES(S, esmtproutes), .dflt = "",
	.doc = "By which way mail for other domains leaves, a line each: DOMAIN:RELAY,PORT/FLAGS. "
	       "The first line that fits counts. See esmtproutes(5)."},
    {"esmtpdelay", ROW_DURATION(S, esmtpdelay_sec), .dflt = "5m", .max = 30 * DAY_SEC,
	.doc = "A host that could not be reached is left alone for this time; 0 tries it each "
	       "time."},
    {"esmtptimeout", ROW_DURATION(S, esmtptimeout_sec), .dflt = "10m", .min = 1, .max = DAY_SEC,
	.doc = "How long another server may take for a reply to a command."},
    {"esmtptimeoutconnect", ROW_DURATION(S, esmtptimeoutconnect_sec), .dflt = "1m", .min = 1,
	.max = DAY_SEC,
	.doc = "How long a connection to one address of another server may take."},
    {"esmtptimeouthelo", ROW_DURATION(S, esmtptimeouthelo_sec), .dflt = "5m", .min = 1,
	.max = DAY_SEC,
	.doc = "How long another server may take for its greeting, and for its reply to EHLO."},
    {"esmtptimeoutdata", ROW_DURATION(S, esmtptimeoutdata_sec), .dflt = "5m", .min = 1,
	.max = DAY_SEC,
	.doc = "How long another server may take to read a part of a message. It has twice that "
	       "time for the reply to the whole message (RFC 5321 section 4.5.3.2.6)."},
    {"esmtptimeoutquit", ROW_DURATION(S, esmtptimeoutquit_sec), .dflt = "10", .min = 1,
	.max = DAY_SEC, .doc = "How long another server may take for the reply to QUIT."},
    {"esmtptimeoutkeepalive", ROW_DURATION(S, esmtptimeoutkeepalive_sec), .dflt = "60",
	.max = DAY_SEC,
	.doc = "How long a connection is kept for the next message to the same host; 0 closes it "
	       "at once."},
    {"esmtptimeoutkeepaliveping", ROW_DURATION(S, esmtptimeoutkeepaliveping_sec), .dflt = "0",
	.max = DAY_SEC,
	.doc = "Meanwhile an RSET is sent so often, so that the other side does not hang up; 0 "
	       "sends none."},
    {"aliases", ROW_TABLE,
	.doc = "Addresses that stand for other addresses, compiled into aliases.dat by makealiases "
	       "(or newaliases). A file or a folder of files."},
    {"hosteddomains", ROW_TABLE,
	.doc = "Domains whose addresses are looked up in full (user@domain), compiled into "
	       "hosteddomains.dat by makehosteddomains. A file or a folder of files."},
    {"esmtpacceptmailfor.dir", ROW_TABLE,
	.doc = "More domains for which mail is accepted, compiled into esmtpacceptmailfor.dat by "
	       "makeacceptmailfor. A folder of files."},
    {"smtpaccess", ROW_TABLE,
	.doc = "What SMTP clients may do, by address, compiled into smtpaccess.dat by "
	       "makesmtpaccess. A file or a folder of files; ACCESSFILE of esmtpd names it."},
    {"userdb", ROW_TABLE,
	.doc = "Accounts of the userdb back end, compiled into userdb.dat and userdbshadow.dat by "
	       "makeuserdb. A file or a folder of files, readable by its owner only."},
    {NULL},
};
