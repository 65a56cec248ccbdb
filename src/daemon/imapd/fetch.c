/*
 * FETCH: the next messages of a set, as many as fit one slice of time and one batch of memory. What
 * the cache knows is taken from it; other messages are read, piece by piece, so that no session
 * waits for another one's cold mailbox. RFC 3501 sections 6.4.5, 7.4.2.
 */
#include "daemon/imapd/answer.h"
#include "daemon/imapd/reading.h"

#include "net/log.h"

#define BATCH_BYTES ((size_t)192 << 10) /* of content in an answer */
#define BATCH_HANDLES 4                 /* descriptors a batch may hold open */
#define CLOCK_EVERY 32                  /* messages of which only the index is asked */
#define INLINE_MAX 16384                /* longer octets leave by handle */

struct fetch {
	const struct imap_fetch *q;
	struct seq_set set;
	struct imap_message *items;
	size_t count, max;
	size_t bytes; /* of content in items */
	unsigned handles;
	uint32_t at;          /* the last sequence number that is done */
	uint32_t old_handles; /* numbers up to this are not of this batch */
	bool began;           /* the message behind `at` is being looked at */
	bool looked;          /* more than the index was asked since the clock was read */
	bool refreshed;       /* it was not where it should be; the folder was looked at again */
	bool answered;
	struct reading reading;
	struct uid_list unseen; /* to be marked */
};

static void fetch_step(struct work *w);

/* ---- octets ---- */

static struct slice
keep(struct work *w, struct slice s)
{
	struct fetch *x = w->own;

	x->bytes += s.n;
	return arena_copy(w->arena, s);
}

/* A range of the message: small ones come with the answer, long ones by handle. */
static enum st
range(struct work *w, const struct reading_facts *known, const struct imap_place *from,
    uint64_t to, struct imap_octets *out, struct fault *f)
{
	struct fetch *x = w->own;
	enum st st = reading_open(&x->reading, f);
	struct buf b;

	if (st != ST_OK)
		return st;
	reading_hint(&x->reading, known, from);
	if (to - from->octets <= INLINE_MAX) {
		buf_init(&b, INLINE_MAX);
		st = reading_octets(&x->reading, from->octets, to, &b, f);
		out->bytes = keep(w, buf_slice(&b));
		buf_fini(&b);
		return st;
	}
	out->handle = handle_new(w->k, &x->reading.text);
	out->offset = from->octets;
	out->length = to - from->octets;
	x->handles++;
	return ST_OK;
}

/* A header that stands at [from, to), to 0: the message's own; all of it, or chosen fields. */
static enum st
fields(struct work *w, const struct imap_section *s, uint64_t from, uint64_t to,
    struct imap_octets *out, struct fault *f)
{
	struct fetch *x = w->own;
	struct buf header, chosen;
	enum st st;

	buf_init(&header, READING_HEADER_MAX + 65536);
	if (to == 0)
		st = reading_header(&x->reading, &header, f);
	else
		st = reading_octets(&x->reading, from, to, &header, f);
	if (st == ST_OK && s->kind != IMAP_SECTION_HEADER) {
		buf_init(&chosen, READING_HEADER_MAX + 65536);
		imap_section_filter(&chosen, buf_slice(&header), s);
		out->bytes = keep(w, buf_slice(&chosen));
		buf_fini(&chosen);
	} else if (st == ST_OK) {
		out->bytes = keep(w, buf_slice(&header));
	}
	buf_fini(&header);
	return st;
}

static bool
is_of_header(const struct imap_section *s)
{
	return s->kind == IMAP_SECTION_HEADER || s->kind == IMAP_SECTION_FIELDS ||
	       s->kind == IMAP_SECTION_FIELDS_NOT;
}

static bool
is_filtered(const struct imap_section *s)
{
	return s->kind == IMAP_SECTION_FIELDS || s->kind == IMAP_SECTION_FIELDS_NOT;
}

/* BODY[TEXT] of a message of which nothing is known: what stands behind its header. */
static enum st
text_of(struct work *w, const struct reading_facts *known, uint64_t size, struct imap_octets *out,
    struct fault *f)
{
	struct fetch *x = w->own;
	struct imap_place from = {0};
	struct buf header;
	enum st st;

	buf_init(&header, READING_HEADER_MAX + 65536);
	st = reading_header(&x->reading, &header, f);
	from.octets = header.n;
	buf_fini(&header);
	return st == ST_OK ? range(w, known, &from, size, out, f) : st;
}

static enum st
section(struct work *w, const struct imap_section *s, const struct reading_facts *known,
    uint64_t size, struct imap_octets *out, struct fault *f)
{
	struct fetch *x = w->own;
	struct imap_place from = {0}, to = {0};

	*out = (struct imap_octets){0};
	if (s->depth == 0 && is_of_header(s))
		return fields(w, s, 0, 0, out, f);
	if (s->depth == 0 && s->kind == IMAP_SECTION_ALL)
		return range(w, known, &from, size, out, f);
	if (s->depth == 0 && known->has_sizes) {
		from = (struct imap_place){known->sizes.header_bytes, known->sizes.header_octets};
		return range(w, known, &from, size, out, f);
	}
	if (s->depth == 0)
		return text_of(w, known, size, out, f);
	if (!imap_section_find(known->outline, s, &from, &to)) {
		out->is_nil = true;
		return ST_OK;
	}
	if (is_filtered(s) && from.octets < to.octets && reading_open(&x->reading, f) == ST_OK)
		reading_hint(&x->reading, known, &from);
	if (is_filtered(s))
		return from.octets == to.octets ? ST_OK
						: fields(w, s, from.octets, to.octets, out, f);
	return range(w, known, &from, to.octets, out, f);
}

/* ---- one message ---- */

/* Does an answer need what only reading all of the message tells? */
static bool
is_cold(const struct imap_fetch *q, const struct reading_facts *known, uint64_t size)
{
	if ((q->want & IMAP_WANT_ENVELOPE) && !known->envelope.p)
		return true;
	if ((q->want & (IMAP_WANT_STRUCTURE | IMAP_WANT_BODY)) && !known->structure.p)
		return true;
	if ((q->want & IMAP_WANT_SIZE) && !size)
		return true;
	for (size_t i = 0; i < q->section_count; i++) {
		const struct imap_section *s = &q->sections[i];

		if (s->depth ? !known->outline.p : !size && !is_of_header(s))
			return true;
	}
	return false;
}

static bool
needs_cache(const struct imap_fetch *q, uint64_t size)
{
	return (q->want & (IMAP_WANT_ENVELOPE | IMAP_WANT_STRUCTURE | IMAP_WANT_BODY)) ||
	       ((q->want & IMAP_WANT_SIZE) && !size) || q->section_count;
}

/* What the index knows; *size 0: it does not know the size. */
static enum st
from_index(struct work *w, uint32_t seq, struct imap_message *it, uint64_t *size, struct fault *f)
{
	struct fetch *x = w->own;
	const struct message *m = view_message(&w->k->view, seq);
	struct imap_flags flags;
	enum st st;

	if (m && (x->q->want & IMAP_WANT_DATE) && m->date_sec == INT64_MIN) {
		st = message_measure(w->k->mailbox, m->uid, false, f);
		if (st != ST_OK)
			return st;
		m = view_message(&w->k->view, seq);
	}
	if (!m)
		return ST_NOENT;
	flags_of(w->k, m, seq, &flags);
	*it = (struct imap_message){
	    .seq = seq,
	    .uid = m->uid,
	    .flags = flags.flags,
	    .keywords = flags.keywords,
	    .modseq = flags.modseq,
	    .date_sec = m->date_sec,
	    .size_bytes = m->wire_bytes,
	};
	*size = m->wire_bytes;
	return ST_OK;
}

static enum st
from_reading(struct work *w, struct imap_message *it, const struct reading_facts *known,
    struct fault *f)
{
	struct fetch *x = w->own;
	const struct imap_fetch *q = x->q;
	struct imap_octets *octets;
	struct buf body;
	enum st st;

	/* Copies first: the cache lends its slices for a moment. */
	if (q->want & IMAP_WANT_ENVELOPE)
		it->envelope = keep(w, known->envelope);
	if (q->want & IMAP_WANT_STRUCTURE)
		it->structure = keep(w, known->structure);
	if (q->want & IMAP_WANT_BODY) {
		buf_init(&body, IMAP_STRUCTURE_MAX);
		if (!imap_structure_to_body(known->structure, &body))
			buf_put_str(&body, "NIL");
		it->body = keep(w, buf_slice(&body));
		buf_fini(&body);
	}
	octets = arena_get_array(w->arena, q->section_count, sizeof(*octets));
	if (!octets)
		return fault_set(f, ST_LIMIT, "4.3.0", "too many sections");
	for (size_t i = 0; i < q->section_count; i++) {
		st = section(w, &q->sections[i], known, it->size_bytes, &octets[i], f);
		if (st != ST_OK)
			return st;
	}
	it->sections = octets;
	return ST_OK;
}

/* The next piece of work on a message. ST_AGAIN: there is more to do. */
static enum st
one(struct work *w, uint32_t seq, struct imap_message *it, struct fault *f)
{
	struct fetch *x = w->own;
	struct reading_facts known = {0};
	uint64_t size = 0;
	enum st st = from_index(w, seq, it, &size, f);

	if (st != ST_OK || !needs_cache(x->q, size))
		return st;
	x->looked = true;
	if (!x->began) {
		x->began = true;
		reading_init(&x->reading, w->k->mailbox, it->uid);
	}
	if (!x->reading.describer) {
		reading_cached(&x->reading, &known);
		if (known.has_sizes)
			it->size_bytes = size = known.sizes.octets;
	}
	if (x->reading.describer || is_cold(x->q, &known, size)) {
		st = reading_describe(&x->reading, &known, f);
		if (st != ST_OK)
			return st;
		it->size_bytes = known.sizes.octets;
	}
	return from_reading(w, it, &known, f);
}

/* ---- the batch ---- */

static void
fetch_answer(struct work *w, bool more)
{
	struct fetch *x = w->own;
	struct imap_fetched out = {.items = x->items, .count = x->count, .more = more};

	keywords_of(w->k, w->k->mailbox, &out.keywords);
	x->answered = true;
	work_answer(w, NULL, &out);
}

static void
marked(struct store_op *op, const struct fault *f)
{
	struct work *w = op->arg;
	struct fetch *x = w->own;

	/* A mailbox that cannot be written to can still be read. */
	for (size_t i = 0, j = 0; f->st == ST_OK && i < x->count; i++) {
		struct imap_message *it = &x->items[i];
		const struct message *m;

		while (j < x->unseen.n && x->unseen.v[j] < it->uid)
			j++;
		if (j == x->unseen.n || x->unseen.v[j] != it->uid || it->is_gone)
			continue;
		m = view_message(&w->k->view, it->seq);
		if (!m)
			continue;
		it->has_flags = true;
		it->flags = flags_to_imap(m->flags) | (it->flags & IMAP_RECENT);
		it->keywords = m->keywords;
		it->modseq = m->modseq;
		view_told(&w->k->view, it->uid);
	}
	fetch_answer(w, set_next(&x->set, x->at) != 0);
}

/* The batch is full, or the slice is over: \Seen where it is asked for, then the answer. */
static void
fetch_end(struct work *w)
{
	static const struct mailbox_change seen = {.how = MAILBOX_ADD, .flags = MESSAGE_SEEN};
	struct fetch *x = w->own;

	x->unseen.v = arena_get_array(w->arena, x->count, sizeof(uint32_t));
	for (size_t i = 0; x->q->mark_seen && !w->k->read_only && x->unseen.v && i < x->count; i++)
		if (!x->items[i].is_gone && !(x->items[i].flags & IMAP_SEEN))
			x->unseen.v[x->unseen.n++] = x->items[i].uid;
	if (x->unseen.n == 0) {
		fetch_answer(w, set_next(&x->set, x->at) != 0);
		return;
	}
	w->op.done = marked;
	mailbox_mark(w->k->mailbox, x->unseen.v, x->unseen.n, &seen, &w->op);
}

static void
refreshed(struct store_op *op, const struct fault *f)
{
	(void)f;
	work_later(op->arg, fetch_step);
}

/* A message that cannot be read is not there: the others are. */
static void
unreadable(struct work *w, uint32_t seq, struct imap_message *it, const struct fault *f)
{
	uint32_t uid = view_uid(&w->k->view, seq);

	if (f->st != ST_NOENT && f->st != ST_AGAIN)
		log_event(LOG_LEVEL_ERROR, "fetch", KV_SL("user", w->k->c.account->address),
		    KV_SL("folder", mailbox_name(w->k->mailbox)), KV_U64("uid", uid),
		    KV_FAULT(f), KV_END);
	*it = (struct imap_message){.seq = seq, .uid = uid, .is_gone = true};
}

static void
next_message(struct work *w, uint32_t seq)
{
	struct fetch *x = w->own;

	if (x->began)
		reading_fini(&x->reading);
	x->began = x->refreshed = false;
	x->at = seq;
	x->count++;
}

/* One step on the message seq. False: the batch waits for the folder to be looked at. */
static bool
fetch_message(struct work *w, uint32_t seq)
{
	struct fetch *x = w->own;
	struct imap_message *it = &x->items[x->count];
	struct fault f = FAULT_NONE;
	enum st st = one(w, seq, it, &f);

	if (st == ST_AGAIN && f.st == ST_OK)
		return true; /* it is being read */
	if (st == ST_AGAIN && !x->refreshed) {
		x->refreshed = true;
		reading_fini(&x->reading);
		w->op.done = refreshed;
		mailbox_refresh(w->k->mailbox, &w->op);
		return false;
	}
	if (st != ST_OK) {
		f.st = st;
		unreadable(w, seq, it, &f);
	}
	next_message(w, seq);
	return true;
}

static void
fetch_step(struct work *w)
{
	struct fetch *x = w->own;
	uint32_t seq;

	while ((seq = set_next(&x->set, x->at)) != 0 && x->count < x->max &&
	       x->bytes < BATCH_BYTES && x->handles < BATCH_HANDLES) {
		if (!fetch_message(w, seq))
			return;
		if ((!x->looked && x->count % CLOCK_EVERY) || !work_is_long(w))
			continue;
		x->looked = false;
		if (x->count == 0 || x->began) {
			work_later(w, fetch_step);
			return;
		}
		break;
	}
	fetch_end(w);
}

static void
fetch_release(struct work *w)
{
	struct fetch *x = w->own;

	reading_fini(&x->reading);
	if (!x->answered)
		handles_close(w->k, x->old_handles);
}

void
ask_fetch(struct imap_client *k, const struct engine_ask *a)
{
	const struct imap_fetch *q = a->detail;
	struct work *w = work_new(k, a, sizeof(struct fetch));
	struct fetch *x = w->own;
	struct fault f;

	*x = (struct fetch){.q = q, .at = q->after, .old_handles = k->last_handle};
	reading_init(&x->reading, k->mailbox, 0);
	w->release = fetch_release;
	x->max = q->max ? q->max : 1;
	x->items = k->selected ? arena_get_array(w->arena, x->max, sizeof(*x->items)) : NULL;
	if (!x->items || !set_resolve(&k->view, &q->set, w->arena, &x->set)) {
		fault_set(&f, ST_LIMIT, "4.3.0", "too large a set of messages");
		work_answer(w, &f, NULL);
		return;
	}
	work_run(w, fetch_step);
}
