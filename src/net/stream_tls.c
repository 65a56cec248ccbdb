/*
 * TLS as a stream layer.
 */
#include "base/arena.h"
#include "ext/tls.h"
#include "net/stream.h"
#include "os/poller.h"

struct stream_tls {
	struct stream s;
	struct tls_conn *conn;
};

static struct stream_tls *
tls_of(const struct stream *s)
{
	return CONTAINER_OF(s, struct stream_tls, s);
}

static enum st
below_read(void *arg, unsigned char *p, size_t max, size_t *n, struct fault *f)
{
	struct stream *below = arg;

	return below->ops->read(below, p, max, n, f);
}

static enum st
below_write(void *arg, struct slice in, size_t *n, struct fault *f)
{
	struct stream *below = arg;

	return below->ops->write(below, in, n, f);
}

static enum st
layer_read(struct stream *s, unsigned char *p, size_t max, size_t *n, struct fault *f)
{
	return tls_read(tls_of(s)->conn, p, max, n, f);
}

static enum st
layer_write(struct stream *s, struct slice in, size_t *n, struct fault *f)
{
	return tls_write(tls_of(s)->conn, in, n, f);
}

static unsigned
layer_want(const struct stream *s, unsigned want)
{
	if (want != 0) {
		switch (tls_needs(tls_of(s)->conn)) {
		case TLS_NEED_READ:
			want = POLLER_READ;
			break;
		case TLS_NEED_WRITE:
			want |= POLLER_WRITE;
			break;
		case TLS_NEED_NONE:
			break;
		}
	}
	return s->below->ops->want(s->below, want);
}

static bool
layer_pending(const struct stream *s)
{
	return tls_pending(tls_of(s)->conn) || s->below->ops->pending(s->below);
}

static enum st
layer_shut(struct stream *s)
{
	(void)tls_shut(tls_of(s)->conn);
	return s->below->ops->shut(s->below);
}

static void
layer_free(struct stream *s)
{
	struct stream_tls *t = tls_of(s);

	tls_conn_free(t->conn);
	s->below->ops->free(s->below);
	mem_free(t);
}

static const struct stream_ops layer_ops = {
	.name = "tls",
	.read = layer_read,
	.write = layer_write,
	.want = layer_want,
	.pending = layer_pending,
	.shut = layer_shut,
	.free = layer_free,
};

static struct stream_tls *
layer_new(struct stream *below)
{
	struct stream_tls *t = mem_get(sizeof(*t));

	*t = (struct stream_tls){.s = {.ops = &layer_ops, .below = below, .fd = below->fd}};
	return t;
}

struct stream *
stream_tls_server_new(struct tls_context *ctx, struct stream *below)
{
	struct stream_tls *t = layer_new(below);

	t->conn = tls_server_new(ctx, &(struct tls_io){below_read, below_write, below});
	return &t->s;
}

struct stream *
stream_tls_client_new(struct tls_context *ctx, struct stream *below, const char *server_name)
{
	struct stream_tls *t = layer_new(below);

	t->conn =
	    tls_client_new(ctx, &(struct tls_io){below_read, below_write, below}, server_name);
	return &t->s;
}

bool
stream_tls_facts(const struct stream *s, struct engine_tls *facts)
{
	while (s && s->ops != &layer_ops)
		s = s->below;
	if (!s)
		return false;
	memset(facts, 0, sizeof(*facts));
	return tls_facts(tls_of(s)->conn, &facts->version, &facts->cipher, &facts->bits);
}

const struct stream_secure stream_tls_layer = {
	.server = stream_tls_server_new,
	.client = stream_tls_client_new,
	.facts = stream_tls_facts,
};
