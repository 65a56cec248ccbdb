/*
 * What was found out about messages, so that it need not be found out again: numbered parts whose
 * content belongs to the caller. It may be lost at any time; a message has no entry until somebody
 * puts one. Entries are keyed by base name, so that who delivers a message can leave one before it
 * has a UID. docs/FACTS.md, "cache".
 */
#ifndef MAILDIR_CACHE_H
#define MAILDIR_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/slice.h"
#include "maildir/mailbox.h"

#define CACHE_PARTS 16                    /* numbers 0 to 15 */
#define CACHE_ENTRY_MAX_BYTES (64u << 10) /* with its name and sums; larger ones are not kept */
#define CACHE_FILE_MAX_BYTES (1u << 30)

/* What stands under which number is the caller's affair: src/imap/describe.h has the numbers. */
struct cache_entry {
	struct slice parts[CACHE_PARTS]; /* p NULL: there is no such part */
};

/*
 * The entry of a message: false when there is none or it proved damaged. Slices are borrowed until
 * the next call of this header for the mailbox, or store_turn. Asking for messages in the order of
 * their UIDs reads the file in large pieces.
 */
bool cache_get(struct mailbox *m, uint32_t uid, struct cache_entry *out);

/*
 * Puts an entry; parts it does not have are taken from an entry that is there. Written at the next
 * store_turn; nobody waits for it, and what goes wrong with it is forgotten.
 */
void cache_put(struct mailbox *m, uint32_t uid, const struct cache_entry *entry);

/*
 * For those who deliver: appends an entry for a file that is in new/ already, to the cache of the
 * folder whose directory is given, in one write. Makes courierindex when it is missing. 0 or
 * -errno; failure costs time, not mail.
 */
int cache_append(int folder, struct slice base, const struct cache_entry *entry);

#endif
