/*
 * Content-Type, Content-Disposition and their parameters: RFC 2045 section 5, RFC 2183; parameter
 * continuations, charsets and languages of RFC 2231.
 */
#ifndef MESSAGE_CONTENT_H
#define MESSAGE_CONTENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "message/charset.h"

#define CONTENT_PARAMS_MAX 64 /* further ones are dropped */

struct content_param {
	struct content_param *next;
	struct slice name;    /* lower case, without the stars of RFC 2231 */
	struct slice value;   /* UTF-8 when it had a charset, else as written; quoting taken off */
	struct slice charset; /* as RFC 2231 has it, perhaps empty; p NULL: it came without */
	struct slice language; /* behind the charset, perhaps empty */
	struct slice octets;  /* with charset.p: the value before it was converted */
};

struct content {
	struct slice type;            /* lower case: "text", "attachment" */
	struct slice subtype;         /* lower case; empty for a disposition */
	struct content_param *params; /* in the order of their first appearance */
	bool is_defect; /* bad syntax: for a type the caller has text/plain, R2045-5.2-b */
};

/* Reads the value of a Content-Type field. Bad syntax gives text/plain and is_defect. */
void content_type_parse(
    struct arena *a, struct slice value, const struct charset_ops *cs, struct content *c);

/* Reads the value of a Content-Disposition field. */
void content_disposition_parse(
    struct arena *a, struct slice value, const struct charset_ops *cs, struct content *c);

/* The value of a parameter (name in lower case), or the empty slice with p == NULL. */
struct slice content_param_get(const struct content *c, const char *name);

/* Is it type/subtype (lower case; subtype NULL: any)? */
bool content_is(const struct content *c, const char *type, const char *subtype);

/*
 * Appends "; name=value" for a parameter: a token or quoted string when value is ASCII, else by
 * RFC 2231 with charset utf-8, in continuations of at most 76 columns on folded lines.
 */
void content_put_param(struct buf *out, const char *name, struct slice value);

#endif
