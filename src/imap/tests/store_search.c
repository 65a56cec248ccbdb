/* SEARCH of the store in memory: the program is asked message by message. */
#include "imap/search.h"
#include "imap/tests/store.h"

#define MATCH_MAX ((size_t)64 << 20)

/* A message under examination. */
struct look {
	struct store_message *m;
	bool piece_given;
};

static bool
give_size(void *arg, uint64_t *octets)
{
	const struct look *l = arg;

	*octets = l->m->content.n;
	return true;
}

static bool
give_envelope(void *arg, struct slice *envelope)
{
	const struct look *l = arg;

	store_describe(l->m);
	*envelope = l->m->described.envelope;
	return true;
}

static bool
give_header(void *arg, struct slice *header)
{
	const struct look *l = arg;

	store_describe(l->m);
	*header = sl_sub(buf_slice(&l->m->content), 0,
	    (size_t)l->m->described.sizes.header_octets);
	return true;
}

static bool
give_piece(void *arg, struct slice *piece)
{
	struct look *l = arg;

	*piece = l->piece_given ? SL_NONE : buf_slice(&l->m->content);
	l->piece_given = true;
	return true;
}

static bool
rewind_pieces(void *arg)
{
	struct look *l = arg;

	l->piece_given = false;
	return true;
}

static bool
matches(const struct store_view *v, const struct imap_search *program, size_t i,
    struct imap_keywords names, struct arena *scratch)
{
	struct look look = {.m = store_message(v->folder, v->seen[i].uid)};
	struct imap_candidate c = {
		.seq = (uint32_t)i + 1,
		.uid = v->seen[i].uid,
		.seq_max = (uint32_t)v->count,
		.uid_max = v->seen[v->count - 1].uid,
		.names = names,
		.size = give_size,
		.envelope = give_envelope,
		.header = give_header,
		.piece = give_piece,
		.rewind = rewind_pieces,
		.arg = &look,
	};
	bool yes = false;

	if (!look.m)
		return false;
	c.flags = look.m->flags | (v->seen[i].is_recent ? IMAP_RECENT : 0u);
	c.keywords = look.m->keywords;
	c.date_sec = look.m->date_sec;
	return imap_search_match(program, &c, &charset_builtin, scratch, &yes) == ST_OK && yes;
}

const void *
store_search(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_search_ask *d = detail;
	struct imap_found *found = arena_get(v->scratch, sizeof(*found));
	uint32_t *numbers = arena_get_array(v->scratch, v->count, sizeof(*numbers));
	struct arena *scratch = arena_new("match", MATCH_MAX);
	struct imap_keywords names = store_keywords(v);

	(void)f;
	found->numbers = numbers;
	for (size_t i = 0; i < v->count; i++) {
		arena_reset(scratch);
		if (matches(v, d->program, i, names, scratch))
			numbers[found->count++] = d->is_uid ? v->seen[i].uid : (uint32_t)i + 1;
	}
	arena_free(scratch);
	return found;
}
