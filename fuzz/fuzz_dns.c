/* Replies of name servers: bounded work, names within their limits, the same result each time. */
#include "base/ascii.h"
#include "dns/dns.h"
#include "fuzz/fuzz.h"

static void
check_name(struct slice name)
{
	FUZZ_CHECK(name.n > 0 && name.n <= 4 * DNS_NAME_MAX);
	for (size_t i = 0; i < name.n; i++)
		FUZZ_CHECK(name.p[i] > ' ' && name.p[i] < 127);
}

static void
check_reply(const struct dns_reply *r)
{
	struct slice name;
	const struct dns_record *rec;
	struct fault f;
	size_t at = 0;

	check_name(r->name);
	for (size_t i = 0; i < r->answer_count; i++) {
		check_name(r->answers[i].owner);
		if (r->answers[i].name.p)
			check_name(r->answers[i].name);
	}
	if (dns_reply_result(r, &name, &f) != ST_OK)
		return;
	rec = dns_reply_next(r, name, &at);
	FUZZ_CHECK(rec && rec->type == r->type);
	FUZZ_CHECK(dns_reply_fits(r, r->id, r->name, (enum dns_type)r->type));
}

/* A name that can be asked reads back from the question. */
static void
check_query(struct arena *a, struct slice in)
{
	struct dns_reply r;
	struct fault f;
	struct buf out;

	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] <= ' ' || in.p[i] >= 127 || in.p[i] == '\\')
			return;
	buf_init(&out, DNS_QUERY_MAX);
	if (dns_query_put(&out, 9, in, DNS_TXT, &f) == ST_OK) {
		out.p[2] |= 0x80;
		FUZZ_CHECK(dns_reply_get(a, buf_slice(&out), &r, &f) == ST_OK);
		FUZZ_CHECK(dns_reply_fits(&r, 9, in.n ? in : SL("."), DNS_TXT));
	}
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", 4u << 20);
	struct slice in = sl_mem(data, size);
	struct dns_reply r, again;
	struct fault f;

	if (dns_reply_get(a, in, &r, &f) == ST_OK) {
		check_reply(&r);
		FUZZ_CHECK(dns_reply_get(a, in, &again, &f) == ST_OK);
		FUZZ_CHECK(again.answer_count == r.answer_count && again.rcode == r.rcode);
	} else {
		FUZZ_CHECK(f.esc[0] == 4);
	}
	check_query(a, in);
	arena_free(a);
	return 0;
}
