#include "pop3/reply.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * R1939-3-c, R1939-3-d, R2449-3-a, R2449-4-c: upper case, one line, at most 512 octets with its
 * CRLF.
 */
static ATTR_PRINTF(4, 0) void
put_line(struct buf *out, const char *status, const char *code, const char *fmt, va_list ap)
{
	char text[POP3_LINE_MAX];
	size_t start = out->n;

	vsnprintf(text, sizeof(text), fmt, ap);
	buf_put_str(out, status);
	if (code)
		buf_fmt(out, " [%s]", code);
	if (text[0]) {
		buf_put_byte(out, ' ');
		buf_put_str(out, text);
	}
	if (buf_ok(out) && out->n - start > POP3_LINE_MAX - 2)
		buf_cut(out, start + POP3_LINE_MAX - 2);
	buf_put(out, SL("\r\n"));
}

void
pop3_ok(struct buf *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line(out, "+OK", NULL, fmt, ap);
	va_end(ap);
}

void
pop3_err(struct buf *out, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line(out, "-ERR", code, fmt, ap);
	va_end(ap);
}

/* R2449-8.1.2-a, R3206-4-a, R3206-4-b, R3206-5-a */
const char *
pop3_code(const struct fault *f)
{
	bool is_auth = f->st == ST_DENIED && (f->esc[0] == 0 || f->esc[1] == 7);

	if (f->st == ST_AGAIN)
		return "IN-USE";
	if (fault_is_temporary(f))
		return "SYS/TEMP";
	if (is_auth)
		return "AUTH";
	return f->st == ST_PERM || f->st == ST_IO || f->st == ST_BUG ? "SYS/PERM" : NULL;
}

void
pop3_fault(struct buf *out, const struct fault *f, const char *otherwise)
{
	/* A text that begins with a bracket would be taken for a code: R2449-6.4-a. */
	const char *text = f->text[0] && f->text[0] != '[' ? f->text : otherwise;

	pop3_err(out, pop3_code(f), "%s", text);
}
