/*
 * What went wrong, once, in a form that every reader can use: the caller's code (enum st), the mail
 * peer (RFC 3463 status code and words), the operator (words, errno), the tester (requirement id).
 * SMTP reply, delivery report and log agree because they are made from the same struct.
 *
 * RFC 3463 (enhanced mail system status codes).
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum st {
	ST_OK,
	ST_AGAIN,  /* not finished: call again when there is more, or the answer has come */
	ST_EOF,    /* the end, in order */
	ST_SYNTAX, /* the input is not what the grammar allows */
	ST_LIMIT,  /* a documented limit was reached */
	ST_NOENT,  /* no such thing */
	ST_EXISTS, /* there is one already */
	ST_DENIED, /* not allowed */
	ST_TEMP,   /* cannot now; the same may work later */
	ST_PERM,   /* will not work later either */
	ST_IO,     /* the system refused; sys holds errno */
	ST_BUG,    /* our own mistake, noticed */
};

struct fault {
	enum st st;
	uint8_t esc[3];  /* RFC 3463 class.subject.detail; esc[0] is 0 when not set */
	int sys;         /* errno or 0 */
	const char *req; /* static id such as "R5321-4.5.3.1.1-a", or NULL */
	char text[160];  /* words for people; one line, printable ASCII or UTF-8 */
};

/* No fault. */
#define FAULT_NONE ((struct fault){.st = ST_OK})

/*
 * Fills *f (may be NULL: then only the return value matters) and returns st. esc is "4.3.0" or ""
 * for none. The text is formatted, cut to fit, and control characters in it become '?'.
 */
enum st fault_set(struct fault *f, enum st st, const char *esc, const char *fmt, ...)
    ATTR_PRINTF(4, 5);

/* As fault_set, with errno value sys: ": " and its description are appended to the text. */
enum st fault_sys(struct fault *f, enum st st, const char *esc, int sys, const char *fmt, ...)
    ATTR_PRINTF(5, 6);

/* As fault_set, naming the requirement that decided. */
enum st fault_req(struct fault *f, enum st st, const char *esc, const char *req,
    const char *fmt, ...) ATTR_PRINTF(5, 6);

/*
 * True for faults that the same attempt may survive later: class 4 when esc is set, else ST_TEMP,
 * ST_IO, ST_LIMIT, ST_AGAIN.
 */
bool fault_is_temporary(const struct fault *f);

/* "not found", "limit" ...: a static word for logs. */
const char *st_name(enum st st);

#endif
