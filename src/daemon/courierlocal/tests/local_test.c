/*
 * The worker, from frames to files: results, mailboxes, ends of all kinds.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "daemon/courierlocal/tests/one.h"

static bool
first_name(const char *dir, char *out, size_t size)
{
	char command[256];
	FILE *f;
	bool ok;

	snprintf(command, sizeof(command), "ls %s/%s", w.dir, dir);
	f = popen(command, "r");
	ok = f && fgets(out, (int)size, f);
	if (ok)
		out[strcspn(out, "\n")] = '\0';
	if (f)
		pclose(f);
	return ok;
}

/* ---- mailboxes ---- */

static void
test_maildir(void)
{
	char name[256], path[400];
	struct parcel p;
	struct buf got;

	begin();
	buf_init(&got, 1 << 20);
	p = deliver(&(struct order){.id = "aa.bb.cc", .number = 7, .text = SL(TEXT)});
	CHECK(is(&p, 2, 0, 0) && p.st == ST_OK);
	CHECK(first_name("u/Maildir/new", name, sizeof(name)));
	CHECK_SL(sl_sub(sl_str(name), 0, 41), SL("1700000000.Qaa.bb.ccR7.mail.example.test,"));
	snprintf(path, sizeof(path), "u/Maildir/new/%s", name);
	CHECK_SL(world_read(&w, path, &got), SL(TRACE_LF TEXT_LF));
	/* Tried again: the same one. By descriptor, and not marked as a try again: the same one
	 * too. */
	p = deliver(
	    &(struct order){.id = "aa.bb.cc", .number = 7, .text = SL(TEXT), .is_retry = true});
	CHECK(is(&p, 2, 0, 0));
	p = deliver(
	    &(struct order){.id = "aa.bb.cc", .number = 7, .text = SL(TEXT), .by_fd = true});
	CHECK(is(&p, 2, 0, 0));
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 1);
	p = deliver(&(struct order){.id = "aa.bb.cd", .number = 7, .text = SL(""), .sender = ""});
	CHECK(is(&p, 2, 0, 0));
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 2);
	/* What IMAP will be asked about the first one was written before the last was taken. */
	world_read(&w, "u/Maildir/courierindex/cache", &got);
	CHECK(sl_search(buf_slice(&got), sl_str(name)) < got.n);
	CHECK(sl_search(buf_slice(&got), SL("(\"text\" \"plain\" (")) < got.n);
	buf_fini(&got);
	end();
}

static void
test_many(void)
{
	static struct parcel p[1000];
	unsigned good = 0;

	begin();
	for (uint32_t i = 0; i < COUNT_OF(p); i++)
		parcel_send(&k, 0, &p[i],
		    &(struct order){
			.id = "a.b.c", .number = i, .text = SL(TEXT), .by_fd = i % 7 == 0});
	for (size_t i = 0; i < COUNT_OF(p); i++) {
		CHECK(world_wait(&w, &p[i].answers, 1));
		good += p[i].esc[0] == 2;
	}
	CHECK_EQ(good, COUNT_OF(p));
	CHECK_EQ(world_count(&w, "u/Maildir/new"), COUNT_OF(p));
	end();
}

static void
test_refusals(void)
{
	char from[128], to[128];
	struct parcel p;

	begin();
	p = deliver(&(struct order){.id = "a.b.1", .text = SL(TEXT), .spoil_digest = true});
	CHECK(is(&p, 4, 3, 0));
	p = deliver(&(struct order){.id = "a.b.1", .text = SL(TEXT), .account = "stranger"});
	CHECK(is(&p, 4, 3, 0));
	p = deliver(&(struct order){.id = "../x", .text = SL(TEXT)});
	CHECK(is(&p, 4, 3, 0));
	p = deliver_to("nobody");
	CHECK(is(&p, 5, 1, 1));
	p = deliver_to("../u");
	CHECK(is(&p, 5, 1, 1));
	p = deliver(
	    &(struct order){.id = "a.b.2", .text = SL("Delivered-To: U@example.test\r\n" TEXT)});
	CHECK(is(&p, 5, 4, 6));
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 0);
	/* The home is away, and comes back. */
	snprintf(from, sizeof(from), "%s/u", w.dir);
	snprintf(to, sizeof(to), "%s/away", w.dir);
	CHECK(rename(from, to) == 0);
	p = deliver_to("");
	CHECK(is(&p, 4, 3, 0));
	CHECK(rename(to, from) == 0);
	p = deliver_to("");
	CHECK(is(&p, 2, 0, 0));
	end();
}

static void
test_files(void)
{
	char path[128];
	struct parcel p;
	struct buf got;

	begin();
	buf_init(&got, 1 << 20);
	world_write(&w, "u/.courier-box", "./box\n");
	p = deliver_to("box");
	CHECK(is(&p, 2, 0, 0));
	p = deliver_to("box");
	CHECK(is(&p, 2, 0, 0));
	CHECK_SL(world_read(&w, "u/box", &got),
	    SL("From sender@example.test Tue Nov 14 22:13:20 2023\n" TRACE_LF
	       "Subject: x\n\nline\n>From here\n.dot\n\n"
	       "From sender@example.test Tue Nov 14 22:13:20 2023\n" TRACE_LF
	       "Subject: x\n\nline\n>From here\n.dot\n\n"));
	world_write(&w, "u/.courier-void", "# nothing here\n");
	p = deliver_to("void");
	CHECK(is(&p, 2, 0, 0));
	world_write(&w, "u/.courier-plain", "\n");
	p = deliver_to("plain");
	CHECK(is(&p, 2, 0, 0));
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 1);
	world_write(&w, "u/.courier-sub", "./Maildir/.Sub/\n./Maildir\n");
	p = deliver_to("sub");
	CHECK(is(&p, 2, 0, 0));
	CHECK_EQ(world_count(&w, "u/Maildir/.Sub/new"), 1);
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 2);
	snprintf(path, sizeof(path), "%s/u/abs/\n", w.dir);
	world_write(&w, "u/.courier-abs", path);
	p = deliver_to("abs");
	CHECK(is(&p, 2, 0, 0));
	CHECK_EQ(world_count(&w, "u/abs/new"), 1);
	world_write(&w, "u/.courier-bad", "./Maildir\n&\n");
	p = deliver_to("bad");
	CHECK(is(&p, 4, 3, 5));
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 2); /* read as a whole before anything is done */
	snprintf(path, sizeof(path), "%s/u/.courier-box", w.dir);
	CHECK(chmod(path, 0666) == 0);
	p = deliver_to("box");
	CHECK(is(&p, 4, 3, 5));
	world_write(&w, "u/.courier-up", "../elsewhere\n");
	p = deliver_to("up");
	CHECK(is(&p, 4, 2, 0));
	world_write(&w, "u/.courier", "./box2\n");
	p = deliver_to("");
	CHECK(is(&p, 2, 0, 0));
	CHECK(world_read(&w, "u/box2", &got).n > 0);
	buf_fini(&got);
	end();
}

/* Somebody reads the mbox: the delivery waits, others go on. */
static void
test_locked_mbox(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct parcel waits, p;
	char path[128];
	int fd;

	begin();
	world_write(&w, "u/.courier-box", "./box\n");
	world_write(&w, "u/box", "");
	snprintf(path, sizeof(path), "%s/u/box", w.dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fcntl(fd, F_SETLK, &lock) == 0);
	parcel_send(
	    &k, 0, &waits, &(struct order){.id = "a.b.1", .extension = "box", .text = SL(TEXT)});
	p = deliver(&(struct order){.id = "a.b.2", .text = SL(TEXT)});
	CHECK(is(&p, 2, 0, 0));
	CHECK_EQ(waits.answers, 0);
	close(fd);
	CHECK(world_wait(&w, &waits.answers, 1) && is(&waits, 2, 0, 0));
	end();
}

static void
test_quota(void)
{
	struct parcel p;

	begin();
	worker_add_account(&k, "u", "1C");
	worker_settle(&k);
	p = deliver_to("");
	CHECK(is(&p, 2, 0, 0));
	p = deliver_to("");
	CHECK(is(&p, 4, 2, 2));
	worker_add_account(&k, "u", "2C");
	worker_settle(&k);
	p = deliver_to("");
	CHECK(is(&p, 2, 0, 0));
	end();
}

/* ---- ends ---- */

/* courierd is gone: nothing gets a name in new/ any more, the program dies, the worker ends. */
static void
test_channel_lost(void)
{
	struct parcel p, q;
	pid_t pid;

	begin();
	world_write(&w, "u/.courier-p", "|echo $$ >pid; sleep 1000\n./Maildir\n");
	parcel_send(&k, 0, &p, &(struct order){.id = "a.b.1", .extension = "p", .text = SL(TEXT)});
	parcel_send(
	    &k, 0, &q, &(struct order){.id = "a.b.2", .extension = "nobody", .text = SL(TEXT)});
	pid = pid_in("u/pid");
	CHECK(pid > 0);
	CHECK(world_wait(&w, &q.answers, 1));
	channel_free(k.links[0]);
	k.links[0] = NULL;
	CHECK(p.was_lost);
	CHECK(world_gone(&w, k.pid));
	CHECK(world_gone(&w, pid));
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 0);
	end();
}

/* Two accounts with a channel each: the loss of one leaves the other's delivery alone. */
static void
test_two_accounts(void)
{
	struct parcel p, q;
	pid_t pid;

	begin();
	world_write(&w, "u/.courier-p", "|echo $$ >pid; sleep 1000\n");
	char home[128];
	snprintf(home, sizeof(home), "%s/v", w.dir);
	CHECK(mkdir(home, 0700) == 0);
	snprintf(home, sizeof(home), "%s/v/Maildir", w.dir);
	CHECK(mkdir(home, 0700) == 0);
	worker_add_account(&k, "v", "");
	worker_add_link(&k);
	parcel_send(&k, 0, &p, &(struct order){.id = "a.b.1", .extension = "p", .text = SL(TEXT)});
	pid = pid_in("u/pid");
	world_write(&w, "v/.courier-p", "|while test ! -f go; do sleep 0.02; done\n./Maildir\n");
	parcel_send(&k, 1, &q,
	    &(struct order){.id = "a.b.2",
		.extension = "p",
		.text = SL(TEXT),
		.account = "v",
		.address = "v@example.test"});
	channel_free(k.links[0]);
	k.links[0] = NULL;
	CHECK(world_gone(&w, pid));
	world_write(&w, "v/go", "");
	CHECK(world_wait(&w, &q.answers, 1) && is(&q, 2, 0, 0));
	CHECK_EQ(world_count(&w, "v/Maildir/new"), 1);
	/* The record of v is taken back: nothing more for it, u stays. */
	channel_note(k.control, IPC_revoke, &(struct ipc_revoke){.account = SL("v")}, -1);
	worker_settle(&k);
	worker_add_link(&k);
	parcel_send(&k, 1, &q, &(struct order){.id = "a.b.3", .text = SL(TEXT), .account = "v"});
	CHECK(world_wait(&w, &q.answers, 1) && is(&q, 4, 3, 0));
	parcel_send(&k, 1, &q, &(struct order){.id = "a.b.4", .text = SL(TEXT)});
	CHECK(world_wait(&w, &q.answers, 1) && is(&q, 2, 0, 0));
	end();
}

/* Drain: what it has is finished, then it ends; what it did not read was never begun. */
static void
test_drain(void)
{
	struct parcel p, late;

	begin();
	world_write(&w, "u/.courier-p",
	    "|echo $$ >pid; while test ! -f go; do sleep 0.02; done\n./Maildir\n");
	parcel_send(&k, 0, &p, &(struct order){.id = "a.b.1", .extension = "p", .text = SL(TEXT)});
	CHECK(pid_in("u/pid") > 0);
	channel_note(k.control, IPC_drain, &(struct ipc_drain){.within_ms = 60000}, -1);
	world_turns(&w, 100);
	parcel_send(&k, 0, &late, &(struct order){.id = "a.b.2", .text = SL(TEXT)});
	world_turns(&w, 100);
	CHECK_EQ(late.answers, 0);
	world_write(&w, "u/go", "");
	CHECK(world_wait(&w, &p.answers, 1) && is(&p, 2, 0, 0));
	CHECK(world_wait(&w, &late.answers, 1) && late.was_lost);
	CHECK_EQ(world_count(&w, "u/Maildir/new"), 1);
	CHECK(world_gone(&w, k.pid));
	end();
}

static void
test_idle(void)
{
	struct parcel p;

	world_open(&w);
	world_write(&w, "etc/courierd", "WORKERIDLE=1\n");
	world_configure(&w);
	worker_start(&w, &k, "u");
	p = deliver_to("");
	CHECK(is(&p, 2, 0, 0));
	CHECK(world_wait(&w, &k.idle_notes, 2));
	p = deliver_to(""); /* courierd changes its mind */
	CHECK(is(&p, 2, 0, 0));
	end();
}

/* Killed at any moment, started again, what has no answer tried again: one copy of each. */
static void
test_killed(void)
{
	enum { COUNT = 300, ROUNDS = 20 };
	static struct parcel p[COUNT];
	static bool done[COUNT];
	size_t left = COUNT;
	uint64_t dice = 5;

	world_open(&w);
	memset(done, 0, sizeof(done));
	for (unsigned round = 0; left; round++) {
		worker_start(&w, &k, "u");
		for (uint32_t i = 0; i < COUNT; i++)
			if (!done[i])
				parcel_send(&k, 0, &p[i],
				    &(struct order){.id = "a.b.c",
					.number = i,
					.text = SL(TEXT),
					.is_retry = round > 0});
		if (round < ROUNDS) {
			while (!k.is_ready)
				loop_turn(w.loop, 10);
			world_turns(&w, (int64_t)check_below(&dice, 12));
			kill(k.pid, SIGKILL);
		} else {
			for (size_t i = 0; i < COUNT; i++)
				if (!done[i])
					CHECK(world_wait(&w, &p[i].answers, 1));
		}
		worker_end(&k);
		for (size_t i = 0; i < COUNT; i++)
			if (!done[i] && p[i].answers && !p[i].was_lost && p[i].esc[0] == 2) {
				done[i] = true;
				left--;
			}
		if (round >= ROUNDS && left) {
			CHECK_EQ(left, 0);
			break;
		}
	}
	CHECK_EQ(world_count(&w, "u/Maildir/new"), COUNT);
	world_close(&w);
}

static size_t
open_fds(pid_t pid)
{
	char command[64];
	long n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "ls /proc/%ld/fd | wc -l", (long)pid);
	f = popen(command, "r");
	if (f && fscanf(f, "%ld", &n) != 1)
		n = 0;
	if (f)
		pclose(f);
	return (size_t)n;
}

/* 10,000 deliveries of every kind leave no descriptor behind (memory: the sanitizer looks at the
 * end). */
static void
test_ten_thousand(void)
{
	static struct parcel p[500];
	static const char *const extensions[] = {"", "box", "nobody", "void", "sub", "plain"};
	size_t before, after, kind = 0;

	world_open(&w);
	setenv("COURIER_TEST_NOSYNC", "1", 1);
	worker_start(&w, &k, "u");
	unsetenv("COURIER_TEST_NOSYNC");
	world_write(&w, "u/.courier-box", "./box\n");
	world_write(&w, "u/.courier-void", "#\n");
	world_write(&w, "u/.courier-plain", "");
	world_write(&w, "u/.courier-sub", "./Maildir/.Sub/\n");
	deliver_to("");
	before = open_fds(k.pid);
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < COUNT_OF(p); i++)
			parcel_send(&k, 0, &p[i],
			    &(struct order){.id = "a.b.c",
				.number = round * 500 + i,
				.extension = extensions[kind++ % COUNT_OF(extensions)],
				.text = SL(TEXT),
				.by_fd = i % 5 == 0});
		for (size_t i = 0; i < COUNT_OF(p); i++)
			if (!world_wait(&w, &p[i].answers, 1) || p[i].esc[0] == 4)
				CHECK(false);
	}
	after = open_fds(k.pid);
	CHECK_EQ(after, before);
	end();
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"maildir", test_maildir},
	    {"many", test_many},
	    {"refusals", test_refusals},
	    {"files", test_files},
	    {"locked_mbox", test_locked_mbox},
	    {"quota", test_quota},
	    {"channel_lost", test_channel_lost},
	    {"two_accounts", test_two_accounts},
	    {"drain", test_drain},
	    {"idle", test_idle},
	    {"killed", test_killed},
	    {"ten_thousand", test_ten_thousand},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
