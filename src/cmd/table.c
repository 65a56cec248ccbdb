#include "cmd/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX ((size_t)4 << 20)

int
table_cmd_report(const struct table_cmd *t)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	conf_report_put(&t->report, &text);
	if (text.n > 0)
		fwrite(text.p, 1, text.n, stderr);
	buf_fini(&text);
	return t->report.errors > 0 ? EXIT_CONFIG : EXIT_GOOD;
}

int
table_cmd_open(struct table_cmd *t, const char *name, bool need_conf)
{
	struct conf_source src;

	*t = (struct table_cmd){.name = name, .dirfd = -1};
	cmd_paths(&t->paths);
	t->dirfd = open(t->paths.conf_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dirfd < 0) {
		cmd_complain(name, "%s: %s", t->paths.conf_dir, strerror(errno));
		return EXIT_CONFIG;
	}
	conf_report_init(&t->report);
	if (!need_conf)
		return EXIT_GOOD;
	src = (struct conf_source){.dirfd = t->dirfd, .dir = t->paths.conf_dir};
	if (conf_load(&src, &t->conf, &t->report) == ST_OK) {
		/* Warnings are the business of courier config check. */
		conf_report_fini(&t->report);
		conf_report_init(&t->report);
		return EXIT_GOOD;
	}
	table_cmd_report(t);
	table_cmd_close(t);
	return EXIT_CONFIG;
}

void
table_cmd_close(struct table_cmd *t)
{
	conf_fini(&t->conf);
	conf_report_fini(&t->report);
	if (t->dirfd >= 0)
		close(t->dirfd);
	t->dirfd = -1;
}

int
table_cmd_folder(
    const struct table_cmd *t, const char *path, char dir[PATHS_MAX], const char **name)
{
	const char *slash = strrchr(path, '/');
	int fd, n;

	*name = slash != NULL ? slash + 1 : path;
	if (slash == path)
		n = snprintf(dir, PATHS_MAX, "/");
	else if (path[0] == '/')
		n = snprintf(dir, PATHS_MAX, "%.*s", (int)(slash - path), path);
	else if (slash != NULL)
		n = snprintf(
		    dir, PATHS_MAX, "%s/%.*s", t->paths.conf_dir, (int)(slash - path), path);
	else
		n = snprintf(dir, PATHS_MAX, "%s", t->paths.conf_dir);
	if (n < 0 || n >= PATHS_MAX || **name == '\0') {
		cmd_complain(t->name, "%s: expected the path of a file", path);
		return -1;
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		cmd_complain(t->name, "%s: %s", dir, strerror(errno));
	return fd;
}

struct putter {
	struct map_writer *writer;
	struct fault fault;
};

static bool
put_pair(void *arg, struct slice key, struct slice value)
{
	struct putter *p = arg;

	return map_writer_put(p->writer, key, value, &p->fault) == ST_OK;
}

int
table_cmd_write(const char *command, int dirfd, const char *dir, const char *name, unsigned mode,
    table_fill_fn *fill, void *arg)
{
	struct putter p = {NULL, FAULT_NONE};
	enum st st = map_writer_new(dirfd, dir, name, mode, &p.writer, &p.fault);

	if (st == ST_OK && fill(arg, put_pair, &p)) {
		st = map_writer_commit(p.writer, &p.fault);
	} else if (st == ST_OK) {
		map_writer_abandon(p.writer);
		st = p.fault.st != ST_OK ? p.fault.st : ST_LIMIT;
	}
	if (st == ST_OK)
		return EXIT_GOOD;
	cmd_complain(command, "%s/%s: %s", dir, name, p.fault.text);
	return EXIT_IO;
}
