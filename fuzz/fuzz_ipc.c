/*
 * Frames between processes. The payload decoder of every row: what it takes writes back as the same
 * bytes. A channel that is fed hostile bytes: what it hands on, and whether it cuts the peer off,
 * does not depend on how the bytes are cut.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/num.h"
#include "fuzz/fuzz.h"
#include "ipc/channel.h"
#include "ipc/frame.h"
#include "net/log.h"
#include "os/fdpass.h"

#define HEARD_MAX (4u << 20)
#define TURNS_MAX 200

/* --- the decoder -------------------------------------------------------------------------- */

static void
decode_all(struct slice in)
{
	struct arena *a = arena_new("fuzz", 8u << 20);
	size_t count;
	const struct ipc_row *rows = ipc_rows(&count);

	for (size_t i = 0; i < count; i++) {
		struct buf out;
		struct fault f;
		void *message = arena_get(a, rows[i].layout.size);

		buf_init(&out, FRAME_MAX);
		if (ipc_decode(&rows[i], in, a, message, &f) == ST_OK) {
			FUZZ_CHECK(ipc_encode(&rows[i], message, &out, &f) == ST_OK);
			FUZZ_SAME(buf_slice(&out), in);
		} else {
			FUZZ_CHECK(f.st == ST_SYNTAX || f.st == ST_LIMIT);
		}
		buf_fini(&out);
		arena_reset(a);
	}
	arena_free(a);
}

/* --- a channel ---------------------------------------------------------------------------- */

struct hearing {
	struct buf heard;
	bool closed;
};

static void
hear(struct channel *c, uint32_t sequence, const void *message, int fd)
{
	struct hearing *h = channel_owner(c);
	const struct ipc_exists *m = message;

	FUZZ_CHECK(fd < 0);
	buf_fmt(&h->heard, "exists %u ", (unsigned)sequence);
	buf_put(&h->heard, m->address);
	channel_reply(c, sequence, IPC_existing, &(struct ipc_existing){.account = m->address}, -1);
}

static void
hear_closed(struct channel *c, const struct fault *why)
{
	struct hearing *h = channel_owner(c);

	h->closed = true;
	buf_fmt(&h->heard, "closed %d %s", (int)why->st, why->text);
	(void)c;
}

static const struct channel_handler handlers[] = {{IPC_exists, hear}, {0, NULL}};

/* A hello that is right, so that what follows is looked at. */
static void
greet(struct buf *out)
{
	struct ipc_hello hello = {ipc_schema(), SL("fuzz"), SL("fuzz")};
	unsigned char header[FRAME_HEADER];
	struct buf payload;
	struct fault f;

	buf_init(&payload, 1024);
	FUZZ_CHECK(ipc_encode(ipc_row(IPC_hello), &hello, &payload, &f) == ST_OK);
	frame_put(header, &(struct frame){.length = (uint32_t)payload.n, .type = IPC_hello});
	buf_put(out, sl_mem(header, sizeof(header)));
	buf_put(out, buf_slice(&payload));
	buf_fini(&payload);
}

static void
feed_channel(struct slice in, enum fuzz_cut cut, struct buf *heard)
{
	struct loop *l = loop_new(NULL, NULL, 0);
	struct hearing h = {.closed = false};
	uint64_t state = in.n;
	struct channel *c;
	struct buf all;
	struct slice rest;
	unsigned char sink[4096];
	int fds[2];

	buf_init(&h.heard, HEARD_MAX);
	buf_init(&all, HEARD_MAX);
	greet(&all);
	buf_put(&all, in);
	FUZZ_CHECK(fdpass_pair(fds) == 0);
	c = channel_new(l, fds[1],
	    &(struct channel_opts){.name = "fuzz",
		.sends = IPC_LINK_AUTH_SAY,
		.receives = IPC_LINK_AUTH_ASK,
		.handlers = handlers,
		.closed = hear_closed,
		.owner = &h,
		.frame_max_bytes = 2048});
	for (rest = buf_slice(&all); rest.n && !h.closed;) {
		struct slice piece = fuzz_piece(cut, &state, &rest);

		while (piece.n && !h.closed) {
			ssize_t n = write(fds[0], piece.p, piece.n);

			piece = sl_skip(piece, n > 0 ? (size_t)n : 0);
			loop_turn(l, 0);
			while (read(fds[0], sink, sizeof(sink)) > 0)
				continue;
		}
	}
	close(fds[0]);
	for (int i = 0; i < TURNS_MAX && !h.closed; i++)
		loop_turn(l, 0);
	FUZZ_CHECK(h.closed);
	loop_turn(l, 0);
	(void)c;
	loop_free(l);
	buf_put(heard, buf_slice(&h.heard));
	buf_fini(&h.heard);
	buf_fini(&all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct buf whole, cut;

	log_threshold(
	    (enum log_level)(LOG_LEVEL_ALERT + 1)); /* what is cut off is said each time */
	if (size > 65536)
		return 0;
	decode_all(in);
	buf_init(&whole, HEARD_MAX);
	buf_init(&cut, HEARD_MAX);
	feed_channel(in, FUZZ_WHOLE, &whole);
	for (int how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
		buf_clear(&cut);
		feed_channel(in, (enum fuzz_cut)how, &cut);
		FUZZ_SAME(buf_slice(&cut), buf_slice(&whole));
	}
	buf_fini(&whole);
	buf_fini(&cut);
	return 0;
}
