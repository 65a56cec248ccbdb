/*
 * Who is connected from where, and how many may be: pure counting, no I/O. One struct tally holds
 * all services; each has its own limits (MAXDAEMONS, MAXPERC, MAXPERIP).
 */
#ifndef DAEMON_TALLYD_TALLY_H
#define DAEMON_TALLYD_TALLY_H

#include <stdint.h>

#include "base/fault.h"
#include "base/slice.h"

struct tally;

struct tally_limits {
	uint64_t total;     /* MAXDAEMONS */
	uint64_t per_block; /* MAXPERC: IPv4 /24, IPv6 /120 */
	uint64_t per_ip;    /* MAXPERIP */
};

/* Nobody is connected. */
struct tally *tally_new(void);

/* Releases t. */
void tally_free(struct tally *t);

/*
 * Counts a connection of ip to service. owner names who reported it (tally_forget). ST_OK, or
 * ST_LIMIT with 4.7.0 and the limit's name in f; then nothing is counted.
 */
enum st tally_arrive(struct tally *t, const struct tally_limits *l, struct slice service,
    struct slice ip, uint32_t owner, struct fault *f);

/* Counts without asking (a process tells a new tallyd what is open). */
void tally_present(
    struct tally *t, struct slice service, struct slice ip, uint32_t owner, uint32_t count);

/* A connection ended; one that was never counted is ignored. */
void tally_depart(struct tally *t, struct slice service, struct slice ip, uint32_t owner);

/* The owner is gone and all its connections with it. */
void tally_forget(struct tally *t, uint32_t owner);

/* Connections of a service now. */
uint64_t tally_total(const struct tally *t, struct slice service);

#endif
