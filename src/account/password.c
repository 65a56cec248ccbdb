#include "account/password.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "base/base64.h"
#include "ext/hash.h"
#include "os/accounts.h"
#include "os/random.h"

#define SALT_BYTES 8
#define STORED_MAX 1024

struct form {
	const char *name;   /* for password_hash */
	const char *prefix; /* with braces */
	const struct digest_ops *digest;
	bool is_hex;
	bool is_salted;
};

static const struct form forms[] = {
    {"md5", "{MD5}", &hash_md5, false, false},
    {"md5raw", "{MD5RAW}", &hash_md5, true, false},
    {"sha", "{SHA}", &hash_sha1, false, false},
    {"sha1", "{SHA}", &hash_sha1, false, false},
    {"ssha", "{SSHA}", &hash_sha1, false, true},
    {"sha256", "{SHA256}", &hash_sha256, false, false},
    {"sha512", "{SHA512}", &hash_sha512, false, false},
};

static void
digest_salted(const struct form *form, struct slice password, struct slice salt,
    unsigned char out[DIGEST_MAX])
{
	void *state = form->digest->start();

	form->digest->update(state, password);
	form->digest->update(state, salt);
	form->digest->finish(state, out);
}

static bool
hex_decode(struct slice in, struct buf *out)
{
	if (in.n % 2 != 0)
		return false;
	for (size_t i = 0; i < in.n; i += 2) {
		int high = ascii_hex_value(in.p[i]), low = ascii_hex_value(in.p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		buf_put_byte(out, (unsigned char)(high << 4 | low));
	}
	return buf_ok(out);
}

/* stored without its prefix: the digest, with the salt behind it. */
static bool
digest_matches(const struct form *form, struct slice password, struct slice stored)
{
	unsigned char made[DIGEST_MAX];
	struct buf raw;
	struct slice salt;
	bool same = false;

	buf_init(&raw, STORED_MAX);
	if ((form->is_hex ? hex_decode(stored, &raw) : base64_get(stored, &raw)) &&
	    raw.n >= form->digest->size && (form->is_salted || raw.n == form->digest->size)) {
		salt = sl_skip(buf_slice(&raw), form->digest->size);
		digest_salted(form, password, salt, made);
		same = hash_equal(sl_mem(made, form->digest->size),
		    sl_sub(buf_slice(&raw), 0, form->digest->size));
	}
	buf_fini(&raw);
	return same;
}

/* crypt(3) takes C strings: a NUL in either cannot match. */
static bool
crypt_matches(struct slice password, struct slice stored)
{
	struct buf p, s;
	bool same = false;

	buf_init(&p, STORED_MAX);
	buf_init(&s, STORED_MAX);
	buf_put(&p, password);
	buf_put(&s, stored);
	if (stored.n > 0 && buf_ok(&p) && buf_ok(&s) && sl_find(password, 0) == password.n &&
	    sl_find(stored, 0) == stored.n && buf_str(&p) != NULL && buf_str(&s) != NULL)
		same = accounts_crypt_matches(buf_str(&p), buf_str(&s));
	if (p.n > 0)
		memset(p.p, 0, p.n);
	buf_fini(&p);
	buf_fini(&s);
	return same;
}

bool
password_matches(struct slice password, struct slice stored)
{
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (sl_istarts(stored, sl_str(forms[i].prefix)))
			return digest_matches(
			    &forms[i], password, sl_skip(stored, strlen(forms[i].prefix)));
	if (sl_istarts(stored, SL("{CRYPT}")))
		stored = sl_skip(stored, 7);
	else if (stored.n > 0 && stored.p[0] == '{')
		return false;
	return crypt_matches(password, stored);
}

static void
put_hex(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		buf_fmt(out, "%02x", s.p[i]);
}

static void
put_digest(const struct form *form, struct slice password, struct buf *out)
{
	unsigned char salt[SALT_BYTES], made[DIGEST_MAX + SALT_BYTES];
	size_t n = form->digest->size, salt_n = form->is_salted ? SALT_BYTES : 0;

	random_bytes(salt, sizeof(salt));
	digest_salted(form, password, sl_mem(salt, salt_n), made);
	memcpy(made + n, salt, salt_n);
	buf_put_str(out, form->prefix);
	if (form->is_hex)
		put_hex(sl_mem(made, n), out);
	else
		base64_put(out, sl_mem(made, n + salt_n));
}

/* "$6$<16 salt characters>", 5000 rounds; "$1$<8>" for those who ask for MD5. */
static bool
put_crypt(const char *kind, size_t salt_n, struct slice password, struct buf *out)
{
	static const char letters[] =
	    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned char salt[16];
	char setting[24], made[256];
	size_t n = strlen(kind);
	char *p;
	bool good;

	random_bytes(salt, sizeof(salt));
	memcpy(setting, kind, n);
	for (size_t i = 0; i < salt_n; i++)
		setting[n++] = letters[salt[i] & 63];
	setting[n] = '\0';
	p = mem_str(password);
	good = sl_find(password, 0) == password.n &&
	       accounts_crypt_make(p, setting, made, sizeof(made));
	memset(p, 0, password.n);
	mem_free(p);
	if (good)
		buf_put_str(out, made);
	return good;
}

bool
password_hash(const char *form, struct slice password, struct buf *out)
{
	if (strcmp(form, "crypt") == 0)
		return put_crypt("$6$", 16, password, out);
	if (strcmp(form, "crypt-md5") == 0)
		return put_crypt("$1$", 8, password, out);
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		if (strcmp(form, forms[i].name) == 0) {
			put_digest(&forms[i], password, out);
			return buf_ok(out);
		}
	}
	return false;
}
