/*
 * Sections of a message, RFC 3501 section 6.4.5: which part numbers lead where, and the choice of
 * header fields.
 */
#include "imap/describe_int.h"

#include "base/ascii.h"

/* ---- where ---- */

/*
 * The part numbered n of `at`, the entity read last. R3501-6.4.5-h: what is no multipart has one
 * part, itself.
 */
static bool
part_select(struct imap_outline_reader *r, struct imap_outline_part *at, uint32_t n)
{
	struct imap_outline_part part;

	if (!at->is_multipart)
		return n == 1;
	while (imap_outline_next(r, &part) && part.depth > at->depth) {
		if (part.depth != at->depth + 1 || --n)
			continue;
		*at = part;
		return true;
	}
	return false;
}

/* The message in `at`. */
static bool
message_enter(struct imap_outline_reader *r, struct imap_outline_part *at)
{
	struct imap_outline_part part;

	if (!at->is_message || !imap_outline_next(r, &part) || part.depth != at->depth + 1)
		return false;
	*at = part;
	return true;
}

/* The part that the numbers lead to. */
static bool
part_find(
    struct imap_outline_reader *r, const struct imap_section *section, struct imap_outline_part *at)
{
	if (!imap_outline_next(r, at))
		return false;
	for (unsigned i = 0; i < section->depth; i++) {
		/* R3501-6.4.5-i: numbers behind a message/rfc822 are those of the message in it */
		if (i && !at->is_multipart && !message_enter(r, at))
			return false;
		if (!section->part[i] || !part_select(r, at, section->part[i]))
			return false;
	}
	return true;
}

bool
imap_section_find(struct slice outline, const struct imap_section *section, struct imap_place *from,
    struct imap_place *to)
{
	struct imap_outline_reader r = {.rest = outline};
	struct imap_outline_part at;

	if (!part_find(&r, section, &at))
		return false;
	if (section->kind == IMAP_SECTION_MIME) {
		*from = at.header;
		*to = at.body;
		return section->depth > 0; /* R3501-6.4.5-g */
	}
	if (section->kind == IMAP_SECTION_ALL && section->depth) {
		*from = at.body;
		*to = at.end;
		return true;
	}
	/* R3501-6.4.5-f, R3501-6.4.5-n: HEADER and TEXT are of a message */
	if (section->depth && !message_enter(&r, &at))
		return false;
	*from = section->kind == IMAP_SECTION_TEXT ? at.body : at.header;
	*to = section->kind == IMAP_SECTION_TEXT || section->kind == IMAP_SECTION_ALL ? at.end
										      : at.body;
	return true;
}

/* ---- fields ---- */

/* Takes a field with its folded lines off the front. */
static struct slice
field_take(struct slice *header)
{
	struct slice rest = *header, field;

	do
		rest = sl_skip(rest, sl_find(rest, '\n') + 1);
	while (rest.n && ascii_is_wsp(rest.p[0]));
	field = sl_sub(*header, 0, header->n - rest.n);
	*header = rest;
	return field;
}

/* Its name, or the empty slice when it is no field. */
static struct slice
field_name(struct slice field)
{
	struct slice name = sl_sub(field, 0, sl_find(field, ':'));

	if (name.n == field.n)
		return SL_NONE;
	while (name.n && ascii_is_wsp(name.p[name.n - 1]))
		name.n--;
	return name;
}

static bool
is_named(const struct imap_section *section, struct slice name)
{
	for (size_t i = 0; i < section->field_count; i++)
		if (sl_ieq(section->fields[i], name)) /* R3501-6.4.5-d */
			return true;
	return false;
}

void
imap_section_filter(struct buf *out, struct slice header, const struct imap_section *section)
{
	bool named = section->kind == IMAP_SECTION_FIELDS, ended = false;
	struct slice field, name;

	while (header.n) {
		field = field_take(&header);
		name = field_name(field);
		ended = sl_eq(field, SL("\r\n"));
		if (!name.n || is_named(section, name) != named) /* R3501-6.4.5-o */
			continue;
		buf_put(out, field);
		if (field.p[field.n - 1] != '\n')
			buf_put(out, SL("\r\n"));
	}
	if (ended) /* R3501-6.4.5-e */
		buf_put(out, SL("\r\n"));
}
