/*
 * What the files around OpenSSL share.
 */
#ifndef EXT_TLS_PRIV_H
#define EXT_TLS_PRIV_H

#include <openssl/ssl.h>

#include "ext/tls.h"

/* Lives until its owner and all its connections have let go of it. */
struct tls_context {
	SSL_CTX *ctx;
	size_t users;
	bool verify_peer;
	unsigned char alpn[32]; /* length byte and name; length 0: none */
};

/*
 * Fills f with the library's last reason behind `what`, and empties the library's list of errors.
 */
enum st tls_fault(struct fault *f, enum st st, const char *esc, const char *what);

#endif
