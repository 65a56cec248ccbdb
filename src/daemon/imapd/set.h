/*
 * Sets of messages, as a client writes them and as a session numbers them (RFC 3501 section 9,
 * sequence-set).
 */
#ifndef DAEMON_IMAPD_SET_H
#define DAEMON_IMAPD_SET_H

#include "base/arena.h"
#include "imap/ask_message.h"
#include "maildir/view.h"

/* UIDs, ascending. */
struct uid_list {
	uint32_t *v;
	size_t n, cap;
};

struct seq_range {
	uint32_t first, last;
};

/* Sequence numbers: ascending ranges that do not touch. */
struct seq_set {
	struct seq_range *v;
	size_t n;
};

/* The messages of a set that the session knows. False at the arena's limit. */
bool set_resolve(
    const struct view *v, const struct imap_set *from, struct arena *a, struct seq_set *out);

/* All messages the session knows. */
bool set_all(const struct view *v, struct arena *a, struct seq_set *out);

/* The first number of the set above `after`; 0: none. */
uint32_t set_next(const struct seq_set *s, uint32_t after);

/* Is it in the set? */
bool set_has(const struct seq_set *s, uint32_t seq);

/* UIDs of the messages of a set that are still there. False at the arena's limit. */
bool set_uids(
    const struct view *v, const struct seq_set *s, struct arena *a, struct uid_list *out);

#endif
