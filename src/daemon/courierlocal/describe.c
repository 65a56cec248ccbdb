/*
 * What IMAP will be asked about a message, found while it is delivered: the first FETCH ENVELOPE
 * then reads no message. The bytes pass by anyway.
 */
#include "daemon/courierlocal/local.h"

#include "imap/describe.h"

#define DESCRIBE_MAX (4u * 1024 * 1024)

struct describing {
	struct arena *arena;
	struct imap_describer *d;
	struct buf sizes;
};

static void
describe_free(void *arg)
{
	struct describing *w = arg;

	buf_fini(&w->sizes);
	arena_free(w->arena);
	mem_free(w);
}

static void *
describe_begin(void)
{
	struct describing *w = mem_get(sizeof(*w));

	w->arena = arena_new("describe", DESCRIBE_MAX);
	buf_init(&w->sizes, 256);
	w->d = imap_describer_new(w->arena);
	if (w->d)
		return w;
	describe_free(w);
	return NULL;
}

static void
describe_feed(void *arg, struct slice in)
{
	imap_describer_feed(((struct describing *)arg)->d, in);
}

static bool
describe_end(void *arg, struct cache_entry *entry)
{
	struct describing *w = arg;
	struct imap_description d;

	if (!imap_describer_end(w->d, &d))
		return false;
	imap_sizes_put(&w->sizes, &d.sizes);
	entry->parts[IMAP_PART_SIZES] = buf_slice(&w->sizes);
	entry->parts[IMAP_PART_ENVELOPE] = d.envelope;
	entry->parts[IMAP_PART_STRUCTURE] = d.structure;
	entry->parts[IMAP_PART_OUTLINE] = d.outline;
	return true;
}

const struct maildir_describer local_describer = {
    .begin = describe_begin,
    .feed = describe_feed,
    .end = describe_end,
    .free = describe_free,
};
