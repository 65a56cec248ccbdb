/*
 * Output in order: bytes of ours in one buffer, and between them content that the owner holds, each
 * part with its place. Counting octets from the start makes the places independent of what left.
 */
#include "imap/server_int.h"

#define PARTS_MAX (1024u * 1024)

void
imap_out_init(struct server_out *o)
{
	buf_init(&o->bytes, SERVER_OUT_MAX);
	buf_init(&o->parts, PARTS_MAX);
	buf_init(&o->releases, PARTS_MAX);
}

void
imap_out_fini(struct server_out *o)
{
	buf_fini(&o->bytes);
	buf_fini(&o->parts);
	buf_fini(&o->releases);
}

static size_t
part_count(const struct server_out *o)
{
	return o->parts.n / sizeof(struct server_part);
}

/* The buffers come from malloc, so they are aligned for any type. */
static struct server_part *
part_at(const struct server_out *o, size_t i)
{
	return (struct server_part *)(void *)o->parts.p + i;
}

static void
release_later(struct server_out *o, uint32_t handle)
{
	buf_put(&o->releases, sl_mem(&handle, sizeof(handle)));
}

/* Octets of bytes that left or were dropped. */
static uint64_t
bytes_gone(const struct server_out *o)
{
	return o->bytes_dropped + o->bytes_taken;
}

void
imap_out_handle(struct imap_server *s, uint32_t handle, uint64_t offset, uint64_t length,
    bool release)
{
	struct server_out *o = &s->out;
	struct server_part part = {
		.at = o->bytes_dropped + o->bytes.n,
		.offset = offset,
		.length = length,
		.handle = handle,
		.release = release,
	};

	if (length == 0 && release && part_count(o) == o->parts_taken) {
		release_later(o, handle);
		return;
	}
	if (length == 0 && !release)
		return;
	buf_put(&o->parts, sl_mem(&part, sizeof(part)));
	o->parts_waiting += length;
}

uint64_t
imap_out_waiting(const struct imap_server *s)
{
	return s->out.bytes.n - s->out.bytes_taken + s->out.parts_waiting;
}

size_t
imap_out_pieces(const struct imap_server *s, struct engine_piece *pieces, size_t max)
{
	const struct server_out *o = &s->out;
	uint64_t at = bytes_gone(o), end = o->bytes_dropped + o->bytes.n;
	size_t n = 0, i = o->parts_taken;

	while (n < max) {
		const struct server_part *part = i < part_count(o) ? part_at(o, i) : NULL;
		uint64_t stop = part ? part->at : end;

		if (at < stop) {
			pieces[n++] = (struct engine_piece){
			    .bytes = sl_sub(buf_slice(&o->bytes), (size_t)(at - o->bytes_dropped),
				(size_t)(stop - o->bytes_dropped))};
			at = stop;
			continue;
		}
		if (!part)
			break;
		if (part->length)
			pieces[n++] = (struct engine_piece){.handle = part->handle,
			    .offset = part->offset, .length = part->length};
		i++;
	}
	return n;
}

/* The first part is done with. */
static void
part_leaves(struct server_out *o)
{
	struct server_part *part = part_at(o, o->parts_taken++);

	if (part->release)
		release_later(o, part->handle);
	if (o->parts_taken == part_count(o)) {
		buf_clear(&o->parts);
		buf_shrink(&o->parts);
		o->parts_taken = 0;
	}
}

/* A reader that is always a little behind does not make the buffers grow. */
static void
compact(struct server_out *o)
{
	if (o->bytes_taken > IMAP_OUTPUT_HIGH && o->bytes_taken > o->bytes.n / 2) {
		buf_drop(&o->bytes, o->bytes_taken);
		o->bytes_dropped += o->bytes_taken;
		o->bytes_taken = 0;
	}
	if (o->parts_taken > 256 && o->parts_taken > part_count(o) / 2) {
		buf_drop(&o->parts, o->parts_taken * sizeof(struct server_part));
		o->parts_taken = 0;
	}
}

/* Takes from what comes first; how much of n that was. */
static uint64_t
take_first(struct server_out *o, uint64_t n)
{
	struct server_part *part =
	    o->parts_taken < part_count(o) ? part_at(o, o->parts_taken) : NULL;
	uint64_t room;

	if (part && part->at == bytes_gone(o)) {
		if (n > part->length)
			n = part->length;
		part->offset += n;
		part->length -= n;
		o->parts_waiting -= n;
		if (part->length == 0)
			part_leaves(o);
		return n;
	}
	room = (part ? part->at : o->bytes_dropped + o->bytes.n) - bytes_gone(o);
	if (n > room)
		n = room;
	o->bytes_taken += (size_t)n;
	return n;
}

void
imap_out_taken(struct imap_server *s, uint64_t n)
{
	struct server_out *o = &s->out;

	while (n) {
		bool any = o->parts_taken < part_count(o);
		uint64_t took = take_first(o, n);

		if (took == 0 && !any)
			break;
		n -= took;
	}
	/* Parts of no length that stand first now. */
	while (o->parts_taken < part_count(o) && part_at(o, o->parts_taken)->length == 0 &&
	       part_at(o, o->parts_taken)->at == bytes_gone(o))
		part_leaves(o);
	if (o->bytes_taken == o->bytes.n) {
		o->bytes_dropped += o->bytes_taken;
		o->bytes_taken = 0;
		buf_clear(&o->bytes);
		buf_shrink(&o->bytes);
	}
	compact(o);
}

bool
imap_out_release(struct imap_server *s, uint32_t *handle)
{
	struct server_out *o = &s->out;

	if (o->releases_taken * sizeof(*handle) == o->releases.n)
		return false;
	memcpy(handle, o->releases.p + sizeof(*handle) * o->releases_taken++, sizeof(*handle));
	if (o->releases_taken * sizeof(*handle) == o->releases.n) {
		buf_clear(&o->releases);
		buf_shrink(&o->releases);
		o->releases_taken = 0;
	}
	return true;
}
