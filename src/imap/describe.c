/*
 * One pass over a message: the tree of its parts grows in an arena of its own, so that a message
 * that is all structure costs a bounded amount and is described as far as it was read.
 */
#include "imap/describe_int.h"

#include "base/num.h"

#define TREE_MAX (6u * 1024 * 1024) /* of the tree and the fields that are kept */
#define USUAL_BYTES 1000            /* of an envelope or a structure: it need not grow */
#define PARTS_MAX 5000              /* their outline fits into IMAP_OUTLINE_MAX in real mail */

struct imap_describer {
	struct arena *a, *tree, *scratch;
	struct mime_parser *parser;
};

static void
on_field(void *arg, struct mime_part *part, const struct header_field *field)
{
	struct imap_describer *d = arg;

	if (part->parent && !part->parent->is_message)
		return; /* R3501-7.4.2-c: only messages have an envelope */
	if (!part->mark)
		part->mark = arena_get(d->tree, sizeof(struct imap_envelope));
	if (part->mark)
		imap_envelope_note(part->mark, d->tree, field);
}

static void
describer_fini(void *arg)
{
	struct imap_describer *d = arg;

	arena_free(d->tree);
	arena_free(d->scratch);
	d->tree = d->scratch = NULL;
}

struct imap_describer *
imap_describer_new(struct arena *a)
{
	static const struct mime_limits limits = {IMAP_SECTION_DEPTH, PARTS_MAX};
	struct imap_describer *d = arena_get(a, sizeof(*d));

	if (!d || !arena_defer(a, describer_fini, d))
		return NULL;
	d->a = a;
	d->tree = arena_new("describe", TREE_MAX);
	d->scratch = arena_new("describe scratch", IMAP_SCRATCH_MAX);
	d->parser = mime_parser_new(d->tree, &limits, NULL, on_field, d);
	return d->parser ? d : NULL;
}

/* R2045-4-b */
void
imap_describer_feed(struct imap_describer *d, struct slice in)
{
	mime_parser_feed(d->parser, in);
}

/* What was written into b, in the arena; false at its limit. */
static bool
keep(struct arena *a, struct buf *b, struct slice *out)
{
	*out = arena_copy(a, buf_slice(b));
	buf_fini(b);
	return out->p != NULL;
}

bool
imap_describer_end(struct imap_describer *d, struct imap_description *out)
{
	const struct mime_part *root = mime_parser_end(d->parser, NULL);
	struct buf envelope, structure, outline;
	bool ok;

	/* R3501-7.4.2-p: octets */
	out->sizes = (struct imap_sizes){
	    root->end.bytes, root->end.octets, root->body.bytes, root->body.octets};
	buf_init(&envelope, IMAP_ENVELOPE_MAX);
	(void)buf_room(&envelope, USUAL_BYTES);
	imap_envelope_put(&envelope, root->mark, d->scratch);
	buf_init(&structure, IMAP_STRUCTURE_MAX);
	(void)buf_room(&structure, USUAL_BYTES);
	imap_structure_put(&structure, root, d->scratch);
	buf_init(&outline, IMAP_OUTLINE_MAX);
	imap_outline_put(&outline, root);
	describer_fini(d);
	ok = keep(d->a, &envelope, &out->envelope);
	ok = keep(d->a, &structure, &out->structure) && ok;
	return keep(d->a, &outline, &out->outline) && ok;
}

/* ---- sizes ---- */

#define SIZES_LENGTH 32

void
imap_sizes_put(struct buf *out, const struct imap_sizes *s)
{
	unsigned char *p = buf_room(out, SIZES_LENGTH);

	if (!p)
		return;
	num_put_be64(p, s->file_bytes);
	num_put_be64(p + 8, s->octets);
	num_put_be64(p + 16, s->header_bytes);
	num_put_be64(p + 24, s->header_octets);
	buf_added(out, SIZES_LENGTH);
}

bool
imap_sizes_get(struct slice in, struct imap_sizes *s)
{
	if (in.n != SIZES_LENGTH)
		return false;
	s->file_bytes = num_get_be64(in.p);
	s->octets = num_get_be64(in.p + 8);
	s->header_bytes = num_get_be64(in.p + 16);
	s->header_octets = num_get_be64(in.p + 24);
	return s->header_bytes <= s->file_bytes && s->header_octets <= s->octets &&
	       s->file_bytes <= s->octets;
}
