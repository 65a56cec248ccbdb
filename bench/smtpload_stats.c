/*
 * smtpload_stats.c - counters, latencies and the file of acknowledged messages.
 */
#include "smtpload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const stage_name[STAGE_COUNT] = {
	"connect", "greeting", "ehlo", "mail", "rcpt", "data", "dot", "rset", "quit"
};

void
stats_reply(struct load_stats *st, enum load_stage stage, int code)
{
	if (code < 200 || code > 599)
		code = 599;
	st->codes[stage][code]++;
	if (code >= 400)
		st->refused++;
}

void
stats_lost(struct load_stats *st, enum load_stage stage)
{
	st->lost++;
	st->lost_at[stage]++;
}

void
stats_accepted(struct load_stats *st, int rcpts, int64_t dot_ns)
{
	int64_t us = dot_ns / 1000;

	if (st->ndot == st->dot_room) {
		size_t room = st->dot_room ? st->dot_room * 2 : 65536;
		uint32_t *p = realloc(st->dot_us, room * sizeof *p);

		if (p == NULL) {
			fputs("smtpload: out of memory\n", stderr);
			exit(2);
		}
		st->dot_us = p;
		st->dot_room = room;
	}
	st->dot_us[st->ndot++] = us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	st->accepted++;
	st->accepted_rcpts += rcpts;
	st->last_ns = load_now_ns();
}

void
stats_acked(struct load *load, const struct session *s)
{
	const struct load_plan *plan = &load->plan;
	char line[65536];
	size_t len, n;
	int i, first = 1;

	if (load->stats.acked_fd < 0)
		return;
	len = strlen(s->token);
	memcpy(line, s->token, len);
	line[len++] = ' ';
	for (i = 0; i < s->rcpt_sent; i++) {
		const char *a = plan->addresses[(s->rcpt_first + (size_t)i) % plan->naddresses];

		n = strlen(a);
		if (!s->rcpt_good[i] || len + n + 2 > sizeof line)
			continue;
		if (!first)
			line[len++] = ',';
		memcpy(line + len, a, n);
		len += n;
		first = 0;
	}
	line[len++] = '\n';
	if (write(load->stats.acked_fd, line, len) != (ssize_t)len) {
		fprintf(stderr, "smtpload: cannot write %s: %s\n", plan->acked_path,
		    strerror(errno));
		exit(2);
	}
}

static double
quantile_ms(const struct load_stats *st, double p)
{
	return load_quantile_ms(st->dot_us, st->ndot, p);
}

static void
print_errors(const struct load_stats *st, int json, FILE *f)
{
	const char *sep = "";
	int stage, code;

	for (stage = 0; stage < STAGE_COUNT; stage++) {
		for (code = 400; code < 600; code++) {
			if (st->codes[stage][code] == 0)
				continue;
			fprintf(f, json ? "%s\"%s %d\": %lld" : "%s%s %d x %lld", sep,
			    stage_name[stage], code, (long long)st->codes[stage][code]);
			sep = ", ";
		}
		if (st->lost_at[stage] != 0) {
			fprintf(f, json ? "%s\"%s lost\": %lld" : "%s%s lost x %lld", sep,
			    stage_name[stage], (long long)st->lost_at[stage]);
			sep = ", ";
		}
	}
	if (*sep == '\0' && !json)
		fputs("none", f);
}

void
stats_print(struct load_stats *st, const struct load_plan *plan, int json, FILE *f)
{
	double seconds = (double)(st->last_ns - st->first_ns) / 1e9;
	double rate = seconds > 0 ? (double)st->accepted / seconds : 0;
	double megabytes = rate * (double)plan->size_bytes / 1e6;

	load_sort_us(st->dot_us, st->ndot);
	if (json) {
		fprintf(f, "{\"accepted\": %lld, \"accepted_rcpts\": %lld, \"attempted\": %lld, "
		    "\"unfinished\": %lld, \"refused\": %lld, \"lost\": %lld, \"connects\": %lld, "
		    "\"seconds\": %.3f, \"rate\": %.1f, \"mbytes_per_s\": %.2f, "
		    "\"dot_ms\": {\"p50\": %.3f, \"p95\": %.3f, \"p99\": %.3f, \"max\": %.3f}, "
		    "\"errors\": {", (long long)st->accepted, (long long)st->accepted_rcpts,
		    (long long)st->attempted, (long long)st->unfinished, (long long)st->refused,
		    (long long)st->lost, (long long)st->connects, seconds, rate, megabytes,
		    quantile_ms(st, 0.50), quantile_ms(st, 0.95), quantile_ms(st, 0.99),
		    quantile_ms(st, 1.0));
		print_errors(st, 1, f);
		fputs("}}\n", f);
		return;
	}
	fprintf(f, "accepted %lld of %lld messages in %.2f s: %.1f messages/s, %.2f MB/s\n",
	    (long long)st->accepted, (long long)st->attempted, seconds, rate, megabytes);
	fprintf(f, "reply to the final dot: p50 %.2f ms, p95 %.2f ms, p99 %.2f ms, max %.2f ms\n",
	    quantile_ms(st, 0.50), quantile_ms(st, 0.95), quantile_ms(st, 0.99),
	    quantile_ms(st, 1.0));
	fprintf(f, "connections %lld, fate unknown %lld, errors: ", (long long)st->connects,
	    (long long)st->unfinished);
	print_errors(st, 0, f);
	fputc('\n', f);
}
