/* Flags: lists of them, and what of them can be set. */
#include "imap/reply/reply.h"

static const struct {
	unsigned flag;
	const char *name;
} flag_rows[] = {
	{IMAP_ANSWERED, "\\Answered"}, {IMAP_FLAGGED, "\\Flagged"}, {IMAP_DELETED, "\\Deleted"},
	{IMAP_SEEN, "\\Seen"}, {IMAP_DRAFT, "\\Draft"}, {IMAP_RECENT, "\\Recent"},
};

static void
names_put(struct buf *out, unsigned flags, uint64_t keywords, const struct imap_keywords *names)
{
	const char *space = "";

	for (size_t i = 0; i < COUNT_OF(flag_rows); i++) {
		if (!(flags & flag_rows[i].flag))
			continue;
		buf_put_str(out, space);
		buf_put_str(out, flag_rows[i].name);
		space = " ";
	}
	for (unsigned k = 0; keywords && k < names->count && k < IMAP_KEYWORDS_MAX; k++) {
		if (!(keywords >> k & 1) || names->names[k].n == 0)
			continue;
		buf_put_str(out, space);
		buf_put(out, names->names[k]);
		space = " ";
	}
}

void
imap_put_flags(struct buf *out, unsigned flags, uint64_t keywords,
    const struct imap_keywords *names)
{
	buf_put_byte(out, '(');
	names_put(out, flags, keywords, names);
	buf_put_byte(out, ')');
}

#define SETTABLE (IMAP_ANSWERED | IMAP_FLAGGED | IMAP_DELETED | IMAP_SEEN | IMAP_DRAFT)

/* R3501-7.2.6-a, R3501-7.1-b: \* says that keywords can be made. */
void
imap_put_flag_lists(struct buf *out, const struct imap_keywords *names, bool read_only)
{
	buf_put(out, SL("* FLAGS "));
	imap_put_flags(out, SETTABLE, UINT64_MAX, names);
	buf_put(out, SL("\r\n* OK [PERMANENTFLAGS ("));
	if (!read_only) {
		names_put(out, SETTABLE, UINT64_MAX, names);
		if (names->may_add)
			buf_put(out, SL(" \\*"));
	}
	buf_put_str(out, read_only ? ")] Nothing can be changed\r\n" : ")] These are kept\r\n");
}

void
imap_put_fetch_flags(struct buf *out, const struct imap_flags *f,
    const struct imap_keywords *names, bool with_uid)
{
	imap_put_number(out, SL("* "), f->seq, SL(" FETCH ("));
	if (with_uid)
		imap_put_number(out, SL("UID "), f->uid, SL(" "));
	buf_put(out, SL("FLAGS "));
	imap_put_flags(out, f->flags, f->keywords, names);
	buf_put(out, SL(")\r\n"));
}
