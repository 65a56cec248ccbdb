/*
 * The content on its way.
 */
#include "daemon/courieresmtp/body.h"

#include <errno.h>
#include <unistd.h>

#include "ext/hash.h"

#define PIECE_BYTES 32768u
#define WINDOW_MAX (1024u * 1024)
#define PLAN_MEMORY ((size_t)4 << 20)

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
	b->ended = b->is_right = b->is_converted = false;
	buf_clear(&b->window);
	buf_fini(&b->run.header);
	b->run = (struct downgrade_run){.at = 0};
	buf_init(&b->run.header, DOWNGRADE_HEADER_MAX);
}

void
body_fini(struct body *b)
{
	body_rewind(b);
	buf_fini(&b->window);
	buf_fini(&b->run.header);
	arena_free(b->arena);
	b->arena = NULL;
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

/* What leaves for the next octets, dots not doubled. */
static void
put(struct body *b, struct slice in, bool is_last)
{
	struct buf text;

	if (!b->is_converted) {
		smtp_stuff_put(&b->stuff, in, &b->window);
		return;
	}
	buf_init(&text, WINDOW_MAX);
	downgrade_feed(b->plan, &b->run, in, &text);
	if (is_last)
		downgrade_end(b->plan, &b->run, &text);
	smtp_stuff_put(&b->stuff, buf_slice(&text), &b->window);
	buf_fini(&text);
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
		put(b, in, b->read_at == b->length);
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

/* ---- as 7 bit ---- */

enum pass { PASS_LOOK, PASS_SCAN, PASS_COUNT };

static enum st
read_all(struct body *b, enum pass pass, struct smtp_client_content *c, struct fault *f)
{
	struct smtp_stuff stuff = {.in_line = false};
	struct downgrade_run run = {.at = 0};
	unsigned char room[PIECE_BYTES];
	struct buf text;
	struct slice in;
	enum st st = ST_OK;

	buf_init(&run.header, DOWNGRADE_HEADER_MAX);
	buf_init(&text, WINDOW_MAX);
	for (uint64_t at = 0; at < b->length && st == ST_OK; at += in.n) {
		st = take(b, at, room, &in, f);
		if (st != ST_OK)
			break;
		if (pass == PASS_LOOK)
			downgrade_look(b->plan, in);
		else if (pass == PASS_SCAN)
			downgrade_scan(b->plan, in);
		else
			downgrade_feed(b->plan, &run, in, &text);
		if (pass == PASS_COUNT && at + in.n == b->length)
			downgrade_end(b->plan, &run, &text);
		c->size_bytes += text.n;
		c->wire_bytes += smtp_stuff_count(&stuff, buf_slice(&text));
		buf_clear(&text);
	}
	c->wire_bytes += smtp_stuff_end_count(&stuff);
	c->size_bytes += smtp_stuff_end_count(&stuff);
	buf_fini(&text);
	buf_fini(&run.header);
	return st;
}

static enum st
plan(struct body *b, struct smtp_client_content *none, struct fault *f)
{
	enum st st;

	b->arena = arena_new("7 bit", PLAN_MEMORY);
	b->plan = downgrade_new(b->arena);
	st = read_all(b, PASS_LOOK, none, f);
	if (st == ST_OK)
		st = downgrade_looked(b->plan, f);
	if (st == ST_OK)
		st = read_all(b, PASS_SCAN, none, f);
	if (st == ST_OK)
		st = downgrade_scanned(b->plan, f);
	if (st != ST_OK) {
		arena_free(b->arena);
		b->arena = NULL;
		b->plan = NULL;
	}
	return st;
}

enum st
body_convert(struct body *b, struct smtp_client_content *c, struct fault *f)
{
	struct smtp_client_content none = {.handle = 0};
	enum st st = ST_OK;

	body_rewind(b);
	if (!b->plan)
		st = plan(b, &none, f);
	if (st != ST_OK)
		return st;
	c->size_bytes = c->wire_bytes = 0;
	st = read_all(b, PASS_COUNT, c, f);
	b->is_converted = st == ST_OK;
	return st;
}
