/* Words, numbers, strings, and the response codes of faults. */
#include "base/ascii.h"
#include "base/mutf7.h"
#include "imap/reply/reply.h"

/* R5530-3-a, R5530-3-c, R3501-6.3.11-c, R3501-6.4.7-c: what went wrong, for programs. */
const char *
imap_fault_code(const struct fault *f, bool trycreate)
{
	switch (f->st) {
	case ST_NOENT:
		return trycreate ? "TRYCREATE" : "NONEXISTENT"; /* R3501-7.1-a, R5530-3-b */
	case ST_EXISTS:
		return "ALREADYEXISTS";
	case ST_DENIED:
		return "NOPERM";
	case ST_LIMIT:
		return f->esc[1] == 2 && f->esc[2] == 2 ? "OVERQUOTA" : "LIMIT";
	case ST_PERM:
	case ST_SYNTAX:
		return "CANNOT";
	case ST_AGAIN:
		return "INUSE";
	case ST_TEMP:
	case ST_IO:
		return "UNAVAILABLE";
	default:
		return "SERVERBUG";
	}
}

void
imap_put_words(struct buf *out, struct slice words)
{
	unsigned char *p;

	if (words.n == 0)
		words = SL("No more is known");
	if (words.p[0] == '[') /* a code is not made of words */
		buf_put_byte(out, '\'');
	p = buf_room(out, words.n);
	if (!p)
		return;
	for (size_t i = 0; i < words.n; i++)
		p[i] = ascii_is_ctl(words.p[i]) || words.p[i] > 0x7f ? '?' : words.p[i];
	buf_added(out, words.n);
}

void
imap_put_number(struct buf *out, struct slice before, uint64_t n, struct slice behind)
{
	unsigned char digits[20], *p;
	size_t at = sizeof(digits);

	do
		digits[--at] = (unsigned char)('0' + n % 10);
	while (n /= 10);
	p = buf_room(out, before.n + sizeof(digits) + behind.n);
	if (!p)
		return;
	if (before.n)
		memcpy(p, before.p, before.n);
	memcpy(p + before.n, digits + at, sizeof(digits) - at);
	if (behind.n)
		memcpy(p + before.n + sizeof(digits) - at, behind.p, behind.n);
	buf_added(out, before.n + sizeof(digits) - at + behind.n);
}

/* R3501-9-e, R7888-3-c: QUOTED-CHARs only, and not endless. */
static bool
can_be_quoted(struct slice s)
{
	if (s.n > 1024)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == 0 || s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] > 0x7f)
			return false;
	return true;
}

void
imap_put_string(struct buf *out, struct slice s)
{
	size_t from = 0;

	if (!can_be_quoted(s)) {
		imap_put_number(out, SL("{"), s.n, SL("}\r\n"));
		buf_put(out, s);
		return;
	}
	buf_put_byte(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '"' && s.p[i] != '\\')
			continue;
		buf_put(out, sl_sub(s, from, i));
		buf_put_byte(out, '\\');
		from = i;
	}
	buf_put(out, sl_skip(s, from));
	buf_put_byte(out, '"');
}

/* INBOX and plain names stand bare; all others are quoted. */
void
imap_put_mailbox(struct buf *out, struct slice utf8)
{
	struct buf wire;

	buf_init(&wire, utf8.n * 6 + 16);
	mutf7_encode(utf8, &wire);
	imap_put_string(out, buf_slice(&wire));
	buf_fini(&wire);
}

/* R2971-3.3-b */
void
imap_put_id(struct buf *out, struct slice version)
{
	buf_put(out, SL("* ID (\"name\" \"Courier\""));
	if (version.n) {
		buf_put(out, SL(" \"version\" "));
		imap_put_string(out, version);
	}
	buf_put(out, SL(")\r\n"));
}
