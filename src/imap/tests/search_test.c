/* SEARCH: which program is built, and what it finds. */
#include "base/check.h"
#include "imap/search_int.h"
#include "imap/server_cmd.h"

/* A message at hand, in pieces of `step` octets. */
struct mail {
	struct slice text;
	uint32_t seq, uid;
	unsigned flags;
	uint64_t keywords;
	int64_t date_sec;
	size_t step, at;
	bool vanishes;
	unsigned asked_body, asked_envelope;
	struct imap_description d;
};

static bool
mail_size(void *arg, uint64_t *octets)
{
	struct mail *m = arg;

	*octets = m->d.sizes.octets;
	return !m->vanishes;
}

static bool
mail_envelope(void *arg, struct slice *envelope)
{
	struct mail *m = arg;

	m->asked_envelope++;
	*envelope = m->d.envelope;
	return !m->vanishes;
}

static bool
mail_header(void *arg, struct slice *header)
{
	struct mail *m = arg;

	*header = sl_sub(m->text, 0, (size_t)m->d.sizes.header_bytes);
	return !m->vanishes;
}

static bool
mail_piece(void *arg, struct slice *piece)
{
	struct mail *m = arg;

	*piece = sl_sub(m->text, m->at, m->at + m->step);
	m->at += piece->n;
	return !m->vanishes;
}

static bool
mail_rewind(void *arg)
{
	struct mail *m = arg;

	m->asked_body++;
	m->at = 0;
	return !m->vanishes;
}

/* One command in a session over 9 messages; NULL: it was refused. */
struct query {
	struct arena *a, *scratch;
	struct imap_server *s;
	struct imap_search_run *run;
};

static bool
query_begin(struct query *q, struct slice keys)
{
	struct imap_server_opts o;
	struct imap_lexer lx;

	imap_server_opts_init(&o);
	q->a = arena_new("test", 16u << 20);
	q->scratch = arena_new("scratch", 16u << 20);
	q->s = imap_server_new(q->a, &o, 0);
	q->s->exists = 9;
	q->s->run.a = arena_new("command", 16u << 20);
	imap_lex_init(&lx, keys, q->s->run.a);
	if (!imap_parse_search(q->s, &lx) || !imap_lex_end(&lx))
		return false;
	q->run = q->s->run.data;
	return true;
}

static void
query_end(struct query *q)
{
	arena_free(q->a);
	arena_free(q->scratch);
}

static enum st
match(struct query *q, struct mail *m, bool *yes)
{
	static const struct slice names[] = {SL("$Junk"), SL("other")};
	struct imap_candidate c = {.seq = m->seq,
	    .uid = m->uid,
	    .seq_max = 9,
	    .uid_max = 90,
	    .flags = m->flags,
	    .keywords = m->keywords,
	    .names = {.names = names, .count = 2},
	    .date_sec = m->date_sec,
	    .size = mail_size,
	    .envelope = mail_envelope,
	    .header = mail_header,
	    .piece = mail_piece,
	    .rewind = mail_rewind,
	    .arg = m};

	return imap_search_match(&q->run->program, &c, NULL, q->scratch, yes);
}

static void
describe(struct mail *m, struct arena *a)
{
	struct imap_describer *d = imap_describer_new(a);

	imap_describer_feed(d, m->text);
	CHECK(imap_describer_end(d, &m->d));
}

/* The message matches the keys, or does not, however it is cut. */
static void
check_keys(struct mail *m, struct slice keys, bool want)
{
	static const size_t steps[] = {1, 7, 4096};
	struct arena *a = arena_new("mail", 4u << 20);
	struct query q;
	bool yes = !want;

	describe(m, a);
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		m->step = steps[i];
		if (CHECK(query_begin(&q, keys)))
			CHECK_EQ(match(&q, m, &yes), ST_OK);
		if (!CHECK(yes == want))
			printf("\t%.*s\n", SL_FMT(keys));
		query_end(&q);
	}
	arena_free(a);
}

static void
yes(struct mail *m, const char *keys)
{
	check_keys(m, sl_str(keys), true);
}

static void
no(struct mail *m, const char *keys)
{
	check_keys(m, sl_str(keys), false);
}

static void
flags_and_numbers(void)
{
	struct mail m = {.text = SL("Subject: x\n\nbody\n"),
	    .seq = 3,
	    .uid = 30,
	    .flags = IMAP_SEEN | IMAP_RECENT,
	    .keywords = 1};

	yes(&m, " ALL");
	yes(&m, " SEEN");
	no(&m, " UNSEEN");
	yes(&m, " UNANSWERED UNDELETED UNDRAFT UNFLAGGED");
	no(&m, " ANSWERED");
	no(&m, " NEW");
	no(&m, " OLD");
	yes(&m, " RECENT");
	yes(&m, " keyword $junk");
	no(&m, " KEYWORD other");
	no(&m, " KEYWORD unheard");
	yes(&m, " UNKEYWORD other");
	yes(&m, " 3");
	yes(&m, " 1:3");
	yes(&m, " 3:1");
	yes(&m, " 3:*");
	no(&m, " *");
	no(&m, " 4:*");
	yes(&m, " UID 30");
	yes(&m, " UID 20:*");
	no(&m, " UID 91:*");
	yes(&m, " UID 1,30");
	yes(&m, " NOT 4");
	yes(&m, " OR 4 3");
	no(&m, " OR 4 5");
	yes(&m, " (3 SEEN)");
	no(&m, " (3 UNSEEN)");
	yes(&m, " OR (4) (3 NOT (UNSEEN))");
	no(&m, " NOT NOT 4");
	m.flags = IMAP_RECENT;
	yes(&m, " NEW");
	m.flags = 0;
	no(&m, " NEW");
	yes(&m, " OLD");
}

static void
dates_and_sizes(void)
{
	struct mail m = {.text = SL("Date: Sat, 21 Nov 2026 23:30:00 -0800\n\n12345\n"),
	    .seq = 1,
	    .date_sec = 1795305599}; /* 21-Nov-2026 23:59:59 +0000 */

	yes(&m, " ON 21-Nov-2026");
	no(&m, " BEFORE 21-Nov-2026");
	yes(&m, " BEFORE 22-Nov-2026");
	yes(&m, " SINCE 21-Nov-2026");
	no(&m, " SINCE \"22-Nov-2026\"");
	yes(&m, " SENTON 21-Nov-2026");
	no(&m, " SENTON 22-Nov-2026");
	yes(&m, " SENTBEFORE 22-Nov-2026");
	no(&m, " SENTBEFORE 21-Nov-2026");
	yes(&m, " SENTSINCE 21-Nov-2026");
	no(&m, " SENTSINCE 22-Nov-2026");
	yes(&m, " LARGER 47");
	no(&m, " LARGER 48");
	yes(&m, " SMALLER 49");
	no(&m, " SMALLER 48");
	m.text = SL("Date: never\n\n");
	no(&m, " SENTSINCE 1-Jan-1970");
	m.text = SL("\n\n");
	no(&m, " SENTBEFORE 1-Jan-2030");
	yes(&m, " NOT SENTON 1-Jan-2030");
}

static const char letter[] =
    "From: =?utf-8?q?J=C3=BCrgen_M?= <juergen@Example.org>\r\n"
    "To: Team: a@b.test, \"Bee\" <bee@c.test>;\r\nCc: x@y.test\r\n"
    "Subject: =?iso-8859-1?q?Gr=FC=DFe?= =?utf-8?b?w4RwZmVs?=\r\n folded\r\n"
    "X-Empty:\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "preamble\r\n--b\r\nContent-Type: text/plain; charset=koi8-r\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=F0=D2=C9=D7=C5=D4 soft=\r\nened\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "SGlkZGVuIHRyZWFz\r\ndXJlIMOEUEZFTA==\r\n"
    "--b\r\nContent-Type: application/octet-stream\r\n\r\nplainbinary\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?inner=5Fsubject?=\r\n\r\n"
    "inner text -- with dashes\r\n--not a boundary\r\n-- \r\nsignature\r\n--b--\r\n";

static void
texts(void)
{
	struct mail m = {.text = SL(letter), .seq = 1};

	yes(&m, " FROM juergen@example.ORG");
	yes(&m, " FROM \"j\xc3\xbcrgen\"");
	yes(&m, " CHARSET iso-8859-1 FROM {7}\r\nJ\xdcRGEN\x20");
	yes(&m, " CHARSET UTF-8 SUBJECT {9}\r\n\xc3\x84pfel fo");
	yes(&m, " SUBJECT \"gr\xc3\xbc\xc3\x9f\"");
	no(&m, " SUBJECT preamble");
	yes(&m, " TO team TO bee@c.test");
	yes(&m, " CC x@y");
	no(&m, " CC bee");
	no(&m, " BCC \"\"");
	yes(&m, " CC \"\"");
	yes(&m, " HEADER subject \"\xc3\xa4PFEL\"");
	yes(&m, " HEADER X-EMPTY \"\"");
	no(&m, " HEADER X-EMPTY a");
	no(&m, " HEADER X-NONE \"\"");
	no(&m, " HEADER X \"\"");
	yes(&m, " BODY \"\xd0\xbf\xd1\x80\xd0\x98\xd0\x92\xd0\xb5\xd1\x82\"");
	yes(&m, " BODY softened");
	yes(&m, " BODY \"HIDDEN TREASURE\"");
	yes(&m, " CHARSET UTF-8 BODY treasure BODY \"\xc3\xa4pfel\" BODY softened");
	no(&m, " BODY SGlkZGVu");
	no(&m, " BODY plainbinary");
	yes(&m, " BODY inner_subject");
	yes(&m, " BODY \"not a BOUNDARY\"");
	yes(&m, " BODY \"-- with dashes\"");
	no(&m, " BODY juergen");
	yes(&m, " TEXT octet-stream");
	no(&m, " BODY octet-stream");
	yes(&m, " TEXT juergen");
	yes(&m, " TEXT \"subject: gr\"");
	yes(&m, " TEXT softened");
	yes(&m, " BODY \"\"");
	no(&m, " NOT TEXT softened");
	yes(&m, " OR BODY nothing TEXT juergen");
	yes(&m, " BODY \"signature\"");
	no(&m, " BODY \"textsoft\"");
}

/* Cheap keys are asked first, and the body once for all keys. */
static void
costs(void)
{
	struct mail m = {.text = SL(letter), .seq = 1, .step = 4096};
	struct arena *a = arena_new("mail", 4u << 20);
	struct query q;
	bool found;

	describe(&m, a);
	CHECK(query_begin(&q, SL(" BODY x SUBJECT y UNSEEN SEEN")));
	CHECK_EQ(imap_search_cost(&q.run->program), IMAP_SEARCH_BODY);
	CHECK_EQ(match(&q, &m, &found), ST_OK);
	CHECK(!found);
	CHECK(m.asked_body == 0 && m.asked_envelope == 0);
	query_end(&q);
	CHECK(query_begin(&q, SL(" OR BODY x OR SUBJECT nothing UNSEEN")));
	CHECK_EQ(match(&q, &m, &found), ST_OK);
	CHECK(found && m.asked_body == 0 && m.asked_envelope == 0);
	query_end(&q);
	CHECK(query_begin(&q, SL(" BODY softened BODY hidden NOT BODY nothere TEXT inner")));
	CHECK_EQ(match(&q, &m, &found), ST_OK);
	CHECK(found);
	CHECK_EQ(m.asked_body, 1);
	query_end(&q);
	CHECK(query_begin(&q, SL(" NOT BODY softened")));
	m.vanishes = true;
	CHECK_EQ(match(&q, &m, &found), ST_AGAIN);
	CHECK(!found);
	query_end(&q);
	CHECK(query_begin(&q, SL(" LARGER 1")));
	CHECK_EQ(match(&q, &m, &found), ST_AGAIN);
	CHECK_EQ(imap_search_cost(&q.run->program), IMAP_SEARCH_CACHE);
	query_end(&q);
	arena_free(a);
}

static void
mistakes(void)
{
	static const char *const rows[] = {"", " ", " NOPE", " SUBJECT", " SUBJECT ", " (", " ()",
	    " (ALL", " ALL)", " OR ALL", " NOT", " BEFORE yesterday", " ON 32-Jan-2026",
	    " LARGER x", " LARGER 4294967296", " KEYWORD (", " UID", " UID x", " 0", " 10",
	    " HEADER a", " CHARSET", " CHARSET utf-8", " ALL  SEEN", " ALL CHARSET utf-8 SEEN"};
	struct query q;
	struct buf b;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!CHECK(!query_begin(&q, sl_str(rows[i]))))
			printf("\t%s\n", rows[i]);
		query_end(&q);
	}
	buf_init(&b, 1u << 20);
	for (int i = 0; i < IMAP_SEARCH_DEPTH - 1; i++)
		buf_put_str(&b, " NOT");
	buf_put_str(&b, " ALL");
	CHECK(query_begin(&q, buf_slice(&b)));
	query_end(&q);
	for (int i = 0; i < 100000; i++)
		buf_put_str(&b, " NOT");
	CHECK(!query_begin(&q, buf_slice(&b)));
	query_end(&q);
	buf_clear(&b);
	for (int i = 0; i < IMAP_SEARCH_KEYS - 1; i++)
		buf_put_str(&b, " ALL");
	CHECK(query_begin(&q, buf_slice(&b)));
	query_end(&q);
	buf_put_str(&b, " ALL");
	CHECK(!query_begin(&q, buf_slice(&b)));
	query_end(&q);
	buf_fini(&b);
	CHECK(query_begin(&q, SL(" CHARSET x-none ALL")));
	CHECK(q.run->unknown_charset); /* R3501-6.4.4-e */
	query_end(&q);
}

/* The needle against a plain search at every place. */
static void
needles(void)
{
	uint64_t seed = 7;
	struct arena *a = arena_new("test", 1u << 20);

	for (int round = 0; round < 20000; round++) {
		unsigned char text[64], word[8];
		size_t n = check_below(&seed, sizeof(text)),
		       m = 1 + check_below(&seed, sizeof(word));
		size_t cut = check_below(&seed, n + 1);
		struct imap_needle_place at = {0};
		struct imap_needle needle;

		for (size_t i = 0; i < n; i++)
			text[i] = (unsigned char)("abAB"[check_below(&seed, 4)]);
		for (size_t i = 0; i < m; i++)
			word[i] = (unsigned char)("ab"[check_below(&seed, 2)]);
		arena_reset(a);
		CHECK(imap_needle_init(&needle, sl_mem(word, m), a));
		imap_needle_feed(&needle, &at, sl_mem(text, cut));
		imap_needle_feed(&needle, &at, sl_mem(text + cut, n - cut));
		for (size_t i = 0; i < n; i++)
			text[i] |= 0x20;
		CHECK(at.found == (sl_search(sl_mem(text, n), sl_mem(word, m)) < n));
	}
	arena_free(a);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"flags_and_numbers", flags_and_numbers},
	    {"dates_and_sizes", dates_and_sizes},
	    {"texts", texts},
	    {"costs", costs},
	    {"mistakes", mistakes},
	    {"needles", needles},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
