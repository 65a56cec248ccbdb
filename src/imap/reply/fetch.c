/* The untagged answer to FETCH, RFC 3501 section 7.4.2: written straight into the output. */
#include "imap/fetch.h"

#include "imap/reply/reply.h"

/* Is the handle of section i used by a later item of this message? */
static bool
is_used_later(
    const struct imap_fetch_run *run, const struct imap_message *m, size_t item, uint32_t handle)
{
	for (size_t i = item + 1; i < run->item_count; i++)
		if (!run->items[i].want && m->sections[run->items[i].section].handle == handle)
			return true;
	return false;
}

static void
count_octets(struct imap_server *s, enum imap_section_kind kind, uint64_t n)
{
	if (kind == IMAP_SECTION_ALL || kind == IMAP_SECTION_TEXT)
		s->body_octets += n;
	else
		s->header_octets += n;
}

/* A section as a literal; R3501-6.4.5-j: of a partial fetch what is there of it. */
static void
put_section(struct imap_server *s, const struct imap_fetch_run *run, const struct imap_message *m,
    size_t index)
{
	const struct imap_fetch_item *item = &run->items[index];
	const struct imap_octets *o = &m->sections[item->section];
	uint64_t from = 0, n = o->handle ? o->length : o->bytes.n;

	if (o->is_nil) {
		buf_put(imap_out(s), SL("NIL"));
		return;
	}
	if (item->has_partial) {
		from = item->from < n ? item->from : n;
		n = n - from < item->count ? n - from : item->count;
	}
	count_octets(s, run->sections[item->section].kind, n);
	imap_put_number(imap_out(s), SL("{"), n, SL("}\r\n"));
	if (o->handle)
		imap_out_handle(
		    s, o->handle, o->offset + from, n, !is_used_later(run, m, index, o->handle));
	else
		buf_put(imap_out(s), sl_sub(o->bytes, (size_t)from, (size_t)(from + n)));
}

static void
put_value(struct imap_server *s, const struct imap_fetch_run *run, const struct imap_message *m,
    const struct imap_keywords *names, size_t index)
{
	struct buf *out = imap_out(s);

	switch (run->items[index].want) {
	case IMAP_WANT_FLAGS:
		imap_put_flags(out, m->flags, m->keywords, names);
		break;
	case IMAP_WANT_UID:
		imap_put_number(out, SL_NONE, m->uid, SL_NONE);
		break;
	case IMAP_WANT_DATE:
		imap_put_date(out, m->date_sec);
		break;
	case IMAP_WANT_SIZE:
		imap_put_number(out, SL_NONE, m->size_bytes, SL_NONE);
		break;
	case IMAP_WANT_ENVELOPE:
		buf_put(out, m->envelope);
		break;
	case IMAP_WANT_STRUCTURE:
		buf_put(out, m->structure);
		break;
	case IMAP_WANT_BODY:
		buf_put(out, m->body);
		break;
	default:
		put_section(s, run, m, index);
		break;
	}
}

void
imap_put_fetched(struct imap_server *s, const struct imap_fetch_run *run,
    const struct imap_message *m, const struct imap_keywords *names)
{
	struct buf *out = imap_out(s);

	imap_put_number(out, SL("* "), m->seq, SL(" FETCH ("));
	for (size_t i = 0; i < run->item_count; i++) {
		if (i)
			buf_put_byte(out, ' ');
		buf_put(out, run->items[i].label);
		buf_put_byte(out, ' ');
		put_value(s, run, m, names, i);
	}
	if (m->has_flags && !(run->ask.want & IMAP_WANT_FLAGS)) { /* R3501-6.4.5-m */
		buf_put(out, SL(" FLAGS "));
		imap_put_flags(out, m->flags, m->keywords, names);
	}
	buf_put(out, SL(")\r\n"));
}
