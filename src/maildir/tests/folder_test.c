/*
 * Deliveries into a folder: form, names, groups, sizes, tries again, quota, and each step failing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/dir.h"
#include "maildir/step.h"
#include "maildir/tests/store.h"

#define TEXT "Subject: x\r\n\r\nline\r\n.\r\nbare \r cr\r\n"
#define HEAD_LF "Return-Path: <a@b.test>\nDelivered-To: c@d.test\n"
#define TEXT_LF "Subject: x\n\nline\n.\nbare \r cr\n"
#define NAME "1700000000.Q65a0.0a1b2c.1fR3.mail.example.test,S=76,W=83"

static void
test_form_and_name(void)
{
	struct store s;
	struct letter l;
	struct stat st;
	char name[256], path[512];
	struct buf got;

	store_open(&s);
	buf_init(&got, 1 << 20);
	letter_init(&l, "65a0.0a1b2c.1f", 3, SL(TEXT));
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK_EQ(l.fault.st, ST_OK);
	CHECK_EQ(l.answers, 1);
	CHECK_EQ(store_count(&s, "Maildir/new"), 1);
	CHECK_EQ(store_count(&s, "Maildir/tmp"), 0);
	CHECK(store_first(&s, "Maildir/new", name));
	CHECK_SL(sl_str(name), SL(NAME));
	CHECK_SL(store_read(&s, "Maildir/new", NULL, &got), SL(HEAD_LF TEXT_LF));
	CHECK_EQ(got.n, 76);
	snprintf(path, sizeof(path), "%s/Maildir/new/%s", s.home, name);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	snprintf(path, sizeof(path), "%s/Maildir", s.home);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0700);
	buf_fini(&got);
	store_close(&s);
}

/* Only one Return-Path: those in the header get another name, what looks like one in the body
 * stays. */
static void
test_return_path(void)
{
	struct store s;
	struct letter l;
	char name[256];
	struct buf got;

	store_open(&s);
	buf_init(&got, 1 << 20);
	letter_init(&l, "a.b.c", 0,
	    SL("Return-Path: <x@y>\r\nS: 1\r\nRETURN-path: <z>\r\n\r\nReturn-Path: body\r\n"));
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK_SL(store_read(&s, "Maildir/new", NULL, &got),
	    SL(HEAD_LF
		"Old-Return-Path: <x@y>\nS: 1\nOld-RETURN-path: <z>\n\nReturn-Path: body\n"));
	CHECK(store_first(&s, "Maildir/new", name));
	CHECK_SL(sl_skip(sl_str(name), sl_search(sl_str(name), SL(",S="))), SL(",S=115,W=122"));
	buf_fini(&got);
	store_close(&s);
}

/* Descriptors and inline bodies of all sizes around the piece size give the same file. */
static void
test_sizes(void)
{
	static const size_t sizes[] = {0, 1, 65536, MAILDIR_PIECE_BYTES - 1, MAILDIR_PIECE_BYTES,
	    MAILDIR_PIECE_BYTES + 1, 3000000};
	struct store s;
	struct buf text, want, got;

	store_open(&s);
	buf_init(&text, 8 << 20);
	buf_init(&want, 8 << 20);
	buf_init(&got, 8 << 20);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct letter in, by_fd;

		buf_clear(&text);
		buf_clear(&want);
		buf_put_str(&want, HEAD_LF);
		while (
		    text.n <
		    sizes[i]) { /* lines of 7, so that each place in a line meets each boundary */
			buf_put_str(&text, "abcde\r\n");
			buf_put_str(&want, "abcde\n");
		}
		letter_init(&in, "aa.bb.c", (uint32_t)(2 * i), buf_slice(&text));
		letter_init(&by_fd, "aa.bb.c", (uint32_t)(2 * i + 1), buf_slice(&text));
		store_touch(&s, "body", buf_slice(&text));
		char path[512];
		snprintf(path, sizeof(path), "%s/body", s.home);
		by_fd.body.fd = open(path, O_RDONLY | O_CLOEXEC);
		by_fd.body.bytes = SL_NONE;
		maildir_folder_put(s.folder, &in.job);
		maildir_folder_put(s.folder, &by_fd.job);
		store_run(&s);
		close(by_fd.body.fd);
		CHECK(in.fault.st == ST_OK && by_fd.fault.st == ST_OK);
		for (uint32_t r = 0; r < 2; r++) {
			char name[256];

			snprintf(name, sizeof(name),
			    "1700000000.Qaa.bb.cR%u.mail.example.test,S=%zu,W=%zu",
			    (unsigned)(2 * i + r), want.n, text.n + 49);
			CHECK(sl_eq(store_read(&s, "Maildir/new", name, &got), buf_slice(&want)));
		}
	}
	buf_fini(&text);
	buf_fini(&want);
	buf_fini(&got);
	store_close(&s);
}

static void
test_wrong_content(void)
{
	struct store s;
	struct letter digest, shorter, longer;
	char path[512];

	store_open(&s);
	letter_init(&digest, "a.b.1", 0, SL(TEXT));
	digest.body.digest[31] ^= 1;
	letter_init(&shorter, "a.b.2", 0, SL(TEXT));
	shorter.body.length++;
	letter_init(&longer, "a.b.3", 0, SL(TEXT));
	store_touch(&s, "body", SL(TEXT));
	snprintf(path, sizeof(path), "%s/body", s.home);
	longer.body.fd = open(path, O_RDONLY | O_CLOEXEC);
	longer.body.length++;
	maildir_folder_put(s.folder, &digest.job);
	maildir_folder_put(s.folder, &shorter.job);
	maildir_folder_put(s.folder, &longer.job);
	store_run(&s);
	close(longer.body.fd);
	CHECK(digest.fault.esc[0] == 4 && shorter.fault.esc[0] == 4 && longer.fault.esc[0] == 4);
	CHECK_EQ(store_count(&s, "Maildir/new"), 0);
	CHECK_EQ(store_count(&s, "Maildir/tmp"), 0);
	store_close(&s);
}

static int syncs_of_files, syncs_of_dirs;

static int
count_syncs(enum maildir_step step)
{
	syncs_of_files += step == MAILDIR_STEP_SYNC;
	syncs_of_dirs += step == MAILDIR_STEP_SYNC_DIR;
	return 0;
}

/* 100 at once are 4 groups: the first takes 32, and what waits never more. */
static void
test_groups(void)
{
	static struct letter l[100];
	struct store s;

	store_open(&s);
	maildir_step_hook = count_syncs;
	syncs_of_files = syncs_of_dirs = 0;
	for (uint32_t i = 0; i < COUNT_OF(l); i++) {
		letter_init(&l[i], "a.b.c", i, SL(TEXT));
		maildir_folder_put(s.folder, &l[i].job);
	}
	store_run(&s);
	maildir_step_hook = NULL;
	CHECK_EQ(syncs_of_files, 100);
	CHECK_EQ(syncs_of_dirs, 4);
	for (size_t i = 0; i < COUNT_OF(l); i++)
		CHECK(l[i].fault.st == ST_OK && l[i].answers == 1);
	CHECK_EQ(store_count(&s, "Maildir/new"), 100);
	store_close(&s);
}

/* Delivered, moved to cur/ and flagged by a reader, tried again: found, in new/ as well as in cur/.
 */
static void
test_try_again(void)
{
	struct store s;
	struct letter l, again, other;
	char from[600], to[700], name[256];

	store_open(&s);
	letter_init(&l, "a.b.c", 1, SL(TEXT));
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	letter_init(&again, "a.b.c", 1, SL(TEXT));
	again.job.is_retry = true;
	again.job.head = SL("X: another head\r\n"); /* so that the sizes in the name differ */
	maildir_folder_put(s.folder, &again.job);
	store_run(&s);
	CHECK_EQ(again.fault.st, ST_OK);
	CHECK_EQ(store_count(&s, "Maildir/new"), 1);
	CHECK(store_first(&s, "Maildir/new", name));
	snprintf(from, sizeof(from), "%s/Maildir/new/%s", s.home, name);
	snprintf(to, sizeof(to), "%s/Maildir/cur/%s:2,FS", s.home, name);
	CHECK(rename(from, to) == 0);
	letter_init(&again, "a.b.c", 1, SL(TEXT));
	letter_init(
	    &other, "a.b.c", 11, SL(TEXT)); /* a number that begins the same way is another one */
	again.job.is_retry = other.job.is_retry = true;
	maildir_folder_put(s.folder, &again.job);
	maildir_folder_put(s.folder, &other.job);
	store_run(&s);
	CHECK(again.fault.st == ST_OK && other.fault.st == ST_OK);
	CHECK_EQ(store_count(&s, "Maildir/new"), 1);
	CHECK_EQ(store_count(&s, "Maildir/cur"), 1);
	store_close(&s);
}

/* The same message twice in one group, and twice without the mark: one file. */
static void
test_twins(void)
{
	struct store s;
	struct letter one, two, three;

	store_open(&s);
	letter_init(&one, "a.b.c", 1, SL(TEXT));
	letter_init(&two, "a.b.c", 1, SL(TEXT));
	letter_init(&three, "a.b.c", 1, SL(TEXT));
	maildir_folder_put(s.folder, &one.job);
	maildir_folder_put(s.folder, &two.job);
	store_run(&s);
	maildir_folder_put(s.folder, &three.job);
	store_run(&s);
	CHECK(one.fault.st == ST_OK && two.fault.st == ST_OK && three.fault.st == ST_OK);
	CHECK_EQ(store_count(&s, "Maildir/new"), 1);
	store_close(&s);
}

/* A home that nobody used gets a Maildir; one that lost its Maildir does not get another. */
static void
test_fresh(void)
{
	struct store s;
	struct letter l;
	char from[512], to[512];

	store_open(&s);
	s.place.make = MAILDIR_IF_FRESH;
	maildir_folder_free(s.folder);
	s.folder = maildir_folder_new(&s.host, &s.place);
	store_touch(&s, ".profile", SL("x"));
	letter_init(&l, "a.b.c", 1, SL(TEXT));
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK_EQ(l.fault.st, ST_OK);
	snprintf(from, sizeof(from), "%s/Maildir", s.home);
	snprintf(to, sizeof(to), "%s/away", s.home);
	CHECK(rename(from, to) == 0);
	letter_init(&l, "a.b.c", 2, SL(TEXT));
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK(l.fault.st != ST_OK && l.fault.esc[0] == 4 && l.fault.esc[1] == 2);
	CHECK(rename(to, from) == 0);
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK_EQ(l.fault.st, ST_OK);
	CHECK_EQ(store_count(&s, "Maildir/new"), 2);
	store_close(&s);
}

static void
test_places(void)
{
	struct store s;
	struct letter l;
	char path[512];

	store_open(&s);
	s.place.make = MAILDIR_NEVER;
	maildir_folder_free(s.folder);
	s.folder = maildir_folder_new(&s.host, &s.place);
	letter_init(&l, "a.b.c", 1, SL(TEXT));
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK(l.fault.st != ST_OK && l.fault.esc[0] == 4 &&
	      l.fault.esc[1] == 2); /* no Maildir: 4.2.0 */
	/* It comes into being: the same folder takes mail. */
	snprintf(path, sizeof(path), "%s/Maildir", s.home);
	CHECK(mkdir(path, 0700) == 0);
	letter_init(&l, "a.b.c", 1, SL(TEXT));
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK(l.fault.st != ST_OK && l.fault.esc[1] == 2); /* a folder, but no Maildir */
	s.place.make = MAILDIR_MAKE;
	maildir_folder_free(s.folder);
	s.folder = maildir_folder_new(&s.host, &s.place);
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK_EQ(l.fault.st, ST_OK);
	/* Behind a link there is nothing. */
	maildir_folder_free(s.folder);
	s.place.path = SL("link");
	snprintf(path, sizeof(path), "%s/link", s.home);
	CHECK(symlink("Maildir", path) == 0);
	s.folder = maildir_folder_new(&s.host, &s.place);
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK(l.fault.st != ST_OK && l.fault.esc[0] == 4);
	maildir_folder_free(s.folder);
	s.place.path = SL("../Maildir");
	s.folder = maildir_folder_new(&s.host, &s.place);
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK(l.fault.st != ST_OK && l.fault.esc[0] == 4);
	CHECK_EQ(store_count(&s, "Maildir/new"), 1);
	store_close(&s);
}

/* ---- each step fails ---- */

static enum maildir_step fail_step;
static int fail_errno, fail_count;

static int
fail_once(enum maildir_step step)
{
	return step == fail_step && fail_count-- == 0 ? fail_errno : 0;
}

/*
 * Each step with each error, at its first, second, third coming: nothing counts as delivered that
 * is not in new/ or that was not made durable; the answer is of class 4; tmp/ is clean; tried
 * again, there is exactly one copy of each.
 */
static void
test_each_step_fails(void)
{
	static const int errors[] = {EIO, ENOSPC};

	for (int step = 0; step < MAILDIR_STEPS; step++)
		for (size_t e = 0; e < COUNT_OF(errors); e++)
			for (int nth = 0; nth < 4; nth++) {
				struct store s;
				struct letter l[3];
				size_t good = 0;

				store_open(&s);
				for (uint32_t i = 0; i < COUNT_OF(l); i++) {
					letter_init(&l[i], "a.b.c", i, SL(TEXT));
					l[i].job.is_retry = true;
					maildir_folder_put(s.folder, &l[i].job);
				}
				fail_step = (enum maildir_step)step;
				fail_errno = errors[e];
				fail_count = nth;
				maildir_step_hook = fail_once;
				store_run(&s);
				maildir_step_hook = NULL;
				CHECK_EQ(store_count(&s, "Maildir/tmp"), 0);
				for (size_t i = 0; i < COUNT_OF(l); i++) {
					CHECK_EQ(l[i].answers, 1);
					good += l[i].fault.st == ST_OK;
					CHECK(l[i].fault.st == ST_OK || l[i].fault.esc[0] == 4);
				}
				CHECK(store_count(&s, "Maildir/new") >= good);
				/* Only a folder that could not be synced leaves what was not
				 * reported. */
				if (step != MAILDIR_STEP_SYNC_DIR)
					CHECK_EQ(store_count(&s, "Maildir/new"), good);
				for (uint32_t i = 0; i < COUNT_OF(l); i++) {
					if (l[i].fault.st == ST_OK)
						continue;
					letter_init(&l[i], "a.b.c", i, SL(TEXT));
					l[i].job.is_retry = true;
					maildir_folder_put(s.folder, &l[i].job);
				}
				store_run(&s);
				for (size_t i = 0; i < COUNT_OF(l); i++)
					CHECK_EQ(l[i].fault.st, ST_OK);
				CHECK_EQ(store_count(&s, "Maildir/new"), 3);
				store_close(&s);
			}
}

static int
die_at(enum maildir_step step)
{
	if (step == fail_step && fail_count-- == 0)
		_exit(9);
	return 0;
}

/* The process ends at each step; the next one tries all again: exactly one copy of each. */
static void
test_dies_at_each_step(void)
{
	for (int step = 0; step < MAILDIR_STEPS; step++)
		for (int nth = 0; nth < 5; nth++) {
			struct store s;
			struct letter l[3];
			int status = 0;
			pid_t pid;

			store_open(&s);
			durable_free(s.durable); /* threads and fork do not mix: each side makes its
						    own pool */
			pid = fork();
			CHECK(pid >= 0);
			if (durable_new(&s.durable, 4) != 0)
				abort();
			s.host.durable = s.durable;
			if (pid == 0) {
				fail_step = (enum maildir_step)step;
				fail_count = nth;
				maildir_step_hook = die_at;
			} else {
				CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
			}
			for (uint32_t i = 0; i < COUNT_OF(l); i++) {
				letter_init(&l[i], "a.b.c", i, SL(TEXT));
				l[i].job.is_retry = pid != 0;
				maildir_folder_put(s.folder, &l[i].job);
			}
			store_run(&s);
			if (pid == 0)
				_exit(0);
			for (size_t i = 0; i < COUNT_OF(l); i++)
				CHECK_EQ(l[i].fault.st, ST_OK);
			CHECK_EQ(store_count(&s, "Maildir/new"), 3);
			store_close(&s);
		}
}

/* A file size limit of the process: the write itself fails, in the middle of a message. */
static void
test_write_really_fails(void)
{
	struct store s;
	struct letter big, small;
	struct buf text;

	store_open(&s);
	buf_init(&text, 1 << 22);
	while (text.n < 1000000)
		buf_put_str(&text, "0123456789\r\n");
	letter_init(&big, "a.b.c", 0, buf_slice(&text));
	letter_init(&small, "a.b.c", 1, SL(TEXT));
	durable_free(s.durable);
	pid_t pid = fork();
	if (durable_new(&s.durable, 4) != 0)
		abort();
	s.host.durable = s.durable;
	if (pid == 0) {
		fail_step = MAILDIR_STEP_WRITE;
		fail_errno = EFBIG;
		fail_count = 3; /* some pieces are on disk */
		maildir_step_hook = fail_once;
		maildir_folder_put(s.folder, &big.job);
		maildir_folder_put(s.folder, &small.job);
		store_run(&s);
		_exit(big.fault.esc[0] == 4 && small.fault.st == ST_OK ? 0 : 1);
	}
	int status;
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_EQ(store_count(&s, "Maildir/new"), 1);
	CHECK_EQ(store_count(&s, "Maildir/tmp"), 0);
	buf_fini(&text);
	store_close(&s);
}

/* new/ vanishes between write and rename. */
static int
remove_new(enum maildir_step step)
{
	if (step == MAILDIR_STEP_SYNC && fail_count-- == 0)
		return chdir("Maildir") == 0 && rmdir("new") == 0 ? 0 : EIO;
	return 0;
}

static void
test_new_vanishes(void)
{
	struct store s;
	struct letter l;
	char before[512];

	store_open(&s);
	CHECK(getcwd(before, sizeof(before)) && chdir(s.home) == 0);
	letter_init(&l, "a.b.c", 0, SL(TEXT));
	maildir_folder_put(s.folder, &l.job);
	fail_count = 0;
	maildir_step_hook = remove_new;
	store_run(&s);
	maildir_step_hook = NULL;
	CHECK_EQ(l.fault.esc[0], 4);
	CHECK_EQ(store_count(&s, "Maildir/tmp"), 0);
	CHECK(chdir(before) == 0);
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK_EQ(l.fault.st, ST_OK); /* the folder is made whole again */
	CHECK_EQ(store_count(&s, "Maildir/new"), 1);
	store_close(&s);
}

static void
test_cancel(void)
{
	struct store s;
	struct letter l[5];
	struct buf text;

	store_open(&s);
	buf_init(&text, 1 << 23);
	while (text.n < 3000000)
		buf_put_str(&text, "0123456789\r\n");
	for (uint32_t i = 0; i < COUNT_OF(l); i++) {
		letter_init(&l[i], "a.b.c", i, i == 1 ? buf_slice(&text) : SL(TEXT));
		maildir_folder_put(s.folder, &l[i].job);
	}
	maildir_job_cancel(&l[0].job); /* waits */
	s.wants_turn = false;
	maildir_folder_run(s.folder); /* stops inside the big one */
	CHECK(s.wants_turn);
	maildir_job_cancel(&l[1].job);
	maildir_job_cancel(&l[2].job); /* of the group, not begun */
	maildir_folder_run(s.folder);
	maildir_job_cancel(&l[3].job); /* being synced */
	s.wants_turn = false;
	store_run(&s);
	maildir_job_cancel(&l[4].job); /* over: no effect */
	for (size_t i = 0; i < 4; i++)
		CHECK_EQ(l[i].answers, 0);
	CHECK(l[4].answers == 1 && l[4].fault.st == ST_OK);
	CHECK_EQ(store_count(&s, "Maildir/new"), 1);
	CHECK_EQ(store_count(&s, "Maildir/tmp"), 0);
	buf_fini(&text);
	store_close(&s);
}

static void
test_tmp_is_cleaned(void)
{
	struct store s;
	struct letter l;
	char path[512];
	struct timeval old[2] = {{1000000000, 0}, {1000000000, 0}};

	store_open(&s);
	letter_init(&l, "a.b.c", 0, SL(TEXT));
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	maildir_folder_free(s.folder);
	s.folder = maildir_folder_new(&s.host, &s.place);
	store_touch(&s, "Maildir/tmp/old", SL("x"));
	store_touch(&s, "Maildir/tmp/young", SL("x"));
	snprintf(path, sizeof(path), "%s/Maildir/tmp/old", s.home);
	CHECK(utimes(path, old) == 0);
	maildir_folder_put(s.folder, &l.job);
	store_run(&s);
	CHECK_EQ(store_count(&s, "Maildir/tmp"), 1);
	CHECK(access(path, F_OK) != 0);
	store_close(&s);
}

/* Descriptors before and after 10,000 deliveries; memory is the sanitizer's to watch. */
static void
test_ten_thousand(void)
{
	static struct letter l[500];
	struct store s;
	int before, after;

	store_open(&s);
	durable_disabled = true; /* it is not the disk that is looked at */
	before = dup(0);
	close(before);
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < COUNT_OF(l); i++) {
			letter_init(&l[i], "a.b.c", round * 500 + i, SL(TEXT));
			maildir_folder_put(s.folder, &l[i].job);
		}
		store_run(&s);
		for (uint32_t i = 0; i < COUNT_OF(l); i++)
			if (l[i].fault.st != ST_OK)
				CHECK(false);
	}
	after = dup(0);
	close(after);
	durable_disabled = false;
	CHECK_EQ(after, before);
	CHECK_EQ(store_count(&s, "Maildir/new"), 10000);
	store_close(&s);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"form_and_name", test_form_and_name},
	    {"return_path", test_return_path},
	    {"sizes", test_sizes},
	    {"wrong_content", test_wrong_content},
	    {"groups", test_groups},
	    {"try_again", test_try_again},
	    {"twins", test_twins},
	    {"fresh", test_fresh},
	    {"places", test_places},
	    {"each_step_fails", test_each_step_fails},
	    {"dies_at_each_step", test_dies_at_each_step},
	    {"write_really_fails", test_write_really_fails},
	    {"new_vanishes", test_new_vanishes},
	    {"cancel", test_cancel},
	    {"tmp_is_cleaned", test_tmp_is_cleaned},
	    {"ten_thousand", test_ten_thousand},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
