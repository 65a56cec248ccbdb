/* FETCH: what is asked of the owner, and what is said. */
#include "base/check.h"
#include "imap/fetch.h"
#include "imap/server.h"

/* One session over a folder of `exists` messages, played by hand. */
struct play {
	struct arena *a;
	struct imap_server *s;
	struct buf out;      /* what the client got; content of handles as <handle:offset+length> */
	struct buf released; /* handles */
	const struct imap_message *messages;
	size_t count, at, group; /* at most `group` messages an answer */
	unsigned asked;
	struct imap_fetch last;
	struct fault fault; /* the answer to FETCH, when it is no */
};

static void
play_begin(struct play *p, const struct imap_message *messages, size_t count)
{
	struct imap_server_opts o;

	*p = (struct play){.messages = messages, .count = count, .group = 100000};
	imap_server_opts_init(&o);
	o.first_tag = SL("x");
	o.errors_max = 1000;
	p->a = arena_new("test", 8u << 20);
	p->s = imap_server_new(p->a, &o, 0);
	p->s->is_selected = true;
	p->s->exists = (uint32_t)count;
	buf_init(&p->out, 64u << 20);
	buf_init(&p->released, 4096);
}

static void
play_end(struct play *p)
{
	arena_free(p->a);
	buf_fini(&p->out);
	buf_fini(&p->released);
}

static void
answer_fetch(struct play *p, const struct engine_ask *ask)
{
	static const struct slice names[] = {SL("$Junk")};
	struct imap_fetched f = {.keywords = {.names = names, .count = 1}};
	struct engine_answer answer = {.number = ask->number, .fault = p->fault, .detail = &f};
	const struct imap_fetch *q = ask->detail;
	size_t room = q->max < p->group ? q->max : p->group;

	p->asked++;
	p->last = *q;
	while (p->at < p->count && p->messages[p->at].seq <= q->after)
		p->at++;
	f.items = p->messages + p->at;
	f.count = p->count - p->at < room ? p->count - p->at : room;
	p->at += f.count;
	f.more = p->at < p->count;
	p->s->engine.ops->answer(&p->s->engine, &answer, 0);
}

static bool
answer_next(struct play *p)
{
	static const struct imap_changes none;
	struct engine *e = &p->s->engine;
	struct engine_ask ask;

	if (!e->ops->ask(e, &ask))
		return false;
	if (ask.kind == IMAP_ASK_FETCH) {
		answer_fetch(p, &ask);
	} else if (ask.kind == IMAP_ASK_RELEASE) {
		buf_fmt(&p->released, "%u ", ((const struct imap_release *)ask.detail)->handle);
	} else {
		CHECK_EQ(ask.kind, IMAP_ASK_SYNC);
		e->ops->answer(
		    e, &(struct engine_answer){.number = ask.number, .detail = &none}, 0);
	}
	return true;
}

/* Takes at most n octets of output; false when there is none. */
static bool
take_output(struct play *p, uint64_t n)
{
	struct engine *e = &p->s->engine;
	struct engine_piece piece;

	if (!e->ops->output(e, &piece, 1))
		return false;
	if (piece.handle) {
		n = n < piece.length ? n : piece.length;
		buf_fmt(&p->out, "<%u:%u+%u>", piece.handle, (unsigned)piece.offset, (unsigned)n);
	} else {
		n = n < piece.bytes.n ? n : piece.bytes.n;
		buf_put(&p->out, sl_sub(piece.bytes, 0, (size_t)n));
	}
	e->ops->output_taken(e, n, 0);
	return true;
}

static void
give(struct play *p, struct slice in, size_t step)
{
	struct engine *e = &p->s->engine;
	size_t offered = step;

	for (;;) {
		size_t used = e->ops->feed(e, sl_sub(in, 0, offered), false, 0);
		bool moved = used > 0;

		in = sl_skip(in, used);
		while (answer_next(p) || take_output(p, UINT64_MAX))
			moved = true;
		if (!moved && offered >= in.n)
			break;
		offered = moved ? step : in.n;
	}
	CHECK_EQ(in.n, 0);
}

/* The whole dialog for these lines: all at once and byte by byte. */
static void
check_dialog(const struct imap_message *messages, size_t count, const char *in, const char *want)
{
	for (size_t step = 1; step < 5000; step += 4000) {
		struct play p;

		play_begin(&p, messages, count);
		while (take_output(&p, UINT64_MAX))
			;
		buf_clear(&p.out);
		give(&p, sl_str(in), step);
		CHECK_SL(buf_slice(&p.out), sl_str(want));
		play_end(&p);
	}
}

static void
check_bad(const char *command)
{
	struct play p;

	play_begin(&p, NULL, 3);
	while (take_output(&p, UINT64_MAX))
		;
	buf_clear(&p.out);
	give(&p, sl_str(command), 4096);
	CHECK(sl_starts(buf_slice(&p.out), SL("a BAD ")));
	play_end(&p);
}

static const struct imap_octets text_octets[] = {{.bytes = SL("Hello\r\n")}};

static const struct imap_message two[] = {
    {.seq = 1,
	.uid = 11,
	.flags = IMAP_SEEN,
	.keywords = 1,
	.date_sec = 0,
	.size_bytes = 70,
	.envelope = SL("(E1)"),
	.structure = SL("(S1)"),
	.body = SL("(B1)"),
	.sections = text_octets},
    {.seq = 2,
	.uid = 22,
	.date_sec = 86399,
	.size_bytes = 71,
	.envelope = SL("(E2)"),
	.structure = SL("(S2)"),
	.body = SL("(B2)"),
	.sections = text_octets},
};

static void
items(void)
{
	check_dialog(two, 2, "a FETCH 1:* FLAGS\r\n",
	    "* 1 FETCH (FLAGS (\\Seen $Junk))\r\n* 2 FETCH (FLAGS ())\r\na OK FETCH completed\r\n");
	check_dialog(two, 1, "a fetch 1 (uid rfc822.size Flags)\r\nb UID FETCH 11 (FLAGS)\r\n",
	    "* 1 FETCH (UID 11 RFC822.SIZE 70 FLAGS (\\Seen $Junk))\r\na OK FETCH completed\r\n"
	    "b OK FETCH completed\r\n");
	check_dialog(two, 1, "a FETCH 1 ALL\r\n",
	    "* 1 FETCH (FLAGS (\\Seen $Junk) INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" "
	    "RFC822.SIZE 70 ENVELOPE (E1))\r\na OK FETCH completed\r\n");
	check_dialog(two, 1, "a FETCH 1 FAST\r\n",
	    "* 1 FETCH (FLAGS (\\Seen $Junk) INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" "
	    "RFC822.SIZE 70)\r\na OK FETCH completed\r\n");
	check_dialog(two, 1, "a FETCH 1 full\r\n",
	    "* 1 FETCH (FLAGS (\\Seen $Junk) INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" "
	    "RFC822.SIZE 70 ENVELOPE (E1) BODY (B1))\r\na OK FETCH completed\r\n");
	check_dialog(two, 1, "a UID FETCH 11 (BODYSTRUCTURE BODY)\r\n",
	    "* 1 FETCH (UID 11 BODYSTRUCTURE (S1) BODY (B1))\r\na OK FETCH completed\r\n");
}

static void
sections_and_partials(void)
{
	check_dialog(two, 1, "a FETCH 1 BODY[]\r\n",
	    "* 1 FETCH (BODY[] {7}\r\nHello\r\n)\r\na OK FETCH completed\r\n");
	check_dialog(two, 1, "a FETCH 1 body.peek[1.2.mime]<1.3>\r\n",
	    "* 1 FETCH (BODY[1.2.MIME]<1> {3}\r\nell)\r\na OK FETCH completed\r\n");
	check_dialog(two, 1, "a FETCH 1 BODY[TEXT]<5.100>\r\n",
	    "* 1 FETCH (BODY[TEXT]<5> {2}\r\n\r\n)\r\na OK FETCH completed\r\n");
	check_dialog(two, 1, "a FETCH 1 BODY[1]<7.1>\r\n",
	    "* 1 FETCH (BODY[1]<7> {0}\r\n)\r\na OK FETCH completed\r\n");
	check_dialog(two, 1, "a FETCH 1 BODY[1]<4294967295.4294967295>\r\n",
	    "* 1 FETCH (BODY[1]<4294967295> {0}\r\n)\r\na OK FETCH completed\r\n");
	check_dialog(two, 1, "a FETCH 1 BODY[HEADER.FIELDS (Subject \"a b\" {2}\r\nto)]\r\n",
	    "+ OK\r\n* 1 FETCH (BODY[HEADER.FIELDS (Subject \"a b\" to)] {7}\r\nHello\r\n)\r\n"
	    "a OK FETCH completed\r\n");
	check_dialog(two, 1, "a FETCH 1 RFC822.HEADER\r\n",
	    "* 1 FETCH (RFC822.HEADER {7}\r\nHello\r\n)\r\na OK FETCH completed\r\n");
}

static void
mistakes(void)
{
	static const char *const rows[] = {"", " 1", " 1 ", " 1 ()", " 1 (FLAGS", " 1 (ALL)",
	    " 1 ALL FLAGS", " 1 FLAGS UID", " 0 FLAGS", " 4 FLAGS", " 1 NOTHING", " 1 BODY[",
	    " 1 BODY[MIME]", " 1 BODY[0]", " 1 BODY[1.]", " 1 BODY[1.0]", " 1 BODY[x]",
	    " 1 BODY[HEADER.FIELDS]", " 1 BODY[HEADER.FIELDS ()]", " 1 BODY[]<1>", " 1 BODY[]<1.0>",
	    " 1 BODY[]<1.2", " 1 BODY.PEEK", " 1 RFC822[]", " 1 (FLAGS  UID)", " 1 BODY[]<a.1>",
	    " 1 BODY[1.4294967296]", " 1 BODY[.1]", " 1 BODY[TEXT.1]", " 1 RFC822.PEEK"};
	struct buf b;

	buf_init(&b, 4096);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		buf_fmt(&b, "a FETCH%s\r\n", rows[i]);
		check_bad(buf_str(&b));
	}
	buf_clear(&b);
	buf_put_str(&b, "a FETCH 1 BODY[1");
	for (int i = 0; i < IMAP_SECTION_DEPTH; i++)
		buf_put_str(&b, ".1");
	buf_put_str(&b, "]\r\n");
	check_bad(buf_str(&b));
	buf_clear(&b);
	buf_put_str(&b, "a FETCH 1 (UID");
	for (int i = 0; i < IMAP_FETCH_ITEMS_MAX; i++)
		buf_put_str(&b, " UID");
	buf_put_str(&b, ")\r\n");
	check_bad(buf_str(&b));
	buf_fini(&b);
}

static void
handles(void)
{
	/* one handle twice: it is released behind its last use; a partial one; nil; empty */
	static const struct imap_octets octets[] = {{.handle = 7, .offset = 100, .length = 50},
	    {.handle = 7, .offset = 150, .length = 10}, {.is_nil = true},
	    {.handle = 8, .offset = 0, .length = 0}};
	static const struct imap_message m = {.seq = 1, .uid = 1, .sections = octets};
	struct play p;

	play_begin(&p, &m, 1);
	while (take_output(&p, UINT64_MAX))
		;
	buf_clear(&p.out);
	give(&p, SL("a FETCH 1 (BODY[HEADER]<10.20> BODY.PEEK[TEXT] BODY[5] BODY[1])\r\n"), 4096);
	CHECK_SL(buf_slice(&p.out),
	    SL("* 1 FETCH (BODY[HEADER]<10> {20}\r\n<7:110+20> BODY[TEXT] {10}\r\n<7:150+10> "
	       "BODY[5] NIL BODY[1] {0}\r\n)\r\na OK FETCH completed\r\n"));
	CHECK_SL(buf_slice(&p.released), SL("7 8 "));
	CHECK(p.last.mark_seen);
	CHECK_EQ(p.last.section_count, 4);
	play_end(&p);
}

static void
seen(void)
{
	static const struct {
		const char *items;
		bool mark;
	} rows[] = {
	    {"BODY[]", true},
	    {"BODY.PEEK[]", false},
	    {"RFC822", true},
	    {"RFC822.TEXT", true},
	    {"RFC822.HEADER", false},
	    {"(BODY.PEEK[] BODY[TEXT])", true},
	    {"BODY", false},
	    {"BODY[HEADER]", true},
	};
	static const struct imap_message m = {
	    .seq = 1, .uid = 5, .has_flags = true, .flags = IMAP_SEEN, .sections = text_octets};
	struct buf b;
	struct play p;

	buf_init(&b, 4096);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		buf_fmt(&b, "a FETCH 1 %s\r\n", rows[i].items);
		if (strchr(rows[i].items, '('))
			continue; /* one section is at hand */
		play_begin(&p, &m, 1);
		give(&p, buf_slice(&b), 4096);
		CHECK(p.last.mark_seen == rows[i].mark);
		play_end(&p);
		play_begin(&p, &m, 1);
		p.s->is_read_only = true;
		give(&p, buf_slice(&b), 4096);
		CHECK(!p.last.mark_seen);
		play_end(&p);
	}
	buf_fini(&b);
	check_dialog(&m, 1, "a FETCH 1 BODY[]\r\n",
	    "* 1 FETCH (BODY[] {7}\r\nHello\r\n FLAGS (\\Seen))\r\na OK FETCH completed\r\n");
	check_dialog(&m, 1, "a FETCH 1 (BODY[] FLAGS)\r\n",
	    "* 1 FETCH (BODY[] {7}\r\nHello\r\n FLAGS (\\Seen))\r\na OK FETCH completed\r\n");
}

static void
gone(void)
{
	static const struct imap_message some[] = {
	    {.seq = 1, .uid = 1, .size_bytes = 5},
	    {.seq = 2, .uid = 2, .is_gone = true},
	    {.seq = 3, .uid = 3, .size_bytes = 6},
	};
	struct play p;

	check_dialog(some, 3, "a FETCH 1:3 RFC822.SIZE\r\n",
	    "* 1 FETCH (RFC822.SIZE 5)\r\n* 3 FETCH (RFC822.SIZE 6)\r\n"
	    "a NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n");
	check_dialog(some, 3, "a UID FETCH 1:3 RFC822.SIZE\r\n",
	    "* 1 FETCH (UID 1 RFC822.SIZE 5)\r\n* 3 FETCH (UID 3 RFC822.SIZE 6)\r\n"
	    "a OK FETCH completed; some of the messages no longer exist\r\n");
	play_begin(&p, some, 3);
	while (take_output(&p, UINT64_MAX))
		;
	buf_clear(&p.out);
	fault_set(&p.fault, ST_IO, "4.2.0", "The disk does not answer");
	give(&p, SL("a FETCH 1 FLAGS\r\n"), 4096);
	CHECK_SL(buf_slice(&p.out), SL("a NO [UNAVAILABLE] The disk does not answer\r\n"));
	play_end(&p);
}

/* 100,000 messages: in groups, with output that never passes its bound by more than a group. */
static void
groups(void)
{
	static struct imap_message many[100000];
	size_t count = COUNT_OF(many), lines = 0, most = 0;
	struct play p;

	for (size_t i = 0; i < count; i++)
		many[i] = (struct imap_message){.seq = (uint32_t)i + 1, .uid = (uint32_t)i + 7};
	play_begin(&p, many, count);
	while (take_output(&p, UINT64_MAX))
		;
	buf_clear(&p.out);
	CHECK_EQ(
	    p.s->engine.ops->feed(&p.s->engine, SL("a FETCH 1:* (UID FLAGS)\r\n"), false, 0), 25);
	do {
		while (answer_next(&p))
			;
		if (imap_out_waiting(p.s) > most)
			most = (size_t)imap_out_waiting(p.s);
	} while (take_output(&p, 10000));
	for (size_t i = 0; i < p.out.n; i++)
		lines += p.out.p[i] == '\n';
	CHECK_EQ(lines, count + 1);
	CHECK(most < IMAP_OUTPUT_HIGH * 2);
	CHECK_EQ(p.asked, (count + 1023) / 1024);
	CHECK(sl_search(buf_slice(&p.out), SL("* 100000 FETCH (UID 100006 FLAGS ())\r\na OK")) <
	      p.out.n);
	play_end(&p);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"items", items},
	    {"sections_and_partials", sections_and_partials},
	    {"mistakes", mistakes},
	    {"handles", handles},
	    {"seen", seen},
	    {"gone", gone},
	    {"groups", groups},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
