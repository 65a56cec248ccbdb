/* FETCH of the store in memory: messages are described when they are first asked for. */
#include "imap/tests/store.h"

#define DESCRIBE_MAX ((size_t)16 << 20)

void
store_describe(struct store_message *m)
{
	struct imap_describer *d;

	if (m->arena)
		return;
	m->arena = arena_new("message", DESCRIBE_MAX);
	d = imap_describer_new(m->arena);
	imap_describer_feed(d, buf_slice(&m->content));
	imap_describer_end(d, &m->described);
}

static struct imap_octets
by_handle(struct store_view *v, const struct store_message *m, uint64_t offset, uint64_t length)
{
	for (uint32_t i = 0; i < STORE_HANDLES; i++) {
		struct store_handle *h = &v->handles[i];

		if (h->in_use)
			continue;
		h->in_use = true;
		v->handles_open++;
		buf_init(&h->content, (size_t)1 << 30);
		buf_put(&h->content, buf_slice(&m->content));
		return (struct imap_octets){.handle = i + 1, .offset = offset, .length = length};
	}
	return (struct imap_octets){.is_nil = true};
}

static struct imap_octets
section_of(struct store_view *v, struct store_message *m, const struct imap_section *section)
{
	bool is_filter = section->kind == IMAP_SECTION_FIELDS ||
			 section->kind == IMAP_SECTION_FIELDS_NOT;
	struct imap_place from = {0}, to = {.octets = m->content.n};
	struct slice bytes;
	struct buf kept;

	if ((section->kind != IMAP_SECTION_ALL || section->depth) &&
	    !imap_section_find(m->described.outline, section, &from, &to))
		return (struct imap_octets){.is_nil = true};
	bytes = sl_sub(buf_slice(&m->content), (size_t)from.octets, (size_t)to.octets);
	if (is_filter) {
		buf_init(&kept, (size_t)1 << 30);
		imap_section_filter(&kept, bytes, section);
		bytes = arena_copy(v->scratch, buf_slice(&kept));
		buf_fini(&kept);
	} else if (v->handle_min && bytes.n >= v->handle_min) {
		return by_handle(v, m, from.octets, bytes.n);
	}
	return (struct imap_octets){.bytes = bytes};
}

static void
fill(struct store_view *v, const struct imap_fetch *d, size_t i, struct imap_message *out)
{
	struct store_seen *seen = &v->seen[i];
	struct store_message *m = store_message(v->folder, seen->uid);
	struct imap_octets *sections;
	struct buf body;

	*out = (struct imap_message){.seq = (uint32_t)i + 1, .uid = seen->uid, .is_gone = !m};
	if (!m)
		return;
	store_describe(m);
	if (d->mark_seen && !v->read_only && !(m->flags & IMAP_SEEN)) {
		m->flags |= IMAP_SEEN;
		seen->flags |= IMAP_SEEN;
		out->has_flags = true;
	}
	out->flags = m->flags | (seen->is_recent ? IMAP_RECENT : 0u);
	out->keywords = m->keywords;
	out->date_sec = m->date_sec;
	out->size_bytes = m->content.n;
	out->envelope = m->described.envelope;
	out->structure = m->described.structure;
	buf_init(&body, DESCRIBE_MAX);
	imap_structure_to_body(m->described.structure, &body);
	out->body = arena_copy(v->scratch, buf_slice(&body));
	buf_fini(&body);
	sections = arena_get_array(v->scratch, d->section_count, sizeof(*sections));
	for (size_t k = 0; k < d->section_count; k++)
		sections[k] = section_of(v, m, &d->sections[k]);
	out->sections = sections;
}

const void *
store_fetch(struct store_view *v, const void *detail, struct fault *f)
{
	const struct imap_fetch *d = detail;
	struct imap_fetched *done = arena_get(v->scratch, sizeof(*done));
	size_t max = v->fetch_step && v->fetch_step < d->max ? v->fetch_step : d->max;
	struct imap_message *items = arena_get_array(v->scratch, v->count, sizeof(*items));

	(void)f;
	done->items = items;
	done->keywords = store_keywords(v);
	for (size_t i = d->after; i < v->count; i++) {
		if (!store_in_set(&d->set, v, i))
			continue;
		if (done->count == max) {
			done->more = true;
			break;
		}
		fill(v, d, i, &items[done->count++]);
	}
	return done;
}
