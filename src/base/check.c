#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned claims_failed; /* in the test that runs */

static void
say_where(const char *file, int line)
{
	claims_failed++;
	printf("%s:%d: ", file, line);
}

bool
check_that(bool claim, const char *file, int line, const char *expr)
{
	if (!claim) {
		say_where(file, line);
		printf("does not hold: %s\n", expr);
	}
	return claim;
}

static void
print_slice(const char *label, struct slice s)
{
	printf("\t%s (%zu) \"", label, s.n);
	for (size_t i = 0; i < s.n && i < 400; i++)
		if (s.p[i] >= 0x20 && s.p[i] < 0x7f && s.p[i] != '\\' && s.p[i] != '"')
			putchar(s.p[i]);
		else
			printf("\\x%02x", s.p[i]);
	printf("\"%s\n", s.n > 400 ? " ..." : "");
}

bool
check_same(struct slice got, struct slice want, const char *file, int line)
{
	bool same = sl_eq(got, want);

	if (!same) {
		say_where(file, line);
		printf("bytes differ\n");
		print_slice("got ", got);
		print_slice("want", want);
	}
	return same;
}

bool
check_equal(long long got, long long want, const char *file, int line, const char *expr)
{
	if (got != want) {
		say_where(file, line);
		printf("%s is %lld, want %lld\n", expr, got, want);
	}
	return got == want;
}

uint64_t
check_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

size_t
check_below(uint64_t *state, size_t n)
{
	return (size_t)(check_random(state) % n);
}

/* Is this test among the names given on the command line (none: all)? */
static bool
is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc < 2;
}

/* Is "PROGRAM:name" among the words of CHECK_LEAVE_OUT? */
static bool
is_left_out(const char *program, const char *name)
{
	const char *list = getenv("CHECK_LEAVE_OUT");
	size_t p = strlen(program), n = strlen(name), word;

	for (; list && *list; list += word + strspn(list + word, " ")) {
		word = strcspn(list, " ");
		if (word == p + 1 + n && strncmp(list, program, p) == 0 && list[p] == ':' &&
		    strncmp(list + p + 1, name, n) == 0)
			return true;
	}
	return false;
}

int
check_main(int argc, char **argv, const struct check_row *rows, size_t count)
{
	const char *path = argc > 0 ? argv[0] : "test";
	const char *slash = strrchr(path, '/'), *program = slash ? slash + 1 : path;
	unsigned passed = 0, failed = 0;

	for (size_t i = 0; i < count; i++) {
		if (!is_wanted(rows[i].name, argc, argv))
			continue;
		if (is_left_out(program, rows[i].name)) {
			printf("%s: left out\n", rows[i].name);
			continue;
		}
		claims_failed = 0;
		rows[i].run();
		if (claims_failed == 0) {
			passed++;
			continue;
		}
		failed++;
		printf("%s: failed\n", rows[i].name);
		fflush(stdout);
	}
	if (passed + failed == 0)
		printf("no test of that name\n");
	printf("%s: %u passed, %u failed\n", program, passed, failed);
	return failed == 0 && passed > 0 ? 0 : 1;
}
