/*
 * The update state: what was marked as deleted is removed, what was read is marked as read. The
 * positive answer to QUIT waits until the removal is on disk.
 */
#include "base/arena.h"
#include "daemon/pop3d/pop3d.h"

static const struct mailbox_change seen = {.how = MAILBOX_ADD, .flags = MESSAGE_SEEN};

/* The UIDs of what was read and is still unmarked, ascending; the list is the caller's. */
static uint32_t *
read_uids(const struct pop3_client *k, size_t *count)
{
	uint32_t *uids = NULL;

	*count = 0;
	for (size_t i = 0; i < k->count; i++) {
		if (!k->own[i].is_read)
			continue;
		if (!uids)
			uids = mem_get((k->count - i) * sizeof(*uids));
		uids[(*count)++] = k->items[i].uid;
	}
	return uids;
}

static void
forget_read(struct pop3_client *k)
{
	for (size_t i = 0; i < k->count; i++)
		k->own[i].is_read = false;
}

/* ---- at QUIT ---- */

/* Whether they could be marked changes nothing for the client. */
static void
marked(struct store_op *op, const struct fault *f)
{
	(void)f;
	pop3_answer(CONTAINER_OF(op, struct pop3_client, op), NULL, NULL);
}

static void
mark(struct pop3_client *k)
{
	size_t count;
	uint32_t *uids = read_uids(k, &count);

	forget_read(k);
	if (count == 0) {
		pop3_answer(k, NULL, NULL);
		return;
	}
	k->op.done = marked;
	mailbox_mark(k->mailbox, uids, count, &seen, &k->op);
	mem_free(uids);
}

static void
expunged(struct store_op *op, const struct fault *f)
{
	struct pop3_client *k = CONTAINER_OF(op, struct pop3_client, op);
	struct fault why;

	if (f->st == ST_OK) {
		mark(k);
		return;
	}
	fault_set(&why, f->st, "", "Some deleted messages not removed: %.100s", f->text);
	pop3_answer(k, &why, NULL);
}

/* R1939-6-a, R1939-6-b, R1939-6-c */
void
pop3_update(struct pop3_client *k)
{
	const struct pop3_commit *c = k->commit;
	uint32_t *uids;

	for (size_t i = 0; i < c->count; i++)
		k->own[c->deleted[i]].is_read = false;
	if (c->count == 0) {
		mark(k);
		return;
	}
	uids = arena_get_array(k->client.arena, c->count, sizeof(*uids));
	if (!uids) {
		struct fault f;

		fault_set(&f, ST_TEMP, "", "No message removed: out of memory for this session");
		pop3_answer(k, &f, NULL);
		return;
	}
	for (size_t i = 0; i < c->count; i++)
		uids[i] = k->items[c->deleted[i]].uid;
	k->op.done = expunged;
	mailbox_expunge(k->mailbox, uids, c->count, &k->op);
}

/* ---- without QUIT ---- */

struct later {
	struct store_op op;
	struct mailbox *mailbox;
};

static void
later_done(struct store_op *op, const struct fault *f)
{
	struct later *l = CONTAINER_OF(op, struct later, op);

	(void)f;
	mailbox_close(l->mailbox);
	mem_free(l);
}

void
pop3_mark_later(struct pop3_client *k)
{
	size_t count;
	uint32_t *uids = read_uids(k, &count);
	struct later *l;

	if (count == 0)
		return;
	l = mem_get(sizeof(*l));
	*l = (struct later){.op = {.done = later_done}, .mailbox = k->mailbox};
	mailbox_hold(l->mailbox);
	mailbox_mark(l->mailbox, uids, count, &seen, &l->op);
	mem_free(uids);
}
