/*
 * Deliveries a second through real workers, each with an account of its own: what courierlocal does
 * without the rest of the server. By hand, not a test:
 *
 *     top_builddir=. src/daemon/courierlocal/tests/rate FOLDER WORKERS SECONDS [BYTES [AHEAD]]
 *
 * FOLDER must be new and is left there: removing many files makes the next run slow
 * (docs/PERFORMANCE.md). AHEAD deliveries are open for each worker (64).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "daemon/courierlocal/tests/world.h"
#include "os/clock.h"

#define WORKERS_MAX 100
#define AHEAD_MAX 64

struct stream {
	struct worker worker;
	char name[16];
	struct parcel parcels[AHEAD_MAX];
};

static struct stream streams[WORKERS_MAX];

#define SKIP4 "%*s %*s %*s %*s "

/* Device flushes of all disks so far, 0 where the system does not tell. */
static unsigned long
flushes(void)
{
	FILE *f = fopen("/proc/diskstats", "r");
	unsigned long sum = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long n;

		if (sscanf(line, SKIP4 SKIP4 SKIP4 SKIP4 "%*s %*s %lu", &n) == 1)
			sum += n;
	}
	if (f)
		fclose(f);
	return sum;
}

static double
cpu_sec(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static unsigned long
refill(size_t workers, unsigned ahead, struct slice text, bool again)
{
	static uint32_t number;
	unsigned long done = 0;

	for (size_t i = 0; i < workers; i++)
		for (unsigned k = 0; k < ahead; k++) {
			struct parcel *p = &streams[i].parcels[k];

			if (p->call.fn && !p->answers)
				continue;
			if (p->answers && p->esc[0] != 2) {
				fprintf(stderr, "rate: %s\n", p->text);
				exit(1);
			}
			done += p->answers;
			p->answers = 0;
			p->call.fn = NULL;
			if (again)
				parcel_send(&streams[i].worker, 0, p,
				    &(struct order){.id = "65a0.0a1b2c.1f",
					.account = streams[i].name,
					.number = number++,
					.text = text});
		}
	return done;
}

int
main(int argc, char **argv)
{
	size_t workers = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 0;
	unsigned long seconds = argc > 3 ? strtoul(argv[3], NULL, 10) : 0, done = 0, before;
	size_t bytes = argc > 4 ? (size_t)strtoul(argv[4], NULL, 10) : 4096;
	unsigned ahead = argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : AHEAD_MAX;
	int64_t start, end;
	struct world w;
	struct buf text;
	double own;

	if (!workers || workers > WORKERS_MAX || !seconds || !ahead || ahead > AHEAD_MAX) {
		fprintf(stderr, "usage: rate FOLDER WORKERS SECONDS [BYTES [AHEAD]]\n");
		return 64;
	}
	if (mkdir(argv[1], 0700) != 0) {
		perror(argv[1]);
		return 73;
	}
	world_open_in(&w, argv[1]);
	buf_init(&text, 65536);
	while (text.n + 80 < bytes)
		buf_put_str(&text,
		    "A line of a message as there are many, of seventy-six bytes with its "
		    "end..\r\n");
	for (size_t i = 0; i < workers; i++) {
		snprintf(streams[i].name, sizeof(streams[i].name), "u%zu", i);
		worker_start(&w, &streams[i].worker, streams[i].name);
	}
	for (size_t i = 0; i < workers; i++)
		while (!streams[i].worker.is_ready)
			loop_turn(w.loop, 10);
	before = flushes();
	own = cpu_sec(RUSAGE_SELF);
	start = clock_mono_us();
	end = start + (int64_t)seconds * 1000000;
	while (clock_mono_us() < end) {
		done += refill(workers, ahead, buf_slice(&text), true);
		loop_turn(w.loop, 100);
	}
	double took = (double)(clock_mono_us() - start) / 1e6;
	unsigned long flushed = flushes() - before;
	own = cpu_sec(RUSAGE_SELF) - own;
	for (size_t i = 0; i < workers; i++)
		worker_end(&streams[i].worker);
	printf("%zu workers, %zu bytes, %u ahead: %.0f deliveries/s, %.2f flushes each, %.3f ms of "
	       "the workers, "
	       "%.3f ms of this program\n",
	    workers, text.n, ahead, (double)done / took,
	    (double)flushed / (double)(done ? done : 1),
	    1e3 * cpu_sec(RUSAGE_CHILDREN) / (double)(done ? done : 1),
	    1e3 * own / (double)(done ? done : 1));
	return 0;
}
