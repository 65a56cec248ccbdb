/*
 * rawdisk.c - what the disk can do, without any mail server.
 *
 * Forms of work, each at a given parallelism for a given time, every form in its own processes:
 *
 *   file    tmp/ file of SIZE bytes, fsync, rename into new/, fsync of new/: a Maildir delivery
 *           alone
 *   sync    file of SIZE bytes, fsync: one synced file, its name left to the journal
 *   log     one shared log that grows; each commit carries one record of every client, fdatasync
 *   relog   the same over blocks written before: segments that are recycled
 *   stream  files of 5 MiB, fsync: megabytes a second
 *
 * Prints one line of JSON: operations a second by form and parallelism.  --neighbour MBPS instead
 * writes at that rate to a file, without syncing, until standard input ends: the neighbour beside
 * which durability benches run a second time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PARALLEL_MAX = 500, STREAM_BYTES = 5 * 1024 * 1024, CHUNK = 1024 * 1024,
	LOG_BYTES = 64 * 1024 * 1024, NEIGHBOUR_BYTES = 512 * 1024 * 1024
};

struct work {
	int dirfd;			/* the scratch folder */
	int dirs;			/* Maildirs to spread over */
	size_t size_bytes;
	int64_t end_ns;
	int number;			/* of this process */
	int parallel;
	char *data;			/* at least size_bytes and CHUNK */
};

/* Does the work until end_ns; returns the number of operations. */
typedef int64_t work_fn(const struct work *w);

static void
die(const char *what)
{
	fprintf(stderr, "rawdisk: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, data, n);

		if (put < 0)
			die("write");
		data += put;
		n -= (size_t)put;
	}
}

static int
open_at(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		die(name);
	return fd;
}

/* Creates a file of n bytes and syncs it. */
static void
file_synced(int dirfd, const char *name, const char *data, size_t n)
{
	int fd = open_at(dirfd, name, O_WRONLY | O_CREAT | O_EXCL);

	while (n > CHUNK) {
		write_all(fd, data, CHUNK);
		n -= CHUNK;
	}
	write_all(fd, data, n);
	if (fsync(fd) < 0)
		die("fsync");
	close(fd);
}

static int64_t
work_file(const struct work *w)
{
	char name[64];
	int box, tmp, new;
	int64_t ops;

	snprintf(name, sizeof name, "box%d", w->number % w->dirs);
	box = open_at(w->dirfd, name, O_RDONLY | O_DIRECTORY);
	tmp = open_at(box, "tmp", O_RDONLY | O_DIRECTORY);
	new = open_at(box, "new", O_RDONLY | O_DIRECTORY);
	for (ops = 0; now_ns() < w->end_ns; ops++) {
		snprintf(name, sizeof name, "f%d.%lld", w->number, (long long)ops);
		file_synced(tmp, name, w->data, w->size_bytes);
		if (renameat(tmp, name, new, name) < 0)
			die("rename");
		if (fsync(new) < 0)
			die("fsync of a folder");
	}
	return ops;
}

static int64_t
work_sync(const struct work *w)
{
	char name[64];
	int box;
	int64_t ops;

	snprintf(name, sizeof name, "box%d", w->number % w->dirs);
	box = open_at(w->dirfd, name, O_RDONLY | O_DIRECTORY);
	for (ops = 0; now_ns() < w->end_ns; ops++) {
		snprintf(name, sizeof name, "s%d.%lld", w->number, (long long)ops);
		file_synced(box, name, w->data, w->size_bytes);
	}
	return ops;
}

static int64_t
work_stream(const struct work *w)
{
	char name[64];
	int64_t ops;

	for (ops = 0; now_ns() < w->end_ns; ops++) {
		snprintf(name, sizeof name, "b%d.%lld", w->number, (long long)ops);
		file_synced(w->dirfd, name, w->data, STREAM_BYTES);
		if (unlinkat(w->dirfd, name, 0) < 0)
			die("unlink");
	}
	return ops;
}

/* Commits groups of one record for each of w->parallel clients. */
static int64_t
log_groups(const struct work *w, int fd, off_t limit)
{
	off_t at = 0;
	int64_t ops;
	int i;

	for (ops = 0; now_ns() < w->end_ns; ops += w->parallel) {
		if (limit != 0 && at + (off_t)w->size_bytes * w->parallel > limit) {
			if (lseek(fd, 0, SEEK_SET) < 0)
				die("lseek");
			at = 0;
		}
		for (i = 0; i < w->parallel; i++)
			write_all(fd, w->data, w->size_bytes);
		at += (off_t)w->size_bytes * w->parallel;
		if (fdatasync(fd) < 0)
			die("fdatasync");
	}
	close(fd);
	return ops;
}

static int64_t
work_log(const struct work *w)
{
	return log_groups(w, open_at(w->dirfd, "log", O_WRONLY | O_CREAT | O_TRUNC), 0);
}

static int64_t
work_relog(const struct work *w)
{
	return log_groups(w, open_at(w->dirfd, "relog", O_WRONLY), LOG_BYTES);
}

static const struct form {
	const char *name;
	work_fn *run;
	int one_process;		/* the parallelism is inside */
} forms[] = {
	{ "file", work_file, 0 }, { "sync", work_sync, 0 }, { "log", work_log, 1 },
	{ "relog", work_relog, 1 }, { "stream", work_stream, 0 }
};

enum { FORMS = sizeof forms / sizeof forms[0] };

/* Unlinks every file in the folder `name` below `at`; folders stay. */
static void
clear_folder(int at, const char *name)
{
	int fd = open_at(at, name, O_RDONLY | O_DIRECTORY);
	DIR *dir = fdopendir(fd);
	struct dirent *e;

	if (dir == NULL)
		die("fdopendir");
	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			(void)unlinkat(fd, e->d_name, 0);
	closedir(dir);
}

/* Makes (add) or removes the Maildirs and the log of the scratch folder. */
static void
scratch_boxes(int dirfd, int dirs, int add)
{
	static const char *const parts[] = { "/tmp", "/new", "" };
	char name[64];
	int i, k;

	for (i = 0; i < dirs; i++) {
		for (k = 0; k < 3; k++) {
			snprintf(name, sizeof name, "box%d%s", i, parts[add ? 2 - k : k]);
			if (add) {
				if (mkdirat(dirfd, name, 0700) < 0)
					die(name);
				continue;
			}
			clear_folder(dirfd, name);
			if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
				die(name);
		}
	}
}

/* Writes the file that `relog` overwrites, and syncs it. */
static void
relog_prepare(int dirfd, const char *data)
{
	int fd = open_at(dirfd, "relog", O_WRONLY | O_CREAT | O_TRUNC);
	int i;

	for (i = 0; i < LOG_BYTES / CHUNK; i++)
		write_all(fd, data, CHUNK);
	if (fsync(fd) < 0)
		die("fsync");
	close(fd);
}

/* Runs `form` in its processes; returns operations a second. */
static double
form_run(const struct form *form, const struct work *plan, int64_t run_ns)
{
	int n = form->one_process ? 1 : plan->parallel, ends[2], i, status;
	int64_t begun = now_ns(), ops = 0, one;
	struct work w = *plan;

	if (pipe(ends) < 0)
		die("pipe");
	w.end_ns = begun + run_ns;
	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			w.number = i;
			one = form->run(&w);
			_exit(write(ends[1], &one, sizeof one) == sizeof one ? 0 : 1);
		}
	}
	close(ends[1]);
	for (i = 0; i < n; i++) {
		if (wait(&status) < 0 || status != 0) {
			fprintf(stderr, "rawdisk: a process of form %s failed\n", form->name);
			exit(1);
		}
	}
	while (read(ends[0], &one, sizeof one) == sizeof one)
		ops += one;
	close(ends[0]);
	return (double)ops * 1e9 / (double)(now_ns() - begun);
}

static void
neighbour(int dirfd, int mbps, const char *data)
{
	struct pollfd in = { 0, POLLIN, 0 };
	int fd = open_at(dirfd, "neighbour", O_WRONLY | O_CREAT | O_TRUNC);
	int64_t begun = now_ns(), done = 0;
	char junk[64];

	for (;;) {
		int64_t due = (now_ns() - begun) / 1000 * mbps;	/* bytes: 1 MB/s is 1 byte per us */

		while (done < due) {
			if (done % NEIGHBOUR_BYTES == 0 && lseek(fd, 0, SEEK_SET) < 0)
				die("lseek");
			write_all(fd, data, CHUNK);
			done += CHUNK;
		}
		if (poll(&in, 1, 10) > 0 && read(0, junk, sizeof junk) <= 0)
			break;
	}
	close(fd);
	(void)unlinkat(dirfd, "neighbour", 0);
	printf("{\"written_mb\": %lld, \"seconds\": %.1f}\n", (long long)(done / 1000000),
	    (double)(now_ns() - begun) / 1e9);
}

static void
usage(FILE *f)
{
	fputs("usage: rawdisk [options] FOLDER\n"
	    "Measures what the disk below FOLDER can do; prints one line of JSON.\n"
	    "  --parallel N,N...  at once (1,4,20,100)\n"
	    "  --forms F,F...     of file, sync, log, relog, stream (file,sync,log,relog)\n"
	    "  --seconds S        per form and parallelism (3)\n"
	    "  --size BYTES       of a file or record (4096)\n"
	    "  --dirs N           Maildirs to spread over (20)\n"
	    "  --neighbour MBPS   instead: write at this rate until standard input ends\n", f);
}

static void
die_usage(const char *what, const char *arg)
{
	fprintf(stderr, "rawdisk: %s: %s (try --help)\n", what, arg);
	exit(2);
}

static long
parse_number(const char *text, char **end, long max)
{
	long v;

	errno = 0;
	v = strtol(text, end, 10);
	if (*end == text || errno != 0 || v < 1 || v > max)
		die_usage("not a number in range", text);
	return v;
}

static long
parse_whole(const char *text, long max)
{
	char *end;
	long v = parse_number(text, &end, max);

	if (*end != '\0')
		die_usage("not a number in range", text);
	return v;
}

/* Whether `name` is one of the comma-separated words of `list`. */
static int
list_has(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (; list != NULL; list = strchr(list, ','), list = list != NULL ? list + 1 : NULL)
		if (strncmp(list, name, n) == 0 && (list[n] == ',' || list[n] == '\0'))
			return 1;
	return 0;
}

static void
check_forms(const char *list)
{
	const char *at = list;
	int known = 0, words = 1, i;

	for (; *at != '\0'; at++)
		words += *at == ',';
	for (i = 0; i < FORMS; i++)
		known += list_has(list, forms[i].name);
	if (known != words)
		die_usage("unknown form in", list);
}

/* Every number of the list is checked before anything is written. */
static void
check_parallel(const char *list)
{
	const char *at = list;
	char *end;

	for (;;) {
		(void)parse_number(at, &end, PARALLEL_MAX);
		if (*end == '\0')
			return;
		if (*end != ',')
			die_usage("not a list of numbers", list);
		at = end + 1;
	}
}

struct plan {
	const char *parallel, *forms;
	long seconds, neighbour;
	struct work work;
};

static void
parse_options(struct plan *p, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
		const char *name = argv[i];

		if (strcmp(name, "--help") == 0) {
			usage(stdout);
			exit(0);
		}
		if (++i >= argc)
			die_usage("option needs a value", name);
		if (strcmp(name, "--parallel") == 0)
			p->parallel = argv[i];
		else if (strcmp(name, "--forms") == 0)
			p->forms = argv[i];
		else if (strcmp(name, "--seconds") == 0)
			p->seconds = parse_whole(argv[i], 3600);
		else if (strcmp(name, "--size") == 0)
			p->work.size_bytes = (size_t)parse_whole(argv[i], CHUNK);
		else if (strcmp(name, "--dirs") == 0)
			p->work.dirs = (int)parse_whole(argv[i], 1000);
		else if (strcmp(name, "--neighbour") == 0)
			p->neighbour = parse_whole(argv[i], 10000);
		else
			die_usage("unknown option", name);
	}
	if (i + 1 != argc)
		die_usage("want one", "FOLDER");
	check_forms(p->forms);
	check_parallel(p->parallel);
	p->work.dirfd = open(argv[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->work.dirfd < 0)
		die_usage(argv[i], strerror(errno));
}

/* Runs one form at one parallelism in the new folder `place` of the scratch folder. */
static double
measure_one(const struct plan *p, const struct form *form, int parallel, int place)
{
	struct work w = p->work;
	double rate;
	char name[64];

	snprintf(name, sizeof name, "run%d", place);
	if (mkdirat(p->work.dirfd, name, 0700) < 0)
		die(name);
	w.dirfd = open_at(p->work.dirfd, name, O_RDONLY | O_DIRECTORY);
	w.parallel = parallel;
	scratch_boxes(w.dirfd, w.dirs, 1);
	if (form->run == work_relog)
		relog_prepare(w.dirfd, w.data);
	rate = form_run(form, &w, (int64_t)p->seconds * 1000000000);
	close(w.dirfd);
	return rate;
}

static void
measure_clean(const struct plan *p, int places)
{
	char name[64];
	int i, fd;

	for (i = 0; i < places; i++) {
		snprintf(name, sizeof name, "run%d", i);
		fd = open_at(p->work.dirfd, name, O_RDONLY | O_DIRECTORY);
		scratch_boxes(fd, p->work.dirs, 0);
		close(fd);
		clear_folder(p->work.dirfd, name);
		if (unlinkat(p->work.dirfd, name, AT_REMOVEDIR) < 0)
			die(name);
	}
}

/*
 * Nothing is removed before the last form is done: ext4 does not use an inode again soon after its
 * file was deleted, and looking for another one slows down whoever comes next.
 */
static void
measure(const struct plan *p)
{
	const char *sep = "";
	char *end;
	int places = 0, i;

	printf("{");
	for (i = 0; i < FORMS; i++) {
		const char *at = p->parallel;

		if (!list_has(p->forms, forms[i].name))
			continue;
		printf("%s\"%s\": {", sep, forms[i].name);
		for (sep = ""; *at != '\0'; sep = ", ", at = *end == ',' ? end + 1 : end) {
			int parallel = (int)parse_number(at, &end, PARALLEL_MAX);

			fflush(stdout);
			printf("%s\"%d\": %.0f", sep, parallel,
			    measure_one(p, &forms[i], parallel, places++));
		}
		printf("}");
		sep = ", ";
	}
	printf("}\n");
	measure_clean(p, places);
}

int
main(int argc, char **argv)
{
	struct plan p;
	char scratch[64];
	int folder;

	memset(&p, 0, sizeof p);
	p.parallel = "1,4,20,100";
	p.forms = "file,sync,log,relog";
	p.seconds = 3;
	p.work.size_bytes = 4096;
	p.work.dirs = 20;
	parse_options(&p, argc, argv);
	p.work.data = malloc(CHUNK);
	if (p.work.data == NULL)
		die("malloc");
	memset(p.work.data, 'x', CHUNK);
	folder = p.work.dirfd;
	snprintf(scratch, sizeof scratch, "rawdisk.%ld", (long)getpid());
	if (mkdirat(folder, scratch, 0700) < 0)
		die(scratch);
	p.work.dirfd = open_at(folder, scratch, O_RDONLY | O_DIRECTORY);
	if (p.neighbour != 0)
		neighbour(p.work.dirfd, (int)p.neighbour, p.work.data);
	else
		measure(&p);
	clear_folder(folder, scratch);
	if (unlinkat(folder, scratch, AT_REMOVEDIR) < 0)
		die(scratch);
	free(p.work.data);
	return 0;
}
