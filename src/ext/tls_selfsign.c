/*
 * A self-signed certificate with its key, for first installations, the sandbox and tests.
 * RFC 5280; names as subjectAltName (RFC 6125 section 6.4), EC P-256.
 */
#include "ext/tls_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/attr.h"

/* A clock that is a little behind must not find the certificate too young. */
#define BACKDATE_SEC 3600

/* RFC 5280 appendix A, ub-common-name. */
#define COMMON_NAME_MAX 64

static EVP_PKEY *
make_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) != 1 ||
	    EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_NAMED_CURVE) != 1 ||
	    EVP_PKEY_keygen(ctx, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* One name for subjectAltName: an address or a host name. NULL when the library will not. */
static GENERAL_NAME *
make_name(const char *name)
{
	unsigned char ip[16];
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *s = NULL;
	int type;
	const void *value = ip;
	int n = 0;

	if (inet_pton(AF_INET, name, ip) == 1)
		n = 4;
	else if (inet_pton(AF_INET6, name, ip) == 1)
		n = 16;
	if (n > 0) {
		s = ASN1_OCTET_STRING_new();
		type = GEN_IPADD;
	} else {
		s = ASN1_IA5STRING_new();
		type = GEN_DNS;
		value = name;
		n = (int)strlen(name);
	}
	if (!g || !s || ASN1_STRING_set(s, value, n) != 1) {
		ASN1_STRING_free(s);
		GENERAL_NAME_free(g);
		return NULL;
	}
	GENERAL_NAME_set0_value(g, type, s);
	return g;
}

static bool
add_names(X509 *x, const char *const *names)
{
	GENERAL_NAMES *all = GENERAL_NAMES_new();
	bool ok = all != NULL;

	for (size_t i = 0; ok && names[i]; i++) {
		GENERAL_NAME *g = make_name(names[i]);

		ok = g && sk_GENERAL_NAME_push(all, g) > 0;
		if (!ok)
			GENERAL_NAME_free(g);
	}
	ok = ok && X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0) == 1;
	GENERAL_NAMES_free(all);
	return ok;
}

static bool
add_uses(X509 *x)
{
	static const struct {
		int nid;
		const char *value;
	} rows[] = {
		{NID_basic_constraints, "critical,CA:FALSE"},
		{NID_key_usage, "critical,digitalSignature"},
		{NID_ext_key_usage, "serverAuth,clientAuth"},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, rows[i].nid, rows[i].value);
		bool ok = e && X509_add_ext(x, e, -1) == 1;

		X509_EXTENSION_free(e);
		if (!ok)
			return false;
	}
	return true;
}

static bool
set_serial(X509 *x)
{
	BIGNUM *n = BN_new();
	bool ok = n && BN_rand(n, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
		  BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;

	BN_free(n);
	return ok;
}

static X509 *
make_certificate(EVP_PKEY *key, const char *const *names, unsigned days)
{
	X509 *x = X509_new();
	X509_NAME *subject = x ? X509_get_subject_name(x) : NULL;
	size_t n = strlen(names[0]);

	if (x && X509_set_version(x, 2) == 1 && set_serial(x) &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -BACKDATE_SEC) &&
	    X509_time_adj_ex(X509_getm_notAfter(x), (int)days, 0, NULL) &&
	    X509_set_pubkey(x, key) == 1 &&
	    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
		(const unsigned char *)names[0], n > COMMON_NAME_MAX ? COMMON_NAME_MAX : (int)n, -1,
		0) == 1 &&
	    X509_set_issuer_name(x, subject) == 1 && add_uses(x) && add_names(x, names) &&
	    X509_sign(x, key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

/* Host names and addresses only: what stands in a certificate is shown to people. */
static bool
name_is_sane(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 253)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	}
	return true;
}

static enum st
write_all(int fd, BIO *bio, struct fault *f)
{
	char *p;
	long left = BIO_get_mem_data(bio, &p);

	while (left > 0) {
		ssize_t n = write(fd, p, (size_t)left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fault_sys(f, ST_IO, "", errno, "write");
		p += n;
		left -= (long)n;
	}
	return ST_OK;
}

enum st
tls_self_signed(int fd, const char *const *names, unsigned days, struct fault *f)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	EVP_PKEY *key;
	X509 *x = NULL;
	enum st st;

	ERR_clear_error();
	for (size_t i = 0; names[i]; i++) {
		if (!name_is_sane(names[i])) {
			BIO_free(bio);
			return fault_set(f, ST_PERM, "", "not a host name: \"%s\"", names[i]);
		}
	}
	if (!names[0] || days == 0 || days > 36500) {
		BIO_free(bio);
		return fault_set(f, ST_PERM, "", "a certificate needs a name and 1 to 36500 days");
	}
	key = make_key();
	if (key)
		x = make_certificate(key, names, days);
	if (bio && x && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    PEM_write_bio_X509(bio, x) == 1)
		st = write_all(fd, bio, f);
	else
		st = tls_fault(f, ST_IO, "", "certificate");
	X509_free(x);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return st;
}
