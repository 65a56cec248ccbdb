#include "loadtool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

void
load_usage(const char *what, const char *arg)
{
	fprintf(stderr, "%s: %s: %s (try --help)\n", load_tool, what, arg);
	exit(2);
}

int64_t
load_number(const char *name, const char *text, int64_t min, int64_t max)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || v < min || v > max)
		load_usage(name, text);
	return v;
}

void
load_server(const char *text, struct sockaddr_in *out)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;

	if (n == 0 || n >= sizeof host)
		load_usage("want ADDRESS:PORT", text);
	memcpy(host, text, n);
	host[n] = '\0';
	memset(out, 0, sizeof *out);
	out->sin_family = AF_INET;
	if (inet_pton(AF_INET, host, &out->sin_addr) != 1)
		load_usage("not an IPv4 address", host);
	if (ntohl(out->sin_addr.s_addr) >> 24 != 127)
		load_usage("not a loopback address", host);
	out->sin_port = htons((uint16_t)load_number("port", colon + 1, 1, 65535));
}

int
load_option(const struct load_option *rows, const char *name, const char *text)
{
	for (; rows->name != NULL; rows++) {
		if (strcmp(rows->name, name) != 0)
			continue;
		if (text == NULL)
			load_usage("option needs a value", name);
		if (rows->text != NULL)
			*rows->text = text;
		else
			*rows->number = load_number(name, text, rows->min, rows->max);
		return 1;
	}
	return 0;
}

int64_t
load_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int
compare_us(const void *a, const void *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

void
load_sort_us(uint32_t *us, size_t n)
{
	if (n > 0)
		qsort(us, n, sizeof *us, compare_us);
}

double
load_quantile_ms(const uint32_t *us, size_t n, double p)
{
	size_t at = (size_t)(p * (double)n);

	if (n == 0)
		return 0;
	return (double)us[at >= n ? n - 1 : at] / 1000.0;
}
