/*
 * Files with LF, read as octets with CRLF.
 *
 * A bare LF becomes CR LF. What of a CR LF in the file? Where the whole file was written with LF in
 * the place of CR LF, it stands for CR CR LF (exact); in files of others it stands for itself
 * (loose). The CRLF size in a name tells which: it is looked at when such a line end is met.
 */
#include "maildir/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maildir/mailbox_int.h"

#define PIECE_BYTES (32u << 10)
#define READ_MAX_BYTES (1u << 20)

/* ---- opening ---- */

static int
open_file(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Where it was, or where a reader or a deliverer may have put it meanwhile. */
static int
open_message(const struct mailbox *m, const struct message *r)
{
	static const uint32_t places[] = {MORE_CUR, MORE_NEW, MORE_TMP};
	char name[MAILDIR_NAME_MAX + 1];
	int fd = -1;

	if ((r->more & MORE_WHERE) != MORE_UNKNOWN && message_file(r, name))
		fd = open_file(message_dir(m, r), name);
	for (size_t i = 0; i < COUNT_OF(places) && fd < 0; i++) {
		struct message there = *r;

		if (errno != ENOENT && (r->more & MORE_WHERE) != MORE_UNKNOWN)
			break;
		there.more = (there.more & ~(MORE_WHERE | MORE_TAIL)) | places[i];
		if (message_file(&there, name))
			fd = open_file(message_dir(m, &there), name);
	}
	return fd;
}

static void
set_sizes(struct text *t, struct message *r, const struct stat *st)
{
	t->file_bytes = (uint64_t)st->st_size;
	t->date_sec = (int64_t)st->st_mtime;
	t->wire_bytes = UINT64_MAX;
	t->form = TEXT_LOOSE;
	/* A name that lies about the one size lies about the other. */
	if (r->file_bytes && r->file_bytes != t->file_bytes)
		r->wire_bytes = 0;
	r->file_bytes = t->file_bytes;
	r->date_sec = t->date_sec;
	if (r->wire_bytes < t->file_bytes || r->wire_bytes / 2 > t->file_bytes)
		r->wire_bytes = 0;
	if (r->wire_bytes) {
		t->wire_bytes = r->wire_bytes;
		t->form = TEXT_UNDECIDED;
	} else if (t->file_bytes == 0) {
		t->wire_bytes = 0;
	}
}

enum st
text_open(struct mailbox *m, uint32_t uid, struct text *t, struct fault *f)
{
	struct message *r = rows_find(&m->all, uid);
	struct stat st;

	*t = TEXT_CLOSED;
	if (!r || !mailbox_find(m, uid))
		return fault_set(f, ST_NOENT, "4.2.0", "the message was removed");
	t->fd = open_message(m, r);
	if (t->fd < 0 && errno == ENOENT)
		return fault_set(f, ST_AGAIN, "4.2.0", "the message is not where it was");
	if (t->fd < 0)
		return maildir_fault(f, errno, "opening the message");
	if (fstat(t->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		text_close(t);
		return fault_set(f, ST_IO, "4.2.0", "the message is no file");
	}
	t->mailbox = m;
	t->uid = uid;
	set_sizes(t, r, &st);
	return ST_OK;
}

void
text_close(struct text *t)
{
	if (t->fd >= 0)
		close(t->fd);
	*t = TEXT_CLOSED;
}

/* ---- counting ---- */

/* ST_OK and the piece at this place, at most size bytes of it. */
static enum st
read_piece(const struct text *t, uint64_t at, unsigned char *room, size_t size, struct slice *piece,
    struct fault *f)
{
	uint64_t left = t->file_bytes - at;
	ssize_t n;

	*piece = SL_NONE;
	if (left < size)
		size = (size_t)left;
	if (size == 0)
		return ST_OK;
	do
		n = pread(t->fd, room, size, (off_t)at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return maildir_fault(f, errno, "reading the message");
	if (n == 0)
		return fault_set(f, ST_IO, "4.2.0", "the message was cut short");
	*piece = sl_mem(room, (size_t)n);
	return ST_OK;
}

/* All LFs of the file, and those without a CR before them. */
static enum st
count_lines(const struct text *t, uint64_t *all, uint64_t *bare, struct fault *f)
{
	unsigned char room[PIECE_BYTES];
	struct slice piece;
	bool after_cr = false;

	*all = *bare = 0;
	for (uint64_t at = 0; at < t->file_bytes; at += piece.n) {
		const unsigned char *p, *end, *lf;
		enum st st = read_piece(t, at, room, sizeof(room), &piece, f);

		if (st != ST_OK)
			return st;
		end = piece.p + piece.n;
		for (p = piece.p; (lf = memchr(p, '\n', (size_t)(end - p))) != NULL; p = lf + 1) {
			++*all;
			*bare += lf == piece.p ? !after_cr : lf[-1] != '\r';
		}
		after_cr = end[-1] == '\r';
	}
	return ST_OK;
}

/* What is known now, for later. */
static void
remember(struct text *t, uint64_t wire)
{
	struct message *r = rows_find(&t->mailbox->all, t->uid);

	t->wire_bytes = wire;
	if (r && r->file_bytes == t->file_bytes)
		r->wire_bytes = wire;
}

enum st
text_size(struct text *t, uint64_t *wire_bytes, struct fault *f)
{
	uint64_t all, bare;

	if (t->wire_bytes == UINT64_MAX) {
		enum st st = count_lines(t, &all, &bare, f);

		if (st != ST_OK)
			return st;
		remember(t, t->file_bytes + bare);
	}
	*wire_bytes = t->wire_bytes;
	return ST_OK;
}

/* A CR LF was met: which kind of file is it? */
static enum st
decide(struct text *t, struct fault *f)
{
	uint64_t all, bare;
	enum st st = count_lines(t, &all, &bare, f);

	if (st != ST_OK)
		return st;
	t->form = t->wire_bytes == t->file_bytes + all ? TEXT_EXACT : TEXT_LOOSE;
	if (t->form == TEXT_LOOSE && t->wire_bytes != t->file_bytes + bare) {
		remember(t, t->file_bytes + bare);
		return fault_set(f, ST_IO, "4.2.0", "the message is not as long as its name says");
	}
	return ST_OK;
}

/* ---- reading ---- */

/* Output of one step: octets that are wanted go to p, those before them are only counted. */
struct sink {
	uint64_t skip;
	unsigned char *p;
	size_t left, n;
};

static void
put(struct sink *s, const unsigned char *p, size_t n)
{
	if (s->skip) {
		size_t skipped = s->skip < n ? (size_t)s->skip : n;

		s->skip -= skipped;
		p += skipped;
		n -= skipped;
	}
	memcpy(s->p + s->n, p, n);
	s->n += n;
	s->left -= n;
}

/* At most how many octets may be put now? */
static size_t
room_for(const struct sink *s)
{
	return s->skip < SIZE_MAX - s->left ? (size_t)s->skip + s->left : SIZE_MAX;
}

/* A line end in the file, at which both octets of the wire begin. */
static enum st
put_line_end(struct text *t, struct sink *s, bool after_cr, struct fault *f)
{
	if (after_cr && t->form == TEXT_UNDECIDED) {
		enum st st = decide(t, f);

		if (st != ST_OK)
			return st;
	}
	t->at.file++;
	if (after_cr && t->form == TEXT_LOOSE) {
		put(s, (const unsigned char *)"\n", 1);
		t->at.wire++;
	} else if (room_for(s) == 1) {
		put(s, (const unsigned char *)"\r", 1);
		t->at.wire++;
		t->owes_lf = true;
	} else {
		put(s, (const unsigned char *)"\r\n", 2);
		t->at.wire += 2;
	}
	t->after_cr = false;
	return ST_OK;
}

/* Converts a piece that stands at at.file, as far as there is room. */
static enum st
convert(struct text *t, struct slice in, struct sink *s, struct fault *f)
{
	while (in.n && room_for(s)) {
		const unsigned char *lf = memchr(in.p, '\n', in.n);
		size_t n = lf ? (size_t)(lf - in.p) : in.n;

		n = n < room_for(s) ? n : room_for(s);
		if (n) {
			put(s, in.p, n);
			t->after_cr = in.p[n - 1] == '\r';
			t->at.file += n;
			t->at.wire += n;
			in = sl_skip(in, n);
			continue;
		}
		enum st st = put_line_end(t, s, t->after_cr, f);
		if (st != ST_OK)
			return st;
		in = sl_skip(in, 1);
	}
	return ST_OK;
}

static void
go_to(struct text *t, const struct text_place *place)
{
	t->at = *place;
	t->after_cr = t->owes_lf = false;
}

static void
seek(struct text *t, uint64_t wire)
{
	static const struct text_place start = {0, 0};
	bool hint_fits = t->hint.wire && t->hint.wire <= wire;

	if (wire < t->at.wire)
		go_to(t, hint_fits ? &t->hint : &start);
	else if (hint_fits && t->hint.wire > t->at.wire)
		go_to(t, &t->hint);
}

/* All of the file was read: was that what its name says? */
static enum st
at_end(struct text *t, struct fault *f)
{
	uint64_t wire = t->at.wire;

	if (t->wire_bytes == wire)
		return ST_EOF;
	if (t->wire_bytes == UINT64_MAX) {
		remember(t, wire);
		return ST_EOF;
	}
	remember(t, wire);
	return fault_set(f, ST_IO, "4.2.0", "the message is not as long as its name says");
}

/* There is more than the name says. */
static enum st
too_long(struct text *t, struct fault *f)
{
	uint64_t all, bare;
	enum st st = count_lines(t, &all, &bare, f);

	if (st != ST_OK)
		return st;
	remember(t, t->file_bytes + bare);
	t->form = TEXT_LOOSE;
	return fault_set(f, ST_IO, "4.2.0", "the message is longer than its name says");
}

static enum st
read_on(struct text *t, struct sink *s, struct fault *f)
{
	unsigned char room[PIECE_BYTES];
	enum st st = ST_OK;

	if (t->owes_lf && room_for(s)) {
		put(s, (const unsigned char *)"\n", 1);
		t->at.wire++;
		t->owes_lf = false;
	}
	while (st == ST_OK && room_for(s) && t->at.file < t->file_bytes) {
		struct slice piece;

		st = read_piece(t, t->at.file, room,
		    s->left + s->skip < sizeof(room) ? (size_t)(s->left + s->skip) : sizeof(room),
		    &piece, f);
		if (st == ST_OK)
			st = convert(t, piece, s, f);
	}
	if (st != ST_OK)
		return st;
	if (t->at.file == t->file_bytes && !t->owes_lf)
		return at_end(t, f);
	return t->at.wire >= t->wire_bytes ? too_long(t, f) : ST_OK;
}

/* R2049-3-a, R6532-3.4-a */
enum st
text_read(struct text *t, uint64_t wire, size_t max, struct buf *out, struct fault *f)
{
	struct sink s;
	enum st st;

	seek(t, wire);
	max = max < READ_MAX_BYTES ? max : READ_MAX_BYTES;
	if (t->wire_bytes != UINT64_MAX && wire < t->wire_bytes && t->wire_bytes - wire < max)
		max = (size_t)(t->wire_bytes - wire);
	s = (struct sink){.skip = wire - t->at.wire, .left = max};
	s.p = buf_room(out, max ? max : 1);
	if (!s.p)
		return fault_set(f, ST_LIMIT, "4.3.0", "no room for the message");
	st = read_on(t, &s, f);
	if (st != ST_OK && st != ST_EOF) {
		static const struct text_place start = {0, 0};

		go_to(t, &start);
		return st;
	}
	buf_added(out, s.n);
	return st;
}

bool
text_hint(struct text *t, const struct text_place *place)
{
	unsigned char before;

	if (place->file == 0 || place->file > t->file_bytes || place->wire < place->file ||
	    place->wire / 2 > place->file)
		return false;
	if (pread(t->fd, &before, 1, (off_t)(place->file - 1)) != 1 || before != '\n')
		return false;
	t->hint = *place;
	return true;
}

/* ---- what the list of messages wants to know ---- */

enum st
message_measure(struct mailbox *m, uint32_t uid, bool with_wire, struct fault *f)
{
	struct message *r = rows_find(&m->all, uid);
	uint64_t wire;
	struct text t;
	enum st st;

	if (!r)
		return fault_set(f, ST_NOENT, "4.2.0", "the message was removed");
	if (r->file_bytes && r->date_sec != INT64_MIN && (r->wire_bytes || !with_wire))
		return ST_OK;
	st = text_open(m, uid, &t, f);
	if (st == ST_OK && with_wire)
		st = text_size(&t, &wire, f);
	text_close(&t);
	return st;
}
