/*
 * Parameters of MAIL and RCPT: RFC 5321 section 4.1.2 (esmtp-param), SIZE (RFC 1870), BODY
 * (RFC 6152), AUTH (RFC 4954 section 5), RET ENVID NOTIFY ORCPT (RFC 3461 section 4).
 */
#ifndef SMTP_PARAMS_H
#define SMTP_PARAMS_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "base/slice.h"
#include "smtp/server.h"

/*
 * Reads what stands behind the path: blanks and parameters, into *mail or *rcpt.
 *   extensions  bits of enum smtp_ext in force: a parameter of another extension is not recognised
 *   result      ST_OK | ST_NOENT: not recognised (555) | ST_SYNTAX (501) | ST_LIMIT; with f
 */
enum st smtp_params_mail(struct arena *a, struct slice rest, unsigned extensions,
    struct smtp_mail *mail, struct fault *f) ATTR_CHECKED;
enum st smtp_params_rcpt(struct arena *a, struct slice rest, unsigned extensions,
    struct smtp_rcpt *rcpt, struct fault *f) ATTR_CHECKED;

/* xtext of RFC 3461 section 4, decoded into a; p == NULL in the result: malformed or no room. */
struct slice smtp_xtext_get(struct arena *a, struct slice s);

#endif
