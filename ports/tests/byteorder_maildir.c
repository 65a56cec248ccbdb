/*
 * A Maildir for byteorder.c: UIDs, flags, keywords, removals, names POP3 gave, copies, the caches
 * of sessions and of who delivers.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/cache.h"
#include "maildir/tests/world.h"
#include "ports/tests/byteorder.h"

#define VALIDITY 1600000000
#define FIRST_MESSAGES 6
#define PART 2
#define PART_DELIVERED 3
#define DATE 1500000000

/* The Maildir of the folder, with a clock that stands still. */
static void
start(struct world *w)
{
	*w = (struct world){.wake_at_ms = INT64_MAX, .wall_sec = VALIDITY};
	byteorder_path("home", w->home, sizeof(w->home));
	world_start(w);
}

static void
make_dirs(void)
{
	static const char *const dirs[] = {"home", "home/Maildir", "home/Maildir/cur",
	    "home/Maildir/new", "home/Maildir/tmp", "home/Maildir/.Old", "home/Maildir/.Old/cur",
	    "home/Maildir/.Old/new", "home/Maildir/.Old/tmp"};
	char path[256];

	for (size_t i = 0; i < COUNT_OF(dirs); i++) {
		byteorder_path(dirs[i], path, sizeof(path));
		CHECK_EQ(mkdir(path, 0700), 0);
	}
}

static void
text_of(unsigned n, char *out, size_t size)
{
	snprintf(out, size, "Subject: number %u\n\nbody %u\n", n, n);
}

static void
mark(struct world *w, struct mailbox *m, uint32_t uid, uint32_t flags, const char *word)
{
	struct slice name = word ? sl_str(word) : SL_NONE;
	struct mailbox_change c = {
	    .how = MAILBOX_ADD, .flags = flags, .words = &name, .word_count = word != NULL};
	struct wish x;

	mailbox_mark(m, &uid, 1, &c, wish(&x));
	CHECK_EQ(world_await(w, &x), ST_OK);
}

static void
append(struct world *w, struct mailbox *m, unsigned n)
{
	struct slice word = SL("later");
	struct mailbox_change c = {
	    .how = MAILBOX_REPLACE, .flags = MESSAGE_DRAFT, .words = &word, .word_count = 1};
	char text[64];
	struct fault f;
	struct append *a;
	struct wish x;
	int at = snprintf(text, sizeof(text), "Subject: appended %u\r\n\r\n", n);

	a = append_begin(m, &c, DATE + (int64_t)n, (uint64_t)at, &f);
	if (!CHECK(a != NULL))
		return;
	CHECK_EQ(append_write(a, sl_mem(text, (size_t)at), &f), ST_OK);
	append_commit(a, wish(&x));
	CHECK_EQ(world_await(w, &x), ST_OK);
}

static void
cache_write(struct world *w, struct mailbox *m, uint32_t uid)
{
	struct cache_entry e = {.parts = {{0}}};
	char text[32];

	snprintf(text, sizeof(text), "found of %u", (unsigned)uid);
	e.parts[PART] = sl_str(text);
	cache_put(m, uid, &e);
	world_settle(w);
}

/* What courierlocal leaves. */
static void
cache_delivered(const char *base)
{
	struct cache_entry e = {.parts = {{0}}};
	char path[256];
	int top;

	byteorder_path("home/Maildir", path, sizeof(path));
	top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	e.parts[PART_DELIVERED] = SL("delivered");
	CHECK_EQ(cache_append(top, sl_str(base), &e), 0);
	close(top);
}

static void
old_folder(struct world *w, struct mailbox *m)
{
	static const uint32_t list[] = {1, 3};
	struct mailbox *old;
	struct wish x;

	world_file(w, ".Old/cur/1400000001.x,S=4:2,", "old\n");
	world_file(w, ".Old/courierpop3dsizelist", "/3 4 999\n1400000001.x,S=4:2, 4 3:999:0\n");
	old = world_mailbox(w, "INBOX.Old");
	if (!CHECK(old != NULL))
		return;
	mailbox_copy(m, list, COUNT_OF(list), old, wish(&x));
	CHECK_EQ(world_await(w, &x), ST_OK);
	mailbox_close(old);
}

void
byteorder_maildir_write(void)
{
	static const uint32_t gone[] = {2};
	char name[64], text[64];
	struct mailbox *m;
	struct world w;
	struct wish x;

	make_dirs();
	start(&w);
	for (unsigned n = 1; n <= FIRST_MESSAGES; n++) {
		text_of(n, text, sizeof(text));
		snprintf(name, sizeof(name), "cur/%u.x,S=%zu:2,", 1500000000 + n, strlen(text));
		world_file(&w, name, text);
	}
	m = world_mailbox(&w, "INBOX");
	if (!CHECK(m != NULL))
		return;
	mark(&w, m, 1, MESSAGE_SEEN | MESSAGE_FLAGGED, "$Important");
	mark(&w, m, 3, MESSAGE_ANSWERED, "later");
	mark(&w, m, 4, MESSAGE_DELETED, NULL);
	mailbox_expunge(m, gone, COUNT_OF(gone), wish(&x));
	CHECK_EQ(world_await(&w, &x), ST_OK);
	for (uint32_t uid = 3; uid <= FIRST_MESSAGES; uid++)
		cache_write(&w, m, uid);
	old_folder(&w, m);
	world_file(&w, "new/1500000099.Q5f000001.00beef.1R0.mail.example.test,S=4,W=5", "new\n");
	cache_delivered("1500000099.Q5f000001.00beef.1R0.mail.example.test,S=4,W=5");
	mailbox_close(m);
	CHECK_EQ(w.notes, 0);
	world_stop(&w);
}

/* The messages by UID, flags and keywords. */
static void
compare_list(struct mailbox *m)
{
	char want[512];
	struct buf out;
	size_t n;
	const struct message *p;
	int at = snprintf(want, sizeof(want), "1:FS 3:R 4:T 5: 6: 7:");

	buf_init(&out, 4096);
	for (unsigned i = 0; i < byteorder_turns; i++)
		at += snprintf(want + at, sizeof(want) - (size_t)at, " %u:D", 8 + i);
	CHECK_SL(world_list(m, &out), sl_str(want));
	CHECK_EQ(mailbox_keyword_find(m, SL("$important")), 0);
	CHECK_EQ(mailbox_keyword_find(m, SL("later")), 1);
	p = mailbox_messages(m, &n);
	if (CHECK(n >= 3)) {
		CHECK_EQ(p[0].keywords, 1);
		CHECK_EQ(p[1].keywords, 2);
		CHECK_EQ(p[2].keywords, 0);
	}
	for (unsigned i = 0; i < byteorder_turns && CHECK(6 + i < n); i++) {
		struct fault f;

		CHECK_EQ(p[6 + i].keywords, 2);
		CHECK_EQ(message_measure(m, 8 + i, true, &f), ST_OK);
		CHECK_EQ(mailbox_find(m, 8 + i)->date_sec, DATE + (int64_t)i);
		p = mailbox_messages(m, &n);
	}
	buf_fini(&out);
}

static void
compare_cache(struct mailbox *m)
{
	struct cache_entry e;
	char text[32];

	CHECK(!cache_get(m, 1, &e));
	for (uint32_t uid = 3; uid <= FIRST_MESSAGES; uid++) {
		snprintf(text, sizeof(text), "found of %u", (unsigned)uid);
		CHECK(cache_get(m, uid, &e) && sl_eq(e.parts[PART], sl_str(text)));
	}
	CHECK(cache_get(m, 7, &e) && sl_eq(e.parts[PART_DELIVERED], SL("delivered")));
	for (unsigned i = 0; i < byteorder_turns; i++) {
		snprintf(text, sizeof(text), "found of %u", 8 + i);
		CHECK(cache_get(m, 8 + i, &e) && sl_eq(e.parts[PART], sl_str(text)));
	}
}

static void
compare_old(struct world *w)
{
	struct mailbox *old = world_mailbox(w, "INBOX.Old");
	const char *id;
	struct buf out;

	if (!CHECK(old != NULL))
		return;
	buf_init(&out, 4096);
	CHECK_SL(world_list(old, &out), SL("1: 2:FS 3:R"));
	id = mailbox_pop3_id(old, 1);
	CHECK(id && strcmp(id, "UID3-999") == 0);
	CHECK_SL(world_text(old, 2, &out), SL("Subject: number 1\r\n\r\nbody 1\r\n"));
	buf_fini(&out);
	mailbox_close(old);
}

void
byteorder_maildir_turn(void)
{
	struct mailbox *m;
	struct world w;

	start(&w);
	m = world_mailbox(&w, "INBOX");
	if (!CHECK(m != NULL))
		return;
	CHECK_EQ(mailbox_uidvalidity(m), VALIDITY);
	CHECK_EQ(mailbox_uidnext(m), 8 + byteorder_turns);
	compare_list(m);
	compare_cache(m);
	compare_old(&w);
	append(&w, m, byteorder_turns);
	cache_write(&w, m, 8 + byteorder_turns);
	mailbox_close(m);
	if (!CHECK_EQ(w.notes, 0)) /* "facts,damaged" and the like */
		printf("%s\n", w.last_note);
	world_stop(&w);
}
