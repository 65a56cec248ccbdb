/*
 * Crashes at any step, against a model of what must be there: by a kill (the kernel keeps
 * everything) and by power (what was not synced is gone, or not). The model itself is tried against
 * a disk that does not sync.
 */
#include "queue/tests/bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "net/log.h"
#include "os/durable.h"
#include "queue/queue_int.h"
#include "queue/tests/disk.h"

#define MODEL_MAX 400

enum fate { FATE_NONE, FATE_ASKED, FATE_TAKEN, FATE_COMPLETE, FATE_SETTLED };

struct model {
	enum fate fate[MODEL_MAX];
	uint8_t state[MODEL_MAX][3];
	struct answer answers[MODEL_MAX];
	struct queue_message *open[MODEL_MAX]; /* ours at present */
	unsigned first, count; /* counters */
	uint64_t dice;
};

static size_t
model_length(unsigned i)
{
	return i % 11 == 0 ? 70000 + i : i % 5 == 0 ? 30000 : 50 + i;
}

static void
model_take_due(struct model *w, struct bench *b)
{
	struct queue_message *m;

	while ((m = queue_due(b->q, 2000000000))) {
		unsigned i = bench_counter(m) - w->first;

		if (!CHECK(i < w->count))
			continue;
		w->open[i] = m;
	}
}

static void
model_settle(struct model *w)
{
	for (unsigned i = 0; i < w->count; i++)
		if (w->fate[i] == FATE_COMPLETE)
			w->fate[i] = FATE_SETTLED;
}

/* What was answered meanwhile. */
static void
model_hear(struct model *w)
{
	for (unsigned k = 0; k < w->count; k++)
		if (w->fate[k] == FATE_ASKED && w->answers[k].came) {
			CHECK_EQ(w->answers[k].f.st, ST_OK);
			w->fate[k] = FATE_TAKEN;
			w->open[k] = w->answers[k].m;
		}
}

static void
model_step(struct model *w, struct bench *b)
{
	unsigned i = w->count ? (unsigned)(check_random(&w->dice) % w->count) : 0;
	struct queue_message *m = w->count ? w->open[i] : NULL;
	unsigned r;

	switch (check_random(&w->dice) % 8) {
	case 0:
	case 1:
		if (w->count == MODEL_MAX)
			break;
		i = w->count++;
		w->fate[i] = FATE_ASKED;
		bench_submit(b->q, w->first + i, 3, model_length(i), &w->answers[i]);
		break;
	case 2:
		if (!m)
			break;
		r = (unsigned)(check_random(&w->dice) % 3);
		/* The last success is said by the end of custody: it stays open here. */
		if (m->rcpts[r].state == QUEUE_OWED && m->owed_count > 1) {
			w->state[i][r] = check_random(&w->dice) % 2 ? QUEUE_SENT : QUEUE_FAILED;
			queue_result(m, r,
			    w->state[i][r] == QUEUE_SENT ? QUEUE_SUCCESS : QUEUE_FAILURE, &fault_no,
			    SL_NONE, 1600000001);
		}
		break;
	case 3:
		if (!m)
			break;
		queue_complete(m);
		w->open[i] = NULL;
		w->fate[i] = FATE_COMPLETE;
		break;
	case 4:
		if (!m)
			break;
		queue_park(m, 1700000000);
		w->open[i] = NULL;
		break;
	case 5:
		if (check_random(&w->dice) % 8 == 0)
			model_take_due(w, b);
		break;
	default:
		bench_run(b,
		    (int64_t)(check_random(&w->dice) % 20) *
		    (check_random(&w->dice) % 10 == 0 ? 400 : 1));
	}
	model_hear(w);
}

/* True when the recipients are as they were, or as they were before what was not synced. */
static bool
model_states_fit(struct model *w, unsigned i, const struct queue_message *m, bool settled)
{
	bool fit = m->rcpt_count == 3;

	for (int r = 0; fit && r < 3; r++) {
		if (m->rcpts[r].state != w->state[i][r] &&
		    (settled || m->rcpts[r].state != QUEUE_OWED))
			fit = false;
		w->state[i][r] = m->rcpts[r].state;
	}
	return fit || w->fate[i] != FATE_TAKEN;
}

/* After a crash: what must be there is, whole; what must not be is not. The number of lies. */
static unsigned
model_compare(struct model *w, struct bench *b, bool settled, bool power)
{
	unsigned lies = 0;

	memset(w->open, 0, sizeof(w->open));
	model_take_due(w, b);
	for (unsigned i = 0; i < w->count; i++) {
		struct queue_message *m = w->open[i];

		if (!m) {
			lies += w->fate[i] == FATE_TAKEN;
			w->fate[i] = FATE_SETTLED;
			continue;
		}
		/* The end of a message in msgs/ is not synced: after a power cut it may be back. */
		lies += w->fate[i] == FATE_SETTLED && !power;
		lies += m->length != model_length(i) || !bench_body_is(m, w->first + i);
		lies += !model_states_fit(w, i, m, settled);
		w->fate[i] = FATE_TAKEN; /* whatever it was, it is in custody now */
	}
	return lies;
}

/* Notes everything below path as synced: it was read from the disk. */
static void
sync_name(void *arg, int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	(void)arg;
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		folder_each(fd, sync_name, NULL);
	durable_now(fd, DURABLE_FILE);
	close(fd);
}

static void
sync_tree(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	folder_each(fd, sync_name, NULL);
	durable_now(fd, DURABLE_DIR);
	close(fd);
}

static void
cut_power(struct bench *b, uint64_t seed)
{
	struct bench fresh = *b;

	check_folder_new(NULL, fresh.path);
	check_folder_new(NULL, fresh.keep);
	disk_image(b->path, fresh.path, seed);
	bench_drop(b);
	disk_end();
	check_folder_remove(b->path);
	check_folder_remove(b->keep);
	*b = fresh;
	disk_start(b->keep);
	sync_tree(b->path);
}

/* Six lives of a queue, each ended by a crash. The number of lies. */
static unsigned
crashes(uint64_t seed, bool power, bool mutant)
{
	struct model *w = mem_get(sizeof(*w));
	unsigned lies = 0;
	struct bench b;

	bench_new(&b);
	w->dice = seed;
	w->first = bench_next;
	bench_next += MODEL_MAX;
	for (int life = 0; life < 6 && !lies; life++) {
		int steps = (int)(check_random(&w->dice) % 120);
		bool settled = check_random(&w->dice) % 3 == 0;

		durable_disabled = mutant;
		for (int i = 0; i < steps; i++)
			model_step(w, &b);
		if (settled) {
			bench_run(&b, 1000);
			model_hear(w);
			model_settle(w);
		}
		durable_disabled = false;
		if (power)
			cut_power(&b, check_random(&w->dice) % 3 ? check_random(&w->dice) | 1 : 0);
		else
			bench_drop(&b);
		bench_open(&b);
		lies += model_compare(w, &b, settled, power);
	}
	bench_end(&b);
	mem_free(w);
	return lies;
}

static void
test_kill(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++)
		CHECK_EQ(crashes(seed * 7919, false, false), 0);
}

static void
test_power(void)
{
	for (uint64_t seed = 1; seed <= 30; seed++)
		CHECK_EQ(crashes(seed * 104729, true, false), 0);
}

/* A disk that only says it synced: the model must notice. */
static void
test_mutant(void)
{
	unsigned lies = 0;

	for (uint64_t seed = 1; seed <= 5; seed++)
		lies += crashes(seed * 104729, true, true);
	CHECK(lies > 0);
}

static const struct check_row rows[] = {
	{ "kill", test_kill },
	{ "power", test_power },
	{ "mutant", test_mutant },
};

int
main(int argc, char **argv)
{
	log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), "crash_test");
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
