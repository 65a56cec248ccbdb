/*
 * ENVELOPE, RFC 3501 section 7.4.2. Fields are kept as they stand while the header is read, and
 * understood when the envelope is written.
 */
#include "imap/describe_int.h"

#include "base/ascii.h"
#include "imap/reply/reply.h"
#include "message/address.h"

#define ADDRESSES_MAX 4096 /* of one field: more do not fit into its share */

/*
 * max: bytes of the answer, so that all of them together stay below IMAP_ENVELOPE_MAX. A text may
 * double when it is quoted, so half of its share is kept.
 */
static const struct {
	const char *name;
	bool is_list;
	size_t max;
} rows[IMAP_ENVELOPE_FIELDS] = {
    [IMAP_ENVELOPE_DATE] = {"Date", false, 2048},
    [IMAP_ENVELOPE_SUBJECT] = {"Subject", false, 16384},
    [IMAP_ENVELOPE_FROM] = {"From", true, 16384},
    [IMAP_ENVELOPE_SENDER] = {"Sender", true, 16384},
    [IMAP_ENVELOPE_REPLY_TO] = {"Reply-To", true, 16384},
    [IMAP_ENVELOPE_TO] = {"To", true, 65536},
    [IMAP_ENVELOPE_CC] = {"Cc", true, 65536},
    [IMAP_ENVELOPE_BCC] = {"Bcc", true, 16384},
    [IMAP_ENVELOPE_IN_REPLY_TO] = {"In-Reply-To", false, 32768},
    [IMAP_ENVELOPE_MESSAGE_ID] = {"Message-ID", false, 8192},
};

static int
row_of(struct slice name)
{
	/* most fields of a header are none of these: their lengths and first letters say so */
	if (name.n < 2 || name.n > 11)
		return -1;
	for (int i = 0; i < IMAP_ENVELOPE_FIELDS; i++)
		if (ascii_lower(name.p[0]) == ascii_lower((unsigned char)rows[i].name[0]) &&
		    sl_ieq(name, sl_str(rows[i].name)))
			return i;
	return -1;
}

/* R5322-4.5.3-a */
void
imap_envelope_note(struct imap_envelope *e, struct arena *a, const struct header_field *f)
{
	int row = row_of(f->name);
	struct imap_envelope_value *value, **end;

	if (row < 0)
		return;
	for (end = &e->first[row]; *end; end = &(*end)->next)
		if (!rows[row].is_list)
			return; /* of texts the first counts; lists are one list */
	value = arena_get(a, sizeof(*value));
	if (!value)
		return;
	value->text = header_unfolded(a, f->value);
	if (!rows[row].is_list)
		value->text = sl_sub(value->text, 0, rows[row].max / 2);
	if (value->text.p)
		*end = value;
}

/* (name route mailbox host): R3501-7.4.2-g says how groups are told from mailboxes */
static void
put_address(struct buf *out, const struct address *ad)
{
	buf_put_byte(out, '(');
	switch (ad->kind) {
	case ADDRESS_MAILBOX:
		/* R3501-7.4.2-h: an address without a domain must not look like a group */
		imap_put_nstring(out, ad->name.n ? ad->name : SL_NONE);
		buf_put_byte(out, ' ');
		imap_put_nstring(out, ad->route.n ? ad->route : SL_NONE);
		buf_put_byte(out, ' ');
		imap_put_string(out, ad->local);
		buf_put_byte(out, ' ');
		imap_put_string(out, ad->domain);
		break;
	case ADDRESS_GROUP_BEGIN:
		buf_put(out, SL("NIL NIL "));
		imap_put_string(out, ad->name);
		buf_put(out, SL(" NIL"));
		break;
	case ADDRESS_GROUP_END:
		buf_put(out, SL("NIL NIL NIL NIL"));
		break;
	}
	buf_put_byte(out, ')');
}

/*
 * The addresses of one field, as far as they fit into `to` bytes of output. False: they do not.
 */
static bool
put_field(struct buf *out, struct slice value, size_t to, struct arena *scratch)
{
	static const struct address group_end = {.kind = ADDRESS_GROUP_END};
	struct address_list list;
	bool in_group = false, fits = true;

	arena_reset(scratch);
	address_list_parse(scratch, value, ADDRESSES_MAX, &list);
	for (const struct address *ad = list.first; ad && fits; ad = ad->next) {
		size_t before = out->n;

		put_address(out, ad);
		fits = buf_ok(out) && out->n <= to;
		if (!fits)
			buf_cut(out, before);
		else if (ad->kind != ADDRESS_MAILBOX)
			in_group = ad->kind == ADDRESS_GROUP_BEGIN;
	}
	if (in_group)
		put_address(out, &group_end);
	return fits && !list.truncated;
}

/* A list, or nothing and false when no address is in it. */
static bool
put_list(struct buf *out, const struct imap_envelope_value *v, size_t max, struct arena *scratch)
{
	size_t before = out->n;
	bool fits = true;

	if (!v)
		return false;
	buf_put_byte(out, '(');
	for (; v && fits; v = v->next)
		fits = put_field(out, v->text, before + max - 64, scratch);
	buf_put_byte(out, ')');
	if (out->n > before + 2)
		return true;
	buf_cut(out, before);
	return false;
}

/* R3501-7.4.2-f: nobody named as Sender or Reply-To is who it is From, which stands at `at`. */
static void
put_from_again(struct buf *out, size_t at, size_t n)
{
	unsigned char *p = buf_room(out, n);

	if (!p)
		return;
	memcpy(p, out->p + at, n);
	buf_added(out, n);
}

void
imap_envelope_put(struct buf *out, const struct imap_envelope *e, struct arena *scratch)
{
	static const struct imap_envelope none;
	size_t from = 0, from_n = 0, before;

	if (!e)
		e = &none;
	for (int i = 0; i < IMAP_ENVELOPE_FIELDS; i++) {
		const struct imap_envelope_value *v = e->first[i];

		buf_put_byte(out, i ? ' ' : '(');
		if (!rows[i].is_list) {
			/* R3501-7.4.2-d, R3501-7.4.2-e: NIL only when the field is absent */
			imap_put_nstring(out, v ? v->text : SL_NONE);
			continue;
		}
		before = out->n;
		if (!put_list(out, v, rows[i].max, scratch)) {
			if (i == IMAP_ENVELOPE_SENDER || i == IMAP_ENVELOPE_REPLY_TO)
				put_from_again(out, from, from_n);
			else
				buf_put(out, SL("NIL")); /* R3501-7.4.2-i */
		}
		if (i == IMAP_ENVELOPE_FROM) {
			from = before;
			from_n = out->n - before;
		}
	}
	buf_put_byte(out, ')');
	arena_reset(scratch);
}
