/*
 * Changing a mailbox: flags, keywords, expunge.
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

static void
fill(struct world *w, unsigned n)
{
	char name[64];

	for (unsigned i = 1; i <= n; i++) {
		snprintf(name, sizeof(name), "cur/%u.x:2,", 1000 + i);
		world_file(w, name, MSG);
	}
}

static enum st
mark(struct world *w, struct mailbox *m, const uint32_t *uids, size_t n,
    const struct mailbox_change *c)
{
	struct wish x;
	enum st st;

	mailbox_mark(m, uids, n, c, wish(&x));
	st = world_await(w, &x);
	CHECK(x.op.task == NULL);
	return st;
}

static void
test_flags(void)
{
	static const uint32_t all[] = {1, 2, 3, 9};
	struct mailbox_change c = {.how = MAILBOX_ADD, .flags = MESSAGE_SEEN | MESSAGE_FLAGGED};
	struct world w;
	struct mailbox *m;
	struct buf out;
	uint64_t modseq;

	buf_init(&out, 1 << 20);
	world_open(&w);
	w.wall_sec = 2000000000;
	fill(&w, 2);
	world_file(&w, "cur/3000.odd:2,XSa7", MSG);
	world_file(&w, "new/4000.new", MSG);
	m = world_mailbox(&w, "INBOX");
	modseq = mailbox_modseq(m);
	CHECK_EQ(mark(&w, m, all, 4, &c), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1:FS 2:FS 3:FS 4:"));
	CHECK(world_has(&w, "cur/1001.x:2,FS"));
	CHECK(world_has(&w, "cur/3000.odd:2,FSXa7")); /* what we do not know survives */
	CHECK(mailbox_find(m, 1)->modseq > modseq);
	CHECK_EQ(mailbox_find(m, 4)->modseq, modseq);
	c.how = MAILBOX_REMOVE;
	c.flags = MESSAGE_FLAGGED;
	CHECK_EQ(mark(&w, m, all, 1, &c), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1:S 2:FS 3:FS 4:"));
	c.how = MAILBOX_REPLACE;
	c.flags = MESSAGE_DRAFT;
	CHECK_EQ(mark(&w, m, all, 3, &c), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1:D 2:D 3:D 4:"));
	CHECK(world_has(&w, "cur/3000.odd:2,DXa7"));
	c.flags = MESSAGE_SEEN;
	CHECK_EQ(mark(&w, m, (const uint32_t[]){4}, 1, &c), ST_OK);
	CHECK(world_has(&w, "cur/4000.new:2,S"));
	/* What somebody renamed meanwhile is found. */
	world_rename(&w, "cur/1001.x:2,D", "cur/1001.x:2,DR");
	c.how = MAILBOX_ADD;
	CHECK_EQ(mark(&w, m, all, 3, &c), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1:DRS 2:DS 3:DS 4:S"));
	/* Nothing is rescanned for our own changes. */
	modseq = mailbox_modseq(m);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_EQ(mailbox_modseq(m), modseq);
	mailbox_close(m);
	world_stop(&w);
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	CHECK_SL(world_list(m, &out), SL("1:DRS 2:DS 3:DS 4:S"));
	CHECK_EQ(mailbox_modseq(m), modseq); /* nothing new since */
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

static void
test_keywords(void)
{
	static const uint32_t all[] = {1, 2};
	struct slice words[] = {SL("$Forwarded"), SL("work")};
	struct mailbox_change c = {.how = MAILBOX_ADD, .words = words, .word_count = 2};
	struct world w;
	struct mailbox *m;
	char name[16];

	world_open(&w);
	fill(&w, 3);
	m = world_mailbox(&w, "INBOX");
	CHECK_EQ(mark(&w, m, all, 2, &c), ST_OK);
	CHECK_EQ(mailbox_find(m, 1)->keywords, 3);
	CHECK_EQ(mailbox_keyword_find(m, SL("WORK")), 1);
	c.how = MAILBOX_REMOVE;
	c.word_count = 1;
	CHECK_EQ(mark(&w, m, all, 1, &c), ST_OK);
	CHECK_EQ(mailbox_find(m, 1)->keywords, 2);
	mailbox_close(m);
	world_stop(&w);
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	CHECK_EQ(mailbox_find(m, 1)->keywords, 2);
	CHECK_EQ(mailbox_find(m, 2)->keywords, 3);
	CHECK_EQ(mailbox_find(m, 3)->keywords, 0);
	CHECK_SL(mailbox_keyword(m, 0), SL("$Forwarded"));
	CHECK_SL(mailbox_keyword(m, 1), SL("work"));
	/* 64 names, and not one more. */
	c.how = MAILBOX_ADD;
	for (int i = 0; i < 63; i++) {
		snprintf(name, sizeof(name), "k%d", i);
		words[0] = sl_str(name);
		CHECK_EQ(mark(&w, m, all, 1, &c), i < 62 ? ST_OK : ST_LIMIT);
	}
	words[0] = SL("no atom");
	CHECK_EQ(mark(&w, m, all, 1, &c), ST_SYNTAX);
	CHECK_EQ(mailbox_find(m, 1)->keywords, UINT64_MAX & ~UINT64_C(1));
	mailbox_close(m);
	world_close(&w);
}

static enum st
expunge(struct world *w, struct mailbox *m, const uint32_t *uids, size_t n)
{
	struct wish x;

	mailbox_expunge(m, uids, n, wish(&x));
	return world_await(w, &x);
}

static void
test_expunge(void)
{
	static const uint32_t some[] = {2, 4, 5, 77};
	struct world w;
	struct mailbox *m;
	struct view v = {0};
	struct view_changes c;
	struct buf out;

	buf_init(&out, 1 << 20);
	world_open(&w);
	fill(&w, 6);
	m = world_mailbox(&w, "INBOX");
	view_init(&v, m, true);
	CHECK_EQ(expunge(&w, m, some, 4), ST_OK);
	CHECK_EQ(world_count(&w, "cur"), 3);
	CHECK_SL(world_list(m, &out), SL("1: 3: 6:"));
	view_sync(&v, true, &c);
	CHECK(c.expunged_count == 3 && c.expunged[0] == 2 && c.expunged[1] == 3 &&
	      c.expunged[2] == 3);
	view_changes_fini(&c);
	view_fini(&v);
	CHECK_EQ(expunge(&w, m, some, 4), ST_OK); /* nothing left to do */
	/* A file that comes back under such a name is another message. */
	world_settle(&w);
	world_file(&w, "cur/1002.x:2,", MSG);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1: 3: 6: 7:"));
	mailbox_close(m);
	world_stop(&w);
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	CHECK_SL(world_list(m, &out), SL("1: 3: 6: 7:"));
	/* The last UID never comes back. */
	CHECK_EQ(expunge(&w, m, (const uint32_t[]){7}, 1), ST_OK);
	mailbox_close(m);
	world_stop(&w);
	world_start(&w);
	world_file(&w, "cur/1009.x:2,", MSG);
	m = world_mailbox(&w, "INBOX");
	CHECK_SL(world_list(m, &out), SL("1: 3: 6: 8:"));
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

/* Renamed by somebody at the moment it is to go: it goes all the same. */
static void
test_expunge_renamed(void)
{
	struct world w;
	struct mailbox *m;

	world_open(&w);
	w.wall_sec = 2000000000;
	fill(&w, 3);
	m = world_mailbox(&w, "INBOX");
	world_rename(&w, "cur/1002.x:2,", "cur/1002.x:2,S");
	CHECK_EQ(expunge(&w, m, (const uint32_t[]){2, 3}, 2), ST_OK);
	world_settle(&w);
	CHECK_EQ(world_count(&w, "cur"), 1);
	CHECK(world_has(&w, "cur/1001.x:2,"));
	mailbox_close(m);
	world_close(&w);
}

static void
test_quota(void)
{
	static const uint32_t all[] = {1, 2, 3};
	struct mailbox_change c = {.how = MAILBOX_ADD, .flags = MESSAGE_DELETED};
	struct store_quota q;
	struct world w;
	struct mailbox *m;
	struct fault f;

	world_open(&w);
	world_stop(&w);
	w.host.quota = SL("1000S,10C");
	world_start(&w);
	fill(&w, 3);
	CHECK_EQ(store_quota_read(w.store, &q, &f), ST_OK);
	CHECK(q.is_set && q.count == 3 && q.bytes == 3 * strlen(MSG) && q.max_count == 10);
	m = world_mailbox(&w, "INBOX");
	CHECK_EQ(mark(&w, m, all, 2, &c), ST_OK);
	CHECK_EQ(store_quota_read(w.store, &q, &f), ST_OK);
	CHECK_EQ(q.count, 1);
	CHECK_EQ(q.bytes, strlen(MSG));
	CHECK_EQ(expunge(&w, m, all, 2), ST_OK);
	CHECK_EQ(store_quota_read(w.store, &q, &f), ST_OK);
	CHECK_EQ(q.count, 1);
	CHECK_EQ(expunge(&w, m, all, 3), ST_OK);
	CHECK_EQ(store_quota_read(w.store, &q, &f), ST_OK);
	CHECK(q.count == 0 && q.bytes == 0);
	mailbox_close(m);
	world_close(&w);
}

/* ---- a full disk ---- */

static int refusals;

static int
refuse(enum maildir_step step)
{
	return step == MAILDIR_STEP_FACTS_APPEND && refusals-- > 0 ? ENOSPC : 0;
}

static void
test_full_disk(void)
{
	static const uint32_t all[] = {1, 2, 3};
	struct slice words[] = {SL("work")};
	struct mailbox_change c = {.how = MAILBOX_ADD, .flags = MESSAGE_SEEN};
	struct world w;
	struct mailbox *m;
	struct buf out;

	buf_init(&out, 1 << 20);
	world_open(&w);
	w.wall_sec = 2000000000;
	fill(&w, 3);
	m = world_mailbox(&w, "INBOX");
	maildir_step_hook = refuse;
	/* New mail waits; what is known can be read, flagged, removed. */
	refusals = 1;
	world_file(&w, "new/5000.new", MSG);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1: 2: 3:"));
	CHECK_EQ(w.notes, 1);
	CHECK_SL(world_text(m, 1, &out), SL("Subject: x\r\n\r\nline\r\n"));
	refusals = 1;
	CHECK_EQ(mark(&w, m, all, 1, &c), ST_OK);
	CHECK(world_has(&w, "cur/1001.x:2,S"));
	c.words = words;
	c.word_count = 1;
	refusals = 1;
	CHECK_EQ(mark(&w, m, all, 1, &c), ST_IO);
	refusals = 1;
	CHECK_EQ(expunge(&w, m, all + 1, 1), ST_OK);
	CHECK(!world_has(&w, "cur/1002.x:2,"));
	/* There is space again. */
	refusals = 0;
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK_SL(world_list(m, &out), SL("1:S 3: 4:"));
	CHECK_EQ(mark(&w, m, all, 1, &c), ST_OK);
	maildir_step_hook = NULL;
	mailbox_close(m);
	world_stop(&w);
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	CHECK_SL(world_list(m, &out), SL("1:S 3: 4:"));
	CHECK_EQ(mailbox_find(m, 1)->keywords, 1);
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
}

static const struct check_row rows[] = {
    {"flags", test_flags},
    {"keywords", test_keywords},
    {"expunge", test_expunge},
    {"expunge_renamed", test_expunge_renamed},
    {"quota", test_quota},
    {"full_disk", test_full_disk},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
