/*
 * Messages whose octets leave piece by piece: held open, so that what the client was promised comes
 * even when somebody removes the message meanwhile.
 */
#include "daemon/imapd/answer.h"

#include "net/log.h"

#define PIECE_MAX 65536

struct handle {
	struct list_node node;
	uint32_t number;
	struct text text;
};

uint32_t
handle_new(struct imap_client *k, struct text *t)
{
	struct handle *h = mem_get(sizeof(*h));

	*h = (struct handle){.number = ++k->last_handle, .text = *t};
	*t = TEXT_CLOSED;
	list_node_init(&h->node);
	list_append(&k->handles, &h->node);
	return h->number;
}

static struct handle *
handle_find(struct imap_client *k, uint32_t number)
{
	LIST_EACH (&k->handles, n) {
		struct handle *h = CONTAINER_OF(n, struct handle, node);

		if (h->number == number)
			return h;
	}
	return NULL;
}

static void
handle_free(struct handle *h)
{
	text_close(&h->text);
	list_remove(&h->node);
	mem_free(h);
}

void
handle_close(struct imap_client *k, uint32_t number)
{
	struct handle *h = handle_find(k, number);

	if (h)
		handle_free(h);
}

void
ask_release(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_release *q = a->detail;

	handle_close(k, q->handle);
}

void
handles_close(struct imap_client *k, uint32_t above)
{
	LIST_EACH (&k->handles, n) {
		struct handle *h = CONTAINER_OF(n, struct handle, node);

		if (h->number > above)
			handle_free(h);
	}
}

enum st
handle_piece(struct session *s, const struct engine_piece *from, unsigned char *p, size_t max,
    size_t *n)
{
	static struct buf room;
	struct imap_client *k = client_of(s);
	struct handle *h = handle_find(k, from->handle);
	struct fault f = FAULT_NONE;
	enum st st;

	if (!h)
		return ST_BUG;
	if (room.max == 0)
		buf_init(&room, PIECE_MAX);
	buf_clear(&room);
	if (max > PIECE_MAX)
		max = PIECE_MAX;
	st = text_read(&h->text, from->offset, max, &room, &f);
	if (st == ST_EOF && room.n == 0)
		fault_set(&f, ST_IO, "4.3.0", "a message became shorter while it was read");
	if (room.n == 0) {
		log_event(LOG_LEVEL_ERROR, "fetch", KV_SL("user", k->c.account->address),
		    KV_FAULT(&f), KV_END);
		return f.st == ST_OK ? ST_IO : f.st;
	}
	memcpy(p, room.p, room.n);
	*n = room.n;
	return ST_OK;
}
