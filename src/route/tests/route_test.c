/*
 * Domains, and recipients on their way to the final list.
 */
#include "route_test.h"

#include "base/check.h"
#include "conf/load_int.h"
#include "route/alias.h"

static const struct {
	const char *name, *text;
} conf_texts[] = {
    {"me", "mail.example.org\n"},
    {"locals", "here.example\n.sub.example\n!not.sub.example\n"},
    {"esmtpacceptmailfor", "far.example\n.farther.example\n"},
    {"defaultdomain", "here.example\n"},
    {"bofh", "badfrom spam@bad.example\nbadfrom @worse.example\nbadfrom @.worst.example\nbadfrom "
	     "x@.odd.example\n"},
};

static enum st
conf_text(void *arg, const char *name, struct buf *out, struct fault *f)
{
	(void)arg;
	(void)f;
	for (size_t i = 0; i < COUNT_OF(conf_texts); i++) {
		if (strcmp(conf_texts[i].name, name) == 0) {
			buf_put_str(out, conf_texts[i].text);
			return ST_OK;
		}
	}
	return ST_NOENT;
}

void
test_conf(struct conf *c)
{
	struct conf_source src = {.dir = "/etc/c", .hostname = "h.example"};
	struct conf_report r;

	conf_report_init(&r);
	CHECK_EQ(conf_load_with(&src, conf_text, NULL, c, &r), ST_OK);
	conf_report_fini(&r);
}

/* --- domains --------------------------------------------------------------- */

static void
test_domain_kind(void)
{
	static const struct {
		const char *domain;
		enum route_domain kind;
		const char *as;
	} rows[] = {
	    {"here.example", ROUTE_LOCAL, "here.example"},
	    {"HERE.Example", ROUTE_LOCAL, "here.example"},
	    {"x.here.example", ROUTE_FOREIGN, "x.here.example"},
	    {"a.sub.example", ROUTE_LOCAL, "a.sub.example"},
	    {"a.b.c.sub.example", ROUTE_LOCAL, "a.b.c.sub.example"},
	    {"a.b.c.d.e.f.g.h.i.sub.example", ROUTE_FOREIGN, "a.b.c.d.e.f.g.h.i.sub.example"},
	    {"sub.example", ROUTE_FOREIGN, "sub.example"},
	    {"not.sub.example", ROUTE_FOREIGN, "not.sub.example"},
	    {"hosted.example", ROUTE_HOSTED, "hosted.example"},
	    {"w.wild.example", ROUTE_HOSTED, "w.wild.example"},
	    {"other.example", ROUTE_HOSTED, "hosted.example"},
	    {"tolocal.example", ROUTE_LOCAL, "here.example"},
	    {"chain.example", ROUTE_HOSTED, "other.example"},
	    {"far.example", ROUTE_ACCEPTED, "far.example"},
	    {"a.farther.example", ROUTE_ACCEPTED, "a.farther.example"},
	    {"dat.example", ROUTE_ACCEPTED, "dat.example"},
	    {"nowhere.example", ROUTE_FOREIGN, "nowhere.example"},
	    {"[192.0.2.1]", ROUTE_FOREIGN, "[192.0.2.1]"},
	    {".", ROUTE_FOREIGN, "."},
	    {"", ROUTE_FOREIGN, ""},
	};
	struct dict *hosted = dict_mem_new(), *accepted = dict_mem_new();
	struct arena *a = arena_new("test", 1 << 20);
	struct route_map *m;
	struct conf c;

	test_conf(&c);
	m = route_map_new(&c);
	dict_mem_put(hosted, SL("hosted.example"), SL(""));
	dict_mem_put(hosted, SL(".wild.example"), SL(""));
	dict_mem_put(hosted, SL("other.example"), SL("hosted.example"));
	dict_mem_put(hosted, SL("tolocal.example"), SL("here.example"));
	dict_mem_put(hosted, SL("chain.example"), SL("other.example"));
	dict_mem_put(accepted, SL("dat.example"), SL(""));
	route_map_set_hosted(m, hosted);
	route_map_set_accepted(m, accepted);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		enum route_domain kind = ROUTE_FOREIGN;
		struct slice as = SL_NONE;

		CHECK_EQ(route_domain_kind(m, sl_str(rows[i].domain), a, &kind, &as, NULL), ST_OK);
		CHECK_SL(as, sl_str(rows[i].as));
		if (!CHECK(kind == rows[i].kind))
			CHECK_SL(sl_str(rows[i].domain), SL("has another kind"));
	}
	dict_close(hosted);
	dict_close(accepted);
	arena_free(a);
	route_map_free(m);
	conf_fini(&c);
}

/* --- recipients ------------------------------------------------------------ */

static const char aliases_text[] =
    "postmaster: anna\n"
    "team: anna, bob+work, carl@far.example, gone, ANNA@here.example\n"
    "ghosts: gone, gone2\n"
    "one: gone\n"
    "out: x@nowhere.example\n"
    "info@hosted.example: u@hosted.example, anna\n"
    "@virt.example: vuser\n"
    "boss@virt.example: anna\n"
    "rewritten@far.example: bob\n"
    "loud: \"quoted name\"@far.example\n";

static const char *const accounts[] = {
    "anna", "bob", "a-b", "vuser", "u@hosted.example", "alias@catch.example", "x.y", "odd name"};

/* What an address becomes: recipients joined by " + ", or the fault. */
static void
answer(struct route_map *m, const struct route_request *r, struct buf *out)
{
	struct route_job *j = route_job_new(m, r);
	const struct route_recipient *list;
	size_t count, missing;
	struct fault f;
	struct slice account;

	while (route_job_run(j, &account) == ROUTE_ASKS) {
		size_t i = 0;

		if (sl_eq(account, SL("trouble"))) {
			fault_set(&f, ST_TEMP, "4.3.0", "nobody there");
			route_job_answer(j, ST_TEMP, SL_NONE, &f);
			continue;
		}
		while (i < COUNT_OF(accounts) && !sl_eq(account, sl_str(accounts[i])))
			i++;
		route_job_answer(j, i < COUNT_OF(accounts) ? ST_OK : ST_NOENT, account, NULL);
	}
	if (route_job_result(j, &list, &count, &missing, &f) != ST_OK)
		buf_fmt(out, "%s %u.%u.%u %s", st_name(f.st), f.esc[0], f.esc[1], f.esc[2], f.text);
	for (size_t i = 0; i < count; i++) {
		const struct route_recipient *one = &list[i];

		buf_fmt(out, "%s%.*s:%.*s", i > 0 ? " + " : "", SL_FMT(one->module),
		    SL_FMT(one->address));
		if (sl_eq(one->module, SL("local")))
			buf_fmt(out, "[%.*s,%.*s]", SL_FMT(one->account), SL_FMT(one->extension));
		else
			buf_fmt(out, "[%.*s]", SL_FMT(one->host));
		if (one->notify != 0)
			buf_fmt(out, "n%u", one->notify);
	}
	if (missing > 0)
		buf_fmt(out, " (%zu missing)", missing);
	route_job_free(j);
}

static const struct {
	const char *source;
	bool relay;
	const char *address, *want;
} recipient_rows[] = {
    {"esmtp", false, "anna@here.example", "local:anna@here.example[anna,]n2"},
    {"esmtp", false, "anna@HERE.example", "local:anna@here.example[anna,]n2"},
    {"esmtp", false, "anna@a.sub.example", "local:anna@a.sub.example[anna,]n2"},
    {"esmtp", false, "anna", "local:anna@here.example[anna,]n2"},
    {"esmtp", false, "Postmaster", "local:anna@mail.example.org[anna,]n2"},
    {"esmtp", false, "anna-ext@here.example", "local:anna-ext@here.example[anna,ext]n2"},
    {"esmtp", false, "anna+x-y@here.example", "local:anna+x-y@here.example[anna,x-y]n2"},
    {"esmtp", false, "a-b-c-d-e-f@here.example", "local:a-b-c-d-e-f@here.example[a-b,c-d-e-f]n2"},
    {"esmtp", false, "x.y@here.example", "local:x.y@here.example[x.y,]n2"},
    {"esmtp", false, "\"odd name\"@here.example", "local:\"odd name\"@here.example[odd name,]n2"},
    {"esmtp", false, "\"anna\"@here.example", "local:\"anna\"@here.example[anna,]n2"},
    {"esmtp", false, "Anna@here.example", "not found 5.1.1 User <Anna@here.example> unknown"},
    {"esmtp", false, "nobody@here.example", "not found 5.1.1 User <nobody@here.example> unknown"},
    {"esmtp", false, "-x@here.example", "not found 5.1.1 User <-x@here.example> unknown"},
    {"esmtp", false, "anna-@here.example", "not found 5.1.1 User <anna-@here.example> unknown"},
    {"local", true, "nobody-x@here.example", "local:nobody-x@here.example[nobody-x,]n2"},
    {"dsn", true, "nobody@here.example", "not found 5.1.1 User <nobody@here.example> unknown"},
    {"esmtp", false, ".anna@here.example",
	"permanent 5.1.3 Local part of the address is not possible here"},
    {"esmtp", false, "trouble@here.example",
	"temporary 4.3.0 Address cannot be looked up now: nobody there"},
    {"esmtp", false, "u@hosted.example", "local:u@hosted.example[u@hosted.example,]n2"},
    {"esmtp", false, "u-x@hosted.example", "local:u-x@hosted.example[u@hosted.example,x]n2"},
    {"esmtp", false, "anna@hosted.example", "not found 5.1.1 User <anna@hosted.example> unknown"},
    {"esmtp", false, "who@catch.example",
	"local:who@catch.example[alias@catch.example,who@catch.example]n2"},
    {"esmtp", false, "x@far.example", "esmtp:x@far.example[far.example]n2"},
    {"esmtp", false, "x@nowhere.example", "denied 5.7.1 Relaying to <x@nowhere.example> denied"},
    {"esmtp", true, "x@nowhere.example", "esmtp:x@nowhere.example[nowhere.example]n2"},
    {"esmtp", true, "\"a@b\"@Nowhere.Example", "esmtp:\"a@b\"@nowhere.example[nowhere.example]n2"},
    {"esmtp", false, "team@here.example",
	"local:anna@mail.example.org[anna,]n8 + local:bob+work@mail.example.org[bob,work]n8 + "
	"esmtp:carl@far.example[far.example]n8 (1 missing)"},
    {"esmtp", false, "TEAM-x@here.example", "not found 5.1.1 User <TEAM-x@here.example> unknown"},
    {"esmtp", false, "ghosts@here.example",
	"not found 5.1.1 User <ghosts@here.example> unknown: no member of this alias exists (2 "
	"missing)"},
    {"esmtp", false, "one@here.example", "not found 5.1.1 User <gone@mail.example.org> unknown"},
    {"esmtp", false, "out@here.example", "esmtp:x@nowhere.example[nowhere.example]n2"},
    {"esmtp", false, "loud@here.example", "esmtp:\"quoted name\"@far.example[far.example]n2"},
    {"esmtp", false, "INFO@hosted.example",
	"local:u@hosted.example[u@hosted.example,]n8 + local:anna@mail.example.org[anna,]n8"},
    {"esmtp", false, "sales@virt.example", "local:vuser-sales@mail.example.org[vuser,sales]n2"},
    {"esmtp", false, "boss@virt.example", "local:anna@mail.example.org[anna,]n2"},
    {"esmtp", false, "rewritten@far.example", "local:bob@mail.example.org[bob,]n2"},
    {"esmtp", false, "\"\"@virt.example", "esmtp:\"\"@virt.example[virt.example]n2"},
    {"esmtp", false, "\"bad\\\"@here.example", "permanent 5.1.3 Address is not possible"},
};

/* R3461-5.2.7-b, R3461-5.2.7-c, R3464-3-c: success that was asked for. */
static void
check_expanded(struct route_map *m, struct buf *out)
{
	static const char *const rows[][2] = {
	    {"team@here.example", "local:anna@mail.example.org[anna,]n8 + "
				  "local:bob+work@mail.example.org[bob,work]n8 + "
				  "esmtp:carl@far.example[far.example]n8 + "
				  "expanded:team@here.example[]n1 (1 missing)"},
	    {"out@here.example", "esmtp:x@nowhere.example[nowhere.example]n3"},
	    {"ghosts@here.example", "not found 5.1.1 User <ghosts@here.example> unknown: no member "
				    "of this alias exists (2 missing)"},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct route_request r = {.source = SL("esmtp"),
		    .address = sl_str(rows[i][0]),
		    .notify = ROUTE_NOTIFY_SUCCESS | ROUTE_NOTIFY_FAILURE};

		buf_clear(out);
		answer(m, &r, out);
		CHECK_SL(buf_slice(out), sl_str(rows[i][1]));
	}
}

static void
test_recipients(void)
{
	struct dict *hosted = dict_mem_new(), *accepted = dict_mem_new(), *aliases;
	struct route_map *m;
	struct conf c;
	struct buf out;

	test_conf(&c);
	m = route_map_new(&c);
	buf_init(&out, 65536);
	dict_mem_put(hosted, SL("hosted.example"), SL(""));
	dict_mem_put(hosted, SL("catch.example"), SL(""));
	dict_mem_put(accepted, SL("virt.example"), SL(""));
	route_map_set_hosted(m, hosted);
	route_map_set_accepted(m, accepted);
	aliases = test_aliases(m, &c, aliases_text, NULL);
	route_map_set_aliases(m, aliases);
	for (size_t i = 0; i < COUNT_OF(recipient_rows); i++) {
		struct route_request r = {.source = sl_str(recipient_rows[i].source),
		    .may_relay = recipient_rows[i].relay,
		    .address = sl_str(recipient_rows[i].address),
		    .notify = ROUTE_NOTIFY_FAILURE};

		buf_clear(&out);
		answer(m, &r, &out);
		CHECK_SL(buf_slice(&out), sl_str(recipient_rows[i].want));
	}
	check_expanded(m, &out);
	buf_fini(&out);
	dict_close(hosted);
	dict_close(accepted);
	dict_close(aliases);
	route_map_free(m);
	conf_fini(&c);
}

static void
test_originals(void)
{
	struct route_map *m;
	struct route_request r = {
	    .source = SL("esmtp"), .may_relay = true, .address = SL("X@far.example")};
	const struct route_recipient *list;
	struct route_job *j;
	size_t count, missing;
	struct slice account;
	struct conf c;

	test_conf(&c);
	m = route_map_new(&c);
	for (int given = 0; given < 2; given++) {
		r.original = given ? SL("rfc822;first@example") : SL_NONE;
		j = route_job_new(m, &r);
		CHECK_EQ(route_job_run(j, &account), ROUTE_DONE);
		CHECK_EQ(route_job_result(j, &list, &count, &missing, NULL), ST_OK);
		CHECK_SL(list[0].original,
		    given ? SL("rfc822;first@example") : SL(";X@far.example"));
		route_job_free(j);
	}
	route_map_free(m);
	conf_fini(&c);
}

/* --- senders --------------------------------------------------------------- */

static void
test_senders(void)
{
	static const struct {
		const char *sender;
		enum st st;
	} rows[] = {
	    {"", ST_OK},
	    {"spam@bad.example", ST_DENIED},
	    {"SPAM@BAD.example", ST_DENIED},
	    {"good@bad.example", ST_OK},
	    {"any@worse.example", ST_DENIED},
	    {"any@a.worse.example", ST_OK},
	    {"any@a.worst.example", ST_DENIED},
	    {"any@worst.example", ST_OK},
	    {"x@a.b.odd.example", ST_DENIED},
	    {"y@a.b.odd.example", ST_OK},
	};
	struct conf c;
	struct fault f;

	test_conf(&c);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!CHECK(route_sender(&c, sl_str(rows[i].sender), &f) == rows[i].st))
			CHECK_SL(sl_str(rows[i].sender), SL("is decided otherwise"));
	conf_fini(&c);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"domain_kind", test_domain_kind},
	    {"recipients", test_recipients},
	    {"originals", test_originals},
	    {"senders", test_senders},
	    {"access_blocks", test_access_blocks},
	    {"access_errors", test_access_errors},
	    {"access_lookup", test_access_lookup},
	    {"domains", test_domains},
	    {"alias_forms", test_alias_forms},
	    {"alias_errors", test_alias_errors},
	    {"alias_include", test_alias_include},
	    {"alias_big", test_alias_big},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
