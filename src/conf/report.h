/*
 * What was wrong in configuration files and tables, in the words a person reads: file, line, what
 * was found, what was expected.
 */
#ifndef CONF_REPORT_H
#define CONF_REPORT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"

struct conf_note {
	const char *file; /* path as a person would open it */
	unsigned line;    /* 0 = the file as a whole */
	bool warning;
	const char *text;
	struct conf_note *next;
};

/* At most 200 notes are kept; the counts are of all. */
struct conf_report {
	struct arena *arena;
	struct conf_note *first, *last;
	unsigned errors, warnings;
};

/* An empty report. */
void conf_report_init(struct conf_report *r);

/* Releases the notes. */
void conf_report_fini(struct conf_report *r);

/* Adds "file:line: text". text is formatted, control characters in it become '?'. */
void conf_error(struct conf_report *r, const char *file, unsigned line, const char *fmt, ...)
    ATTR_PRINTF(4, 5);
void conf_warning(struct conf_report *r, const char *file, unsigned line, const char *fmt, ...)
    ATTR_PRINTF(4, 5);

/* Appends the notes, a line each ("file:line: text", warnings as "file:line: warning: text"). */
void conf_report_put(const struct conf_report *r, struct buf *out);

#endif
