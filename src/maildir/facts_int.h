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

/* facts_write.c: a file of facts that is being written. */
struct facts_writer {
	int fd;
	int err;          /* errno of what went wrong */
	uint64_t written; /* bytes */
	struct buf buf;
	char name[40]; /* of the file until it takes its place */
};

/* Creates the file and puts the header into it. 0 or errno. */
int facts_writer_open(struct facts_writer *w, int index);

/* Closes it, and removes what did not take its place. */
void facts_writer_close(struct facts_writer *w, int index);

/* Removes what crashes left of such files. */
void facts_writer_clean(const struct mailbox *m);

/* Writes what is in the buffer when there is more than that. */
void facts_writer_flush(struct facts_writer *w, size_t above);

/* V and the keywords; flags of the rows [from, to); POP3 ids and X records at the end. */
void facts_writer_begin(struct facts_writer *w, const struct mailbox *m);
void facts_writer_flags(struct facts_writer *w, const struct rows *rows, size_t from, size_t to);
void facts_writer_end(struct facts_writer *w, const struct mailbox *m);

/* The new file takes the old one's place. 0 or errno. */
int facts_writer_switch(struct facts_writer *w, struct mailbox *m);

/* facts_compact.c: starts writing the facts anew when most of them count no more. */
void facts_compact(struct mailbox *m);

/* The whole file anew, under the lock; from what is in memory. */
enum st facts_rewrite(struct mailbox *m, struct fault *f);

/* A UIDVALIDITY no folder of this store had: larger than `above`. */
uint32_t facts_new_validity(struct mailbox *m, uint32_t above);

#endif
