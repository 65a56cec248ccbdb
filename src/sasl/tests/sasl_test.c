/* The mechanisms, step by step. */
#include "base/check.h"
#include "sasl/server.h"

/* A message with NULs in it. */
#define MSG(literal) sl_mem((literal), sizeof(literal) - 1)

static enum st
plain(struct arena *a, struct slice message, struct sasl_server *s)
{
	struct slice challenge;

	sasl_server_init(s, sasl_mech_find(SL("plain")), a);
	return sasl_server_step(s, true, message, &challenge, NULL);
}

/* R4616-2-a, R4616-2-c, R4616-2-d, R4616-2-e, R4616-2-f */
static void
test_plain(void)
{
	struct arena *a = arena_new("test", 1 << 20);
	struct sasl_server s;
	struct slice challenge;

	CHECK_EQ(plain(a, MSG("\0user\0secret"), &s), ST_OK);
	CHECK_SL(s.authzid, SL_NONE);
	CHECK_SL(s.user, SL("user"));
	CHECK_SL(s.password, SL("secret"));
	CHECK_EQ(plain(a, MSG("other\0user\0se cret"), &s), ST_OK);
	CHECK_SL(s.authzid, SL("other"));
	CHECK_EQ(plain(a, MSG("user\0secret"), &s), ST_SYNTAX);
	CHECK_EQ(plain(a, MSG("\0user\0secret\0"), &s), ST_SYNTAX);
	CHECK_EQ(plain(a, MSG("\0\0secret"), &s), ST_SYNTAX);
	CHECK_EQ(plain(a, MSG("\0user\0"), &s), ST_SYNTAX);
	CHECK_EQ(plain(a, MSG(""), &s), ST_SYNTAX);
	CHECK_EQ(plain(a, MSG("\0us\xff\0secret"), &s), ST_SYNTAX);
	sasl_server_init(&s, sasl_mech_find(SL("PLAIN")), a); /* R4616-2-j */
	CHECK_EQ(sasl_server_step(&s, false, SL_NONE, &challenge, NULL), ST_AGAIN);
	CHECK_EQ(challenge.n, 0);
	CHECK_EQ(sasl_server_step(&s, true, MSG("\0u\0p"), &challenge, NULL), ST_OK);
	arena_free(a);
}

/* R4616-2-b */
static void
test_plain_long(void)
{
	struct arena *a = arena_new("test", 1 << 20);
	unsigned char message[2 + 3 * 256];
	struct sasl_server s;

	for (size_t n = 255; n <= 256; n++) {
		memset(message, 'x', sizeof(message));
		message[n] = message[2 * n + 1] = '\0';
		CHECK_EQ(plain(a, sl_mem(message, 3 * n + 2), &s), n == 255 ? ST_OK : ST_SYNTAX);
	}
	arena_free(a);
}

static void
test_login(void)
{
	struct arena *a = arena_new("test", 1 << 20);
	struct sasl_server s;
	struct slice challenge;

	sasl_server_init(&s, sasl_mech_find(SL("Login")), a);
	CHECK_EQ(sasl_server_step(&s, false, SL_NONE, &challenge, NULL), ST_AGAIN);
	CHECK_SL(challenge, SL("Username:"));
	CHECK_EQ(sasl_server_step(&s, true, SL("user"), &challenge, NULL), ST_AGAIN);
	CHECK_SL(challenge, SL("Password:"));
	CHECK_EQ(sasl_server_step(&s, true, SL("secret"), &challenge, NULL), ST_OK);
	CHECK_SL(s.user, SL("user"));
	CHECK_SL(s.password, SL("secret"));
	sasl_server_wipe(&s);
	CHECK_EQ(s.password.n, 0);
	sasl_server_init(&s, sasl_mech_find(SL("LOGIN")), a);
	CHECK_EQ(sasl_server_step(&s, true, SL("user"), &challenge, NULL), ST_AGAIN);
	CHECK_EQ(sasl_server_step(&s, true, SL_NONE, &challenge, NULL), ST_SYNTAX);
	CHECK(sasl_mech_find(SL("PLAI")) == NULL);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
		{"plain", test_plain},
		{"plain_long", test_plain_long},
		{"login", test_login},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
