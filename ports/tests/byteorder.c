/*
 * Files that one byte order wrote and the other reads: a Maildir with its facts and caches, a queue
 * with its segments, moved messages and index, compiled tables.
 *
 *     byteorder write DIR      makes them in an empty folder
 *     byteorder turn DIR       opens them, compares all with what must be there, changes a little
 *
 * A turn leaves what the next turn expects, on a processor of whatever order. Prints
 * "byteorder: N passed, N failed" and the byte order it ran in.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "ports/tests/byteorder.h"

const char *byteorder_root;
unsigned byteorder_turns;

#define TURNS_FILE "turns"

void
byteorder_path(const char *name, char *out, size_t size)
{
	if (snprintf(out, size, "%s/%s", byteorder_root, name) >= (int)size) {
		fprintf(stderr, "byteorder: %s: too long\n", byteorder_root);
		exit(2);
	}
}

/* How many turns there were: one byte each in a file. */
static unsigned
read_turns(void)
{
	char path[256];
	struct stat st;

	byteorder_path(TURNS_FILE, path, sizeof(path));
	return stat(path, &st) == 0 ? (unsigned)st.st_size : 0;
}

static void
add_turn(void)
{
	char path[256];
	int fd;

	byteorder_path(TURNS_FILE, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, "x", 1) == 1);
	if (fd >= 0)
		close(fd);
}

static const char *
order(void)
{
	const unsigned one = 1;

	return *(const unsigned char *)&one ? "little-endian" : "big-endian";
}

static const struct check_row writing[] = {
    {"maildir", byteorder_maildir_write},
    {"queue", byteorder_queue_write},
    {"tables", byteorder_tables_write},
};

static const struct check_row turning[] = {
    {"maildir", byteorder_maildir_turn},
    {"queue", byteorder_queue_turn},
    {"tables", byteorder_tables_read},
    {"counted", add_turn},
};

int
main(int argc, char **argv)
{
	bool writes;

	if (argc != 3 || (strcmp(argv[1], "write") != 0 && strcmp(argv[1], "turn") != 0)) {
		fputs("usage: byteorder write|turn DIR\n", stderr);
		return 2;
	}
	writes = argv[1][0] == 'w';
	byteorder_root = argv[2];
	byteorder_turns = read_turns();
	printf("%s by a %s program of %zu bits, turn %u\n", argv[1], order(), 8 * sizeof(void *),
	    byteorder_turns);
	return writes ? check_main(1, argv, writing, COUNT_OF(writing))
		      : check_main(1, argv, turning, COUNT_OF(turning));
}
