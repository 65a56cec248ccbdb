/*
 * What one session knows of a mailbox. Sequence numbers stay as they are until the session says
 * that it can hear of removals (RFC 3501 section 7.4.1: not during FETCH, STORE, SEARCH); other
 * sessions may expunge and append meanwhile. A view holds no copy of the list of UIDs: it knows the
 * last UID it was told, and what was removed since.
 *
 * RFC 3501 sections 2.3.1.2 (sequence numbers), 2.3.2 (\Recent), 5.2, 7.3.1, 7.3.2, 7.4.1.
 */
#ifndef MAILDIR_VIEW_H
#define MAILDIR_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "maildir/mailbox.h"

struct view_range {
	uint32_t first, last; /* UIDs */
};

struct view {
	/*
	 * There is something to sync. Called once until the next view_sync, from store_turn. May be
	 * NULL.
	 */
	void (*changed)(struct view *v);
	void *arg;

	/* private */
	struct mailbox *mailbox;
	struct list_node node;
	bool read_write, told_changed;
	uint32_t known_uid;    /* the largest UID the session was told */
	uint64_t known_modseq; /* changes up to here were told */
	uint32_t *expunged;    /* removed and not told, ascending */
	size_t expunged_count, expunged_cap;
	struct view_range *recent;
	size_t recent_count, recent_cap;
	uint32_t *told; /* changed by this session and told, ascending */
	size_t told_count, told_cap;
};

/*
 * Starts a view; it takes a reference of its own. It knows all messages there are. Of those in new/
 * the ones that no other session took are \Recent in it; with read_write they move to cur/. Set
 * changed and arg before.
 */
void view_init(struct view *v, struct mailbox *m, bool read_write);

/* Ends it and gives its reference back. Safe on a zeroed view. */
void view_fini(struct view *v);

/* Messages the session knows, counting those that were removed and not told. */
uint32_t view_count(const struct view *v);

/* How many of them are \Recent, and is this one? */
uint32_t view_recent_count(const struct view *v);
bool view_is_recent(const struct view *v, uint32_t uid);

/* UID of sequence number seq (1 to view_count), also of a message that was removed; 0: none. */
uint32_t view_uid(const struct view *v, uint32_t seq);

/* Sequence number of a UID; 0 when the session does not know it. */
uint32_t view_seq(const struct view *v, uint32_t uid);

/* Sequence number of the first message whose UID is this or larger; view_count + 1: none. For
 * ranges of UIDs. */
uint32_t view_seq_from(const struct view *v, uint32_t uid);

/* The message, or NULL when it was removed meanwhile. Borrowed as from mailbox_find. */
const struct message *view_message(const struct view *v, uint32_t seq);

/*
 * The session has just been told, or caused without wanting to hear of it (.SILENT), the state of
 * this message: view_sync leaves it out unless it changes again.
 */
void view_told(struct view *v, uint32_t uid);

/* What changed, in the order in which a protocol tells it. Free it with view_changes_fini. */
struct view_changes {
	uint32_t *expunged; /* sequence numbers, each as it is after those before it were told */
	size_t expunged_count;
	bool has_new;           /* messages arrived: tell count and recent */
	uint32_t count, recent; /* as they are now */
	uint32_t *flags;        /* UIDs of messages whose flags or keywords changed, ascending */
	size_t flags_count;
	bool is_gone; /* the mailbox was deleted: end the session or close it */
};

/*
 * Takes in what happened to the mailbox. Without may_expunge removals wait, and arrivals are told
 * all the same. Costs nothing when nothing happened. Does not look at the disk: mailbox_refresh
 * does.
 */
void view_sync(struct view *v, bool may_expunge, struct view_changes *out);
void view_changes_fini(struct view_changes *c);

#endif
