/*
 * What the load tools share: their words when they are used wrongly, numbers and addresses of the
 * command line, the clock, and quantiles. A tool names itself in load_tool.
 */
#ifndef BENCH_LOADTOOL_H
#define BENCH_LOADTOOL_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

extern const char load_tool[]; /* "smtpload" */

/* "tool: what: arg (try --help)"; exit 2. */
ATTR_NORETURN void load_usage(const char *what, const char *arg);

/* A number from min to max, or load_usage(name, text). */
int64_t load_number(const char *name, const char *text, int64_t min, int64_t max);

/* ADDRESS:PORT; only of the loopback network, else load_usage. */
void load_server(const char *text, struct sockaddr_in *out);

/* An option with a value: a text, or a number. The last row has no name. */
struct load_option {
	const char *name;
	const char **text;
	int64_t *number;
	int64_t min, max;
};

/* Takes the option when a row has its name: 1, else 0. */
int load_option(const struct load_option *rows, const char *name, const char *text);

/* CLOCK_MONOTONIC. */
int64_t load_now_ns(void);

/* Sorts microseconds; then the p-quantile (0..1) of them in milliseconds, 0 of none. */
void load_sort_us(uint32_t *us, size_t n);
double load_quantile_ms(const uint32_t *us, size_t n, double p);

#endif
