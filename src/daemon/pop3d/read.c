/*
 * Octets of a message, straight from its file. The descriptor stays open from one piece to the
 * next.
 */
#include "daemon/pop3d/pop3d.h"

static void
read_again(struct pop3_client *k, const struct fault *f)
{
	if (f->st != ST_OK)
		pop3_answer(k, f, NULL);
	else
		pop3_read(k);
}

/* ST_AGAIN: an answer comes later. */
static enum st
open_text(struct pop3_client *k, struct fault *f)
{
	enum st st;

	if (k->text.fd >= 0 && k->text_index == k->read->index)
		return ST_OK;
	text_close(&k->text);
	k->text = TEXT_CLOSED;
	k->text_index = k->read->index;
	st = text_open(k->mailbox, k->items[k->read->index].uid, &k->text, f);
	if (st == ST_AGAIN && !k->again) {
		k->again = true;
		pop3_refresh(k, read_again);
		return ST_AGAIN;
	}
	if (st == ST_AGAIN || st == ST_NOENT)
		return fault_set(f, ST_NOENT, "", "The message is gone");
	return st;
}

/* R1939-5-j, R1939-5-k */
void
pop3_read(struct pop3_client *k)
{
	struct buf *out = &((struct pop3d *)(void *)k->client.w)->octets;
	const struct pop3_read *r = k->read;
	struct pop3_octets octets;
	struct fault f = FAULT_NONE;
	enum st st = open_text(k, &f);

	if (st == ST_AGAIN)
		return;
	buf_clear(out);
	if (st == ST_OK)
		st = text_read(&k->text, r->offset, r->max, out, &f);
	if (st != ST_OK && st != ST_EOF) {
		text_close(&k->text);
		k->text = TEXT_CLOSED;
		pop3_answer(k, &f, NULL);
		return;
	}
	octets = (struct pop3_octets){.bytes = buf_slice(out), .is_end = st == ST_EOF};
	if (octets.is_end) {
		text_close(&k->text);
		k->text = TEXT_CLOSED;
		if (r->is_retr && !k->own[r->index].was_seen)
			k->own[r->index].is_read = true;
	}
	pop3_answer(k, NULL, &octets);
}
