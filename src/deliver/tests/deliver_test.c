/*
 * What touches files and processes: instruction files, mbox, loops, programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "deliver/file.h"
#include "deliver/instr.h"
#include "deliver/loop.h"
#include "deliver/mbox.h"
#include "deliver/program.h"
#include "maildir/step.h"

static char home[64];
static int home_fd;

static void
home_open(void)
{
	check_folder_new(NULL, home);
	home_fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (home_fd < 0)
		abort();
}

static void
home_close(void)
{
	close(home_fd);
	check_folder_remove(home);
}

static void
write_file(const char *name, const char *text, unsigned mode)
{
	int fd = openat(home_fd, name, O_WRONLY | O_CREAT | O_TRUNC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    fchmod(fd, mode) != 0)
		abort();
	close(fd);
}

static struct slice
read_file(const char *name, struct buf *out)
{
	int fd = openat(home_fd, name, O_RDONLY);
	unsigned char *room;
	ssize_t n;

	buf_clear(out);
	while (fd >= 0 && (room = buf_room(out, 4096)) && (n = read(fd, room, 4096)) > 0)
		buf_added(out, (size_t)n);
	if (fd >= 0)
		close(fd);
	return buf_slice(out);
}

/* ---- instruction files ---- */

static void
test_files(void)
{
	struct deliver_file file;
	struct buf text;
	struct fault f;

	home_open();
	buf_init(&text, DELIVER_TEXT_MAX);
	CHECK_EQ(deliver_file_read(home_fd, ".courier", "", &text, &file, &f), ST_NOENT);
	CHECK_EQ(deliver_file_read(home_fd, ".courier", "a-b", &text, &file, &f), ST_NOENT);
	CHECK(f.esc[0] == 5 && f.esc[1] == 1 && f.esc[2] == 1);
	write_file(".courier-a-default", "./a\n", 0600);
	write_file(".courier-default", "./d\n", 0600);
	CHECK_EQ(deliver_file_read(home_fd, ".courier", "a-b", &text, &file, &f), ST_OK);
	CHECK_SL(buf_slice(&text), SL("./a\n"));
	CHECK(file.is_default && file.default_at == 2);
	buf_clear(&text);
	CHECK_EQ(deliver_file_read(home_fd, ".courier", "x", &text, &file, &f), ST_OK);
	CHECK_SL(buf_slice(&text), SL("./d\n"));
	CHECK_EQ(deliver_file_read(home_fd, ".qmail", "x", &text, &file, &f), ST_NOENT);
	write_file(".courier-open", "./x\n", 0666);
	CHECK_EQ(deliver_file_read(home_fd, ".courier", "open", &text, &file, &f), ST_TEMP);
	CHECK_EQ(f.esc[0], 4);
	CHECK(symlinkat(".courier-default", home_fd, ".courier-link") == 0);
	CHECK(deliver_file_read(home_fd, ".courier", "link", &text, &file, &f) != ST_OK &&
	      f.esc[0] == 4);
	CHECK(mkfifoat(home_fd, ".courier-pipe", 0600) == 0);
	CHECK_EQ(deliver_file_read(home_fd, ".courier", "pipe", &text, &file, &f), ST_TEMP);
	CHECK(mkdirat(home_fd, ".courier-dir", 0700) == 0);
	CHECK_EQ(deliver_file_read(home_fd, ".courier", "dir", &text, &file, &f), ST_TEMP);
	char *big = malloc(DELIVER_TEXT_MAX + 100);
	memset(big, '#', DELIVER_TEXT_MAX + 99);
	big[DELIVER_TEXT_MAX + 99] = '\0';
	write_file(".courier-big", big, 0600);
	free(big);
	buf_clear(&text);
	CHECK_EQ(deliver_file_read(home_fd, ".courier", "big", &text, &file, &f), ST_LIMIT);
	buf_fini(&text);
	home_close();
}

/* ---- mbox ---- */

static void *
sum_start(void)
{
	return calloc(1, 1);
}

static void
sum_update(void *state, struct slice in)
{
	for (size_t i = 0; i < in.n; i++)
		*(unsigned char *)state = (unsigned char)(*(unsigned char *)state * 31 + in.p[i]);
}

static void
sum_finish(void *state, unsigned char out[DIGEST_MAX])
{
	out[0] = *(unsigned char *)state;
	free(state);
}

static const struct digest_ops sum = {"sum", 1, sum_start, sum_update, sum_finish, free};

static struct maildir_body
body_of(struct slice text)
{
	struct maildir_body b = {.bytes = text, .fd = -1, .length = text.n, .hash = &sum};
	void *state = sum_start();

	sum_update(state, text);
	sum_finish(state, b.digest);
	return b;
}

static void
append(struct slice text, enum st want)
{
	struct maildir_body b = body_of(text);
	struct deliver_mbox m;
	struct fault f;

	CHECK_EQ(deliver_mbox_open(home_fd, SL("box"), &m, &f), ST_OK);
	CHECK_EQ(deliver_mbox_append(&m, SL("From a@b date"), SL("X: 1\r\n"), &b, &f), want);
	CHECK(want == ST_OK || f.esc[0] == 4);
	deliver_mbox_close(&m);
}

static int fail_nth;

static int
fail_write(enum maildir_step step)
{
	return step == MAILDIR_STEP_WRITE && fail_nth-- == 0 ? ENOSPC : 0;
}

static void
test_mbox(void)
{
	static const char first[] =
	    "From a@b date\nX: 1\nS: x\n\n>From me\n>>From you\n>Fro\nFrom\n\n";
	struct deliver_mbox m;
	struct buf got, big;
	struct fault f;

	home_open();
	buf_init(&got, 1 << 23);
	append(SL("S: x\r\n\r\nFrom me\r\n>From you\r\n>Fro\r\nFrom\r\n"), ST_OK);
	CHECK_SL(read_file("box", &got), SL(first));
	append(SL("no end"), ST_OK);
	CHECK_SL(read_file("box", &got),
	    SL("From a@b date\nX: 1\nS: x\n\n>From me\n>>From you\n>Fro\nFrom\n\n"
	       "From a@b date\nX: 1\nno end\n\n"));
	/* Interrupted at any write: as long as before. */
	buf_init(&big, 1 << 22);
	while (big.n < 1000000)
		buf_put_str(&big, "0123456789\r\n");
	for (int i = 0; i < 3; i++) {
		fail_nth = i;
		maildir_step_hook = fail_write;
		append(buf_slice(&big), ST_IO);
		maildir_step_hook = NULL;
		CHECK_EQ(read_file("box", &got).n, sizeof(first) - 1 + 29 - 2);
	}
	append(buf_slice(&big), ST_OK);
	CHECK(read_file("box", &got).n > 900000);
	/* What a crash cut off stays apart from the next message. */
	write_file("box", "From x y\n\nhalf a li", 0600);
	append(SL("S: x\r\n"), ST_OK);
	CHECK_SL(
	    read_file("box", &got), SL("From x y\n\nhalf a li\n\nFrom a@b date\nX: 1\nS: x\n\n"));
	CHECK(symlinkat("box", home_fd, "link") == 0);
	CHECK(deliver_mbox_open(home_fd, SL("link"), &m, &f) != ST_OK && f.esc[0] == 4);
	CHECK(deliver_mbox_open(home_fd, SL("."), &m, &f) != ST_OK && f.esc[0] == 4);
	CHECK(deliver_mbox_open(home_fd, SL("a/b"), &m, &f) != ST_OK && f.esc[0] == 4);
	CHECK_EQ(deliver_mbox_open(home_fd, SL("fresh"), &m, &f), ST_OK);
	CHECK(m.created);
	deliver_mbox_close(&m);
	buf_fini(&got);
	buf_fini(&big);
	home_close();
}

/* ---- loops ---- */

static void
test_loops(void)
{
	struct maildir_body yes =
	    body_of(SL("Subject: x\r\nDELIVERED-to:  U@Example.test \r\n\r\nb\r\n"));
	struct maildir_body no = body_of(SL(
	    "Subject: x\r\nDelivered-To: v@example.test\r\n\r\nDelivered-To: u@example.test\r\n"));
	struct maildir_body only = body_of(SL("Delivered-To: u@example.test"));
	struct maildir_body file = yes;
	struct buf big;
	struct fault f;

	home_open();
	CHECK_EQ(deliver_loop_check(&yes, SL("u@example.test"), &f), ST_PERM);
	CHECK(f.esc[0] == 5 && f.esc[1] == 4 && f.esc[2] == 6);
	CHECK_EQ(deliver_loop_check(&no, SL("u@example.test"), &f), ST_OK);
	CHECK_EQ(deliver_loop_check(&only, SL("u@example.test"), &f), ST_PERM);
	buf_init(&big, 1 << 20);
	for (int i = 0; i < 2000; i++)
		buf_put_str(&big, "Received: by x; Thu, 1 Jan 2026 00:00:00 +0000\r\n");
	buf_put_str(&big, "Delivered-To: u@example.test\r\n\r\nbody\r\n");
	write_file("body", buf_str(&big), 0600);
	file = (struct maildir_body){
	    .fd = openat(home_fd, "body", O_RDONLY), .length = big.n, .hash = &sum};
	CHECK_EQ(deliver_loop_check(&file, SL("u@example.test"), &f), ST_PERM);
	CHECK_EQ(deliver_loop_check(&file, SL("w@example.test"), &f), ST_OK);
	close(file.fd);
	buf_fini(&big);
	home_close();
}

/* ---- programs ---- */

static int
run(const char *command, struct slice input, struct buf *out)
{
	static char *const env[] = {
	    (char *)(uintptr_t) "PATH=/usr/bin:/bin", (char *)(uintptr_t) "A=b c", NULL};
	struct deliver_program p = {.shell = "", .command = command, .env = env, .home = home_fd};
	struct deliver_child c;
	struct fault f;
	int status = -1;

	buf_clear(out);
	CHECK_EQ(deliver_program_start(&p, &c, &f), ST_OK);
	if (input.n)
		CHECK_EQ(write(c.in, input.p, input.n), (ssize_t)input.n);
	close(c.in);
	for (;;) {
		struct pollfd w = {.fd = c.out, .events = POLLIN};
		unsigned char *room = buf_room(out, 4096);
		ssize_t n;

		poll(&w, 1, 30000);
		n = room ? read(c.out, room, 4096) : 0;
		if (n > 0)
			buf_added(out, (size_t)n);
		else if (n == 0 || errno != EAGAIN)
			break;
	}
	close(c.out);
	CHECK_EQ(waitpid(c.pid, &status, 0), c.pid);
	return status;
}

static void
test_programs(void)
{
	struct buf out;
	struct stat here;
	char path[128];

	home_open();
	buf_init(&out, 1 << 20);
	signal(SIGPIPE, SIG_IGN);
	run("cat; echo \"$A\"; echo err >&2", SL("input\n"), &out);
	CHECK_SL(buf_slice(&out), SL("input\nb c\nerr\n"));
	snprintf(path, sizeof(path), "%s\n", home);
	run("pwd -P", SL_NONE, &out);
	CHECK_SL(buf_slice(&out), sl_str(path));
	/* A session of its own, the umask, no descriptor of ours, SIGPIPE as it should be. */
	int extra = open("/dev/null", O_RDONLY);
	run("umask; ls /dev/fd/ | tr '\\n' ' '", SL_NONE, &out);
	CHECK(sl_starts(buf_slice(&out), SL("0077\n0 1 2 ")));
	close(extra);
	run("touch file; test `ps -o sid= -p $$` = $$ && echo leads", SL_NONE, &out);
	CHECK(fstatat(home_fd, "file", &here, 0) == 0 && (here.st_mode & 0777) == 0600);
	CHECK_SL(buf_slice(&out), SL("leads\n"));
	run("yes | head -1", SL_NONE, &out);
	CHECK_SL(buf_slice(&out), SL("y\n"));
	buf_fini(&out);
	home_close();
}

static void
test_exits(void)
{
	static const struct {
		const char *command;
		enum deliver_next next;
		uint8_t esc[3];
		const char *words;
	} rows[] = {
	    {"exit 0", DELIVER_NEXT, {0, 0, 0}, ""},
	    {"exit 99", DELIVER_STOP, {0, 0, 0}, ""},
	    {"echo one; echo two words; exit 100", DELIVER_FAIL, {5, 3, 0}, "two words"},
	    {"exit 67", DELIVER_FAIL, {5, 1, 1}, "exit 67"},
	    {"exit 77", DELIVER_FAIL, {5, 7, 1}, "exit 77"},
	    {"exit 75", DELIVER_DEFER, {4, 3, 0}, "exit 75"},
	    {"exit 1", DELIVER_DEFER, {4, 3, 0}, "exit 1"},
	    {"exit 111", DELIVER_DEFER, {4, 3, 0}, "exit 111"},
	    {"nothing-has-this-name", DELIVER_DEFER, {4, 3, 0}, "not found"},
	    {"kill -9 $$", DELIVER_DEFER, {4, 3, 0}, "signal 9"},
	};
	struct buf out;

	home_open();
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct fault f = FAULT_NONE;
		int status = run(rows[i].command, SL_NONE, &out);

		CHECK_EQ(deliver_program_ended(status, buf_slice(&out), &f), rows[i].next);
		CHECK(memcmp(f.esc, rows[i].esc, 3) == 0);
		CHECK(strstr(f.text, rows[i].words) != NULL);
	}
	buf_fini(&out);
	home_close();
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"files", test_files},
	    {"mbox", test_mbox},
	    {"loops", test_loops},
	    {"programs", test_programs},
	    {"exits", test_exits},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
