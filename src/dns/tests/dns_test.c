/* DNS messages: what we ask, and each way in which a reply can be wrong. */
#include "dns/dns.h"

#include "base/check.h"

static struct arena *arena;
static struct buf msg;

static void
u16(unsigned v)
{
	buf_put_byte(&msg, (unsigned char)(v >> 8));
	buf_put_byte(&msg, (unsigned char)v);
}

static void
name(const char *text)
{
	struct slice rest = sl_str(text), label;
	bool more = rest.n > 0;

	while (more) {
		more = sl_cut(&rest, '.', &label);
		buf_put_byte(&msg, (unsigned char)label.n);
		buf_put(&msg, label);
	}
	buf_put_byte(&msg, 0);
}

/* A header with a question; the question's name begins at 12. */
static void
begin(unsigned flags, unsigned answers, const char *asked, unsigned type)
{
	buf_clear(&msg);
	u16(77);
	u16(0x8180 | flags);
	u16(1);
	u16(answers);
	u16(0);
	u16(0);
	name(asked);
	u16(type);
	u16(1);
}

/* What stands before the data of a record whose owner is written already. */
static void
record(unsigned type, unsigned length)
{
	u16(type);
	u16(1);
	u16(0);
	u16(300);
	u16(length);
}

static enum st
get(struct dns_reply *r)
{
	struct fault f;

	arena_reset(arena);
	return dns_reply_get(arena, buf_slice(&msg), r, &f);
}

/* R1035-4.1.1-a, R1035-7.3-a */
static void
test_query(void)
{
	struct buf out;
	struct fault f;
	struct dns_reply r;

	buf_init(&out, DNS_QUERY_MAX);
	CHECK_EQ(dns_query_put(&out, 0x1234, SL("Mail.Example.test."), DNS_MX, &f), ST_OK);
	CHECK_SL(sl_sub(buf_slice(&out), 0, 12),
	    sl_mem("\x12\x34\x01\x20\0\1\0\0\0\0\0\1", 12));
	CHECK_SL(sl_sub(buf_slice(&out), 12, 31), sl_mem("\4Mail\7Example\4test\0", 19));
	CHECK_SL(sl_sub(buf_slice(&out), 31, 46),
	    sl_mem("\0\x0f\0\1\0\0\x29\x04\xd0\0\0\x80\0\0\0", 15));
	out.p[2] |= 0x80; /* as a reply it reads back */
	CHECK_EQ(dns_reply_get(arena, buf_slice(&out), &r, &f), ST_OK);
	CHECK(dns_reply_fits(&r, 0x1234, SL("mail.example.TEST"), DNS_MX));
	CHECK(!dns_reply_fits(&r, 0x1235, SL("mail.example.test"), DNS_MX));
	CHECK(!dns_reply_fits(&r, 0x1234, SL("mail.example.test"), DNS_A));
	CHECK(!dns_reply_fits(&r, 0x1234, SL("example.test"), DNS_MX));
	buf_fini(&out);
}

/* R1035-2.3.4-a, R1035-2.3.4-b */
static void
test_query_limits(void)
{
	char label[65], whole[300];
	struct buf out;
	struct fault f;

	memset(label, 'a', 64);
	label[64] = '\0';
	buf_init(&out, DNS_QUERY_MAX);
	CHECK_EQ(dns_query_put(&out, 1, sl_str(label), DNS_A, &f), ST_SYNTAX);
	CHECK_EQ(f.esc[0], 5);
	CHECK_EQ(out.n, 0);
	CHECK_EQ(dns_query_put(&out, 1, sl_mem(label, 63), DNS_A, &f), ST_OK);
	buf_clear(&out);
	CHECK_EQ(dns_query_put(&out, 1, SL("a..b"), DNS_A, &f), ST_SYNTAX);
	CHECK_EQ(dns_query_put(&out, 1, SL(".a"), DNS_A, &f), ST_SYNTAX);
	CHECK_EQ(dns_query_put(&out, 1, SL("."), DNS_A, &f), ST_OK);
	for (size_t i = 0; i < 254; i++)
		whole[i] = i % 2 ? '.' : 'x';
	buf_clear(&out);
	CHECK_EQ(dns_query_put(&out, 1, sl_mem(whole, 253), DNS_A, &f), ST_OK);
	CHECK_EQ(dns_query_put(&out, 1, sl_mem(whole, 255), DNS_A, &f), ST_SYNTAX);
	buf_fini(&out);
}

/* R1035-3.5-a, R3596-2.5-a */
static void
test_ptr(void)
{
	struct buf out;
	struct ip ip;

	buf_init(&out, 200);
	CHECK(ip_parse(SL("192.0.2.7"), &ip));
	dns_ptr_name(&ip, &out);
	CHECK_SL(buf_slice(&out), SL("7.2.0.192.in-addr.arpa"));
	buf_clear(&out);
	CHECK(ip_parse(SL("2001:db8::1"), &ip));
	dns_ptr_name(&ip, &out);
	CHECK_SL(buf_slice(&out),
	    SL("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"));
	buf_fini(&out);
}

static void
test_mx(void)
{
	const struct dns_record *rec;
	struct dns_reply r;
	struct slice at_name;
	struct fault f;
	size_t at = 0;

	begin(0x20, 2, "example.test", DNS_MX);
	u16(0xc00c);
	record(DNS_MX, 9);
	u16(10);
	buf_put(&msg, sl_mem("\4mail\xc0\x0c", 7));
	u16(0xc00c);
	record(DNS_MX, 3);
	u16(20);
	buf_put_byte(&msg, 0);
	CHECK_EQ(get(&r), ST_OK);
	CHECK(r.is_authentic && !r.is_truncated && r.answer_count == 2);
	CHECK_EQ(dns_reply_result(&r, &at_name, &f), ST_OK);
	rec = dns_reply_next(&r, at_name, &at);
	CHECK(rec && rec->preference == 10 && rec->ttl_sec == 300);
	CHECK_SL(rec->name, SL("mail.example.test"));
	rec = dns_reply_next(&r, at_name, &at);
	CHECK(rec && rec->preference == 20);
	CHECK_SL(rec->name, SL("."));
	CHECK(!dns_reply_next(&r, at_name, &at));
}

/* R3596-2.1-a */
static void
test_addresses(void)
{
	struct dns_reply r;
	struct slice n;
	struct fault f;
	size_t at = 0;

	begin(0, 1, "h.test", DNS_AAAA);
	u16(0xc00c);
	record(DNS_AAAA, 16);
	buf_put(&msg, sl_mem("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16));
	CHECK_EQ(get(&r), ST_OK);
	CHECK_EQ(dns_reply_result(&r, &n, &f), ST_OK);
	CHECK_EQ(dns_reply_next(&r, n, &at)->ip.family, 6);
	/* an address of a wrong length */
	begin(0, 1, "h.test", DNS_A);
	u16(0xc00c);
	record(DNS_A, 5);
	buf_put(&msg, sl_mem("\1\2\3\4\5", 5));
	CHECK_EQ(get(&r), ST_SYNTAX);
}

/* R2181-10.1-a */
static void
test_chain(void)
{
	struct dns_reply r;
	struct slice n;
	struct fault f;

	begin(0, 2, "a.test", DNS_A);
	u16(0xc00c);
	record(DNS_CNAME, 8);
	name("b.test");
	name("b.test");
	record(DNS_A, 4);
	buf_put(&msg, sl_mem("\1\2\3\4", 4));
	CHECK_EQ(get(&r), ST_OK);
	CHECK_EQ(dns_reply_result(&r, &n, &f), ST_OK);
	CHECK_SL(n, SL("b.test"));
	/* round and round */
	begin(0, 1, "a.test", DNS_A);
	u16(0xc00c);
	record(DNS_CNAME, 2);
	u16(0xc00c);
	CHECK_EQ(get(&r), ST_OK);
	CHECK_EQ(dns_reply_result(&r, &n, &f), ST_SYNTAX);
}

/* R1035-4.1.1-b */
static void
test_results(void)
{
	struct dns_reply r;
	struct slice n;
	struct fault f;

	begin(DNS_NXDOMAIN, 0, "no.test", DNS_MX);
	CHECK_EQ(get(&r), ST_OK);
	CHECK_EQ(dns_reply_result(&r, &n, &f), ST_PERM);
	CHECK(f.esc[0] == 5 && f.esc[1] == 1 && f.esc[2] == 2);
	begin(DNS_SERVFAIL, 0, "no.test", DNS_MX);
	CHECK_EQ(get(&r), ST_OK);
	CHECK_EQ(dns_reply_result(&r, &n, &f), ST_TEMP);
	CHECK(f.esc[0] == 4 && f.esc[1] == 4 && f.esc[2] == 3);
	begin(0, 0, "no.test", DNS_MX);
	CHECK_EQ(get(&r), ST_OK);
	CHECK_EQ(dns_reply_result(&r, &n, &f), ST_NOENT);
	begin(0x200, 0, "no.test", DNS_MX);
	CHECK_EQ(get(&r), ST_OK);
	CHECK_EQ(dns_reply_result(&r, &n, &f), ST_TEMP);
}

/* R1035-3.3.14-a */
static void
test_txt_tlsa(void)
{
	struct dns_reply r;
	struct slice n;
	struct fault f;
	const struct dns_record *rec;
	size_t at = 0;

	begin(0, 1, "t.test", DNS_TXT);
	u16(0xc00c);
	record(DNS_TXT, 8);
	buf_put(&msg, sl_mem("\3v=s\0\2pf", 8));
	CHECK_EQ(get(&r), ST_OK);
	CHECK_EQ(dns_reply_result(&r, &n, &f), ST_OK);
	CHECK_SL(dns_reply_next(&r, n, &at)->text, SL("v=spf"));
	begin(0, 1, "t.test", DNS_TXT); /* a string longer than the record */
	u16(0xc00c);
	record(DNS_TXT, 3);
	buf_put(&msg, sl_mem("\3ab", 3));
	CHECK_EQ(get(&r), ST_SYNTAX);
	begin(0, 1, "_25._tcp.t.test", DNS_TLSA);
	u16(0xc00c);
	record(DNS_TLSA, 5);
	buf_put(&msg, sl_mem("\3\1\1\xaa\xbb", 5));
	CHECK_EQ(get(&r), ST_OK);
	CHECK_EQ(dns_reply_result(&r, &n, &f), ST_OK);
	at = 0;
	rec = dns_reply_next(&r, n, &at);
	CHECK(rec->usage == 3 && rec->selector == 1 && rec->matching == 1);
	CHECK_SL(rec->text, SL("\xaa\xbb"));
}

/* R1035-4.1.4-a */
static void
test_names(void)
{
	struct dns_reply r;

	/* forwards, at itself, into the header */
	for (unsigned to = 0; to < 64; to++) {
		begin(0, 1, "a.test", DNS_A);
		u16(0xc000 | to);
		record(DNS_A, 4);
		buf_put(&msg, sl_mem("\1\2\3\4", 4));
		/* these begin a label of the question, or are a zero octet behind it */
		if (to == 12 || to == 14 || to == 19 || to == 20 || to == 22)
			CHECK_EQ(get(&r), ST_OK);
		else
			CHECK_EQ(get(&r), ST_SYNTAX);
	}
	/* a name of more than 255 octets, by pointers */
	begin(0, 0, "", DNS_A);
	msg.n -= 5;
	for (int i = 0; i < 5; i++) {
		buf_put_byte(&msg, 63);
		for (int k = 0; k < 63; k++)
			buf_put_byte(&msg, 'x');
	}
	buf_put_byte(&msg, 0);
	u16(DNS_A);
	u16(1);
	CHECK_EQ(get(&r), ST_SYNTAX);
	/* escapes */
	begin(0, 0, "", DNS_A);
	msg.n -= 5;
	buf_put(&msg, sl_mem("\4a.\\ \0", 6));
	u16(DNS_A);
	u16(1);
	CHECK_EQ(get(&r), ST_OK);
	CHECK_SL(r.name, SL("a\\046\\092\\032"));
}

static void
test_counts(void)
{
	struct dns_reply r;

	begin(0, 65535, "a.test", DNS_A);
	CHECK_EQ(get(&r), ST_SYNTAX);
	begin(0, 0, "a.test", DNS_A);
	msg.p[5] = 0;
	CHECK_EQ(get(&r), ST_SYNTAX);
	begin(0, 0, "a.test", DNS_A);
	msg.p[2] = 0; /* a question */
	CHECK_EQ(get(&r), ST_SYNTAX);
	begin(0, 0, "a.test", DNS_A);
	buf_put_byte(&msg, 0); /* one octet too many */
	CHECK_EQ(get(&r), ST_SYNTAX);
	begin(0, 1, "a.test", DNS_A);
	u16(0xc00c);
	record(DNS_A, 4);
	buf_put(&msg, sl_mem("\1\2\3\4", 4));
	for (size_t n = msg.n; n-- > 0;) {
		buf_cut(&msg, n);
		CHECK_EQ(get(&r), ST_SYNTAX);
	}
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"query", test_query}, {"query_limits", test_query_limits}, {"ptr", test_ptr},
		{"mx", test_mx}, {"addresses", test_addresses}, {"chain", test_chain},
		{"results", test_results}, {"txt_tlsa", test_txt_tlsa}, {"names", test_names},
		{"counts", test_counts},
	};
	int status;

	arena = arena_new("test", 1 << 20);
	buf_init(&msg, 65536);
	status = check_main(argc, argv, rows, COUNT_OF(rows));
	buf_fini(&msg);
	arena_free(arena);
	return status;
}
