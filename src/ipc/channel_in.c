/*
 * Channels, the way in: header by itself (a descriptor comes with its first byte), then the payload;
 * then the rules of docs/IPC.md, in the order in which they are checked.
 */
#include "ipc/channel_int.h"

#include <errno.h>
#include <unistd.h>

#include "net/log.h"
#include "os/fdpass.h"

/* Frames taken in one turn of the loop, so that one busy peer does not starve the others. */
#define FRAMES_A_TURN 64

static void
broken(struct channel *c, const char *what, const struct ipc_row *row)
{
	struct fault f;

	fault_set(&f, ST_SYNTAX, "4.3.0", "%s: %s (frame %s, type %u)", c->opts.name, what,
	    row ? row->layout.name : "unknown", (unsigned)c->frame.type);
	channel_fail(c, &f);
}

static bool
link_allowed(const struct channel *c, const struct ipc_row *row)
{
	return row->link == IPC_LINK_ANY || row->link == c->opts.receives ||
	    (c->opts.receives2 != IPC_LINK_ANY && row->link == c->opts.receives2);
}

/* Remembers a request until its reply; false when the peer has no credit for it, or uses a sequence twice. */
static bool
note_received(struct channel *c, const struct ipc_row *row)
{
	size_t i = ipc_row_index(row);

	if (c->receive_open[i] >= c->receive_limit[i])
		return false;
	for (size_t k = 0; k < c->received_n; k++)
		if (c->received[k].sequence == c->frame.sequence)
			return false;
	if (c->received_n == c->received_cap) {
		c->received_cap = c->received_cap ? 2 * c->received_cap : 16;
		c->received = mem_resize(c->received, c->received_cap * sizeof(*c->received));
	}
	c->received[c->received_n++] = (struct received){ c->frame.sequence, row->type };
	c->receive_open[i]++;
	return true;
}

bool
channel_take_received(struct channel *c, uint32_t sequence)
{
	for (size_t k = 0; k < c->received_n; k++) {
		if (c->received[k].sequence != sequence)
			continue;
		c->receive_open[ipc_row_index(ipc_row(c->received[k].type))]--;
		c->received[k] = c->received[--c->received_n];
		return true;
	}
	return false;
}

static void
take_hello(struct channel *c, const struct ipc_hello *m)
{
	struct fault f;

	if (m->schema != ipc_schema()) {
		fault_set(&f, ST_SYNTAX, "4.3.0", "%s speaks another schema (build %.*s): restart needed", c->opts.name,
		    SL_FMT(m->build));
		channel_fail(c, &f);
		return;
	}
	c->greeted = true;
}

static void
take_credit(struct channel *c, const struct ipc_credit *m)
{
	const struct ipc_row *row = m->type <= UINT16_MAX ? ipc_row((uint16_t)m->type) : NULL;

	if (!row || row->flow != IPC_FLOW_REQUEST) {
		broken(c, "credit for what is no request", row);
		return;
	}
	c->send_limit[ipc_row_index(row)] = m->open_max;
	channel_send_waiting(c);
}

/* A reply: gives the credit back and wakes the call, if somebody still waits. */
static void
take_reply(struct channel *c, const struct ipc_row *row, const void *message, int fd)
{
	LIST_EACH(&c->open, n) {
		struct channel_call *call = CONTAINER_OF(n, struct channel_call, node);
		const struct ipc_row *asked = ipc_row(call->type);

		if (call->sequence != c->frame.sequence)
			continue;
		if (ipc_reply_row(asked) != row) {
			if (fd >= 0)
				close(fd);
			broken(c, "the wrong reply", row);
			return;
		}
		c->send_open[ipc_row_index(asked)]--;
		channel_forget_call(call);
		channel_send_waiting(c);
		call->fn(call, row->type, message, fd, NULL);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (!c->orphans) {
		broken(c, "a reply to nothing", row);
		return;
	}
	c->orphans--; /* of a cancelled request; which type it was, its row says */
	for (const struct ipc_row *r = row - 1; r >= row - ipc_row_index(row) && r->flow != IPC_FLOW_REPLY; r--)
		if (r->flow == IPC_FLOW_REQUEST && c->send_open[ipc_row_index(r)]) {
			c->send_open[ipc_row_index(r)]--;
			break;
		}
	channel_send_waiting(c);
}

/* A descriptor was announced and did not arrive, our table being full: say so for the owner. */
static void
answer_lost_fd(struct channel *c, const struct ipc_row *row)
{
	const struct ipc_row *reply = ipc_reply_row(row);
	unsigned char message[512] = {0};
	struct ipc_verdict verdict;
	struct fault f;

	fault_set(&f, ST_TEMP, "4.3.2", "no descriptor is free");
	log_event(LOG_LEVEL_ERROR, "ipc", KV_STR("peer", c->opts.name), KV_STR("frame", row->layout.name), KV_FAULT(&f), KV_END);
	if (row->flow != IPC_FLOW_REQUEST || !reply || reply->layout.size > sizeof(message))
		return;
	ipc_verdict_from(&verdict, &f);
	for (size_t i = 0; i < reply->layout.count; i++) {
		const struct ipc_field *fl = &reply->layout.fields[i];
		struct ipc_verdict *v = &verdict;
		uint32_t one = 1;

		if (fl->kind != IPC_KIND_LIST || strcmp(fl->name, "verdict") != 0)
			continue;
		memcpy(message + fl->at, &v, sizeof(v));
		memcpy(message + fl->at + sizeof(v), &one, sizeof(one));
	}
	channel_reply(c, c->frame.sequence, (enum ipc_type)reply->type, message, -1);
}

static void
dispatch(struct channel *c, const struct ipc_row *row, const void *message, int fd)
{
	if (row->type == IPC_hello) {
		take_hello(c, message);
		return;
	}
	if (row->type == IPC_credit) {
		take_credit(c, message);
		return;
	}
	if (row->flow == IPC_FLOW_REPLY) {
		take_reply(c, row, message, fd);
		return;
	}
	for (const struct channel_handler *h = c->opts.handlers; h && h->type; h++)
		if (h->type == row->type) {
			h->fn(c, c->frame.sequence, message, fd);
			return;
		}
	if (fd >= 0)
		close(fd);
	broken(c, "nobody here handles it", row);
}

/* A whole frame stands in c->frame and c->in. */
static void
take_frame(struct channel *c)
{
	const struct ipc_row *row = ipc_row(c->frame.type);
	int fd = c->in_fd;
	bool announced = c->frame.flags & FRAME_HAS_FD;
	struct fault f;
	void *message;

	c->in_fd = -1;
	arena_reset(c->arena);
	if (!row || !link_allowed(c, row))
		broken(c, "it may not say this here", row);
	else if (!c->greeted && row->type != IPC_hello)
		broken(c, "hello must come first", row);
	else if ((fd >= 0 && !announced) || (announced && row->fd == IPC_FD_NO_FD) || (!announced && row->fd == IPC_FD_FD))
		broken(c, "a descriptor that does not belong", row);
	else if (row->flow == IPC_FLOW_REQUEST && !note_received(c, row))
		broken(c, "more requests than it has credit for", row);
	else if (announced && fd < 0)
		answer_lost_fd(c, row);
	else if (!(message = arena_get(c->arena, row->layout.size)) ||
	    ipc_decode(row, buf_slice(&c->in), c->arena, message, &f) != ST_OK)
		broken(c, f.text, row);
	else {
		dispatch(c, row, message, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
}

/* Reads what is missing of the header or payload. ST_OK: whole; ST_AGAIN; else the channel has failed. */
static enum st
fill(struct channel *c, unsigned char *p, size_t *have, size_t want, int *fd, int *lost)
{
	struct fault f;

	while (*have < want) {
		long n = fdpass_recv(c->fd, p + *have, want - *have, fd, lost);

		if (n == -EAGAIN || n == -EINTR)
			return ST_AGAIN;
		if (n <= 0) {
			if (n == 0)
				fault_set(&f, ST_EOF, "4.3.0", "%s closed the channel", c->opts.name);
			else
				fault_sys(&f, ST_EOF, "4.3.0", (int)-n, "channel to %s", c->opts.name);
			channel_fail(c, &f);
			return ST_EOF;
		}
		*have += (size_t)n;
		if (*fd >= 0 || *lost)
			break;
	}
	return *have < want ? ST_AGAIN : ST_OK;
}

static enum st
read_header(struct channel *c)
{
	struct fault f;

	while (c->header_n < FRAME_HEADER) {
		int fd = -1, lost = 0;
		size_t before = c->header_n;
		enum st st = fill(c, c->header, &c->header_n, FRAME_HEADER, &fd, &lost);

		if (fd >= 0 && c->in_fd >= 0) {
			close(fd);
			broken(c, "two descriptors", NULL);
			return ST_EOF;
		}
		if (fd >= 0)
			c->in_fd = fd;
		if (st == ST_EOF)
			return ST_EOF;
		if (st == ST_AGAIN && c->header_n == before)
			return ST_AGAIN;
	}
	if (!frame_get(c->header, &c->frame) || c->frame.length > c->opts.frame_max_bytes) {
		fault_set(&f, ST_SYNTAX, "4.3.0", "%s sent what is no frame", c->opts.name);
		channel_fail(c, &f);
		return ST_EOF;
	}
	buf_clear(&c->in);
	return ST_OK;
}

static enum st
read_payload(struct channel *c)
{
	size_t have = c->in.n, missing = c->frame.length - have;
	int fd = -1, lost = 0;

	if (!missing)
		return ST_OK;
	unsigned char *room = buf_room(&c->in, missing);
	size_t got = 0;
	enum st st = fill(c, room, &got, missing, &fd, &lost);

	if (fd >= 0) {
		close(fd);
		if (st != ST_EOF)
			broken(c, "a descriptor inside a payload", ipc_row(c->frame.type));
		return ST_EOF;
	}
	if (st != ST_EOF)
		buf_added(&c->in, got);
	return st;
}

void
channel_in_read(struct channel *c)
{
	for (int i = 0; i < FRAMES_A_TURN && !c->dead && !c->paused; i++) {
		if (c->header_n < FRAME_HEADER && read_header(c) != ST_OK)
			break;
		if (read_payload(c) != ST_OK)
			break;
		c->header_n = 0;
		take_frame(c);
		if (c->dead)
			return;
		if (c->in.cap > 128u << 10)
			buf_fini(&c->in);
	}
	if (!c->dead)
		channel_want(c);
}
