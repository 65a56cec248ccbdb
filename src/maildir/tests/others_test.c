/*
 * Others at the same folder: processes of ours, programs that know nothing of us, holders of the
 * lock that end.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/tests/world.h"
#include "maildir/text.h"
#include "os/filelock.h"

#define MSG "Subject: x\n\nline\n"

static void
share(struct world *with, const struct world *w)
{
	*with = (struct world){.wake_at_ms = INT64_MAX};
	memcpy(with->home, w->home, sizeof(w->home));
	world_start(with);
}

/* Two processes give the same UIDs, and see each other's changes. */
static void
test_two(void)
{
	struct slice words[] = {SL("work")};
	struct mailbox_change c = {
	    .how = MAILBOX_ADD, .flags = MESSAGE_SEEN, .words = words, .word_count = 1};
	struct world a, b;
	struct mailbox *m, *n;
	struct buf x, y;
	struct wish op;

	buf_init(&x, 1 << 20);
	buf_init(&y, 1 << 20);
	world_open(&a);
	world_file(&a, "new/1.x", MSG);
	share(&b, &a);
	m = world_mailbox(&a, "INBOX");
	n = world_mailbox(&b, "INBOX");
	CHECK_EQ(mailbox_uidvalidity(m), mailbox_uidvalidity(n));
	for (int i = 2; i < 40; i++) {
		struct world *w = i % 3 ? &a : &b;
		struct mailbox *here = i % 3 ? m : n;
		char name[40];

		snprintf(name, sizeof(name), "new/%d.x", i);
		world_file(&a, name, MSG);
		CHECK_EQ(world_refresh(w, here), ST_OK);
		if (i % 5 == 0) {
			uint32_t uid = (uint32_t)i / 2;

			mailbox_mark(here, &uid, 1, &c, wish(&op));
			CHECK_EQ(world_await(w, &op), ST_OK);
		}
		if (i % 7 == 0) {
			uint32_t uid = (uint32_t)i / 3;

			mailbox_expunge(here, &uid, 1, wish(&op));
			CHECK_EQ(world_await(w, &op), ST_OK);
		}
	}
	CHECK_EQ(world_refresh(&a, m), ST_OK);
	CHECK_EQ(world_refresh(&b, n), ST_OK);
	CHECK_SL(world_list(m, &x), world_list(n, &y));
	for (uint32_t uid = 1; uid < 40; uid++) {
		const struct message *p = mailbox_find(m, uid), *q = mailbox_find(n, uid);

		CHECK(!p == !q);
		if (p && q) {
			CHECK_SL(sl_str(p->base), sl_str(q->base));
			CHECK_EQ(p->keywords, q->keywords);
		}
	}
	mailbox_close(m);
	mailbox_close(n);
	world_stop(&b);
	world_close(&a);
	buf_fini(&x);
	buf_fini(&y);
}

/* Closing one mailbox leaves the lock of another alone, and the holder's end frees it. */
static void
test_lock(void)
{
	struct world w;
	struct mailbox *m, *n;
	struct wish x;
	char path[512];
	int fds[2], fd;
	pid_t pid;
	char byte = 0;

	world_open(&w);
	m = world_mailbox(&w, "INBOX");
	world_path(&w, "courierindex/lock", path);
	CHECK(pipe(fds) == 0);
	pid = fork();
	if (pid == 0) {
		fd = open(path, O_RDWR);
		if (filelock_try(fd) != 0 || write(fds[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	CHECK(read(fds[0], &byte, 1) == 1);
	world_file(&w, "new/1.x", MSG);
	mailbox_refresh(m, wish(&x));
	n = m; /* what needs no lock goes on */
	CHECK(mailbox_find(n, 1) == NULL);
	for (int i = 0; i < 50; i++) {
		store_turn(w.store);
		CHECK_EQ(x.answers, 0);
	}
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	CHECK_EQ(world_await(&w, &x), ST_OK);
	CHECK(mailbox_find(m, 1) != NULL);
	close(fds[0]);
	close(fds[1]);
	mailbox_close(m);
	world_close(&w);
}

/* ---- programs that know nothing of us ---- */

#define NAMES_MAX 2000

struct mutator {
	const char *maildir;
	char names[NAMES_MAX][80]; /* relative, as we last knew them */
	unsigned count, serial;
	uint64_t seed;
};

static void
path_of(const struct mutator *u, const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s", u->maildir, name);
}

static void
deliver(struct mutator *u)
{
	char a[256], b[256], tmp[40], text[60];
	int fd, n;

	if (u->count == NAMES_MAX)
		return;
	snprintf(tmp, sizeof(tmp), "tmp/x%ld", (long)getpid());
	snprintf(u->names[u->count], 80, "new/%u.P%ld.host", 2000000 + u->serial, (long)getpid());
	path_of(u, tmp, a);
	path_of(u, u->names[u->count], b);
	fd = open(a, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	n = snprintf(text, sizeof(text), "Subject: %u\n\n", 2000000 + u->serial++);
	if (write(fd, text, (size_t)n) == n && rename(a, b) == 0)
		u->count++;
	close(fd);
}

static void
forget_name(struct mutator *u, size_t i)
{
	memcpy(u->names[i], u->names[u->count - 1], 80);
	u->count--;
}

static void
flag(struct mutator *u, size_t i)
{
	static const char *const flags[] = {"", "S", "FS", "RS"};
	char a[256], b[256], base[80];

	snprintf(base, sizeof(base), "%s", u->names[i] + 4);
	base[strcspn(base, ":")] = '\0';
	path_of(u, u->names[i], a);
	snprintf(u->names[i], 80, "cur/%.60s:2,%s", base, flags[check_below(&u->seed, 4)]);
	path_of(u, u->names[i], b);
	if (rename(a, b) != 0)
		forget_name(u, i); /* somebody else renamed it */
}

/* Delivers, flags, removes, until the pipe is closed. */
static void
mutate(struct mutator *u, int stop)
{
	char byte, a[256];

	while (read(stop, &byte, 1) < 0) {
		size_t i = u->count ? check_below(&u->seed, u->count) : 0,
		       what = check_below(&u->seed, 8);
		struct timespec pause_time = {.tv_nsec = 100000};

		if (what < 3 || u->count == 0) {
			deliver(u);
		} else if (what < 7) {
			flag(u, i);
		} else {
			path_of(u, u->names[i], a);
			unlink(a);
			forget_name(u, i);
		}
		if (check_below(&u->seed, 4) == 0)
			nanosleep(&pause_time, NULL);
	}
}

static pid_t
start_mutator(struct world *w, uint64_t seed, const int stop[2])
{
	static struct mutator u;
	char path[512];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	world_path(w, "", path);
	u.maildir = path;
	u.seed = seed;
	close(stop[1]);
	fcntl(stop[0], F_SETFL, O_NONBLOCK);
	mutate(&u, stop[0]);
	_exit(0);
}

#define UIDS_MAX 20000

/* What each UID stood for, for ever. */
struct memory {
	char *bases[UIDS_MAX];
};

static void
remember(struct memory *k, struct mailbox *m)
{
	size_t n;
	const struct message *p = mailbox_messages(m, &n);

	for (size_t i = 0; i < n && p[i].uid < UIDS_MAX; i++) {
		char **b = &k->bases[p[i].uid];

		if (!*b) {
			*b = malloc(80);
			snprintf(*b, 80, "%s", p[i].base);
		}
		CHECK_SL(sl_str(*b), sl_str(p[i].base));
		CHECK(i == 0 || p[i - 1].uid < p[i].uid);
	}
}

/* The text is that of the message, whatever happens to its file. */
static void
read_some(struct world *w, struct mailbox *m, uint64_t *seed)
{
	size_t n;
	const struct message *p = mailbox_messages(m, &n);
	char want[60];
	struct buf out;

	buf_init(&out, 4096);
	for (int k = 0; k < 5 && n; k++) {
		const struct message *r = &p[check_below(seed, n)];
		struct text t;
		struct fault f;

		if (text_open(m, r->uid, &t, &f) != ST_OK)
			continue;
		buf_clear(&out);
		snprintf(want, sizeof(want), "Subject: %.7s\r\n\r\n", r->base);
		CHECK_EQ(text_read(&t, 0, 1000, &out, &f), ST_EOF);
		CHECK_SL(buf_slice(&out), sl_str(want));
		text_close(&t);
	}
	buf_fini(&out);
	(void)w;
}

static void
change_some(struct world *w, struct mailbox *m, uint64_t *seed)
{
	struct slice words[] = {SL("work")};
	struct mailbox_change c = {.how = (enum mailbox_how)check_below(seed, 3),
	    .flags = MESSAGE_FLAGGED,
	    .words = words,
	    .word_count = check_below(seed, 2)};
	size_t n;
	const struct message *p = mailbox_messages(m, &n);
	uint32_t uids[20];
	struct wish x;

	for (size_t i = 0; i < 20 && n; i++)
		uids[i] = p[check_below(seed, n)].uid;
	if (n == 0)
		return;
	if (check_below(seed, 4)) {
		mailbox_mark(m, uids, 20, &c, wish(&x));
		CHECK_EQ(world_await(w, &x), ST_OK);
	} else {
		mailbox_expunge(m, uids, 3, wish(&x));
		CHECK_EQ(world_await(w, &x), ST_OK);
		for (int i = 0; i < 3; i++)
			CHECK(mailbox_find(m, uids[i]) == NULL);
	}
}

static void
test_foreign_programs(void)
{
	static struct memory k;
	struct world w;
	struct mailbox *m;
	struct view v = {0};
	uint64_t seed = 5;
	int stop[2];
	pid_t pids[2];
	size_t n, files;

	world_open(&w);
	CHECK(pipe(stop) == 0);
	for (unsigned i = 0; i < 2; i++)
		pids[i] = start_mutator(&w, 11 + i, stop);
	close(stop[0]);
	m = world_mailbox(&w, "INBOX");
	view_init(&v, m, true);
	while (mailbox_uidnext(m) < 800) {
		struct view_changes c;

		CHECK_EQ(world_refresh(&w, m), ST_OK);
		remember(&k, m);
		read_some(&w, m, &seed);
		change_some(&w, m, &seed);
		remember(&k, m);
		view_sync(&v, true, &c);
		mailbox_messages(m, &n);
		CHECK_EQ(c.count, n);
		view_changes_fini(&c);
	}
	close(stop[1]);
	for (unsigned i = 0; i < 2; i++)
		CHECK(waitpid(pids[i], NULL, 0) == pids[i]);
	/* When it is quiet again: exactly the files that are there. */
	world_settle(&w);
	w.wall_sec = 2000000000;
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	world_settle(&w);
	remember(&k, m);
	mailbox_messages(m, &n);
	files = world_count(&w, "cur") + world_count(&w, "new");
	CHECK_EQ(n, files);
	view_fini(&v);
	mailbox_close(m);
	world_stop(&w);
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	remember(&k, m);
	mailbox_messages(m, &n);
	CHECK_EQ(n, files);
	mailbox_close(m);
	world_close(&w);
	for (size_t i = 0; i < UIDS_MAX; i++)
		free(k.bases[i]);
}

static const struct check_row rows[] = {
    {"two", test_two},
    {"lock", test_lock},
    {"foreign_programs", test_foreign_programs},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
