/*
 * TLS behind our own names; tls_openssl.c is the only one who knows the library. RFC 8446, RFC
 * 5246, RFC 6066 (server name), RFC 8314 (use with mail).
 *
 * A connection does no I/O of its own: it calls the two functions given. A private key is read from
 * its descriptor once, when the context is made, and stays in the process.
 */
#ifndef EXT_TLS_H
#define EXT_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/slice.h"

struct tls_context;
struct tls_conn;

struct tls_opts {
	/* PEM, opened before privileges drop; -1 = none. The key may stand in cert_fd's file. */
	int cert_fd, key_fd;
	int trust_fd;             /* PEM of authorities, or -1 = none */
	const char *min_protocol; /* "TLSv1.2" default; Courier's TLS_PROTOCOL words */
	const char *cipher_list;  /* NULL = the library's default, none anonymous */
	bool verify_peer;         /* ask for a certificate (server) or check it (client) */
	const char *alpn;         /* one protocol, or NULL */
	size_t session_cache;     /* entries; 0 = none */
};

/* A context for many connections. ST_OK, or ST_PERM / ST_IO with the file or reason in f. */
enum st tls_context_new(const struct tls_opts *o, struct tls_context **out, struct fault *f);
void tls_context_free(struct tls_context *c);

struct tls_io {
	/* As stream_ops.read and write. */
	enum st (*read)(void *arg, unsigned char *p, size_t max, size_t *n, struct fault *f);
	enum st (*write)(void *arg, struct slice in, size_t *n, struct fault *f);
	void *arg;
};

/*
 * A connection over io, as the server or as the client of server_name (SNI and the name that is
 * verified). c and io->arg must outlive it. NULL: no memory.
 */
struct tls_conn *tls_server_new(struct tls_context *c, const struct tls_io *io);
struct tls_conn *
tls_client_new(struct tls_context *c, const struct tls_io *io, const char *server_name);
void tls_conn_free(struct tls_conn *c);

enum tls_need { TLS_NEED_NONE, TLS_NEED_READ, TLS_NEED_WRITE };

/* As the stream functions; on ST_AGAIN tls_needs says what the descriptor must become ready for. */
enum st tls_read(struct tls_conn *c, unsigned char *p, size_t max, size_t *n, struct fault *f);
enum st tls_write(struct tls_conn *c, struct slice in, size_t *n, struct fault *f);
enum st tls_shut(struct tls_conn *c);
enum tls_need tls_needs(const struct tls_conn *c);
bool tls_pending(const struct tls_conn *c);

/* After the handshake: "TLSv1.3", "TLS_AES_256_GCM_SHA384", key bits; false before. */
bool tls_facts(const struct tls_conn *c, const char **version, const char **cipher, uint16_t *bits);

/*
 * Makes a self-signed certificate and key (PEM) for names, valid for days, on fd (mkesmtpdcert,
 * sandbox).
 */
enum st tls_self_signed(int fd, const char *const *names, unsigned days, struct fault *f);

#endif
