/*
 * SEARCH: the program is matched message by message, in slices. Flags and dates come from the
 * index, subjects and addresses from the cache, the rest from the message. RFC 3501 section 6.4.4.
 */
#include "daemon/imapd/answer.h"
#include "daemon/imapd/reading.h"

#include "imap/search.h"

#define SCRATCH_MAX ((size_t)16 << 20)
#define PIECE_BYTES ((size_t)128 << 10)
#define DESCRIBE_MAX_BYTES (1u << 20) /* longer messages are not read for their envelope alone */

struct search {
	const struct imap_search_ask *q;
	struct arena *scratch;
	struct uid_list found;
	uint32_t at; /* the last sequence number that was looked at */
	bool refreshed;
	struct imap_keywords names; /* for this slice */
	/* The message being looked at. */
	struct reading reading;
	struct reading_facts known;
	bool has_known, moved;
	struct buf header, piece;
	uint64_t piece_at;
	bool ended;
};

/* ---- what a key may need ---- */

static bool
opened(struct search *x)
{
	struct fault f = FAULT_NONE;
	enum st st = reading_open(&x->reading, &f);

	x->moved = x->moved || st == ST_AGAIN;
	return st == ST_OK;
}

static void
look_up(struct search *x)
{
	if (!x->has_known)
		reading_cached(&x->reading, &x->known);
	x->has_known = true;
}

static bool
describe(struct search *x)
{
	struct fault f = FAULT_NONE;
	enum st st;

	if (!opened(x))
		return false;
	do
		st = reading_describe(&x->reading, &x->known, &f);
	while (st == ST_AGAIN && f.st == ST_OK);
	return st == ST_OK;
}

static bool
get_size(void *arg, uint64_t *octets)
{
	struct search *x = arg;
	const struct message *m = mailbox_find(x->reading.mailbox, x->reading.uid);

	if (m && m->wire_bytes) {
		*octets = m->wire_bytes;
		return true;
	}
	look_up(x);
	if (!x->known.has_sizes && !describe(x))
		return false;
	*octets = x->known.sizes.octets;
	return true;
}

static bool
get_header(void *arg, struct slice *header)
{
	struct search *x = arg;
	struct fault f;

	if (!opened(x))
		return false;
	buf_clear(&x->header);
	/* The beginning of one that is too long is better than nothing. */
	if (reading_header(&x->reading, &x->header, &f) != ST_OK && f.st != ST_LIMIT)
		return false;
	*header = buf_slice(&x->header);
	return true;
}

/* An envelope is made of the header alone; only small messages are read whole, for the cache. */
static bool
get_envelope(void *arg, struct slice *envelope)
{
	struct search *x = arg;
	struct imap_description d;
	struct imap_describer *describer;
	struct slice header;

	look_up(x);
	if (!x->known.envelope.p && opened(x) && x->reading.text.file_bytes <= DESCRIBE_MAX_BYTES)
		(void)describe(x);
	if (!x->known.envelope.p) {
		if (!get_header(x, &header))
			return false;
		describer = imap_describer_new(x->scratch);
		if (!describer)
			return false;
		imap_describer_feed(describer, header);
		if (!imap_describer_end(describer, &d))
			return false;
		x->known.envelope = d.envelope;
	}
	*envelope = x->known.envelope;
	return true;
}

static bool
rewind_pieces(void *arg)
{
	struct search *x = arg;

	x->piece_at = 0;
	x->ended = false;
	return opened(x);
}

static bool
get_piece(void *arg, struct slice *piece)
{
	struct search *x = arg;
	struct fault f;
	enum st st;

	buf_clear(&x->piece);
	*piece = SL_NONE;
	if (x->ended)
		return true;
	if (!opened(x))
		return false;
	st = text_read(&x->reading.text, x->piece_at, PIECE_BYTES, &x->piece, &f);
	if (st != ST_OK && st != ST_EOF)
		return false;
	x->ended = st == ST_EOF;
	x->piece_at += x->piece.n;
	*piece = buf_slice(&x->piece);
	return true;
}

/* ---- the walk ---- */

static void
found_add(struct search *x, uint32_t number)
{
	struct uid_list *l = &x->found;

	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->v = mem_resize(l->v, l->cap * sizeof(*l->v));
	}
	l->v[l->n++] = number;
}

/* Looks at one message. ST_AGAIN: it is not where it was. */
static enum st
look(struct work *w, const struct message *m, uint32_t seq)
{
	struct search *x = w->own;
	const struct view *v = &w->k->view;
	const struct imapd *d = (const struct imapd *)(void *)w->k->c.w;
	uint32_t count = view_count(v);
	struct imap_flags flags;
	struct fault f = FAULT_NONE;
	bool yes = false;
	enum st st = ST_OK;

	if (m->date_sec == INT64_MIN)
		st = message_measure(w->k->mailbox, m->uid, false, &f);
	m = view_message(v, seq);
	if (st != ST_OK || !m)
		return st;
	flags_of(w->k, m, seq, &flags);
	struct imap_candidate candidate = {
	    .seq = seq,
	    .uid = m->uid,
	    .seq_max = count,
	    .uid_max = view_uid(v, count),
	    .flags = flags.flags,
	    .keywords = m->keywords,
	    .names = x->names,
	    .date_sec = m->date_sec,
	    .size = get_size,
	    .envelope = get_envelope,
	    .header = get_header,
	    .piece = get_piece,
	    .rewind = rewind_pieces,
	    .arg = x,
	};
	reading_init(&x->reading, w->k->mailbox, m->uid);
	x->has_known = x->moved = x->ended = false;
	x->known = (struct reading_facts){0};
	x->piece_at = 0;
	st = imap_search_match(x->q->program, &candidate, &d->charsets, x->scratch, &yes);
	reading_fini(&x->reading);
	arena_reset(x->scratch);
	if (st == ST_OK && yes)
		found_add(x, x->q->is_uid ? candidate.uid : seq);
	return x->moved ? ST_AGAIN : ST_OK;
}

static void search_step(struct work *w);

static void
refreshed(struct store_op *op, const struct fault *f)
{
	(void)f;
	work_later(op->arg, search_step);
}

static void
search_step(struct work *w)
{
	struct search *x = w->own;
	uint32_t count = view_count(&w->k->view);
	struct imap_found out;

	keywords_of(w->k, w->k->mailbox, &x->names);
	while (x->at < count) {
		const struct message *m = view_message(&w->k->view, x->at + 1);
		size_t found = x->found.n;

		if (work_is_long(w)) {
			work_later(w, search_step);
			return;
		}
		if (m && look(w, m, x->at + 1) == ST_AGAIN && !x->refreshed) {
			/* Somebody renamed it: where is it now? */
			x->refreshed = true;
			x->found.n = found;
			w->op.done = refreshed;
			mailbox_refresh(w->k->mailbox, &w->op);
			return;
		}
		x->refreshed = false;
		x->at++;
	}
	out = (struct imap_found){.numbers = x->found.v, .count = x->found.n};
	work_answer(w, NULL, &out);
}

static void
search_release(struct work *w)
{
	struct search *x = w->own;

	reading_fini(&x->reading);
	arena_free(x->scratch);
	mem_free(x->found.v);
	buf_fini(&x->header);
	buf_fini(&x->piece);
}

void
ask_search(struct imap_client *k, const struct engine_ask *a)
{
	struct work *w = work_new(k, a, sizeof(struct search));
	struct search *x = w->own;

	x->q = a->detail;
	x->scratch = arena_new("search", SCRATCH_MAX);
	x->reading.text = TEXT_CLOSED;
	buf_init(&x->header, READING_HEADER_MAX + 65536);
	buf_init(&x->piece, 2u << 20);
	w->release = search_release;
	work_run(w, search_step);
}
