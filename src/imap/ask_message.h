/*
 * The questions of imap/ask.h that are about messages: sets of them, what is fetched, stored,
 * copied, removed, found, appended, and what changed.
 */
#ifndef IMAP_ASK_MESSAGE_H
#define IMAP_ASK_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* System flags, RFC 3501 section 2.3.2. */
enum imap_flag {
	IMAP_SEEN = 1,
	IMAP_ANSWERED = 2,
	IMAP_FLAGGED = 4,
	IMAP_DELETED = 8,
	IMAP_DRAFT = 16,
	IMAP_RECENT = 32,
};

#define IMAP_KEYWORDS_MAX 64 /* of one folder; bit k of a set stands for names[k] */

/* The keywords of a folder: names[k] may be empty (bit not in use). */
struct imap_keywords {
	const struct slice *names;
	unsigned count;
	bool may_add; /* new ones can be made: \* in PERMANENTFLAGS */
};

/* ---- sets ---- */

/*
 * Ranges as the client wrote them, each from <= to but for "*", which is UINT32_MAX in from, to or
 * both and stands for the largest number in use. Of sequence numbers none is 0 nor (but for "*")
 * above what the session was told exists.
 */
struct imap_range {
	uint32_t from, to;
};

struct imap_set {
	const struct imap_range *ranges;
	size_t count;
	bool is_uid;
};

/* ---- messages going in ---- */

struct imap_append {
	struct slice mailbox;
	unsigned flags;
	const struct slice *keywords;
	size_t keyword_count;
	bool has_date;
	int64_t date_sec;
	uint64_t size_bytes; /* octets that will follow */
};

struct imap_appended {
	uint32_t uidvalidity, uid; /* RFC 4315 section 3; uid 0: not told */
};

/* ---- changes others made, or this session ---- */

struct imap_sync {
	bool may_expunge; /* RFC 3501 section 7.4.1: not during FETCH, STORE, SEARCH by sequence */
	bool look;        /* the owner shall look at the folder now (NOOP, CHECK, IDLE) */
};

struct imap_flags {
	uint32_t seq, uid;
	unsigned flags;
	uint64_t keywords;
	uint64_t modseq;
};

/* In the order in which they are said. After it the session knows all of it. */
struct imap_changes {
	const uint32_t *expunged; /* sequence numbers, each as valid after those before it */
	size_t expunged_count;
	bool has_exists;
	uint32_t exists, recent;
	const struct imap_flags *flags;
	size_t flags_count;
	bool keywords_changed; /* FLAGS and PERMANENTFLAGS are said again */
	struct imap_keywords keywords; /* as they are now: of flags too */
	bool more; /* ask again: this was a part (flags only) */
	bool gone; /* the folder was deleted: the session ends with BYE, or CLOSE */
};

/* ---- STORE, COPY, EXPUNGE ---- */

enum imap_store_how { IMAP_STORE_REPLACE, IMAP_STORE_ADD, IMAP_STORE_REMOVE };

/* All messages of the set, or a fault; what was changed before the fault stays changed. */
struct imap_store {
	struct imap_set set;
	enum imap_store_how how;
	unsigned flags; /* never IMAP_RECENT */
	const struct slice *keywords;
	size_t keyword_count;
	bool is_silent; /* this session is not told of these changes by SYNC */
};

struct imap_copy {
	struct imap_set set;
	struct slice mailbox;
};

/* Pairs in ascending order of from; RFC 4315 section 3. */
struct imap_copied {
	uint32_t uidvalidity; /* of the target; 0: nothing is said */
	const uint32_t *from, *to;
	size_t count;
};

struct imap_expunge {
	bool has_set; /* UID EXPUNGE, RFC 4315 section 2.1: only those of the set */
	struct imap_set set;
};

/* ---- SEARCH ---- */

struct imap_search; /* imap/search.h: the program, evaluated by imap_search_match() */

struct imap_search_ask {
	const struct imap_search *program;
	bool is_uid; /* numbers are UIDs */
};

struct imap_found {
	const uint32_t *numbers; /* ascending */
	size_t count;
};

#endif
