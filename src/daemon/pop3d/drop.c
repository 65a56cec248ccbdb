/*
 * The maildrop of a session: INBOX as it is when the client has logged in. Sizes that no name tells
 * are measured once and kept in the folder's cache; that may take many turns of the loop.
 */
#include "base/arena.h"
#include "base/num.h"
#include "daemon/pop3d/pop3d.h"
#include "imap/describe.h"
#include "maildir/cache.h"
#include "os/clock.h"

#define TURN_MS 10
#define PART_OCTETS 8        /* of a cache entry: two u64, octets of the file and of the wire */
#define LOOKS_BETWEEN_CLOCKS 64

/* What somebody found out about this file; false: nobody, or about another one. */
static bool
cached_octets(struct pop3_client *k, const struct message *m, uint64_t *octets)
{
	struct cache_entry e;
	struct imap_sizes sizes;

	if (!cache_get(k->mailbox, m->uid, &e))
		return false;
	if (e.parts[PART_OCTETS].n == 16) {
		*octets = num_get_be64(e.parts[PART_OCTETS].p + 8);
		return num_get_be64(e.parts[PART_OCTETS].p) == m->file_bytes;
	}
	if (!imap_sizes_get(e.parts[IMAP_PART_SIZES], &sizes))
		return false;
	*octets = sizes.octets;
	return sizes.file_bytes == m->file_bytes;
}

static void
cache_octets(struct pop3_client *k, const struct message *m)
{
	struct cache_entry e = {0};
	unsigned char part[16];

	num_put_be64(part, m->file_bytes);
	num_put_be64(part + 8, m->wire_bytes);
	e.parts[PART_OCTETS] = sl_mem(part, sizeof(part));
	cache_put(k->mailbox, m->uid, &e);
}

static void
take(struct pop3_client *k, const struct message *m, uint64_t octets)
{
	const char *id = mailbox_pop3_id(k->mailbox, m->uid);

	if (k->count == k->room) {
		k->room = k->room ? 2 * k->room : 64;
		k->items = mem_resize(k->items, k->room * sizeof(*k->items));
		k->own = mem_resize(k->own, k->room * sizeof(*k->own));
	}
	k->own[k->count] = (struct pop3_own){.was_seen = (m->flags & MESSAGE_SEEN) != 0};
	k->items[k->count++] = (struct pop3_message){
		.size_bytes = octets,
		.uid = m->uid,
		.uidl = id ? arena_str(k->client.arena, sl_str(id)) : NULL, /* R1939-7-h */
	};
}

/*
 * R1939-11-a. ST_AGAIN: the file is not where it was. One that cannot be read is there, and RETR
 * says why not.
 */
static enum st
take_measured(struct pop3_client *k, uint32_t uid)
{
	const struct message *m = mailbox_find(k->mailbox, uid);
	uint64_t octets;
	struct fault f;
	enum st st;

	if (m->wire_bytes) {
		take(k, m, m->wire_bytes);
		return ST_OK;
	}
	st = message_measure(k->mailbox, uid, false, &f);
	m = mailbox_find(k->mailbox, uid);
	if (st == ST_OK && m->wire_bytes == 0 && cached_octets(k, m, &octets)) {
		take(k, m, octets);
		return ST_OK;
	}
	if (st == ST_OK && m->wire_bytes == 0) {
		st = message_measure(k->mailbox, uid, true, &f);
		m = mailbox_find(k->mailbox, uid);
		if (st == ST_OK && m->wire_bytes)
			cache_octets(k, m);
	}
	if (st == ST_AGAIN)
		return ST_AGAIN;
	take(k, m, m->wire_bytes);
	return ST_OK;
}

static void
finish(struct pop3_client *k)
{
	struct pop3_maildrop drop = {
		.items = k->items,
		.count = k->count,
		.uidvalidity = mailbox_uidvalidity(k->mailbox),
	};

	pop3_answer(k, NULL, &drop);
}

static void looked_again(struct pop3_client *k, const struct fault *f);

/* Takes in what is behind last_uid, for a while. */
static void
step(struct deferred *d)
{
	struct pop3_client *k = d->arg;
	int64_t end_ms = clock_mono_ms() + TURN_MS;
	const struct message *all;
	unsigned looks = 0;
	size_t count, at;

	at = mailbox_index(k->mailbox, k->last_uid + 1);
	for (;; at++) {
		uint32_t uid;

		all = mailbox_messages(k->mailbox, &count);
		if (at >= count) {
			finish(k);
			return;
		}
		uid = all[at].uid;
		if (take_measured(k, uid) == ST_AGAIN && !k->again) {
			k->again = true;
			pop3_refresh(k, looked_again);
			return;
		}
		k->again = false; /* after a second look: it is gone, and left out */
		k->last_uid = uid;
		if (++looks % LOOKS_BETWEEN_CLOCKS == 0 && clock_mono_ms() >= end_ms)
			break;
	}
	loop_defer(k->client.w->loop, &k->step, step, k);
}

static void
looked_again(struct pop3_client *k, const struct fault *f)
{
	if (f->st != ST_OK)
		pop3_answer(k, f, NULL);
	else
		loop_defer(k->client.w->loop, &k->step, step, k);
}

static void
opened(struct store_op *op, const struct fault *f)
{
	struct pop3_client *k = CONTAINER_OF(op, struct pop3_client, op);

	if (f->st != ST_OK) {
		pop3_answer(k, f, NULL);
		return;
	}
	k->mailbox = op->mailbox;
	loop_defer(k->client.w->loop, &k->step, step, k);
}

/* R1939-4-d */
void
pop3_open(struct pop3_client *k)
{
	k->op.done = opened;
	mailbox_open(k->client.account->store, SL("INBOX"), true, &k->op);
}
