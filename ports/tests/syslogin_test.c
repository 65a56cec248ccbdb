/*
 * The contract of os/syslogin.h, over the users of ports/stub/logins.h.
 */
#include "os/syslogin.h"

#include <string.h>

#include "base/check.h"
#include "ports/stub/logins.h"

static enum st
ask(const char *user, const char *password)
{
	struct fault f = FAULT_NONE;
	enum st st = syslogin_check("imap", user, password, &f);

	CHECK(st == ST_OK || f.text[0] != '\0');
	return st;
}

static void
yes_and_no(void)
{
	CHECK_EQ(ask(STUB_GOOD, STUB_PASSWORD), ST_OK);
	CHECK_EQ(ask(STUB_GOOD, "correct hors"), ST_DENIED);
	CHECK_EQ(ask(STUB_GOOD, "correct horse "), ST_DENIED);
	CHECK_EQ(ask(STUB_NOBODY, STUB_PASSWORD), ST_DENIED);
	CHECK_EQ(ask(STUB_GOOD, STUB_PASSWORD), ST_OK);
}

/* The right password alone is not enough. */
static void
accounts_that_may_not(void)
{
	CHECK_EQ(ask(STUB_EXPIRED, STUB_PASSWORD), ST_DENIED);
	if (strcmp(syslogin_kind, "shadow") != 0)
		CHECK_EQ(ask(STUB_CHANGE, STUB_PASSWORD), ST_DENIED);
}

/* "Cannot be asked" is not "no": whoever asks may come again. BSD authentication cannot tell. */
static void
trouble(void)
{
	CHECK_EQ(ask(STUB_TROUBLE, STUB_PASSWORD),
	    strcmp(syslogin_kind, "bsdauth") == 0 ? ST_DENIED : ST_TEMP);
}

/* These never get to the system, whatever it would say. */
static void
never_asked(void)
{
	static const char *const users[] = {"", "-f", "al/ice", "../x", "al ice", "al\nice",
	    "alice\xc3\xa9", "a@b", "a:b", "a%s", "a\\b", "$(id)"};
	char longest[SYSLOGIN_USER_MAX + 2];

	for (size_t i = 0; i < COUNT_OF(users); i++) {
		CHECK(!syslogin_user_is_fit(users[i]));
		CHECK_EQ(ask(users[i], STUB_PASSWORD), ST_DENIED);
	}
	CHECK_EQ(ask(STUB_GOOD, ""), ST_DENIED);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[SYSLOGIN_USER_MAX + 1] = '\0';
	CHECK(!syslogin_user_is_fit(longest));
	longest[SYSLOGIN_USER_MAX] = '\0';
	CHECK(syslogin_user_is_fit(longest));
	CHECK_EQ(ask(longest, STUB_PASSWORD), ST_OK); /* the emulations let anybody in but one */
	CHECK(syslogin_user_is_fit("a.b_c-d9"));
}

static void
many_times(void)
{
	for (int i = 0; i < 40; i++) {
		CHECK_EQ(ask(STUB_GOOD, STUB_PASSWORD), ST_OK);
		CHECK_EQ(ask(STUB_GOOD, "wrong"), ST_DENIED);
	}
}

static const struct check_row rows[] = {
	{"yes_and_no", yes_and_no},
	{"accounts_that_may_not", accounts_that_may_not},
	{"trouble", trouble},
	{"never_asked", never_asked},
	{"many_times", many_times},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
