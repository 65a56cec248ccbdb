/* Tests of the test frame itself: a claim that does not hold must be counted as a failure. */
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/check.h"

static void
holds(void)
{
	CHECK(true);
	CHECK_EQ(1, 1);
	CHECK_SL(SL("a"), SL("a"));
}

static void
wrong_claim(void)
{
	CHECK(false);
}

static void
wrong_number(void)
{
	CHECK_EQ(1, 2);
}

static void
wrong_bytes(void)
{
	CHECK_SL(SL("a"), SL("b"));
}

static const struct check_row inner[] = {
	{"holds", holds},
	{"wrong_claim", wrong_claim},
	{"wrong_number", wrong_number},
	{"wrong_bytes", wrong_bytes},
};

/* check_main of the inner table with one name on its command line. */
static int
status_of(const char *name)
{
	char program[] = "inner", test[32];
	char *argv[] = {program, test, NULL};

	snprintf(test, sizeof(test), "%s", name);
	return check_main(2, argv, inner, COUNT_OF(inner));
}

/* One row of two is left out: with it the run fails, without it does not. */
static int
leaves_out(void)
{
	char program[] = "inner", one[] = "holds", two[] = "wrong_claim";
	char *argv[] = {program, one, two, NULL};
	int with = check_main(3, argv, inner, COUNT_OF(inner)), without;

	if (setenv("CHECK_LEAVE_OUT", "other:holds inner:wrong inner:wrong_claim", 1) != 0)
		return 0;
	without = check_main(3, argv, inner, COUNT_OF(inner));
	unsetenv("CHECK_LEAVE_OUT");
	return with == 1 && without == 0;
}

int
main(void)
{
	static const struct {
		const char *name;
		int status;
	} rows[] = {{"holds", 0}, {"wrong_claim", 1}, {"wrong_number", 1}, {"wrong_bytes", 1},
	    {"absent", 1}};
	unsigned failed = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		failed += status_of(rows[i].name) != rows[i].status;
	failed += !leaves_out();
	printf("check_test: %u passed, %u failed\n", (unsigned)COUNT_OF(rows) + 1 - failed, failed);
	return failed == 0 ? 0 : 1;
}
