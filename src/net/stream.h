/*
 * Bytes both ways, stackable: fd at the bottom, then tls, deflate, a transcript. A layer owns the
 * one below. Never blocks.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/engine.h"
#include "base/fault.h"
#include "base/slice.h"

struct stream;

struct stream_ops {
	const char *name;
	/* Up to max bytes into p. ST_OK with *n > 0 | ST_AGAIN | ST_EOF | ST_IO with f. */
	enum st (*read)(struct stream *s, unsigned char *p, size_t max, size_t *n, struct fault *f);
	/* As many bytes as go. ST_OK with *n > 0 | ST_AGAIN | ST_IO with f. */
	enum st (*write)(struct stream *s, struct slice in, size_t *n, struct fault *f);
	/*
	 * What the descriptor must become ready for, given that the caller wants `want` (POLLER_*):
	 * TLS may need the other.
	 */
	unsigned (*want)(const struct stream *s, unsigned want);
	/*
	 * Bytes that can be read although the descriptor shows nothing (TLS records already taken).
	 */
	bool (*pending)(const struct stream *s);
	/* Says goodbye (TLS close_notify, FIN). ST_OK | ST_AGAIN. */
	enum st (*shut)(struct stream *s);
	/* Frees this layer and those below; closes the descriptor. */
	void (*free)(struct stream *s);
};

struct stream {
	const struct stream_ops *ops;
	struct stream *below; /* or NULL */
	int fd;               /* of the lowest layer */
};

/*
 * The lowest layer. Takes fd over and makes it non-blocking, without Nagle's delay when it is TCP.
 */
struct stream *stream_fd_new(int fd);

/*
 * Frees the layer without closing the descriptor, which is returned (hand-over). Only on a bare fd
 * stream.
 */
int stream_fd_release(struct stream *s);

struct tls_context;

/*
 * A TLS server or client layer on top of below, which is taken over. The handshake runs inside read
 * and write.
 */
struct stream *stream_tls_server_new(struct tls_context *ctx, struct stream *below);
struct stream *
stream_tls_client_new(struct tls_context *ctx, struct stream *below, const char *server_name);

/* Has the handshake of a TLS stream finished? Then *facts (strings valid as long as the stream). */
bool stream_tls_facts(const struct stream *s, struct engine_tls *facts);

/*
 * These three as a row, for session_ops.secure: a program that names it is linked with the TLS
 * library, others are not, and are much smaller.
 */
struct stream_secure {
	struct stream *(*server)(struct tls_context *ctx, struct stream *below);
	struct stream *(*client)(
	    struct tls_context *ctx, struct stream *below, const char *server_name);
	bool (*facts)(const struct stream *s, struct engine_tls *facts);
};
extern const struct stream_secure stream_tls_layer;

/*
 * A layer that shows all bytes to fn (dir 'C' from the peer, 'S' to it), for ESMTP_LOG_DIALOG and
 * tests.
 */
struct stream *stream_transcript_new(
    struct stream *below, void (*fn)(void *arg, char dir, struct slice bytes), void *arg);

#endif
