/*
 * The contract of os/accounts.h.
 */
#include "os/accounts.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_CRYPT_H
#include <crypt.h>
#endif

#include "base/check.h"

static void
root(void)
{
	struct accounts_entry by_uid, by_name;

	CHECK_EQ(accounts_by_uid(0, &by_uid), 0);
	CHECK_EQ(by_uid.uid, 0);
	CHECK_EQ(by_uid.home[0], '/');
	CHECK_EQ(accounts_by_name(by_uid.name, &by_name), 0);
	CHECK(strcmp(by_uid.name, by_name.name) == 0);
	CHECK(strcmp(by_uid.home, by_name.home) == 0);
	CHECK_EQ(by_name.uid, by_uid.uid);
	CHECK_EQ(by_name.gid, by_uid.gid);
}

static void
nobody_there(void)
{
	struct accounts_entry e;
	uint32_t gid;

	CHECK_EQ(accounts_by_name("no-such-account-here", &e), -ENOENT);
	CHECK_EQ(accounts_by_name("", &e), -ENOENT);
	CHECK_EQ(accounts_by_uid(4000000007u, &e), -ENOENT);
	CHECK_EQ(accounts_group("no-such-group-here", &gid), -ENOENT);
}

/* What was said is said again until ten seconds are over; uids that share a place do not mix. */
static void
said(void)
{
	const struct accounts_entry *e, *again;
	struct accounts_entry bin;

	CHECK_EQ(accounts_said_of_uid(4000000007u, 1000, &e), -ENOENT);
	CHECK_EQ(accounts_said_of_uid(4000000007u, 1500, &e), -ENOENT);
	CHECK_EQ(accounts_by_uid(1, &bin), 0);
	CHECK_EQ(accounts_said_of_uid(1, 1000, &e), 0);
	CHECK(strcmp(e->home, bin.home) == 0 && e->gid == bin.gid);
	CHECK_EQ(accounts_said_of_uid(1, 10999, &again), 0);
	CHECK(again == e && again->uid == 1);
	CHECK_EQ(accounts_said_of_uid(4000000001u, 11000, &e), -ENOENT);
	CHECK_EQ(accounts_said_of_uid(1, 11000, &e), 0);
	CHECK(e->uid == 1 && strcmp(e->home, bin.home) == 0);
}

struct count {
	size_t all, roots, most;
};

static bool
count_one(void *arg, const struct accounts_entry *e)
{
	struct count *c = arg;

	c->all++;
	c->roots += e->uid == 0 && e->home[0] == '/';
	return c->all < c->most;
}

static void
each(void)
{
	struct count c = {.most = 1000000}, two = {.most = 2};

	CHECK_EQ(accounts_each(count_one, &c), 0);
	CHECK(c.roots >= 1 && c.all > c.roots);
	CHECK_EQ(accounts_each(count_one, &two), 0);
	CHECK_EQ(two.all, 2);
}

static void
groups(void)
{
	struct group *g = getgrgid(0);
	uint32_t gid = 99;

	CHECK(g != NULL);
	CHECK_EQ(accounts_group(g->gr_name, &gid), 0);
	CHECK_EQ(gid, 0);
}

/*
 * The old form is in every crypt; newer ones are made by the system itself first, when it knows
 * them.
 */
static void
passwords(void)
{
	static const char *const salts[] = {"ab", "$1$saltsalt$", "$5$saltstring", "$6$saltstring",
	    "$2y$05$abcdefghijklmnopqrstuu"};
	char hash[256];
	const char *made;
	size_t i, known = 0;

	for (i = 0; i < COUNT_OF(salts); i++) {
		made = crypt("secret", salts[i]);
		if (!made || made[0] == '*')
			continue;
		known++;
		snprintf(hash, sizeof(hash), "%s", made);
		CHECK(accounts_crypt_matches("secret", hash));
		CHECK(!accounts_crypt_matches("Secret", hash));
		CHECK(!accounts_crypt_matches("", hash));
		hash[strlen(hash) - 1] ^= 1;
		CHECK(!accounts_crypt_matches("secret", hash));
	}
	CHECK(known >= 1);
}

/* A hash made is a hash that matches; an unknown kind, or what does not fit, is refused. */
static void
making(void)
{
	char hash[256], small[16];
	const char *direct = crypt("secret", "$6$saltstring");
	bool known = direct && strncmp(direct, "$6$", 3) == 0;

	CHECK_EQ(accounts_crypt_make("secret", "$6$saltstring", hash, sizeof(hash)), known);
	CHECK_EQ(known && accounts_crypt_matches("secret", hash), known);
	CHECK(!known || !accounts_crypt_matches("secre", hash));
	CHECK(!accounts_crypt_make("secret", "$6$saltstring", small, sizeof(small)));
	CHECK(!accounts_crypt_make("secret", "$nosuchkind$salt", hash, sizeof(hash)));
	CHECK(!accounts_crypt_make("secret", "*", hash, sizeof(hash)));
}

/* What stands in the password field of accounts without one never matches. */
static void
locked(void)
{
	static const char *const fields[] = {
	    "", "*", "!", "!!", "*LK*", "x", "NP", "*0", "*1", "$"};
	size_t i;

	for (i = 0; i < COUNT_OF(fields); i++) {
		CHECK(!accounts_crypt_matches("", fields[i]));
		CHECK(!accounts_crypt_matches(fields[i], fields[i]));
	}
}

static const struct check_row rows[] = {
	{"root", root},
	{"nobody_there", nobody_there},
	{"said", said},
	{"each", each},
	{"groups", groups},
	{"passwords", passwords},
	{"making", making},
	{"locked", locked},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
