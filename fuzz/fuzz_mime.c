/*
 * The structure of messages: cuts change nothing; parts lie inside their parents and behind each
 * other; LF and CRLF forms of a text have the same structure.
 */
#include "fuzz/fuzz.h"
#include "message/mime.h"

#define OUT_MAX (16u << 20)

static const struct mime_limits limits = {.depth_max = 8, .parts_max = 100};

static void
on_field(void *arg, struct mime_part *part, const struct header_field *f)
{
	FUZZ_CHECK(f->raw.n <= f->length);
	buf_fmt(arg, "%u:%zu ", part->depth, f->raw.n);
}

static void
check_part(const struct mime_part *part, unsigned depth)
{
	uint64_t at = part->body.bytes;

	FUZZ_CHECK(part->depth == depth && depth <= limits.depth_max);
	FUZZ_CHECK(part->header.bytes <= part->body.bytes && part->body.bytes <= part->end.bytes);
	FUZZ_CHECK(part->body.octets <= part->end.octets && part->body.lines <= part->end.lines);
	for (const struct mime_part *child = part->first; child; child = child->next) {
		FUZZ_CHECK(child->parent == part && child->header.bytes >= at);
		FUZZ_CHECK(
		    child->end.bytes <= part->end.bytes || child->body.bytes == child->end.bytes);
		at = child->end.bytes;
		check_part(child, depth + 1);
	}
}

/* The tree as text; bytes differ between LF and CRLF, octets do not. */
static void
show(struct buf *out, const struct mime_part *part, bool bytes)
{
	buf_fmt(out, "(%.*s/%.*s %llu %llu %llu %llu %d%d%d %d", SL_FMT(part->type.type),
	    SL_FMT(part->type.subtype), (unsigned long long)part->header.octets,
	    (unsigned long long)part->body.octets, (unsigned long long)part->end.octets,
	    (unsigned long long)(part->end.lines - part->body.lines), part->is_multipart,
	    part->is_message, part->closed, part->encoding);
	if (bytes)
		buf_fmt(out, " %llu %llu", (unsigned long long)part->body.bytes,
		    (unsigned long long)part->end.bytes);
	for (const struct mime_part *child = part->first; child; child = child->next)
		show(out, child, bytes);
	buf_put_byte(out, ')');
}

static void
read_message(struct slice in, enum fuzz_cut cut, bool bytes, struct buf *out)
{
	struct arena *a = arena_new("fuzz", 64u << 20);
	struct mime_parser *p = mime_parser_new(a, &limits, NULL, bytes ? on_field : NULL, out);
	struct mime_part *root;
	uint64_t state = in.n;
	bool truncated;

	buf_clear(out);
	while (in.n)
		mime_parser_feed(p, fuzz_piece(cut, &state, &in));
	root = mime_parser_end(p, &truncated);
	check_part(root, 0);
	show(out, root, bytes);
	buf_fmt(out, " %d", truncated);
	arena_free(a);
}

static void
check_line_ends(struct slice in, struct buf *one, struct buf *two)
{
	struct buf crlf;

	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] == '\r')
			return;
	buf_init(&crlf, OUT_MAX);
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\n')
			buf_put_byte(&crlf, '\r');
		buf_put_byte(&crlf, in.p[i]);
	}
	read_message(in, FUZZ_WHOLE, false, one);
	read_message(buf_slice(&crlf), FUZZ_WHOLE, false, two);
	FUZZ_SAME(buf_slice(two), buf_slice(one));
	buf_fini(&crlf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct buf whole, cut;

	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	read_message(in, FUZZ_WHOLE, true, &whole);
	for (int how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
		read_message(in, (enum fuzz_cut)how, true, &cut);
		FUZZ_SAME(buf_slice(&cut), buf_slice(&whole));
	}
	check_line_ends(in, &whole, &cut);
	buf_fini(&whole);
	buf_fini(&cut);
	return 0;
}
