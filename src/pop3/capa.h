/*
 * The answer to CAPA (RFC 2449 section 5), the same table in both states: what is offered before
 * the login is announced after it too.
 */
#ifndef POP3_CAPA_H
#define POP3_CAPA_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* What is really done. Slices are borrowed; a capability whose value is empty is not announced. */
struct pop3_capa {
	bool user;         /* USER and PASS are accepted */
	struct slice sasl; /* mechanisms of AUTH, separated by blanks */
	bool stls;         /* STLS may be said now: RFC 2595 section 4, before the login only */
	bool auth_codes;   /* a refused login says [AUTH]: RFC 3206 */
	struct slice expire;         /* "NEVER", "30": RFC 2449 section 6.7 */
	struct slice login_delay;    /* "10": seconds that are enforced, section 6.5 */
	struct slice implementation; /* section 6.9 */
};

/* "+OK ..." with its lines and the final dot. */
void pop3_capa_put(struct buf *out, const struct pop3_capa *c);

#endif
