/*
 * Compiled tables for byteorder.c, as makeuserdb and makealiases write them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "ext/map.h"
#include "ports/tests/byteorder.h"

#define PAIRS 400

static void
pair(unsigned n, char key[40], char value[200])
{
	snprintf(key, 40, "user%u@example.test", n);
	snprintf(value, 200, "uid=%u|gid=%u|home=/home/%u|mail=/home/%u/Maildir|note=%0*u",
	    1000 + n, 1000 + n, n, n, (int)(n % 97) + 1, n);
}

void
byteorder_tables_write(void)
{
	struct map_writer *w = NULL;
	char path[256], key[40], value[200];
	struct fault f = FAULT_NONE;
	int dir;

	byteorder_path("tables", path, sizeof(path));
	CHECK_EQ(mkdir(path, 0700), 0);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!CHECK_EQ(map_writer_new(dir, path, "userdb.dat", 0600, &w, &f), ST_OK))
		return;
	for (unsigned n = 0; n < PAIRS; n++) {
		pair(n, key, value);
		CHECK_EQ(map_writer_put(w, sl_str(key), sl_str(value), &f), ST_OK);
	}
	CHECK_EQ(map_writer_commit(w, &f), ST_OK);
	close(dir);
}

static bool
count(void *arg, struct slice key, struct slice value)
{
	(void)key;
	(void)value;
	++*(unsigned *)arg;
	return true;
}

void
byteorder_tables_read(void)
{
	char path[256], key[40], value[200];
	struct fault f = FAULT_NONE;
	struct dict *d = NULL;
	unsigned pairs = 0;
	struct slice got;
	struct arena *a;

	byteorder_path("tables", path, sizeof(path));
	if (!CHECK_EQ(map_open(path, "userdb.dat", &d, &f), ST_OK)) {
		printf("%s\n", f.text);
		return;
	}
	a = arena_new("tables", 1 << 20);
	for (unsigned n = 0; n < PAIRS; n++) {
		pair(n, key, value);
		CHECK_EQ(dict_get(d, sl_str(key), a, &got, &f), ST_OK);
		CHECK_SL(got, sl_str(value));
	}
	CHECK_EQ(dict_get(d, SL("nobody"), a, &got, &f), ST_NOENT);
	CHECK_EQ(map_each(d, count, &pairs, &f), ST_OK);
	CHECK_EQ(pairs, PAIRS);
	arena_free(a);
	dict_close(d);
}
