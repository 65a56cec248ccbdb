/*
 * The main of a harness without libFuzzer. Arguments are seed files or folders of them; without
 * any, the seeds of the harness itself: $srcdir/fuzz/seeds/<name> for a program called fuzz_<name>.
 * Each seed runs as it is, cut short, and in MUTATIONS variants. A claim that does not hold ends
 * the process.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "fuzz/fuzz.h"

#define MUTATIONS 300
#define SEED_MAX (1 << 20)
#define PATH_BYTES 4096

static bool
read_seed(const char *path, struct buf *seed)
{
	FILE *f = fopen(path, "rb");
	unsigned char *room;
	size_t n;

	buf_init(seed, SEED_MAX);
	if (f == NULL)
		return false;
	while ((room = buf_room(seed, 4096)) != NULL && (n = fread(room, 1, 4096, f)) > 0)
		buf_added(seed, n);
	n = (size_t)ferror(f);
	fclose(f);
	return n == 0 && buf_ok(seed);
}

/* Runs one input from memory of exactly its size. */
static void
run(struct slice in)
{
	unsigned char *copy = mem_resize(NULL, in.n);

	if (in.n > 0)
		memcpy(copy, in.p, in.n);
	LLVMFuzzerTestOneInput(copy, in.n);
	mem_free(copy);
}

/* One small change: a byte replaced, a part left out, or a part written twice. */
static void
mutate(struct buf *b, uint64_t *state)
{
	static const unsigned char likely[] = "\0\r\n \t\"\\()<>@:;,.=-0129\x7f\x80\xff";
	size_t at = b->n == 0 ? 0 : check_below(state, b->n);
	size_t length = 1 + check_below(state, 8);
	struct buf out;

	buf_init(&out, SEED_MAX + 64);
	buf_put(&out, sl_sub(buf_slice(b), 0, at));
	switch (check_below(state, 4)) {
	case 0:
		buf_put_byte(&out, (unsigned char)check_random(state));
		buf_put(&out, sl_skip(buf_slice(b), at + 1));
		break;
	case 1:
		buf_put_byte(&out, likely[check_below(state, sizeof(likely) - 1)]);
		buf_put(&out, sl_skip(buf_slice(b), at + check_below(state, 2)));
		break;
	case 2:
		buf_put(&out, sl_skip(buf_slice(b), at + length));
		break;
	default:
		buf_put(&out, sl_sub(buf_slice(b), at, at + length));
		buf_put(&out, sl_skip(buf_slice(b), at));
	}
	buf_fini(b);
	*b = out;
}

static void
run_seed(struct slice seed)
{
	uint64_t state = seed.n;

	run(seed);
	for (size_t n = 0; n < seed.n && n < 256; n++)
		run(sl_sub(seed, 0, n));
	for (int i = 0; i < MUTATIONS; i++) {
		struct buf b;

		buf_init(&b, SEED_MAX);
		buf_put(&b, seed);
		for (uint64_t changes = 1 + check_below(&state, 4); changes > 0; changes--)
			mutate(&b, &state);
		run(buf_slice(&b));
		buf_fini(&b);
	}
}

static bool
run_file(const char *path, unsigned *count)
{
	struct buf seed;
	bool good = read_seed(path, &seed);

	if (good) {
		run_seed(buf_slice(&seed));
		++*count;
	} else {
		fprintf(stderr, "%s: cannot be read\n", path);
	}
	buf_fini(&seed);
	return good;
}

static bool
run_folder(const char *path, unsigned *count)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool good = dir != NULL;

	if (!good)
		fprintf(stderr, "%s: no such folder\n", path);
	while (good && (entry = readdir(dir)) != NULL) {
		char file[PATH_BYTES];
		int n = snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);

		if (entry->d_name[0] != '.')
			good = n > 0 && (size_t)n < sizeof(file) && run_file(file, count);
	}
	if (dir != NULL)
		closedir(dir);
	return good;
}

static bool
run_path(const char *path, unsigned *count)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return run_file(path, count);
	return run_folder(path, count);
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *program = slash ? slash + 1 : argv[0];
	const char *name = sl_starts(sl_str(program), SL("fuzz_")) ? program + 5 : program;
	const char *source = getenv("srcdir");
	unsigned count = 0;
	bool good = true;
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/fuzz/seeds/%s", source ? source : ".", name);
	if (argc < 2)
		good = run_path(path, &count);
	for (int i = 1; good && i < argc; i++)
		good = run_path(argv[i], &count);
	if (good && count == 0) {
		fprintf(stderr, "%s: no seeds\n", program);
		good = false;
	}
	printf("%s: %u passed, %u failed\n", program, count, good ? 0u : 1u);
	return good ? 0 : 1;
}
