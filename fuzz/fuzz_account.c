/*
 * Accounts: records, requests and answers of the authdaemon protocol, userdb lines. What is read
 * and written again reads as the same; a request is the same however it arrives.
 */
#include "account/authproto.h"
#include "account/userdb.h"
#include "fuzz/fuzz.h"

static void
same_account(const struct account *a, const struct account *b)
{
	FUZZ_SAME(a->address, b->address);
	FUZZ_SAME(a->username, b->username);
	FUZZ_SAME(a->home, b->home);
	FUZZ_SAME(a->maildir, b->maildir);
	FUZZ_SAME(a->quota, b->quota);
	FUZZ_SAME(a->options, b->options);
	FUZZ_SAME(a->delivery, b->delivery);
	FUZZ_SAME(a->name, b->name);
	FUZZ_SAME(a->password, b->password);
	FUZZ_SAME(a->clear, b->clear);
	FUZZ_CHECK(a->has_ids == b->has_ids && a->uid == b->uid && a->gid == b->gid);
}

static void
record_round_trip(const struct account *acc, struct arena *a)
{
	struct account again;
	struct buf text;
	struct fault f;
	size_t used = 0;

	buf_init(&text, 65536);
	FUZZ_CHECK(account_check(acc, &f) == ST_OK);
	account_encode(acc, &text);
	FUZZ_CHECK(
	    account_decode(buf_slice(&text), a, &again, &used, &f) == ST_OK && used == text.n);
	same_account(&again, acc);
	buf_fini(&text);
}

static void
records(struct slice s, struct arena *a)
{
	struct account acc, again;
	enum auth_outcome outcome;
	struct fault f;
	size_t used = 0, used2 = 0;
	enum st st = account_decode(s, a, &acc, &used, &f);

	FUZZ_CHECK(st != ST_OK || used <= s.n);
	if (st == ST_OK) {
		/* A record that has no ids must not have uid alone; encode drops what a lone uid
		 * was. */
		if (acc.has_ids || (acc.uid == 0 && acc.gid == 0))
			record_round_trip(&acc, a);
		FUZZ_CHECK(
		    account_decode(sl_sub(s, 0, used - 1), a, &again, &used2, &f) == ST_AGAIN);
	}
	if (auth_answer_parse(AUTH_PASSWD, s, a, &outcome, &acc, &used, &f) == ST_OK)
		FUZZ_CHECK(used == (outcome == AUTH_YES ? 3 : 5));
}

static void
same_request(const struct auth_request *a, const struct auth_request *b)
{
	FUZZ_CHECK(a->kind == b->kind);
	FUZZ_SAME(a->module, b->module);
	FUZZ_SAME(a->service, b->service);
	FUZZ_SAME(a->type, b->type);
	FUZZ_SAME(a->user, b->user);
	FUZZ_SAME(a->secret, b->secret);
	FUZZ_SAME(a->new_secret, b->new_secret);
	FUZZ_SAME(a->remote_ip, b->remote_ip);
}

static void
requests(struct slice s)
{
	struct auth_request r, again;
	struct buf text;
	struct fault f;
	size_t used = 0, used2 = 0;
	enum st st = auth_request_parse(s, &r, &used, &f);

	if (st != ST_OK)
		return;
	FUZZ_CHECK(used <= s.n);
	for (size_t n = 0; n < used; n += 1 + n / 8)
		FUZZ_CHECK(auth_request_parse(sl_sub(s, 0, n), &again, &used2, &f) == ST_AGAIN);
	FUZZ_CHECK(
	    auth_request_parse(sl_sub(s, 0, used), &again, &used2, &f) == ST_OK && used2 == used);
	same_request(&again, &r);
	if (!auth_request_is_clean(&r))
		return;
	buf_init(&text, AUTH_REQUEST_MAX * 2);
	auth_request_put(&r, &text);
	if (text.n <= AUTH_REQUEST_MAX) {
		FUZZ_CHECK(auth_request_parse(buf_slice(&text), &again, &used2, &f) == ST_OK &&
			   used2 == text.n);
		same_request(&again, &r);
	}
	buf_fini(&text);
}

static void
lists(struct slice s)
{
	struct auth_list_item item, again;
	struct buf text;
	struct fault f;
	size_t used = 0, used2 = 0;

	buf_init(&text, 65536);
	while (auth_list_parse(s, &item, &used, &f) == ST_OK) {
		FUZZ_CHECK(used > 0 && used <= s.n);
		buf_clear(&text);
		auth_list_put(&item, &text);
		FUZZ_CHECK(auth_list_parse(buf_slice(&text), &again, &used2, &f) == ST_OK &&
			   used2 == text.n);
		FUZZ_CHECK(again.kind == item.kind);
		FUZZ_SAME(again.module, item.module);
		same_account(&again.account, &item.account);
		s = sl_skip(s, used);
	}
	buf_fini(&text);
}

static void
userdb_line(struct slice s, struct arena *a)
{
	struct slice key, fields, name, value, found, rest;
	struct account acc;
	struct fault f;

	if (userdb_line_parse(s, &key, &fields, &f) != ST_OK)
		return;
	for (rest = fields; userdb_field_next(&rest, &name, &value);) {
		FUZZ_CHECK(userdb_field(fields, name, &found));
		FUZZ_SAME(found, value);
	}
	if (userdb_account(key, fields, fields, SL("imap"), a, &acc, &f) == ST_OK)
		record_round_trip(&acc, a);
}

static void
options(struct slice s)
{
	struct slice own = s, defaults, value, value2;
	struct buf merged;
	bool has;

	sl_cut(&own, '\n', &defaults);
	buf_init(&merged, 1 << 20);
	account_options_merge(defaults, own, &merged);
	has = account_option(own, SL("a"), &value) || account_option(defaults, SL("a"), &value);
	FUZZ_CHECK(account_option(buf_slice(&merged), SL("a"), &value2) == has);
	if (account_option(own, SL("a"), &value))
		FUZZ_SAME(value2, value);
	buf_fini(&merged);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = sl_mem(data, size), line, rest = s;
	struct arena *a = arena_new("fuzz", 1 << 20);

	records(s, a);
	requests(s);
	lists(s);
	options(s);
	while (rest.n > 0) {
		sl_cut(&rest, '\n', &line);
		arena_reset(a);
		userdb_line(line, a);
	}
	arena_free(a);
	return 0;
}
