/*
 * Opening and following a folder: UIDs, flags, what other programs do, what a session sees.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/tests/world.h"
#include "maildir/text.h"

#define MSG "Subject: x\n\nline\n"
#define MSG_WIRE "Subject: x\r\n\r\nline\r\n"

static void
test_open(void)
{
	struct world w;
	struct mailbox *m;
	struct buf out;
	uint32_t validity;

	buf_init(&out, 1 << 20);
	world_open(&w);
	world_file(&w, "new/1000.b.host", MSG);
	world_file(&w, "cur/999.a.host:2,RS", MSG);
	world_file(&w, "cur/2000.c.host:2,SRx", MSG);
	m = world_mailbox(&w, "INBOX");
	CHECK_SL(world_list(m, &out), SL("1:RS 2: 3:RS"));
	CHECK_EQ(mailbox_uidnext(m), 4);
	CHECK_SL(world_text(m, 2, &out), SL(MSG_WIRE));
	CHECK_SL(world_text(m, 3, &out), SL(MSG_WIRE));
	validity = mailbox_uidvalidity(m);
	CHECK(validity > 1000000000);
	mailbox_close(m);
	world_stop(&w);
	/* Another process sees the same. */
	world_start(&w);
	world_file(&w, "new/100.older.host", MSG);
	m = world_mailbox(&w, "inbox");
	CHECK_EQ(mailbox_uidvalidity(m), validity);
	CHECK_SL(world_list(m, &out), SL("1:RS 2: 3:RS 4:"));
	CHECK_EQ(mailbox_find(m, 4)->uid, 4);
	CHECK(mailbox_find(m, 5) == NULL);
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

/* Deliveries, renames and removals by others, before and after the two seconds. */
static void
test_follow(void)
{
	struct world w;
	struct mailbox *m;
	struct buf out;
	uint64_t modseq;

	buf_init(&out, 1 << 20);
	world_open(&w);
	w.wall_sec = 2000000000; /* everything is old */
	world_file(&w, "new/1.a", MSG);
	world_file(&w, "new/2.b", MSG);
	m = world_mailbox(&w, "INBOX");
	world_file(&w, "new/3.c", MSG);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1: 2: 3:"));
	modseq = mailbox_modseq(m);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_EQ(mailbox_modseq(m), modseq);
	world_rename(&w, "new/1.a", "cur/1.a:2,FS");
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1:FS 2: 3:"));
	CHECK(mailbox_modseq(m) > modseq);
	CHECK_EQ(mailbox_find(m, 1)->modseq, mailbox_modseq(m));
	world_rename(&w, "cur/1.a:2,FS", "cur/1.a:2,S");
	world_unlink(&w, "new/2.b");
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1:S 3:"));
	/* The same name again is another message. */
	world_file(&w, "new/2.b", MSG);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1:S 3: 4:"));
	mailbox_close(m);
	world_stop(&w);
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	CHECK_SL(world_list(m, &out), SL("1:S 3: 4:"));
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

/* One mailbox for a folder, whatever it is called and however often it is opened. */
static void
test_shared(void)
{
	struct world w;
	struct mailbox *a, *b;

	world_open(&w);
	a = world_mailbox(&w, "INBOX");
	b = world_mailbox(&w, "Inbox");
	CHECK(a && a == b);
	mailbox_close(a);
	mailbox_close(b);
	a = world_mailbox(&w, "INBOX");
	CHECK(a == b); /* warm */
	mailbox_close(a);
	CHECK(world_mailbox(&w, "INBOX.none") == NULL);
	CHECK(world_mailbox(&w, "INBOX..x") == NULL);
	CHECK(world_mailbox(&w, "INBOX.a/b") == NULL);
	CHECK(world_mailbox(&w, "Other") == NULL);
	world_close(&w);
}

static void
test_cancel(void)
{
	struct world w;
	struct wish x, y;

	world_open(&w);
	mailbox_open(w.store, SL("INBOX"), true, wish(&x));
	mailbox_open(w.store, SL("INBOX"), true, wish(&y));
	store_op_cancel(&x.op);
	CHECK_EQ(world_await(&w, &y), ST_OK);
	CHECK_EQ(x.answers, 0);
	mailbox_close(y.op.mailbox);
	mailbox_open(w.store, SL("INBOX"), true, wish(&x));
	world_stop(&w); /* with an op under way */
	CHECK_EQ(x.answers, 0);
	world_close(&w);
}

/* ---- views ---- */

static void
test_view(void)
{
	struct world w;
	struct mailbox *m;
	struct view v = {0}, r = {0};
	struct view_changes c;
	char name[32];

	world_open(&w);
	w.wall_sec = 2000000000;
	for (int i = 1; i <= 6; i++) {
		snprintf(name, sizeof(name), "new/%d.x", i);
		world_file(&w, name, MSG);
	}
	m = world_mailbox(&w, "INBOX");
	view_init(&r, m, false);
	view_init(&v, m, true);
	CHECK_EQ(view_count(&v), 6);
	CHECK_EQ(view_recent_count(&v), 6);
	CHECK_EQ(view_recent_count(&r), 6);
	world_settle(&w);
	CHECK_EQ(world_count(&w, "new"), 0);
	CHECK_EQ(world_count(&w, "cur"), 6);
	CHECK(world_has(&w, "cur/3.x:2,"));
	view_fini(&r);
	view_init(&r, m, true);
	CHECK_EQ(view_recent_count(&r), 0);
	world_unlink(&w, "cur/2.x:2,");
	world_unlink(&w, "cur/5.x:2,");
	world_rename(&w, "cur/6.x:2,", "cur/6.x:2,S");
	world_file(&w, "new/7.x", MSG);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	/* Numbers stay until removals may be told. */
	CHECK_EQ(view_count(&v), 6);
	for (uint32_t i = 1; i <= 6; i++) {
		CHECK_EQ(view_uid(&v, i), i);
		CHECK_EQ(view_seq(&v, i), i);
	}
	CHECK_EQ(view_uid(&v, 7), 0);
	CHECK_EQ(view_seq(&v, 7), 0);
	CHECK(view_message(&v, 2) == NULL);
	CHECK_EQ(view_message(&v, 3)->uid, 3);
	view_sync(&v, false, &c);
	CHECK_EQ(c.expunged_count, 0);
	CHECK(c.has_new && c.count == 7 && c.recent == 7);
	CHECK(c.flags_count == 1 && c.flags[0] == 6);
	view_changes_fini(&c);
	CHECK_EQ(view_uid(&v, 7), 7);
	view_sync(&v, true, &c);
	CHECK_EQ(c.expunged_count, 2);
	CHECK(c.expunged[0] == 2 && c.expunged[1] == 4);
	CHECK(!c.has_new && c.count == 5 && c.recent == 5 && c.flags_count == 0);
	view_changes_fini(&c);
	CHECK_EQ(view_uid(&v, 4), 6);
	CHECK_EQ(view_seq(&v, 7), 5);
	CHECK_EQ(view_seq(&v, 5), 0);
	CHECK_EQ(view_seq_from(&v, 5), 4);
	view_sync(&r, true, &c);
	CHECK(c.expunged_count == 2 && c.count == 5 && c.recent == 0);
	view_changes_fini(&c);
	view_fini(&v);
	view_fini(&r);
	mailbox_close(m);
	world_close(&w);
}

/* The mapping against a model, for random removals and arrivals. */
static void
test_view_numbers(void)
{
	struct world w;
	struct mailbox *m;
	struct view v = {0};
	struct view_changes c;
	uint32_t model[400], n = 0, serial = 0;
	uint64_t rnd = 7;
	char name[64];

	world_open(&w);
	w.wall_sec = 2000000000;
	m = world_mailbox(&w, "INBOX");
	view_init(&v, m, true);
	for (int round = 0; round < 60; round++) {
		size_t count;
		const struct message *all;

		for (size_t i = check_below(&rnd, 6); i > 0; i--) {
			snprintf(name, sizeof(name), "cur/%u.x:2,", 1000 + serial++);
			world_file(&w, name, MSG);
		}
		all = mailbox_messages(m, &count);
		for (size_t i = check_below(&rnd, 4); i > 0 && count; i--) {
			const struct message *gone = &all[check_below(&rnd, count)];

			snprintf(name, sizeof(name), "cur/%s:2,", gone->base);
			if (world_has(&w, name))
				world_unlink(&w, name);
		}
		CHECK_EQ(world_refresh(&w, m), ST_OK);
		CHECK_EQ(view_count(&v), n);
		for (uint32_t i = 0; i < n; i++) {
			CHECK_EQ(view_uid(&v, i + 1), model[i]);
			CHECK_EQ(view_seq(&v, model[i]), i + 1);
		}
		view_sync(&v, check_below(&rnd, 2) == 1, &c);
		for (size_t i = 0; i < c.expunged_count; i++) {
			uint32_t at = c.expunged[i] - 1;

			CHECK(at < n && mailbox_find(m, model[at]) == NULL);
			memmove(&model[at], &model[at + 1], (n - at - 1) * sizeof(model[0]));
			n--;
		}
		all = mailbox_messages(m, &count);
		for (size_t i = 0; i < count; i++)
			if (n == 0 || all[i].uid > model[n - 1])
				model[n++] = all[i].uid;
		CHECK_EQ(c.count, n);
		view_changes_fini(&c);
	}
	view_fini(&v);
	mailbox_close(m);
	world_close(&w);
}

/* ---- texts ---- */

static void
check_text(const char *name, const char *file, const char *wire)
{
	struct world w;
	struct mailbox *m;
	struct buf out, piece;
	char path[128];
	struct slice want = sl_str(wire);

	buf_init(&out, 1 << 20);
	buf_init(&piece, 1 << 20);
	world_open(&w);
	snprintf(path, sizeof(path), "cur/%s:2,", name);
	world_file(&w, path, file);
	m = world_mailbox(&w, "INBOX");
	CHECK_SL(world_text(m, 1, &out), want);
	/* Every place and every length. */
	for (size_t from = 0; from <= want.n; from++) {
		for (size_t n = 1; n <= want.n + 1; n++) {
			struct text t;
			struct fault f;
			enum st st;

			CHECK_EQ(text_open(m, 1, &t, &f), ST_OK);
			buf_clear(&piece);
			st = text_read(&t, from, n, &piece, &f);
			CHECK(st == ST_OK || st == ST_EOF);
			CHECK_SL(buf_slice(&piece), sl_sub(want, from, from + n));
			st = text_read(&t, from + piece.n, 3, &piece, &f);
			CHECK(st == ST_OK || st == ST_EOF);
			CHECK_SL(buf_slice(&piece),
			    sl_sub(want, from, (from + n < want.n ? from + n : want.n) + 3));
			st = text_read(&t, 0, 1, &piece, &f);
			CHECK(st == ST_OK || st == ST_EOF);
			text_close(&t);
		}
	}
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
	buf_fini(&piece);
}

static void
test_text(void)
{
	check_text("1.lf", "a: b\n\nx\ny", "a: b\r\n\r\nx\r\ny");
	check_text("1.crlf", "a: b\r\n\r\nx\r\ny\r\n", "a: b\r\n\r\nx\r\ny\r\n");
	check_text("1.mixed", "a: b\n\r\nx\r\ny\r", "a: b\r\n\r\nx\r\ny\r");
	check_text("1.cr", "a\rb\n\r\r\n", "a\rb\r\n\r\r\n");
	check_text("1.empty", "", "");
	/* Ours: CR CR LF came in, CR LF stands in the file. */
	check_text("1.q,S=6,W=9", "a\r\n\nb\n", "a\r\r\n\r\nb\r\n");
	/* Another server's: W counts what is sent by the loose rule. */
	check_text("1.w,S=6,W=8", "a\r\n\nb\n", "a\r\n\r\nb\r\n");
	/* Sizes that are wrong. */
	check_text("1.s,S=99,W=120", "a\nb\n", "a\r\nb\r\n");
}

/* A wrong W is a fault the first time, and never other octets. */
static void
test_text_lies(void)
{
	static const char *const names[] = {"cur/1.s,S=4,W=5:2,", "cur/1.s,S=4,W=7:2,"};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct world w;
		struct mailbox *m;
		struct text t;
		struct fault f;
		struct buf out;

		buf_init(&out, 1 << 20);
		world_open(&w);
		world_file(&w, names[i], "a\nb\n");
		m = world_mailbox(&w, "INBOX");
		CHECK_EQ(text_open(m, 1, &t, &f), ST_OK);
		CHECK_EQ(text_read(&t, 0, 100, &out, &f), ST_IO);
		CHECK_EQ(out.n, 0);
		text_close(&t);
		CHECK_SL(world_text(m, 1, &out), SL("a\r\nb\r\n"));
		mailbox_close(m);
		world_close(&w);
		buf_fini(&out);
	}
}

static void
test_text_vanishes(void)
{
	struct world w;
	struct mailbox *m;
	struct text t;
	struct fault f;
	struct buf out;
	char path[512];

	buf_init(&out, 1 << 20);
	world_open(&w);
	w.wall_sec = 2000000000;
	world_file(&w, "cur/1.a:2,", MSG);
	world_file(&w, "cur/2.b:2,", MSG);
	m = world_mailbox(&w, "INBOX");
	world_rename(&w, "cur/1.a:2,", "cur/1.a:2,S");
	CHECK_EQ(text_open(m, 1, &t, &f), ST_AGAIN);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_SL(world_text(m, 1, &out), SL(MSG_WIRE));
	world_unlink(&w, "cur/1.a:2,S");
	CHECK_EQ(text_open(m, 1, &t, &f), ST_AGAIN);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_EQ(text_open(m, 1, &t, &f), ST_NOENT);
	/* Cut short while it is open. */
	CHECK_EQ(text_open(m, 2, &t, &f), ST_OK);
	world_path(&w, "cur/2.b:2,", path);
	CHECK(truncate(path, 5) == 0);
	buf_clear(&out);
	CHECK_EQ(text_read(&t, 0, 100, &out, &f), ST_IO);
	CHECK_EQ(out.n, 0);
	text_close(&t);
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

static const struct check_row rows[] = {
    {"open", test_open},
    {"follow", test_follow},
    {"shared", test_shared},
    {"cancel", test_cancel},
    {"view", test_view},
    {"view_numbers", test_view_numbers},
    {"text", test_text},
    {"text_lies", test_text_lies},
    {"text_vanishes", test_text_vanishes},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
