/*
 * Parts of a cache that hold anything: an outline leads to nothing or to places in order, a
 * structure is refused or gives a BODY that is one itself; a filtered header is a part of it.
 */
#include "fuzz/fuzz.h"
#include "imap/describe.h"

#define OUT_MAX (16u << 20)

static void
check_outline(struct slice outline)
{
	struct imap_section section = {.depth = 0};
	struct imap_place from, to;

	for (unsigned depth = 0; depth < 6; depth++) {
		section.depth = depth;
		for (unsigned i = 0; i < depth; i++)
			section.part[i] = 1 + i % 2;
		for (int kind = IMAP_SECTION_ALL; kind <= IMAP_SECTION_MIME; kind++) {
			section.kind = (enum imap_section_kind)kind;
			if (!imap_section_find(outline, &section, &from, &to))
				continue;
			FUZZ_CHECK(from.bytes <= to.bytes && from.octets <= to.octets);
			FUZZ_CHECK(to.bytes - from.bytes <= to.octets - from.octets);
		}
	}
}

static void
check_body(struct slice structure)
{
	struct buf body, again;

	buf_init(&body, OUT_MAX);
	buf_init(&again, OUT_MAX);
	if (imap_structure_to_body(structure, &body)) {
		FUZZ_CHECK(body.n <= structure.n);
		FUZZ_CHECK(imap_structure_to_body(buf_slice(&body), &again));
		FUZZ_SAME(buf_slice(&again), buf_slice(&body));
	}
	buf_fini(&body);
	buf_fini(&again);
}

/* What is chosen and what is not make the header again, but for lines that are no fields. */
static void
check_filter(struct slice header)
{
	const struct slice names[] = {SL("Subject"), SL("to")};
	struct imap_section section = {.fields = names, .field_count = 2};
	struct buf some, others, again;

	buf_init(&some, OUT_MAX);
	buf_init(&others, OUT_MAX);
	buf_init(&again, OUT_MAX);
	section.kind = IMAP_SECTION_FIELDS;
	imap_section_filter(&some, header, &section);
	imap_section_filter(&again, buf_slice(&some), &section);
	FUZZ_SAME(buf_slice(&again), buf_slice(&some));
	section.kind = IMAP_SECTION_FIELDS_NOT;
	imap_section_filter(&others, header, &section);
	FUZZ_CHECK(some.n + others.n <= header.n + 8);
	buf_fini(&some);
	buf_fini(&others);
	buf_fini(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct imap_sizes sizes;

	check_outline(in);
	check_body(in);
	check_filter(in);
	if (imap_sizes_get(in, &sizes))
		FUZZ_CHECK(sizes.header_bytes <= sizes.octets);
	return 0;
}
