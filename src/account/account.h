/*
 * Who a user is. One record, whatever back end it came from; the text form is that of the
 * authdaemon protocol (docs/ACCOUNTS.md): lines NAME=value, then a line with a dot.
 */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/fault.h"

/* Most bytes of each field, and of a whole record as text. */
#define ACCOUNT_ADDRESS_MAX 320
#define ACCOUNT_PATH_MAX 1024
#define ACCOUNT_QUOTA_MAX 64
#define ACCOUNT_OPTIONS_MAX 512
#define ACCOUNT_NAME_MAX 256
#define ACCOUNT_PASSWORD_MAX 1024
#define ACCOUNT_RECORD_MAX 8192

struct account {
	struct slice address; /* ADDRESS: the mailbox, unique */
	struct slice
	    username; /* USERNAME: a system user whose uid and gid count; empty when uid is given */
	bool has_ids; /* uid and gid are set */
	uint32_t uid, gid;     /* UID, GID */
	struct slice home;     /* HOME: absolute */
	struct slice maildir;  /* MAILDIR: absolute, or below home; empty = ./Maildir */
	struct slice quota;    /* QUOTA: "10000000S,1000C"; empty = none */
	struct slice options;  /* OPTIONS: "disableimap=1,group=x" */
	struct slice delivery; /* DEFAULTDELIVERY: instructions; empty = that of courierd */
	struct slice name;     /* NAME: of the person */
	struct slice password; /* PASSWD: a hash; empty = none */
	struct slice clear;    /* PASSWD2: the password itself; empty = unknown */
};

/*
 * Reads a record up to and with its line ".". Slices are copies in a. *used counts the bytes taken.
 * ST_OK; ST_AGAIN more bytes are needed; ST_SYNTAX a bad or doubled line, a missing ADDRESS, HOME,
 * or neither UID and GID nor USERNAME; ST_LIMIT a field or the record is too long. Lines with
 * unknown names are skipped: other products may send some.
 */
enum st account_decode(struct slice in, struct arena *a, struct account *out, size_t *used,
    struct fault *f) ATTR_CHECKED;

/* Appends the record with its final dot. Fields with control characters are a mistake of the caller
 * and left out. */
void account_encode(const struct account *acc, struct buf *out);

/* Are the fields such that account_decode takes what account_encode writes? f says which one is
 * not. */
enum st account_check(const struct account *acc, struct fault *f) ATTR_CHECKED;

/* --- options --------------------------------------------------------------- */

/* The value of an option in a comma separated list "a=1,b" (a bare name has the value "1"); false
 * when it is not there. The last one counts. */
bool account_option(struct slice options, struct slice name, struct slice *value);

/* Appends own, and those of defaults that own does not name. */
void account_options_merge(struct slice defaults, struct slice own, struct buf *out);

/* Merges defaults (DEFAULTOPTIONS) into acc->options, which then points into a. ST_OK, or ST_LIMIT:
 * too long. */
enum st account_options_apply(struct account *acc, struct slice defaults, struct arena *a);

/*
 * May this account use the service ("imap" "pop3" "webmail" "esmtp" "courier" ...)? disableimap,
 * disablepop3, disablewebmail, disableinsecureimap and disableinsecurepop3 decide (1 or 0).
 */
bool account_service_is_allowed(struct slice options, struct slice service, bool is_secure);

#endif
