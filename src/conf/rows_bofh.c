/*
 * bofh: directives in lower case, settings of "opt" in upper case.
 */
#include "conf/rows.h"

#define S struct conf_bofh
#define LATER .flags = CONF_MATTERS

const struct conf_row rows_bofh[] = {
    {"badfrom", ROW_LINES(S, badfrom), .dflt = "", .max = 100000,
	.doc = "A return address that is refused: user@domain, @domain (all of it), @.domain and "
	       "user@.domain (the domains below it). May be given again."},
    {"badmx", ROW_LINES(S, badmx), .dflt = "", .max = 100000,
	.doc = "The address of a mail server; return addresses whose domain names it as its server "
	       "are refused. May be given again. Needs BOFHCHECKDNS."},
    {"freemail", ROW_LINES(S, freemail), .dflt = "", .max = 100000,
	.doc = "A domain, and further domains behind it: return addresses in the first are "
	       "accepted only from hosts whose name is in one of them. May be given again."},
    {"spamtrap", ROW_LINES(S, spamtrap), .dflt = "", .max = 100000,
	.doc = "An address nobody should write to: a message that has it as a recipient is refused "
	       "for all. May be given again."},
    {"maxrcpts", ROW_UINT(S, max_rcpts), .dflt = "100", .min = 1, .max = 100000,
	.unit = "recipients",
	.doc = "Most recipients of one message; further ones are refused for now (452), or for "
	       "good with the word hard behind the number. RFC 5321 section 4.5.3.1.8 asks for at "
	       "least 100."},
    {"maxrcpts hard", ROW_BOOL(S, max_rcpts_hard), .dflt = "0",
	.doc = "Written as the word hard behind the number of maxrcpts: recipients above the limit "
	       "are refused for good."},
    {"BOFHCHECKHELO", ROW_UINT(S, check_helo), .dflt = "0", .max = 2,
	.doc = "1 refuses clients whose HELO name does not belong to their address, 2 refuses them "
	       "for now only."},
    {"BOFHHEADERLIMIT", ROW_SIZE(S, header_limit_bytes), .dflt = "100000", .min = 1000,
	.max = 16777216, .doc = "Largest header of a message, in bytes."},
    {"BOFHNOBASE64TEXT", ROW_NOEFFECT,
	.doc = "Accepted and without effect: text encoded in base64 is valid mail."},
    {"BOFHSPFHELO", ROW_NOEFFECT, LATER,
	.doc = "Sender policy of the HELO name. This version makes no such check."},
    {"BOFHSPFMAILFROM", ROW_NOEFFECT, LATER,
	.doc = "Sender policy of the return address. This version makes no such check."},
    {"BOFHSPFFROM", ROW_NOEFFECT, LATER,
	.doc = "Sender policy of the From field. This version makes no such check."},
    {"BOFHSPFHARDERROR", ROW_NOEFFECT,
	.doc = "Which results of sender policy are final. This version makes no such check."},
    {"BOFHSPFTRUSTME", ROW_NOEFFECT,
	.doc = "Exempts relay clients from sender policy. This version makes no such check."},
    {"BOFHSPFNOVERBOSE", ROW_NOEFFECT,
	.doc = "Hides explanations of sender policy. This version makes no such check."},
    {"BOFHSUPPRESSBACKSCATTER", ROW_NOEFFECT,
	.doc = "Which sources are remembered for the suppression of backscatter. This version "
	       "remembers none: unknown recipients are refused at the door."},
    {NULL},
};
