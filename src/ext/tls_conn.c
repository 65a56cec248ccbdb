/*
 * TLS connections over two functions of the caller.
 *
 * The library's output goes to a buffer of ours, which never refuses, and from there in one piece
 * to the caller: a flight of the handshake, or all records of a write. So the library never waits
 * for writing, and a partial write needs no retry with the same arguments. Bytes that were
 * encrypted but could not leave are owed: they are reported as written once they did leave.
 */
#include "ext/tls_priv.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/buf.h"

/* Plain bytes taken by one write. */
#define WRITE_BYTES 65536

/*
 * With so much output waiting nothing is read: answers of the library (key updates) stay bounded.
 */
#define OUT_HIGH_BYTES 32768

struct tls_conn {
	SSL *ssl;
	struct tls_context *ctx;
	struct tls_io io;
	struct buf out;  /* encrypted, not yet gone */
	size_t owed;     /* plain bytes in out not yet reported as written */
	struct fault *f; /* of the call under way */
	enum st below;   /* what io.read said last in the call under way */
	bool broken;     /* no further call makes sense */
};

static int
bio_write(BIO *bio, const char *p, int n)
{
	struct tls_conn *c = BIO_get_data(bio);

	if (n <= 0)
		return 0;
	buf_put(&c->out, sl_mem(p, (size_t)n));
	return buf_ok(&c->out) ? n : -1;
}

static int
bio_read(BIO *bio, char *p, int n)
{
	struct tls_conn *c = BIO_get_data(bio);
	size_t got = 0;

	BIO_clear_retry_flags(bio);
	if (n <= 0)
		return 0;
	/* One look at the descriptor a call is enough once it gave nothing. */
	if (c->below == ST_OK)
		c->below = c->io.read(c->io.arg, (unsigned char *)p, (size_t)n, &got, c->f);
	if (c->below == ST_OK)
		return (int)got;
	if (c->below != ST_AGAIN)
		return 0;
	BIO_set_retry_read(bio);
	return -1;
}

static long
bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	struct tls_conn *c = BIO_get_data(bio);

	(void)num;
	(void)ptr;
	if (cmd == BIO_CTRL_EOF)
		return c->below == ST_EOF;
	return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *
bio_method(void)
{
	static BIO_METHOD *m;

	if (m)
		return m;
	m = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "stream");
	if (m) {
		(void)BIO_meth_set_write(m, bio_write);
		(void)BIO_meth_set_read(m, bio_read);
		(void)BIO_meth_set_ctrl(m, bio_ctrl);
	}
	return m;
}

static struct tls_conn *
conn_new(struct tls_context *ctx, const struct tls_io *io)
{
	struct tls_conn *c = mem_get(sizeof(*c));
	BIO *bio = BIO_new(bio_method());

	memset(c, 0, sizeof(*c));
	c->io = *io;
	c->ctx = ctx;
	ctx->users++;
	buf_init(&c->out, 2 * WRITE_BYTES + OUT_HIGH_BYTES);
	c->ssl = SSL_new(ctx->ctx);
	if (!c->ssl || !bio) {
		/* Out of memory in the library: every call on this connection says so. */
		BIO_free(bio);
		c->broken = true;
		return c;
	}
	BIO_set_data(bio, c);
	BIO_set_init(bio, 1);
	SSL_set_bio(c->ssl, bio, bio);
	return c;
}

struct tls_conn *
tls_server_new(struct tls_context *ctx, const struct tls_io *io)
{
	struct tls_conn *c = conn_new(ctx, io);

	if (!c->broken)
		SSL_set_accept_state(c->ssl);
	return c;
}

static bool
is_ip(const char *name)
{
	unsigned char ip[16];

	return inet_pton(AF_INET, name, ip) == 1 || inet_pton(AF_INET6, name, ip) == 1;
}

struct tls_conn *
tls_client_new(struct tls_context *ctx, const struct tls_io *io, const char *server_name)
{
	struct tls_conn *c = conn_new(ctx, io);
	bool ok = true;

	if (c->broken)
		return c;
	SSL_set_connect_state(c->ssl);
	if (server_name && server_name[0] && is_ip(server_name)) {
		/* RFC 6066 section 3: literal addresses are not sent as names. */
		if (ctx->verify_peer)
			ok =
			    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), server_name) == 1;
	} else if (server_name && server_name[0]) {
		ok = SSL_set_tlsext_host_name(c->ssl, server_name) == 1;
		if (ok && ctx->verify_peer)
			ok = SSL_set1_host(c->ssl, server_name) == 1;
	} else if (ctx->verify_peer) {
		ok = false; /* to check a certificate without a name would check nothing */
	}
	c->broken = !ok;
	return c;
}

void
tls_conn_free(struct tls_conn *c)
{
	if (!c)
		return;
	SSL_free(c->ssl);
	tls_context_free(c->ctx);
	buf_fini(&c->out);
	mem_free(c);
}

/* Sends what waits: ST_OK when all is gone. */
static enum st
conn_flush(struct tls_conn *c, struct fault *f)
{
	size_t at = 0, n;
	enum st st = ST_OK;

	while (at < c->out.n && st == ST_OK) {
		n = 0;
		st = c->io.write(c->io.arg, sl_skip(buf_slice(&c->out), at), &n, f);
		if (st == ST_OK)
			at += n;
	}
	if (at == c->out.n)
		buf_fini(&c->out);
	else
		buf_drop(&c->out, at);
	if (st != ST_OK && st != ST_AGAIN)
		c->broken = true;
	return st;
}

static enum st
conn_broken(struct fault *f)
{
	return fault_set(f, ST_IO, "4.7.0", "TLS: the connection has failed");
}

/* Words for the library's complaint; a certificate that was refused is told by its own reason. */
static enum st
conn_fault(struct tls_conn *c, struct fault *f)
{
	long verify = SSL_get_verify_result(c->ssl);
	unsigned long e = ERR_peek_last_error();

	c->broken = true;
	if (verify != X509_V_OK && ERR_GET_LIB(e) == ERR_LIB_SSL &&
	    ERR_GET_REASON(e) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
		ERR_clear_error();
		return fault_set(f, ST_IO, "4.7.5", "TLS: certificate: %s",
		    X509_verify_cert_error_string(verify));
	}
	return tls_fault(f, ST_IO, "4.7.0", "TLS");
}

/*
 * The outcome of a library call that gave r <= 0. The last words of the library (an alert) are
 * sent.
 */
static enum st
conn_outcome(struct tls_conn *c, int r, struct fault *f)
{
	int why = SSL_get_error(c->ssl, r);
	struct fault ignored;
	enum st st;

	switch (why) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		st = conn_flush(c, f);
		return st == ST_IO ? ST_IO : ST_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return ST_EOF;
	default:
		break;
	}
	if (c->below == ST_EOF) {
		ERR_clear_error();
		c->broken = true;
		return ST_EOF;
	}
	if (c->below == ST_IO) { /* f is what io.read said */
		ERR_clear_error();
		c->broken = true;
		return ST_IO;
	}
	st = conn_fault(c, f);
	(void)conn_flush(c, &ignored);
	return st;
}

static void
conn_begin(struct tls_conn *c, struct fault *f)
{
	c->f = f;
	c->below = ST_OK;
	ERR_clear_error();
}

enum st
tls_read(struct tls_conn *c, unsigned char *p, size_t max, size_t *n, struct fault *f)
{
	enum st st;
	int r;

	*n = 0;
	if (c->broken)
		return conn_broken(f);
	conn_begin(c, f);
	if (c->out.n > 0) {
		st = conn_flush(c, f);
		if (st == ST_IO || (st == ST_AGAIN && c->out.n > OUT_HIGH_BYTES))
			return st;
	}
	do {
		size_t room = max - *n > WRITE_BYTES ? WRITE_BYTES : max - *n;

		r = SSL_read(c->ssl, p + *n, (int)room);
		if (r > 0)
			*n += (size_t)r;
	} while (r > 0 && *n < max && SSL_has_pending(c->ssl));
	if (*n == 0)
		return conn_outcome(c, r, f);
	/* What stopped it after some bytes comes again with the next call. */
	ERR_clear_error();
	return conn_flush(c, f) == ST_IO ? ST_IO : ST_OK;
}

/* Reports bytes that were taken earlier and have left by now. */
static enum st
conn_repay(struct tls_conn *c, size_t most, size_t *n)
{
	*n = c->owed < most ? c->owed : most;
	c->owed -= *n;
	return ST_OK;
}

enum st
tls_write(struct tls_conn *c, struct slice in, size_t *n, struct fault *f)
{
	size_t done = 0;
	enum st st;
	int r = 1;

	*n = 0;
	if (c->broken)
		return conn_broken(f);
	conn_begin(c, f);
	st = conn_flush(c, f);
	if (st != ST_OK)
		return st;
	if (c->owed > 0)
		return conn_repay(c, in.n, n);
	if (in.n > WRITE_BYTES)
		in.n = WRITE_BYTES;
	while (done < in.n && (r = SSL_write(c->ssl, in.p + done, (int)(in.n - done))) > 0)
		done += (size_t)r;
	if (done == 0)
		return conn_outcome(c, r, f);
	ERR_clear_error();
	st = conn_flush(c, f);
	if (st == ST_OK)
		*n = done;
	else
		c->owed = done;
	return st;
}

/* R8314-3.4-a */
enum st
tls_shut(struct tls_conn *c)
{
	struct fault ignored;

	if (c->broken || !SSL_is_init_finished(c->ssl))
		return ST_OK;
	conn_begin(c, &ignored);
	if (!(SSL_get_shutdown(c->ssl) & SSL_SENT_SHUTDOWN))
		(void)SSL_shutdown(c->ssl);
	ERR_clear_error();
	return conn_flush(c, &ignored) == ST_AGAIN ? ST_AGAIN : ST_OK;
}

enum tls_need
tls_needs(const struct tls_conn *c)
{
	if (c->broken)
		return TLS_NEED_NONE;
	if (c->out.n > 0)
		return TLS_NEED_WRITE;
	return SSL_is_init_finished(c->ssl) ? TLS_NEED_NONE : TLS_NEED_READ;
}

bool
tls_pending(const struct tls_conn *c)
{
	return !c->broken && SSL_has_pending(c->ssl) == 1;
}

bool
tls_facts(const struct tls_conn *c, const char **version, const char **cipher, uint16_t *bits)
{
	const SSL_CIPHER *used;

	if (c->broken || !SSL_is_init_finished(c->ssl))
		return false;
	used = SSL_get_current_cipher(c->ssl);
	*version = SSL_get_version(c->ssl);
	*cipher = SSL_CIPHER_standard_name(used); /* R8314-4.3-a: the registered one */
	*bits = (uint16_t)SSL_CIPHER_get_bits(used, NULL);
	return true;
}
