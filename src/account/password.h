/*
 * Password forms: crypt(3) hashes, and {CRYPT} {MD5} {MD5RAW} {SHA} {SSHA} {SHA256} {SHA512} in
 * front of base64 (MD5RAW: hexadecimal).
 */
#ifndef ACCOUNT_PASSWORD_H
#define ACCOUNT_PASSWORD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* Does password match the stored hash? False also for forms nobody knows. */
bool password_matches(struct slice password, struct slice stored);

/*
 * Appends a new hash of password: form "ssha" (default of the product), "sha", "sha256", "sha512",
 * "md5" and "md5raw" in braces, "crypt" (the system's best), "crypt-md5" ($1$). False for another
 * form, or one the system lacks.
 */
bool password_hash(const char *form, struct slice password, struct buf *out);

#endif
