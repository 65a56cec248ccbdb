/*
 * Reading facts into a mailbox: one pass over records.
 */
#ifndef MAILDIR_FACTS_INT_H
#define MAILDIR_FACTS_INT_H

#include "maildir/mailbox_int.h"
#include "maildir/uids.h"

struct facts_pass {
	struct uids dead; /* rows that leave the array at the end of the pass */
	struct uids gone; /* those that leave the doomed */
	struct uids seen; /* reloading: rows the file still has */
	bool reloading;   /* from the start, while the mailbox is in use */
	bool other_validity;
	bool changed;       /* something sessions should hear of */
	bool damaged;       /* records were skipped */
	bool highest_known; /* since the damage: a record told of the highest UID */
	uint32_t group_left, group_uidnext;
	uint64_t group_at; /* offset of the group's record */
};

/* False: the record contradicts those before it. */
bool facts_apply(struct mailbox *m, struct facts_pass *p, const struct facts_record *r);

/* Takes out what the pass found removed; drops a group that is not whole. */
void facts_pass_end(struct mailbox *m, struct facts_pass *p);

/* Drops the rows from this UID on. */
void facts_undo_after(struct mailbox *m, uint32_t uidnext);

/* The first offset behind `from` at which a record proves itself; 0: none. */
uint64_t facts_find_next(int fd, uint64_t from, uint64_t size);

/* facts_write.c: the whole file anew, under the lock; from what is in memory. */
enum st facts_rewrite(struct mailbox *m, struct fault *f);

/* A UIDVALIDITY no folder of this store had: larger than `above`. */
uint32_t facts_new_validity(struct mailbox *m, uint32_t above);

#endif
