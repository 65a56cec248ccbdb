/*
 * The content on its way.
 */
#include "daemon/courieresmtp/esmtp.h"

#include <errno.h>
#include <unistd.h>

#include "ext/hash.h"

#define PIECE_BYTES 32768u
#define WINDOW_MAX (512u * 1024)

/* The next octets of the source. */
static enum st
take(const struct body *b, uint64_t at, unsigned char *room, struct slice *in, struct fault *f)
{
	uint64_t left = b->length - at;
	size_t want = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
	ssize_t n;

	if (b->fd < 0) {
		*in = sl_sub(b->bytes, (size_t)at, (size_t)at + want);
		return ST_OK;
	}
	do
		n = pread(b->fd, room, want, (off_t)at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fault_sys(f, ST_IO, "4.3.0", errno, "reading the message");
	if (n == 0)
		return fault_set(f, ST_TEMP, "4.3.0", "the message is shorter than was announced");
	*in = sl_mem(room, (size_t)n);
	return ST_OK;
}

static enum st
wrong(struct fault *f)
{
	return fault_set(f, ST_TEMP, "4.3.0",
	    "the message is not the one that was announced (digest)");
}

enum st
body_init(struct body *b, struct fault *f)
{
	unsigned char room[PIECE_BYTES], got[DIGEST_MAX];
	struct smtp_stuff stuff = {.in_line = false};
	struct slice in;
	enum st st;

	buf_init(&b->window, WINDOW_MAX);
	if (b->fd < 0 && b->bytes.n != b->length)
		return fault_set(f, ST_TEMP, "4.3.0",
		    "the message has another length than was announced");
	if (b->fd < 0) {
		hash_once(&hash_sha256, b->bytes, got);
		if (memcmp(got, b->digest, hash_sha256.size) != 0)
			return wrong(f);
		b->is_checked = true;
	}
	for (uint64_t at = 0; at < b->length; at += in.n) {
		st = take(b, at, room, &in, f);
		if (st != ST_OK)
			return st;
		b->wire_bytes += smtp_stuff_count(&stuff, in);
	}
	b->wire_bytes += smtp_stuff_end_count(&stuff);
	return ST_OK;
}

void
body_rewind(struct body *b)
{
	if (b->hash)
		hash_sha256.abandon(b->hash);
	b->hash = NULL;
	b->read_at = b->window_at = 0;
	b->stuff = (struct smtp_stuff){.in_line = false};
	b->ended = b->is_right = false;
	buf_clear(&b->window);
}

void
body_fini(struct body *b)
{
	body_rewind(b);
	buf_fini(&b->window);
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

/* One piece more into the window. */
static enum st
fill(struct body *b, struct fault *f)
{
	unsigned char room[PIECE_BYTES], got[DIGEST_MAX];
	struct slice in;
	enum st st;

	if (!b->hash)
		b->hash = hash_sha256.start();
	if (b->read_at < b->length) {
		st = take(b, b->read_at, room, &in, f);
		if (st != ST_OK)
			return st;
		hash_sha256.update(b->hash, in);
		b->read_at += in.n;
		smtp_stuff_put(&b->stuff, in, &b->window);
	}
	if (b->read_at == b->length) {
		smtp_stuff_end(&b->stuff, &b->window);
		hash_sha256.finish(b->hash, got);
		b->hash = NULL;
		b->ended = true;
		b->is_right = memcmp(got, b->digest, hash_sha256.size) == 0;
	}
	return ST_OK;
}

enum st
body_read(struct body *b, uint64_t offset, unsigned char *p, size_t max, size_t *n, struct fault *f)
{
	enum st st;

	if (offset < b->window_at)
		return fault_set(f, ST_BUG, "4.3.0", "the message was read backwards");
	for (;;) {
		uint64_t skip = offset - b->window_at;

		if (skip > b->window.n)
			skip = b->window.n;
		buf_drop(&b->window, (size_t)skip);
		b->window_at += skip;
		if (b->ended || (b->window_at == offset && b->window.n >= max))
			break;
		st = fill(b, f);
		if (st != ST_OK)
			return st;
	}
	*n = b->window.n < max ? b->window.n : max;
	if (*n == 0)
		return fault_set(f, ST_TEMP, "4.3.0", "the message has another length than before");
	memcpy(p, b->window.p, *n);
	return ST_OK;
}

enum st
body_verdict(const struct body *b, struct fault *f)
{
	return b->ended && b->is_right ? ST_OK : wrong(f);
}
