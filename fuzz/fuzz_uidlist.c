/*
 * Lists of other servers: whatever the bytes, reading ends, names are names of files, and reading
 * does not depend on where the text lies in memory.
 */
#include "fuzz/fuzz.h"
#include "maildir/import.h"

static void
check_row(const struct import_row *r)
{
	FUZZ_CHECK(r->base.n > 0 && r->base.n <= 255);
	FUZZ_CHECK(sl_find(r->base, '/') == r->base.n && sl_find(r->base, ':') == r->base.n);
	FUZZ_CHECK(r->base.p[0] != '.');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = sl_mem(data, size), base, more;
	struct import_head head;
	struct import_row row;
	uint32_t number;

	if (import_uidlist_head(&rest, &head))
		FUZZ_CHECK(head.uidvalidity != 0);
	while (import_uidlist_next(&rest, &row)) {
		FUZZ_CHECK(row.uid != 0);
		check_row(&row);
	}
	FUZZ_CHECK(rest.n == 0);
	rest = sl_mem(data, size);
	(void)import_sizelist_head(&rest, &head);
	while (import_sizelist_next(&rest, &row))
		check_row(&row);
	FUZZ_CHECK(rest.n == 0);
	rest = sl_mem(data, size);
	while (import_keyword_name(&rest, &base))
		FUZZ_CHECK(sl_find(base, '\n') == base.n);
	while (import_keyword_row(&rest, &base, &more))
		FUZZ_CHECK(base.n > 0 && base.n <= 255);
	rest = sl_mem(data, size);
	while (import_dovecot_keyword(&rest, &number, &base))
		FUZZ_CHECK(base.n > 0);
	FUZZ_CHECK(rest.n == 0);
	return 0;
}
