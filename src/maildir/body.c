/*
 * From wire octets to lines that end in LF.
 */
#include "maildir/body.h"

#include <errno.h>
#include <unistd.h>

#include "base/arena.h"

void
maildir_reader_start(struct maildir_reader *r, const struct maildir_body *body, bool as_wire)
{
	*r = (struct maildir_reader){.body = body, .as_wire = as_wire, .hash = body->hash->start()};
}

void
maildir_reader_stop(struct maildir_reader *r)
{
	if (r->hash)
		r->body->hash->abandon(r->hash);
	r->hash = NULL;
}

/* CR LF becomes LF; any other CR stays. A CR at the end waits for what follows it. */
static void
put_lines(struct maildir_reader *r, struct slice in, struct buf *out)
{
	const unsigned char *cr;

	if (r->pending_cr && in.n) {
		r->pending_cr = false;
		if (in.p[0] != '\n')
			buf_put_byte(out, '\r');
	}
	while (in.n && (cr = memchr(in.p, '\r', in.n)) != NULL) {
		size_t n = (size_t)(cr - in.p);

		if (n + 1 == in.n) {
			r->pending_cr = true;
			in.n--;
			break;
		}
		if (cr[1] != '\n')
			n++;
		buf_put(out, sl_sub(in, 0, n));
		in = sl_skip(in, (size_t)(cr - in.p) + 1);
	}
	buf_put(out, in);
}

/* R5321-4.4-i: the header's own Return-Path fields are renamed; only ours, in front, keeps the
 * name. */
static void
put_first(struct maildir_reader *r, struct slice in, struct buf *out)
{
	struct slice rest = in, line;
	size_t done = 0;

	while (rest.n) {
		size_t at = (size_t)(rest.p - in.p);

		sl_cut(&rest, '\n', &line);
		if (line.n == 0 || line.p[0] == '\r')
			break; /* the header's end */
		if (!sl_istarts(line, SL("Return-Path:")))
			continue;
		put_lines(r, sl_sub(in, done, at), out);
		buf_put(out, SL("Old-"));
		r->added += 4;
		done = at;
	}
	put_lines(r, sl_skip(in, done), out);
}

/* The next octets of the source: a slice of the inline body, or what was read into room. */
static enum st
take(struct maildir_reader *r, unsigned char *room, struct slice *in, struct fault *f)
{
	uint64_t left = r->body->length - r->at;
	size_t want = left < MAILDIR_PIECE_BYTES ? (size_t)left : MAILDIR_PIECE_BYTES;
	ssize_t n;

	if (r->body->fd < 0) {
		if (r->body->bytes.n != r->body->length)
			return fault_set(f, ST_TEMP, "4.3.0",
			    "the message has another length than was announced");
		*in = sl_sub(r->body->bytes, (size_t)r->at, (size_t)r->at + want);
		return ST_OK;
	}
	do
		n = pread(r->body->fd, room, want, (off_t)r->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fault_sys(f, ST_IO, "4.3.0", errno, "reading the message");
	if (n == 0 && want > 0)
		return fault_set(f, ST_TEMP, "4.3.0", "the message is shorter than was announced");
	*in = sl_mem(room, (size_t)n);
	return ST_OK;
}

static enum st
finish(struct maildir_reader *r, struct fault *f)
{
	const struct digest_ops *ops = r->body->hash;
	unsigned char got[DIGEST_MAX];

	ops->finish(r->hash, got);
	r->hash = NULL;
	if (memcmp(got, r->body->digest, ops->size) != 0)
		return fault_set(
		    f, ST_TEMP, "4.3.0", "the message is not the one that was announced (digest)");
	return ST_OK;
}

enum st
maildir_reader_next(struct maildir_reader *r, struct buf *out, struct fault *f)
{
	unsigned char *room = NULL;
	struct slice in;
	enum st st;

	if (r->body->fd >= 0)
		room = mem_get(MAILDIR_PIECE_BYTES);
	st = take(r, room, &in, f);
	if (st == ST_OK) {
		r->body->hash->update(r->hash, in);
		if (r->as_wire)
			buf_put(out, in);
		else if (r->at == 0)
			put_first(r, in, out);
		else
			put_lines(r, in, out);
		r->at += in.n;
		if (r->at < r->body->length)
			st = ST_AGAIN;
		else if (r->pending_cr)
			buf_put_byte(out, '\r');
	}
	mem_free(room);
	if ((st == ST_OK || st == ST_AGAIN) && !buf_ok(out))
		return fault_set(f, ST_LIMIT, "4.3.0", "no room for a piece of the message");
	return st == ST_OK ? finish(r, f) : st;
}

enum st
maildir_body_check(const struct maildir_body *body, struct fault *f)
{
	struct maildir_reader r;
	struct buf piece;
	enum st st;

	maildir_reader_start(&r, body, true);
	buf_init(&piece, MAILDIR_PIECE_BYTES);
	while ((st = maildir_reader_next(&r, &piece, f)) == ST_AGAIN)
		buf_clear(&piece);
	buf_fini(&piece);
	maildir_reader_stop(&r);
	return st;
}

void
maildir_head_put(struct buf *out, struct slice head)
{
	struct slice line;

	while (head.n) {
		bool ended = sl_cut(&head, '\n', &line);

		if (ended && line.n && line.p[line.n - 1] == '\r')
			line.n--;
		buf_put(out, line);
		if (ended)
			buf_put_byte(out, '\n');
	}
}
