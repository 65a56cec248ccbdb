/*
 * Folders: LIST and what makes, removes, renames, subscribes them. RFC 3501 sections 6.3.3 to
 * 6.3.9; RFC 3348 (CHILDREN).
 */
#include "daemon/imapd/answer.h"

static unsigned
attributes_of(const struct store_folder *row)
{
	unsigned out = row->has_children ? IMAP_HAS_CHILDREN : IMAP_HAS_NO_CHILDREN;

	if (row->is_subscribed)
		out |= IMAP_SUBSCRIBED;
	if (!row->exists)
		out |= row->has_children ? IMAP_NOSELECT : IMAP_NOSELECT | IMAP_NONEXISTENT;
	return out;
}

void
ask_list(struct imap_client *k, const struct engine_ask *a)
{
	struct store_folders all = {0};
	struct imap_folders out = {0};
	struct imap_folder *items;
	struct fault f = FAULT_NONE;

	if (store_folders_read(k->c.account->store, &all, &f) != ST_OK) {
		store_folders_free(&all);
		client_answer(&k->c, a->number, &f, NULL);
		return;
	}
	items = mem_get((all.count + 1) * sizeof(*items));
	for (size_t i = 0; i < all.count; i++)
		items[i] = (struct imap_folder){
		    .name = sl_str(all.rows[i].name), .attributes = attributes_of(&all.rows[i])};
	out = (struct imap_folders){.items = items, .count = all.count};
	client_answer(&k->c, a->number, NULL, &out);
	mem_free(items);
	store_folders_free(&all);
}

static struct store_op *
begin(struct imap_client *k, const struct engine_ask *a)
{
	struct work *w = work_new(k, a, 1);

	w->op.done = work_op_done;
	return &w->op;
}

void
ask_create(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_name *q = a->detail;

	store_folder_create(k->c.account->store, q->name, begin(k, a));
}

void
ask_delete(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_name *q = a->detail;

	store_folder_delete(k->c.account->store, q->name, begin(k, a));
}

void
ask_rename(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_rename *q = a->detail;

	store_folder_rename(k->c.account->store, q->from, q->to, begin(k, a));
}

void
ask_subscribe(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_name *q = a->detail;

	store_subscribe(k->c.account->store, q->name, true, begin(k, a));
}

void
ask_unsubscribe(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_name *q = a->detail;

	store_subscribe(k->c.account->store, q->name, false, begin(k, a));
}
