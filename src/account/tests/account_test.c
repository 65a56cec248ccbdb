/*
 * Account records, options, the authdaemon protocol, userdb lines.
 */
#include "account/account.h"
#include "account/authproto.h"
#include "account/userdb.h"
#include "base/check.h"

static struct arena *arena;

static const struct account anna = {
    .address = {(const unsigned char *)"anna@example.org", 16},
    .has_ids = true,
    .uid = 1000,
    .gid = 4294967294U,
    .home = {(const unsigned char *)"/home/anna", 10},
    .maildir = {(const unsigned char *)"Mail", 4},
    .quota = {(const unsigned char *)"1000S", 5},
    .options = {(const unsigned char *)"disableimap=1", 13},
    .delivery = {(const unsigned char *)"| prog\t-x", 9},
    .name = {(const unsigned char *)"Anna \xc3\x84", 7},
    .password = {(const unsigned char *)"$1$x", 4},
    .clear = {(const unsigned char *)"secret", 6},
};

static void
check_same_account(const struct account *a, const struct account *b)
{
	CHECK_SL(a->address, b->address);
	CHECK_SL(a->username, b->username);
	CHECK_EQ(a->has_ids, b->has_ids);
	CHECK_EQ(a->uid, b->uid);
	CHECK_EQ(a->gid, b->gid);
	CHECK_SL(a->home, b->home);
	CHECK_SL(a->maildir, b->maildir);
	CHECK_SL(a->quota, b->quota);
	CHECK_SL(a->options, b->options);
	CHECK_SL(a->delivery, b->delivery);
	CHECK_SL(a->name, b->name);
	CHECK_SL(a->password, b->password);
	CHECK_SL(a->clear, b->clear);
}

static void
test_record(void)
{
	struct account got;
	struct buf text;
	struct fault f;
	size_t used = 0;

	buf_init(&text, 65536);
	CHECK_EQ(account_check(&anna, &f), ST_OK);
	account_encode(&anna, &text);
	for (size_t n = 0; n < text.n; n++)
		CHECK(account_decode(sl_sub(buf_slice(&text), 0, n), arena, &got, &used, &f) ==
		      ST_AGAIN);
	buf_put(&text, SL("more"));
	CHECK_EQ(account_decode(buf_slice(&text), arena, &got, &used, &f), ST_OK);
	CHECK_EQ(used, text.n - 4);
	check_same_account(&got, &anna);
	buf_fini(&text);
}

static void
expect_record(const char *text, enum st want, const char *words)
{
	struct account got;
	struct fault f = FAULT_NONE;
	size_t used;

	CHECK_EQ(account_decode(sl_str(text), arena, &got, &used, &f), want);
	CHECK_SL(sl_str(f.text), sl_str(words));
}

static void
test_record_errors(void)
{
	expect_record("ADDRESS=a\nUSERNAME=a\nHOME=/h\n.\n", ST_OK, "");
	expect_record("ADDRESS=a\nUID=1\nGID=2\nHOME=/h\nFUTURE=x\n.\n", ST_OK, "");
	expect_record(
	    "UID=1\nGID=2\nHOME=/h\n.\n", ST_SYNTAX, "account record: ADDRESS is missing");
	expect_record(
	    "ADDRESS=a\nUID=1\nHOME=/h\n.\n", ST_SYNTAX, "account record: found UID without GID");
	expect_record("ADDRESS=a\nHOME=/h\n.\n", ST_SYNTAX,
	    "account record: found neither UID and GID nor USERNAME");
	expect_record("ADDRESS=a\nUID=1\nGID=1\nHOME=h\n.\n", ST_SYNTAX,
	    "account record: found HOME \"h\", expected a path that begins with /");
	expect_record("ADDRESS=a\nADDRESS=a\n", ST_SYNTAX,
	    "account record: found a second ADDRESS line, expected one");
	expect_record(
	    "UID=-1\n", ST_SYNTAX, "account record: found \"-1\" in UID, expected a number");
	expect_record("UID=4294967295\n", ST_SYNTAX,
	    "account record: found \"4294967295\" in UID, expected a number");
	expect_record(
	    "HOME=/\x01\n", ST_SYNTAX, "account record: found a control character in HOME");
	expect_record("nonsense\n", ST_SYNTAX,
	    "account record: found \"nonsense\", expected NAME=value or a dot");
}

static void
expect_merge(const char *defaults, const char *own, const char *want)
{
	struct buf out;

	buf_init(&out, 4096);
	account_options_merge(sl_str(defaults), sl_str(own), &out);
	CHECK_SL(buf_slice(&out), sl_str(want));
	buf_fini(&out);
}

/* R2595-2.3-b */
static void
test_options(void)
{
	struct account acc = anna;
	char long_options[ACCOUNT_OPTIONS_MAX];
	struct slice value;

	CHECK(account_option(SL("a=1, b=two ,c"), SL("b"), &value));
	CHECK_SL(value, SL("two"));
	CHECK(account_option(SL("a=1,c"), SL("C"), &value));
	CHECK_SL(value, SL("1"));
	CHECK(account_option(SL("a=1,a=0"), SL("a"), &value));
	CHECK_SL(value, SL("0"));
	CHECK(!account_option(SL("aa=1,"), SL("a"), &value));
	expect_merge("", "", "");
	expect_merge("a=1,b=2", "", "a=1,b=2");
	expect_merge("a=1,b=2,c", "b=0", "b=0,a=1,c=1");
	CHECK_EQ(account_options_apply(&acc, SL("a=1,disableimap=0"), arena), ST_OK);
	CHECK_SL(acc.options, SL("disableimap=1,a=1"));
	memset(long_options, 'x', sizeof(long_options));
	CHECK_EQ(account_options_apply(&acc, sl_mem(long_options, sizeof(long_options)), arena),
	    ST_LIMIT);
	CHECK_SL(acc.options, SL("disableimap=1,a=1"));
	CHECK(account_service_is_allowed(SL(""), SL("imap"), false));
	CHECK(!account_service_is_allowed(SL("disableimap=1"), SL("imap"), true));
	CHECK(account_service_is_allowed(SL("disableimap=0"), SL("imap"), true));
	CHECK(account_service_is_allowed(SL("disableinsecureimap"), SL("imap"), true));
	CHECK(!account_service_is_allowed(SL("disableinsecureimap"), SL("imap"), false));
	CHECK(!account_service_is_allowed(SL("disablepop3"), SL("pop3"), true));
	CHECK(account_service_is_allowed(SL("disablepop3,disableimap"), SL("esmtp"), false));
}

/* --- protocol -------------------------------------------------------------- */

static void
check_request(const struct auth_request *r)
{
	struct auth_request got;
	struct buf text;
	struct fault f;
	size_t used = 0;

	buf_init(&text, 65536);
	CHECK(auth_request_is_clean(r));
	auth_request_put(r, &text);
	for (size_t n = 0; n < text.n; n++)
		CHECK(auth_request_parse(sl_sub(buf_slice(&text), 0, n), &got, &used, &f) ==
		      ST_AGAIN);
	buf_put(&text, SL("PRE"));
	CHECK_EQ(auth_request_parse(buf_slice(&text), &got, &used, &f), ST_OK);
	CHECK_EQ(used, text.n - 3);
	CHECK_EQ(got.kind, r->kind);
	CHECK_SL(got.module, r->module);
	CHECK_SL(got.service, r->service);
	CHECK_SL(got.type, r->type);
	CHECK_SL(got.user, r->user);
	CHECK_SL(got.secret, r->secret);
	CHECK_SL(got.new_secret, r->new_secret);
	CHECK_SL(got.remote_ip, r->remote_ip);
	buf_fini(&text);
}

static void
test_requests(void)
{
	check_request(&(struct auth_request){AUTH_PRE, SL("."), SL("courier"), SL(""),
	    SL("a b@example.org"), SL(""), SL(""), SL("")});
	check_request(&(struct auth_request){AUTH_PRE, SL("authuserdb"), SL("imap"), SL(""),
	    SL("a"), SL(""), SL(""), SL("192.0.2.1")});
	check_request(&(struct auth_request){AUTH_LOGIN, SL("."), SL("esmtp"), SL("login"), SL("a"),
	    SL("s e c"), SL(""), SL("::1")});
	check_request(&(struct auth_request){
	    AUTH_LOGIN, SL("."), SL("esmtp"), SL("login"), SL("a"), SL(""), SL(""), SL("")});
	check_request(&(struct auth_request){AUTH_LOGIN, SL("."), SL("imap"), SL("cram-md5"),
	    SL(""), SL("Y2g=\ncmU=\n"), SL(""), SL("")});
	check_request(&(struct auth_request){
	    AUTH_PASSWD, SL("."), SL("imap"), SL(""), SL("a"), SL("old"), SL("new one"), SL("")});
	check_request(&(struct auth_request){
	    AUTH_ENUMERATE, SL("."), SL(""), SL(""), SL(""), SL(""), SL(""), SL("")});
	CHECK(!auth_request_is_clean(&(struct auth_request){
	    AUTH_PRE, SL("."), SL("imap"), SL(""), SL("a\nb"), SL(""), SL(""), SL("")}));
	CHECK(!auth_request_is_clean(&(struct auth_request){
	    AUTH_LOGIN, SL("."), SL("imap"), SL("login"), SL("a"), SL("p\nq"), SL(""), SL("")}));
	CHECK(!auth_request_is_clean(&(struct auth_request){
	    AUTH_PASSWD, SL("."), SL("i"), SL(""), SL("a"), SL("p\tq"), SL("n"), SL("")}));
}

static void
test_request_errors(void)
{
	static const struct {
		const char *text;
		enum st st;
	} rows[] = {
	    {"", ST_AGAIN},
	    {"PRE . imap", ST_AGAIN},
	    {"PRE . imap\n", ST_SYNTAX},
	    {"PRE . imap \n", ST_SYNTAX},
	    {"PRE . imap u\n", ST_OK},
	    {"pre . imap u\n", ST_SYNTAX},
	    {"QUIT\n", ST_SYNTAX},
	    {"AUTH x\n", ST_SYNTAX},
	    {"AUTH 99999\n", ST_SYNTAX},
	    {"AUTH 3\na\nb", ST_SYNTAX},
	    {"AUTH 12\ns\nlogin\nu\npw", ST_OK},
	    {"AUTH 14\ns\nlogin\nu\np\nx", ST_AGAIN},
	    {"AUTH 13\ns\nlogin\nu\np\nx", ST_SYNTAX},
	    {"TCPREMOTEIP=1\nOTHER_1=x\nPRE . s u\n", ST_OK},
	    {"PASSWD s\tu\to\n", ST_SYNTAX},
	    {"PASSWD s\tu\to\tn\n", ST_OK},
	    {"PASSWD s\tu\to\tn\tm\n", ST_SYNTAX},
	};
	struct auth_request r;
	struct fault f;
	size_t used;
	static unsigned char many[AUTH_REQUEST_MAX];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!CHECK(auth_request_parse(sl_str(rows[i].text), &r, &used, &f) == rows[i].st))
			CHECK_SL(sl_str(rows[i].text), sl_str(f.text));
	memset(many, 'A', sizeof(many));
	CHECK_EQ(auth_request_parse(sl_mem(many, sizeof(many)), &r, &used, &f), ST_LIMIT);
}

static void
test_answers(void)
{
	struct account got;
	enum auth_outcome outcome = AUTH_TROUBLE;
	struct buf text;
	struct fault f;
	size_t used = 0;

	buf_init(&text, 65536);
	auth_answer_put(AUTH_PRE, AUTH_YES, &anna, &text);
	CHECK_EQ(
	    auth_answer_parse(AUTH_PRE, buf_slice(&text), arena, &outcome, &got, &used, &f), ST_OK);
	CHECK(outcome == AUTH_YES && used == text.n);
	check_same_account(&got, &anna);
	CHECK_EQ(
	    auth_answer_parse(AUTH_PRE, SL("FAI"), arena, &outcome, &got, &used, &f), ST_AGAIN);
	CHECK_EQ(
	    auth_answer_parse(AUTH_LOGIN, SL("FAIL\n"), arena, &outcome, &got, &used, &f), ST_OK);
	CHECK(outcome == AUTH_NO && used == 5);
	CHECK_EQ(
	    auth_answer_parse(AUTH_PASSWD, SL("O"), arena, &outcome, &got, &used, &f), ST_AGAIN);
	CHECK_EQ(
	    auth_answer_parse(AUTH_PASSWD, SL("OK\n"), arena, &outcome, &got, &used, &f), ST_OK);
	CHECK(outcome == AUTH_YES && used == 3);
	CHECK_EQ(auth_answer_parse(AUTH_PASSWD, SL("OX\n"), arena, &outcome, &got, &used, &f),
	    ST_SYNTAX);
	buf_clear(&text);
	auth_answer_put(AUTH_PRE, AUTH_TROUBLE, NULL, &text);
	CHECK_EQ(text.n, 0);
	buf_fini(&text);
}

static void
test_list(void)
{
	struct auth_list_item items[] = {{.kind = AUTH_LIST_MODULE, .module = SL("authuserdb")},
	    {.kind = AUTH_LIST_ACCOUNT, .account = anna}, {.kind = AUTH_LIST_END}};
	struct buf text;
	struct slice rest;
	struct fault f;

	buf_init(&text, 65536);
	for (size_t i = 0; i < 3; i++)
		auth_list_put(&items[i], &text);
	CHECK_SL(buf_slice(&text), SL("# "
				      "authuserdb\n\nanna@example.org\t1000\t4294967294\t/home/"
				      "anna\tMail\tdisableimap=1\n.\n"));
	rest = buf_slice(&text);
	for (size_t i = 0; i < 3; i++) {
		struct auth_list_item got;
		size_t used = 0;

		CHECK_EQ(auth_list_parse(rest, &got, &used, &f), ST_OK);
		CHECK_EQ(got.kind, items[i].kind);
		CHECK_SL(got.account.home, items[i].account.home);
		CHECK_SL(got.account.options, items[i].account.options);
		rest = sl_skip(rest, used);
	}
	CHECK_EQ(rest.n, 0);
	CHECK_EQ(auth_list_parse(SL("a\tb\n"), &items[0], &(size_t){0}, &f), ST_SYNTAX);
	CHECK_EQ(auth_list_parse(SL("# x\n"), &items[0], &(size_t){0}, &f), ST_AGAIN);
	buf_fini(&text);
}

static void
test_walk(void)
{
	static const char *const names[] = {"authuserdb", "authpipe"};
	struct auth_request r = {.kind = AUTH_PRE, .module = SL(".")};
	struct auth_walk w;

	CHECK_EQ(auth_walk_start(&w, &r, names, 2), ST_OK);
	auth_walk_answer(&w, AUTH_NO);
	CHECK(!w.done && w.at == 1);
	auth_walk_answer(&w, AUTH_YES);
	CHECK(w.done && w.outcome == AUTH_YES);
	CHECK_EQ(auth_walk_start(&w, &r, names, 2), ST_OK);
	auth_walk_answer(&w, AUTH_TROUBLE);
	CHECK(w.done && w.outcome == AUTH_TROUBLE);
	r.module = SL("authpipe");
	CHECK_EQ(auth_walk_start(&w, &r, names, 2), ST_OK);
	CHECK_EQ(w.at, 1);
	auth_walk_answer(&w, AUTH_NO);
	CHECK(w.done && w.outcome == AUTH_NO);
	r.module = SL("authldap");
	CHECK_EQ(auth_walk_start(&w, &r, names, 2), ST_NOENT);
	CHECK(w.done && w.outcome == AUTH_NO);
	r = (struct auth_request){.kind = AUTH_ENUMERATE, .module = SL(".")};
	CHECK_EQ(auth_walk_start(&w, &r, names, 2), ST_OK);
	auth_walk_answer(&w, AUTH_YES);
	CHECK(!w.done && w.at == 1);
	auth_walk_answer(&w, AUTH_YES);
	CHECK(w.done && w.outcome == AUTH_YES);
}

/* --- userdb ---------------------------------------------------------------- */

static void
expect_line(const char *line, enum st want, const char *words)
{
	struct slice key, fields;
	struct fault f = FAULT_NONE;

	CHECK_EQ(userdb_line_parse(sl_str(line), &key, &fields, &f), want);
	CHECK_SL(sl_str(f.text), sl_str(words));
}

static void
test_userdb_lines(void)
{
	struct slice key, fields;
	struct fault f;

	CHECK_EQ(userdb_line_parse(SL("a@b.example\tuid=5|gid=6|home=/h|x\r"), &key, &fields, &f),
	    ST_OK);
	CHECK_SL(key, SL("a@b.example"));
	CHECK_SL(fields, SL("uid=5|gid=6|home=/h|x"));
	expect_line("", ST_NOENT, "");
	expect_line("# x\ty", ST_NOENT, "");
	expect_line(
	    "a b\tuid=1", ST_SYNTAX, "found a blank or control character in the address \"a b\"");
	expect_line("a uid=1", ST_SYNTAX,
	    "found no tab behind \"a uid=1\", expected address, tab, field=value|field=value");
	expect_line("uid=1\tuid=1", ST_SYNTAX,
	    "found the address \"uid=1\", expected one that does not begin with # or uid=");
	expect_line("a\tuid=x", ST_SYNTAX, "found uid=x, expected a number");
	expect_line("a\thome=h", ST_SYNTAX, "found home=h, expected a path that begins with /");
	expect_line("a\tuid=1|uid=2", ST_SYNTAX, "found the field uid twice, expected it once");
	expect_line("a\tu d=1", ST_SYNTAX,
	    "found the field name \"u d\", expected letters, digits, - and _");
	expect_line("a\t=1", ST_SYNTAX, "found an empty field name, expected field=value");
}

static void
test_userdb_account(void)
{
	struct account acc;
	struct fault f;

	CHECK_EQ(userdb_account(SL("a"),
		     SL("uid=5|gid=6|home=/h|mail=/h/M|quota=9S|options=group=x|gecos=A B"),
		     SL("systempw=one|imappw=two"), SL("imap"), arena, &acc, &f),
	    ST_OK);
	CHECK_EQ(acc.uid, 5);
	CHECK_EQ(acc.gid, 6);
	CHECK_SL(acc.maildir, SL("/h/M"));
	CHECK_SL(acc.options, SL("group=x"));
	CHECK_SL(acc.name, SL("A B"));
	CHECK_SL(acc.password, SL("two"));
	CHECK_EQ(userdb_account(SL("a"), SL("uid=5|gid=6|home=/h"), SL("systempw=one|imappw=two"),
		     SL("pop3"), arena, &acc, &f),
	    ST_OK);
	CHECK_SL(acc.password, SL("one"));
	CHECK_EQ(userdb_account(SL("a"), SL("gid=6|home=/h"), SL(""), SL("pop3"), arena, &acc, &f),
	    ST_SYNTAX);
	CHECK_SL(sl_str(f.text), SL("userdb: the account a has no uid and gid"));
	CHECK(userdb_field_is_secret(SL("imappw")) && userdb_field_is_secret(SL("hmac-md5pw")) &&
	      !userdb_field_is_secret(SL("pwx")));
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"record", test_record},
	    {"record_errors", test_record_errors},
	    {"options", test_options},
	    {"requests", test_requests},
	    {"request_errors", test_request_errors},
	    {"answers", test_answers},
	    {"list", test_list},
	    {"walk", test_walk},
	    {"userdb_lines", test_userdb_lines},
	    {"userdb_account", test_userdb_account},
	};
	int status;

	arena = arena_new("account test", 1 << 20);
	status = check_main(argc, argv, rows, COUNT_OF(rows));
	arena_free(arena);
	return status;
}
