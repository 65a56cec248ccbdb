/*
 * The server engine with other options than the small world gives: what is offered, what is
 * demanded, and how a session is described.
 */
#include "base/check.h"
#include "smtp/tests/world.h"

#define HELO "EHLO client.example\r\n"

/* R5321-2.2.2-a: what EHLO lists is registered. */
static void
test_keywords(void)
{
	static const char *const registered[] = {"AUTH", "STARTTLS", "SIZE", "8BITMIME",
	    "ENHANCEDSTATUSCODES", "DSN", "PIPELINING", "CHUNKING", "SMTPUTF8", "BINARYMIME"};
	struct world w;
	struct world_conn *c;
	struct slice rest, line, word;
	size_t i;

	world_init(&w, 5);
	c = world_connect(&w, WORLD_SMTPS);
	world_heard_drop(c, world_heard(c).n);
	world_send(c, SL(HELO), 0);
	rest = world_heard(c);
	CHECK(sl_cut(&rest, '\n', &line) && sl_starts(line, SL("250-")) && rest.n);
	while (sl_cut(&rest, '\n', &line)) {
		line = sl_trim(sl_skip(line, 4));
		sl_cut(&line, ' ', &word);
		for (i = 0; i < COUNT_OF(registered) && !sl_eq(word, sl_str(registered[i]));)
			i++;
		CHECK(i < COUNT_OF(registered));
	}
	world_fini(&w);
}

static void
tune_no_chunking(struct smtp_server_opts *o)
{
	o->extensions &= ~(unsigned)SMTP_EXT_CHUNKING;
}

/* R5321-4.2.4-b: BDAT where it is not offered is one command, and its octets are others. */
static void
test_no_chunking(void)
{
	struct world w;
	struct world_conn *c;

	world_init(&w, 5);
	w.tune = tune_no_chunking;
	c = world_connect(&w, WORLD_SMTP);
	CHECK(sl_search(world_heard(c), SL("CHUNKING")) == world_heard(c).n);
	world_heard_drop(c, world_heard(c).n);
	world_send(c, SL(HELO), 0);
	CHECK(sl_search(world_heard(c), SL("CHUNKING")) == world_heard(c).n);
	world_heard_drop(c, world_heard(c).n);
	world_send(c, SL("BDAT 6 LAST\r\nNOOP\r\n"), 0);
	CHECK(sl_starts(world_heard(c), SL("502 5.5.1 ")));
	CHECK(sl_search(world_heard(c), SL("\r\n250 ")) < world_heard(c).n);
	world_fini(&w);
}

static void
tune_plaintext(struct smtp_server_opts *o)
{
	o->auth_plaintext = true;
}

static void
tune_tls_required(struct smtp_server_opts *o)
{
	o->tls_required = true;
}

/* Says this and hears that, at the beginning of the reply. */
static bool
hears(struct world_conn *c, const char *said, const char *reply)
{
	bool good;

	world_heard_drop(c, world_heard(c).n);
	world_send(c, sl_str(said), 0);
	good = sl_starts(world_heard(c), sl_str(reply));
	world_heard_drop(c, world_heard(c).n);
	return good;
}

/* R3207-4-e, R3207-4-f */
static void
test_tls_required(void)
{
	static const char *const rows[][2] = {{HELO, "250-"},
	    {"MAIL FROM:<a@b.example>\r\n", "530 5.7.0 "},
	    {"RSET\r\n", "530 5.7.0 "}, {"HELO x\r\n", "530 5.7.0 "}, {"DATA\r\n", "530 5.7.0 "},
	    {"RCPT TO:<a@b.example>\r\n", "530 5.7.0 "}, {"VRFY x\r\n", "530 5.7.0 "},
	    {"HELP\r\n", "530 5.7.0 "}, {"EXPN x\r\n", "530 5.7.0 "},
	    {"BDAT 0 LAST\r\n", "530 5.7.0 "}, {"AUTH PLAIN\r\n", "530 5.7.0 "},
	    {"NOOP\r\n", "250 "}, {"STARTTLS\r\n", "220 "}};
	struct world w;
	struct world_conn *c;

	world_init(&w, 5);
	w.tune = tune_tls_required;
	c = world_connect(&w, WORLD_SMTP);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		CHECK(hears(c, rows[i][0], rows[i][1]));
	CHECK(world_start_tls(c));
	CHECK(hears(c, HELO, "250-"));
	CHECK(hears(c, "MAIL FROM:<a@b.example>\r\n", "250 "));
	c = world_connect(&w, WORLD_SMTP);
	CHECK(hears(c, "QUIT\r\n", "221 "));
	world_fini(&w);
}

static void
tune_unknown_tls(struct smtp_server_opts *o)
{
	o->tls = NULL;
}

/* R3848-1-d; and what TLS from the first byte agreed on comes behind the handshake. */
static void
test_with(void)
{
	static const struct engine_tls tls = {
	    .version = "TLSv1.2", .cipher = "TLS_X", .bits = 128};
	struct engine_event ev = {.kind = ENGINE_TLS_ON, .detail = &tls};
	struct world w;
	struct world_conn *c;
	struct smtp_facts f;

	world_init(&w, 5);
	w.tune = tune_plaintext;
	c = world_connect(&w, WORLD_SUBMISSION);
	world_send(c, SL(HELO "AUTH PLAIN AHVzZXIxQGV4YW1wbGUudGVzdABzZWNyZXQ=\r\n"), 0);
	smtp_server_facts(world_server(c), &f);
	CHECK_SL(sl_str(f.with), SL("ESMTPA"));
	w.tune = tune_unknown_tls;
	c = world_connect(&w, WORLD_SMTPS);
	smtp_server_facts(world_server(c), &f);
	CHECK(f.tls_on && !f.tls_cipher.n);
	smtp_server_engine(world_server(c))->ops->event(
	    smtp_server_engine(world_server(c)), &ev, 0);
	smtp_server_facts(world_server(c), &f);
	CHECK_SL(f.tls_cipher, SL("TLS_X"));
	CHECK_EQ(f.tls_bits, 128);
	world_fini(&w);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"keywords", test_keywords},
		{"no_chunking", test_no_chunking},
		{"with", test_with},
		{"tls_required", test_tls_required},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
