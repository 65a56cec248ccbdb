/*
 * The contract of os/dirwatch.h, for each implementation. One that cannot watch must say so each
 * time.
 */
#include "os/dirwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

static char root[] = "/tmp/dirwatch_test.XXXXXX";

static int
make_dir(const char *name)
{
	int top = open(root, O_RDONLY | O_DIRECTORY), fd;

	CHECK_EQ(mkdirat(top, name, 0700), 0);
	fd = openat(top, name, O_RDONLY | O_DIRECTORY);
	close(top);
	return fd;
}

static void
drop_dir(const char *name)
{
	int top = open(root, O_RDONLY | O_DIRECTORY);

	CHECK_EQ(unlinkat(top, name, AT_REMOVEDIR), 0);
	close(top);
}

static void
create(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_CREAT | O_EXCL | O_WRONLY, 0600);

	CHECK(fd >= 0);
	close(fd);
}

/* Waits (a notice may come late) and collects: was exactly this tag told, once or more? */
static bool
told(struct dirwatch *w, const void *tag)
{
	struct pollfd pfd = {.fd = dirwatch_fd(w), .events = POLLIN};
	bool right = false, wrong = false;
	void *got;

	if (poll(&pfd, 1, 20000) != 1)
		return false;
	while ((got = dirwatch_next(w))) {
		right |= got == tag;
		wrong |= got != tag;
	}
	return right && !wrong;
}

/*
 * Nothing is waiting. The change before was made by ourselves, so a notice would be there already.
 */
static bool
quiet(struct dirwatch *w)
{
	return dirwatch_next(w) == NULL;
}

static void
entries(void)
{
	struct dirwatch *w = NULL;
	int a = make_dir("a"), b = make_dir("b"), ha, hb, tag_a, tag_b, fd;

	CHECK_EQ(dirwatch_new(&w), 0);
	ha = dirwatch_add(w, a, &tag_a);
	hb = dirwatch_add(w, b, &tag_b);
	CHECK(ha >= 0);
	CHECK(hb >= 0 && hb != ha);
	CHECK(quiet(w));
	create(a, "one");
	CHECK(told(w, &tag_a));
	CHECK_EQ(renameat(a, "one", a, "two"), 0);
	CHECK(told(w, &tag_a));
	CHECK_EQ(renameat(a, "two", b, "two"), 0);
	fd = 0;
	for (void *got; (got = dirwatch_next(w));)
		fd |= got == &tag_a ? 1 : got == &tag_b ? 2 : 4;
	CHECK_EQ(fd, 3);
	CHECK_EQ(unlinkat(b, "two", 0), 0);
	CHECK(told(w, &tag_b));
	CHECK(quiet(w));
	/* Many changes of one directory are one notice, or a few. */
	for (fd = 0; fd < 300; fd++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", fd);
		create(a, name);
		CHECK_EQ(unlinkat(a, name, 0), 0);
	}
	for (fd = 0; dirwatch_next(w);)
		fd++;
	CHECK(fd >= 1 && fd <= 300);
	dirwatch_free(w);
	close(a);
	close(b);
	drop_dir("a");
	drop_dir("b");
}

static void
removal(void)
{
	struct dirwatch *w = NULL;
	int a = make_dir("a"), b = make_dir("b"), ha, hb, tag_a, tag_b;

	CHECK_EQ(dirwatch_new(&w), 0);
	ha = dirwatch_add(w, a, &tag_a);
	hb = dirwatch_add(w, b, &tag_b);
	create(a, "x");
	create(b, "x");
	/* Removed while its notice waits: the tag does not come any more. */
	dirwatch_remove(w, ha);
	CHECK(told(w, &tag_b));
	CHECK_EQ(unlinkat(a, "x", 0), 0);
	CHECK(quiet(w));
	dirwatch_remove(w, ha);
	dirwatch_remove(w, 999);
	dirwatch_remove(w, -1);
	/* The handle may be given out again. */
	ha = dirwatch_add(w, a, &tag_a);
	CHECK(ha >= 0 && ha != hb);
	create(a, "y");
	CHECK(told(w, &tag_a));
	CHECK_EQ(unlinkat(a, "y", 0), 0);
	CHECK_EQ(unlinkat(b, "x", 0), 0);
	dirwatch_free(w);
	dirwatch_free(NULL);
	close(a);
	close(b);
	drop_dir("a");
	drop_dir("b");
}

/* The same directory twice: both are told, and one may go. */
static void
same_twice(void)
{
	struct dirwatch *w = NULL;
	int a = make_dir("a"), again = dup(a), first, second, tag_1, tag_2, seen = 0;

	CHECK_EQ(dirwatch_new(&w), 0);
	first = dirwatch_add(w, a, &tag_1);
	second = dirwatch_add(w, again, &tag_2);
	CHECK(first >= 0 && second >= 0 && first != second);
	create(a, "x");
	for (void *got; (got = dirwatch_next(w));)
		seen |= got == &tag_1 ? 1 : got == &tag_2 ? 2 : 4;
	CHECK_EQ(seen, 3);
	dirwatch_remove(w, first);
	CHECK_EQ(unlinkat(a, "x", 0), 0);
	CHECK(told(w, &tag_2));
	dirwatch_remove(w, second);
	dirwatch_free(w);
	close(a);
	close(again);
	drop_dir("a");
}

/* The directory itself goes: one notice, then silence, and the handle can still be removed. */
static void
directory_gone(void)
{
	struct dirwatch *w = NULL;
	int a = make_dir("a"), handle, tag;

	CHECK_EQ(dirwatch_new(&w), 0);
	handle = dirwatch_add(w, a, &tag);
	close(a);
	drop_dir("a");
	CHECK(told(w, &tag));
	while (dirwatch_next(w))
		continue;
	CHECK(quiet(w));
	dirwatch_remove(w, handle);
	dirwatch_free(w);
}

static void
not_a_directory(void)
{
	struct dirwatch *w = NULL;
	int fd = open("/dev/null", O_RDONLY);

	CHECK_EQ(dirwatch_new(&w), 0);
	CHECK(dirwatch_add(w, fd, &fd) < 0);
	CHECK(dirwatch_add(w, -1, &fd) < 0);
	close(fd);
	dirwatch_free(w);
}

static void
cannot_watch(void)
{
	struct dirwatch *w = NULL;
	int a = make_dir("a");

	CHECK_EQ(dirwatch_new(&w), 0);
	CHECK_EQ(dirwatch_fd(w), -1);
	CHECK_EQ(dirwatch_add(w, a, &a), -ENOTSUP);
	CHECK(dirwatch_next(w) == NULL);
	dirwatch_remove(w, 0);
	dirwatch_free(w);
	close(a);
	drop_dir("a");
}

static const struct check_row watching[] = {
	{"entries", entries},
	{"removal", removal},
	{"same_twice", same_twice},
	{"directory_gone", directory_gone},
	{"not_a_directory", not_a_directory},
};

static const struct check_row polling[] = {
	{"cannot_watch", cannot_watch},
	{"not_a_directory", not_a_directory},
};

int
main(int argc, char **argv)
{
	int rc;

	if (!mkdtemp(root)) {
		perror(root);
		return 1;
	}
	if (strcmp(dirwatch_name, "poll") == 0)
		rc = check_main(argc, argv, polling, COUNT_OF(polling));
	else
		rc = check_main(argc, argv, watching, COUNT_OF(watching));
	rmdir(root);
	return rc;
}
