/*
 * TLS by OpenSSL (1.1.1 and later): contexts. Connections are in tls_conn.c.
 */
#include "ext/tls_priv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"

/* A file of certificates or keys is not larger. */
#define PEM_BYTES_MAX (4u * 1024 * 1024)

#define CIPHERS_DEFAULT "DEFAULT:!aNULL:!eNULL:!EXPORT"

enum st
tls_fault(struct fault *f, enum st st, const char *esc, const char *what)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return fault_set(f, st, esc, "%s: %s", what, reason ? reason : "no reason given");
}

/* Files with a password are refused: there is nobody to type it. */
static int
no_password(char *out, int max, int rw, void *arg)
{
	(void)out;
	(void)max;
	(void)rw;
	(void)arg;
	return -1;
}

/* The whole file behind fd from its start, whoever else holds the descriptor. NULL with f. */
static BIO *
pem_open(int fd, struct buf *b, struct fault *f)
{
	unsigned char *p;
	ssize_t n;

	buf_init(b, PEM_BYTES_MAX);
	do {
		p = buf_room(b, 16384);
		if (!p) {
			fault_set(f, ST_PERM, "", "certificate file is too large");
			return NULL;
		}
		n = pread(fd, p, 16384, (off_t)b->n);
		if (n < 0 && errno != EINTR) {
			fault_sys(f, ST_IO, "", errno, "certificate file");
			return NULL;
		}
		if (n > 0)
			buf_added(b, (size_t)n);
	} while (n != 0);
	return BIO_new_mem_buf(b->p, (int)b->n);
}

static void
pem_close(BIO *bio, struct buf *b)
{
	BIO_free(bio);
	if (b->p)
		OPENSSL_cleanse(b->p, b->cap);
	buf_fini(b);
}

/* PEM ends where no further block begins; that is no error. */
static void
pem_forget_end(void)
{
	unsigned long e = ERR_peek_last_error();

	if (ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE)
		ERR_clear_error();
}

/* The first certificate is ours, those behind it lead to an authority. */
static enum st
load_certificate(SSL_CTX *ctx, int fd, struct fault *f)
{
	struct buf b;
	BIO *bio = pem_open(fd, &b, f);
	enum st st = ST_OK;
	X509 *x;

	if (!bio) {
		pem_close(NULL, &b);
		return f ? f->st : ST_IO;
	}
	x = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	if (!x || SSL_CTX_use_certificate(ctx, x) != 1)
		st = tls_fault(f, ST_PERM, "", "certificate");
	X509_free(x);
	while (st == ST_OK && (x = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL) {
		if (SSL_CTX_add0_chain_cert(ctx, x) != 1) {
			X509_free(x);
			st = tls_fault(f, ST_PERM, "", "certificate chain");
		}
	}
	pem_forget_end();
	if (st == ST_OK && ERR_peek_last_error() != 0)
		st = tls_fault(f, ST_PERM, "", "certificate chain");
	pem_close(bio, &b);
	return st;
}

static enum st
load_key(SSL_CTX *ctx, int fd, struct fault *f)
{
	struct buf b;
	BIO *bio = pem_open(fd, &b, f);
	EVP_PKEY *key;
	enum st st = ST_OK;

	if (!bio) {
		pem_close(NULL, &b);
		return f ? f->st : ST_IO;
	}
	key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	if (!key)
		st = tls_fault(f, ST_PERM, "", "private key");
	else if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)
		st = tls_fault(f, ST_PERM, "", "private key does not fit the certificate");
	EVP_PKEY_free(key);
	pem_close(bio, &b);
	return st;
}

static enum st
load_trust(SSL_CTX *ctx, int fd, struct fault *f)
{
	struct buf b;
	BIO *bio = pem_open(fd, &b, f);
	enum st st = ST_OK;
	size_t count = 0;
	X509 *x;

	if (!bio) {
		pem_close(NULL, &b);
		return f ? f->st : ST_IO;
	}
	while (st == ST_OK && (x = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL) {
		if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x) != 1)
			st = tls_fault(f, ST_PERM, "", "trusted certificate");
		X509_free(x);
		count++;
	}
	pem_forget_end();
	if (st == ST_OK && (count == 0 || ERR_peek_last_error() != 0))
		st = tls_fault(f, ST_PERM, "", "trusted certificates");
	pem_close(bio, &b);
	return st;
}

/*
 * Courier's TLS_PROTOCOL words. A word without "++" names one version, but "TLSv1" and old names
 * mean "and up".
 */
static const struct {
	const char *word;
	int min, max;
} protocol_rows[] = {
	{"TLSv1.3++", TLS1_3_VERSION, 0},
	{"TLSv1.3", TLS1_3_VERSION, TLS1_3_VERSION},
	{"TLSv1.2++", TLS1_2_VERSION, 0},
	{"TLSv1.2", TLS1_2_VERSION, 0},
	{"TLSv1.1++", TLS1_1_VERSION, 0},
	{"TLSv1.1", TLS1_1_VERSION, TLS1_1_VERSION},
	{"TLSv1++", TLS1_VERSION, 0},
	{"TLSv1", TLS1_VERSION, 0},
	{"SSL23", TLS1_VERSION, 0},
};

/* R8314-4.1-a, R8314-4.1-b, R2595-2.5-a, R2595-9-b, R9051-11.1-b */
static enum st
set_protocol(SSL_CTX *ctx, const char *word, struct fault *f)
{
	if (!word || word[0] == '\0')
		word = "TLSv1.2++";
	for (size_t i = 0; i < COUNT_OF(protocol_rows); i++) {
		if (strcmp(word, protocol_rows[i].word) != 0)
			continue;
		if (SSL_CTX_set_min_proto_version(ctx, protocol_rows[i].min) != 1 ||
		    SSL_CTX_set_max_proto_version(ctx, protocol_rows[i].max) != 1)
			return tls_fault(f, ST_PERM, "", "TLS protocol version");
		return ST_OK;
	}
	return fault_set(f, ST_PERM, "", "unknown TLS protocol \"%s\"", word);
}

/* RFC 7301 section 3.2: a client that offers protocols, but not ours, is told so. */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
    unsigned in_n, void *arg)
{
	const struct tls_context *c = arg;

	(void)ssl;
	for (unsigned at = 0; at < in_n && in[at] < in_n - at; at += in[at] + 1u) {
		if (in[at] == c->alpn[0] && memcmp(in + at + 1, c->alpn + 1, c->alpn[0]) == 0) {
			*out = in + at + 1;
			*out_n = in[at];
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static enum st
set_alpn(struct tls_context *c, const char *name, struct fault *f)
{
	size_t n = name ? strlen(name) : 0;

	if (n == 0)
		return ST_OK;
	if (n >= sizeof(c->alpn))
		return fault_set(f, ST_PERM, "", "ALPN name is too long");
	c->alpn[0] = (unsigned char)n;
	memcpy(c->alpn + 1, name, n);
	SSL_CTX_set_alpn_select_cb(c->ctx, choose_alpn, c);
	if (SSL_CTX_set_alpn_protos(c->ctx, c->alpn, (unsigned)n + 1) != 0)
		return tls_fault(f, ST_PERM, "", "ALPN");
	return ST_OK;
}

/* Resumption costs memory for each session; without a cache there are no tickets either. */
static void
set_sessions(SSL_CTX *ctx, size_t entries)
{
	static const unsigned char id[] = "mail";

	if (entries == 0) {
		SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		(void)SSL_CTX_set_num_tickets(ctx, 0);
		return;
	}
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
	(void)SSL_CTX_sess_set_cache_size(ctx, (long)entries);
	(void)SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
}

/* What all our connections have in common: idle ones keep no buffers, nobody renegotiates. */
static void
set_common(SSL_CTX *ctx)
{
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				     SSL_OP_SINGLE_ECDH_USE | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_read_ahead(ctx, 1);
	(void)SSL_CTX_set_dh_auto(ctx, 1);
}

static enum st
context_fill(struct tls_context *c, const struct tls_opts *o, struct fault *f)
{
	enum st st;

	set_common(c->ctx);
	set_sessions(c->ctx, o->session_cache);
	c->verify_peer = o->verify_peer; /* R8314-4.2-a */
	SSL_CTX_set_verify(c->ctx, o->verify_peer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	st = set_protocol(c->ctx, o->min_protocol, f);
	if (st == ST_OK &&
	    SSL_CTX_set_cipher_list(c->ctx,
		o->cipher_list && o->cipher_list[0] ? o->cipher_list : CIPHERS_DEFAULT) != 1)
		st = tls_fault(f, ST_PERM, "", "cipher list");
	if (st == ST_OK)
		st = set_alpn(c, o->alpn, f);
	if (st == ST_OK && o->cert_fd >= 0)
		st = load_certificate(c->ctx, o->cert_fd, f);
	if (st == ST_OK && o->cert_fd >= 0)
		st = load_key(c->ctx, o->key_fd >= 0 ? o->key_fd : o->cert_fd, f);
	if (st == ST_OK && o->trust_fd >= 0)
		st = load_trust(c->ctx, o->trust_fd, f);
	return st;
}

enum st
tls_context_new(const struct tls_opts *o, struct tls_context **out, struct fault *f)
{
	struct tls_context *c = mem_get(sizeof(*c));
	enum st st;

	memset(c, 0, sizeof(*c));
	*out = NULL;
	c->users = 1;
	ERR_clear_error();
	c->ctx = SSL_CTX_new(TLS_method());
	if (!c->ctx) {
		mem_free(c);
		return tls_fault(f, ST_IO, "", "TLS library");
	}
	st = context_fill(c, o, f);
	if (st != ST_OK) {
		tls_context_free(c);
		return st;
	}
	*out = c;
	return ST_OK;
}

void
tls_context_free(struct tls_context *c)
{
	if (!c || --c->users > 0)
		return;
	SSL_CTX_free(c->ctx);
	mem_free(c);
}
