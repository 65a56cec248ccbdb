/*
 * What other servers left in a folder: lists of UIDs, keywords, and the names under which POP3
 * clients know messages. Only reading, from text in memory; import.c applies it. docs/FACTS.md,
 * "First use".
 */
#ifndef MAILDIR_IMPORT_H
#define MAILDIR_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct mailbox;

struct import_row {
	uint32_t uid;      /* 0: none */
	struct slice base; /* base name of the file */
	uint32_t validity; /* POP3: of that UID; 0: none */
};

struct import_head {
	uint32_t uidvalidity, uidnext; /* 0: not told */
};

/*
 * Takes the first line. courierimapuiddb: "1 VALIDITY NEXT". dovecot-uidlist: "3 V<validity>
 * N<next> ...", or "1 VALIDITY NEXT". False: it is none of these.
 */
bool import_uidlist_head(struct slice *rest, struct import_head *out);

/* Takes lines up to the next good one: "UID name", or "UID fields :name". False at the end. */
bool import_uidlist_next(struct slice *rest, struct import_row *out);

/* courierpop3dsizelist: "/3 next validity", "name size uid:validity:utf8". */
bool import_sizelist_head(struct slice *rest, struct import_head *out);
bool import_sizelist_next(struct slice *rest, struct import_row *out);

/*
 * courierimapkeywords/:list: names one a line, an empty line, "name:number number ...".
 * dovecot-keywords: "number name".
 */
bool import_keyword_name(struct slice *rest, struct slice *name);
bool import_keyword_row(struct slice *rest, struct slice *base, struct slice *numbers);
bool import_dovecot_keyword(struct slice *rest, uint32_t *number, struct slice *name);

/*
 * Fills a mailbox that has no facts yet: rows, UIDVALIDITY (0 when no list told one), UIDNEXT,
 * keywords, POP3 names. Files that cannot be read are left out, and noted.
 */
void import_all(struct mailbox *m);

#endif
