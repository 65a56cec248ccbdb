/*
 * The unit test frame: a table of named tests, CHECK for each claim, one closing line
 * "<program>: N passed, N failed". A program with arguments runs only the tests named.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/slice.h"

struct check_row {
	const char *name;
	void (*run)(void);
};

/* Notes a claim; prints file:line and the expression when it does not hold. Returns the claim. */
bool check_that(bool claim, const char *file, int line, const char *expr);
bool check_same(struct slice got, struct slice want, const char *file, int line);
bool check_equal(long long got, long long want, const char *file, int line, const char *expr);

#define CHECK(expr) check_that((expr), __FILE__, __LINE__, #expr)
#define CHECK_SL(got, want) check_same((got), (want), __FILE__, __LINE__)
#define CHECK_EQ(got, want) \
	check_equal((long long)(got), (long long)(want), __FILE__, __LINE__, #got)

/*
 * The next number of a repeatable sequence (splitmix64); *state is any start value. For property
 * tests.
 */
uint64_t check_random(uint64_t *state);

/* The same, from 0 to n - 1; n is not 0. */
size_t check_below(uint64_t *state, size_t n);

/*
 * Runs the rows; the exit status for main. CHECK_LEAVE_OUT in the environment names rows that
 * cannot run where the tests run ("fdpass_test:more_than_one ..."): ports/verify says why for each.
 */
int check_main(int argc, char **argv, const struct check_row *rows, size_t count);

/*
 * A new folder for a test below parent (NULL: $TMPDIR, or /tmp), its name in path; the program ends
 * when there can be none. check_folder_remove removes it with all that is in it, following no
 * links.
 */
void check_folder_new(const char *parent, char path[64]);
void check_folder_remove(const char *path);

#endif
