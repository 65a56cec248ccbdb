/*
 * Hashes by the library, behind base/digest.h; and password forms.
 */
#ifndef EXT_HASH_H
#define EXT_HASH_H

#include <stdbool.h>

#include "base/digest.h"

extern const struct digest_ops hash_md5;
extern const struct digest_ops hash_sha1;
extern const struct digest_ops hash_sha256;
extern const struct digest_ops hash_sha512;

/* Loads the algorithms and the library's configuration file. Call before sandbox_enter. */
void hash_warm(void);

/* One call: the digest of in. */
void hash_once(const struct digest_ops *ops, struct slice in, unsigned char out[DIGEST_MAX]);

/* HMAC, RFC 2104. */
void hash_hmac(
    const struct digest_ops *ops, struct slice key, struct slice in, unsigned char out[DIGEST_MAX]);

/* Same bytes, in a time that depends on the length alone. */
bool hash_equal(struct slice a, struct slice b);

#endif
