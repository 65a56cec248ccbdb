/*
 * What is said of messages: cuts change nothing; LF and CRLF forms are said the same; a structure
 * is a list from which BODY can be made, and whose values can be read back; an outline leads to
 * places inside the message.
 */
#include "fuzz/fuzz.h"
#include "imap/describe.h"
#include "imap/said.h"

#define OUT_MAX (16u << 20)

static bool
describe(struct arena *a, struct slice in, enum fuzz_cut cut, struct imap_description *out)
{
	struct imap_describer *d = imap_describer_new(a);
	uint64_t state = in.n;

	FUZZ_CHECK(d != NULL);
	while (in.n)
		imap_describer_feed(d, fuzz_piece(cut, &state, &in));
	return imap_describer_end(d, out);
}

static void
show(struct buf *out, const struct imap_description *d)
{
	imap_sizes_put(out, &d->sizes);
	buf_put(out, d->envelope);
	buf_put(out, d->structure);
	buf_put(out, d->outline);
}

/* One value in parentheses and nothing behind it. */
static void
check_list(struct slice list)
{
	struct slice value;

	FUZZ_CHECK(imap_said_value(&list, &value) && !list.n);
	FUZZ_CHECK(value.n > 2 && value.p[0] == '(' && !memchr(value.p, '\0', value.n));
}

static void
check_sections(const struct imap_description *d, size_t size)
{
	static const enum imap_section_kind kinds[] = {
	    IMAP_SECTION_ALL, IMAP_SECTION_HEADER, IMAP_SECTION_TEXT, IMAP_SECTION_MIME};
	struct imap_section section = {.depth = 0};
	struct imap_place from, to;

	for (unsigned depth = 0; depth < 5; depth++) {
		for (uint32_t n = 1; n < 4; n++) {
			section.depth = depth;
			for (unsigned i = 0; i < depth; i++)
				section.part[i] = i + 1 == depth ? n : 1;
			for (size_t k = 0; k < COUNT_OF(kinds); k++) {
				section.kind = kinds[k];
				if (!imap_section_find(d->outline, &section, &from, &to))
					continue;
				FUZZ_CHECK(from.bytes <= to.bytes && to.bytes <= size);
				FUZZ_CHECK(from.octets <= to.octets);
				FUZZ_CHECK(to.octets <= d->sizes.octets);
			}
		}
	}
}

/* The same text with CRLF: the same but for the places in the file. */
static void
check_line_ends(struct slice in, const struct imap_description *lf)
{
	struct arena *a = arena_new("fuzz", 4u << 20);
	struct imap_description d;
	struct buf crlf;

	buf_init(&crlf, OUT_MAX);
	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\n')
			buf_put_byte(&crlf, '\r');
		buf_put_byte(&crlf, in.p[i]);
	}
	if (!memchr(in.p, '\r', in.n) && describe(a, buf_slice(&crlf), FUZZ_WHOLE, &d)) {
		FUZZ_CHECK(d.sizes.octets == lf->sizes.octets);
		FUZZ_SAME(d.envelope, lf->envelope);
		FUZZ_SAME(d.structure, lf->structure);
	}
	buf_fini(&crlf);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct arena *a = arena_new("fuzz", 4u << 20), *b;
	struct imap_description d, other;
	struct buf whole, cut;

	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	FUZZ_CHECK(describe(a, in, FUZZ_WHOLE, &d));
	FUZZ_CHECK(d.sizes.file_bytes == size && d.sizes.header_bytes <= size);
	check_list(d.envelope);
	check_list(d.structure);
	FUZZ_CHECK(imap_structure_to_body(d.structure, &cut));
	check_list(buf_slice(&cut));
	check_sections(&d, size);
	show(&whole, &d);
	for (int how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
		b = arena_new("fuzz", 4u << 20);
		buf_clear(&cut);
		FUZZ_CHECK(describe(b, in, (enum fuzz_cut)how, &other));
		show(&cut, &other);
		FUZZ_SAME(buf_slice(&cut), buf_slice(&whole));
		arena_free(b);
	}
	if (size)
		check_line_ends(in, &d);
	buf_fini(&whole);
	buf_fini(&cut);
	arena_free(a);
	return 0;
}
