/*
 * Channels, the way out: one buffer of bytes, and marks that say which byte takes a descriptor
 * along.
 */
#include "ipc/channel_int.h"

#include <errno.h>
#include <unistd.h>

#include "net/log.h"
#include "os/fdpass.h"

#define REST_MS 20

const char *channel_build = "unknown", *channel_role = "unknown";

void
channel_identify(const char *role, const char *build)
{
	channel_role = role;
	channel_build = build;
}

bool
channel_encode(
    struct channel *c, const struct ipc_row *row, const void *message, struct slice *payload)
{
	static struct buf shared;
	struct fault f;

	if (!shared.max)
		buf_init(&shared, FRAME_MAX);
	if (shared.cap > 256u << 10)
		buf_fini(&shared); /* a rare giant must not stay for ever */
	buf_clear(&shared);
	if (ipc_encode(row, message, &shared, &f) != ST_OK) {
		log_event(
		    LOG_LEVEL_ERROR, "ipc", KV_STR("peer", c->opts.name), KV_FAULT(&f), KV_END);
		return false;
	}
	*payload = buf_slice(&shared);
	return true;
}

static void
mark_free(struct out_mark *m)
{
	list_remove(&m->node);
	close(m->fd);
	mem_free(m);
}

void
channel_out_fini(struct channel *c)
{
	LIST_EACH (&c->marks, n)
		mark_free(CONTAINER_OF(n, struct out_mark, node));
	buf_fini(&c->out);
}

/* Too many descriptors on their way, or no memory: no event tells when that is over. */
static bool
no_room(long sent)
{
	return sent == -ENOBUFS || sent == -ENOMEM;
}

static void
rested(struct timer *t)
{
	struct channel *c = t->arg;

	c->resting = false;
	channel_out_flush(c);
}

void
channel_out_flush(struct channel *c)
{
	struct fault f;

	while (c->out.n && !c->broken && !c->resting) {
		struct list_node *n = list_first(&c->marks);
		struct out_mark *mark = n ? CONTAINER_OF(n, struct out_mark, node) : NULL;
		struct list_node *after = mark ? list_next(&c->marks, n) : NULL;
		bool now = mark && mark->place == c->out_sent;
		uint64_t stop = c->out_sent + c->out.n;

		/* Bytes in front of a descriptor go alone; so do those up to the next one. */
		if (now && after)
			stop = CONTAINER_OF(after, struct out_mark, node)->place;
		else if (!now && mark)
			stop = mark->place;
		long sent =
		    fdpass_send(c->fd, c->out.p, (size_t)(stop - c->out_sent), now ? mark->fd : -1);
		if (sent == -EAGAIN || sent == -EINTR)
			break;
		if (no_room(sent)) {
			c->resting = true;
			loop_timer_at(c->loop, &c->rest, loop_now(c->loop) + REST_MS, rested, c);
			break;
		}
		if (sent < 0) {
			fault_sys(&f, ST_EOF, "4.3.0", (int)-sent, "%s went away", c->opts.name);
			channel_break(c, &f);
			return;
		}
		c->out_sent += (uint64_t)sent;
		buf_drop(&c->out, (size_t)sent);
		if (now && sent > 0)
			mark_free(mark);
	}
	buf_shrink(&c->out);
	channel_want(c);
}

static void
flush_due(struct deferred *d)
{
	channel_out_flush(d->arg);
}

void
channel_out_frame(
    struct channel *c, const struct ipc_row *row, uint32_t sequence, struct slice payload, int fd)
{
	unsigned char header[FRAME_HEADER];
	struct fault f;
	bool was_empty = c->out.n == 0;

	if (c->out.n > c->opts.queue_max_bytes) {
		if (fd >= 0)
			close(fd);
		fault_set(&f, ST_LIMIT, "4.3.2", "%s does not read: %zu bytes wait", c->opts.name,
		    c->out.n);
		channel_break(c, &f);
		return;
	}
	frame_put(header, &(struct frame){
			      .length = (uint32_t)payload.n,
			      .type = row->type,
			      .flags = fd >= 0 ? FRAME_HAS_FD : 0,
			      .sequence = sequence,
			  });
	if (fd >= 0) {
		struct out_mark *mark = mem_get(sizeof(*mark));

		*mark = (struct out_mark){.place = c->out_sent + c->out.n, .fd = fd};
		list_node_init(&mark->node);
		list_append(&c->marks, &mark->node);
	}
	buf_put(&c->out, sl_mem(header, sizeof(header)));
	buf_put(&c->out, payload);
	/* What this turn still brings forth rides along. */
	if (was_empty)
		loop_defer(c->loop, &c->flush, flush_due, c);
}
