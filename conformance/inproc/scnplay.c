/*
 * scnplay [-v] [--chunk N]... FILE...: plays scenarios against the protocol engine, in virtual
 * time. Each is played as written, in pieces of one byte and of odd sizes (or of the sizes given),
 * and must pass every time. Last line: "N passed, N failed, N not offered". Exit status: 0, 1 when
 * something failed, 2 for wrong use or a malformed file.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/num.h"
#include "scn.h"

#define CHUNKS_MAX 16
#define READ_MAX 131072

struct tally {
	unsigned passed, failed, not_offered;
	bool malformed;
};

static bool
read_file(const char *path, struct buf *data)
{
	unsigned char piece[4096];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		return false;
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(data, sl_mem(piece, n));
	fclose(f);
	return true;
}

static void
play_file(const char *path, const size_t *chunks, size_t chunk_count, bool verbose, struct tally *t)
{
	struct arena *a = arena_new("scenario", 64u << 20);
	enum scn_result result = SCN_PASSED;
	struct buf data;
	struct scn *scn = arena_get(a, sizeof(*scn));

	buf_init(&data, READ_MAX);
	if (!read_file(path, &data) || !scn_parse(a, path, buf_slice(&data), stderr, scn)) {
		t->malformed = true;
	} else {
		for (size_t i = 0; i < chunk_count && result == SCN_PASSED; i++)
			result = scn_play(scn, chunks[i], verbose, stdout);
		t->passed += result == SCN_PASSED;
		t->failed += result == SCN_FAILED;
		t->not_offered += result == SCN_NOT_OFFERED;
		if (verbose || result == SCN_FAILED)
			printf("%s: %s\n", path,
			    result == SCN_PASSED   ? "passed"
			    : result == SCN_FAILED ? "FAILED"
						   : "not offered");
	}
	buf_fini(&data);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	static const size_t usual[] = {0, 1, 3, 7, 61, 509};
	size_t chunks[CHUNKS_MAX], chunk_count = 0;
	struct tally t = {0};
	bool verbose = false;
	uint64_t n;
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-v") == 0) {
			verbose = true;
		} else if (strcmp(argv[i], "--chunk") == 0 && i + 1 < argc &&
			   chunk_count < CHUNKS_MAX && num_u64(sl_str(argv[i + 1]), READ_MAX, &n)) {
			chunks[chunk_count++] = (size_t)n;
			i++;
		} else {
			break;
		}
	}
	if (i >= argc || argv[i][0] == '-') {
		fprintf(stderr, "usage: scnplay [-v] [--chunk N]... FILE...\n");
		return 2;
	}
	for (; i < argc; i++)
		play_file(argv[i], chunk_count ? chunks : usual,
		    chunk_count ? chunk_count : COUNT_OF(usual), verbose, &t);
	printf("%u passed, %u failed, %u not offered\n", t.passed, t.failed, t.not_offered);
	return t.malformed ? 2 : t.failed ? 1 : 0;
}
