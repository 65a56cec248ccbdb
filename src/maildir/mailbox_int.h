/*
 * Inside a mailbox: its messages, the names they have on disk, its facts, its refresh.
 */
#ifndef MAILDIR_MAILBOX_INT_H
#define MAILDIR_MAILBOX_INT_H

#include <sys/stat.h>

#include "base/buf.h"
#include "maildir/dir.h"
#include "maildir/facts.h"
#include "maildir/mailbox.h"
#include "maildir/name.h"
#include "maildir/rows.h"
#include "maildir/store_int.h"

struct pop3_id {
	uint32_t uid;
	char *id;
};

/* What is known of a directory's state. */
struct seen_dir {
	int64_t mtime_ns;   /* when it was scanned, or after our own last change; -1: never */
	int64_t checked_ns; /* wall time of that */
};

struct mailbox {
	struct store *store;
	struct list_node node;
	char *name;
	dev_t dev;
	ino_t ino;
	unsigned refs;
	struct store_timer warm, again;
	bool gone;    /* deleted or replaced: no operation works any more */
	bool unsaved; /* the facts cannot be written at all: UIDs for this process only */
	bool loaded;
	bool changed; /* views shall be told */
	bool poked;
	struct fault gone_why;

	struct maildir dirs;
	int index, lock, facts; /* descriptors or -1 */

	struct rows all; /* those shown and, behind them, those not on disk yet */
	size_t shown;
	struct rows doomed; /* expunged; their files still have to go */
	struct names names;
	struct pool pool;
	struct slice keywords[MAILBOX_KEYWORDS];
	uint64_t words_saved;     /* whose names are in the facts */
	uint64_t words_put;       /* those in the records that are being made */
	struct pop3_id *pop3_ids; /* by UID */
	size_t pop3_count, pop3_cap;
	uint64_t letters[26]; /* first use: keywords that a lower-case letter stands for */
	bool has_letters;
	uint32_t uidvalidity, uidnext;
	uint64_t modseq;

	/* the file of facts */
	dev_t facts_dev;
	ino_t facts_ino;
	uint64_t facts_end;  /* of the records that were read or written */
	uint64_t facts_size; /* of the file: zeros follow */
	uint64_t facts_live; /* what it would have if it were written anew; an estimate */
	bool facts_damaged;  /* to be written anew */
	bool facts_is_new;   /* its name is not on disk yet */

	struct seen_dir new_seen, cur_seen;
	struct task *refresh;     /* under way */
	struct list refresh_now;  /* tasks that wait for it */
	struct list refresh_next; /* those that wait for the next one */
	bool force_scan;          /* the next refresh scans whatever the times say */
	bool scanning;
	struct task *mover, *reaper, *compactor;
	struct list views;
	struct cache *cache;
};

/* ---- mailbox.c: messages and names ---- */

/* The one that has this directory open or warm, or NULL. */
struct mailbox *mailbox_find_open(struct store *s, dev_t dev, ino_t ino);

/* Closes all of it; nobody holds it. */
void mailbox_free(struct mailbox *m);

/* No operation works any more, and this is what each of them says. */
void mailbox_gone(struct mailbox *m, const struct fault *why);

/* ST_OK, or why no operation works any more. */
enum st mailbox_check(const struct mailbox *m, struct fault *f);

/* Views shall be told at the end of the turn. */
void mailbox_changed(struct mailbox *m);

/* The message with this base name, shown or not, or NULL. */
struct message *mailbox_by_base(struct mailbox *m, struct slice base, bool *is_doomed);
struct message *
mailbox_by_hash(struct mailbox *m, struct slice base, uint32_t hash, bool *is_doomed);

/* Appends what POP3 calls a message; by UID. */
void mailbox_add_pop3_id(struct mailbox *m, uint32_t uid, struct slice id);

/* The name of a message's file, and the directory it is in. */
size_t message_file(const struct message *r, char out[MAILDIR_NAME_MAX + 1]);
int message_dir(const struct mailbox *m, const struct message *r);

/* Sets letters and place from a file's name; the tail is kept when it is not the usual one. */
void message_place(
    struct mailbox *m, struct message *r, const struct maildir_parts *parts, uint32_t where);

/* Takes messages out, of the array and out of each view. uids ascending. */
void mailbox_take_out(struct mailbox *m, const uint32_t *uids, size_t count);

/* view.c: views learn that these were removed. Called while they are still in the array. */
void views_removed(struct mailbox *m, const uint32_t *uids, size_t count);
void views_tell(struct mailbox *m);

/* ---- mailbox_facts.c ---- */

/* Reads the facts, or begins them. ST_OK, ST_AGAIN (more steps), or a fault. */
enum st facts_load(struct mailbox *m, struct fault *f);

/*
 * Under the lock: reads what others wrote meanwhile. ST_OK; ST_AGAIN: somebody has the lock;
 * else a fault. After ST_OK facts_unlock follows, in the same turn.
 */
enum st facts_lock(struct mailbox *m, struct fault *f);
void facts_unlock(struct mailbox *m);

/* facts_lock for a task: true when it has it; else *step is what run() returns. */
bool task_lock(struct task *t, enum step *step);

/* Reads what others wrote, without the lock. *changed: there was something. */
enum st facts_catch_up(struct mailbox *m, bool *changed, struct fault *f);

/* Appends records (under the lock). ST_OK or a fault: then nothing was written. */
enum st facts_append(struct mailbox *m, const struct buf *records, struct fault *f);

/* Adds a message: its record to out, itself behind the array, not shown yet. */
struct message *
facts_add_message(struct mailbox *m, struct slice base, int64_t saved_sec, struct buf *out);

/* The number of a keyword; a new name's record goes to out. -1: too many. */
int facts_keyword(struct mailbox *m, struct slice name, struct buf *out);

/* Syncs the facts for a task, and a directory (-1: none); as task_sync. */
void facts_sync(struct task *t, int dir);

/* After it: ST_OK, or the mailbox cannot be trusted any more. */
enum st facts_synced(struct task *t);

/* Shows the messages up to this UID, whose records are on disk. */
void mailbox_show(struct mailbox *m, uint32_t uid);

/* ---- mailbox_refresh.c ---- */

/* t waits for a refresh that begins after now; t->fault has its result. Return STEP_WAIT. */
void refresh_wait(struct mailbox *m, struct task *t, bool force_scan);

/* Before and after a change of our own in cur/ or new/: the scan need not run for it. */
struct own_change {
	struct mailbox *m;
	bool is_known[2];
};
void own_change_begin(struct own_change *c, struct mailbox *m);
void own_change_end(struct own_change *c);

/* Starts the tasks that move taken messages to cur/, and that unlink what is doomed. */
void mailbox_start_mover(struct mailbox *m);
void mailbox_start_reaper(struct mailbox *m);

/* mailbox_times.c: mtime in nanoseconds; -2 when it cannot be told. The store's time. */
int64_t stat_mtime_ns(const struct stat *st);
int64_t dir_mtime_ns(int fd);
int64_t mailbox_wall_ns(const struct mailbox *m);

#endif
