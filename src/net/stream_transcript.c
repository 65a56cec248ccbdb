/*
 * A stream layer that changes nothing and shows everything.
 */
#include "base/arena.h"
#include "net/stream.h"

struct transcript {
	struct stream s;
	void (*fn)(void *arg, char dir, struct slice bytes);
	void *arg;
};

static struct transcript *
transcript_of(struct stream *s)
{
	return CONTAINER_OF(s, struct transcript, s);
}

static enum st
transcript_read(struct stream *s, unsigned char *p, size_t max, size_t *n, struct fault *f)
{
	struct transcript *t = transcript_of(s);
	enum st r = s->below->ops->read(s->below, p, max, n, f);

	if (r == ST_OK)
		t->fn(t->arg, 'C', sl_mem(p, *n));
	return r;
}

static enum st
transcript_write(struct stream *s, struct slice in, size_t *n, struct fault *f)
{
	struct transcript *t = transcript_of(s);
	enum st r = s->below->ops->write(s->below, in, n, f);

	if (r == ST_OK)
		t->fn(t->arg, 'S', sl_sub(in, 0, *n));
	return r;
}

static unsigned
transcript_want(const struct stream *s, unsigned want)
{
	return s->below->ops->want(s->below, want);
}

static bool
transcript_pending(const struct stream *s)
{
	return s->below->ops->pending(s->below);
}

static enum st
transcript_shut(struct stream *s)
{
	return s->below->ops->shut(s->below);
}

static void
transcript_free(struct stream *s)
{
	s->below->ops->free(s->below);
	mem_free(transcript_of(s));
}

static const struct stream_ops transcript_ops = {
	.name = "transcript",
	.read = transcript_read,
	.write = transcript_write,
	.want = transcript_want,
	.pending = transcript_pending,
	.shut = transcript_shut,
	.free = transcript_free,
};

struct stream *
stream_transcript_new(
    struct stream *below, void (*fn)(void *arg, char dir, struct slice bytes), void *arg)
{
	struct transcript *t = mem_get(sizeof(*t));

	*t = (struct transcript){
		.s = {.ops = &transcript_ops, .below = below, .fd = below->fd},
		.fn = fn,
		.arg = arg,
	};
	return &t->s;
}
