/*
 * An IMAP session behind its login: what is said and what is stored do not depend on how the
 * client's bytes are cut, on when our side answers, or in what parts; responses are well formed;
 * no handle is left behind.
 */
#include "fuzz/fuzz.h"
#include "imap/lexer.h"
#include "imap/tests/world.h"

#define OUT_MAX (8u << 20)

static void
small_limits(struct imap_server_opts *o)
{
	o->append_max_bytes = 4096;
	o->literal_max_bytes = 512;
	o->line_max_bytes = 2048;
	o->memory_max_bytes = 256 * 1024;
	o->errors_max = 8;
}

static const struct imap_rule rules[] = {
	{IMAP_ASK_CREATE, {(const unsigned char *)"INBOX.slow", 10}, 300, {.st = ST_OK}},
	{IMAP_ASK_SELECT, {(const unsigned char *)"INBOX.io", 8}, 100,
	    {.st = ST_IO, .text = "later"}},
};

static void
fill(struct store *st)
{
	struct store_folder *inbox = store_find(st, SL("INBOX"));

	store_put(inbox, SL("Subject: one\r\n\r\n1\r\n"), IMAP_SEEN, 0, STORE_DATE_SEC);
	store_put(inbox,
	    SL("Subject: two\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n"
	       "--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--b--\r\n"),
	    IMAP_FLAGGED, 0, STORE_DATE_SEC);
	store_put(inbox, SL("no header end"), IMAP_DELETED, 0, STORE_DATE_SEC);
	store_put(store_make(st, SL("INBOX.Sent")), SL("A: b\r\n\r\nc\r\n"), 0, 0, 0);
}

/* All that is in the store at the end. */
static void
put_store(const struct store *st, struct buf *out)
{
	for (const struct store_folder *f = st->folders; f; f = f->next) {
		buf_put(out, f->name);
		buf_fmt(out, " %d %d %u:", f->exists, f->is_subscribed, (unsigned)f->uidnext);
		for (size_t i = 0; i < f->count; i++)
			buf_fmt(out, " %u %x %llx %zu", (unsigned)f->messages[i]->uid,
			    f->messages[i]->flags,
			    (unsigned long long)f->messages[i]->keywords,
			    f->messages[i]->content.n);
		buf_put_byte(out, '\n');
	}
}

static void
hold(struct slice in, enum fuzz_cut cut, struct buf *out)
{
	struct imap_world w;
	struct drive_conn *c;
	uint64_t state = in.n;

	imap_world_init(&w);
	fill(&w.stores[0]);
	w.tune = small_limits;
	w.rules = rules;
	w.rule_count = COUNT_OF(rules);
	w.lazy = cut == FUZZ_RANDOM;
	w.body_step = cut == FUZZ_WHOLE ? 0 : 5;
	w.sync_step = cut == FUZZ_WHOLE ? 0 : 1;
	w.fetch_step = cut == FUZZ_BYTES ? 1 : 0;
	w.handle_min = cut == FUZZ_WHOLE ? 0 : 1;
	c = imap_world_enter(&w, 1);
	while (in.n && !c->closed) {
		drive_send(c, fuzz_piece(cut, &state, &in), 0);
		if (cut == FUZZ_RANDOM && state % 3 == 0)
			drive_hurry(c);
	}
	while (drive_hurry(c))
		;
	drive_shut(c);
	while (drive_hurry(c))
		;
	FUZZ_CHECK(c->closed);
	FUZZ_CHECK(imap_world_view(c)->handles_open == 0);
	FUZZ_CHECK(imap_world_view(c)->append_body.n == 0);
	buf_put(out, buf_slice(&c->out));
	put_store(&w.stores[0], out);
	imap_world_fini(&w);
}

/* Lines end with CRLF, literals have their octets: up to where the store is told. */
static void
check_responses(struct slice in)
{
	struct imap_world w;
	struct drive_conn *c;
	struct slice heard, line;
	bool is_sync;
	uint64_t n;

	imap_world_init(&w);
	fill(&w.stores[0]);
	w.tune = small_limits;
	c = imap_world_enter(&w, 1);
	drive_send(c, in, 0);
	for (heard = buf_slice(&c->out); heard.n;) {
		FUZZ_CHECK(sl_cut(&heard, '\n', &line));
		FUZZ_CHECK(line.n >= 1 && sl_find(line, '\r') == line.n - 1);
		line.n--;
		if (!imap_lex_literal_head(line, &n, &is_sync) || !is_sync)
			continue;
		FUZZ_CHECK(n <= heard.n);
		heard = sl_skip(heard, (size_t)n);
	}
	imap_world_fini(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	struct buf whole, cut;

	check_responses(in);
	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	hold(in, FUZZ_WHOLE, &whole);
	for (int how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
		buf_clear(&cut);
		hold(in, (enum fuzz_cut)how, &cut);
		FUZZ_SAME(buf_slice(&cut), buf_slice(&whole));
	}
	buf_fini(&whole);
	buf_fini(&cut);
	return 0;
}
