/*
 * The cache: entries put, got, left by who delivers, damaged, compacted.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/cache.h"
#include "maildir/cache_int.h"
#include "maildir/tests/world.h"

#define MSG "Subject: x\n\nline\n"
#define CACHE_ENVELOPE 2
#define CACHE_BODY 3
#define CACHE_PREVIEW 15
#define FILE_PATH "courierindex/cache"

static void
put(struct mailbox *m, uint32_t uid, unsigned part, const char *text)
{
	struct cache_entry e = {.parts = {{0}}};

	e.parts[part] = sl_str(text);
	cache_put(m, uid, &e);
}

static bool
has(struct mailbox *m, uint32_t uid, unsigned part, const char *text)
{
	struct cache_entry e;

	return cache_get(m, uid, &e) && sl_eq(e.parts[part], sl_str(text));
}

static off_t
size_of(struct world *w)
{
	char path[512];
	struct stat st;

	world_path(w, FILE_PATH, path);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static struct mailbox *
start(struct world *w, unsigned n)
{
	char name[64];

	world_open(w);
	for (unsigned i = 1; i <= n; i++) {
		snprintf(name, sizeof(name), "cur/%u.x,S=%zu:2,", 1000 + i, strlen(MSG));
		world_file(w, name, MSG);
	}
	return world_mailbox(w, "INBOX");
}

static struct mailbox *
again(struct world *w, struct mailbox *m)
{
	mailbox_close(m);
	world_stop(w);
	world_start(w);
	return world_mailbox(w, "INBOX");
}

static void
test_put_and_get(void)
{
	struct world w;
	struct mailbox *m = start(&w, 5);
	struct cache_entry e;

	CHECK(!cache_get(m, 1, &e));
	CHECK(!cache_get(m, 99, &e));
	put(m, 1, CACHE_ENVELOPE, "envelope");
	CHECK(has(m, 1, CACHE_ENVELOPE, "envelope")); /* before it is written */
	put(m, 1, CACHE_BODY, "body");
	CHECK(has(m, 1, CACHE_ENVELOPE, "envelope"));
	CHECK(has(m, 1, CACHE_BODY, "body"));
	put(m, 3, CACHE_BODY, "");
	CHECK_EQ(size_of(&w), -1);
	world_settle(&w);
	CHECK(size_of(&w) > 0);
	CHECK(has(m, 1, CACHE_BODY, "body") && has(m, 3, CACHE_BODY, ""));
	CHECK(!cache_get(m, 2, &e));
	m = again(&w, m);
	CHECK(has(m, 1, CACHE_ENVELOPE, "envelope") && has(m, 1, CACHE_BODY, "body"));
	CHECK(has(m, 3, CACHE_BODY, "") && !cache_get(m, 2, &e));
	put(m, 1, CACHE_BODY, "another");
	world_settle(&w);
	CHECK(has(m, 1, CACHE_ENVELOPE, "envelope") && has(m, 1, CACHE_BODY, "another"));
	m = again(&w, m);
	CHECK(has(m, 1, CACHE_BODY, "another")); /* the later one counts */
	mailbox_close(m);
	world_close(&w);
}

static void
test_delivered(void)
{
	struct world w;
	struct mailbox *m = start(&w, 1);
	struct cache_entry e = {.parts = {{0}}}, got;
	char path[512];
	int top;

	world_path(&w, "", path);
	top = open(path, O_RDONLY | O_DIRECTORY);
	e.parts[CACHE_PREVIEW] = SL("hello");
	/* The entry is there before we know the message, and after it. */
	world_file(&w, "new/2000.y", MSG);
	CHECK_EQ(cache_append(top, SL("2000.y"), &e), 0);
	CHECK(!cache_get(m, 1, &got));
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK(has(m, 2, CACHE_PREVIEW, "hello"));
	world_file(&w, "new/3000.z", MSG);
	CHECK_EQ(world_refresh(&w, m), ST_OK);
	CHECK(!cache_get(m, 3, &got));
	put(m, 1, CACHE_BODY, "ours");
	CHECK_EQ(cache_append(top, SL("3000.z"), &e), 0);
	world_settle(&w);
	CHECK(has(m, 3, CACHE_PREVIEW, "hello"));
	CHECK(has(m, 1, CACHE_BODY, "ours"));
	m = again(&w, m);
	CHECK(has(m, 1, CACHE_BODY, "ours"));
	CHECK(has(m, 2, CACHE_PREVIEW, "hello") && has(m, 3, CACHE_PREVIEW, "hello"));
	close(top);
	mailbox_close(m);
	world_close(&w);
}

/* Cut anywhere, or with any byte changed: never a wrong entry, and afterwards it works again. */
static void
test_damage(void)
{
	struct world w;
	struct mailbox *m = start(&w, 3);
	struct buf whole;
	char path[512];

	buf_init(&whole, 1 << 20);
	put(m, 1, CACHE_BODY, "one");
	put(m, 2, CACHE_BODY, "two");
	put(m, 3, CACHE_BODY, "three");
	m = again(&w, m);
	world_read(&w, FILE_PATH, &whole);
	world_path(&w, FILE_PATH, path);
	for (size_t i = 0; i < 2 * whole.n; i++) {
		static const char *const texts[] = {"one", "two", "three"};
		struct cache_entry e;
		int fd;

		mailbox_close(m);
		world_stop(&w);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (i >= whole.n)
			whole.p[i - whole.n] ^= 0x41;
		if (write(fd, whole.p, i < whole.n ? i : whole.n) < 0)
			abort();
		close(fd);
		if (i >= whole.n)
			whole.p[i - whole.n] ^= 0x41;
		world_start(&w);
		m = world_mailbox(&w, "INBOX");
		for (uint32_t uid = 1; uid <= 3; uid++)
			CHECK(!cache_get(m, uid, &e) || !e.parts[CACHE_BODY].p ||
			      sl_eq(e.parts[CACHE_BODY], sl_str(texts[uid - 1])));
		put(m, 1, CACHE_BODY, "one");
		put(m, 2, CACHE_BODY, "two");
		m = again(&w, m);
		CHECK(has(m, 1, CACHE_BODY, "one") && has(m, 2, CACHE_BODY, "two"));
	}
	mailbox_close(m);
	world_close(&w);
	buf_fini(&whole);
}

static void
test_compaction(void)
{
	struct world w;
	struct mailbox *m = start(&w, 100);
	static char text[20000];
	off_t most = 0;

	memset(text, 'x', sizeof(text) - 1);
	for (int round = 0; round < 6; round++) {
		for (uint32_t uid = 1; uid <= 100; uid++) {
			text[0] = (char)('a' + round);
			put(m, uid, CACHE_BODY, text);
		}
		world_settle(&w);
		most = size_of(&w) > most ? size_of(&w) : most;
	}
	m = again(&w, m);
	put(m, 1, CACHE_PREVIEW, "p");
	world_settle(&w);
	CHECK(size_of(&w) < most);
	CHECK(size_of(&w) < 3000000);
	for (uint32_t uid = 1; uid <= 100; uid++)
		CHECK(has(m, uid, CACHE_BODY, text));
	m = again(&w, m);
	for (uint32_t uid = 1; uid <= 100; uid++)
		CHECK(has(m, uid, CACHE_BODY, text));
	CHECK(has(m, 1, CACHE_PREVIEW, "p"));
	mailbox_close(m);
	world_close(&w);
}

static const struct check_row rows[] = {
    {"put_and_get", test_put_and_get},
    {"delivered", test_delivered},
    {"damage", test_damage},
    {"compaction", test_compaction},
};

int
main(int argc, char **argv)
{
	return check_main(argc, argv, rows, COUNT_OF(rows));
}
