/*
 * The server's side of POP3 in its authorization state, as an engine (base/engine.h): what login
 * runs (src/daemon/login). After it src/pop3/server.h speaks, in the account's worker, which also
 * says the +OK of the login. Small on purpose: strangers speak to it. The frame of it is
 * src/sasl/door.h.
 *
 * Covers: RFC 1939 section 4 (USER, PASS, QUIT); CAPA (RFC 2449); STLS (RFC 2595 section 4); AUTH
 * (RFC 5034); response codes (RFC 2449 section 8, RFC 3206).
 */
#ifndef POP3_LOGIN_H
#define POP3_LOGIN_H

#include "sasl/door.h"

/* A session before its login; as door_new. The tag of its facts is the name that USER said. */
struct door *pop3_login_new(struct arena *a, const struct door_opts *o, int64_t now_ms);

#endif
