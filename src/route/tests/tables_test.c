/*
 * The tables: smtpaccess, domains, aliases.
 */
#include <string.h>

#include "base/check.h"
#include "route/access.h"
#include "route/alias.h"
#include "route/domains.h"
#include "route_test.h"

static bool
collect(void *arg, struct slice key, struct slice value)
{
	struct buf *out = arg;

	buf_put(out, key);
	buf_put(out, SL(" -> "));
	for (size_t i = 0; i < value.n; i++)
		buf_put_byte(out, value.p[i] == '\n' ? '|' : value.p[i]);
	buf_put(out, SL("\n"));
	return true;
}

static bool
put(void *arg, struct slice key, struct slice value)
{
	dict_mem_put(arg, key, value);
	return true;
}

/* --- smtpaccess ------------------------------------------------------------ */

static void
expect_access(const char *text, const char *want)
{
	struct access_table *t = access_table_new();
	struct conf_report r;
	struct buf out;

	conf_report_init(&r);
	buf_init(&out, 65536);
	access_table_read(t, "a", sl_str(text), &r);
	access_table_each(t, collect, &out);
	conf_report_put(&r, &out);
	CHECK_SL(buf_slice(&out), sl_str(want));
	buf_fini(&out);
	conf_report_fini(&r);
	access_table_free(t);
}

void
test_access_blocks(void)
{
	expect_access("# none\n\n", "");
	expect_access("192.0.2.1\tallow,RELAYCLIENT\n10\tdeny\n192.168 \t "
		      "allow,RELAYCLIENT,BLOCK=no thanks\n",
	    "192.0.2.1/32 -> allow,RELAYCLIENT\n10.0.0.0/8 -> deny\n192.168.0.0/16 -> "
	    "allow,RELAYCLIENT,BLOCK=no thanks\n"
	    "bits4 -> 32 16 8\n");
	expect_access(
	    "10.9.8.7/12\tdeny\n2001:DB8::/32\tallow\n:2001:0db8:0001\tdeny\n::1\tallow\n*\tdeny",
	    "10.0.0.0/12 -> deny\n2001:db8::/32 -> allow\n2001:db8:1::/48 -> deny\n::1/128 -> "
	    "allow\n0.0.0.0/0 -> deny\n::/0 -> deny\n"
	    "bits4 -> 12 0\nbits6 -> 128 48 32 0\n");
}

void
test_access_errors(void)
{
	expect_access("300\tdeny", "a:1: found \"300\", expected an address, its first bytes "
				   "(192.0.2), address/bits or *\n");
	expect_access("1.2.3.4.5\tdeny", "a:1: found \"1.2.3.4.5\", expected an address, its first "
					 "bytes (192.0.2), address/bits or *\n");
	expect_access("1.2.3.4/33\tdeny", "a:1: found \"1.2.3.4/33\", expected an address, its "
					  "first bytes (192.0.2), address/bits or *\n");
	expect_access("1.2.3.4",
	    "a:1: found \"1.2.3.4\" without an action, expected address, tab, allow or deny\n");
	expect_access("1 refuse",
	    "a:1: found this action (\"refuse\"), expected deny, or allow and ,NAME=value\n");
	expect_access("1 allow,9X",
	    "a:1: found this variable name (\"9X\"), expected deny, or allow and ,NAME=value\n");
	expect_access("1 allow,RELAYCLIENT=@x",
	    "a:1: found RELAYCLIENT with a value, which is not supported (\"RELAYCLIENT\"), "
	    "expected deny, or allow and ,NAME=value\n");
	expect_access("1 deny,X", "a:1: found variables behind deny (\"deny,X\"), expected deny, "
				  "or allow and ,NAME=value\n");
	expect_access("10 allow\n10.0.0.0/8 deny\n",
	    "10.0.0.0/8 -> allow\nbits4 -> 8\na:2: found a second entry for 10.0.0.0/8, expected "
	    "one (the first is a:1)\n");
}

static void
expect_policy(struct dict *d, const char *ip, bool deny, const char *name, const char *want)
{
	struct arena *a = arena_new("test", 65536);
	struct access_policy p;
	struct fault f;
	struct slice value = SL("(none)");
	struct ip addr;

	CHECK(ip_parse(sl_str(ip), &addr));
	CHECK_EQ(access_lookup(d, &addr, a, &p, &f), ST_OK);
	CHECK_EQ(p.deny, deny);
	access_variable(&p, sl_str(name), &value);
	CHECK_SL(value, sl_str(want));
	arena_free(a);
}

void
test_access_lookup(void)
{
	struct access_table *t = access_table_new();
	struct dict *d = dict_mem_new();
	struct arena *a = arena_new("test", 65536);
	struct access_policy p;
	struct conf_report r;
	struct fault f;

	conf_report_init(&r);
	access_table_read(t, "a",
	    SL("*\tallow,W=any\n127.0.0.1\tallow,RELAYCLIENT\n10\tallow,W=ten\n10.1.2.0/23\tdeny\n"
	       "10.1.3\tallow,BLOCK=go away, W= x y \n2001:db8::/32\tallow,W=six\n"),
	    &r);
	CHECK_EQ(r.errors, 0);
	access_table_each(t, put, d);
	expect_policy(d, "127.0.0.1", false, "RELAYCLIENT", "");
	expect_policy(d, "::ffff:127.0.0.1", false, "RELAYCLIENT", "");
	expect_policy(d, "127.0.0.2", false, "W", "any");
	expect_policy(d, "10.9.9.9", false, "W", "ten");
	expect_policy(d, "10.1.2.255", true, "W", "(none)");
	expect_policy(d, "10.1.3.1", false, "W", " x y");
	expect_policy(d, "10.1.3.1", false, "BLOCK", "go away");
	expect_policy(d, "2001:db8::9", false, "W", "six");
	expect_policy(d, "2001:db9::9", false, "W", "any");
	expect_policy(NULL, "10.1.2.3", false, "W", "(none)");
	dict_mem_put(d, SL("10.0.0.0/8"), SL("nonsense"));
	CHECK_EQ(access_lookup(d, &(struct ip){4, {10, 9, 9, 9}}, a, &p, &f), ST_TEMP);
	arena_free(a);
	conf_report_fini(&r);
	dict_close(d);
	access_table_free(t);
}

/* --- domains --------------------------------------------------------------- */

static void
expect_domains(const char *text, bool aliases, const char *want)
{
	struct conf c;
	struct conf_report r;
	struct buf out;

	test_conf(&c);
	conf_report_init(&r);
	buf_init(&out, 65536);
	route_domains_read(&c, "h", sl_str(text), aliases, collect, &out, &r);
	conf_report_put(&r, &out);
	CHECK_SL(buf_slice(&out), sl_str(want));
	buf_fini(&out);
	conf_report_fini(&r);
	conf_fini(&c);
}

void
test_domains(void)
{
	expect_domains("# x\nA.example\n.b.example\r\nc.example\td.Example\n*\n*.corp.example",
	    true,
	    "a.example -> \n.b.example -> \nc.example -> d.example\nmail.example.org -> "
	    "\nmail.corp.example -> \n");
	expect_domains("a.example\tb.example\nnot a domain\n!x.example\n*x", false,
	    "h:1: found \"b.example\" behind the domain, expected nothing\n"
	    "h:2: found \"a domain\" behind the domain, expected nothing\n"
	    "h:3: found \"!x.example\", expected a domain such as example.com or .example.com\n"
	    "h:4: found \"*x\", expected a domain such as example.com or .example.com\n");
}

/* --- aliases --------------------------------------------------------------- */

static enum st
include(void *arg, const char *path, struct buf *out, struct fault *f)
{
	(void)arg;
	if (strcmp(path, "/lists/two") == 0) {
		buf_put_str(
		    out, "# two people\nx@far.example\n Yvonne (Y) <y@far.example>, anna\n");
		return ST_OK;
	}
	if (strcmp(path, "/lists/self") == 0) {
		buf_put_str(out, ":include:/lists/self");
		return ST_OK;
	}
	if (strcmp(path, "/lists/bad") == 0) {
		buf_put_str(out, "a@b.example\nnot good\n");
		return ST_OK;
	}
	return fault_set(f, ST_NOENT, "", "does not exist");
}

struct dict *
test_aliases(struct route_map *m, const struct conf *c, const char *text, struct buf *out)
{
	struct alias_table *t = alias_table_new(m, c, include, NULL);
	struct dict *d = dict_mem_new();
	struct conf_report r;

	conf_report_init(&r);
	alias_table_read(t, "al", sl_str(text), &r);
	alias_table_expand(t, &r);
	alias_table_each(t, put, d);
	if (out != NULL && r.errors == 0)
		alias_table_each(t, collect, out);
	if (out != NULL)
		conf_report_put(&r, out);
	else
		CHECK_EQ(r.errors, 0);
	conf_report_fini(&r);
	alias_table_free(t);
	return d;
}

static void
expect_aliases(const char *text, const char *want)
{
	struct conf c;
	struct buf out;
	struct route_map *m;

	test_conf(&c);
	m = route_map_new(&c);
	buf_init(&out, 1 << 20);
	dict_close(test_aliases(m, &c, text, &out));
	CHECK_SL(buf_slice(&out), sl_str(want));
	buf_fini(&out);
	route_map_free(m);
	conf_fini(&c);
}

void
test_alias_forms(void)
{
	expect_aliases("", "");
	expect_aliases("postmaster: anna\n", "postmaster -> anna\n");
	expect_aliases("Postmaster: anna, Bob (the builder) "
		       "<bob@far.example>,\n\tanna@here.example, # a comment\n",
	    "postmaster -> anna|bob@far.example\n");
	expect_aliases("Team: anna,\n bob@Far.example, anna@HERE.example,\n   BOB@far.EXAMPLE\n# "
		       "done\nx@elsewhere.example: y\n",
	    "team -> anna|bob@Far.example\nx@elsewhere.example -> y\n");
	expect_aliases(
	    "\"Anna B\": anna\n\"a:b\"@here.example: bob\n", "a:b -> bob\nanna b -> anna\n");
	expect_aliases("all: team, carl\nteam: anna, bob\nmore: all, team, dora, anna\n",
	    "all -> anna|bob|carl\nmore -> anna|bob|carl|dora\nteam -> anna|bob\n");
	expect_aliases("anna: anna, archive\nboss: anna\nAnna2@a.sub.example: anna2\n",
	    "anna -> anna|archive\nanna2 -> anna2\nboss -> anna|archive\n");
	expect_aliases("@virt.example: vuser\ninfo@virt.example: anna\n",
	    "@virt.example -> vuser\ninfo@virt.example -> anna\n");
	expect_aliases("team: anna, All of us: bob, \"C\" <carl@far.example>;, \"x:y\": anna, "
	    "dora;\n",
	    "team -> anna|bob|carl@far.example|dora\n");
	expect_aliases("team: Everybody:\n\tanna,\n\tbob;\n", "team -> anna|bob\n");
	expect_aliases("lit: a@[192.0.2.1], b@[IPv6:::1]\n", "lit -> a@[192.0.2.1]|b@[IPv6:::1]\n");
}

void
test_alias_errors(void)
{
	expect_aliases("a: b\nb: c\nc: a\n",
	    "al:1: found that a comes back to itself through b, c, expected an end\n");
	expect_aliases("a: x\nA: y\n",
	    "al:2: found a second definition of a, expected one (the first is al:1)\n");
	expect_aliases("nonsense\n", "al:1: found \"nonsense\", expected name: member, member\n");
	expect_aliases("a:\nb: ,,\n", "al:1: found no members of a, expected at least one\nal:2: "
				      "found no members of b, expected at least one\n");
	expect_aliases("a: /var/mail/x\nb: |prog\nc: \"|prog -x\"\nd: host!user\n",
	    "al:1: found \"/var/mail/x\", expected an address (files as members are not supported; "
	    "use an account with a .courier file)\n"
	    "al:2: found \"|prog\", expected an address (programs as members are not supported; "
	    "use an account with a .courier file)\n"
	    "al:3: found \"\"|prog -x\"\", expected an address (programs as members are not "
	    "supported; use an account with a .courier file)\n"
	    "al:4: found \"host!user\", expected an address (UUCP paths are not supported)\n");
	expect_aliases("ok: a\nbad: a b, c (d\n x: y\n",
	    "al:2: found \"a b\", expected one mail address between commas\n"
	    "al:2: found \"c (d\", expected an address whose quotes and parentheses close\n"
	    "al:3: found \"x: y\", expected one mail address between commas\n");
	expect_aliases("@v.example: a@b.example\n@: x\n",
	    "al:1: found \"a@b.example\", expected @domain: account (one local account, whose "
	    "extensions are the addresses of the domain)\n"
	    "al:2: found \"x\", expected @domain: account (one local account, whose extensions are "
	    "the addresses of the domain)\n");
	expect_aliases("\"\"@v.example: x\n",
	    "al:1: found the address \"\"\"@v.example\", whose local part is empty\n");
	expect_aliases(
	    "a b: c\n", "al:1: found \"a b\", expected a name or an address before the colon\n");
}

void
test_alias_include(void)
{
	expect_aliases("l: :include:/lists/two, z\n", "l -> x@far.example|y@far.example|anna|z\n");
	expect_aliases("l: :include:/lists/none\n", "al:1: /lists/none: does not exist\n");
	expect_aliases("l: :include:lists\n",
	    "al:1: found \"lists\", expected a path that begins with / behind :include:\n");
	expect_aliases("l: :include:/lists/bad\n",
	    "/lists/bad:2: found \"not good\", expected one mail address between commas\n");
	expect_aliases("l: :include:/lists/self\n",
	    "/lists/self:1: found \"/lists/self\", expected less :include: inside :include:\n");
}

/* A chain at the limit of depth, one beyond it, and a list at the limit of members. */
void
test_alias_big(void)
{
	struct buf text;
	struct conf c;
	struct route_map *m;
	struct buf out;

	test_conf(&c);
	m = route_map_new(&c);
	for (int depth = ALIAS_DEPTH_MAX; depth <= ALIAS_DEPTH_MAX + 1; depth++) {
		buf_init(&text, 1 << 20);
		buf_init(&out, 1 << 20);
		for (int i = 0; i < depth; i++)
			buf_fmt(&text, "n%03d: n%03d\n", i, i + 1);
		dict_close(test_aliases(m, &c, buf_str(&text), &out));
		CHECK((sl_search(buf_slice(&out), SL("aliases deep")) < out.n) ==
		      (depth > ALIAS_DEPTH_MAX));
		buf_fini(&text);
		buf_fini(&out);
	}
	for (int members = ALIAS_MEMBERS_MAX; members <= ALIAS_MEMBERS_MAX + 1; members++) {
		buf_init(&text, 1 << 20);
		buf_init(&out, 1 << 20);
		buf_put_str(&text, "big: m0");
		for (int i = 1; i < members; i++)
			buf_fmt(&text, ",\n m%d", i);
		dict_close(test_aliases(m, &c, buf_str(&text), &out));
		CHECK((sl_search(buf_slice(&out), SL("found more than 5000 members")) < out.n) ==
		      (members > ALIAS_MEMBERS_MAX));
		buf_fini(&text);
		buf_fini(&out);
	}
	route_map_free(m);
	conf_fini(&c);
}
