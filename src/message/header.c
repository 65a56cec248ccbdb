/*
 * Header sections in pieces. A field ends where the next line does not begin with white space, so
 * one octet of the next line is looked at before it is given out.
 */
#include "message/header.h"

#include "base/ascii.h"

void
header_parser_init(struct header_parser *p, header_fn *field, void *arg)
{
	*p = (struct header_parser){.field = field, .arg = arg};
	buf_init(&p->raw, HEADER_FIELD_MAX);
}

void
header_parser_fini(struct header_parser *p)
{
	buf_fini(&p->raw);
}

struct slice
header_parser_rest(const struct header_parser *p)
{
	return p->body_in_line ? buf_slice(&p->raw) : SL_NONE;
}

/* Octets of the current line or field: counted all, kept up to the limit. */
static void
keep(struct header_parser *p, struct slice s)
{
	size_t room = HEADER_FIELD_MAX - p->raw.n;

	p->length += s.n;
	p->is_cut = p->is_cut || s.n > room;
	buf_put(&p->raw, sl_sub(s, 0, room));
}

static struct slice
without_eol(struct slice s)
{
	if (s.n && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

/* Gives the field that was read, and begins anew. */
static void
field_give(struct header_parser *p)
{
	struct slice raw = buf_slice(&p->raw);
	struct header_field f = {.raw = raw, .at = p->at, .length = p->length, .is_cut = p->is_cut};

	if (p->length && !p->is_envelope && p->field) {
		f.name = sl_sub(raw, 0, p->name_end);
		f.value = without_eol(sl_skip(raw, p->colon + 1));
		p->field(p->arg, &f);
	}
	buf_clear(&p->raw);
	p->at += p->length;
	p->length = 0;
	p->name_end = p->colon = 0;
	p->is_cut = p->is_envelope = false;
}

static void
end_section(struct header_parser *p, bool body_in_line)
{
	p->state = HEADER_ENDED;
	p->body_in_line = body_in_line;
	p->consumed = p->at + (body_in_line ? 0 : p->length);
}

/* The first octet of a line decides whether it continues the field before it. */
static void
on_line(struct header_parser *p, unsigned char c)
{
	if (p->length && ascii_is_wsp(c)) { /* R5322-4.2-a */
		p->state = HEADER_VALUE;
		return;
	}
	field_give(p);
	p->state = c == '\r' || c == '\n' ? HEADER_EMPTY_CR : HEADER_NAME;
}

/* An empty line, as CRLF or LF. */
static size_t
on_empty(struct header_parser *p, struct slice in)
{
	unsigned char c = in.p[0];

	if (c == '\r' && p->length == 0) {
		keep(p, sl_sub(in, 0, 1));
		return 1;
	}
	if (c != '\n') { /* CR alone begins no empty line */
		end_section(p, true);
		return 0;
	}
	p->length++;
	p->lines++;
	end_section(p, false);
	return 1;
}

/*
 * An octet of a name: printable, then perhaps blanks (R5322-4.5-a), then the colon (R5322-2.2-a).
 */
static size_t
on_name(struct header_parser *p, struct slice in)
{
	unsigned char c = in.p[0];
	bool blank = ascii_is_wsp(c);

	if (c == ':' && p->length) {
		p->colon = p->raw.n;
		if (!p->name_end)
			p->name_end = p->raw.n;
		p->state = HEADER_VALUE;
	} else if (blank && p->length && p->length < HEADER_NAME_MAX) {
		if (!p->name_end)
			p->name_end = p->raw.n;
	} else if (c <= 32 || c == 127 || c == ':' || p->name_end || p->length >= HEADER_NAME_MAX) {
		if (p->at || !sl_eq(buf_slice(&p->raw), SL("From "))) {
			end_section(p, true);
			return 0;
		}
		p->is_envelope = true;
		p->state = HEADER_VALUE;
	}
	keep(p, sl_sub(in, 0, 1));
	return 1;
}

static size_t
on_value(struct header_parser *p, struct slice in)
{
	size_t n = sl_find(in, '\n');

	if (n < in.n) {
		n++;
		p->lines++;
		p->state = HEADER_LINE;
	}
	keep(p, sl_sub(in, 0, n));
	return n;
}

/* R5322-2.1-a */
enum st
header_parser_feed(struct header_parser *p, struct slice in, size_t *used)
{
	size_t i = 0;

	while (i < in.n && p->state != HEADER_ENDED) {
		struct slice rest = sl_skip(in, i);

		switch (p->state) {
		case HEADER_LINE:
			on_line(p, rest.p[0]);
			break;
		case HEADER_NAME:
			i += on_name(p, rest);
			break;
		case HEADER_VALUE:
			i += on_value(p, rest);
			break;
		case HEADER_EMPTY_CR:
			i += on_empty(p, rest);
			break;
		case HEADER_ENDED:
			break;
		}
	}
	*used = i;
	return p->state == HEADER_ENDED ? ST_OK : ST_AGAIN;
}

void
header_parser_end(struct header_parser *p)
{
	if (p->state == HEADER_ENDED)
		return;
	if (p->state == HEADER_NAME || p->state == HEADER_EMPTY_CR) {
		end_section(p, p->raw.n > 0); /* an unfinished line is no field */
		return;
	}
	field_give(p);
	end_section(p, false);
}

/* Copies what stays of a value, which is not longer, to `to`; how much that is. */
static size_t
unfold(unsigned char *to, struct slice value)
{
	size_t from = 0, n = 0;

	for (size_t i = 0; i <= value.n; i++) {
		if (i < value.n && value.p[i] != '\r' && value.p[i] != '\n' && value.p[i] != '\0')
			continue;
		if (i > from)
			memcpy(to + n, value.p + from, i - from);
		n += i - from;
		from = i + 1;
	}
	return n;
}

/* R5322-2.2.3-a: the line ends go, the blanks stay. */
void
header_unfold(struct buf *out, struct slice value)
{
	unsigned char *p;

	value = sl_trim(value);
	p = buf_room(out, value.n);
	if (p)
		buf_added(out, unfold(p, value));
}

struct slice
header_unfolded(struct arena *a, struct slice value)
{
	unsigned char *p;

	value = sl_trim(value);
	p = arena_get(a, value.n);
	return p ? sl_mem(p, unfold(p, value)) : SL_NONE;
}
