/*
 * A mailbox store in memory, for tests of the IMAP engine: folders of one account, their messages,
 * and what each session was told of the folder it has selected. It answers the questions of
 * imap/ask.h at once; when an answer is given is the business of world.c.
 */
#ifndef IMAP_TESTS_STORE_H
#define IMAP_TESTS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "imap/ask.h"
#include "imap/describe.h"

#define STORE_UIDVALIDITY 1000000000
#define STORE_DATE_SEC 1795287600 /* of messages without one */

struct store_message {
	uint32_t uid;
	unsigned flags; /* without IMAP_RECENT */
	uint64_t keywords;
	int64_t date_sec;
	struct buf content; /* CRLF line ends */
	bool is_new;        /* no session was told that it is recent */
	struct arena *arena; /* of the description, or NULL */
	struct imap_description described;
};

struct store_folder {
	struct store_folder *next; /* in the order of names */
	struct slice name;         /* allocated */
	struct store_message **messages;
	size_t count, room;
	uint32_t uidvalidity, uidnext;
	struct slice keywords[IMAP_KEYWORDS_MAX]; /* allocated */
	unsigned keyword_count;
	bool exists; /* false: only subscribed, or only a level */
	bool is_level, is_subscribed;
};

struct store {
	struct store_folder *folders;
	uint32_t uidvalidity; /* of the folder made last */
	size_t limit_bytes;   /* of a folder; 0: none. Beyond it is ST_LIMIT, x.2.2 */
	bool uid_not_sticky;
};

/* What a session was told of one message. */
struct store_seen {
	uint32_t uid;
	unsigned flags;
	uint64_t keywords;
	bool is_recent, must_tell;
};

/* Content that is being sent: bytes of its own, so a message may go meanwhile. */
struct store_handle {
	struct buf content;
	bool in_use;
};

#define STORE_HANDLES 256

struct store_view {
	struct store *store;
	struct store_folder *folder; /* selected, or NULL */
	bool read_only;
	struct store_seen *seen;
	size_t count, room;
	uint32_t told_uid; /* the highest */
	unsigned told_keywords;
	struct arena *scratch; /* of the answer being given */
	struct store_handle handles[STORE_HANDLES];
	unsigned handles_open;
	size_t sync_step, fetch_step; /* at most so many in an answer; 0: no limit */
	uint64_t handle_min;          /* sections of so many octets come as handles */
	struct imap_append append;    /* being received: copies in append_arena */
	struct arena *append_arena;
	struct buf append_body;
};

/* An account with INBOX, and the end of it. */
void store_init(struct store *st);
void store_fini(struct store *st);

/* The folder of this name if it exists, else NULL; made with store_make. */
struct store_folder *store_find(struct store *st, struct slice name);
struct store_folder *store_make(struct store *st, struct slice name);

/* Puts a message into a folder. */
struct store_message *store_put(struct store_folder *f, struct slice content, unsigned flags,
    uint64_t keywords, int64_t date_sec);

/* The bits of these keywords, added to the folder as there is room. */
uint64_t store_keyword_bits(struct store_folder *f, const struct slice *names, size_t count);

/* A session's view. */
void store_view_init(struct store_view *v, struct store *st);
void store_view_fini(struct store_view *v);

/*
 * Does what a question asks. Its answer's detail, in v->scratch, or NULL; *f says why not.
 * changed: some other session may have news.
 */
const void *store_do(struct store_view *v, unsigned kind, const void *detail, struct fault *f,
    bool *changed);

/* Does sequence number seq, UID uid stand in the set? exists and last are what "*" stands for. */
bool store_in_set(const struct imap_set *set, const struct store_view *v, size_t i);

/* Fills m->described. */
void store_describe(struct store_message *m);

/* store_fetch.c: IMAP_ASK_FETCH; store_search.c: IMAP_ASK_SEARCH */
const void *store_fetch(struct store_view *v, const void *detail, struct fault *f);
const void *store_search(struct store_view *v, const void *detail, struct fault *f);

/* The message with this UID, or NULL. */
struct store_message *store_message(const struct store_folder *f, uint32_t uid);

/* The keywords of a folder, in scratch. */
struct imap_keywords store_keywords(const struct store_view *v);

#endif
