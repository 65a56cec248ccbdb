/* The ways out: lines of esmtproutes, and hosts from MX records. */
#include "base/check.h"
#include "conf/conf.h"
#include "route/esmtproutes.h"
#include "route/mx.h"

static struct conf conf;
static struct arena *arena;
static uint64_t seed;

static uint64_t
chance(void *arg)
{
	(void)arg;
	return check_random(&seed);
}

static enum st
ask(const char *domain, const struct mx_record *v, size_t n, bool is_static, struct slice **hosts,
    size_t *count, struct fault *f)
{
	struct mx_ask a = {.domain = sl_str(domain), .records = v, .count = n, .self = &conf.site,
	    .is_static = is_static, .random = chance};

	arena_reset(arena);
	*count = 0;
	return mx_order(arena, &a, hosts, count, f);
}

#define HOST(text, p) {.host = {(const unsigned char *)(text), sizeof(text) - 1}, .preference = (p)}

/* R5321-5.1-d */
static void
test_order(void)
{
	static const struct mx_record v[] = {
	    HOST("c.test", 30), HOST("a1.test", 10), HOST("b.test", 20), HOST("a2.test", 10)};
	unsigned first = 0;
	struct slice *h;
	struct fault f;
	size_t n;

	for (int i = 0; i < 200; i++) {
		CHECK_EQ(ask("x.test", v, 4, false, &h, &n, &f), ST_OK);
		CHECK_EQ(n, 4);
		first += sl_eq(h[0], SL("a1.test"));
		CHECK(sl_starts(h[0], SL("a")) && sl_starts(h[1], SL("a")));
		CHECK_SL(h[2], SL("b.test"));
		CHECK_SL(h[3], SL("c.test"));
	}
	CHECK(first > 50 && first < 150);
}

/* R5321-5.1-a */
static void
test_implicit(void)
{
	struct slice *h;
	struct fault f;
	size_t n;

	CHECK_EQ(ask("x.test.", NULL, 0, false, &h, &n, &f), ST_OK);
	CHECK_EQ(n, 1);
	CHECK_SL(h[0], SL("x.test"));
}

/* R7505-3-a, R7505-3-b, R7505-4.1-a */
static void
test_null(void)
{
	static const struct mx_record null[] = {HOST(".", 0)};
	static const struct mx_record both[] = {HOST(".", 0), HOST("a.test", 10)};
	struct slice *h;
	struct fault f;
	size_t n;

	CHECK_EQ(ask("x.test", null, 1, false, &h, &n, &f), ST_PERM);
	CHECK(f.esc[0] == 5 && f.esc[1] == 1 && f.esc[2] == 10);
	CHECK_EQ(ask("x.test", both, 2, false, &h, &n, &f), ST_OK);
	CHECK_EQ(n, 1);
	CHECK_SL(h[0], SL("a.test"));
}

static void
test_address(void)
{
	static const struct mx_record v[] = {HOST("192.0.2.1", 10), HOST("a.test", 10)};
	struct slice *h;
	struct fault f;
	size_t n;

	CHECK_EQ(ask("x.test", v, 2, false, &h, &n, &f), ST_PERM);
	CHECK(f.esc[0] == 5 && f.esc[1] == 4 && f.esc[2] == 4);
}

/* R5321-5.1-e */
static void
test_self(void)
{
	static const struct mx_record v[] = {HOST("a.test", 10), HOST("b.test", 20),
	    HOST("MAIL.example.org.", 20), HOST("c.test", 30)};
	static const struct mx_record first[] = {HOST("mail.example.org", 10), HOST("a.test", 10)};
	struct slice *h;
	struct fault f;
	size_t n;

	CHECK_EQ(ask("x.test", v, 4, false, &h, &n, &f), ST_OK);
	CHECK_EQ(n, 1);
	CHECK_SL(h[0], SL("a.test"));
	CHECK_EQ(ask("x.test", first, 2, false, &h, &n, &f), ST_PERM);
	CHECK(f.esc[0] == 5 && f.esc[1] == 4 && f.esc[2] == 6);
	CHECK_EQ(ask("x.test", first, 2, true, &h, &n, &f), ST_OK);
	CHECK_EQ(n, 2);
	CHECK_EQ(ask("mail.example.org", NULL, 0, false, &h, &n, &f), ST_PERM);
}

static void
test_many(void)
{
	struct mx_record v[100];
	struct slice *h;
	struct fault f;
	size_t n;

	for (unsigned i = 0; i < 100; i++)
		v[i] = (struct mx_record){.host = SL("a.test"), .preference = i % 7};
	CHECK_EQ(ask("x.test", v, 100, false, &h, &n, &f), ST_OK);
	CHECK_EQ(n, MX_HOSTS_MAX);
}

static void
test_route_lines(void)
{
	static const struct {
		const char *line;
		const char *domain, *relay;
		uint16_t port;
		enum conf_security security;
		unsigned char family;
	} rows[] = {
	    {"example.com:relay.example.net", "example.com", "relay.example.net", 0, 0, 0},
	    {".example.com: relay.example.net,587 /SECURITY=REQUIRED", ".example.com",
		"relay.example.net", 587, CONF_SECURITY_REQUIRED, 0},
	    {":smart.example.net,465/SECURITY=SMTPS/IPV4ONLY", "", "smart.example.net", 465,
		CONF_SECURITY_SMTPS, 4},
	    {":[192.0.2.9],2525/SECURITY=STARTTLS,IPV6ONLY", "", "192.0.2.9", 2525,
		CONF_SECURITY_VERIFIED, 6},
	    {"x.test:[IPv6:2001:db8::1]", "x.test", "2001:db8::1", 0, 0, 0},
	    {"x.test:[2001:db8::1],26", "x.test", "2001:db8::1", 26, 0, 0},
	    {"x.test:", "x.test", "", 0, 0, 0},
	    {"x.test:,2525", "x.test", "", 2525, 0, 0},
	};
	static const char *const wrong[] = {"x.test", "x.test:a b", "x.test:relay,0",
	    "x.test:relay,70000", "x.test:relay/FOO", "x.test:[1.2.3]", "x..y:relay",
	    "x.test:re_lay!", "x.test:relay/SECURITY=MAYBE", "x.test:[]"};
	struct conf_route r;
	const char *expected;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CHECK(conf_route_parse(sl_str(rows[i].line), &r, &expected));
		CHECK_SL(r.domain, sl_str(rows[i].domain));
		CHECK_SL(r.relay, sl_str(rows[i].relay));
		CHECK(r.port == rows[i].port && r.security == rows[i].security &&
		      r.family == rows[i].family);
		CHECK((r.ip.family != 0) == (sl_find(sl_str(rows[i].line), '[') <
						strlen(rows[i].line)));
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		if (!CHECK(!conf_route_parse(sl_str(wrong[i]), &r, &expected)))
			CHECK_SL(sl_str(wrong[i]), SL("is taken"));
}

static void
test_route_find(void)
{
	static const char *items[] = {"a.test:one.test", ".a.test:two.test", "b.test:",
	    ":smart.test,2525"};
	struct conf_list lines = {items, 4};
	struct conf_route r;

	CHECK(esmtproutes_find(&lines, SL("A.TEST"), &r));
	CHECK_SL(r.relay, SL("one.test"));
	CHECK(esmtproutes_find(&lines, SL("x.y.a.test"), &r));
	CHECK_SL(r.relay, SL("two.test"));
	CHECK(esmtproutes_find(&lines, SL("b.test"), &r));
	CHECK_EQ(r.relay.n, 0);
	CHECK(esmtproutes_find(&lines, SL("za.test"), &r));
	CHECK_EQ(r.port, 2525);
	lines.count = 3;
	CHECK(!esmtproutes_find(&lines, SL("za.test"), &r));
	CHECK(r.relay.n == 0 && r.port == 0);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"order", test_order},
	    {"implicit", test_implicit},
	    {"null", test_null},
	    {"address", test_address},
	    {"self", test_self},
	    {"many", test_many},
	    {"route_lines", test_route_lines},
	    {"route_find", test_route_find},
	};
	int status;

	arena = arena_new("test", 1 << 20);
	conf_defaults("mail.example.org", &conf);
	status = check_main(argc, argv, rows, COUNT_OF(rows));
	conf_fini(&conf);
	arena_free(arena);
	return status;
}
