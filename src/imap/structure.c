/*
 * BODYSTRUCTURE, RFC 3501 section 7.4.2, and BODY made from it.
 */
#include "imap/describe_int.h"

#include "base/ascii.h"
#include "base/attr.h"
#include "imap/reply/reply.h"
#include "imap/said.h"

/*
 * A structure that would pass IMAP_STRUCTURE_MAX is said in brief: strings and lists are cut to
 * these, envelopes are empty, and parts behind BRIEF_STOP are left out. What then remains open when
 * it is reached is less than the rest.
 */
#define BRIEF_STRING 64
#define BRIEF_PARAMS 4
#define BRIEF_STOP (IMAP_STRUCTURE_MAX - 128u * 1024)

/* What a multipart says when there is nothing in it: the grammar wants a part. */
#define EMPTY_PART \
	"(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)"

struct writer {
	struct buf *out;
	struct arena *scratch;
	bool brief;
};

static bool
is_one_line(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return false;
	return true;
}

/* A string of the header: without line ends and NUL. */
static void
put_text(struct writer *w, struct slice s)
{
	struct buf clean;

	if (w->brief)
		s = sl_sub(s, 0, BRIEF_STRING);
	if (is_one_line(s)) {
		imap_put_string(w->out, s);
		return;
	}
	buf_init(&clean, s.n);
	header_unfold(&clean, s);
	imap_put_string(w->out, buf_slice(&clean));
	buf_fini(&clean);
}

static void
put_ntext(struct writer *w, struct slice s)
{
	if (s.p)
		put_text(w, s);
	else
		buf_put(w->out, SL("NIL"));
}

/*
 * A value with a charset is said in the form of RFC 2231 section 4: the client knows the charset,
 * and the string stays ASCII.
 */
static void
put_extended(struct writer *w, const struct content_param *p)
{
	struct buf text;

	buf_init(&text, p->name.n + 1 + p->charset.n + p->language.n + 2 + p->octets.n * 3);
	buf_put(&text, p->name);
	buf_put_byte(&text, '*');
	put_text(w, buf_slice(&text));
	buf_put_byte(w->out, ' ');
	buf_clear(&text);
	buf_put(&text, p->charset);
	buf_put_byte(&text, '\'');
	buf_put(&text, p->language); /* R2231-6-b */
	buf_put_byte(&text, '\'');
	for (size_t i = 0; i < p->octets.n; i++) {
		unsigned char c = p->octets.p[i];

		if (ascii_is_alnum(c) || c == '.' || c == '-' || c == '_')
			buf_put_byte(&text, c);
		else if (c != '\r' && c != '\n' && c != '\0') /* of folded lines */
			buf_fmt(&text, "%%%02X", c);
	}
	put_text(w, buf_slice(&text));
	buf_fini(&text);
}

/* R2231-6-a, R6532-3.2-b */
static void
put_params(struct writer *w, const struct content *c)
{
	unsigned count = 0;

	for (const struct content_param *p = c->params; p; p = p->next) {
		if (w->brief && count == BRIEF_PARAMS)
			break;
		buf_put_byte(w->out, count++ ? ' ' : '(');
		if (p->charset.p) {
			put_extended(w, p);
			continue;
		}
		put_text(w, p->name);
		buf_put_byte(w->out, ' ');
		put_text(w, p->value);
	}
	buf_put(w->out, count ? SL(")") : SL("NIL"));
}

/* R2183-2.8-a, R2183-2.8-b, R2183-2.9-a */
static void
put_disposition(struct writer *w, const struct mime_part *part)
{
	if (!part->disposition.type.n) {
		buf_put(w->out, SL("NIL"));
		return;
	}
	buf_put_byte(w->out, '(');
	put_text(w, part->disposition.type);
	buf_put_byte(w->out, ' ');
	put_params(w, &part->disposition);
	buf_put_byte(w->out, ')');
}

/* Tags separated by commas, RFC 3282: one string, or a list of them. */
static void
put_language(struct writer *w, struct slice tags)
{
	size_t before = w->out->n, count = 0;
	struct slice tag, rest = tags;

	buf_put_byte(w->out, '(');
	while (rest.n && count < BRIEF_PARAMS * 4) {
		sl_cut(&rest, ',', &tag);
		tag = sl_trim(tag);
		if (!tag.n)
			continue;
		if (count++)
			buf_put_byte(w->out, ' ');
		put_text(w, tag);
	}
	buf_put_byte(w->out, ')');
	if (count)
		return;
	buf_cut(w->out, before);
	buf_put(w->out, SL("NIL"));
}

/* disposition, language, location: R3501-7.4.2-n */
static void
put_extension(struct writer *w, const struct mime_part *part)
{
	buf_put_byte(w->out, ' ');
	put_disposition(w, part);
	buf_put_byte(w->out, ' ');
	put_language(w, part->language);
	buf_put_byte(w->out, ' ');
	put_ntext(w, part->location);
	buf_put_byte(w->out, ')');
}

/* Does its type promise parts that were not found (no boundary, too deep, encoded)? */
static bool
is_closed_box(const struct mime_part *part)
{
	return !part->type.type.n || content_is(&part->type, "multipart", NULL) ||
	       content_is(&part->type, "message", "rfc822");
}

/* R2049-2-c, R2046-4.1.4-a, R2046-4.5-a */
static void
put_type(struct writer *w, const struct mime_part *part, bool as_message)
{
	bool plain = content_is(&part->type, "text", "plain");

	buf_put_byte(w->out, '(');
	if (!as_message && is_closed_box(part)) {
		buf_put(w->out, SL("\"application\" \"octet-stream\" "));
	} else {
		put_text(w, part->type.type);
		buf_put_byte(w->out, ' ');
		put_text(w, part->type.subtype);
		buf_put_byte(w->out, ' ');
	}
	if (plain && !part->type.params)
		buf_put(w->out, SL("(\"charset\" \"us-ascii\")")); /* R2045-5.2-a */
	else
		put_params(w, &part->type);
}

static void
put_encoding(struct writer *w, const struct mime_part *part)
{
	struct slice text = part->encoding_text;
	size_t n = 0;

	while (n < text.n && text.p[n] > ' ' && text.p[n] != '(' && text.p[n] != ';')
		n++;
	if (n)
		put_text(w, sl_sub(text, 0, n));
	else
		buf_put(w->out, SL("\"7bit\"")); /* R2045-6.1-b */
}

/* Type, parameters, id, description, encoding, octets: what all single parts have. */
static void
put_basic(struct writer *w, const struct mime_part *part, bool as_message)
{
	put_type(w, part, as_message);
	buf_put_byte(w->out, ' ');
	put_ntext(w, part->id);
	buf_put_byte(w->out, ' ');
	put_ntext(w, part->description);
	buf_put_byte(w->out, ' ');
	put_encoding(w, part);
	imap_put_number(
	    w->out, SL(" "), part->end.octets - part->body.octets, SL_NONE); /* R3501-7.4.2-m */
}

static void
put_lines(struct writer *w, const struct mime_part *part)
{
	imap_put_number(w->out, SL(" "), part->end.lines - part->body.lines, SL_NONE);
}

static void put_part(struct writer *w, const struct mime_part *part);

/* R3501-7.4.2-j */
static void
put_multipart(struct writer *w, const struct mime_part *part)
{
	size_t before;

	buf_put_byte(w->out, '(');
	before = w->out->n;
	for (const struct mime_part *child = part->first; child; child = child->next)
		if (buf_ok(w->out) && (!w->brief || w->out->n < BRIEF_STOP))
			put_part(w, child);
	if (w->out->n == before) /* R3501-9-g */
		buf_put(w->out, SL(EMPTY_PART));
	buf_put_byte(w->out, ' ');
	put_text(w, part->type.subtype);
	buf_put_byte(w->out, ' ');
	put_params(w, &part->type);
	put_extension(w, part);
}

/* message/rfc822: R3501-7.4.2-k */
static void
put_message(struct writer *w, const struct mime_part *part)
{
	put_basic(w, part, true);
	buf_put_byte(w->out, ' ');
	imap_envelope_put(w->out, w->brief ? NULL : part->first->mark, w->scratch);
	buf_put_byte(w->out, ' ');
	put_part(w, part->first);
	put_lines(w, part);
}

/* Recursion ends at the depth to which the parser looked (IMAP_SECTION_DEPTH). */
static void
put_part(struct writer *w, const struct mime_part *part)
{
	if (part->is_multipart) {
		put_multipart(w, part);
		return;
	}
	if (part->is_message && content_is(&part->type, "message", "rfc822")) {
		put_message(w, part);
	} else {
		put_basic(w, part, false);
		if (content_is(&part->type, "text", NULL)) /* R3501-7.4.2-l */
			put_lines(w, part);
	}
	buf_put_byte(w->out, ' ');
	put_ntext(w, part->md5);
	put_extension(w, part);
}

void
imap_structure_put(struct buf *out, const struct mime_part *root, struct arena *scratch)
{
	struct writer w = {.out = out, .scratch = scratch};

	put_part(&w, root);
	if (buf_ok(out))
		return;
	buf_clear(out);
	w.brief = true;
	put_part(&w, root);
}

/* ---- BODY from BODYSTRUCTURE ---- */

/* Copies a value, and the blank behind it when `blank`. */
static bool
value_copy(struct slice *s, struct buf *out, bool blank, struct slice *value)
{
	if (!imap_said_value(s, value))
		return false;
	buf_put(out, *value);
	if (!blank)
		return true;
	buf_put_byte(out, ' ');
	return imap_said_char(s, ' ');
}

/* R3501-7.4.2-b: what follows up to the end of the list is extension data. */
static bool
extension_skip(struct slice *s, struct buf *out)
{
	struct slice value;

	while (imap_said_char(s, ' '))
		if (!imap_said_value(s, &value))
			return false;
	buf_put_byte(out, ')');
	return imap_said_char(s, ')');
}

static bool body_take(struct slice *s, struct buf *out, unsigned depth);

static bool
single_take(struct slice *s, struct buf *out, unsigned depth)
{
	struct slice type, subtype, value;

	if (!value_copy(s, out, true, &type) || !value_copy(s, out, true, &subtype))
		return false;
	for (int i = 0; i < 5; i++) /* parameters, id, description, encoding, octets */
		if (!value_copy(s, out, i < 4, &value))
			return false;
	if (sl_ieq(type, SL("\"message\"")) && sl_ieq(subtype, SL("\"rfc822\""))) {
		buf_put_byte(out, ' ');
		if (!imap_said_char(s, ' ') || !value_copy(s, out, true, &value) ||
		    !body_take(s, out, depth + 1) || !imap_said_char(s, ' '))
			return false;
		buf_put_byte(out, ' ');
		if (!value_copy(s, out, false, &value))
			return false;
	} else if (sl_ieq(type, SL("\"text\""))) {
		buf_put_byte(out, ' ');
		if (!imap_said_char(s, ' ') || !value_copy(s, out, false, &value))
			return false;
	}
	return extension_skip(s, out);
}

/* One body; recursion has the limit that structures have. */
static bool
body_take(struct slice *s, struct buf *out, unsigned depth)
{
	struct slice value;

	if (depth > IMAP_SECTION_DEPTH + 2 || !imap_said_char(s, '('))
		return false;
	buf_put_byte(out, '(');
	if (!s->n || s->p[0] != '(')
		return single_take(s, out, depth);
	while (s->n && s->p[0] == '(')
		if (!body_take(s, out, depth + 1))
			return false;
	buf_put_byte(out, ' ');
	return imap_said_char(s, ' ') && value_copy(s, out, false, &value) &&
	       extension_skip(s, out);
}

bool
imap_structure_to_body(struct slice in, struct buf *out)
{
	return body_take(&in, out, 0) && !in.n && buf_ok(out);
}
