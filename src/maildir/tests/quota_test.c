/*
 * maildirsize: reading, counting again, admitting, and what deliveries leave in it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/check.h"
#include "maildir/dir.h"
#include "maildir/quota.h"
#include "maildir/tests/store.h"

#define TEXT "Subject: x\r\n\r\ntext\r\n"
#define STORED 64 /* bytes of it as a file, with its head */

static void
test_parse(void)
{
	struct maildir_quota q;

	CHECK(maildir_quota_parse(SL("1000S,20C"), &q) && q.is_set && q.max_bytes == 1000 &&
	      q.max_count == 20);
	CHECK(maildir_quota_parse(SL(" 20C,1000S\n"), &q) && q.max_bytes == 1000 &&
	      q.max_count == 20);
	CHECK(maildir_quota_parse(SL("5000"), &q) && q.max_bytes == 5000 && q.max_count == 0);
	CHECK(maildir_quota_parse(SL("0S"), &q) && !q.is_set);
	CHECK(!maildir_quota_parse(SL(""), &q));
	CHECK(!maildir_quota_parse(SL("S"), &q));
	CHECK(!maildir_quota_parse(SL("10X"), &q));
	CHECK(!maildir_quota_parse(SL("10S,"), &q));
	CHECK(!maildir_quota_parse(SL("-1S"), &q));
	CHECK(!maildir_quota_parse(SL("99999999999999999999S"), &q));
}

static int
top(const struct store *s)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/Maildir", s->home);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
make(const struct store *s, const char *dir)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", s->home, dir);
	if (mkdir(path, 0700) != 0)
		abort();
}

static void
set_quota(struct store *s, struct slice quota)
{
	maildir_folder_free(s->folder);
	s->place.quota = quota;
	s->folder = maildir_folder_new(&s->host, &s->place);
}

static struct fault
deliver(struct store *s, uint32_t number)
{
	struct letter l;

	letter_init(&l, "a.b.c", number, SL(TEXT));
	maildir_folder_put(s->folder, &l.job);
	store_run(s);
	CHECK_EQ(l.answers, 1);
	return l.fault;
}

/* new, cur, a subfolder count; the trash and marked messages do not; S= is believed. */
static void
test_count(void)
{
	struct maildir_quota q;
	struct store s;
	struct fault f;
	struct buf got;
	int fd;

	store_open(&s);
	buf_init(&got, 1 << 20);
	CHECK_EQ(deliver(&s, 1).st, ST_OK);
	make(&s, "Maildir/.Sub");
	make(&s, "Maildir/.Sub/cur");
	make(&s, "Maildir/.Trash");
	make(&s, "Maildir/.Trash/cur");
	store_touch(&s, "Maildir/.Sub/cur/1.x.h,S=1000:2,S", SL("x"));
	store_touch(&s, "Maildir/.Trash/cur/2.x.h,S=1000:2,S", SL("x"));
	store_touch(&s, "Maildir/cur/3.x.h,S=500:2,ST", SL("x"));
	store_touch(&s, "Maildir/cur/4.x.h:2,S", SL("12345"));
	fd = top(&s);
	CHECK_EQ(maildir_quota_load(fd, SL("5000S"), &q, &f), ST_OK);
	CHECK(q.is_exact && q.bytes == STORED + 1000 + 5 && q.count == 3);
	CHECK_SL(store_read(&s, "Maildir", "maildirsize", &got), SL("5000S\n1069 3       \n"));
	CHECK_EQ(maildir_quota_add(fd, &q, -5, -1), 0);
	CHECK_EQ(maildir_quota_load(fd, SL("5000S"), &q, &f), ST_OK);
	CHECK(!q.is_exact && q.bytes == 1064 && q.count == 2);
	/* No definition: that of the file. */
	CHECK_EQ(maildir_quota_load(fd, SL_NONE, &q, &f), ST_OK);
	CHECK(q.is_set && q.max_bytes == 5000 && q.bytes == 1064);
	/* Another definition: counted again. */
	CHECK_EQ(maildir_quota_load(fd, SL("6000S"), &q, &f), ST_OK);
	CHECK(q.is_exact && q.bytes == 1069);
	close(fd);
	buf_fini(&got);
	store_close(&s);
}

static void
test_damaged(void)
{
	static const struct slice bad[] = {SL("5000S\n12\n"), SL("5000S\nx y\n"), SL("5000S\n1 1"),
	    SL("5000S\n-999999 1\n"), SL("")};
	struct maildir_quota q;
	struct store s;
	struct fault f;
	struct buf many;
	int fd;

	store_open(&s);
	CHECK_EQ(deliver(&s, 1).st, ST_OK);
	fd = top(&s);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		store_touch(&s, "Maildir/maildirsize", bad[i]);
		CHECK_EQ(maildir_quota_load(fd, SL("5000S"), &q, &f), ST_OK);
		CHECK(q.is_exact && q.bytes == STORED && q.count == 1);
	}
	buf_init(&many, 8192);
	buf_put_str(&many, "5000S\n");
	while (many.n < 5120)
		buf_put_str(&many, "1 1          \n");
	store_touch(&s, "Maildir/maildirsize", buf_slice(&many));
	CHECK_EQ(maildir_quota_load(fd, SL("5000S"), &q, &f), ST_OK);
	CHECK(q.is_exact && q.bytes == STORED);
	/* Nobody says what the quota is: no quota. */
	store_touch(&s, "Maildir/maildirsize", SL("rubbish\n1 1\n"));
	CHECK_EQ(maildir_quota_load(fd, SL_NONE, &q, &f), ST_OK);
	CHECK(!q.is_set);
	buf_fini(&many);
	close(fd);
	store_close(&s);
}

/* Over quota is 4.2.2 at once; a file that says so wrongly is counted again; room comes back. */
static void
test_over(void)
{
	char name[256], path[700];
	struct timeval old[2] = {{1000000000, 0}, {1000000000, 0}};
	struct store s;
	struct fault f;

	store_open(&s);
	set_quota(&s, SL("150S"));
	CHECK_EQ(deliver(&s, 1).st, ST_OK);
	CHECK_EQ(deliver(&s, 2).st, ST_OK);
	f = deliver(&s, 3);
	CHECK(f.st == ST_LIMIT && f.esc[0] == 4 && f.esc[1] == 2 && f.esc[2] == 2);
	CHECK_EQ(store_count(&s, "Maildir/new"), 2);
	CHECK_EQ(store_count(&s, "Maildir/tmp"), 0);
	/* The owner removes one, with a program that knows nothing of maildirsize. */
	CHECK(store_first(&s, "Maildir/new", name));
	snprintf(path, sizeof(path), "%s/Maildir/new/%s", s.home, name);
	CHECK(unlink(path) == 0);
	f = deliver(&s, 3);
	CHECK(f.st == ST_LIMIT); /* counted a moment ago: believed for 15 minutes */
	snprintf(path, sizeof(path), "%s/Maildir/maildirsize", s.home);
	CHECK(utimes(path, old) == 0);
	CHECK_EQ(deliver(&s, 3).st, ST_OK);
	set_quota(&s, SL("2C"));
	CHECK_EQ(deliver(&s, 4).st, ST_LIMIT);
	set_quota(&s, SL("rubbish"));
	f = deliver(&s, 5);
	CHECK(f.esc[0] == 4 && f.esc[1] == 3 && f.esc[2] == 5);
	store_close(&s);
}

/* A group does not pass the limit together. */
static void
test_group(void)
{
	struct letter l[6];
	struct store s;
	size_t good = 0;

	store_open(&s);
	set_quota(&s, SL("4C"));
	for (uint32_t i = 0; i < COUNT_OF(l); i++) {
		letter_init(&l[i], "a.b.c", i, SL(TEXT));
		maildir_folder_put(s.folder, &l[i].job);
	}
	store_run(&s);
	for (size_t i = 0; i < COUNT_OF(l); i++)
		good += l[i].fault.st == ST_OK;
	CHECK_EQ(good, 4);
	CHECK_EQ(store_count(&s, "Maildir/new"), 4);
	store_close(&s);
}

/* A subfolder counts where its Maildir counts. */
static void
test_subfolder(void)
{
	struct store s;
	struct buf got;

	store_open(&s);
	buf_init(&got, 1 << 20);
	set_quota(&s, SL("1000S"));
	CHECK_EQ(deliver(&s, 1).st, ST_OK);
	s.place.path = SL("./Maildir/.Lists");
	set_quota(&s, SL("1000S"));
	make(&s, "Maildir/.Lists");
	store_touch(&s, "Maildir/.Lists/maildirfolder", SL(""));
	CHECK_EQ(deliver(&s, 2).st, ST_OK);
	CHECK_SL(store_read(&s, "Maildir", "maildirsize", &got),
	    SL("1000S\n0 0          \n64 1         \n64 1         \n"));
	CHECK_EQ(store_read(&s, "Maildir/.Lists", "maildirsize", &got).n, 0);
	buf_fini(&got);
	store_close(&s);
}

int
main(int argc, char **argv)
{
	static const struct check_row rows[] = {
	    {"parse", test_parse},
	    {"count", test_count},
	    {"damaged", test_damaged},
	    {"over", test_over},
	    {"group", test_group},
	    {"subfolder", test_subfolder},
	};

	return check_main(argc, argv, rows, COUNT_OF(rows));
}
