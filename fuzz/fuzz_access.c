/*
 * smtpaccess. First 17 bytes: a client's address; the rest: the file. The lookup finds what a
 * search through all entries finds.
 */
#include "base/num.h"
#include "fuzz/fuzz.h"
#include "route/access.h"

struct search {
	struct ip client;
	struct dict *dict;
	bool found;
	uint64_t bits;
	struct buf action;
};

static bool
prefix_matches(const struct ip *a, const struct ip *b, uint64_t bits)
{
	for (uint64_t i = 0; i < bits; i++)
		if ((a->bytes[i / 8] ^ b->bytes[i / 8]) & (0x80 >> i % 8))
			return false;
	return a->family == b->family;
}

static bool
one_entry(void *arg, struct slice key, struct slice value)
{
	struct search *s = arg;
	struct slice bits_text = key, address;
	struct ip ip;
	uint64_t bits = 0;

	dict_mem_put(s->dict, key, value);
	if (!sl_cut(&bits_text, '/', &address))
		return true;
	FUZZ_CHECK(ip_parse(address, &ip) && num_u64(bits_text, ip.family == 4 ? 32 : 128, &bits));
	if (prefix_matches(&ip, &s->client, bits) && (!s->found || bits > s->bits)) {
		s->found = true;
		s->bits = bits;
		buf_clear(&s->action);
		buf_put(&s->action, value);
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct search s = {.found = false};
	struct access_policy p;
	struct access_table *t;
	struct conf_report r;
	struct fault f;
	struct arena *a;

	if (size < 17)
		return 0;
	s.client.family = data[0] % 2 ? 4 : 6;
	memcpy(s.client.bytes, data + 1, s.client.family == 4 ? 4 : 16);
	ip_unmap(&s.client);
	s.dict = dict_mem_new();
	buf_init(&s.action, 65536);
	a = arena_new("fuzz", 1 << 20);
	t = access_table_new();
	conf_report_init(&r);
	access_table_read(t, "a", sl_mem(data + 17, size - 17), &r);
	access_table_each(t, one_entry, &s);
	FUZZ_CHECK(access_lookup(s.dict, &s.client, a, &p, &f) == ST_OK);
	FUZZ_CHECK(p.deny == (s.found && sl_eq(buf_slice(&s.action), SL("deny"))));
	FUZZ_CHECK(
	    (p.count > 0) == (s.found && sl_find(buf_slice(&s.action), ',') + 1 < s.action.n));
	conf_report_fini(&r);
	access_table_free(t);
	arena_free(a);
	buf_fini(&s.action);
	dict_close(s.dict);
	return 0;
}
