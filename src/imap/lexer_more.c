/* What is made of words and numbers: sets, flags, dates, names of mailboxes. */
#include "base/ascii.h"
#include "base/buf.h"
#include "base/date.h"
#include "base/mutf7.h"
#include "base/num.h"
#include "imap/lexer.h"

#define NAME_MAX_BYTES 4096 /* of a mailbox, in UTF-8 */
#define KEYWORD_MAX 255     /* octets of a keyword */

static bool
set_number(struct imap_lexer *lx, uint32_t *out)
{
	if (imap_lex_maybe(lx, '*')) {
		*out = UINT32_MAX;
		return true;
	}
	return imap_lex_nz_number(lx, out);
}

/* R3501-9-c: 5:3 is 3:5. */
static bool
take_range(struct imap_lexer *lx, struct imap_range *r)
{
	uint32_t other;

	if (!set_number(lx, &r->from))
		return false;
	r->to = r->from;
	if (!imap_lex_maybe(lx, ':'))
		return true;
	if (!set_number(lx, &other))
		return false;
	if (other < r->from)
		r->from = other;
	else
		r->to = other;
	return true;
}

/* R3501-9-d: a sequence number above what exists is a mistake. "*" of nothing is nothing. */
static bool
range_fits(struct imap_range *r, uint32_t exists)
{
	if (exists == 0 && r->to == UINT32_MAX) {
		r->from = UINT32_MAX;
		return true;
	}
	return (r->from <= exists || r->from == UINT32_MAX) &&
	       (r->to <= exists || r->to == UINT32_MAX);
}

/* The most ranges a set could have: one more than commas in its run of characters. */
static size_t
ranges_at_most(struct slice in)
{
	size_t count = 1;

	for (size_t i = 0; i < in.n && in.p[i] != ' ' && in.p[i] != ')'; i++)
		count += in.p[i] == ',';
	return count;
}

bool
imap_lex_set(struct imap_lexer *lx, bool is_uid, uint32_t exists, struct imap_set *out)
{
	struct slice before = lx->in;
	struct imap_range *ranges =
	    arena_get_array(lx->a, ranges_at_most(lx->in), sizeof(*ranges));
	size_t n = 0;

	if (!ranges)
		return false;
	do {
		if (!take_range(lx, &ranges[n])) {
			lx->in = before;
			return imap_lex_fail(lx, "expected numbers as 2,4:7,9:*");
		}
		if (!is_uid && !range_fits(&ranges[n], exists)) {
			lx->in = before;
			return imap_lex_fail(lx, "no message has this number");
		}
		n++;
	} while (imap_lex_maybe(lx, ','));
	*out = (struct imap_set){.ranges = ranges, .count = n, .is_uid = is_uid};
	return true;
}

static const struct {
	const char *name;
	unsigned flag;
} system_flags[] = {
	{"Seen", IMAP_SEEN}, {"Answered", IMAP_ANSWERED}, {"Flagged", IMAP_FLAGGED},
	{"Deleted", IMAP_DELETED}, {"Draft", IMAP_DRAFT},
};

/* Behind the backslash. */
static bool
take_system_flag(struct imap_lexer *lx, unsigned *flags)
{
	struct slice name;

	if (!imap_lex_atom(lx, &name))
		return false;
	for (size_t i = 0; i < COUNT_OF(system_flags); i++)
		if (sl_ieq(name, sl_str(system_flags[i].name))) {
			*flags |= system_flags[i].flag;
			return true;
		}
	if (sl_ieq(name, SL("Recent"))) /* R3501-2.3.2-a */
		return imap_lex_fail(lx, "\\Recent cannot be set");
	return imap_lex_fail(lx, "there is no such system flag");
}

/*
 * R3501-2.3.2-b, R8457-2-a, R8457-2-b: a keyword is any atom. R9051-2.3.2-a, R9051-2.3.2-f: in any
 * case.
 */
static bool
take_flag(struct imap_lexer *lx, struct imap_lex_flags *out, struct slice *keywords)
{
	struct slice name;

	if (imap_lex_maybe(lx, '\\'))
		return take_system_flag(lx, &out->flags);
	if (!imap_lex_atom(lx, &name))
		return false;
	if (name.n > KEYWORD_MAX)
		return imap_lex_fail(lx, "a keyword is too long");
	for (size_t i = 0; i < out->keyword_count; i++)
		if (sl_ieq(keywords[i], name))
			return true;
	keywords[out->keyword_count++] = name;
	return true;
}

static size_t
flags_at_most(struct slice in)
{
	size_t count = 1;

	for (size_t i = 0; i < in.n && in.p[i] != ')'; i++)
		count += in.p[i] == ' ';
	return count;
}

bool
imap_lex_flags(struct imap_lexer *lx, bool bare_allowed, struct imap_lex_flags *out)
{
	struct slice *keywords =
	    arena_get_array(lx->a, flags_at_most(lx->in), sizeof(*keywords));
	bool in_list;

	*out = (struct imap_lex_flags){.keywords = keywords};
	if (!keywords)
		return false;
	in_list = imap_lex_maybe(lx, '(');
	if (!in_list && !bare_allowed)
		return imap_lex_fail(lx, "expected flags in parentheses");
	if (in_list && imap_lex_maybe(lx, ')'))
		return true;
	do {
		if (!take_flag(lx, out, keywords))
			return false;
	} while (imap_lex_maybe(lx, ' '));
	return !in_list || imap_lex_char(lx, ')');
}

static bool
take_fixed(struct imap_lexer *lx, size_t min, size_t max, int *out)
{
	uint64_t v;
	size_t n = 0;

	while (n < max && n < lx->in.n && ascii_is_digit(lx->in.p[n]))
		n++;
	if (n < min || !num_u64(sl_sub(lx->in, 0, n), 9999, &v))
		return false;
	lx->in = sl_skip(lx->in, n);
	*out = (int)v;
	return true;
}

static bool
take_month(struct imap_lexer *lx, int *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int m = 0; m < 12; m++)
		if (sl_istarts(lx->in, sl_mem(names + 3 * m, 3))) {
			lx->in = sl_skip(lx->in, 3);
			*month = m + 1;
			return true;
		}
	return false;
}

/* Behind the day: "-Nov-2026". */
static bool
take_month_year(struct imap_lexer *lx, struct date *d)
{
	return imap_lex_maybe(lx, '-') && take_month(lx, &d->month) && imap_lex_maybe(lx, '-') &&
	       take_fixed(lx, 4, 4, &d->year);
}

static bool
take_zone(struct imap_lexer *lx, int *offset_minutes)
{
	bool minus = imap_lex_peek(lx) == '-';
	int hhmm;

	if (!imap_lex_maybe(lx, '-') && !imap_lex_maybe(lx, '+'))
		return false;
	if (!take_fixed(lx, 4, 4, &hhmm) || hhmm % 100 > 59)
		return false;
	*offset_minutes = (minus ? -1 : 1) * (hhmm / 100 * 60 + hhmm % 100);
	return true;
}

static bool
date_time_body(struct imap_lexer *lx, struct date *d)
{
	bool ok = imap_lex_maybe(lx, ' ') ? take_fixed(lx, 1, 1, &d->day)
					  : take_fixed(lx, 2, 2, &d->day);

	return ok && take_month_year(lx, d) && imap_lex_maybe(lx, ' ') &&
	       take_fixed(lx, 2, 2, &d->hour) && imap_lex_maybe(lx, ':') &&
	       take_fixed(lx, 2, 2, &d->minute) && imap_lex_maybe(lx, ':') &&
	       take_fixed(lx, 2, 2, &d->second) && imap_lex_maybe(lx, ' ') &&
	       take_zone(lx, &d->offset_minutes);
}

bool
imap_lex_date_time(struct imap_lexer *lx, int64_t *sec)
{
	struct slice before = lx->in;
	struct date d = {0};

	if (imap_lex_maybe(lx, '"') && date_time_body(lx, &d) && imap_lex_maybe(lx, '"') &&
	    date_to_seconds(&d, sec))
		return true;
	lx->in = before;
	return imap_lex_fail(lx, "expected a date as \"21-Nov-2026 19:05:00 +0000\"");
}

bool
imap_lex_date(struct imap_lexer *lx, int64_t *sec)
{
	struct slice before = lx->in;
	bool quoted = imap_lex_maybe(lx, '"');
	struct date d = {0};

	if (take_fixed(lx, 1, 2, &d.day) && take_month_year(lx, &d) &&
	    (!quoted || imap_lex_maybe(lx, '"')) && date_to_seconds(&d, sec))
		return true;
	lx->in = before;
	return imap_lex_fail(lx, "expected a date as 21-Nov-2026");
}

/* R3501-5.1-a, R3501-5.1-b, R3501-5.1.3-e: INBOX in any case; nothing else is folded. */
static void
inbox_fold(unsigned char *p, size_t n)
{
	if (n >= 5 && sl_ieq(sl_mem(p, 5), SL("INBOX")) && (n == 5 || p[5] == '.'))
		memcpy(p, "INBOX", 5);
}

bool
imap_name_from_wire(struct arena *a, struct slice wire, struct slice *out)
{
	struct buf utf8;
	unsigned char *p = NULL;

	buf_init(&utf8, NAME_MAX_BYTES);
	if (mutf7_decode(wire, &utf8))
		p = arena_get(a, utf8.n);
	if (p) {
		if (utf8.n)
			memcpy(p, utf8.p, utf8.n);
		inbox_fold(p, utf8.n);
		*out = sl_mem(p, utf8.n);
	}
	buf_fini(&utf8);
	return p != NULL;
}

bool
imap_lex_mailbox(struct imap_lexer *lx, struct slice *out)
{
	struct slice wire;

	if (!imap_lex_astring(lx, &wire))
		return false;
	return imap_name_from_wire(lx->a, wire, out) ||
	       /* R3501-5.1-c, R3501-5.1.3-d */
	       imap_lex_fail(lx, "a mailbox name is not in modified UTF-7");
}

/* R2971-3.3-a */
bool
imap_lex_id(struct imap_lexer *lx)
{
	struct slice text;
	bool is_nil;
	unsigned fields = 0;

	if (!imap_lex_space(lx))
		return false;
	if (imap_lex_peek(lx) != '(')
		return imap_lex_nstring(lx, &text, &is_nil) &&
		       (is_nil || imap_lex_fail(lx, "expected a list or NIL"));
	if (!imap_lex_char(lx, '('))
		return false;
	if (imap_lex_maybe(lx, ')'))
		return true;
	do {
		if (++fields > 30)
			return imap_lex_fail(lx, "ID has at most 30 fields");
		if (!imap_lex_string(lx, &text) || !imap_lex_space(lx) ||
		    !imap_lex_nstring(lx, &text, &is_nil))
			return false;
	} while (imap_lex_maybe(lx, ' '));
	return imap_lex_char(lx, ')');
}
