/*
 * imapload_stats.c - counters, latencies and the report of the IMAP and POP3 load generator.
 */
#include "imapload_calls.h"

#include <stdlib.h>
#include <string.h>

enum { SLOW_MS = 1000 };

int
stats_kind(struct stats *st, const char *name)
{
	struct kind *k;
	int i;

	for (i = 0; i < st->nkinds; i++)
		if (strncmp(st->kinds[i].name, name, sizeof st->kinds[i].name - 1) == 0)
			return i;
	if (st->nkinds == KIND_MAX)
		return KIND_MAX - 1;
	k = &st->kinds[st->nkinds];
	snprintf(k->name, sizeof k->name, "%s", name);
	return st->nkinds++;
}

void
stats_operation(struct stats *st, int64_t ns)
{
	int64_t us = ns / 1000;

	if (st->nus == st->us_room) {
		st->us_room = st->us_room ? st->us_room * 2 : 65536;
		st->us = load_realloc(st->us, st->us_room * sizeof *st->us);
	}
	st->us[st->nus++] = us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	st->operations++;
	st->last_ns = load_now_ns();
}

void
stats_command(struct stats *st, int kind, int64_t ns, int64_t untagged, int64_t octets)
{
	struct kind *k = &st->kinds[kind];

	k->count++;
	k->ns += ns;
	k->untagged += untagged;
	k->octets += octets;
	if (ns > k->max_ns)
		k->max_ns = ns;
	if (ns > (int64_t)SLOW_MS * 1000000)
		st->slow++;
	st->octets += octets;
}

void
stats_error(struct stats *st, const char *what, const char *text, size_t n)
{
	char *keep;
	size_t i;

	st->errors++;
	if (st->error_texts == ERROR_TEXTS)
		return;
	keep = st->error_text[st->error_texts];
	snprintf(keep, sizeof st->error_text[0], "%s: %.*s", what, n > 110 ? 110 : (int)n, text);
	for (i = 0; keep[i] != '\0'; i++)
		if (keep[i] < ' ' || keep[i] > '~' || keep[i] == '"' || keep[i] == '\\')
			keep[i] = '\'';
	for (i = 0; (int)i < st->error_texts; i++)
		if (strcmp(st->error_text[i], keep) == 0)
			return;
	st->error_texts++;
}

static double
quantile_ms(const struct stats *st, double p)
{
	return load_quantile_ms(st->us, st->nus, p);
}

/* A command's text inside a JSON string. */
static void
print_escaped(const char *text, FILE *f)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		fputc(*text, f);
	}
}

static void
print_kinds(const struct stats *st, int json, FILE *f)
{
	int i;

	for (i = 0; i < st->nkinds; i++) {
		const struct kind *k = &st->kinds[i];
		double mean = k->count ? (double)k->ns / 1e6 / (double)k->count : 0;

		if (json) {
			fprintf(f, "%s{\"command\": \"", i ? ", " : "");
			print_escaped(k->name, f);
			fprintf(f, "\", \"count\": %lld, \"ms\": %.3f, \"max_ms\": %.3f, "
			    "\"untagged\": %lld, \"octets\": %lld}", (long long)k->count, mean,
			    (double)k->max_ns / 1e6, (long long)k->untagged,
			    (long long)k->octets);
		} else {
			fprintf(f, "  %-44s %8lld x %10.3f ms, longest %10.3f ms, %lld lines, %lld "
			    "octets\n", k->name, (long long)k->count, mean,
			    (double)k->max_ns / 1e6, (long long)k->untagged,
			    (long long)k->octets);
		}
	}
}

static void
print_errors(const struct stats *st, int json, FILE *f)
{
	int i;

	for (i = 0; i < st->error_texts; i++)
		fprintf(f, json ? "%s\"%s\"" : "%s  error: %s\n", json && i ? ", " : "",
		    st->error_text[i]);
}

void
stats_print(struct stats *st, const struct plan *plan, int json, FILE *f)
{
	double seconds = (double)(st->last_ns - st->first_ns) / 1e9;
	double rate = seconds > 0 ? (double)st->operations / seconds : 0;
	double megabytes = seconds > 0 ? (double)st->octets / 1e6 / seconds : 0;

	load_sort_us(st->us, st->nus);
	if (json) {
		fprintf(f, "{\"mode\": \"%s\", \"operations\": %lld, \"seconds\": %.4f, "
		    "\"rate\": %.1f, \"messages\": %lld, \"mbytes_per_s\": %.2f, "
		    "\"errors\": %lld, \"stalls\": %lld, \"slow\": %lld, \"ms\": {\"p50\": %.3f, "
		    "\"p95\": %.3f, \"p99\": %.3f, \"max\": %.3f}, \"commands\": [",
		    plan->mode->name, (long long)st->operations, seconds, rate,
		    (long long)st->messages, megabytes, (long long)st->errors,
		    (long long)st->stalls, (long long)st->slow, quantile_ms(st, 0.50),
		    quantile_ms(st, 0.95), quantile_ms(st, 0.99), quantile_ms(st, 1.0));
		print_kinds(st, 1, f);
		fputs("], \"error_texts\": [", f);
		print_errors(st, 1, f);
		fputs("]}\n", f);
		return;
	}
	fprintf(f, "%s%s: %lld in %.3f s: %.1f/s, %.2f MB/s; p50 %.2f ms, p95 %.2f ms, p99 %.2f "
	    "ms, max %.2f ms; %lld errors, %lld stalls, %lld slower than a second\n",
	    plan->mode->name, plan->tls ? " (TLS)" : "", (long long)st->operations, seconds, rate,
	    megabytes, quantile_ms(st, 0.50), quantile_ms(st, 0.95), quantile_ms(st, 0.99),
	    quantile_ms(st, 1.0), (long long)st->errors, (long long)st->stalls,
	    (long long)st->slow);
	print_kinds(st, 0, f);
	print_errors(st, 0, f);
}
