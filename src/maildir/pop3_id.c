/*
 * UIDL strings that messages had before they were imported.
 */
#include "maildir/mailbox_int.h"

const char *
mailbox_pop3_id(const struct mailbox *m, uint32_t uid)
{
	size_t low = 0, high = m->pop3_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->pop3_ids[mid].uid < uid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < m->pop3_count && m->pop3_ids[low].uid == uid ? m->pop3_ids[low].id : NULL;
}
