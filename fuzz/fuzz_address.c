/* Address lists of headers: what was understood without a defect, written, reads back the same. */
#include "fuzz/fuzz.h"
#include "message/address.h"

#define OUT_MAX (8u << 20)
#define MANY 10000

static void
check_entry(const struct address *got, const struct address *want)
{
	FUZZ_CHECK(got->kind == want->kind);
	FUZZ_SAME(got->name, want->name);
	FUZZ_SAME(got->local, want->local);
	FUZZ_SAME(got->domain, want->domain);
}

/* Written and read a second time: the same entries; and then for ever the same text. */
static void
check_again(struct arena *a, const struct address_list *list, struct buf *out)
{
	const struct address *want = list->first;
	struct address_list again;
	struct buf twice;

	buf_clear(out);
	address_list_put(out, list, 0);
	FUZZ_CHECK(buf_ok(out));
	address_list_parse(a, buf_slice(out), MANY, &again);
	for (const struct address *got = again.first; got; got = got->next, want = want->next) {
		FUZZ_CHECK(want != NULL);
		check_entry(got, want);
	}
	FUZZ_CHECK(want == NULL && again.defects == 0);
	buf_init(&twice, OUT_MAX);
	address_list_put(&twice, &again, 0);
	FUZZ_SAME(buf_slice(&twice), buf_slice(out));
	buf_fini(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", 64u << 20);
	struct address_list list;
	struct buf out;

	buf_init(&out, OUT_MAX);
	address_list_parse(a, sl_mem(data, size), MANY, &list);
	FUZZ_CHECK(list.count <= MANY);
	address_list_put(&out, &list, 7);
	for (size_t i = 0; i < out.n; i++)
		FUZZ_CHECK(out.p[i] != '\n' || (i + 1 < out.n && out.p[i + 1] == ' '));
	if (!list.defects && !list.truncated)
		check_again(a, &list, &out);
	buf_fini(&out);
	arena_free(a);
	return 0;
}
