/*
 * makealiases(8), newaliases(1): aliases to aliases.dat, while mail flows.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/table.h"
#include "route/alias.h"

static const char usage[] = "usage: makealiases [-src=FILE] [-alias=FILE] [-chk] [-dump]\n"
			    "  compiles the aliases in FILE (default: aliases in the configuration "
			    "folder, a file or a folder of files)\n"
			    "  into FILE (default: aliases.dat there)\n"
			    "  -chk   only reports mistakes\n"
			    "  -dump  prints the expanded aliases and changes nothing\n";

struct options {
	const char *src, *dat;
	bool check, dump;
};

struct building {
	struct table_cmd *cmd;
	struct alias_table *aliases;
};

/* :include: files may stand anywhere; they are read with the rights of the caller. */
static enum st
include_file(void *arg, const char *path, struct buf *out, struct fault *f)
{
	const struct building *b = arg;

	return conf_file_read(b->cmd->dirfd, path, out, f);
}

static void
read_file(void *arg, const char *path, struct slice text)
{
	struct building *b = arg;

	alias_table_read(b->aliases, path, text, &b->cmd->report);
}

static bool
fill(void *arg, bool (*put)(void *put_arg, struct slice key, struct slice value), void *put_arg)
{
	return alias_table_each(arg, put, put_arg);
}

static bool
print_alias(void *arg, struct slice key, struct slice value)
{
	struct slice member;
	const char *between = ": ";

	(void)arg;
	printf("%.*s", SL_FMT(key));
	while (value.n > 0) {
		sl_cut(&value, '\n', &member);
		printf("%s%.*s", between, SL_FMT(member));
		between = ", ";
	}
	putchar('\n');
	return true;
}

static int
finish(struct building *b, const struct options *o)
{
	char dir[PATHS_MAX];
	const char *name;
	int status = table_cmd_report(b->cmd), fd;

	if (status != EXIT_GOOD || o->check)
		return status;
	if (o->dump) {
		alias_table_each(b->aliases, print_alias, NULL);
		return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_IO;
	}
	fd = table_cmd_folder(b->cmd, o->dat, dir, &name);
	if (fd < 0)
		return EXIT_IO;
	status = table_cmd_write(b->cmd->name, fd, dir, name, 0644, fill, b->aliases);
	close(fd);
	return status;
}

/* hosteddomains.dat decides what some names mean; without it there are no hosted domains. */
static int
build(struct table_cmd *cmd, const struct options *o)
{
	struct building b = {cmd, NULL};
	struct dict *hosted = NULL;
	struct route_map *map;
	struct fault f;
	enum st st = map_open(cmd->paths.conf_dir, "hosteddomains.dat", &hosted, &f);
	char dir[PATHS_MAX];
	const char *name;
	int fd, status = EXIT_IO;

	if (st != ST_OK && st != ST_NOENT) {
		cmd_complain(cmd->name, "%s/hosteddomains.dat: %s", cmd->paths.conf_dir, f.text);
		return EXIT_IO;
	}
	map = route_map_new(&cmd->conf);
	route_map_set_hosted(map, hosted);
	b.aliases = alias_table_new(map, &cmd->conf, include_file, &b);
	fd = table_cmd_folder(cmd, o->src, dir, &name);
	if (fd >= 0) {
		st = conf_table_read(fd, dir, name, 0, read_file, &b, &cmd->report);
		if (st == ST_NOENT)
			conf_warning(
			    &cmd->report, o->src, 0, "does not exist; there will be no aliases");
		alias_table_expand(b.aliases, &cmd->report);
		status = finish(&b, o);
		close(fd);
	}
	alias_table_free(b.aliases);
	route_map_free(map);
	dict_close(hosted);
	return status;
}

static bool
option(const char *arg, struct options *o)
{
	if (strncmp(arg, "-src=", 5) == 0)
		o->src = arg + 5;
	else if (strncmp(arg, "-alias=", 7) == 0)
		o->dat = arg + 7;
	else if (strcmp(arg, "-chk") == 0)
		o->check = true;
	else if (strcmp(arg, "-dump") == 0)
		o->dump = true;
	else
		return strncmp(arg, "-tmp=", 5) ==
		       0; /* the new table is built beside the old one */
	return true;
}

int
main(int argc, char **argv)
{
	struct options o = {"aliases", "aliases.dat", false, false};
	struct table_cmd cmd;
	int status;

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "-protocol=", 10) == 0) {
			cmd_complain("makealiases",
			    "aliases for one source of mail alone are not supported");
			return EXIT_USAGE;
		}
		if (!option(argv[i], &o)) {
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	status = table_cmd_open(&cmd, "makealiases", true);
	if (status != EXIT_GOOD)
		return status;
	status = build(&cmd, &o);
	table_cmd_close(&cmd);
	return status;
}
