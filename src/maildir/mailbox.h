/*
 * One folder open for reading: its messages with their UIDs, flags and keywords, shared by all
 * sessions that have it open. There is exactly one for a (device, inode) in a process, and it alone
 * holds the descriptor of the folder's lock (docs/FACTS.md).
 *
 * Other programs may deliver, rename, delete in the folder at any time. What they did is seen at a
 * refresh. A message is shown only when the record that gives it its UID is on disk.
 *
 * RFC 3501 sections 2.3.1.1 (UIDs), 2.3.2 (flags), 6.3.11, 6.4.3, 6.4.6, 6.4.7; RFC 4315.
 */
#ifndef MAILDIR_MAILBOX_H
#define MAILDIR_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/slice.h"
#include "maildir/store.h"

struct mailbox;
struct append;

/* A bit for each capital letter that can stand behind ":2,". Those without a name here survive. */
#define MESSAGE_LETTER(c) (1u << ((c) - 'A'))
#define MESSAGE_DRAFT MESSAGE_LETTER('D')
#define MESSAGE_FLAGGED MESSAGE_LETTER('F')
#define MESSAGE_PASSED MESSAGE_LETTER('P')
#define MESSAGE_ANSWERED MESSAGE_LETTER('R')
#define MESSAGE_SEEN MESSAGE_LETTER('S')
#define MESSAGE_DELETED MESSAGE_LETTER('T')
#define MESSAGE_FLAGS                                                                         \
	(MESSAGE_DRAFT | MESSAGE_FLAGGED | MESSAGE_PASSED | MESSAGE_ANSWERED | MESSAGE_SEEN | \
	    MESSAGE_DELETED)

#define MAILBOX_KEYWORDS 64     /* most names of keywords in a folder */
#define MAILBOX_KEYWORD_MAX 128 /* bytes of a name */

struct message {
	uint32_t uid;
	uint32_t flags;      /* MESSAGE_ bits */
	uint64_t keywords;   /* bit n: mailbox_keyword(n) */
	uint64_t modseq;     /* of the last change of flags or keywords, or of arrival */
	uint64_t file_bytes; /* 0: not known yet, see message_measure */
	uint64_t wire_bytes; /* with CRLF; 0: not known yet */
	int64_t date_sec;    /* internal date; INT64_MIN: not known yet */
	const char *base;    /* file name up to ":2," */
	uint32_t more;       /* private: lower-case letters, where the file is */
	uint32_t cached_at;  /* private: cache.c */
};

/*
 * Opens a folder by its name: reads the facts, scans new/ and cur/, gives UIDs to what is new. With
 * read_write messages are moved from new/ to cur/ as views take them. op->mailbox gets a reference.
 * ST_NOENT, ST_SYNTAX, ST_IO, ST_TEMP. As fast as a refresh when it is warm.
 */
void mailbox_open(struct store *s, struct slice name, bool read_write, struct store_op *op);

/* One more reference; gives one back. The store keeps a folder warm for a while. */
void mailbox_hold(struct mailbox *m);
void mailbox_close(struct mailbox *m);

/*
 * Looks whether the folder changed and takes it in. Cheap when it did not: two fstat and one read.
 * ST_NOENT when the folder is gone. Views see the result at their next sync.
 */
void mailbox_refresh(struct mailbox *m, struct store_op *op);

/* A hint that something changed: the next turn refreshes, and views are told. For notices. */
void mailbox_poke(struct mailbox *m);

/* The directories to watch, new/ and cur/; they stay open as long as the mailbox. */
int mailbox_new_fd(const struct mailbox *m);
int mailbox_cur_fd(const struct mailbox *m);

/* The messages, by UID; borrowed until the next store_turn or call that changes the mailbox. */
const struct message *mailbox_messages(const struct mailbox *m, size_t *count);
const struct message *mailbox_find(const struct mailbox *m, uint32_t uid); /* or NULL */

/*
 * The UIDL string (RFC 1939 section 7) under which POP3 clients know a message from before it was
 * imported (courierpop3dsizelist); NULL: none. Borrowed as from mailbox_find.
 */
const char *mailbox_pop3_id(const struct mailbox *m, uint32_t uid);

/* Index of the first message with this UID or a larger one; count when there is none. */
size_t mailbox_index(const struct mailbox *m, uint32_t uid);

/* As it was opened, or renamed to. */
struct slice mailbox_name(const struct mailbox *m);
struct store *mailbox_store(const struct mailbox *m);

/* RFC 3501 section 2.3.1.1; and the highest modseq given so far (RFC 7162). */
uint32_t mailbox_uidvalidity(const struct mailbox *m);
uint32_t mailbox_uidnext(const struct mailbox *m);
uint64_t mailbox_modseq(const struct mailbox *m);

/* The folder was deleted, or another one stands in its place: close it. */
bool mailbox_is_gone(const struct mailbox *m);

/* Name of keyword n; empty when there is none. mailbox_keyword_find: its number, or -1; letters
 * compare without case. */
struct slice mailbox_keyword(const struct mailbox *m, unsigned n);
int mailbox_keyword_find(const struct mailbox *m, struct slice name);

/*
 * Fills file_bytes, date_sec and wire_bytes of a message where they are not known: by its name, by
 * fstat, and, only when with_wire, by reading the file. ST_OK; ST_AGAIN when it is not where it was
 * (refresh, then again); ST_IO.
 */
enum st message_measure(struct mailbox *m, uint32_t uid, bool with_wire, struct fault *f);

/* ---- changes ---- */

enum mailbox_how { MAILBOX_ADD, MAILBOX_REMOVE, MAILBOX_REPLACE };

struct mailbox_change {
	enum mailbox_how how;
	uint32_t flags;            /* MESSAGE_ bits; REPLACE touches those of MESSAGE_FLAGS only */
	const struct slice *words; /* keywords; new names get numbers (ADD, REPLACE) */
	size_t word_count;
	bool lasts; /* flags too are on disk when done() comes: the names of files are synced */
};

/*
 * Changes flags and keywords of the messages with these UIDs (ascending; those that are gone are
 * left out, the call copies the list). Files are renamed in steps; keywords are on disk when done()
 * comes. op->uids: the messages that exist, whether changed or not; op->modseq. ST_LIMIT: too many
 * names of keywords, nothing was done.
 */
void mailbox_mark(struct mailbox *m, const uint32_t *uids, size_t count,
    const struct mailbox_change *change, struct store_op *op);

/*
 * Removes the messages with these UIDs for ever. done() comes when that is on disk; the
 * files follow, the first 256 of them before done(). Views learn of it at their next sync.
 * op->uids: those that were removed by this op.
 */
void mailbox_expunge(struct mailbox *m, const uint32_t *uids, size_t count, struct store_op *op);

/*
 * Copies messages to another mailbox of the store (or the same) with flags, keywords and date: all
 * of them, or none (RFC 3501 section 6.4.7). ST_NOENT when one of them vanished meanwhile, ST_LIMIT
 * 4.2.2 over quota. op->uids and op->uids_to: pairs, in the order given; op->uidvalidity of `to`.
 * Those gone before the call are left out.
 */
void mailbox_copy(
    struct mailbox *m, const uint32_t *uids, size_t count, struct mailbox *to, struct store_op *op);

/*
 * A new message: begin, write as often as needed, commit or abort. change: flags and keywords it
 * gets, as for REPLACE. date_sec: its internal date; INT64_MIN: now. wire_bytes: its announced
 * length. NULL with f: ST_LIMIT 4.2.2 over quota, ST_IO.
 */
struct append *append_begin(struct mailbox *m, const struct mailbox_change *change,
    int64_t date_sec, uint64_t wire_bytes, struct fault *f);

/* Octets with CRLF line ends; the file has LF. A fault ends it: only abort is left. */
enum st append_write(struct append *a, struct slice octets, struct fault *f);

/*
 * The message is whole: it gets its UID and is on disk when done() comes. Takes a over. op->uids[0]
 * and op->uidvalidity are its name for ever. The length must be the one announced.
 */
void append_commit(struct append *a, struct store_op *op);
void append_abort(struct append *a);

#endif
