/*
 * SEARCH: the keys up to the first empty line (as behind the verb, CRLF for literals), then a
 * message. A program that is taken is evaluated to the same end however the message is cut, and its
 * negation to the opposite.
 */
#include "fuzz/fuzz.h"
#include "imap/search_int.h"
#include "imap/server_cmd.h"

#define COMMAND_MAX (4u << 20)

struct mail {
	struct slice text, rest;
	struct imap_description d;
	enum fuzz_cut cut;
	uint64_t state;
};

static bool
mail_size(void *arg, uint64_t *octets)
{
	*octets = ((struct mail *)arg)->d.sizes.octets;
	return true;
}

static bool
mail_envelope(void *arg, struct slice *envelope)
{
	*envelope = ((struct mail *)arg)->d.envelope;
	return true;
}

static bool
mail_header(void *arg, struct slice *header)
{
	struct mail *m = arg;

	*header = sl_sub(m->text, 0, (size_t)m->d.sizes.header_bytes);
	return true;
}

static bool
mail_piece(void *arg, struct slice *piece)
{
	struct mail *m = arg;

	*piece = m->rest.n ? fuzz_piece(m->cut, &m->state, &m->rest) : SL_NONE;
	return true;
}

static bool
mail_rewind(void *arg)
{
	struct mail *m = arg;

	m->rest = m->text;
	return true;
}

static bool
evaluate(const struct imap_search *program, struct mail *m)
{
	static const struct slice names[] = {SL("$Junk")};
	struct imap_candidate c = {.seq = 2,
	    .uid = 20,
	    .seq_max = 9,
	    .uid_max = 90,
	    .flags = IMAP_SEEN,
	    .keywords = 1,
	    .names = {.names = names, .count = 1},
	    .size = mail_size,
	    .envelope = mail_envelope,
	    .header = mail_header,
	    .piece = mail_piece,
	    .rewind = mail_rewind,
	    .arg = m};
	struct arena *scratch = arena_new("scratch", 8u << 20);
	bool yes;

	FUZZ_CHECK(imap_search_match(program, &c, NULL, scratch, &yes) == ST_OK);
	arena_free(scratch);
	return yes;
}

static void
check_program(struct imap_search *program, struct mail *m)
{
	struct imap_key not = {.kind = IMAP_KEY_NOT, .first = program->root};
	struct imap_search opposite = *program;
	bool yes;

	m->cut = FUZZ_WHOLE;
	yes = evaluate(program, m);
	for (int how = FUZZ_BYTES; how < FUZZ_CUTS; how++) {
		m->cut = (enum fuzz_cut)how;
		FUZZ_CHECK(evaluate(program, m) == yes);
	}
	opposite.root = &not ;
	imap_key_settle(&not );
	m->cut = FUZZ_WHOLE;
	FUZZ_CHECK(evaluate(&opposite, m) == !yes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = sl_mem(data, size);
	size_t end = sl_search(in, SL("\n\n"));
	struct mail m = {.text = sl_skip(in, end + 2)};
	struct arena *a = arena_new("fuzz", 16u << 20);
	struct imap_server_opts o;
	struct imap_describer *d;
	struct imap_server *s;
	struct imap_lexer lx;

	imap_server_opts_init(&o);
	s = imap_server_new(a, &o, 0);
	s->exists = 9;
	s->run.a = arena_new("command", COMMAND_MAX);
	imap_lex_init(&lx, sl_sub(in, 0, end), s->run.a);
	if (imap_parse_search(s, &lx) && imap_lex_end(&lx)) {
		d = imap_describer_new(a);
		imap_describer_feed(d, m.text);
		FUZZ_CHECK(imap_describer_end(d, &m.d));
		check_program(&((struct imap_search_run *)s->run.data)->program, &m);
	}
	arena_free(a);
	return 0;
}
