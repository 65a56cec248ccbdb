/*
 * Inside of the Linux sandbox: which system calls a profile has (sandbox_calls.c), the filter made
 * of that table (sandbox_filter.c), the file and port rules (sandbox_landlock.c).
 */
#ifndef PORTS_SANDBOX_LINUX_H
#define PORTS_SANDBOX_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/sandbox.h"

/* Sets of profiles. */
#define IN_PURE (1u << SANDBOX_PURE)
#define IN_NET_IN (1u << SANDBOX_NET_IN)
#define IN_NET_OUT (1u << SANDBOX_NET_OUT)
#define IN_STORE (1u << SANDBOX_STORE)
#define IN_LOOKUP (1u << SANDBOX_LOOKUP)
#define IN_ALL (IN_PURE | IN_NET_IN | IN_NET_OUT | IN_STORE | IN_LOOKUP)

enum sandbox_action {
	CALL_ALLOW,
	CALL_REFUSE,  /* EPERM: what libraries try by themselves and can do without */
	CALL_MISSING, /* ENOSYS: the caller has an older way */
	CALL_KILL,    /* what only an attacker tries */
};

#define SANDBOX_TESTS_MAX 3

/* (argument & mask) == value, on the low or the high 32 bits; mask 0 ends the list. */
struct sandbox_test {
	uint8_t argument;
	bool is_high;
	bool is_pid; /* value is our process id */
	uint32_t mask, value;
};

/* The first row decides whose number, profile and tests all fit; no row: CALL_REFUSE. */
struct sandbox_call {
	int number;
	unsigned profiles;
	enum sandbox_action action;
	struct sandbox_test tests[SANDBOX_TESTS_MAX];
};

extern const struct sandbox_call sandbox_calls[];
extern const size_t sandbox_call_count;

/*
 * Puts the filter of the profile in force, for all threads. tcp_limited says that landlock holds
 * TCP to the ports listed; without that NET_IN has no stream sockets. 0 or -errno (-ENOSYS: no
 * seccomp).
 */
int sandbox_filter_enter(enum sandbox_profile profile, bool tcp_limited);

/* What landlock does of the wishes in o. */
struct sandbox_landlock {
	bool applied;
	bool tcp_limited;
};

/*
 * Puts the landlock rules in force. ST_OK (see *result: the kernel may lack it), or ST_IO with f
 * filled.
 */
enum st sandbox_landlock_enter(
    const struct sandbox_opts *o, struct sandbox_landlock *result, struct fault *f);

#endif
