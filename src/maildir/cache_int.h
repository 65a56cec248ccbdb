/*
 * The form of cache entries, and what a mailbox keeps of its cache.
 */
#ifndef MAILDIR_CACHE_INT_H
#define MAILDIR_CACHE_INT_H

#include "base/buf.h"
#include "maildir/cache.h"

struct mailbox;

#define CACHE_HEADER "couriermail cache 1\n"
#define CACHE_HEADER_BYTES (sizeof(CACHE_HEADER) - 1)
#define CACHE_FRAME_BYTES 8 /* length and sum */

/* Appends an entry: u32 length, u8 bytes of the name, the name, parts of {u8 number, u32 length,
 * bytes}, sum. False, and nothing appended, when it would be too large. */
bool cache_entry_put(struct buf *out, struct slice base, const struct cache_entry *entry);

/*
 * Takes the first entry off *rest. ST_OK; ST_AGAIN: cut off; ST_SYNTAX: no entry. With check the
 * sum and the parts are looked at, else only the length and the name.
 */
enum st
cache_entry_next(struct slice *rest, bool check, struct slice *base, struct cache_entry *entry);

/* Releases what the mailbox keeps. */
void cache_free(struct mailbox *m);

/* Gives the memory back that can be had again; writes what waits. */
void cache_trim(struct mailbox *m);

#endif
