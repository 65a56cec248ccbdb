/*
 * The structure of a message: lines are looked at once. Only a line that begins with two hyphens
 * while a multipart is open may be a delimiter; its first octets are held until that is clear.
 */
#include "message/mime.h"

#include "base/ascii.h"
#include "base/buf.h"

#define BOUNDARY_MAX 200 /* RFC 2046 5.1.1 allows 70; what is written in real mail is longer */
#define HOLD_MAX 256     /* octets of a line that are enough to tell */

struct mime_parser {
	struct arena *a;
	struct mime_limits limits;
	const struct charset_ops *cs;
	mime_field_fn *field;
	mime_body_fn *body;
	void *arg;

	struct mime_part *root, *current;
	struct header_parser header;
	bool in_header;
	unsigned parts, open; /* parts so far; multiparts whose end was not seen */
	bool truncated;

	struct mime_pos now;  /* behind the last octet taken */
	struct mime_pos line; /* where the current line begins */
	struct mime_pos eol;  /* before the last line end */
	bool at_line, last_cr;
	bool skip_line; /* the rest of a delimiter's line */
	unsigned char hold[HOLD_MAX];
	size_t hold_n;
};

/* --- parts ---------------------------------------------------------------------------------- */

static struct mime_part *
part_new(struct mime_parser *p, struct mime_part *parent)
{
	struct mime_part *part;

	if (p->parts >= p->limits.parts_max || (part = arena_get(p->a, sizeof(*part))) == NULL) {
		p->truncated = true;
		return NULL;
	}
	p->parts++;
	part->parent = parent;
	part->depth = parent ? parent->depth + 1 : 0;
	part->header = part->body = part->end = p->now;
	if (!parent)
		return part;
	if (parent->last)
		parent->last->next = part;
	else
		parent->first = part;
	parent->last = part;
	return part;
}

/* R2045-6.1-a, R2045-6.4-b */
static enum mime_encoding
encoding_of(struct slice name)
{
	static const struct {
		const char *name;
		enum mime_encoding encoding;
	} rows[] = {
	    {"7bit", MIME_7BIT},
	    {"8bit", MIME_8BIT},
	    {"binary", MIME_BINARY},
	    {"quoted-printable", MIME_QP},
	    {"base64", MIME_BASE64},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (sl_ieq(name, sl_str(rows[i].name)))
			return rows[i].encoding;
	return MIME_UNKNOWN;
}

static void
on_type(struct mime_parser *p, struct mime_part *part, struct slice value)
{
	content_type_parse(p->a, value, p->cs, &part->type);
	part->has_type = true;
}

static void
on_disposition(struct mime_parser *p, struct mime_part *part, struct slice value)
{
	content_disposition_parse(p->a, value, p->cs, &part->disposition);
}

static void
on_encoding(struct mime_parser *p, struct mime_part *part, struct slice value)
{
	part->encoding_text = header_unfolded(p->a, value);
	/* "7bit (comment)" and "7bit;" occur */
	part->encoding =
	    encoding_of(sl_sub(part->encoding_text, 0, sl_find(part->encoding_text, ' ')));
}

/* The fields that make the structure; the first of each name counts. */
static const struct {
	const char *name;
	void (*set)(struct mime_parser *p, struct mime_part *part, struct slice value);
	/* of a slice in struct mime_part that has p != NULL once it was set; without set, of the
	 * text */
	size_t at;
} field_rows[] = {
    {"Content-Type", on_type, offsetof(struct mime_part, type.type)},
    {"Content-Transfer-Encoding", on_encoding, offsetof(struct mime_part, encoding_text)},
    {"Content-Disposition", on_disposition, offsetof(struct mime_part, disposition.type)},
    {"Content-ID", NULL, offsetof(struct mime_part, id)},
    {"Content-Description", NULL, offsetof(struct mime_part, description)},
    {"Content-Location", NULL, offsetof(struct mime_part, location)},
    {"Content-Language", NULL, offsetof(struct mime_part, language)},
    {"Content-MD5", NULL, offsetof(struct mime_part, md5)},
};

static void
on_field(void *arg, const struct header_field *f)
{
	struct mime_parser *p = arg;
	struct mime_part *part = p->current;

	for (size_t i = 0; i < COUNT_OF(field_rows); i++) {
		struct slice *text = (void *)((char *)part + field_rows[i].at);

		if (text->p || !sl_ieq(f->name, sl_str(field_rows[i].name)))
			continue;
		if (field_rows[i].set)
			field_rows[i].set(p, part, f->value);
		else
			*text = header_unfolded(p->a, f->value);
	}
	if (p->field)
		p->field(p->arg, part, f);
}

/* The header of a new part begins here. */
static void
header_begin(struct mime_parser *p, struct mime_part *part)
{
	p->current = part;
	p->in_header = true;
	header_parser_fini(&p->header);
	header_parser_init(&p->header, on_field, p);
}

/* R2045-5.2-a, R2046-5.1.5-a: what a part is when it does not say so. R2046-5.1.1-e. */
static void
type_default(struct mime_part *part)
{
	bool digest = part->parent && part->parent->is_multipart &&
		      content_is(&part->parent->type, "multipart", "digest");

	if (part->has_type)
		return;
	part->type = digest ? (struct content){.type = SL("message"), .subtype = SL("rfc822")}
			    : (struct content){.type = SL("text"), .subtype = SL("plain")};
}

/* R2046-5.2.2-a, R2046-5.2.4-a */
static bool
is_message_type(const struct mime_part *part)
{
	return (content_is(&part->type, "message", "rfc822") ||
		   content_is(&part->type, "message", "global")) &&
	       part->encoding <=
		   MIME_BINARY; /* R2046-5.2.1-a: nothing can be found in an encoded one */
}

/*
 * The header of the current part is over; its body begins at pos. R2046-5.1-a, R2046-5.1.2-a,
 * R2049-2-e, R2049-2-f.
 */
static void
body_begin(struct mime_parser *p, struct mime_pos pos)
{
	struct mime_part *part = p->current, *child;
	size_t boundary;

	p->in_header = false;
	part->body = part->end = pos;
	type_default(part);
	boundary = content_param_get(&part->type, "boundary").n;
	part->is_multipart =
	    content_is(&part->type, "multipart", NULL) && boundary && boundary <= BOUNDARY_MAX;
	part->is_message = is_message_type(part);
	if ((part->is_multipart || part->is_message) && part->depth + 1 > p->limits.depth_max) {
		part->is_multipart = part->is_message = false;
		p->truncated = true;
	}
	p->open += part->is_multipart;
	if (!part->is_message)
		return;
	child = part_new(p, part);
	if (!child) {
		part->is_message = false;
		return;
	}
	child->header = child->body = child->end = pos;
	header_begin(p, child);
}

/* Closes the current part and those around it, up to (not with) stop; they end at pos. */
static void
close_until(struct mime_parser *p, const struct mime_part *stop, struct mime_pos pos)
{
	if (p->in_header) { /* its header was cut off by what ends it */
		header_parser_end(&p->header);
		p->in_header = false;
		type_default(p->current);
		p->current->body = p->current->end = p->header.body_in_line ? p->line : p->now;
	}
	for (struct mime_part *part = p->current; part && part != stop; part = part->parent) {
		if (part->is_multipart && !part->closed)
			p->open--;
		if (pos.bytes > part->body.bytes)
			part->end = pos;
	}
	p->current = (struct mime_part *)(uintptr_t)stop;
}

/* --- delimiters ----------------------------------------------------------------------------- */

/*
 * The open multipart whose delimiter begins this line, or NULL. RFC 2046 5.1.1: the beginning of
 * the line decides; of several that fit the longest is meant, and the innermost of equals.
 * R2046-5.1.1-b, R2046-5.1.1-d.
 */
static struct mime_part *
delimiter_of(struct mime_parser *p, struct slice line, bool *last)
{
	struct mime_part *found = NULL;
	size_t length = 0;

	if (!sl_starts(line, SL("--")))
		return NULL;
	line = sl_skip(line, 2);
	for (struct mime_part *part = p->current; part; part = part->parent) {
		struct slice boundary = content_param_get(&part->type, "boundary");

		if (part->is_multipart && !part->closed && boundary.n > length &&
		    sl_starts(line, boundary)) {
			found = part;
			length = boundary.n;
		}
	}
	*last = sl_starts(sl_skip(line, length), SL("--"));
	return found;
}

/*
 * R2046-5.1.1-a, R2046-5.1.1-f: the line end before it belongs to it, and it ends what is inside.
 */
static void
on_delimiter(struct mime_parser *p, struct mime_part *multipart, bool last)
{
	close_until(p, multipart, p->eol);
	if (last) {
		multipart->closed = true;
		p->open--;
	}
}

/*
 * The line of a delimiter has ended: a part begins, unless it was the last one. R2046-5.1.1-c.
 */
static void
after_delimiter(struct mime_parser *p)
{
	struct mime_part *part;

	p->skip_line = false;
	if (p->current->closed)
		return;
	part = part_new(p, p->current);
	if (part)
		header_begin(p, part);
}

/* --- input ---------------------------------------------------------------------------------- */

/* Counts octets with at most one line end, at their end. */
static void
advance(struct mime_parser *p, struct slice s)
{
	bool lf = s.n && s.p[s.n - 1] == '\n';
	bool cr = s.n > 1 ? s.p[s.n - 2] == '\r' : p->last_cr;

	if (!s.n)
		return;
	p->now.bytes += s.n;
	p->now.octets += s.n;
	p->at_line = lf;
	p->last_cr = s.p[s.n - 1] == '\r';
	if (!lf)
		return;
	p->eol = (struct mime_pos){p->now.bytes - 1 - cr, p->now.octets - 1 - cr, p->now.lines};
	p->now.octets += !cr;
	p->now.lines++;
}

static void
body_give(struct mime_parser *p, struct slice s)
{
	if (s.n && p->body && p->current)
		p->body(p->arg, p->current, s);
}

/* Octets of a header line. */
static void
header_feed(struct mime_parser *p, struct slice s)
{
	unsigned char kept[HEADER_NAME_MAX + 1];
	struct slice rest;
	bool in_line;
	size_t used, again;

	while (p->in_header && header_parser_feed(&p->header, s, &used) == ST_OK) {
		in_line = p->header.body_in_line;
		rest = header_parser_rest(&p->header);
		if (rest.n > sizeof(kept))
			rest.n = sizeof(kept);
		if (rest.n)
			memcpy(kept, rest.p, rest.n);
		body_begin(p, in_line ? p->line : p->now);
		if (!p->in_header && in_line) {
			body_give(p, rest.n ? sl_mem(kept, rest.n) : SL_NONE);
			body_give(p, sl_skip(s, used));
		}
		if (!p->in_header || !in_line)
			break;
		/*
		 * The header of a message inside begins with the line that ended the one around it.
		 */
		if (rest.n && header_parser_feed(&p->header, sl_mem(kept, rest.n), &again) == ST_OK)
			body_begin(p, p->line);
		s = sl_skip(s, used);
		if (!p->in_header) {
			body_give(p, rest.n ? sl_mem(kept, rest.n) : SL_NONE);
			body_give(p, s);
		}
	}
}

/* Octets of a line that is no delimiter. */
static void
text_feed(struct mime_parser *p, struct slice s)
{
	if (p->at_line)
		p->line = p->now;
	advance(p, s);
	if (p->in_header)
		header_feed(p, s);
	else
		body_give(p, s);
}

/* The held octets tell now what they are. */
static void
hold_settle(struct mime_parser *p)
{
	struct slice held = sl_mem(p->hold, p->hold_n);
	struct mime_part *multipart;
	bool last;

	p->hold_n = 0;
	multipart = delimiter_of(p, held, &last);
	if (!multipart) {
		text_feed(p, held);
		return;
	}
	p->line = p->now;
	on_delimiter(p, multipart, last);
	advance(p, held);
	if (p->at_line)
		after_delimiter(p);
	else
		p->skip_line = true;
}

/* Holds octets of a line that may be a delimiter; returns how many were taken. */
static size_t
hold_feed(struct mime_parser *p, struct slice in)
{
	size_t n = 0;
	bool clear = false;

	while (n < in.n && !clear) {
		p->hold[p->hold_n++] = in.p[n++];
		clear = p->hold[p->hold_n - 1] == '\n' || p->hold_n == HOLD_MAX ||
			(p->hold_n == 2 && p->hold[1] != '-');
	}
	if (clear)
		hold_settle(p);
	return n;
}

/*
 * No multipart is open and no header is being read: nothing that follows can be anything but text
 * of the current part. Only line ends are counted.
 */
static void
rest_feed(struct mime_parser *p, struct slice in)
{
	struct slice left = in;
	uint64_t lines = 0, bare = 0;
	bool cr = p->last_cr;
	size_t n;

	while ((n = sl_find(left, '\n')) < left.n) {
		bare += n ? left.p[n - 1] != '\r' : !cr;
		cr = false;
		lines++;
		left = sl_mem(left.p + n + 1, left.n - n - 1);
	}
	p->now.bytes += in.n;
	p->now.octets += in.n + bare;
	p->now.lines += lines;
	p->last_cr = in.p[in.n - 1] == '\r';
	p->at_line = in.p[in.n - 1] == '\n';
	body_give(p, in);
}

void
mime_parser_feed(struct mime_parser *p, struct slice in)
{
	struct slice line;
	size_t n;

	while (in.n) {
		if (p->hold_n || (p->open && p->at_line && in.p[0] == '-')) {
			in = sl_skip(in, hold_feed(p, in));
			continue;
		}
		if (!p->open && !p->in_header && !p->skip_line) {
			rest_feed(p, in);
			return;
		}
		n = sl_find(in, '\n');
		line = sl_sub(in, 0, n + 1);
		in = sl_skip(in, n + 1);
		if (!p->skip_line) {
			text_feed(p, line);
			continue;
		}
		advance(p, line);
		if (p->at_line)
			after_delimiter(p);
	}
}

static void
parser_fini(void *arg)
{
	struct mime_parser *p = arg;

	header_parser_fini(&p->header);
}

struct mime_parser *
mime_parser_new(struct arena *a, const struct mime_limits *limits, const struct charset_ops *cs,
    mime_field_fn *field, void *arg)
{
	struct mime_parser *p = arena_get(a, sizeof(*p));

	if (!p)
		return NULL;
	p->a = a;
	p->limits = *limits;
	p->cs = cs ? cs : &charset_builtin;
	p->field = field;
	p->arg = arg;
	p->at_line = true;
	p->root = arena_get(a, sizeof(*p->root));
	if (!p->root || !arena_defer(a, parser_fini, p))
		return NULL;
	p->parts = 1;
	header_begin(p, p->root);
	return p;
}

void
mime_parser_on_body(struct mime_parser *p, mime_body_fn *body)
{
	p->body = body;
}

struct mime_part *
mime_parser_end(struct mime_parser *p, bool *truncated)
{
	if (p->hold_n)
		hold_settle(p);
	close_until(p, NULL, p->now);
	if (truncated)
		*truncated = p->truncated || arena_exhausted(p->a);
	return p->root;
}
