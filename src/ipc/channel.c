/*
 * Channels: what the rows allow, credits, one reply for each request. Bytes and descriptors are
 * moved by the two halves channel_out.c and channel_in.c.
 */
#include "ipc/channel_int.h"

#include <fcntl.h>
#include <unistd.h>

#include "net/log.h"
#include "os/peercred.h"

static void
channel_release(struct deferred *d)
{
	struct channel *c = d->arg;

	arena_free(c->arena);
	mem_free(c->received.v);
	mem_free(c->cancelled.v);
	buf_fini(&c->in);
	mem_free(c);
}

/* Fails every call of a list; a callback may cancel or start others. */
static void
fail_calls(struct list *calls, const struct fault *why)
{
	struct list_node *n;

	while ((n = list_first(calls))) {
		struct channel_call *call = CONTAINER_OF(n, struct channel_call, node);

		channel_forget_call(call);
		call->fn(call, 0, NULL, -1, why);
	}
}

/* The connection ends; memory goes at the end of the loop's turn, when no caller up the stack uses
 * it. */
static void
channel_end(struct channel *c, const struct fault *why)
{
	c->dead = true;
	loop_defer_stop(&c->last_words);
	loop_defer_stop(&c->flush);
	loop_timer_stop(c->loop, &c->rest);
	loop_forget(&c->watch);
	close(c->fd);
	channel_out_fini(c);
	if (c->in_fd >= 0)
		close(c->in_fd);
	fail_calls(&c->open, why);
	fail_calls(&c->waiting, why);
	loop_defer(c->loop, &c->release, channel_release, c);
}

void
channel_fail(struct channel *c, const struct fault *why)
{
	if (c->dead)
		return;
	struct fault copy = *why;

	if (copy.st != ST_EOF)
		log_event(LOG_LEVEL_WARNING, "ipc", KV_STR("peer", c->opts.name), KV_FAULT(&copy),
		    KV_END);
	if (copy.esc[0] != 4)
		memcpy(copy.esc, ((uint8_t[]){4, 3, 0}), sizeof(copy.esc));
	channel_end(c, &copy);
	if (c->opts.closed)
		c->opts.closed(c, &copy);
}

/* Reading goes on until the peer has nothing more to say; whoever does not read has nothing to wait
 * for. */
static void
channel_last_words(struct deferred *d)
{
	struct channel *c = d->arg;

	if (c->paused)
		channel_fail(c, &c->why);
	else
		channel_in_read(c);
}

void
channel_break(struct channel *c, const struct fault *why)
{
	if (c->dead || c->broken)
		return;
	c->broken = true;
	c->why = *why;
	channel_out_fini(c);
	loop_defer(c->loop, &c->last_words, channel_last_words, c);
}

void
channel_free(struct channel *c)
{
	struct fault why;

	if (!c || c->dead)
		return;
	channel_out_flush(c);
	fault_set(&why, ST_EOF, "4.3.0", "%s: we closed the channel", c->opts.name);
	channel_end(c, &why);
}

static void
channel_ready(struct watch *w, unsigned ready)
{
	struct channel *c = w->arg;

	if (ready & POLLER_WRITE)
		channel_out_flush(c);
	if (!c->dead && (ready & (POLLER_READ | POLLER_HUP)))
		channel_in_read(c);
}

void
channel_want(struct channel *c)
{
	unsigned want = 0;

	if (c->dead)
		return;
	if (!c->paused)
		want |= POLLER_READ;
	if (c->out.n && !c->resting)
		want |= POLLER_WRITE;
	loop_want(&c->watch, want);
}

struct channel *
channel_new(struct loop *l, int fd, const struct channel_opts *o)
{
	struct channel *c = mem_get(sizeof(*c));
	uint32_t gid;

	memset(c, 0, sizeof(*c));
	c->loop = l;
	c->fd = fd;
	c->in_fd = -1;
	c->opts = *o;
	if (!c->opts.queue_max_bytes)
		c->opts.queue_max_bytes = 16u << 20;
	if (!c->opts.frame_max_bytes || c->opts.frame_max_bytes > FRAME_MAX)
		c->opts.frame_max_bytes = FRAME_MAX;
	fcntl(
	    fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); /* an accepted one is not, everywhere */
	if (peercred_get(fd, &c->peer_uid, &gid) != 0)
		c->peer_uid = UINT32_MAX;
	c->arena = arena_new("channel", 64u << 20);
	list_init(&c->open);
	list_init(&c->waiting);
	list_init(&c->marks);
	buf_init(&c->in, FRAME_MAX);
	buf_init(&c->out, c->opts.queue_max_bytes + FRAME_MAX + FRAME_HEADER);
	for (size_t i = 0; i < IPC_ROW_COUNT; i++) {
		size_t count;

		c->send_limit[i] = c->receive_limit[i] = ipc_rows(&count)[i].credit;
	}
	loop_watch(l, &c->watch, fd, POLLER_READ, channel_ready, c);
	struct ipc_hello hello = {
	    .schema = ipc_schema(),
	    .build = sl_str(channel_build),
	    .role = sl_str(channel_role),
	};
	channel_note(c, IPC_hello, &hello, -1);
	return c;
}

void *
channel_owner(const struct channel *c)
{
	return c->opts.owner;
}

const char *
channel_name(const struct channel *c)
{
	return c->opts.name;
}

size_t
channel_backlog_bytes(const struct channel *c)
{
	return c->out.n;
}

uint32_t
channel_peer_uid(const struct channel *c)
{
	return c->peer_uid;
}

void
channel_pause(struct channel *c, bool paused)
{
	c->paused = paused;
	channel_want(c);
	if (c->broken && !c->dead)
		loop_defer(c->loop, &c->last_words, channel_last_words, c);
}

void
channel_hear(struct channel *c)
{
	if (c && !c->dead)
		channel_in_read(c);
}

/* ---- sets of requests ---- */

bool
request_add(struct request_set *s, uint32_t sequence, uint16_t type)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].sequence == sequence)
			return false;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		s->v = mem_resize(s->v, s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = (struct request_key){sequence, type};
	return true;
}

uint16_t
request_take(struct request_set *s, uint32_t sequence)
{
	for (size_t i = 0; i < s->n; i++) {
		uint16_t type = s->v[i].type;

		if (s->v[i].sequence != sequence)
			continue;
		s->v[i] = s->v[--s->n];
		return type;
	}
	return 0;
}

/* ---- requests we send ---- */

void
channel_forget_call(struct channel_call *call)
{
	list_remove(&call->node);
	call->channel = NULL;
	if (call->payload.p)
		mem_free((void *)(uintptr_t)call->payload.p);
	call->payload = SL_NONE;
	if (call->fd >= 0)
		close(call->fd);
	call->fd = -1;
}

static bool
can_send(const struct channel *c)
{
	return c && !c->dead && !c->broken;
}

/* A request leaves: from now on it holds a credit. */
static void
send_request(
    struct channel *c, struct channel_call *call, const struct ipc_row *row, struct slice payload)
{
	int fd = call->fd;

	call->fd = -1;
	c->send_open[ipc_row_index(row)]++;
	list_append(&c->open, &call->node);
	channel_out_frame(c, row, call->sequence, payload, fd);
}

void
channel_request(
    struct channel *c, struct channel_call *call, enum ipc_type type, const void *message, int fd)
{
	const struct ipc_row *row = ipc_row((uint16_t)type);
	size_t i = ipc_row_index(row);
	struct slice payload;
	struct fault f;

	call->fd = fd;
	call->payload = SL_NONE;
	call->type = row->type;
	list_node_init(&call->node);
	if (!can_send(c) || !channel_encode(c, row, message, &payload)) {
		fault_set(&f, ST_TEMP, "4.3.0", "%s cannot be asked now",
		    c ? c->opts.name : "the process");
		channel_forget_call(call);
		call->fn(call, 0, NULL, -1, &f);
		return;
	}
	call->channel = c;
	if (++c->sequence == 0)
		c->sequence = 1;
	call->sequence = c->sequence;
	if (c->send_open[i] < c->send_limit[i] && !c->send_waiting[i]) {
		send_request(c, call, row, payload);
		return;
	}
	unsigned char *copy = mem_get(payload.n + 1);
	memcpy(copy, payload.p, payload.n);
	call->payload = sl_mem(copy, payload.n);
	c->send_waiting[i]++;
	list_append(&c->waiting, &call->node);
}

/* A credit came back: what waits for it may go. */
void
channel_send_waiting(struct channel *c)
{
	LIST_EACH (&c->waiting, n) {
		struct channel_call *call = CONTAINER_OF(n, struct channel_call, node);
		const struct ipc_row *row = ipc_row(call->type);
		size_t i = ipc_row_index(row);
		struct slice payload = call->payload;

		if (c->send_open[i] >= c->send_limit[i])
			continue;
		list_remove(&call->node);
		c->send_waiting[i]--;
		call->payload = SL_NONE;
		send_request(c, call, row, payload);
		mem_free((void *)(uintptr_t)payload.p);
	}
}

bool
channel_cancel(struct channel_call *call)
{
	struct channel *c = call->channel;
	bool left = c && !call->payload.p;

	if (!c)
		return false;
	/* A request that left keeps its credit until the reply comes; one that waited never had
	 * any. */
	if (left)
		request_add(&c->cancelled, call->sequence, call->type);
	else
		c->send_waiting[ipc_row_index(ipc_row(call->type))]--;
	channel_forget_call(call);
	return left;
}

size_t
channel_open_count(const struct channel *c, enum ipc_type type)
{
	return c->send_open[ipc_row_index(ipc_row((uint16_t)type))];
}

size_t
channel_waiting_count(const struct channel *c, enum ipc_type type)
{
	return c->send_waiting[ipc_row_index(ipc_row((uint16_t)type))];
}

/* ---- what we say without asking ---- */

void
channel_note(struct channel *c, enum ipc_type type, const void *message, int fd)
{
	const struct ipc_row *row = ipc_row((uint16_t)type);
	struct slice payload;

	if (can_send(c) && channel_encode(c, row, message, &payload))
		channel_out_frame(c, row, 0, payload, fd);
	else if (fd >= 0)
		close(fd);
}

void
channel_grant(struct channel *c, enum ipc_type type, uint32_t open_max)
{
	struct ipc_credit m = {.type = type, .open_max = open_max};

	c->receive_limit[ipc_row_index(ipc_row((uint16_t)type))] = open_max;
	channel_note(c, IPC_credit, &m, -1);
}

/* Where the reply of a row has a verdict, it says f; all else in it is empty. */
static void
fill_fault(const struct ipc_row *row, struct ipc_verdict *verdict, unsigned char *message)
{
	uint32_t one = 1;

	for (size_t i = 0; i < row->layout.count; i++) {
		const struct ipc_field *fl = &row->layout.fields[i];

		if (fl->kind != IPC_KIND_LIST || strcmp(fl->name, "verdict") != 0)
			continue;
		memcpy(message + fl->at, &verdict, sizeof(verdict));
		memcpy(message + fl->at + sizeof(verdict), &one, sizeof(one));
	}
}

void
channel_reply_fault(
    struct channel *c, uint32_t sequence, const struct ipc_row *reply, const struct fault *f)
{
	unsigned char *message = mem_get(reply->layout.size);
	struct ipc_verdict verdict;

	ipc_verdict_from(&verdict, f);
	fill_fault(reply, &verdict, message);
	channel_reply(c, sequence, (enum ipc_type)reply->type, message, -1);
	mem_free(message);
}

void
channel_reply(struct channel *c, uint32_t sequence, enum ipc_type type, const void *message, int fd)
{
	const struct ipc_row *row = ipc_row((uint16_t)type);
	struct slice payload;
	struct fault f;
	bool fits = can_send(c) && channel_encode(c, row, message, &payload);
	uint16_t asked = 0;

	/* What does not fit its row: the peer must hear something. A reply with a fault alone fits.
	 */
	if (can_send(c) && !fits) {
		fault_set(&f, ST_BUG, "4.3.0", "the reply does not fit into a frame");
		channel_reply_fault(c, sequence, row, &f);
	} else if (fits) {
		asked = request_take(&c->received, sequence);
	}
	if (asked) {
		c->receive_open[ipc_row_index(ipc_row(asked))]--;
		channel_out_frame(c, row, sequence, payload, fd);
	} else if (fd >= 0) {
		close(fd);
	}
}
