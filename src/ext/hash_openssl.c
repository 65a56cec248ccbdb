/*
 * Digests by OpenSSL's EVP. A digest of a few KiB costs less than OpenSSL's own setting up, so the
 * algorithms are fetched once and contexts are kept for the next use. One thread only.
 */
#include "ext/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"

/* Contexts kept for each algorithm; more at the same time are made and freed. */
#define HASH_KEPT 16

/* Largest block of the hashes here, RFC 2104 section 2 ("B"). */
#define HASH_BLOCK_MAX 128

struct hash_state {
	struct hash_algorithm *algorithm;
	EVP_MD_CTX *ctx;
	struct hash_state *next; /* while it is kept */
};

struct hash_algorithm {
	const char *name;
	const char *properties; /* for EVP_MD_fetch */
	const EVP_MD *(*builtin)(void);
	const EVP_MD *md;
	struct hash_state *kept;
	unsigned kept_count;
};

/*
 * MD5 serves protocols that ask for it (CRAM-MD5), also where the system allows it for no
 * signature.
 */
static struct hash_algorithm hash_algorithms[] = {
	{.name = "MD5", .properties = "-fips", .builtin = EVP_md5},
	{.name = "SHA1", .builtin = EVP_sha1},
	{.name = "SHA256", .builtin = EVP_sha256},
	{.name = "SHA512", .builtin = EVP_sha512},
};

enum { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA512 };

/*
 * The callers have no path for it: as with memory, the process ends and its supervisor starts it
 * again.
 */
static void hash_fail(const struct hash_algorithm *a, const char *what) ATTR_NORETURN;

static void
hash_fail(const struct hash_algorithm *a, const char *what)
{
	fprintf(stderr, "hash: %s: OpenSSL: %s failed\n", a->name, what);
	_exit(75);
}

static const EVP_MD *
hash_md(struct hash_algorithm *a)
{
	if (!a->md) {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
		a->md = EVP_MD_fetch(NULL, a->name, a->properties);
#endif
		if (!a->md)
			a->md = a->builtin();
	}
	return a->md;
}

static void *
hash_start(struct hash_algorithm *a)
{
	struct hash_state *s = a->kept;

	if (s) {
		a->kept = s->next;
		a->kept_count--;
	} else {
		s = mem_get(sizeof(*s));
		s->algorithm = a;
		s->ctx = EVP_MD_CTX_new();
		if (!s->ctx)
			hash_fail(a, "EVP_MD_CTX_new");
	}
	if (EVP_DigestInit_ex(s->ctx, hash_md(a), NULL) != 1)
		hash_fail(a, "EVP_DigestInit_ex");
	return s;
}

static void
hash_keep(struct hash_state *s)
{
	struct hash_algorithm *a = s->algorithm;

	if (a->kept_count >= HASH_KEPT) {
		EVP_MD_CTX_free(s->ctx);
		mem_free(s);
		return;
	}
	s->next = a->kept;
	a->kept = s;
	a->kept_count++;
}

static void
hash_update(void *state, struct slice in)
{
	struct hash_state *s = state;

	if (in.n > 0 && EVP_DigestUpdate(s->ctx, in.p, in.n) != 1)
		hash_fail(s->algorithm, "EVP_DigestUpdate");
}

static void
hash_finish(void *state, unsigned char out[DIGEST_MAX])
{
	struct hash_state *s = state;

	if (EVP_DigestFinal_ex(s->ctx, out, NULL) != 1)
		hash_fail(s->algorithm, "EVP_DigestFinal_ex");
	hash_keep(s);
}

static void
hash_abandon(void *state)
{
	struct hash_state *s = state;

	if (!s)
		return;
	EVP_MD_CTX_reset(s->ctx); /* what was hashed so far may be a secret */
	hash_keep(s);
}

static void *
hash_start_md5(void)
{
	return hash_start(&hash_algorithms[HASH_MD5]);
}

static void *
hash_start_sha1(void)
{
	return hash_start(&hash_algorithms[HASH_SHA1]);
}

static void *
hash_start_sha256(void)
{
	return hash_start(&hash_algorithms[HASH_SHA256]);
}

static void *
hash_start_sha512(void)
{
	return hash_start(&hash_algorithms[HASH_SHA512]);
}

const struct digest_ops hash_md5 = {
    "md5", 16, hash_start_md5, hash_update, hash_finish, hash_abandon};
const struct digest_ops hash_sha1 = {
    "sha1", 20, hash_start_sha1, hash_update, hash_finish, hash_abandon};
const struct digest_ops hash_sha256 = {
    "sha256", 32, hash_start_sha256, hash_update, hash_finish, hash_abandon};
const struct digest_ops hash_sha512 = {
    "sha512", 64, hash_start_sha512, hash_update, hash_finish, hash_abandon};

void
hash_warm(void)
{
	unsigned char out[DIGEST_MAX];

	hash_once(&hash_md5, SL_NONE, out);
	hash_once(&hash_sha1, SL_NONE, out);
	hash_once(&hash_sha256, SL_NONE, out);
	hash_once(&hash_sha512, SL_NONE, out);
}

void
hash_once(const struct digest_ops *ops, struct slice in, unsigned char out[DIGEST_MAX])
{
	void *state = ops->start();

	ops->update(state, in);
	ops->finish(state, out);
}

/* One of the two passes of RFC 2104 section 2: H(K xor pad, in). */
static void
hash_hmac_pass(const struct digest_ops *ops, const unsigned char *key, size_t block,
    unsigned char pad, struct slice in, unsigned char *out)
{
	unsigned char padded[HASH_BLOCK_MAX];
	void *state = ops->start();
	size_t i;

	for (i = 0; i < block; i++)
		padded[i] = key[i] ^ pad;
	ops->update(state, sl_mem(padded, block));
	ops->update(state, in);
	ops->finish(state, out);
	OPENSSL_cleanse(padded, sizeof(padded));
}

void
hash_hmac(
    const struct digest_ops *ops, struct slice key, struct slice in, unsigned char out[DIGEST_MAX])
{
	unsigned char block_key[HASH_BLOCK_MAX] = {0}, inner[DIGEST_MAX];
	size_t block = ops->size > 32 ? 128 : 64; /* SHA-512 has the larger block */

	/* Longer keys are hashed first. */
	if (key.n > block)
		hash_once(ops, key, block_key);
	else if (key.n > 0)
		memcpy(block_key, key.p, key.n);
	hash_hmac_pass(ops, block_key, block, 0x36, in, inner);
	hash_hmac_pass(ops, block_key, block, 0x5c, sl_mem(inner, ops->size), out);
	OPENSSL_cleanse(block_key, sizeof(block_key));
	OPENSSL_cleanse(inner, sizeof(inner));
}

bool
hash_equal(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
