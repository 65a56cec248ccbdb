/*
 * Messages in memory: one block each, and the words about failures, which many share.
 */
#include <string.h>

#include "queue/queue_int.h"

struct message *
message_of(struct queue_message *m)
{
	return CONTAINER_OF(m, struct message, pub);
}

struct slice
queue_text(const struct queue_message *m, queue_text_at at)
{
	const struct message *in = CONTAINER_OF((void *)(uintptr_t)m, struct message, pub);
	const unsigned char *p = (const unsigned char *)in->text + at;

	return sl_mem(p + 2, (size_t)p[0] << 8 | p[1]);
}

void *
queue_rcpt_user(const struct queue_message *m, uint32_t number)
{
	unsigned char *first = (unsigned char *)(m->rcpts + m->rcpt_count);

	return first + (size_t)number * m->queue->opts.rcpt_user_bytes;
}

/* ---- notes ---- */

struct slice
queue_note_peer(const struct queue_note *n)
{
	return n ? sl_mem(n->bytes, n->peer_n) : SL_NONE;
}

struct slice
queue_note_text(const struct queue_note *n)
{
	return n ? sl_mem(n->bytes + n->peer_n + 1, n->text_n) : SL_NONE;
}

struct queue_note *
note_get(struct queue *q, struct slice peer, struct slice text)
{
	uint64_t hash = hmap_hash(text) ^ hmap_hash(peer);
	struct queue_note *note;

	peer = sl_sub(peer, 0, 300);
	text = sl_sub(text, 0, 300);
	if (!peer.n && !text.n)
		return NULL;
	for (struct hmap_node *n = hmap_first(&q->notes, hash); n; n = hmap_next(n)) {
		note = CONTAINER_OF(n, struct queue_note, node);
		if (sl_eq(queue_note_peer(note), peer) && sl_eq(queue_note_text(note), text)) {
			note->refs++;
			return note;
		}
	}
	note = mem_get(sizeof(*note) + peer.n + text.n + 2);
	note->refs = 1;
	note->peer_n = (uint16_t)peer.n;
	note->text_n = (uint16_t)text.n;
	if (peer.n)
		memcpy(note->bytes, peer.p, peer.n);
	note->bytes[peer.n] = '\0';
	if (text.n)
		memcpy(note->bytes + peer.n + 1, text.p, text.n);
	note->bytes[peer.n + 1 + text.n] = '\0';
	hmap_put(&q->notes, &note->node, hash);
	return note;
}

void
note_drop(struct queue *q, struct queue_note *n)
{
	if (!n || --n->refs)
		return;
	hmap_remove(&q->notes, &n->node);
	mem_free(n);
}

/* ---- the block ---- */

struct text_room {
	unsigned char *p;
	size_t n;
};

static queue_text_at
text_add(struct text_room *room, struct slice s)
{
	size_t at = room->n;

	if (!s.n)
		return 0; /* the empty text stands at the start */
	room->p[at] = (unsigned char)(s.n >> 8);
	room->p[at + 1] = (unsigned char)s.n;
	memcpy(room->p + at + 2, s.p, s.n);
	room->n += s.n + 2;
	return (queue_text_at)at;
}

/* As text_add; a text equal to an earlier one shares its place (recipients of one host, one
 * module). */
static queue_text_at
text_share(struct text_room *room, struct slice s, queue_text_at earlier)
{
	struct slice there =
	    sl_mem(room->p + earlier + 2, (size_t)room->p[earlier] << 8 | room->p[earlier + 1]);

	return earlier && sl_eq(s, there) ? earlier : text_add(room, s);
}

static size_t
text_bytes(const struct queue_envelope *e)
{
	size_t n = 2 + 6 * 2 + e->source.n + e->sender.n + e->auth.n + e->from_mta.n + e->ip.n +
	    e->envid.n;

	for (uint32_t i = 0; i < e->rcpt_count; i++) {
		const struct queue_envelope_rcpt *r = &e->rcpts[i];

		n += 6 * 2 + r->address.n + r->module.n + r->host.n + r->account.n +
		    r->extension.n + r->original.n;
	}
	return n;
}

static bool
too_long(const struct queue_envelope_rcpt *r)
{
	return r->address.n > UINT16_MAX || r->module.n > UINT16_MAX || r->host.n > UINT16_MAX ||
	    r->account.n > UINT16_MAX || r->extension.n > UINT16_MAX || r->original.n > UINT16_MAX;
}

static bool
acceptable(const struct queue_envelope *e, size_t bytes, struct fault *f)
{
	bool fits = e->sender.n <= UINT16_MAX && e->auth.n <= UINT16_MAX &&
	    e->from_mta.n <= UINT16_MAX && e->ip.n <= UINT16_MAX && e->envid.n <= UINT16_MAX &&
	    e->source.n <= UINT16_MAX;

	for (uint32_t i = 0; i < e->rcpt_count; i++)
		if (!e->rcpts[i].address.n || !e->rcpts[i].module.n || too_long(&e->rcpts[i]))
			fits = false;
	if (!fits || e->digest.n != QUEUE_DIGEST || !e->rcpt_count)
		fault_set(f, ST_SYNTAX, "5.6.0", "the envelope is not complete");
	else if (e->rcpt_count > QUEUE_RCPTS_MAX || bytes > ENVELOPE_MAX_BYTES)
		fault_set(f, ST_LIMIT, "5.5.3", "too many recipients for one message");
	else
		return true;
	return false;
}

static void
fill_rcpts(struct message *m, const struct queue_envelope *e, struct text_room *room)
{
	static const struct queue_rcpt none;
	const struct queue_rcpt *before = &none;

	for (uint32_t i = 0; i < e->rcpt_count; i++) {
		const struct queue_envelope_rcpt *from = &e->rcpts[i];
		struct queue_rcpt *r = &m->pub.rcpts[i];

		r->address = text_add(room, from->address);
		r->module = text_share(room, from->module, before->module);
		r->host = text_share(room, from->host, before->host);
		r->account = text_share(room, from->account, before->account);
		r->extension = text_add(room, from->extension);
		r->original = text_add(room, from->original);
		r->notify = from->notify;
		before = r;
	}
}

static size_t
aligned(size_t n)
{
	return (n + 15) / 16 * 16;
}

struct message *
message_make(struct queue *q, const struct queue_id *id, const struct queue_envelope *e,
    struct fault *f)
{
	size_t text_n = text_bytes(e), head = aligned(sizeof(struct message)), user =
	    aligned(q->opts.user_bytes);
	size_t rcpts = e->rcpt_count * (sizeof(struct queue_rcpt) + q->opts.rcpt_user_bytes);
	struct text_room room = { .n = 2 };
	struct message *m;

	if (!acceptable(e, text_n, f))
		return NULL;
	m = mem_get(head + user + rcpts + text_n);
	m->pub.queue = q;
	m->pub.user = (unsigned char *)m + head;
	m->pub.rcpts = (struct queue_rcpt *)(void *)((unsigned char *)m + head + user);
	m->pub.rcpt_count = m->pub.owed_count = e->rcpt_count;
	room.p = (unsigned char *)m + head + user + rcpts;
	m->text = (const char *)room.p;
	m->w.key = *id;
	m->w.resident = true;
	queue_id_text(id, m->pub.id);
	m->pub.source = text_add(&room, e->source);
	m->pub.sender = text_add(&room, e->sender);
	m->pub.auth = text_add(&room, e->auth);
	m->pub.from_mta = text_add(&room, e->from_mta);
	m->pub.ip = text_add(&room, e->ip);
	m->pub.envid = text_add(&room, e->envid);
	m->pub.ret = e->ret;
	m->pub.flags = e->flags;
	m->pub.arrived_sec = e->arrived_sec;
	m->pub.length = e->length;
	memcpy(m->pub.digest, e->digest.p, QUEUE_DIGEST);
	fill_rcpts(m, e, &room);
	list_node_init(&m->in_segment);
	list_node_init(&m->waiting);
	list_node_init(&m->moved);
	list_node_init(&m->dirty);
	list_node_init(&m->body_known);
	return m;
}

/* From now on the id is found, and m counts. */
void
message_index(struct queue *q, struct message *m)
{
	hmap_put(&q->ids, &m->w.by_id, queue_id_hash(&m->w.key));
	m->indexed = true;
	q->resident++;
}

void
message_free(struct message *m)
{
	struct queue *q = m->pub.queue;

	if (m->indexed) {
		hmap_remove(&q->ids, &m->w.by_id);
		q->resident--;
	}
	heap_remove(&q->due, &m->w.due);
	list_remove(&m->in_segment);
	list_remove(&m->waiting);
	list_remove(&m->moved);
	list_remove(&m->dirty);
	body_forget(m);
	for (uint32_t i = 0; i < m->pub.rcpt_count; i++)
		note_drop(q, m->pub.rcpts[i].note);
	note_drop(q, m->pub.cancel_reason);
	if (m->lines) {
		buf_fini(m->lines);
		mem_free(m->lines);
	}
	mem_free(m);
}

enum st
queue_message_new(struct queue *q, const struct queue_envelope *e, struct queue_message **out,
    struct fault *f)
{
	struct queue_id id;
	struct message *m;

	if (queue_id_parse(e->id, &id) != ST_OK)
		return fault_set(f, ST_SYNTAX, "5.6.0", "\"%.*s\" is no queue id", SL_FMT(e->id));
	if (queue_find(q, &id))
		return fault_set(f, ST_EXISTS, "4.3.0", "a message %.*s is in the queue",
		    SL_FMT(e->id));
	m = message_make(q, &id, e, f);
	if (!m)
		return f->st;
	message_index(q, m);
	*out = &m->pub;
	return ST_OK;
}

void
message_settle(struct message *m)
{
	struct queue *q = m->pub.queue;

	if (m->busy || m->v_pending)
		return;
	if (m->complete) {
		body_remove(m);
		message_free(m);
		segments_tidy(q);
	} else if (m->parked && m->place == PLACE_MSGS && !m->lines && !m->env_bad) {
		message_unload(m);
	}
	queue_stop_look(q);
}
