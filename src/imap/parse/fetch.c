/* The arguments of FETCH and UID FETCH, RFC 3501 sections 6.4.5 and 9. */
#include "imap/fetch.h"

#include "base/ascii.h"
#include "base/num.h"
#include "imap/reply/reply.h"
#include "imap/server_cmd.h"

#define LABEL_MAX 65536

/* A data item without a section. */
struct item_row {
	const char *name;
	enum imap_want want;
};

static const struct item_row item_rows[] = {
    {"FLAGS", IMAP_WANT_FLAGS},
    {"UID", IMAP_WANT_UID},
    {"INTERNALDATE", IMAP_WANT_DATE},
    {"RFC822.SIZE", IMAP_WANT_SIZE},
    {"ENVELOPE", IMAP_WANT_ENVELOPE},
    {"BODYSTRUCTURE", IMAP_WANT_STRUCTURE},
    {"BODY", IMAP_WANT_BODY},
};

/* R3501-6.4.5-c: in the order in which the RFC lists them. */
static const struct {
	const char *name;
	unsigned count;
	enum imap_want wants[5];
} macro_rows[] = {
    {"ALL", 4, {IMAP_WANT_FLAGS, IMAP_WANT_DATE, IMAP_WANT_SIZE, IMAP_WANT_ENVELOPE}},
    {"FAST", 3, {IMAP_WANT_FLAGS, IMAP_WANT_DATE, IMAP_WANT_SIZE}},
    {"FULL", 5,
	{IMAP_WANT_FLAGS, IMAP_WANT_DATE, IMAP_WANT_SIZE, IMAP_WANT_ENVELOPE, IMAP_WANT_BODY}},
};

/* R3501-7.4.2-o: older names of sections. */
static const struct {
	const char *name;
	enum imap_section_kind kind;
	bool seen;
} old_rows[] = {
    {"RFC822", IMAP_SECTION_ALL, true},
    {"RFC822.HEADER", IMAP_SECTION_HEADER, false}, /* R3501-6.4.5-l */
    {"RFC822.TEXT", IMAP_SECTION_TEXT, true},
};

static const struct {
	const char *name;
	enum imap_section_kind kind;
} section_rows[] = {
    {"HEADER", IMAP_SECTION_HEADER},
    {"HEADER.FIELDS", IMAP_SECTION_FIELDS},
    {"HEADER.FIELDS.NOT", IMAP_SECTION_FIELDS_NOT},
    {"TEXT", IMAP_SECTION_TEXT},
    {"MIME", IMAP_SECTION_MIME},
};

/* How many items there can be at most: each but the first has a blank before it. */
static size_t
items_bound(struct slice s)
{
	size_t n = COUNT_OF(macro_rows[0].wants);

	for (size_t i = 0; i < s.n && n < IMAP_FETCH_ITEMS_MAX; i++)
		n += s.p[i] == ' ';
	return n;
}

/* Room for one more item; NULL, with words, when there are too many. */
static struct imap_fetch_item *
item_add(struct imap_fetch_run *run, struct imap_lexer *lx)
{
	if (run->item_count == run->item_max) {
		imap_lex_fail(lx, "too many data items");
		return NULL;
	}
	return &run->items[run->item_count++];
}

static struct imap_section *
section_add(struct imap_fetch_run *run, struct imap_fetch_item *item)
{
	item->section = run->ask.section_count++;
	return &run->sections[item->section];
}

static bool
want_add(struct imap_fetch_run *run, struct imap_lexer *lx, enum imap_want want)
{
	struct imap_fetch_item *item = item_add(run, lx);

	if (!item)
		return false;
	item->want = want;
	run->ask.want |= (unsigned)want;
	for (size_t i = 0; i < COUNT_OF(item_rows); i++)
		if (item_rows[i].want == want)
			item->label = sl_str(item_rows[i].name);
	return true;
}

/* ---- BODY[...] ---- */

/* "1.2" at the front of the spec, with the dot behind it when more follows. */
static bool
parts_take(struct imap_lexer *lx, struct slice *spec, struct imap_section *section)
{
	struct slice number;
	uint64_t n;

	while (spec->n && ascii_is_digit(spec->p[0])) {
		bool dot = sl_cut(spec, '.', &number);

		if (!num_u64(number, UINT32_MAX, &n) || n == 0)
			return imap_lex_fail(lx, "expected a part number");
		if (section->depth == IMAP_SECTION_DEPTH)
			return imap_lex_fail(lx, "too many part numbers");
		section->part[section->depth++] = (uint32_t)n;
		if (dot && !spec->n)
			return imap_lex_fail(lx, "expected something behind the dot");
	}
	return true;
}

/* HEADER ... behind the part numbers. */
static bool
kind_take(struct imap_lexer *lx, struct slice spec, struct imap_section *section)
{
	if (!spec.n)
		return true;
	for (size_t i = 0; i < COUNT_OF(section_rows); i++) {
		if (!sl_ieq(spec, sl_str(section_rows[i].name)))
			continue;
		section->kind = section_rows[i].kind;
		if (section->kind == IMAP_SECTION_MIME && !section->depth) /* R3501-6.4.5-g */
			return imap_lex_fail(lx, "expected a part number before MIME");
		return true;
	}
	return imap_lex_fail(lx, "unknown section");
}

/* SP "(" field names ")" */
static bool
fields_take(struct imap_lexer *lx, struct imap_section *section)
{
	struct slice rest = lx->in, *fields;
	size_t blanks = 0;

	for (size_t i = 0; i < rest.n; i++)
		blanks += rest.p[i] == ' ';
	/* no more names than blanks: each has one before it */
	fields = arena_get_array(lx->a, blanks, sizeof(*fields));
	if (!fields || !imap_lex_space(lx) || !imap_lex_char(lx, '('))
		return false;
	do
		if (!imap_lex_astring(lx, &fields[section->field_count++]))
			return false;
	while (imap_lex_maybe(lx, ' '));
	section->fields = fields;
	return imap_lex_char(lx, ')');
}

static bool
partial_take(struct imap_lexer *lx, struct imap_fetch_item *item)
{
	struct slice word, from;
	uint64_t origin, count;

	if (!imap_lex_maybe(lx, '<'))
		return true;
	item->has_partial = true;
	/* "0.100" is one word for the lexer */
	if (!imap_lex_name(lx, &word) || !imap_lex_char(lx, '>'))
		return false;
	if (!sl_cut(&word, '.', &from) || !num_u64(from, UINT32_MAX, &origin) ||
	    !num_u64(word, UINT32_MAX, &count) || count == 0)
		return imap_lex_fail(lx, "expected <origin.octets>");
	item->from = (uint32_t)origin;
	item->count = (uint32_t)count;
	return true;
}

static void
put_field_name(struct buf *out, struct slice name)
{
	bool plain = name.n > 0;

	for (size_t i = 0; i < name.n && plain; i++)
		plain = ascii_is_alnum(name.p[i]) || name.p[i] == '-' || name.p[i] == '_';
	if (plain)
		buf_put(out, name);
	else
		imap_put_string(out, name);
}

static void
put_label(struct buf *out, const struct imap_section *section, const struct imap_fetch_item *item)
{
	buf_put(out, SL("BODY["));
	for (unsigned i = 0; i < section->depth; i++)
		imap_put_number(out, i ? SL(".") : SL_NONE, section->part[i], SL_NONE);
	for (size_t i = 0; i < COUNT_OF(section_rows); i++)
		if (section->kind == section_rows[i].kind) {
			if (section->depth)
				buf_put_byte(out, '.');
			buf_put_str(out, section_rows[i].name);
		}
	for (size_t i = 0; i < section->field_count; i++) {
		buf_put(out, i ? SL(" ") : SL(" ("));
		put_field_name(out, section->fields[i]);
	}
	buf_put(out, section->field_count ? SL(")]") : SL("]"));
	if (item->has_partial) /* R3501-6.4.5-k, R3501-7.4.2-a */
		imap_put_number(out, SL("<"), item->from, SL(">"));
}

/* What follows "BODY" or "BODY.PEEK". */
static bool
section_take(struct imap_fetch_run *run, struct imap_lexer *lx)
{
	struct imap_fetch_item *item = item_add(run, lx);
	struct imap_section *section;
	struct slice spec = SL_NONE;
	struct buf label;

	if (!item || !imap_lex_char(lx, '['))
		return false;
	section = section_add(run, item);
	if (imap_lex_peek(lx) != ']' && !imap_lex_name(lx, &spec))
		return false;
	if (!parts_take(lx, &spec, section) || !kind_take(lx, spec, section))
		return false;
	if ((section->kind == IMAP_SECTION_FIELDS || section->kind == IMAP_SECTION_FIELDS_NOT) &&
	    !fields_take(lx, section))
		return false;
	if (!imap_lex_char(lx, ']') || !partial_take(lx, item))
		return false;
	buf_init(&label, LABEL_MAX);
	put_label(&label, section, item);
	item->label = arena_copy(lx->a, buf_slice(&label));
	buf_fini(&label);
	return item->label.p != NULL;
}

/* ---- items ---- */

static bool
old_take(struct imap_fetch_run *run, struct imap_lexer *lx, struct slice name)
{
	struct imap_fetch_item *item;

	for (size_t i = 0; i < COUNT_OF(old_rows); i++) {
		if (!sl_ieq(name, sl_str(old_rows[i].name)))
			continue;
		item = item_add(run, lx);
		if (!item)
			return false;
		section_add(run, item)->kind = old_rows[i].kind;
		item->label = sl_str(old_rows[i].name);
		run->ask.mark_seen = run->ask.mark_seen || old_rows[i].seen;
		return true;
	}
	return imap_lex_fail(lx, "unknown data item");
}

static bool
item_take(struct imap_fetch_run *run, struct imap_lexer *lx)
{
	struct slice name;

	if (!imap_lex_name(lx, &name))
		return false;
	if (imap_lex_peek(lx) == '[') {
		bool peek = sl_ieq(name, SL("BODY.PEEK"));

		if (!peek && !sl_ieq(name, SL("BODY")))
			return imap_lex_fail(lx, "only BODY has sections");
		run->ask.mark_seen = run->ask.mark_seen || !peek; /* R3501-6.4.5-l */
		return section_take(run, lx);
	}
	for (size_t i = 0; i < COUNT_OF(item_rows); i++)
		if (sl_ieq(name, sl_str(item_rows[i].name)))
			return want_add(run, lx, item_rows[i].want);
	return old_take(run, lx, name);
}

/* R3501-6.4.5-b: a macro stands by itself. */
static bool
macro_take(struct imap_fetch_run *run, struct imap_lexer *lx, bool *found)
{
	for (size_t i = 0; i < COUNT_OF(macro_rows); i++) {
		if (!sl_ieq(lx->in, sl_str(macro_rows[i].name)))
			continue;
		*found = true;
		lx->in = SL_NONE;
		for (unsigned k = 0; k < macro_rows[i].count; k++)
			if (!want_add(run, lx, macro_rows[i].wants[k]))
				return false;
		return true;
	}
	*found = false;
	return true;
}

static bool
items_take(struct imap_fetch_run *run, struct imap_lexer *lx)
{
	bool found;

	if (!macro_take(run, lx, &found) || found)
		return found;
	if (!imap_lex_maybe(lx, '('))
		return item_take(run, lx);
	do
		if (!item_take(run, lx))
			return false;
	while (imap_lex_maybe(lx, ' '));
	return imap_lex_char(lx, ')');
}

static bool
parse_fetch(struct imap_server *s, struct imap_lexer *lx, bool by_uid)
{
	struct imap_fetch_run *run = imap_run_get(s, sizeof(*run));

	if (!run)
		return false;
	run->item_max = items_bound(lx->in);
	run->items = arena_get_array(lx->a, run->item_max + 1, sizeof(*run->items));
	run->sections = arena_get_array(lx->a, run->item_max, sizeof(*run->sections));
	if (!run->items || !run->sections)
		return false;
	s->run.data = run;
	if (!imap_lex_space(lx) || !imap_lex_set(lx, by_uid, s->exists, &run->ask.set) ||
	    !imap_lex_space(lx) || !items_take(run, lx))
		return false;
	run->ask.sections = run->sections;
	run->ask.mark_seen = run->ask.mark_seen && !s->is_read_only;
	if (!by_uid || run->ask.want & IMAP_WANT_UID)
		return true;
	/* R3501-6.4.8-b: UID is said, asked for or not; it stands first */
	memmove(run->items + 1, run->items, run->item_count * sizeof(*run->items));
	run->items[0] = (struct imap_fetch_item){.want = IMAP_WANT_UID, .label = SL("UID")};
	run->item_count++;
	run->ask.want |= IMAP_WANT_UID;
	return true;
}

bool
imap_parse_fetch(struct imap_server *s, struct imap_lexer *lx)
{
	return parse_fetch(s, lx, false);
}

bool
imap_parse_uid_fetch(struct imap_server *s, struct imap_lexer *lx)
{
	return parse_fetch(s, lx, true);
}
