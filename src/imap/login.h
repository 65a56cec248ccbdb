/*
 * The server's side of IMAP before authentication, as an engine (base/engine.h): what login runs
 * (src/daemon/login). After it src/imap/server.h speaks, in the account's worker, which also says
 * the tagged OK. Small on purpose: strangers speak to it. The frame of it is src/sasl/door.h.
 *
 * Covers: RFC 3501 sections 6.1 and 6.2 (not authenticated state); RFC 2595 section 3 (STARTTLS,
 * LOGINDISABLED); LITERAL+ (RFC 7888), SASL-IR (RFC 4959), ID (RFC 2971), AUTHENTICATIONFAILED and
 * UNAVAILABLE (RFC 5530).
 */
#ifndef IMAP_LOGIN_H
#define IMAP_LOGIN_H

#include "sasl/door.h"

/* A session before its login; as door_new. The facts have the tag of the command that logs in. */
struct door *imap_login_new(struct arena *a, const struct door_opts *o, int64_t now_ms);

#endif
