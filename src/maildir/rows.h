/*
 * The messages of a mailbox in memory: rows by UID, strings, base name -> UID.
 */
#ifndef MAILDIR_ROWS_H
#define MAILDIR_ROWS_H

#include "base/slice.h"
#include "maildir/mailbox.h"

/* message.more: lower-case letters in bits 0 to 25, then */
#define MORE_LETTERS 0x3ffffffu
#define MORE_WHERE (3u << 26)
#define MORE_CUR (0u << 26)
#define MORE_NEW (1u << 26)
#define MORE_TMP (2u << 26)     /* committed, and on its way to cur/ */
#define MORE_UNKNOWN (3u << 26) /* not seen by a scan yet */
#define MORE_TAIL (1u << 28) /* behind the base's NUL stands what follows it in the file's name */
#define MORE_SEEN (1u << 29) /* by the scan under way */
#define MORE_TOUCHED (1u << 30) /* we changed it while the scan was under way */
#define MORE_UNTAKEN (1u << 31) /* \Recent for the first session that comes */

#define CACHED_NONE 0u

/* base name -> UID. Open addressing; the hash's low half is kept beside the UID. */
struct names {
	struct name_slot {
		uint32_t hash, uid; /* uid 0: empty */
	} * slots;
	size_t mask, count;
};

/* Strings that live as long as the mailbox. */
struct pool {
	struct pool_block {
		struct pool_block *next;
		size_t used, size;
		char bytes[];
	} * first;
	size_t live, dead; /* bytes */
};

struct rows {
	struct message *p; /* by UID */
	size_t count, cap;
};

/* First row whose UID is not smaller; count when there is none. */
size_t rows_index(const struct rows *r, uint32_t uid);
/* The row, or NULL. */
struct message *rows_find(const struct rows *r, uint32_t uid);
/* Puts a copy in its place: fast at the end, where it nearly always is. */
struct message *rows_add(struct rows *r, const struct message *m);

/* Takes out those with these UIDs, ascending. */
void rows_remove(struct rows *r, const uint32_t *uids, size_t count);

/* A copy of base, and of tail behind its NUL when has_tail. */
const char *pool_name(struct pool *p, struct slice base, struct slice tail, bool has_tail);
void pool_free(struct pool *p);

/* Room for so many at once. */
void names_reserve(struct names *n, size_t count);

/* What a base name is filed under. */
uint32_t names_hash(struct slice base);

/* Adds, removes a name; the same base may be there for more than one UID. */
void names_put(struct names *n, uint32_t hash, uint32_t uid);
void names_remove(struct names *n, struct slice base, uint32_t uid);

#endif
