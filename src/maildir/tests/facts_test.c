/*
 * Facts: records, compaction, and what damage does: each truncation, each changed byte.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/facts.h"
#include "maildir/tests/world.h"

#define MSG "Subject: x\n\nline\n"
#define FACTS "courierindex/facts"

static void
test_records(void)
{
	static const unsigned char id[16] = "0123456789abcdef";
	static const struct facts_flags rows[] = {{7, UINT64_C(1) << 63, 0x3f}, {9, 5, 0}};
	static const uint32_t uids[] = {1, 7, UINT32_MAX - 1};
	struct facts_record r;
	struct slice rest;
	struct buf out;

	buf_init(&out, 1 << 20);
	facts_put_begin(&out, 1700000000, 5, UINT64_C(1) << 40);
	facts_put_added(&out, 4, 9, -5, id, SL("base,S=1"));
	facts_put_keyword(&out, 63, SL("work"));
	facts_put_flags(&out, 77, rows, 2);
	facts_put_uids(&out, FACTS_EXPUNGED, 78, uids, 3);
	facts_put_uids(&out, FACTS_GONE, 79, uids, 0);
	facts_put_highest(&out, 80, 12);
	facts_put_together(&out, 3);
	facts_put_pop3_id(&out, 4, SL("UID4-1"));
	rest = buf_slice(&out);
	CHECK(facts_next(&rest, &r) == ST_OK && r.kind == FACTS_BEGIN);
	CHECK(r.uidvalidity == 1700000000 && r.uidnext == 5 && r.modseq == UINT64_C(1) << 40);
	CHECK(facts_next(&rest, &r) == ST_OK && r.kind == FACTS_ADDED && r.uid == 4);
	CHECK(r.modseq == 9 && r.saved_sec == -5 && sl_eq(r.object_id, sl_mem(id, 16)));
	CHECK_SL(r.name, SL("base,S=1"));
	CHECK(facts_next(&rest, &r) == ST_OK && r.kind == FACTS_KEYWORD && r.number == 63);
	CHECK_SL(r.name, SL("work"));
	CHECK(facts_next(&rest, &r) == ST_OK && r.kind == FACTS_FLAGS && r.count == 2);
	CHECK(facts_flags_at(&r, 0).uid == 7 && facts_flags_at(&r, 0).flags == 0x3f);
	CHECK(facts_flags_at(&r, 0).keywords == UINT64_C(1) << 63);
	CHECK(facts_flags_at(&r, 1).uid == 9 && facts_flags_at(&r, 1).keywords == 5);
	CHECK(facts_next(&rest, &r) == ST_OK && r.kind == FACTS_EXPUNGED && r.count == 3);
	CHECK(facts_uid_at(&r, 2) == UINT32_MAX - 1 && r.modseq == 78);
	CHECK(facts_next(&rest, &r) == ST_OK && r.kind == FACTS_GONE && r.count == 0);
	CHECK(facts_next(&rest, &r) == ST_OK && r.kind == FACTS_HIGHEST && r.uidnext == 12);
	CHECK(facts_next(&rest, &r) == ST_OK && r.kind == FACTS_TOGETHER && r.count == 3);
	CHECK(facts_next(&rest, &r) == ST_OK && r.kind == FACTS_POP3_ID && r.uid == 4);
	CHECK(facts_next(&rest, &r) == ST_EOF);
	CHECK_EQ(facts_flags_pack(facts_flags_unpack(0x3f)), 0x3f);
	buf_fini(&out);
}

/* ---- damage ---- */

static void
write_facts(struct world *w, struct slice content)
{
	char path[512];
	int fd;

	world_path(w, FACTS, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, content.p, content.n) != (ssize_t)content.n)
		abort();
	close(fd);
}

static void
expunge(struct world *w, struct mailbox *m, uint32_t uid)
{
	struct wish x;

	mailbox_expunge(m, &uid, 1, wish(&x));
	CHECK_EQ(world_await(w, &x), ST_OK);
	world_settle(w);
}

struct known {
	uint32_t validity, uids[8];
	char bases[8][40];
	size_t count;
};

static void
know(struct mailbox *m, struct known *k)
{
	size_t n;
	const struct message *p = mailbox_messages(m, &n);

	*k = (struct known){.validity = mailbox_uidvalidity(m), .count = n < 8 ? n : 8};
	for (size_t i = 0; i < k->count; i++) {
		k->uids[i] = p[i].uid;
		snprintf(k->bases[i], sizeof(k->bases[i]), "%s", p[i].base);
	}
}

/* With the old UIDVALIDITY no UID stands for another message than before; all messages are there.
 */
static void
check_damaged(struct world *w, const struct known *k, bool is_flip)
{
	struct mailbox *m;
	struct known now;

	world_start(w);
	m = world_mailbox(w, "INBOX");
	if (!CHECK(m != NULL))
		return;
	know(m, &now);
	CHECK_EQ(now.count, k->count);
	if (now.validity == k->validity) {
		for (size_t i = 0; i < now.count; i++)
			for (size_t j = 0; j < k->count && is_flip; j++)
				if (now.uids[i] == k->uids[j])
					CHECK_SL(sl_str(now.bases[i]), sl_str(k->bases[j]));
	} else {
		CHECK(now.validity > k->validity);
	}
	mailbox_close(m);
	world_stop(w);
	/* And it is whole again. */
	world_start(w);
	w->notes = 0;
	m = world_mailbox(w, "INBOX");
	CHECK_EQ(w->notes, 0);
	know(m, &(struct known){0});
	CHECK_EQ(mailbox_uidvalidity(m), now.validity);
	CHECK_EQ(mailbox_messages(m, &(size_t){0})[0].uid, now.uids[0]);
	mailbox_close(m);
	world_stop(w);
}

static void
test_damage(void)
{
	struct slice words[] = {SL("work")};
	struct mailbox_change c = {
	    .how = MAILBOX_ADD, .flags = MESSAGE_SEEN, .words = words, .word_count = 1};
	struct world w;
	struct mailbox *m;
	struct known k;
	struct buf whole;
	struct wish x;
	size_t end;

	buf_init(&whole, 1 << 20);
	world_open(&w);
	for (int i = 1; i <= 4; i++) {
		char name[40];

		snprintf(name, sizeof(name), "cur/%d.x:2,", i);
		world_file(&w, name, MSG);
	}
	m = world_mailbox(&w, "INBOX");
	expunge(&w, m, 2);
	mailbox_mark(m, (const uint32_t[]){1, 3}, 2, &c, wish(&x));
	CHECK_EQ(world_await(&w, &x), ST_OK);
	world_file(&w, "cur/5.x:2,", MSG);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	know(m, &k);
	CHECK_EQ(k.count, 4);
	mailbox_close(m);
	world_stop(&w);
	world_read(&w, FACTS, &whole);
	for (end = whole.n; end > 0 && whole.p[end - 1] == 0; end--)
		continue;
	for (size_t i = 0; i < end; i++) {
		write_facts(&w, sl_sub(buf_slice(&whole), 0, i));
		check_damaged(&w, &k, false);
	}
	for (size_t i = 0; i < end; i++) {
		whole.p[i] ^= (unsigned char)(1u << i % 8);
		write_facts(&w, buf_slice(&whole));
		whole.p[i] ^= (unsigned char)(1u << i % 8);
		check_damaged(&w, &k, true);
	}
	/* Undamaged: the same as before. */
	write_facts(&w, buf_slice(&whole));
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	CHECK_EQ(mailbox_uidvalidity(m), k.validity);
	CHECK_EQ(mailbox_find(m, 3)->keywords, 1);
	mailbox_close(m);
	world_close(&w);
	buf_fini(&whole);
}

/* Removed while it is open: nobody goes on with UIDs that no file has; opened again all is new. */
static void
test_removed(void)
{
	struct world w;
	struct mailbox *m;
	uint32_t validity;

	world_open(&w);
	world_file(&w, "cur/1.x:2,", MSG);
	m = world_mailbox(&w, "INBOX");
	validity = mailbox_uidvalidity(m);
	world_unlink(&w, FACTS);
	world_file(&w, "cur/2.x:2,", MSG);
	CHECK_EQ(world_refresh(&w, m), ST_OK); /* what is known is written again */
	CHECK(world_has(&w, FACTS));
	mailbox_close(m);
	world_stop(&w);
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	CHECK_EQ(mailbox_uidvalidity(m), validity);
	world_unlink(&w, FACTS);
	world_unlink(&w, "courierindex/lock");
	world_file(&w, "cur/3.x:2,", MSG);
	CHECK_EQ(world_refresh(&w, m), ST_IO);
	CHECK(mailbox_is_gone(m));
	mailbox_close(m);
	m = world_mailbox(&w, "INBOX");
	CHECK(m && mailbox_uidvalidity(m) > validity);
	mailbox_close(m);
	world_close(&w);
}

/* ---- compaction ---- */

static off_t
size_of(struct world *w)
{
	char path[512];
	struct stat st;

	world_path(w, FACTS, path);
	return stat(path, &st) == 0 ? st.st_size : 0;
}

static void
test_compaction(void)
{
	struct slice words[] = {SL("work")};
	struct mailbox_change c = {.flags = MESSAGE_SEEN, .words = words, .word_count = 1};
	struct world w, other;
	struct mailbox *m, *o;
	struct buf out, other_out;
	uint32_t uids[200];
	struct wish x;
	off_t most = 0;

	buf_init(&out, 1 << 20);
	buf_init(&other_out, 1 << 20);
	world_open(&w);
	other = (struct world){.wake_at_ms = INT64_MAX};
	memcpy(other.home, w.home, sizeof(w.home));
	for (uint32_t i = 0; i < 200; i++) {
		char name[40];

		snprintf(name, sizeof(name), "cur/%u.x:2,", 1000 + i);
		world_file(&w, name, MSG);
		uids[i] = i + 1;
	}
	m = world_mailbox(&w, "INBOX");
	world_start(&other);
	o = world_mailbox(&other, "INBOX");
	expunge(&w, m, 7);
	for (int i = 0; i < 40; i++) {
		c.how = i % 2 ? MAILBOX_REMOVE : MAILBOX_ADD;
		mailbox_mark(m, uids, 200, &c, wish(&x));
		CHECK_EQ(world_await(&w, &x), ST_OK);
		CHECK_EQ(world_refresh(&w, m), ST_OK);
		/* While the file is written anew something is added. */
		if (i % 8 == 0)
			expunge(&w, m, (uint32_t)(10 + i));
		most = size_of(&w) > most ? size_of(&w) : most;
	}
	world_settle(&w);
	CHECK(most > 65536);
	CHECK(size_of(&w) < most);
	world_list(m, &out);
	/* The other process follows into the new file. */
	CHECK_EQ(world_refresh(&other, o), ST_OK);
	CHECK_SL(world_list(o, &other_out), buf_slice(&out));
	CHECK_EQ(mailbox_uidvalidity(o), mailbox_uidvalidity(m));
	CHECK_EQ(mailbox_uidnext(o), mailbox_uidnext(m));
	expunge(&other, o, 1);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK(mailbox_find(m, 1) == NULL);
	world_list(m, &out);
	mailbox_close(o);
	world_stop(&other);
	mailbox_close(m);
	world_stop(&w);
	world_start(&w);
	m = world_mailbox(&w, "INBOX");
	CHECK_SL(world_list(m, &other_out), buf_slice(&out));
	CHECK_EQ(mailbox_uidnext(m), 201);
	CHECK_EQ(mailbox_keyword_find(m, SL("work")), 0);
	mailbox_close(m);
	world_close(&w);
	buf_fini(&out);
	buf_fini(&other_out);
}

static const struct check_row rows[] = {
    {"records", test_records},
    {"damage", test_damage},
    {"removed", test_removed},
    {"compaction", test_compaction},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
