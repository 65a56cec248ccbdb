/*
 * One account's Maildir++ in one process: its folders, and what the process gives them. Sessions
 * read through mailbox.h (one open folder), view.h (what one session knows of it), text.h (one
 * message) and cache.h (what was found out about messages).
 *
 * Nothing here waits. What needs the disk is an operation: a struct store_op embedded by the
 * caller, whose done() comes from store_turn(), once, never from inside the call that started it.
 *
 * RFC 3501 sections 5.1 (names), 6.3.3 to 6.3.9 (what the commands mean); docs/FACTS.md.
 */
#ifndef MAILDIR_STORE_H
#define MAILDIR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/list.h"
#include "base/slice.h"
#include "os/durable.h"

/* Longest folder name in UTF-8 with "INBOX."; a file name with its dot must fit into 255. */
#define STORE_NAME_MAX 250

/* Warm folders that nobody has open: how many are kept, and how long. */
#define STORE_WARM_MAX 4
#define STORE_WARM_MS 60000

struct store;
struct mailbox;
struct task;

/* What the process gives. Everything lives as long as the store. */
struct store_host {
	struct durable *durable;
	/*
	 * store_turn(store) shall be called in delay_ms (0: soon, at the end of this turn of the
	 * loop). A later call replaces the earlier one.
	 */
	void (*wake)(void *owner, int64_t delay_ms);
	/* Something an operator should see (facts were lost, a folder cannot be read). NULL: nobody
	 * does. */
	void (*note)(void *owner, const struct fault *f);
	void *owner;
	/* The clocks; NULL: those of os/clock.h. */
	int64_t (*mono_ms)(void);
	int64_t (*wall_sec)(void);
	struct slice me;    /* this server's name, for names of files */
	struct slice quota; /* the account's definition, or empty: what maildirsize says */
	bool no_keywords;   /* keywords are not offered: storing one is ST_DENIED */
};

/*
 * An operation. Set done and arg; the rest is written by the function that starts it. From the
 * start until done() it belongs to the store: it must stay where it is. Results are valid where the
 * starting function says so, lists only until done() returns.
 */
struct store_op {
	/* f->st is ST_OK, or says why not. The op is the caller's again and may be started anew. */
	void (*done)(struct store_op *op, const struct fault *f);
	void *arg;

	/* Results. */
	struct mailbox *mailbox;        /* mailbox_open */
	uint32_t uidvalidity;           /* of the folder that got messages */
	const uint32_t *uids, *uids_to; /* of messages: from, to */
	size_t uid_count;
	uint64_t modseq; /* of the change */

	struct task *task; /* private; NULL while it is not under way */
};

/*
 * Nobody wants the result: done() is not called, a reference it would have brought is dropped. What
 * has begun may still take place. No effect on an op that is not under way.
 */
void store_op_cancel(struct store_op *op);

/*
 * The Maildir whose top directory is dir (taken over; closed by store_free). It must exist. NULL
 * with f when it is none (ST_NOENT) or cannot be used; dir is closed then too.
 */
struct store *store_new(const struct store_host *host, int dir, struct fault *f);

/* Everything must be closed and no op under way, else they are dropped: done() is not called. */
void store_free(struct store *s);

/* Does what is due: steps of operations (at most about 10 ms in all), calls of done(). */
void store_turn(struct store *s);

/* Gives back the memory that warm folders hold; for a process whose sessions are all idle. */
void store_trim(struct store *s);

/* ---- folders ---- */

/*
 * Folder names are UTF-8: "INBOX" (in any case), or "INBOX." and parts divided by dots, on disk
 * ".part.part". Names in the older modified UTF-7 form (RFC 3501 section 5.1.3) are read and shown
 * as they decode, when they decode; new folders are named in UTF-8. Both name the same folder.
 *
 * ST_OK when name may name a folder, ST_SYNTAX with words when not: no UTF-8, control characters, a
 * slash, an empty part, longer than STORE_NAME_MAX, not below INBOX.
 */
enum st store_name_check(struct slice name, struct fault *f);

struct store_folder {
	const char *name;  /* "INBOX.Sent" */
	bool exists;       /* it can be opened; false: only a parent, or only subscribed */
	bool has_children; /* a folder below it exists */
	bool is_subscribed;
	bool is_above_subscribed; /* a folder below it is subscribed (LSUB "%") */
};

/* All folders, those that are only subscribed, and the parents that have no folder of their own. */
struct store_folders {
	struct store_folder *rows; /* sorted by name, bytewise, INBOX first */
	size_t count;
};

/* ST_OK, or ST_IO. Free it with store_folders_free, also when it failed. */
enum st store_folders_read(struct store *s, struct store_folders *out, struct fault *f);
void store_folders_free(struct store_folders *l);

/* Is there such a folder? ST_OK, ST_NOENT, ST_SYNTAX. */
enum st store_folder_check(struct store *s, struct slice name, struct fault *f);

/*
 * Makes a folder and the parents it lacks, mode 0700. ST_EXISTS; ST_SYNTAX. A trailing dot is
 * ignored (RFC 3501 section 6.3.3).
 */
void store_folder_create(struct store *s, struct slice name, struct store_op *op);

/*
 * Removes a folder with its messages. Folders below it stay, and then its name is listed as one
 * that does not exist. INBOX: ST_DENIED; none: ST_NOENT. Mailboxes that are open fail from then on
 * with ST_NOENT. A folder made later under that name has another UIDVALIDITY.
 */
void store_folder_delete(struct store *s, struct slice name, struct store_op *op);

/*
 * Renames a folder and those below it; parents of the new name are made. INBOX: its messages move
 * to the new folder, folders below it stay (RFC 3501 section 6.3.5). Open mailboxes stay open.
 */
void store_folder_rename(struct store *s, struct slice from, struct slice to, struct store_op *op);

/* Writes courierimapsubscribed anew. Subscribing needs no folder of that name; unsubscribing what
 * is not subscribed is no mistake. */
void store_subscribe(struct store *s, struct slice name, bool on, struct store_op *op);

/* ---- quota ---- */

struct store_quota {
	bool is_set;
	uint64_t max_bytes, max_count; /* 0 = no limit */
	uint64_t bytes, count;         /* in use */
};

/* Reads the use of the Maildir. ST_OK, or ST_IO. */
enum st store_quota_read(struct store *s, struct store_quota *out, struct fault *f);

#endif
