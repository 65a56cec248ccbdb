#include "conf/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/ascii.h"

#define NOTES_MAX 200
#define NOTE_BYTES_MAX 600

void
conf_report_init(struct conf_report *r)
{
	*r = (struct conf_report){
	    .arena = arena_new("conf report", (size_t)NOTES_MAX * 4 * NOTE_BYTES_MAX)};
}

void
conf_report_fini(struct conf_report *r)
{
	arena_free(r->arena);
	*r = (struct conf_report){0};
}

static void note_add(struct conf_report *r, bool warning, const char *file, unsigned line,
    const char *fmt, va_list ap) ATTR_PRINTF(5, 0);

static void
note_add(struct conf_report *r, bool warning, const char *file, unsigned line, const char *fmt,
    va_list ap)
{
	char text[NOTE_BYTES_MAX];
	struct conf_note *note;
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	*(warning ? &r->warnings : &r->errors) += 1;
	if (n < 0 || r->errors + r->warnings > NOTES_MAX)
		return;
	note = arena_get(r->arena, sizeof(*note));
	if (note == NULL)
		return;
	for (char *c = text; *c != '\0'; c++)
		if (ascii_is_ctl((unsigned char)*c))
			*c = '?';
	*note = (struct conf_note){.line = line, .warning = warning};
	note->file = arena_str(r->arena, sl_str(file));
	note->text = arena_str(r->arena, sl_str(text));
	if (note->file == NULL || note->text == NULL)
		return;
	if (r->last != NULL)
		r->last->next = note;
	else
		r->first = note;
	r->last = note;
}

void
conf_error(struct conf_report *r, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_add(r, false, file, line, fmt, ap);
	va_end(ap);
}

void
conf_warning(struct conf_report *r, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note_add(r, true, file, line, fmt, ap);
	va_end(ap);
}

void
conf_report_put(const struct conf_report *r, struct buf *out)
{
	unsigned shown = 0;

	for (const struct conf_note *note = r->first; note != NULL; note = note->next, shown++) {
		buf_put_str(out, note->file);
		if (note->line > 0)
			buf_fmt(out, ":%u", note->line);
		buf_fmt(out, ": %s%s\n", note->warning ? "warning: " : "", note->text);
	}
	if (r->errors + r->warnings > shown)
		buf_fmt(out, "(and %u more)\n", r->errors + r->warnings - shown);
}
