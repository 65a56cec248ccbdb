#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/num.h"
#include "base/utf8.h"

static const char *const st_names[] = {
	[ST_OK] = "ok",
	[ST_AGAIN] = "not finished",
	[ST_EOF] = "end",
	[ST_SYNTAX] = "syntax",
	[ST_LIMIT] = "limit",
	[ST_NOENT] = "not found",
	[ST_EXISTS] = "exists",
	[ST_DENIED] = "denied",
	[ST_TEMP] = "temporary",
	[ST_PERM] = "permanent",
	[ST_IO] = "system error",
	[ST_BUG] = "internal error",
};

const char *
st_name(enum st st)
{
	return (unsigned)st < COUNT_OF(st_names) ? st_names[st] : "unknown";
}

/* "4.3.0" into three numbers; anything else leaves them zero. RFC 3463 section 2. */
static void
set_esc(struct fault *f, const char *esc)
{
	struct slice rest = sl_str(esc), part;
	uint64_t value[3];

	for (unsigned i = 0; i < 3; i++) {
		bool more = sl_cut(&rest, '.', &part);

		if (more != (i < 2) || !num_u64(part, i == 0 ? 5 : UINT8_MAX, &value[i]))
			return;
	}
	for (unsigned i = 0; i < 3; i++)
		f->esc[i] = (uint8_t)value[i];
}

/* Replaces what may not stand in a reply or a log line, and a character cut in half at the end. */
static void
clean(char *text)
{
	struct slice s = sl_str(text);

	while (s.n > 0) {
		uint32_t cp;
		size_t n = utf8_next(s, &cp);
		bool bad = n == 0 || cp < 0x20 || (cp >= 0x7f && cp < 0xa0);

		if (n == 0)
			n = 1;
		if (bad)
			memset(text, '?', n);
		text += n;
		s = sl_skip(s, n);
	}
}

/* Length of text without a last UTF-8 character that was cut in half. */
static size_t
whole_length(const char *text)
{
	size_t n = strlen(text), back = 0;

	while (back < 3 && back < n && ((unsigned char)text[n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back < n && (unsigned char)text[n - 1 - back] >= 0xc0 &&
	    !utf8_valid(sl_mem(text + n - 1 - back, back + 1)))
		return n - 1 - back;
	return n;
}

static void set_text(struct fault *f, int sys, const char *fmt, va_list ap) ATTR_PRINTF(3, 0);

static void
set_text(struct fault *f, int sys, const char *fmt, va_list ap)
{
	char text[4 * sizeof(f->text)];
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	size_t used = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;

	text[used] = '\0';
	if (sys != 0 && used + 3 < sizeof(text)) {
		memcpy(text + used, ": ", 3);
		if (strerror_r(sys, text + used + 2, sizeof(text) - used - 2) != 0)
			snprintf(text + used + 2, sizeof(text) - used - 2, "error %d", sys);
	}
	if (strlen(text) >= sizeof(f->text)) {
		text[sizeof(f->text) - 1] = '\0';
		text[whole_length(text)] = '\0';
	}
	clean(text);
	memcpy(f->text, text, strlen(text) + 1);
}

static void fill(struct fault *f, enum st st, const char *esc, const char *req, int sys,
    const char *fmt, va_list ap) ATTR_PRINTF(6, 0);

static void
fill(struct fault *f, enum st st, const char *esc, const char *req, int sys, const char *fmt,
    va_list ap)
{
	if (f == NULL)
		return;
	*f = (struct fault){.st = st, .sys = sys, .req = req};
	set_esc(f, esc);
	set_text(f, sys, fmt, ap);
}

enum st
fault_set(struct fault *f, enum st st, const char *esc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(f, st, esc, NULL, 0, fmt, ap);
	va_end(ap);
	return st;
}

enum st
fault_sys(struct fault *f, enum st st, const char *esc, int sys, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(f, st, esc, NULL, sys, fmt, ap);
	va_end(ap);
	return st;
}

enum st
fault_req(struct fault *f, enum st st, const char *esc, const char *req, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(f, st, esc, req, 0, fmt, ap);
	va_end(ap);
	return st;
}

bool
fault_is_temporary(const struct fault *f)
{
	if (f->esc[0] != 0)
		return f->esc[0] == 4;
	return f->st == ST_TEMP || f->st == ST_IO || f->st == ST_LIMIT || f->st == ST_AGAIN;
}
