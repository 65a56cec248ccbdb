/*
 * Replies: the table from RFC 3463 codes to reply codes, and their form.
 */
#include "smtp/reply.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/slice.h"

#define REPLY_LINE_MAX 512 /* octets with CRLF, R5321-4.5.3.1.5-a */
#define ANY 255

struct reply_row {
	uint8_t esc[3]; /* ANY matches every number */
	unsigned to;    /* bits of enum reply_to */
	unsigned code;
	const char *text; /* words when the fault has none, or NULL */
};

/*
 * The first row that fits holds. RFC 5321 4.2.2 and 4.3.2 say which codes there are, RFC 5248 (and
 * the registry it made) which belong together. R5321-4.2-b, R5321-4.2-c, R5321-4.3.2-a,
 * R5321-3.3-i, R5321-3.6.2-a, R5321-7.9-b, R1870-6-c, R2034-4-e, R4954-6-c.
 * R3463-3.3-a, R3463-3.4-a, R3463-3.6-a, R3463-3.7-a
 */
static const struct reply_row reply_rows[] = {
	/* a refused connection: RFC 5321 3.1, 4.3.2 */
	{{4, ANY, ANY}, REPLY_TO_CONNECT, 421, "Service not available"},
	{{5, ANY, ANY}, REPLY_TO_CONNECT, 554, "No SMTP service here"},

	/* authentication: RFC 4954 section 6 */
	{{5, 7, 8}, REPLY_TO_ANY, 535, "Authentication credentials invalid"},
	{{5, 7, 9}, REPLY_TO_ANY, 534, "Authentication mechanism is too weak"},
	{{5, 7, 11}, REPLY_TO_ANY, 538, "Encryption required for this mechanism"},
	{{5, 5, 6}, REPLY_TO_ANY, 500, "Authentication exchange line is too long"},
	{{4, 7, 12}, REPLY_TO_ANY, 432, "A password transition is needed"},
	{{4, ANY, ANY}, REPLY_TO_AUTH, 454, "Temporary authentication failure"},
	{{5, 7, ANY}, REPLY_TO_AUTH, 535, "Authentication credentials invalid"},

	/* addresses */
	{{5, 1, 3}, REPLY_TO_ANY, 501, "Bad mailbox address"},
	{{5, 1, 6}, REPLY_TO_ANY, 550, "Mailbox has moved"},
	{{5, 1, 7}, REPLY_TO_ANY, 501, "Bad sender address"},
	{{5, 1, 10}, REPLY_TO_ANY, 556, "Domain does not accept mail"},
	{{5, 6, 7}, REPLY_TO_MAIL | REPLY_TO_RCPT, 553, "Non-ASCII addresses are not permitted"},
	{{5, 1, ANY}, REPLY_TO_ANY, 550, "No such mailbox"},
	{{4, 1, ANY}, REPLY_TO_ANY, 450, "Mailbox cannot be looked up now"},

	/* mailboxes, our storage */
	{{4, 2, 2}, REPLY_TO_ANY, 452, "Mailbox full"},
	{{5, 2, 2}, REPLY_TO_ANY, 552, "Mailbox full"},
	{{5, 2, 3}, REPLY_TO_ANY, 552, "Message too big for this mailbox"},
	{{4, 2, ANY}, REPLY_TO_ANY, 450, "Mailbox not available"},
	{{5, 2, ANY}, REPLY_TO_ANY, 550, "Mailbox not available"},
	{{4, 3, 1}, REPLY_TO_ANY, 452, "Insufficient system storage"},
	{{5, 3, 4}, REPLY_TO_ANY, 552, "Message too big"},
	{{4, 4, 5}, REPLY_TO_ANY, 452, "System congested"},
	{{5, 4, ANY}, REPLY_TO_COMMIT | REPLY_TO_DATA, 554, "Routing loop or no route"},

	/* the protocol itself */
	{{5, 5, 0}, REPLY_TO_ANY, 503, "Bad sequence of commands"},
	{{5, 5, 1}, REPLY_TO_ANY, 503, "Bad sequence of commands"},
	{{5, 5, 2}, REPLY_TO_ANY, 501, "Syntax error"},
	{{4, 5, 3}, REPLY_TO_ANY, 452, "Too many recipients"},
	{{5, 5, 3}, REPLY_TO_ANY, 552, "Too many recipients"},
	{{5, 5, 4}, REPLY_TO_MAIL | REPLY_TO_RCPT, 555, "Parameter not recognised"},
	{{5, 5, 4}, REPLY_TO_ANY, 501, "Bad argument"},

	/* content and policy */
	{{5, 6, ANY}, REPLY_TO_COMMIT, 550, "Content refused"},
	{{5, 6, ANY}, REPLY_TO_ANY, 554, "Content refused"},
	{{5, 7, 0}, REPLY_TO_MAIL | REPLY_TO_RCPT | REPLY_TO_HELO, 530, "Authentication required"},
	{{5, 7, ANY}, REPLY_TO_ANY, 550, "Refused"},

	/* the rest by class */
	{{4, ANY, ANY}, REPLY_TO_ANY, 451, "Try again later"},
	{{5, ANY, ANY}, REPLY_TO_COMMIT | REPLY_TO_DATA, 554, "Transaction failed"},
	{{5, ANY, ANY}, REPLY_TO_ANY, 550, "Refused"},
};

/*
 * R5321-4.2-d, R5321-4.2.1-b, R5321-4.3.2-c, R5321-4.5.3.1.5-a, R2034-4-c, R2034-4-d
 * R3463-2-a, R3463-2-b, R6531-3.7.4.2-f
 */
void
reply_put(struct buf *out, unsigned code, const char *esc, const char *fmt, ...)
{
	char line[REPLY_LINE_MAX + 1];
	va_list ap;
	int n, m;

	n = snprintf(line, sizeof(line), esc ? "%u %s " : "%u ", code, esc);
	va_start(ap, fmt);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 2, fmt, ap);
	va_end(ap);
	if (m < 0)
		m = 0;
	n += m;
	if (n > REPLY_LINE_MAX - 2)
		n = REPLY_LINE_MAX - 2;
	buf_put(out, sl_mem(line, (size_t)n));
	buf_put(out, SL("\r\n"));
}

static bool
row_fits(const struct reply_row *row, const uint8_t esc[3], enum reply_to to)
{
	for (size_t i = 0; i < 3; i++)
		if (row->esc[i] != ANY && row->esc[i] != esc[i])
			return false;
	return (row->to & (unsigned)to) != 0;
}

static const struct reply_row *
row_find(const uint8_t esc[3], enum reply_to to)
{
	const struct reply_row *row = reply_rows;

	/* The last row takes everything of class 5, the last but two everything of class 4. */
	while (!row_fits(row, esc, to))
		row++;
	return row;
}

/* The RFC 3463 code to show: the fault's own, or x.0.0 of the class its st stands for. */
static void
esc_of(const struct fault *f, uint8_t esc[3])
{
	if (f->esc[0] == 4 || f->esc[0] == 5) {
		for (size_t i = 0; i < 3; i++)
			esc[i] = f->esc[i];
		return;
	}
	esc[0] = fault_is_temporary(f) ? 4 : 5;
	esc[1] = esc[2] = 0;
}

unsigned
reply_code(const struct fault *f, enum reply_to to)
{
	uint8_t esc[3];

	esc_of(f, esc);
	return row_find(esc, to)->code;
}

/* R2034-4-a, R2034-4-b */
unsigned
reply_fault(struct buf *out, const struct fault *f, enum reply_to to, bool with_esc)
{
	uint8_t esc[3];
	char shown[16];
	const struct reply_row *row;

	esc_of(f, esc);
	row = row_find(esc, to);
	snprintf(shown, sizeof(shown), "%u.%u.%u", esc[0], esc[1], esc[2]);
	reply_put(out, row->code, with_esc ? shown : NULL, "%s", f->text[0] ? f->text : row->text);
	return row->code;
}
