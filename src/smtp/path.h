/*
 * Paths and mailboxes of the SMTP envelope: RFC 5321 section 4.1.2, address literals 4.1.3.
 *
 * What is read is checked and normalised: source routes are cut off (RFC 5321 appendix C), a local
 * part is unquoted, and quoted again only where it must be.
 */
#ifndef SMTP_PATH_H
#define SMTP_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "base/slice.h"

/*
 * Octets as written. RFC 5321 4.5.3.1.1 demands 64 for a local part; longer ones (VERP) are let
 * pass.
 */
#define SMTP_LOCAL_MAX 255
#define SMTP_DOMAIN_MAX 255 /* RFC 5321 4.5.3.1.2 */

struct smtp_path {
	struct slice text;   /* local@domain, the local part quoted where needed; empty for <> */
	struct slice local;  /* the local part with its quoting taken off */
	struct slice
	    domain; /* as written, without a dot at its end; empty for <> and <postmaster> */
	bool is_literal;     /* the domain is an address literal, brackets included */
};

/*
 * Takes a path in angle brackets off the front of *rest: mailbox, source route and mailbox, or <>
 * when null_allowed, or <postmaster> without a domain when postmaster_allowed.
 *   result  slices in a; *rest is what follows the closing bracket
 *   errors  ST_SYNTAX with 5.1.7 (null_allowed: a sender) or 5.1.3, ST_LIMIT
 */
enum st smtp_path_take(struct arena *a, struct slice *rest, bool null_allowed,
    bool postmaster_allowed, struct smtp_path *path, struct fault *f) ATTR_CHECKED;

/* A mailbox without brackets, the whole of s. As smtp_path_take. */
enum st smtp_mailbox_parse(struct arena *a, struct slice s, struct smtp_path *path, struct fault *f)
    ATTR_CHECKED;

/* Is s a Domain of RFC 5321 4.1.2 (letters, digits, hyphens inside; underscores are let pass)? */
bool smtp_is_domain(struct slice s);

/* Is s an address literal with its brackets, IPv4 or IPv6? RFC 5321 4.1.3. */
bool smtp_is_literal(struct slice s);

#endif
