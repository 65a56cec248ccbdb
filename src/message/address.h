/*
 * Address lists of message headers: RFC 5322 section 3.4, groups in From by RFC 6854, obsolete
 * forms of section 4.4 (routes, comments and blanks around dots, phrases with dots).
 *
 * Reading is tolerant and linear in the input: what cannot be understood is kept as well as it
 * goes, marked as a defect, and reading goes on behind the next comma.
 */
#ifndef MESSAGE_ADDRESS_H
#define MESSAGE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

enum address_kind {
	ADDRESS_MAILBOX,
	ADDRESS_GROUP_BEGIN, /* name is the group's; its mailboxes follow */
	ADDRESS_GROUP_END,
};

struct address {
	struct address *next;
	enum address_kind kind;
	struct slice name;   /* display name, quoting taken off, encoded words left as they are; may
				be empty */
	struct slice route;  /* obsolete route "@a,@b", may be empty */
	struct slice local;  /* quoting taken off */
	struct slice domain; /* with brackets when it is a literal; empty when there was none */
	bool is_defect;      /* not what the grammar allows */
	bool is_local;       /* it is a defect only because there is no domain */
};

struct address_list {
	struct address *first;
	size_t count;   /* entries, group marks included */
	size_t defects;
	bool truncated; /* more than max, or the arena's limit was reached */
};

/* Reads the value of an address field (folded or not) into a; at most max entries are kept. */
void address_list_parse(struct arena *a, struct slice value, size_t max, struct address_list *list);

/* Appends local@domain, the local part quoted when it must be; "local" alone without a domain. */
void address_put_spec(struct buf *out, struct slice local, struct slice domain);

/*
 * Appends one mailbox: spec, or name <spec>; no route (RFC 5322 section 4: not written any more).
 */
void address_put(struct buf *out, const struct address *ad);

/*
 * As address_put for ad->name in plain UTF-8: what is beyond ASCII becomes encoded words (RFC
 * 2047). column is where the line stands now.
 */
void address_put_encoded(struct buf *out, const struct address *ad, size_t column);

/*
 * Appends a list with groups, separated by ", ", folded by CRLF SP before a mailbox that would pass
 * column 78. column is where the line stands now (behind "To: ").
 */
void address_list_put(struct buf *out, const struct address_list *list, size_t column);

#endif
