/*
 * The inside of imapd: the worker that serves IMAP to one account (or, with WORKER=uid, to the
 * accounts of one uid), running as that account. docs/MAILBOXES.md.
 *
 *   main.c      rows, sessions, the table from questions to who answers them (answer.h)
 *   work.c      a question that takes its time (work.h)
 *   set.c       sets of messages, as the session numbers them (set.h)
 *   select.c    SELECT, CLOSE, STATUS
 *   sync.c      what changed, told in the order RFC 3501 wants
 *   folders.c   LIST, CREATE, DELETE, RENAME, SUBSCRIBE
 *   fetch.c     FETCH: batches, slices
 *   reading.c   one message: from the cache, or read
 *   handle.c    messages held open while their octets leave
 *   change.c    STORE, COPY, EXPUNGE
 *   append.c    APPEND
 *   search.c    SEARCH
 */
#ifndef DAEMON_IMAPD_IMAPD_H
#define DAEMON_IMAPD_IMAPD_H

#include "base/arena.h"
#include "base/charset.h"
#include "daemon/imapd/set.h"
#include "daemon/mailbox/worker.h"
#include "imap/server.h"
#include "maildir/mailbox.h"
#include "maildir/text.h"
#include "maildir/view.h"

/* The process. */
struct imapd {
	struct worker w;
	struct buf capability, capability_tls; /* what CAPABILITY says after the login */
	struct charset_ops charsets;           /* of SEARCH */
};

struct append_state;
struct work;

/* A session. */
struct imap_client {
	struct client c;
	struct imap_server *server;
	struct work *work;           /* the question under way: an engine asks one at a time */
	struct append_state *append; /* between APPEND and APPEND_END */
	/* The selected folder; zeroed when there is none. */
	bool selected, read_only;
	struct view view;
	struct mailbox *mailbox; /* held by the view */
	struct folder_watch *watch;
	unsigned keyword_count;      /* names of keywords the session knows */
	struct view_changes changes; /* taken from the view and told in parts */
	size_t told_flags;           /* of them */
	struct uid_list stored;      /* by STORE: told with the next changes, changed or not */
	struct list handles;         /* struct handle */
	uint32_t last_handle;
};

static inline struct imap_client *
client_of(struct session *s)
{
	return session_owner(s);
}

/* ---- select.c ---- */

/* The folder is selected no more, silently. Safe when none is. */
void select_end(struct imap_client *k);

/* The keywords of a folder as the engine wants them; names in a room of the process. */
void keywords_of(const struct imap_client *k, struct mailbox *m, struct imap_keywords *out);

/* Flags of the store as IMAP's, and back. */
unsigned flags_to_imap(uint32_t flags);
uint32_t flags_from_imap(unsigned flags);

/* What the session shall know of a message: flags, keywords, \Recent. */
void flags_of(const struct imap_client *k, const struct message *m, uint32_t seq,
    struct imap_flags *out);

/* ---- sync.c ---- */

/* view.changed. */
void sync_notice(struct view *v);

/* Forgets what was not told. */
void sync_clear(struct imap_client *k);

/* ---- change.c ---- */

/* UIDs of the messages of s (NULL: all known) that are marked \Deleted. */
bool deleted_uids(const struct imap_client *k, const struct seq_set *s, struct arena *a,
    struct uid_list *out);

/* Adds keywords of a question to a change. */
void change_of(unsigned flags, const struct slice *keywords, size_t count,
    struct mailbox_change *out);

/* ---- append.c ---- */

/* session_ops.body: content goes into the file. */
size_t append_body(struct session *s, struct slice chunk);

/* Nothing of a message that is coming in is kept. */
void append_end(struct imap_client *k);

/* ---- handle.c ---- */

/* Takes an open text over; its number. */
uint32_t handle_new(struct imap_client *k, struct text *t);
void handle_close(struct imap_client *k, uint32_t number);
/* Closes those with a number above this. */
void handles_close(struct imap_client *k, uint32_t above);
/* session_ops.piece. */
enum st handle_piece(struct session *s, const struct engine_piece *from, unsigned char *p,
    size_t max, size_t *n);

#endif
