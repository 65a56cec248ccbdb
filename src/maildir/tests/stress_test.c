/*
 * Three processes change one folder at once, each is killed at any moment, again and again: what
 * was acknowledged stays, no UID comes back or stands for another message.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/crc32c.h"
#include "maildir/tests/world.h"

#define UIDS_MAX 50000
#define PROCESSES 3
#define ROUNDS 6
#define PICKED 30

/* What anybody was told, in memory that survives. */
struct told {
	uint32_t validity;
	struct {
		uint32_t name; /* sum of its base name; 0: never seen */
		bool appended, asked, expunged;
	} uids[UIDS_MAX];
	unsigned mistakes;
};
static struct told *told;

static void
claim(bool holds, const char *what, uint32_t uid)
{
	if (holds)
		return;
	printf("UID %lu: %s\n", (unsigned long)uid, what);
	told->mistakes++;
}

static void
look(struct mailbox *m)
{
	size_t n;
	const struct message *p = mailbox_messages(m, &n);

	if (told->validity == 0)
		told->validity = mailbox_uidvalidity(m);
	claim(told->validity == mailbox_uidvalidity(m), "another UIDVALIDITY", 0);
	for (size_t i = 0; i < n && p[i].uid < UIDS_MAX; i++) {
		uint32_t name = crc32c(0, sl_str(p[i].base)) | 1, uid = p[i].uid;

		if (told->uids[uid].name == 0)
			told->uids[uid].name = name;
		claim(told->uids[uid].name == name, "another message", uid);
	}
}

/* ---- a process that changes things ---- */

struct actor {
	struct world *w;
	struct mailbox *m;
	uint64_t seed;
	uint32_t picked[PICKED];
	size_t count;
};

static void
pick(struct actor *a)
{
	size_t n;
	const struct message *p = mailbox_messages(a->m, &n);

	for (a->count = 0; a->count < PICKED && n; a->count++)
		a->picked[a->count] = p[check_below(&a->seed, n)].uid;
}

static void
mark(struct actor *a)
{
	struct slice words[] = {SL("a"), SL("b"), SL("c")};
	struct mailbox_change c = {.how = (enum mailbox_how)check_below(&a->seed, 3),
	    .flags = check_below(&a->seed, 2) ? MESSAGE_SEEN : MESSAGE_FLAGGED,
	    .words = words,
	    .word_count = check_below(&a->seed, 4)};
	struct wish x;

	mailbox_mark(a->m, a->picked, a->count, &c, wish(&x));
	claim(world_await(a->w, &x) == ST_OK, x.fault.text, 0);
}

static void
expunge(struct actor *a)
{
	size_t n = a->count < 2 ? a->count : 2;
	struct wish x;

	for (size_t i = 0; i < n; i++)
		told->uids[a->picked[i]].asked = true;
	mailbox_expunge(a->m, a->picked, n, wish(&x));
	claim(world_await(a->w, &x) == ST_OK, x.fault.text, 0);
	for (size_t i = 0; i < n; i++)
		told->uids[a->picked[i]].expunged = true;
}

static void
append(struct actor *a)
{
	static const struct mailbox_change c = {.flags = MESSAGE_DRAFT};
	struct fault f;
	struct append *ap = append_begin(a->m, &c, INT64_MIN, 5, &f);
	struct wish x;

	if (!ap || append_write(ap, SL("a\r\nb\r"), &f) != ST_OK)
		abort();
	append_commit(ap, wish(&x));
	claim(world_await(a->w, &x) == ST_OK, x.fault.text, 0);
	told->uids[x.uid].appended = true;
}

static void
copy(struct actor *a)
{
	struct wish x;
	size_t n;

	mailbox_messages(a->m, &n);
	if (n > 200)
		return;
	mailbox_copy(a->m, a->picked, a->count < 5 ? a->count : 5, a->m, wish(&x));
	world_await(a->w, &x);
	claim(x.fault.st == ST_OK || x.fault.st == ST_NOENT, x.fault.text, 0);
}

static void
act(struct world *w, uint64_t seed)
{
	static void (*const acts[])(struct actor * a) = {
	    mark, mark, mark, expunge, append, append, copy};
	struct actor a = {.w = w, .seed = seed};
	struct view v = {0};

	world_start(w);
	a.m = world_mailbox(w, "INBOX");
	if (!a.m)
		_exit(1);
	view_init(&v, a.m, true);
	for (;;) {
		struct view_changes c;
		size_t n;

		look(a.m);
		pick(&a);
		acts[check_below(&a.seed, COUNT_OF(acts))](&a);
		world_refresh(w, a.m);
		view_sync(&v, true, &c);
		mailbox_messages(a.m, &n);
		claim(c.count == n, "a view that counts otherwise", 0);
		view_changes_fini(&c);
	}
}

/* ---- who looks afterwards ---- */

static void
inspect(struct world *w)
{
	struct mailbox *m;
	size_t n;

	world_start(w);
	m = world_mailbox(w, "INBOX");
	if (!CHECK(m != NULL))
		return;
	look(m);
	for (uint32_t uid = 1; uid < UIDS_MAX; uid++) {
		bool there = mailbox_find(m, uid) != NULL;

		if (told->uids[uid].appended && !told->uids[uid].asked)
			claim(there, "was appended and is lost", uid);
		if (told->uids[uid].expunged)
			claim(!there, "was expunged and is back", uid);
	}
	world_settle(w);
	CHECK_EQ(world_refresh(w, m), ST_OK);
	world_settle(w);
	look(m);
	mailbox_messages(m, &n);
	CHECK_EQ(n, world_count(w, "cur") + world_count(w, "new"));
	mailbox_close(m);
	world_stop(w);
}

static void
wait_ms(size_t ms)
{
	struct timespec t = {.tv_sec = 0, .tv_nsec = (long)ms * 1000000};

	nanosleep(&t, NULL);
}

static void
test_killed(void)
{
	struct world w;
	uint64_t seed = 3;

	world_open(&w);
	world_stop(&w);
	for (unsigned round = 0; round < ROUNDS; round++) {
		pid_t pids[PROCESSES];
		int status;

		for (unsigned i = 0; i < PROCESSES; i++) {
			pids[i] = fork();
			if (pids[i] == 0)
				act(&w, seed + i);
			check_random(&seed);
		}
		wait_ms(100 + check_below(&seed, 300));
		for (unsigned i = 0; i < PROCESSES; i++) {
			kill(pids[i], SIGKILL);
			CHECK(waitpid(pids[i], &status, 0) == pids[i]);
			CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
			wait_ms(check_below(&seed, 30));
		}
		inspect(&w);
		CHECK_EQ(told->mistakes, 0);
	}
	world_close(&w);
}

static const struct check_row rows[] = {
    {"killed", test_killed},
};

int
main(int argc, char **argv)
{
	FILE *shared = tmpfile();

	if (!shared || ftruncate(fileno(shared), sizeof(*told)) != 0)
		return 2;
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(shared), 0);
	if (told == MAP_FAILED)
		return 2;
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
