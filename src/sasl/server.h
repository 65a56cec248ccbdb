/*
 * The server's side of SASL (RFC 4422) without a protocol around it: challenges out, responses in,
 * both as plain octets; the protocol adds BASE64 and its own framing. The result is not a verdict
 * but credentials, for somebody else to judge.
 *
 * Mechanisms: PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login).
 */
#ifndef SASL_SERVER_H
#define SASL_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/fault.h"
#include "base/slice.h"

#define SASL_FIELD_MAX 255 /* octets of a name or a password, R4616-2-b */

struct sasl_server;

/* One mechanism. */
struct sasl_mech {
	const char *name;
	bool is_plaintext;    /* shows the password to who listens: offered under TLS only */
	const char *greeting; /* the challenge when the client sent no initial response */
	enum st (*step)(
	    struct sasl_server *s, struct slice response, struct slice *challenge, struct fault *f);
};

/* One exchange. Read the last three when a step has said ST_OK. */
struct sasl_server {
	const struct sasl_mech *mech;
	struct arena *a;
	unsigned round;
	struct slice authzid; /* empty: as the user */
	struct slice user;
	struct slice password;
};

/* The mechanism of this name (any case), or NULL. */
const struct sasl_mech *sasl_mech_find(struct slice name);

/* Begins an exchange; what it keeps is copied into a. */
void sasl_server_init(struct sasl_server *s, const struct sasl_mech *m, struct arena *a);

/*
 * The next step. The first call has the initial response, or has_response false when there is none.
 *   result  ST_AGAIN: send *challenge (borrowed, may be empty) and call again with the response
 *           ST_OK: the credentials are complete
 *           ST_SYNTAX, ST_LIMIT: the exchange has failed; f says why
 */
enum st sasl_server_step(struct sasl_server *s, bool has_response, struct slice response,
    struct slice *challenge, struct fault *f) ATTR_CHECKED;

/* Overwrites the password. Call it when the verdict is known. */
void sasl_server_wipe(struct sasl_server *s);

/* Overwrites n bytes at p in a way that is not optimised away. */
void sasl_wipe(void *p, size_t n);

#endif
