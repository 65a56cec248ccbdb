/*
 * A message as a row of pieces: what is copied, headers that change, bodies that are encoded.
 */
#include "message/downgrade.h"

enum action { COPY, HEADER, QP, BASE64 };

/* Octets [from, to) of the message. */
struct piece {
	uint64_t from, to;
	enum action action;
	const struct mime_part *part;
	bool is_body;     /* of a leaf */
	bool has_8bit;
	const char *encoding; /* HEADER: the new one; NULL: none is said (7bit) */
};

struct downgrade {
	struct arena *arena;
	struct mime_parser *parser;
	struct mime_part *root;
	struct piece *pieces;
	size_t count;
	uint64_t at;     /* of the second reading */
	size_t now;      /* piece it is in, or in front of */
	bool stray_8bit; /* where nothing can be done */
};

struct downgrade *
downgrade_new(struct arena *a)
{
	struct downgrade *d = arena_get(a, sizeof(*d));
	struct mime_limits limits = MIME_LIMITS_DEFAULT;

	if (!d)
		return NULL;
	d->arena = a;
	d->parser = mime_parser_new(a, &limits, NULL, NULL, NULL);
	return d->parser ? d : NULL;
}

void
downgrade_look(struct downgrade *d, struct slice in)
{
	mime_parser_feed(d->parser, in);
}

/* The part behind this one in the message. */
static struct mime_part *
next_part(struct mime_part *p)
{
	if (p->first)
		return p->first;
	while (p && !p->next)
		p = p->parent;
	return p ? p->next : NULL;
}

static enum st
cannot(struct fault *f, const char *what)
{
	return fault_set(f, ST_PERM, "5.6.3", "8 bit content cannot be made 7 bit: %s", what);
}

/* A header and, of a leaf, a body each: in the order of the message. */
enum st
downgrade_looked(struct downgrade *d, struct fault *f)
{
	bool truncated = false;
	size_t parts = 0;

	d->root = mime_parser_end(d->parser, &truncated);
	if (truncated || !d->root)
		return cannot(f, "too many parts");
	for (struct mime_part *p = d->root; p; p = next_part(p))
		parts++;
	d->pieces = arena_get_array(d->arena, parts, 2 * sizeof(*d->pieces));
	if (!d->pieces)
		return cannot(f, "too many parts");
	for (struct mime_part *p = d->root; p; p = next_part(p)) {
		d->pieces[d->count++] = (struct piece){
		    .from = p->header.bytes, .to = p->body.bytes, .part = p};
		if (!p->first)
			d->pieces[d->count++] = (struct piece){.from = p->body.bytes,
			    .to = p->end.bytes, .part = p, .is_body = true};
	}
	return ST_OK;
}

static bool
has_8bit(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 128)
			return true;
	return false;
}

/* How much of in, which begins at `at`, lies in front of, or in, the present piece. */
static size_t
cut(const struct piece *p, uint64_t at, size_t n, bool *inside)
{
	uint64_t end = at < p->from ? p->from : p->to;

	*inside = at >= p->from;
	return end - at < n ? (size_t)(end - at) : n;
}

void
downgrade_scan(struct downgrade *d, struct slice in)
{
	while (in.n) {
		struct piece *p = d->now < d->count ? &d->pieces[d->now] : NULL;
		bool inside = false;
		size_t n;

		if (p && d->at >= p->to) {
			d->now++;
			continue;
		}
		n = p ? cut(p, d->at, in.n, &inside) : in.n;
		if (has_8bit(sl_sub(in, 0, n))) {
			if (inside)
				p->has_8bit = true;
			else
				d->stray_8bit = true;
		}
		d->at += n;
		in = sl_skip(in, n);
	}
}

static bool
is_signed(const struct mime_part *p)
{
	for (; p; p = p->parent)
		if (content_is(&p->type, "multipart", "signed"))
			return true;
	return false;
}

/* Why this piece cannot be helped; NULL: it can. */
static const char *
obstacle(const struct piece *p)
{
	if (!p->is_body)
		return "a header has 8 bits";
	if (p->part->encoding == MIME_QP || p->part->encoding == MIME_BASE64 ||
	    p->part->encoding == MIME_UNKNOWN)
		return "an encoded part has 8 bits"; /* R3030-3-k */
	return is_signed(p->part) ? "a signed part has 8 bits" : NULL;
}

/* R6152-3-a, R2045-6.4-a: composite parts say nothing but 7bit, 8bit or binary. */
static void
decide(struct piece *header, struct piece *body)
{
	const struct mime_part *p = header->part;
	bool said = p->encoding == MIME_8BIT || p->encoding == MIME_BINARY;

	if (body && body->has_8bit) {
		bool text = content_is(&p->type, "text", NULL) && p->encoding != MIME_BINARY;

		body->action = text ? QP : BASE64;
		header->action = HEADER;
		header->encoding = text ? "quoted-printable" : "base64";
	} else if (said) {
		header->action = HEADER;
	}
}

enum st
downgrade_scanned(struct downgrade *d, struct fault *f)
{
	if (d->stray_8bit)
		return cannot(f, "there are 8 bits between the parts");
	for (size_t i = 0; i < d->count; i++)
		if (d->pieces[i].has_8bit && obstacle(&d->pieces[i]))
			return cannot(f, obstacle(&d->pieces[i]));
	for (size_t i = 0; i < d->count; i++) {
		struct piece *p = &d->pieces[i];
		bool leaf = i + 1 < d->count && d->pieces[i + 1].is_body;

		if (p->is_body)
			continue;
		decide(p, leaf ? p + 1 : NULL);
		if (p->action == HEADER && p->to - p->from > DOWNGRADE_HEADER_MAX)
			return cannot(f, "a header is too long");
	}
	return ST_OK;
}

/* ---- writing ---- */

struct rewrite {
	struct buf *out;
	bool has_version, has_type;
};

static void
put_field(void *arg, const struct header_field *field)
{
	struct rewrite *w = arg;

	if (sl_ieq(field->name, SL("Content-Transfer-Encoding")))
		return;
	w->has_version |= sl_ieq(field->name, SL("MIME-Version"));
	w->has_type |= sl_ieq(field->name, SL("Content-Type"));
	buf_put(w->out, field->raw);
}

static void
put_header(const struct piece *p, struct slice header, struct buf *out)
{
	struct rewrite w = {.out = out};
	struct header_parser parser;
	size_t used;

	header_parser_init(&parser, put_field, &w);
	if (header_parser_feed(&parser, header, &used) == ST_AGAIN)
		header_parser_end(&parser);
	header_parser_fini(&parser);
	if (p->encoding && !p->part->parent && !w.has_version)
		buf_put(out, SL("MIME-Version: 1.0\r\n"));
	/* Nobody said what it is: RFC 1428 section 3. */
	if (p->encoding && !w.has_type)
		buf_put(out, SL("Content-Type: text/plain; charset=unknown-8bit\r\n"));
	if (p->encoding)
		buf_fmt(out, "Content-Transfer-Encoding: %s\r\n", p->encoding);
	buf_put(out, SL("\r\n"));
}

static void
piece_end(const struct downgrade *d, struct downgrade_run *r, struct buf *out)
{
	const struct piece *p = &d->pieces[r->piece];

	if (p->action == HEADER)
		put_header(p, buf_slice(&r->header), out);
	else if (p->action == QP)
		qp_enc_end(&r->qp, out);
	else if (p->action == BASE64)
		base64_enc_end(&r->base64, out);
	buf_fini(&r->header);
	r->qp = (struct qp_enc){.text = true};
	r->base64 = (struct base64_enc){.held_n = 0};
	r->begun = false;
	r->piece++;
}

static void
piece_feed(const struct piece *p, struct downgrade_run *r, struct slice in, struct buf *out)
{
	if (!r->begun)
		r->qp = (struct qp_enc){.text = true};
	r->begun = true;
	if (p->action == HEADER)
		buf_put(&r->header, in);
	else if (p->action == QP)
		qp_enc_feed(&r->qp, in, out);
	else if (p->action == BASE64)
		base64_enc_feed(&r->base64, in, out);
	else
		buf_put(out, in);
}

void
downgrade_feed(const struct downgrade *d, struct downgrade_run *r, struct slice in, struct buf *out)
{
	while (in.n) {
		const struct piece *p = r->piece < d->count ? &d->pieces[r->piece] : NULL;
		bool inside = false;
		size_t n;

		if (p && r->at >= p->to) {
			piece_end(d, r, out);
			continue;
		}
		n = p ? cut(p, r->at, in.n, &inside) : in.n;
		if (inside)
			piece_feed(p, r, sl_sub(in, 0, n), out);
		else
			buf_put(out, sl_sub(in, 0, n));
		r->at += n;
		in = sl_skip(in, n);
	}
}

void
downgrade_end(const struct downgrade *d, struct downgrade_run *r, struct buf *out)
{
	while (r->piece < d->count)
		piece_end(d, r, out);
}
