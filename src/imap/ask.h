/*
 * The questions of an IMAP session (src/imap/server.h) and what stands in them. Storage is never
 * touched by the engine: it asks, the owner answers, now or later. Everything a question refers to
 * is borrowed until its answer; everything an answer refers to is borrowed for that call.
 *
 * Mailbox names in questions and answers are UTF-8 with "." between levels, "INBOX" in capitals;
 * the engine turns them into what the client speaks (RFC 3501 section 5.1.3).
 *
 * An answer no carries a fault; the response code (RFC 3501 section 7.1, RFC 5530) follows from it:
 *     ST_NOENT [NONEXISTENT] ([TRYCREATE] for APPEND and COPY)   ST_EXISTS [ALREADYEXISTS]
 *     ST_DENIED [NOPERM]   ST_LIMIT, code x.2.2 [OVERQUOTA], else [LIMIT]   ST_PERM [CANNOT]
 *     ST_AGAIN [INUSE]     ST_TEMP, ST_IO [UNAVAILABLE]      ST_BUG [SERVERBUG]
 */
#ifndef IMAP_ASK_H
#define IMAP_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "imap/ask_fetch.h"
#include "imap/ask_message.h"

/*
 * Questions (engine_ask.kind). Beside each: detail of the question -> detail of the answer yes.
 * One command is worked on at a time; its questions follow one another.
 */
enum imap_ask {
	IMAP_ASK_LIST,        /* NULL -> struct imap_folders: all there are */
	IMAP_ASK_SELECT,      /* struct imap_select -> struct imap_selected */
	IMAP_ASK_CLOSE,       /* struct imap_close -> NULL; the folder is no longer selected */
	IMAP_ASK_STATUS,      /* struct imap_name -> struct imap_status */
	IMAP_ASK_CREATE,      /* struct imap_name -> NULL */
	IMAP_ASK_DELETE,      /* struct imap_name -> NULL */
	IMAP_ASK_RENAME,      /* struct imap_rename -> NULL */
	IMAP_ASK_SUBSCRIBE,   /* struct imap_name -> NULL */
	IMAP_ASK_UNSUBSCRIBE, /* struct imap_name -> NULL */
	/*
	 * struct imap_append -> NULL: the client is told to send. Then body() and body_taken() as
	 * in SMTP, and APPEND_END when all was taken (or APPEND_DROP, a notice: nothing is kept).
	 */
	IMAP_ASK_APPEND,
	IMAP_ASK_APPEND_END,  /* NULL -> struct imap_appended */
	IMAP_ASK_APPEND_DROP, /* NULL. A notice: nobody waits */
	IMAP_ASK_SYNC,        /* struct imap_sync -> struct imap_changes */
	IMAP_ASK_FETCH,       /* struct imap_fetch -> struct imap_fetched */
	IMAP_ASK_STORE,       /* struct imap_store -> NULL */
	IMAP_ASK_COPY,        /* struct imap_copy -> struct imap_copied */
	IMAP_ASK_EXPUNGE,     /* struct imap_expunge -> NULL; SYNC tells what went */
	IMAP_ASK_SEARCH,      /* struct imap_search_ask -> struct imap_found */
	IMAP_ASK_RELEASE,     /* struct imap_release. A notice: this handle is used no more */
};

struct imap_name {
	struct slice name;
};

struct imap_rename {
	struct slice from, to;
};

/* ---- folders ---- */

enum imap_attribute {
	IMAP_NOSELECT = 1,     /* it is only a level above others */
	IMAP_NOINFERIORS = 2,
	IMAP_HAS_CHILDREN = 4, /* RFC 3348; neither bit: not known */
	IMAP_HAS_NO_CHILDREN = 8,
	IMAP_MARKED = 16,
	IMAP_SUBSCRIBED = 32,  /* LSUB shows it */
	IMAP_NONEXISTENT = 64, /* subscribed, but it is not there */
};

struct imap_folder {
	struct slice name;
	unsigned attributes;
};

/* In the order in which they shall be shown; a name stands before those below it. */
struct imap_folders {
	const struct imap_folder *items;
	size_t count;
};

struct imap_select {
	struct slice name;
	bool read_only; /* EXAMINE */
};

struct imap_selected {
	uint32_t exists, recent;
	uint32_t first_unseen; /* sequence number; 0: none */
	uint32_t uidvalidity, uidnext;
	uint64_t modseq;
	struct imap_keywords keywords;
	bool read_only;
	bool uid_not_sticky; /* RFC 4315 section 3 */
};

struct imap_close {
	bool expunge; /* CLOSE: messages with \Deleted go, silently */
};

struct imap_status {
	uint32_t messages, recent, uidnext, uidvalidity, unseen;
	uint64_t modseq;
};

#endif
