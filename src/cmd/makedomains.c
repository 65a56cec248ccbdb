/*
 * makehosteddomains(8), makeacceptmailfor(8): lists of domains to their tables. One source, two
 * programs; the build says which (MAKE_ACCEPTMAILFOR).
 */
#include <stdio.h>
#include <string.h>

#include "cmd/table.h"
#include "route/domains.h"

static const struct {
	const char *command, *source, *table;
	bool aliases_allowed;
} kind =
#ifdef MAKE_ACCEPTMAILFOR
    {"makeacceptmailfor", "esmtpacceptmailfor.dir", "esmtpacceptmailfor.dat", false};
#else
    {"makehosteddomains", "hosteddomains", "hosteddomains.dat", true};
#endif

struct building {
	struct table_cmd *cmd;
	bool (*put)(void *put_arg, struct slice key, struct slice value);
	void *put_arg;
	bool failed;
};

static bool
put_domain(void *arg, struct slice key, struct slice value)
{
	struct building *b = arg;

	b->failed = b->failed || !b->put(b->put_arg, key, value);
	return !b->failed;
}

static void
read_file(void *arg, const char *path, struct slice text)
{
	struct building *b = arg;

	route_domains_read(
	    &b->cmd->conf, path, text, kind.aliases_allowed, put_domain, b, &b->cmd->report);
}

static bool
fill(void *arg, bool (*put)(void *put_arg, struct slice key, struct slice value), void *put_arg)
{
	struct table_cmd *cmd = arg;
	struct building b = {cmd, put, put_arg, false};

	if (conf_table_read(cmd->dirfd, cmd->paths.conf_dir, kind.source, 0, read_file, &b,
		&cmd->report) == ST_NOENT)
		conf_warning(
		    &cmd->report, kind.source, 0, "does not exist; the table will be empty");
	return !b.failed && cmd->report.errors == 0;
}

static bool
put_nothing(void *arg, struct slice key, struct slice value)
{
	(void)arg;
	(void)key;
	(void)value;
	return true;
}

int
main(int argc, char **argv)
{
	struct table_cmd cmd;
	int status;

	(void)argv;
	if (argc > 1) {
		fprintf(stderr, "usage: %s\n  compiles %s (a file or a folder of files) into %s\n",
		    kind.command, kind.source, kind.table);
		return EXIT_USAGE;
	}
	status = table_cmd_open(&cmd, kind.command, true);
	if (status != EXIT_GOOD)
		return status;
	/* Once for the mistakes, before the table is touched; once for the pairs. */
	fill(&cmd, put_nothing, NULL);
	status = table_cmd_report(&cmd);
	if (status == EXIT_GOOD)
		status = table_cmd_write(
		    kind.command, cmd.dirfd, cmd.paths.conf_dir, kind.table, 0644, fill, &cmd);
	table_cmd_close(&cmd);
	return status;
}
