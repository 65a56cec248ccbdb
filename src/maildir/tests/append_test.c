/*
 * Messages that sessions bring, and copies.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/step.h"
#include "maildir/tests/world.h"

#define MSG "Subject: x\n\nline\n"
#define WIRE "Subject: y\r\n\r\nline\r\n"

static const struct mailbox_change nothing = {.how = MAILBOX_REPLACE};

/* Appends in pieces of n octets. */
static enum st
append(struct world *w, struct mailbox *m, const char *text, size_t n,
    const struct mailbox_change *c, int64_t date, uint32_t *uid)
{
	struct slice rest = sl_str(text);
	struct fault f;
	struct append *a = append_begin(m, c, date, rest.n, &f);
	struct wish x;
	enum st st;

	*uid = 0;
	if (!a)
		return f.st;
	for (; rest.n; rest = sl_skip(rest, n))
		CHECK_EQ(append_write(a, sl_sub(rest, 0, n), &f), ST_OK);
	append_commit(a, wish(&x));
	st = world_await(w, &x);
	if (st == ST_OK)
		*uid = x.uid;
	return st;
}

static void
test_append(void)
{
	struct slice words[] = {SL("work")};
	struct mailbox_change c = {
	    .flags = MESSAGE_SEEN | MESSAGE_DRAFT, .words = words, .word_count = 1};
	struct world w;
	struct mailbox *m;
	struct buf out;
	uint32_t uid;

	buf_init(&out, 1 << 20);
	world_open(&w);
	m = world_mailbox(&w, "INBOX");
	for (size_t n = 1; n < 8; n++) {
		CHECK_EQ(append(&w, m, WIRE "\r\r\n\r", n, &c, 1000000000, &uid), ST_OK);
		CHECK_EQ(uid, n);
		CHECK_SL(world_text(m, uid, &out), SL(WIRE "\r\r\n\r"));
		CHECK_EQ(mailbox_find(m, uid)->wire_bytes, strlen(WIRE) + 4);
		CHECK_EQ(mailbox_find(m, uid)->date_sec, 1000000000);
		CHECK_EQ(mailbox_find(m, uid)->keywords, 1);
	}
	CHECK_SL(world_list(m, &out), SL("1:DS 2:DS 3:DS 4:DS 5:DS 6:DS 7:DS"));
	CHECK_EQ(append(&w, m, WIRE, 100, &nothing, INT64_MIN, &uid), ST_OK);
	CHECK_EQ(uid, 8);
	CHECK_EQ(append(&w, m, "", 1, &nothing, INT64_MIN, &uid), ST_OK);
	CHECK_SL(world_text(m, uid, &out), SL(""));
	CHECK_EQ(world_count(&w, "tmp"), 0);
	CHECK_EQ(world_count(&w, "cur"), 9);
	mailbox_close(m);
	world_stop(&w);
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	CHECK_SL(world_list(m, &out), SL("1:DS 2:DS 3:DS 4:DS 5:DS 6:DS 7:DS 8: 9:"));
	CHECK_EQ(mailbox_find(m, 3)->keywords, 1);
	CHECK_EQ(mailbox_find(m, 8)->keywords, 0);
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

static void
test_append_ends(void)
{
	struct world w;
	struct mailbox *m;
	struct append *a;
	struct fault f;
	struct wish x;
	uint32_t uid;

	world_open(&w);
	m = world_mailbox(&w, "INBOX");
	a = append_begin(m, &nothing, INT64_MIN, 10, &f);
	CHECK(a && append_write(a, SL("abc"), &f) == ST_OK);
	CHECK_EQ(world_count(&w, "tmp"), 1);
	append_abort(a);
	CHECK_EQ(world_count(&w, "tmp"), 0);
	/* Another length than announced. */
	a = append_begin(m, &nothing, INT64_MIN, 10, &f);
	CHECK(a && append_write(a, SL("abc"), &f) == ST_OK);
	append_commit(a, wish(&x));
	CHECK_EQ(world_await(&w, &x), ST_SYNTAX);
	CHECK_EQ(world_count(&w, "tmp"), 0);
	CHECK_EQ(world_count(&w, "cur"), 0);
	/* Cancelled: it takes place, nobody hears of it. */
	a = append_begin(m, &nothing, INT64_MIN, 3, &f);
	CHECK(a && append_write(a, SL("abc"), &f) == ST_OK);
	append_commit(a, wish(&x));
	store_op_cancel(&x.op);
	world_settle(&w);
	CHECK_EQ(x.answers, 0);
	CHECK_EQ(world_count(&w, "cur"), 1);
	/* Over quota. */
	mailbox_close(m);
	world_stop(&w);
	w.host.quota = SL("10S");
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	CHECK_EQ(append(&w, m, "12345678", 9, &nothing, INT64_MIN, &uid), ST_LIMIT);
	CHECK_EQ(append(&w, m, "1234567", 9, &nothing, INT64_MIN, &uid), ST_OK);
	CHECK_EQ(append(&w, m, "1", 9, &nothing, INT64_MIN, &uid), ST_LIMIT);
	CHECK_EQ(world_count(&w, "tmp"), 0);
	mailbox_close(m);
	world_close(&w);
}

static void
folder(struct world *w, const char *name)
{
	char path[512], sub[600];
	static const char *const parts[] = {"", "/cur", "/new", "/tmp"};

	world_path(w, name, path);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		snprintf(sub, sizeof(sub), "%s%s", path, parts[i]);
		if (mkdir(sub, 0700) != 0)
			abort();
	}
}

static void
test_copy(void)
{
	static const uint32_t list[] = {1, 3, 99, 2};
	struct slice words[] = {SL("a"), SL("b")};
	struct mailbox_change c = {.how = MAILBOX_ADD, .words = words, .word_count = 2};
	struct world w;
	struct mailbox *m, *to;
	struct buf out;
	struct wish x;
	uint32_t uid;
	struct stat a, b;
	char path[512], name[300];

	buf_init(&out, 1 << 20);
	world_open(&w);
	folder(&w, ".to");
	world_file(&w, "cur/1001.x:2,FS", MSG);
	world_file(&w, "cur/1002.y:2,zS", "other\n");
	world_file(&w, "new/1003.z", "third\n");
	m = world_mailbox(&w, "INBOX");
	to = world_mailbox(&w, "INBOX.to");
	mailbox_mark(m, list, 1, &c, wish(&x));
	CHECK_EQ(world_await(&w, &x), ST_OK);
	c.words = words + 1;
	c.word_count = 1;
	CHECK_EQ(append(&w, to, WIRE, 9, &c, 77, &uid), ST_OK);
	mailbox_copy(m, list, 4, to, wish(&x));
	CHECK_EQ(world_await(&w, &x), ST_OK);
	CHECK_SL(world_list(to, &out), SL("1: 2:FS 3: 4:S"));
	CHECK_EQ(mailbox_find(to, 2)->keywords, 3); /* b is 0 here, a is 1 */
	CHECK_SL(mailbox_keyword(to, 0), SL("b"));
	CHECK_SL(mailbox_keyword(to, 1), SL("a"));
	CHECK_SL(world_text(to, 3, &out), SL("third\r\n"));
	CHECK_SL(world_text(to, 4, &out), SL("other\r\n"));
	CHECK_EQ(world_count(&w, ".to/tmp"), 0);
	/* The date is that of the original. */
	snprintf(name, sizeof(name), ".to/cur/%s:2,FS", mailbox_find(to, 2)->base);
	world_path(&w, name, path);
	CHECK(stat(path, &a) == 0);
	world_path(&w, "cur/1001.x:2,FS", path);
	CHECK(stat(path, &b) == 0 && a.st_mtime == b.st_mtime);
	/* A lower-case letter came along. */
	snprintf(name, sizeof(name), ".to/cur/%s:2,Sz", mailbox_find(to, 4)->base);
	CHECK(world_has(&w, name));
	/* To itself. */
	mailbox_copy(m, list, 1, m, wish(&x));
	CHECK_EQ(world_await(&w, &x), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1:FS 2:S 3: 4:FS"));
	CHECK_EQ(mailbox_find(m, 4)->keywords, 3);
	/* One of them vanished: none is copied. */
	world_unlink(&w, "cur/1002.y:2,zS");
	mailbox_copy(m, list, 4, to, wish(&x));
	CHECK_EQ(world_await(&w, &x), ST_NOENT);
	CHECK_EQ(world_count(&w, ".to/cur"), 4);
	CHECK_EQ(world_count(&w, ".to/tmp"), 0);
	mailbox_close(m);
	mailbox_close(to);
	world_close(&w);
	buf_fini(&out);
}

/* The results of a copy are told while done() runs: a wish that looks at them. */
struct pairs {
	struct store_op op;
	uint32_t from[8], to[8];
	size_t n;
	bool done;
};

static void
pairs_done(struct store_op *op, const struct fault *f)
{
	struct pairs *p = op->arg;

	CHECK_EQ(f->st, ST_OK);
	p->n = op->uid_count;
	for (size_t i = 0; i < op->uid_count && i < 8; i++) {
		p->from[i] = op->uids[i];
		p->to[i] = op->uids_to[i];
	}
	p->done = true;
}

static void
test_copy_pairs(void)
{
	static const uint32_t list[] = {2, 1};
	struct pairs p = {.op = {.done = pairs_done, .arg = &p}};
	struct world w;
	struct mailbox *m;

	world_open(&w);
	world_file(&w, "cur/1.x:2,", MSG);
	world_file(&w, "cur/2.x:2,", MSG);
	m = world_mailbox(&w, "INBOX");
	mailbox_copy(m, list, 2, m, &p.op);
	world_settle(&w);
	CHECK(p.done && p.n == 2);
	CHECK(p.from[0] == 2 && p.to[0] == 3 && p.from[1] == 1 && p.to[1] == 4);
	mailbox_close(m);
	world_close(&w);
}

/* ---- a step that fails ---- */

static enum maildir_step bad_step;
static int bad_errno, bad_count;

static int
fail_step(enum maildir_step step)
{
	return step == bad_step && bad_count-- > 0 ? bad_errno : 0;
}

static void
test_steps_fail(void)
{
	static const enum maildir_step steps[] = {MAILDIR_STEP_CREATE, MAILDIR_STEP_WRITE,
	    MAILDIR_STEP_SYNC, MAILDIR_STEP_FACTS_APPEND, MAILDIR_STEP_TO_CUR};
	struct buf out;

	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		struct world w;
		struct mailbox *m;
		uint32_t uid;

		world_open(&w);
		m = world_mailbox(&w, "INBOX");
		CHECK_EQ(append(&w, m, WIRE, 9, &nothing, INT64_MIN, &uid), ST_OK);
		bad_step = steps[i];
		bad_errno = ENOSPC;
		bad_count = 1;
		maildir_step_hook = fail_step;
		CHECK_EQ(append(&w, m, WIRE, 9, &nothing, INT64_MIN, &uid), ST_IO);
		maildir_step_hook = NULL;
		CHECK_EQ(bad_count, 0);
		CHECK_EQ(world_count(&w, "tmp"), 0);
		CHECK_SL(world_list(m, &out), SL("1:"));
		CHECK_EQ(append(&w, m, WIRE, 9, &nothing, INT64_MIN, &uid), ST_OK);
		mailbox_close(m);
		world_stop(&w);
		world_start(&w);
		m = world_mailbox(&w, "INBOX");
		CHECK_EQ(mailbox_messages(m, &(size_t){0})[1].uid, uid);
		mailbox_close(m);
		world_close(&w);
	}
	buf_fini(&out);
}

static const struct check_row rows[] = {
    {"append", test_append},
    {"append_ends", test_append_ends},
    {"copy", test_copy},
    {"copy_pairs", test_copy_pairs},
    {"steps_fail", test_steps_fail},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
