/*
 * What is known of a message, and what is found by reading it.
 */
#include "daemon/imapd/reading.h"

#include <errno.h>
#include <unistd.h>

#include "maildir/cache.h"

/* The describer's memory: at least 2 MiB for itself, and its result. */
#define DESCRIBE_MAX ((size_t)8 << 20)
#define PIECE_BYTES ((size_t)128 << 10)

/* Pieces of messages on their way; one for the process: nothing stays in it. */
static struct buf room;

static struct buf *
fresh_room(void)
{
	if (room.max == 0)
		buf_init(&room, 2u << 20);
	buf_clear(&room);
	return &room;
}

void
reading_init(struct reading *c, struct mailbox *m, uint32_t uid)
{
	*c = (struct reading){.mailbox = m, .uid = uid, .text = TEXT_CLOSED};
}

void
reading_fini(struct reading *c)
{
	text_close(&c->text);
	arena_free(c->arena);
	c->arena = NULL;
	c->describer = NULL;
}

void
reading_cached(const struct reading *c, struct reading_facts *out)
{
	struct cache_entry e;

	*out = (struct reading_facts){0};
	if (!cache_get(c->mailbox, c->uid, &e))
		return;
	out->has_sizes = e.parts[IMAP_PART_SIZES].p &&
			 imap_sizes_get(e.parts[IMAP_PART_SIZES], &out->sizes);
	out->envelope = e.parts[IMAP_PART_ENVELOPE];
	out->structure = e.parts[IMAP_PART_STRUCTURE];
	out->outline = e.parts[IMAP_PART_OUTLINE];
}

enum st
reading_open(struct reading *c, struct fault *f)
{
	return c->text.fd >= 0 ? ST_OK : text_open(c->mailbox, c->uid, &c->text, f);
}

/* It is the whole message that was read: what was found is true of it as long as its name is. */
static void
remember(struct reading *c, const struct reading_facts *d)
{
	struct cache_entry e = {0};
	struct buf sizes;

	buf_init(&sizes, 64);
	imap_sizes_put(&sizes, &d->sizes);
	e.parts[IMAP_PART_SIZES] = buf_slice(&sizes);
	e.parts[IMAP_PART_ENVELOPE] = d->envelope;
	e.parts[IMAP_PART_STRUCTURE] = d->structure;
	e.parts[IMAP_PART_OUTLINE] = d->outline;
	cache_put(c->mailbox, c->uid, &e);
	buf_fini(&sizes);
}

static enum st
describe_end(struct reading *c, struct reading_facts *out, struct fault *f)
{
	struct imap_description d = {0};

	if (!imap_describer_end(c->describer, &d))
		return fault_set(f, ST_LIMIT, "4.3.0", "the structure of a message is too large");
	c->describer = NULL;
	*out = (struct reading_facts){
	    .has_sizes = true,
	    .sizes = d.sizes,
	    .envelope = d.envelope,
	    .structure = d.structure,
	    .outline = d.outline,
	};
	return ST_OK;
}

/* The next bytes of the file. ST_OK; ST_EOF: there are none. */
static enum st
next_bytes(struct reading *c, struct buf *b, struct fault *f)
{
	unsigned char *p = buf_room(b, PIECE_BYTES);
	ssize_t n;

	do
		n = pread(c->text.fd, p, PIECE_BYTES, (off_t)c->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fault_sys(f, ST_IO, "4.2.0", errno, "reading a message");
	buf_added(b, (size_t)n);
	return n ? ST_OK : ST_EOF;
}

/*
 * Bytes of the file are read as they are: places in it are found as well as octets. But where the
 * file means other octets than its line ends say (a CR before a CRLF of the wire is one of these),
 * the octets are read, and no place in the file is known.
 */
static enum st
describe_more(struct reading *c, struct reading_facts *out, struct fault *f)
{
	struct buf *b = fresh_room();
	enum st st = c->by_octets ? text_read(&c->text, c->at, PIECE_BYTES, b, f)
				  : next_bytes(c, b, f);

	if (st != ST_OK && st != ST_EOF)
		return st;
	imap_describer_feed(c->describer, buf_slice(b));
	c->at += b->n;
	if (st == ST_OK)
		return ST_AGAIN;
	st = describe_end(c, out, f);
	if (st != ST_OK || c->by_octets || c->text.wire_bytes == UINT64_MAX ||
	    c->text.wire_bytes == out->sizes.octets)
		return st;
	c->by_octets = true;
	return ST_AGAIN;
}

enum st
reading_describe(struct reading *c, struct reading_facts *out, struct fault *f)
{
	enum st st = reading_open(c, f);

	if (st != ST_OK)
		return st;
	if (!c->describer) {
		arena_free(c->arena);
		c->arena = arena_new("description", DESCRIBE_MAX);
		c->describer = imap_describer_new(c->arena);
		c->at = 0;
	}
	if (!c->describer)
		return fault_set(f, ST_BUG, "4.3.0", "no room for a describer");
	st = describe_more(c, out, f);
	if (st == ST_OK)
		remember(c, out);
	return st;
}

void
reading_hint(struct reading *c, const struct reading_facts *known, const struct imap_place *place)
{
	struct text_place there = {.wire = place->octets, .file = place->bytes};

	if (known->has_sizes && known->sizes.file_bytes == c->text.file_bytes)
		(void)text_hint(&c->text, &there);
}

enum st
reading_octets(struct reading *c, uint64_t from, uint64_t to, struct buf *out, struct fault *f)
{
	enum st st = reading_open(c, f);

	while (st == ST_OK && from < to) {
		size_t before = out->n;

		st = text_read(&c->text, from, (size_t)(to - from), out, f);
		if (st != ST_OK && st != ST_EOF)
			return st;
		from += out->n - before;
		if (!buf_ok(out) || out->n == before)
			return fault_set(f, ST_IO, "4.3.0", "a message is shorter than it was");
		st = ST_OK;
	}
	return st;
}

/* Length of the header section in the beginning of a message; 0: its end is not there. */
static size_t
header_end(struct slice s, size_t from)
{
	if (sl_starts(s, SL("\r\n")))
		return 2;
	for (size_t i = from > 3 ? from - 3 : 0; i + 4 <= s.n; i++) {
		const unsigned char *cr = memchr(s.p + i, '\r', s.n - 3 - i);

		if (!cr)
			return 0;
		i = (size_t)(cr - s.p);
		if (memcmp(cr, "\r\n\r\n", 4) == 0)
			return i + 4;
	}
	return 0;
}

enum st
reading_header(struct reading *c, struct buf *out, struct fault *f)
{
	size_t begin = out->n, step = 8192, end = 0, seen = 0;
	enum st st = reading_open(c, f);

	if (st != ST_OK)
		return st;
	do {
		seen = out->n - begin;
		st = text_read(&c->text, seen, step, out, f);
		if (st != ST_OK && st != ST_EOF)
			return st;
		if (!buf_ok(out) || out->n - begin > READING_HEADER_MAX)
			return fault_set(f, ST_LIMIT, "4.3.0", "a header is too long");
		end = header_end(sl_skip(buf_slice(out), begin), seen);
		step = step < 65536 ? step * 2 : step;
	} while (!end && st == ST_OK);
	if (end)
		buf_cut(out, begin + end);
	return ST_OK;
}
