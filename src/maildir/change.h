/*
 * What the operations that change a mailbox share.
 */
#ifndef MAILDIR_CHANGE_H
#define MAILDIR_CHANGE_H

#include "maildir/facts_int.h"

/* Messages come and go: what that means for maildirsize. Marked ones (flag T) and the trash do not
 * count. */
struct quota_change {
	int64_t bytes, count;
	bool was_loaded; /* the quota was looked at */
	struct maildir_quota quota;
};

/* sign +1: r comes, -1: it goes; when it counts. First called before the change takes place. */
void quota_change_add(struct quota_change *c, struct mailbox *m, struct message *r, int sign);

/* Writes what was added up. What goes wrong is found at the next count. */
void quota_change_apply(struct quota_change *c, struct mailbox *m);

/* Is there room in the account? ST_OK, or ST_LIMIT 4.2.2. */
enum st quota_check(struct mailbox *m, uint64_t bytes, uint64_t count, struct fault *f);

/* The flags record of a new message, when it has any; out as for facts_append. */
void message_told(const struct message *r, struct buf *out);

/* Under the lock: a message that got its record and no file after all. */
void facts_drop(struct mailbox *m, uint32_t uid);

/* mailbox_append.c: a name for a file that nobody has. */
size_t new_base_name(struct store *s, char out[MAILDIR_BASE_MAX + 1]);

/* mailbox_move.c: unlinks at most n files of those that are doomed. */
void reaper_run(struct task *t, size_t n);

/* Keyword names of a change as bits; new names' records go to out. ST_LIMIT, ST_DENIED, ST_SYNTAX.
 */
enum st change_words(struct mailbox *m, const struct mailbox_change *c, uint64_t *bits,
    struct buf *out, struct fault *f);

/* Copies of a change's words, which borrow from the caller. */
struct change {
	struct mailbox_change change;
	struct slice *words;
};
void change_copy(struct change *to, const struct mailbox_change *from);
void change_free(struct change *c);

#endif
