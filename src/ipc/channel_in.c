/*
 * Channels, the way in: header by itself (a descriptor comes with its first byte), then the
 * payload; then the rules of docs/IPC.md, in the order in which they are checked.
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

/* Remembers a request until its reply; false when the peer has no credit for it, or uses a sequence
 * twice. */
static bool
note_received(struct channel *c, const struct ipc_row *row)
{
	size_t i = ipc_row_index(row);

	if (c->receive_open[i] >= c->receive_limit[i] ||
	    !request_add(&c->received, c->frame.sequence, row->type))
		return false;
	c->receive_open[i]++;
	return true;
}

static void
take_hello(struct channel *c, const struct ipc_hello *m)
{
	struct fault f;

	if (m->schema != ipc_schema()) {
		fault_set(&f, ST_SYNTAX, "4.3.0",
		    "%s speaks another schema (build %.*s): restart needed", c->opts.name,
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

static struct channel_call *
find_call(struct channel *c, uint32_t sequence)
{
	LIST_EACH (&c->open, n) {
		struct channel_call *call = CONTAINER_OF(n, struct channel_call, node);

		if (call->sequence == sequence)
			return call;
	}
	return NULL;
}

/* A reply, or f instead of it: gives the credit back and wakes the call, if somebody still waits.
 */
static void
take_reply(struct channel *c, const struct ipc_row *row, const void *message, int fd,
    const struct fault *f)
{
	struct channel_call *call = find_call(c, c->frame.sequence);
	uint16_t type = call ? call->type : request_take(&c->cancelled, c->frame.sequence);
	const struct ipc_row *asked = ipc_row(type);

	if (!asked || ipc_reply_row(asked) != row) {
		if (fd >= 0)
			close(fd);
		broken(c, "a reply to nothing", row);
		return;
	}
	c->send_open[ipc_row_index(asked)]--;
	if (call)
		channel_forget_call(call);
	channel_send_waiting(c);
	if (call)
		call->fn(call, row->type, message, fd, f);
	else if (fd >= 0)
		close(fd);
}

/* A descriptor was announced and did not arrive, our table being full: say so for the owner. */
static void
lost_fd(struct channel *c, const struct ipc_row *row)
{
	struct fault f;

	fault_set(&f, ST_TEMP, "4.3.2", "no descriptor is free");
	log_event(LOG_LEVEL_ERROR, "ipc", KV_STR("peer", c->opts.name),
	    KV_STR("frame", row->layout.name), KV_FAULT(&f), KV_END);
	if (row->flow == IPC_FLOW_REPLY)
		take_reply(c, row, NULL, -1, &f);
	else if (row->flow == IPC_FLOW_REQUEST)
		channel_reply_fault(c, c->frame.sequence, ipc_reply_row(row), &f);
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
		take_reply(c, row, message, fd, NULL);
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
	else if ((fd >= 0 && !announced) || (announced && row->fd == IPC_FD_NO_FD) ||
		 (!announced && row->fd == IPC_FD_FD))
		broken(c, "a descriptor that does not belong", row);
	else if (row->flow == IPC_FLOW_REQUEST && !note_received(c, row))
		broken(c, "more requests than it has credit for", row);
	else if (announced && fd < 0)
		lost_fd(c, row);
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

/* Reads what is missing of the header or payload. ST_OK: whole; ST_AGAIN; else the channel has
 * failed. */
static enum st
fill(struct channel *c, unsigned char *p, size_t *have, size_t want, int *fd, int *lost)
{
	struct fault f;

	while (*have < want) {
		long n = fdpass_recv(c->fd, p + *have, want - *have, fd, lost);

		if (n == -EAGAIN || n == -EINTR) {
			if (!c->broken)
				return ST_AGAIN;
			channel_fail(c, &c->why); /* that was all it had to say */
			return ST_EOF;
		}
		if (n <= 0) {
			if (n == 0)
				fault_set(
				    &f, ST_EOF, "4.3.0", "%s closed the channel", c->opts.name);
			else if (n == -EBADMSG)
				fault_set(&f, ST_SYNTAX, "4.3.0",
				    "%s: several descriptors in one frame", c->opts.name);
			else
				fault_sys(
				    &f, ST_EOF, "4.3.0", (int)-n, "channel to %s", c->opts.name);
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
