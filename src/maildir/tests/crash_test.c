/*
 * A process that ends at each step of what it does to a mailbox, and who opens it next: what was
 * acknowledged is there, no UID is given twice or changes, what was expunged stays away, a copy is
 * whole or not there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/facts.h"
#include "maildir/step.h"
#include "maildir/tests/world.h"

#define MSG "Subject: %d\n\nline\n"
#define WIRE "Subject: y\r\n\r\nline\r\n"
#define SEEN_MAX 400

enum box { INBOX, OTHER, BOXES };
static const char *const box_names[] = {"INBOX", "INBOX.to"};

/* What the process that ends has been told, in memory that survives it. */
struct log {
	struct {
		enum box box;
		uint32_t uid;
		char base[120];
	} seen[SEEN_MAX];
	unsigned seen_count;
	uint32_t validity[BOXES], uidnext[BOXES];
	uint32_t appended[2], copied[3];
	bool copy_done, expunge_asked, expunge_done, word_done, flag_done;
	bool finished;
};
static struct log *told;

static int steps_left;

static int
end_here(enum maildir_step step)
{
	(void)step;
	if (--steps_left == 0)
		_exit(99);
	return 0;
}

/* ---- the process that ends ---- */

static void
look(enum box box, struct mailbox *m)
{
	size_t n;
	const struct message *p = mailbox_messages(m, &n);

	told->validity[box] = mailbox_uidvalidity(m);
	told->uidnext[box] = mailbox_uidnext(m);
	for (size_t i = 0; i < n && told->seen_count < SEEN_MAX; i++) {
		told->seen[told->seen_count].box = box;
		told->seen[told->seen_count].uid = p[i].uid;
		snprintf(told->seen[told->seen_count].base, 120, "%s", p[i].base);
		told->seen_count++;
	}
}

static uint32_t
append(struct world *w, struct mailbox *m)
{
	static const struct mailbox_change c = {.flags = MESSAGE_FLAGGED};
	struct fault f;
	struct append *a = append_begin(m, &c, 1000000000, strlen(WIRE), &f);
	struct wish x;

	if (!a || append_write(a, SL(WIRE), &f) != ST_OK)
		return 0;
	append_commit(a, wish(&x));
	return world_await(w, &x) == ST_OK ? x.uid : 0;
}

struct pairs {
	struct store_op op;
	bool done;
};

static void
copied(struct store_op *op, const struct fault *f)
{
	struct pairs *p = op->arg;

	p->done = f->st == ST_OK;
	for (size_t i = 0; p->done && i < op->uid_count; i++)
		told->copied[i] = op->uids_to[i];
}

static void
work(struct world *w)
{
	static const uint32_t three[] = {1, 3, 5}, two[] = {2, 4};
	struct slice words[] = {SL("work"), SL("$x")};
	struct mailbox_change word = {.how = MAILBOX_ADD, .words = words, .word_count = 2},
			      flag = {.how = MAILBOX_ADD, .flags = MESSAGE_SEEN};
	struct pairs p = {.op = {.done = copied, .arg = &p}};
	struct mailbox *m, *to;
	struct view v = {0};
	struct wish x;

	m = world_mailbox(w, "INBOX");
	look(INBOX, m);
	view_init(&v, m, true);
	to = world_mailbox(w, "INBOX.to");
	look(OTHER, to);
	mailbox_mark(m, three, 3, &word, wish(&x));
	if (world_await(w, &x) == ST_OK)
		told->word_done = true;
	told->appended[0] = append(w, m);
	look(INBOX, m);
	mailbox_copy(m, three, 3, to, &p.op);
	world_settle(w);
	if (p.done)
		told->copy_done = true;
	look(OTHER, to);
	told->expunge_asked = true;
	mailbox_expunge(m, two, 2, wish(&x));
	if (world_await(w, &x) == ST_OK)
		told->expunge_done = true;
	look(INBOX, m);
	mailbox_mark(m, three, 3, &flag, wish(&x));
	if (world_await(w, &x) == ST_OK)
		told->flag_done = true;
	told->appended[1] = append(w, m);
	world_settle(w);
	look(INBOX, m);
	view_fini(&v);
	mailbox_close(m);
	mailbox_close(to);
	told->finished = true;
}

/* Runs fn in a process of its own that ends at its nth step. True: it came to its end. */
static bool
run_until(struct world *w, int n, void (*fn)(struct world *w))
{
	pid_t pid = fork();
	int status = -1; /* nothing that ended well */

	if (pid == 0) {
		steps_left = n;
		maildir_step_hook = end_here;
		world_start(w);
		fn(w);
		world_stop(w);
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 99);
	return WEXITSTATUS(status) == 0;
}

/* ---- who comes next ---- */

static const struct message *
by_base(struct mailbox *m, const char *base)
{
	size_t n;
	const struct message *p = mailbox_messages(m, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(p[i].base, base) == 0)
			return &p[i];
	return NULL;
}

static void
check_uids(enum box box, struct mailbox *m)
{
	uint32_t largest = 0;
	size_t n;
	const struct message *p = mailbox_messages(m, &n);

	if (told->validity[box])
		CHECK_EQ(mailbox_uidvalidity(m), told->validity[box]);
	for (unsigned i = 0; i < told->seen_count; i++) {
		const struct message *r;

		if (told->seen[i].box != box)
			continue;
		r = mailbox_find(m, told->seen[i].uid);
		if (r)
			CHECK_SL(sl_str(r->base), sl_str(told->seen[i].base));
		r = by_base(m, told->seen[i].base);
		if (r)
			CHECK_EQ(r->uid, told->seen[i].uid);
		largest = told->seen[i].uid > largest ? told->seen[i].uid : largest;
	}
	CHECK(mailbox_uidnext(m) > largest);
	CHECK(mailbox_uidnext(m) >= told->uidnext[box]);
	for (size_t i = 1; i < n; i++)
		CHECK(p[i].uid > p[i - 1].uid);
}

static void
check_messages(struct world *w, struct mailbox *m)
{
	struct buf out;
	char text[64];

	buf_init(&out, 1 << 16);
	/* Those that were there before: all but the two are there, with their content. */
	for (int i = 1; i <= 6; i++) {
		const struct message *r;

		snprintf(text, sizeof(text), "%d.x", 1000 + i);
		r = by_base(m, text);
		if (i == 2 || i == 4) {
			CHECK(r || told->expunge_asked);
			CHECK(!r || !told->expunge_done);
			continue;
		}
		if (!CHECK(r != NULL))
			continue;
		if (told->word_done && i % 2)
			CHECK_EQ(r->keywords, 3);
		if (told->flag_done && i % 2)
			CHECK(r->flags & MESSAGE_SEEN);
		snprintf(text, sizeof(text), "Subject: %d\r\n\r\nline\r\n", i);
		CHECK_SL(world_text(m, r->uid, &out), sl_str(text));
	}
	for (int i = 0; i < 2; i++) {
		if (!told->appended[i] || !CHECK(mailbox_find(m, told->appended[i])))
			continue;
		CHECK_SL(world_text(m, told->appended[i], &out), SL(WIRE));
		CHECK(mailbox_find(m, told->appended[i])->flags & MESSAGE_FLAGGED);
	}
	(void)w;
	buf_fini(&out);
}

static void
check_copies(struct mailbox *to)
{
	struct buf out;
	size_t n;
	const struct message *p = mailbox_messages(to, &n);

	buf_init(&out, 1 << 16);
	CHECK(n == 0 || n == 3);
	CHECK(n == 3 || !told->copy_done);
	for (size_t i = 0; i < n; i++) {
		char text[64];

		if (told->copy_done)
			CHECK_EQ(p[i].uid, told->copied[i]);
		snprintf(text, sizeof(text), "Subject: %d\r\n\r\nline\r\n", (int)(2 * i + 1));
		CHECK_SL(world_text(to, p[i].uid, &out), sl_str(text));
		CHECK_EQ(p[i].keywords, 3);
	}
	buf_fini(&out);
}

static void
open_both(struct world *w)
{
	for (unsigned i = 0; i < BOXES; i++) {
		struct mailbox *m = world_mailbox(w, box_names[i]);
		struct view v = {0};

		if (!m)
			_exit(1);
		view_init(&v, m, true);
		world_settle(w);
		view_fini(&v);
		mailbox_close(m);
	}
}

static void
check_all(struct world *w)
{
	world_start(w);
	for (int again = 0; again < 2; again++) {
		struct mailbox *m = world_mailbox(w, "INBOX"), *to = world_mailbox(w, "INBOX.to");
		struct view v = {0};

		if (!CHECK(m && to))
			return;
		view_init(&v, m, true);
		check_uids(INBOX, m);
		check_uids(OTHER, to);
		check_messages(w, m);
		check_copies(to);
		look(INBOX, m);
		look(OTHER, to);
		world_settle(w);
		CHECK_EQ(world_count(w, "new"), 0);
		if (told->expunge_done)
			CHECK(!world_has(w, "cur/1002.x:2,") && !world_has(w, "cur/1004.x:2,"));
		view_fini(&v);
		mailbox_close(m);
		mailbox_close(to);
		world_stop(w);
		world_start(w);
	}
}

static void
prepare(struct world *w)
{
	static const char *const parts[] = {"", "/cur", "/new", "/tmp"};
	char path[512], text[64];

	memset(told, 0, sizeof(*told));
	world_open(w);
	world_stop(w);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		snprintf(text, sizeof(text), ".to%s", parts[i]);
		world_path(w, text, path);
		if (mkdir(path, 0700) != 0)
			abort();
	}
	for (int i = 1; i <= 6; i++) {
		char content[64];

		snprintf(path, sizeof(path), i > 4 ? "new/%d.x" : "cur/%d.x:2,", 1000 + i);
		snprintf(content, sizeof(content), MSG, i);
		world_file(w, path, content);
	}
}

/* The first process ends at step n; with again, the one that comes after it at some step, too. */
static unsigned
run_all(bool again)
{
	int n = 1;

	for (bool finished = false; !finished && n < 1000; n++) {
		struct world w;

		prepare(&w);
		finished = run_until(&w, n, work);
		CHECK_EQ(finished, told->finished);
		if (again)
			run_until(&w, n * 7 % 11 + 1, open_both);
		check_all(&w);
		world_close(&w);
	}
	CHECK(n < 1000);
	return (unsigned)n;
}

static void
test_each_step(void)
{
	CHECK(run_all(false) > 30);
}

static void
test_each_step_and_again(void)
{
	CHECK(run_all(true) > 30);
}

static off_t
records_end(struct slice file)
{
	struct slice rest = sl_skip(file, FACTS_HEADER_BYTES);
	struct facts_record r;

	while (facts_next(&rest, &r) == ST_OK)
		continue;
	return (off_t)(rest.p - file.p);
}

/* The same with the end of the facts cut off, as a power cut may leave them: everything but what
 * was not synced. Nobody was told of it: UIDs that were told stay. */
static void
test_torn_records(void)
{
	struct world w;
	char path[512];
	struct stat st;
	uint32_t validity = 0;

	prepare(&w);
	CHECK(run_until(&w, 0, open_both));
	world_path(&w, "courierindex/facts", path);
	CHECK(stat(path, &st) == 0);
	for (int cut = 0; cut < 60; cut++) {
		static const char torn[60] = {0, 0, 0, 46, 'A', 0, 0, 0, 7};
		struct mailbox *m;
		struct buf out;
		int fd = open(path, O_WRONLY);

		buf_init(&out, 1 << 16);
		world_start(&w);
		m = world_mailbox(&w, "INBOX");
		CHECK_SL(world_list(m, &out), SL("1: 2: 3: 4: 5: 6:"));
		if (cut > 5) /* it was cut off before, and noted */
			CHECK(w.notes > 0);
		validity = validity ? validity : mailbox_uidvalidity(m);
		CHECK_EQ(mailbox_uidvalidity(m), validity);
		w.notes = 0;
		mailbox_close(m);
		world_stop(&w);
		world_read(&w, "courierindex/facts", &out);
		CHECK(pwrite(fd, torn, (size_t)cut, records_end(buf_slice(&out))) == cut);
		close(fd);
		buf_fini(&out);
	}
	world_close(&w);
}

static const struct check_row rows[] = {
    {"each_step", test_each_step},
    {"each_step_and_again", test_each_step_and_again},
    {"torn_records", test_torn_records},
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
