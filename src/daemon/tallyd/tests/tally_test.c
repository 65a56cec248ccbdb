/*
 * Counting connections.
 */
#include <stdio.h>

#include "base/check.h"
#include "daemon/tallyd/tally.h"

static const struct tally_limits limits = {5, 3, 2};

static enum st
arrive(struct tally *t, const char *ip, uint32_t owner)
{
	struct fault f;

	return tally_arrive(t, &limits, SL("smtp"), sl_str(ip), owner, &f);
}

static void
test_limits(void)
{
	struct tally *t = tally_new();

	CHECK_EQ(arrive(t, "192.0.2.1", 1), ST_OK);
	CHECK_EQ(arrive(t, "192.0.2.1", 2), ST_OK);
	CHECK_EQ(arrive(t, "192.0.2.1", 1), ST_LIMIT); /* MAXPERIP, over all processes */
	CHECK_EQ(arrive(t, "192.0.2.2", 1), ST_OK);
	CHECK_EQ(arrive(t, "192.0.2.3", 1), ST_LIMIT); /* MAXPERC */
	CHECK_EQ(arrive(t, "198.51.100.1", 1), ST_OK);
	CHECK_EQ(arrive(t, "2001:db8::1", 1), ST_OK);
	CHECK_EQ(arrive(t, "203.0.113.1", 1), ST_LIMIT); /* MAXDAEMONS */
	CHECK_EQ(tally_total(t, SL("smtp")), 5);
	CHECK_EQ(tally_total(t, SL("smtps")), 0);
	tally_depart(t, SL("smtp"), SL("192.0.2.2"), 1);
	CHECK_EQ(arrive(t, "192.0.2.3", 1), ST_OK);
	tally_free(t);
}

/* A block is the address without its last byte, in whatever form it is written. */
static void
test_blocks(void)
{
	struct tally *t = tally_new();

	CHECK_EQ(arrive(t, "2001:db8::1", 1), ST_OK);
	CHECK_EQ(arrive(t, "2001:db8::ff", 1), ST_OK);
	CHECK_EQ(arrive(t, "2001:db8::20", 1), ST_OK);
	CHECK_EQ(arrive(t, "2001:db8::21", 1), ST_LIMIT);
	CHECK_EQ(arrive(t, "2001:db8::121", 1), ST_OK);
	tally_free(t);
}

static void
test_departures(void)
{
	struct tally *t = tally_new();

	tally_depart(t, SL("smtp"), SL("192.0.2.1"), 1); /* never came */
	CHECK_EQ(tally_total(t, SL("smtp")), 0);
	CHECK_EQ(arrive(t, "192.0.2.1", 1), ST_OK);
	tally_depart(t, SL("smtp"), SL("192.0.2.1"), 2); /* another's */
	CHECK_EQ(tally_total(t, SL("smtp")), 1);
	tally_present(t, SL("smtp"), SL("192.0.2.9"), 2, 3);
	CHECK_EQ(tally_total(t, SL("smtp")), 4);
	tally_forget(t, 2);
	CHECK_EQ(tally_total(t, SL("smtp")), 1);
	tally_forget(t, 1);
	CHECK_EQ(tally_total(t, SL("smtp")), 0);
	tally_free(t);
}

/* A hundred thousand come and go: nothing stays. */
static void
test_leak(void)
{
	struct tally *t = tally_new();
	char ip[32];

	for (unsigned i = 0; i < 100000; i++) {
		snprintf(ip, sizeof(ip), "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
		CHECK_EQ(arrive(t, ip, 1), ST_OK);
		tally_depart(t, SL("smtp"), sl_str(ip), 1);
	}
	CHECK_EQ(tally_total(t, SL("smtp")), 0);
	tally_free(t);
}

static const struct check_row tests[] = {
    {"limits", test_limits},
    {"blocks", test_blocks},
    {"departures", test_departures},
    {"leak", test_leak},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, tests, COUNT_OF(tests));
}
